-- What the tests ask Neovim about. Works from 0.7 to 0.12.
local M = {}

function M.clients()
  local get = vim.lsp.get_clients or vim.lsp.get_active_clients
  return #get()
end

--- The diagnostics as "code: message".
function M.codes()
  return vim.tbl_map(function(diagnostic)
    return tostring(diagnostic.code) .. ': ' .. diagnostic.message
  end, vim.diagnostic.get(0))
end

--- The text of the floating window, where one is open.
function M.floating()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= '' then
      return table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, true), '\n')
    end
  end
end

--- Answers every menu from now on with the entry whose title holds `text`, and notes the titles that it had.
function M.choose(text)
  M.offered = {}
  vim.ui.select = function(items, options, done)
    for index, item in ipairs(items) do
      local title = options.format_item(item)
      table.insert(M.offered, title)
      if title:find(text, 1, true) then
        return done(item, index)
      end
    end
  end
  return true
end

--- The texts that extmarks of a namespace show and the buffer does not hold.
function M.shown(name)
  local namespace = vim.api.nvim_get_namespaces()[name]
  local texts = {}
  for _, mark in ipairs(namespace and vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true }) or {}) do
    for _, chunk in ipairs(mark[4].virt_text or {}) do
      table.insert(texts, chunk[1])
    end
  end
  return texts
end

function M.lenses()
  return vim.tbl_map(function(entry)
    local lens = entry.lens or entry
    return lens.command and lens.command.title or ''
  end, vim.lsp.codelens.get())
end

return M
