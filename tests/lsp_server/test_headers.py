"""Headers and the compilation database, in an editor: on save, and when another program changes them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from lsprotocol import types

MAIN = """\
#include "shift.h"
#include <stdio.h>
void f(int n, double *a)
{
    #pragma omp parallel for
    for (int i = 0; i < n; i++)
        a[i] = a[i + SHIFT];
}
"""
RACE, MISSING = "race-loop-carried-dependence", "syntax-missing-header"


def codes(found: list[types.Diagnostic]) -> list[object]:
    return [d.code for d in found]


def saved(editor, path: Path) -> None:
    identifier = types.TextDocumentIdentifier(path.as_uri())
    editor.client.text_document_did_save(types.DidSaveTextDocumentParams(identifier))


def changed_outside(editor, path: Path) -> None:
    event = types.FileEvent(path.as_uri(), types.FileChangeType.Changed)
    editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "main.c").write_text(MAIN)
    (tmp_path / "shift.h").write_text("#define SHIFT 0\n")
    return tmp_path


async def test_a_saved_header_changes_what_includes_it(session, project: Path):
    main, header = project / "main.c", project / "shift.h"
    async with session(root=project) as editor:
        editor.open(main.as_uri(), MAIN)
        assert await editor.diagnostics(main.as_uri()) == []
        editor.open(header.as_uri(), header.read_text())
        header.write_text("#define SHIFT 1 \n")
        saved(editor, header)
        assert codes(await editor.diagnostics(main.as_uri(), bool)) == [RACE]


async def test_a_header_changed_by_another_program_does_too(session, project: Path, pull):
    main, header = project / "main.c", project / "shift.h"
    async with session(root=project, capabilities=pull) as editor:
        editor.open(main.as_uri(), MAIN)
        assert not (await editor.pull(main.as_uri())).items
        header.write_text("#define SHIFT 1 \n")
        changed_outside(editor, header)
        await editor.until(lambda: editor.client.diagnostic_refresh_count)
        assert codes((await editor.pull(main.as_uri())).items) == [RACE]


async def test_the_missing_header_is_told_until_it_is_there(session, project: Path):
    main, header = project / "main.c", project / "shift.h"
    header.unlink()
    async with session(root=project) as editor:
        editor.open(main.as_uri(), MAIN)
        found = await editor.diagnostics(main.as_uri(), lambda ds: MISSING in codes(ds))
        (missing,) = (d for d in found if d.code == MISSING)
        assert missing.severity == types.DiagnosticSeverity.Information
        assert missing.range.start.line == 0
        for words in ("`shift.h` was not found", "array sizes", "compile_commands.json"):
            assert words in missing.message
        header.write_text("#define SHIFT 1\n")
        saved(editor, main)
        assert codes(await editor.diagnostics(main.as_uri(), lambda ds: MISSING not in codes(ds))) == [RACE]


@pytest.mark.skipif(os.name == "nt", reason="a script is no program there")
async def test_the_database_decides_and_what_it_names_is_never_run(session, project: Path):
    main, database = project / "main.c", project / "build" / "compile_commands.json"
    marker, program = project / "it-ran", project / "gcc"
    program.write_text(f"#!/bin/sh\ntouch {marker}\n")
    program.chmod(0o755)
    (project / "shift.h").write_text("#ifndef SHIFT\n#define SHIFT 0\n#endif\n")
    arguments = [str(program), f"-fplugin={program}", "-wrapper", str(program), f"-B{project}", "-DSHIFT=1", "main.c"]
    entry = {"directory": str(project), "file": "main.c", "arguments": arguments}
    for options in ({"trusted": False}, {"trusted": True}):
        database.unlink(missing_ok=True)
        async with session(root=project, options=options) as editor:
            editor.open(main.as_uri(), MAIN)
            assert await editor.diagnostics(main.as_uri()) == []
            database.parent.mkdir(exist_ok=True)
            database.write_text(json.dumps([entry]))
            changed_outside(editor, database)
            assert codes(await editor.diagnostics(main.as_uri(), bool)) == [RACE]
            saved(editor, main)
            await editor.pull(main.as_uri())
    assert not marker.exists()


async def test_the_database_that_the_settings_name(session, project: Path):
    (project / "shift.h").write_text("#ifndef SHIFT\n#define SHIFT 0\n#endif\n")
    (project / "objects").mkdir()
    entry = {"directory": str(project), "file": "main.c", "command": "cc -DSHIFT=1 -c main.c"}
    (project / "objects" / "compile_commands.json").write_text(json.dumps([entry]))
    main = project / "main.c"
    async with session(root=project, options={"settings": {"compileCommands": "objects"}}) as editor:
        editor.open(main.as_uri(), MAIN)
        assert codes(await editor.diagnostics(main.as_uri())) == [RACE]
