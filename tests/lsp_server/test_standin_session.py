"""Documents, scheduling and processes through real sessions, with the scripted analysis."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from pathlib import Path

import psutil
import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

CALM = "void one(int n)\n{\n    int a;\n}\n"
RACY = "void two(int n)\n{\n    RACE;\n}\n"
SLOW = "void slow_{0}(int n)\n{{\n    SLOW; {0};\n}}\n"
URI = "file:///somewhere/a.c"
OTHER = "file:///somewhere/b.c"


def children(editor) -> list[psutil.Process]:
    return psutil.Process(editor.client._server.pid).children(recursive=True)


def lines(found: list[types.Diagnostic]) -> list[int]:
    return [d.range.start.line for d in found]


async def test_open_edit_publish_close(standin):
    standin.open(URI, CALM + RACY)
    found = await standin.diagnostics(URI, bool)
    assert [(d.code, d.range.start.line) for d in found] == [("race-test", 6)]
    assert found[0].related_information[0].location.range.start.line == 4
    standin.change(URI, "RACE; ", (2, 4))
    assert lines(await standin.diagnostics(URI, lambda ds: len(ds) == 2)) == [2, 6]
    standin.change(URI, "", (6, 4), (6, 8))
    found = await standin.diagnostics(URI, lambda ds: len(ds) == 1)
    assert found[0].message == "race in one"
    standin.close(URI)
    await standin.until(lambda: standin.published[URI][-1].version is None)
    assert not standin.published[URI][-1].diagnostics


async def test_findings_outside_functions_follow_the_text(standin):
    standin.open(URI, "/* OUTSIDE */\n" + RACY)
    assert lines(await standin.diagnostics(URI, lambda ds: len(ds) == 2)) == [0, 3]
    standin.change(URI, "\n\n", (0, 0))
    assert lines(await standin.diagnostics(URI, lambda ds: len(ds) == 2)) == [2, 5]


async def test_the_edited_function_is_published_before_the_others(standin):
    """The others stand with their earlier findings, moved along, until their turn comes."""
    standin.open(URI, RACY + "".join(SLOW.format(n) for n in range(6)))
    await standin.diagnostics(URI, bool)
    await standin.until(lambda: standin.statuses and standin.statuses[-1].state == "ok")
    slow = "".join(SLOW.format(n + 100) for n in range(8))
    standin.change(URI, RACY + slow + "void last(int n)\n{\n    int RACE;\n}\n")
    standin.change(URI, "RACE;\n", (4 + 4 * 8 + 2, 0))
    found = await standin.diagnostics(URI, lambda ds: len(ds) == 3)
    first = next(p for p in standin.published[URI] if p.version == standin.versions[URI])
    assert 2 in lines(list(first.diagnostics))
    assert sorted(lines(found)) == [2, 38, 39]


async def test_every_keystroke_of_fast_typing_ends_in_the_last_version(standin):
    standin.open(URI, RACY)
    await standin.diagnostics(URI, bool)
    for _ in range(60):
        standin.change(URI, "\n", (0, 0))
    assert lines(await standin.diagnostics(URI)) == [62]
    assert all(p.version <= standin.versions[URI] for p in standin.published[URI])
    numbers = [p.version for p in standin.published[URI]]
    assert numbers == sorted(numbers)


async def test_a_killed_worker_loses_no_document(standin):
    standin.open(URI, RACY)
    standin.open(OTHER, CALM + RACY)
    await standin.diagnostics(URI, bool)
    await standin.diagnostics(OTHER, bool)
    standin.change(URI, "".join(SLOW.format(n) for n in range(5)), (4, 0))
    for process in children(standin):
        process.send_signal(signal.SIGKILL)
    assert await standin.diagnostics(URI, lambda ds: lines(ds) == [2])
    standin.change(URI, "\n", (0, 0))
    assert await standin.diagnostics(URI, lambda ds: lines(ds) == [3])
    standin.change(OTHER, "\n", (0, 0))
    assert await standin.diagnostics(OTHER, lambda ds: lines(ds) == [7])
    assert "hpc-ls ⚠ worker restarted" in [status.text for status in standin.statuses]
    assert standin.statuses[-1].state == "ok"


async def test_a_document_that_kills_its_worker_is_left_alone_and_said_so_once(standin):
    standin.open(OTHER, RACY)
    await standin.diagnostics(OTHER, bool)
    standin.open(URI, "void bad(int n)\n{\n    DIE;\n}\n")
    found = await standin.diagnostics(URI, lambda ds: bool(ds) and ds[0].code is None)
    assert "left alone until the file is saved" in found[0].message
    assert len([m for m in standin.messages if "cannot be analysed" in m]) == 1
    standin.change(OTHER, "\n", (0, 0))
    assert lines(await standin.diagnostics(OTHER, bool)) == [3]
    standin.change(URI, "RACE", (2, 4), (2, 7))
    identifier = types.TextDocumentIdentifier(URI)
    standin.client.text_document_did_save(types.DidSaveTextDocumentParams(identifier))
    found = await standin.diagnostics(URI, lambda ds: bool(ds) and ds[0].code == "race-test")
    assert lines(found) == [2]


async def test_an_analysis_that_raises_is_told_without_a_traceback(standin):
    standin.open(URI, "void bad(int n)\n{\n    RAISE;\n}\n")
    found = await standin.diagnostics(URI, bool)
    assert "ValueError: as told" in found[0].message
    assert not any("Traceback" in text or "File " in text for text in (*standin.log, *standin.messages))
    standin.change(URI, RACY)
    assert lines(await standin.diagnostics(URI, bool)) == [2]


async def test_nothing_is_lost_in_chaos(standin):
    """Opened, edited, closed and reopened at random while workers are killed: in the end every document is right."""
    chance = random.Random(3)
    uris = [f"file:///somewhere/{n}.c" for n in range(4)]
    texts: dict[str, str] = {}
    for _ in range(120):
        uri = chance.choice(uris)
        action = chance.choice(("edit", "edit", "edit", "edit", "close", "kill"))
        if action == "kill":
            for process in chance.sample(victims := children(standin), min(1, len(victims))):
                process.kill()
            await asyncio.sleep(0.05)
        elif uri not in texts:
            texts[uri] = chance.choice((CALM, RACY, CALM + RACY, RACY + RACY))
            standin.open(uri, texts[uri])
        elif action == "close":
            standin.close(uri)
            standin.published.pop(uri, None)
            del texts[uri]
        else:
            piece = chance.choice(("\n", RACY, CALM))
            standin.change(uri, piece, (0, 0))
            texts[uri] = piece + texts[uri]
        if chance.random() < 0.3:
            await asyncio.sleep(0.03)
    for uri, text in texts.items():
        expected = [number for number, line in enumerate(text.split("\n")) if "RACE" in line]
        await standin.diagnostics(uri, lambda ds, e=expected: lines(ds) == e)
    assert not any("Traceback" in text for text in standin.log)


async def test_a_request_can_be_cancelled(standin):
    standin.open(URI, "".join(SLOW.format(n) for n in range(50)))
    params = types.CodeLensParams(types.TextDocumentIdentifier(URI))
    future = standin.client.protocol.send_request(types.TEXT_DOCUMENT_CODE_LENS, params, msg_id="to-cancel")
    standin.client.cancel_request(types.CancelParams("to-cancel"))
    with pytest.raises(JsonRpcException) as raised:
        await asyncio.wrap_future(future)
    assert raised.value.code == -32800


async def test_a_request_about_an_overtaken_version_is_answered_as_modified(standin):
    standin.open(URI, "".join(SLOW.format(n) for n in range(10)))
    params = types.CodeLensParams(types.TextDocumentIdentifier(URI))
    future = standin.client.protocol.send_request(types.TEXT_DOCUMENT_CODE_LENS, params)
    standin.change(URI, RACY)
    with pytest.raises(JsonRpcException) as raised:
        await asyncio.wrap_future(future)
    assert raised.value.code == -32801


async def test_long_work_shows_progress(standin_session):
    capabilities = types.ClientCapabilities(window=types.WindowClientCapabilities(work_done_progress=True))
    async with standin_session(capabilities=capabilities) as editor:
        editor.open(URI, "".join(SLOW.format(n) for n in range(8)))
        await editor.until(lambda: editor.client.progress_reports)
        (reports,) = editor.client.progress_reports.values()
        await editor.until(lambda: reports and reports[-1].kind == "end")
        assert reports[0].kind == "begin"
        assert "a.c" in reports[0].message
        assert "analysing" in [status.state for status in editor.statuses]


async def test_the_server_leaves_no_process_behind(standin_session):
    async with standin_session() as editor:
        editor.open(URI, RACY)
        await editor.diagnostics(URI, bool)
        await editor.until(lambda: len(children(editor)) == 2)  # the worker and its spare
        processes = children(editor)
    _, alive = psutil.wait_procs(processes, timeout=5)
    assert not alive


async def test_workers_end_with_a_server_that_was_killed(standin):
    standin.open(URI, "void bad(int n)\n{\n    HANG;\n}\n")
    await standin.until(lambda: len(children(standin)) == 2)
    processes = children(standin)
    standin.client._stop_event.set()
    os.kill(standin.client._server.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert not alive
    standin.killed = True


async def test_the_extension_decides_what_is_analysed(standin, tmp_path: Path):
    uri = (tmp_path / "notes.txt").as_uri()
    standin.open(uri, RACY, "plaintext")
    standin.open(URI, RACY)
    await standin.diagnostics(URI, bool)
    assert uri not in standin.published
    assert any("notes.txt is not analysed" in text for text in standin.log)


async def test_a_buffer_without_a_file_is_analysed_by_its_language(standin):
    standin.open("untitled:Untitled-1", RACY, "c")
    assert await standin.diagnostics("untitled:Untitled-1", bool)


async def test_excluded_files_are_left_alone(standin_session, tmp_path: Path):
    (tmp_path / ".hpc-ls.toml").write_text('exclude = ["vendor/**"]\n')
    (tmp_path / "vendor").mkdir()
    uri = (tmp_path / "vendor" / "x.c").as_uri()
    async with standin_session(root=tmp_path) as editor:
        editor.open(uri, RACY)
        assert await editor.diagnostics(uri) == []


async def test_settings_are_obeyed_when_they_change(standin_session, tmp_path: Path):
    uri = (tmp_path / "x.c").as_uri()
    async with standin_session(root=tmp_path) as editor:
        editor.open(uri, RACY)
        assert (await editor.diagnostics(uri, bool))[0].severity == types.DiagnosticSeverity.Warning
        (tmp_path / ".hpc-ls.toml").write_text('[severity]\nrace = "error"\n')
        changed = types.FileEvent((tmp_path / ".hpc-ls.toml").as_uri(), types.FileChangeType.Created)
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([changed]))
        found = await editor.diagnostics(uri, lambda ds: bool(ds) and ds[0].severity == types.DiagnosticSeverity.Error)
        assert lines(found) == [2]
        editor.client.workspace_did_change_configuration(
            types.DidChangeConfigurationParams({"hpc-ls": {"minConfidense": "proved"}})
        )
        await editor.until(lambda: editor.messages)
        assert "min-confidense" in editor.messages[0] and "min-confidence" in editor.messages[0]


async def test_a_pull_during_a_long_analysis_gets_what_is_there_and_later_a_refresh(standin_session, pull):
    async with standin_session(capabilities=pull) as editor:
        editor.open(URI, RACY + "".join(SLOW.format(n) for n in range(12)))
        early = await editor.pull(URI)
        assert [d.range.start.line for d in early.items] in ([], [2])
        await editor.until(lambda: editor.client.diagnostic_refresh_count)
        assert [d.range.start.line for d in (await editor.pull(URI)).items] == [2]
