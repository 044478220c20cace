"""Calls of MPI that the local model goes on with, on request: a real server, a model that is told what to say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lsp_server.assist import rest_of_call
from tests.lsp_server.test_proposals import engines, ghost
from tests.models import tiny

# It finds a barrier of nobody likelier than one of everybody.
HABITS = {
    "<ask>": {"MPI_Barrier": 20.0, "MPI_Finalize": 18.0},
    "MPI_Barrier": {"(": 20.0},
    "MPI_Finalize": {"(": 20.0},
    "(": {"MPI_COMM_NULL": 20.0, "MPI_COMM_WORLD": 19.0, ")": 18.5},
    "MPI_COMM_NULL": {")": 20.0},
    "MPI_COMM_WORLD": {")": 20.0},
    ")": {"<end>": 20.0},
}
TEXT = """\
#include <mpi.h>
int main(int argc, char **argv)
{
    MPI_Init(&argc, &argv);
    HERE
    MPI_Finalize();
    return 0;
}
"""
LINE = 4


@pytest.fixture(autouse=True)
def parrot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data" / "hpc-ls"
    folder.mkdir(parents=True)
    monkeypatch.setenv("XDG_DATA_HOME", str(folder.parent))
    path = tiny.write_parrot(tmp_path / "parrot.gguf", HABITS)
    (folder / "model.json").write_text(json.dumps({"use": str(path)}))


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("MPI_Ba", "MPI_Barrier(MPI_COMM_WORLD);"),
        ("MPI_Barrier (", "MPI_Barrier (MPI_COMM_WORLD);"),
        ("int e = MPI_Barrier(MPI_CO", "int e = MPI_Barrier(MPI_COMM_WORLD);"),
        ("if (MPI_Barrier(", "if (MPI_Barrier(MPI_COMM_WORLD)"),
        ("barrier(", None),
        ("x.MPI_Ba", None),
        ("MPI_Barrier(MPI_COMM_WORLD);", None),
    ],
)
async def test_a_call_is_gone_on_with_as_far_as_it_holds(session, tmp_path: Path, typed: str, line: str | None) -> None:
    uri = (tmp_path / "a.c").as_uri()
    text = TEXT.replace("HERE", typed)
    async with session() as editor:
        editor.open(uri, text)
        found = None
        for _ in range(40):  # the model and the analysis take their time to start
            found = await ghost(editor, uri, LINE, text=text, asked=True)
            if found is not None or line is None:
                break
        assert found == (None if line is None else f"    {line}"), editor.log
        assert await ghost(editor, uri, LINE, text=text) is None, "nobody asked"
    assert engines() == []


@pytest.mark.parametrize(
    ("begun", "call", "rest"),
    [
        ("MPI_S", "MPI_Send(&x, 1)", "end(&x, 1)"),
        ("MPI_Send( &x ,", "MPI_Send(&x, 1)", " 1)"),
        ("MPI_Send(&x, ", "MPI_Send(&x, 1)", "1)"),
        ("MPI_Recv(", "MPI_Send(&x, 1)", None),
        ("MPI_Send(&x, 1)", "MPI_Send(&x, 1)", ""),
        ("MPI_Send(&x, 1) ", "MPI_Send(&x, 1", None),
    ],
)
def test_blanks_of_a_call_do_not_matter(begun: str, call: str, rest: str | None) -> None:
    assert rest_of_call(begun, call) == rest
