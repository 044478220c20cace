"""What must not end the server, lose a document, or show a traceback."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from lsprotocol import types

from tests.samples import RACY

INITIALIZE = {"processId": None, "rootUri": None, "capabilities": {}}


class Raw:
    """A client that may send anything."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.text = b""

    def write(self, data: bytes) -> None:
        self.process.stdin.write(data)

    def send(self, message: object) -> None:
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def request(self, identifier: object, method: str, params: object = None) -> None:
        self.send({"jsonrpc": "2.0", "id": identifier, "method": method, "params": params})

    def notify(self, method: str, params: object = None) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    async def read(self) -> dict:
        header = await asyncio.wait_for(self.process.stdout.readuntil(b"\r\n\r\n"), 20)
        length = next(line for line in header.split(b"\r\n") if line.lower().startswith(b"content-length"))
        body = await self.process.stdout.readexactly(int(length.split(b":")[1]))
        self.text += body
        return json.loads(body)

    async def answer(self, identifier: object) -> dict:
        while True:
            message = await self.read()
            if "method" not in message and message.get("id", "none") == identifier:
                return message

    async def initialize(self) -> dict:
        self.request("init", "initialize", INITIALIZE)
        answer = await self.answer("init")
        self.notify("initialized", {})
        return answer

    async def leave(self) -> int:
        self.request("bye", "shutdown")
        assert (await self.answer("bye"))["result"] is None
        self.notify("exit")
        return await asyncio.wait_for(self.process.wait(), 20)


@pytest.fixture
async def raw() -> AsyncIterator[Raw]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-m", "lsp_server", stdin=pipe, stdout=pipe, stderr=pipe
    )
    client = Raw(process)
    yield client
    if process.returncode is None:
        process.kill()
    _, errors = await process.communicate()
    assert b"Traceback" not in client.text + errors
    assert b"Fatal" not in errors


async def test_malformed_json_is_answered_and_the_server_goes_on(raw):
    raw.send(b"{nonsense")
    error = await raw.answer(None)
    assert error["error"]["code"] == -32700
    raw.send(b"\xff\xfe\x00")
    assert (await raw.answer(None))["error"]["code"] == -32700
    await raw.initialize()
    raw.send(b'{"jsonrpc": "2.0", "id": 5, "method": ')
    assert (await raw.answer(None))["error"]["code"] == -32700
    raw.send(b"[" * 100_000)
    assert (await raw.answer(None))["error"]["code"] == -32700
    assert await raw.leave() == 0


@pytest.mark.parametrize("message", [[], 3, "x", {"id": 1}, {"jsonrpc": "1.0", "id": 1, "method": "x"}])
async def test_what_is_no_message_is_an_invalid_request(raw, message):
    raw.send(message)
    identifier = message.get("id") if isinstance(message, dict) else None
    assert (await raw.answer(identifier))["error"]["code"] == -32600
    await raw.initialize()
    assert await raw.leave() == 0


@pytest.mark.parametrize(
    "rubbish",
    [
        b"hello\r\nworld\r\n",
        b"Content-Length: many\r\n\r\n",
        b"Content-Length: -5\r\n\r\n",
        b"Content-Length: 99999999999\r\n\r\n",
        b"\r\n\r\n\r\n",
        b"\x00" * 70_000 + b"\n",
    ],
)
async def test_bytes_that_are_no_header_are_skipped(raw, rubbish):
    raw.write(rubbish)
    assert "capabilities" in (await raw.initialize())["result"]
    assert await raw.leave() == 0


async def test_headers_in_any_order_and_case(raw):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE}).encode()
    raw.write(b"content-type: application/vscode-jsonrpc; charset=utf-8\r\ncontent-length:%d\r\n\r\n" % len(body))
    raw.write(body)
    assert "result" in await raw.answer(1)


