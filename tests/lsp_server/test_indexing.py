"""The index behind an editor: an edit in one file changes what is said of another."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from lsprotocol import types

from lsp_server.index.background import LOST, Index
from lsp_server.index.messages import Document
from tests.lsp_server.conftest import Editor, push_capabilities

HEADER = "double weigh(double x);\n"
CALLER = '#include "w.h"\nvoid run(int n, double *u) { for (int i = 0; i < n; i++) u[i] = weigh(u[i]); }\n'
HARMLESS = '#include "w.h"\nint calls;\ndouble weigh(double x) { return 2 * x; }\n'
COUNTING = HARMLESS.replace("return", "calls++; return")

Session = Callable[..., Any]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "w.h").write_text(HEADER)
    (folder / "a.c").write_text(CALLER)
    (folder / "b.c").write_text(HARMLESS)
    return folder


async def lens(editor: Editor, uri: str) -> str:
    params = types.CodeLensParams(types.TextDocumentIdentifier(uri))
    found = await asyncio.wait_for(editor.client.text_document_code_lens_async(params), 20)
    return " ".join(each.command.title for each in found or () if each.command is not None)


async def until_lens(editor: Editor, uri: str, accept: Callable[[str], bool]) -> str:
    """What the first lens says once it is accepted."""
    for _ in range(1200):  # the index is made by a process of low priority
        title = await lens(editor, uri)
        if accept(title):
            return title
        await asyncio.sleep(0.05)
    pytest.fail(f"it never came; the last was {title!r}, logged {editor.log}")


def parallel(title: str) -> bool:
    return title.startswith("parallel ·")


def undecided(title: str) -> bool:
    return "weigh" in title


async def test_an_edit_in_another_file_changes_a_verdict(session: Session, work: Path) -> None:
    a, b = ((work / name).as_uri() for name in ("a.c", "b.c"))
    async with session(root=work) as editor:
        editor.open(a, CALLER)
        await until_lens(editor, a, parallel)
        editor.open(b, HARMLESS)
        editor.change(b, COUNTING)
        await until_lens(editor, a, undecided)
        # Nothing was saved: closing the buffer brings back what is on disk.
        editor.close(b)
        await until_lens(editor, a, parallel)
        (work / "b.c").write_text(COUNTING)
        change = types.FileEvent(b, types.FileChangeType.Changed)
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
        await until_lens(editor, a, undecided)
        (work / "b.c").unlink()
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
        await until_lens(editor, a, lambda title: "only if weigh is independent" in title)


async def test_what_is_typed_is_known_after_a_pause(session: Session, work: Path) -> None:
    a = (work / "a.c").as_uri()
    before = CALLER.replace("weigh(u[i])", "u[i]")
    async with session(root=work) as editor:
        editor.open(a, before)
        await until_lens(editor, a, parallel)
        editor.change(a, CALLER)
        await until_lens(editor, a, parallel)
        await editor.until(lambda: any("the index holds 2 files with" in s.tooltip for s in editor.statuses))


async def test_it_can_be_switched_off(session: Session, work: Path) -> None:
    a = (work / "a.c").as_uri()
    async with session(root=work, options={"settings": {"workspaceIndex": False}}) as editor:
        editor.open(a, CALLER)
        assert undecided(await until_lens(editor, a, bool))
        await asyncio.sleep(1.5)
        assert undecided(await lens(editor, a))
        assert "index" not in "".join(status.tooltip for status in editor.statuses)


async def test_a_client_that_pulls_is_asked_to_pull_again(session: Session, work: Path) -> None:
    a = (work / "a.c").as_uri()
    capabilities = push_capabilities()
    assert capabilities.workspace is not None
    capabilities.workspace.code_lens = types.CodeLensWorkspaceClientCapabilities(refresh_support=True)
    async with session(root=work, capabilities=capabilities) as editor:
        asked: list[object] = []
        editor.client.feature(types.WORKSPACE_CODE_LENS_REFRESH)(lambda params: asked.append(params))
        editor.open(a, CALLER)
        await editor.until(lambda: asked)
        assert parallel(await lens(editor, a))


async def test_the_indexing_process_is_replaced_and_leaves_with_the_server(session: Session, work: Path) -> None:
    a, b = ((work / name).as_uri() for name in ("a.c", "b.c"))
    async with session(root=work) as editor:
        editor.open(a, CALLER)
        await until_lens(editor, a, parallel)
        server = psutil.Process(editor.client._server.pid)
        (old,) = (each for each in server.children() if "lsp_server.index.process" in each.cmdline())
        assert old.nice() > 0 or sys.platform != "linux"
        os.kill(old.pid, signal.SIGKILL)
        editor.open(b, HARMLESS)
        editor.change(b, COUNTING)
        await until_lens(editor, a, undecided)
        (new,) = (each for each in server.children() if "lsp_server.index.process" in each.cmdline())
        assert new.pid != old.pid
    new.wait(timeout=60)


async def test_progress_is_told_in_files(session: Session, work: Path) -> None:
    line = "double f{0}(double *a, int n) {{ for (int i = 0; i < n; i++) a[i] += {0}; return a[0]; }}\n"
    for number in range(40):
        (work / f"s{number}.c").write_text("".join(line.format(100 * number + k) for k in range(40)))
    capabilities = push_capabilities()
    capabilities.window = types.WindowClientCapabilities(work_done_progress=True)
    async with session(root=work, capabilities=capabilities) as editor:
        editor.open((work / "a.c").as_uri(), CALLER)
        told: list[Any] = []
        for _ in range(1200):  # a process of low priority may have to wait
            told = next((r for token, r in editor.client.progress_reports.items() if "index" in str(token)), [])
            if told and isinstance(told[-1], types.WorkDoneProgressEnd):
                break
            await asyncio.sleep(0.1)
        begin, *between, end = told
        assert isinstance(end, types.WorkDoneProgressEnd)
        assert begin.title == "hpc-ls: index"
        assert any(each.message.endswith(" of 42 files") for each in between)
        await until_lens(editor, (work / "a.c").as_uri(), parallel)


class _Owner:
    """A server that only counts."""

    def __init__(self) -> None:
        self.told_: list[tuple[str, bytes]] = []
        self.asked = 0

    def indexable(self) -> tuple[Document, ...]:
        self.asked += 1
        return (Document("file:///a.c", "/a.c", "c", "/nowhere", b""),)

    def editor_settings(self) -> dict[str, object]:
        return {}

    def told(self, uri: str, outside: bytes) -> None:
        self.told_.append((uri, outside))

    def indexing(self, done: int, total: int) -> None:
        pass

    def indexed(self, files: int, functions: int) -> None:
        pass


async def test_a_process_that_always_dies_is_given_up() -> None:
    owner = _Owner()
    index = Index(owner, (sys.executable, "-c", "import sys; sys.stdin.buffer.read(8); sys.exit('as told')"))
    index.touch(0.0)
    for _ in range(6000):
        await asyncio.sleep(0.01)
        if index.given_up:
            break
    index.touch(0.0)
    await asyncio.sleep(0.1)
    assert owner.asked == LOST
    await index.stop()