async def test_before_initialize_requests_are_refused_and_notifications_dropped(raw):
    raw.request(
        1, "textDocument/hover", {"textDocument": {"uri": "file:///a.c"}, "position": {"line": 0, "character": 0}}
    )
    assert (await raw.answer(1))["error"]["code"] == -32002
    raw.notify(
        "textDocument/didOpen", {"textDocument": {"uri": "file:///a.c", "languageId": "c", "version": 1, "text": ""}}
    )
    await raw.initialize()
    raw.request(2, "initialize", INITIALIZE)
    assert (await raw.answer(2))["error"]["code"] == -32600
    assert await raw.leave() == 0


async def test_unknown_methods_and_bad_parameters(raw):
    await raw.initialize()
    raw.request(1, "textDocument/unheardOf", {})
    assert (await raw.answer(1))["error"]["code"] == -32601
    raw.notify("$/unheardOf", {})
    raw.notify("textDocument/didOpen", {"nothing": "useful"})
    raw.request(2, "textDocument/hover", {"position": "here"})
    assert (await raw.answer(2))["error"]["code"] == -32602
    raw.request(3, "workspace/executeCommand", {"command": "hpc-ls.explain", "arguments": [42]})
    assert (await raw.answer(3))["error"]["code"] == -32602
    raw.request(4, "workspace/executeCommand", {"command": "rm -rf"})
    assert (await raw.answer(4))["error"]["code"] == -32602
    raw.request(
        5, "workspace/executeCommand", {"command": "hpc-ls.explain", "arguments": ["file:///a.c", {"line": -1}]}
    )
    assert (await raw.answer(5))["error"]["code"] == -32602
    raw.send({"jsonrpc": "2.0", "id": {"a": 1}, "method": "shutdown"})
    assert (await raw.answer(None))["error"]["code"] == -32600
    assert await raw.leave() == 0


async def test_after_shutdown_nothing_is_served(raw):
    await raw.initialize()
    raw.request(1, "shutdown")
    await raw.answer(1)
    raw.request(2, "textDocument/hover", {})
    assert (await raw.answer(2))["error"]["code"] == -32600
    raw.notify("exit")
    assert await asyncio.wait_for(raw.process.wait(), 20) == 0


async def test_exit_without_shutdown_and_a_closed_stream_are_failures(raw):
    await raw.initialize()
    raw.notify("exit")
    assert await asyncio.wait_for(raw.process.wait(), 20) == 1


async def test_a_closed_stream_ends_the_server(raw):
    await raw.initialize()
    raw.process.stdin.close()
    assert await asyncio.wait_for(raw.process.wait(), 20) == 1


async def test_the_server_leaves_when_its_client_is_gone(raw):
    """Also when the client's pipes stay open, held by a shell between the two."""
    client = await asyncio.create_subprocess_exec(sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE)
    raw.request(1, "initialize", {**INITIALIZE, "processId": client.pid})
    await raw.answer(1)
    client.kill()
    await client.wait()
    assert await asyncio.wait_for(raw.process.wait(), 20) == 1


# --- texts ----------------------------------------------------------------------------------------------------------


@pytest.fixture
async def editor(session):
    async with session() as editor:
        yield editor


async def alive(editor, uri: str) -> None:
    """The server still analyses: a racy document gets its diagnostic."""
    editor.open(uri, RACY)
    found = await editor.diagnostics(uri, lambda ds: any(d.code == "race-missing-reduction" for d in ds))
    assert found


ODD_TEXTS = (
    "void f(void) { \0\0\0 }\n",
    "\ud800 lone surrogates \udfff\n",
    "\ufeffint x;\n",
    "\u2028\u2029\x0c\x0b\x85\n",
    "void f(int n) { for (int i = 0; i < n; i++ {{{{ \n#pragma omp parallel for private(\n",
    "}}}}}))))]]]#pragma omp\n#pragma omp parallel \\",
    "#if\n#if 1\n#else\n#pragma omp parallel\n",
    "",
    "\r\r\n\n\r",
    '"unterminated\n/* unterminated',
)


async def test_odd_texts(editor, tmp_path: Path):
    for number, text in enumerate(ODD_TEXTS):
        uri = (tmp_path / f"odd{number}.c").as_uri()
        editor.open(uri, text)
        await editor.diagnostics(uri)
        editor.change(uri, text + RACY + text)
        await editor.diagnostics(uri)
    assert not any("failed inside" in d.message for ps in editor.published.values() for p in ps for d in p.diagnostics)
    await alive(editor, (tmp_path / "fine.c").as_uri())


async def test_a_line_of_ten_megabytes(editor, tmp_path: Path):
    uri = (tmp_path / "long.c").as_uri()
    editor.open(uri, "int x = 1" + " + 1" * 2_500_000 + ";\n")
    await alive(editor, (tmp_path / "fine.c").as_uri())
    editor.change(uri, "int x;\n")
    assert await editor.diagnostics(uri) == []


async def test_edits_out_of_range_are_clamped_and_logged(editor, tmp_path: Path):
    uri = (tmp_path / "a.c").as_uri()
    await alive(editor, uri)
    editor.change(uri, "// end\n", (999, 3), (1000, 5))
    editor.change(uri, "// begin\n", (0, 0), (0, 0))
    found = await editor.diagnostics(uri, bool)
    assert [d.range.start.line for d in found if d.code == "race-missing-reduction"] == [6]
    assert any("line 1001 does not exist" in text for text in editor.log)


async def test_changes_of_what_is_not_open_are_ignored(editor, tmp_path: Path):
    uri = (tmp_path / "a.c").as_uri()
    editor.versions[uri] = 3
    editor.change(uri, "int x;")
    editor.close(uri)
    await alive(editor, uri)
    assert any("it is not open" in text for text in editor.log)


async def test_a_file_deleted_while_open_stays_a_document(editor, tmp_path: Path):
    path = tmp_path / "gone.c"
    path.write_text(RACY)
    uri = path.as_uri()
    await alive(editor, uri)
    path.unlink()
    event = types.FileEvent(uri, types.FileChangeType.Deleted)
    editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
    editor.change(uri, "\n", (0, 0))
    found = await editor.diagnostics(uri, bool)
    assert [d.range.start.line for d in found if d.code == "race-missing-reduction"] == [6]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_columns_count_in_the_units_agreed(session, tmp_path: Path, encoding: str):
    uri = (tmp_path / "a.c").as_uri()
    capabilities = types.ClientCapabilities(general=types.GeneralClientCapabilities(position_encodings=[encoding]))
    text = (
        RACY.replace("        s += x[i];", "\t/* \u03b1\U0001d11e */ s += x[i];")
        .replace("\n", "\r\n")
        .replace("double s", "\x0cdouble s")
    )
    prefix = "\t/* \u03b1\U0001d11e */ "
    width = (
        len(prefix.encode(f"{encoding}-le" if encoding != "utf-8" else encoding))
        // {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
    )
    async with session(capabilities=capabilities) as editor:
        assert editor.capabilities.position_encoding == encoding
        editor.open(uri, text)
        found = await editor.diagnostics(uri, bool)
        race = next(d for d in found if d.code == "race-missing-reduction")
        assert (race.range.start.line, race.range.start.character) == (5, width)
        editor.change(uri, "t", (5, width), (5, width + 1))
        editor.change(uri, "t", (2, 12), (2, 13))
        found = await editor.diagnostics(uri, bool)
        race = next(d for d in found if d.code == "race-missing-reduction")
        assert "t" in race.message


async def test_utf8_is_taken_when_offered(session):
    general = types.GeneralClientCapabilities(position_encodings=["utf-32", "utf-16", "utf-8"])
    async with session(capabilities=types.ClientCapabilities(general=general)) as editor:
        assert editor.capabilities.position_encoding == "utf-8"


async def test_a_workspace_full_of_traps_is_never_imported(session, tmp_path: Path):
    trap = "raise SystemExit('the workspace was imported')\n"
    for name in (
        "multiprocessing",
        "sitecustomize",
        "usercustomize",
        "analyzers",
        "pickle",
        "asyncio",
        "json",
        "typing",
    ):
        (tmp_path / f"{name}.py").write_text(trap)
    for package in ("models", "lsp_server", "islpy"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text(trap)
    uri = (tmp_path / "a.c").as_uri()
    async with session(root=tmp_path, cwd=tmp_path) as editor:
        await alive(editor, uri)
        assert not editor.messages
