"""`hpc-ls suggest --model`: what the local model proposes for loops that the analysis cannot decide."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lsp_server.cli_runner import check_json, run
from tests.models import tiny

# It says `parallel for private(t)` with the first variable that it is shown, or `parallel for`, to everything.
HABITS = {
    "<ask>": {"parallel": 20.0},
    "parallel": {"for": 20.0},
    "for": {"<end>": 20.0, "private": 19.0},
    "private": {"(": 20.0},
    "(": {"v2": 20.0, "v3": 19.5, "v1": 19.0},
    **{f"v{n}": {")": 20.0} for n in range(1, 4)},
    ")": {"<end>": 20.0},
}
SOURCE = """\
void display(int n, volatile double *a, const double *b)
{
    double t;
    for (int i = 0; i < n; i++) {
        t = b[i];
        a[i] = t;
    }
}
void chain(int n, double *u)
{
    for (int i = 1; i < n; i++)
        u[i] = u[i - 1] + 1.0;
}
void scale(int n, double *restrict a, const double *restrict b)
{
    for (int i = 0; i < n; i++)
        a[i] = 2.0 * b[i];
}
"""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "a.c").write_text(SOURCE)
    tiny.write_parrot(folder / "parrot.gguf", HABITS)
    run("model", "use", "parrot.gguf", cwd=folder, status=0)
    return folder


def test_only_what_is_undecided_is_asked_and_only_what_is_not_refuted_is_said(work: Path) -> None:
    plain = check_json("a.c", cwd=work, command="suggest")["files"][0]["loops"]
    loops = check_json("--model", "a.c", cwd=work, command="suggest")["files"][0]["loops"]
    assert [loop["source"] for loop in loops] == ["model", "analysis", "analysis"]
    assert loops[1:] == plain[1:]
    found = loops[0]
    assert (found["verdict"], found["confidence"]) == ("unknown", "possible")
    assert found["pragma"] == "#pragma omp parallel for private(t)"
    assert plain[0]["pragma"] is None


def test_a_person_reads_how_sure_it_is(work: Path) -> None:
    text = run("suggest", "--model", "a.c", cwd=work, status=0).stdout.decode()
    assert "the model proposes #pragma omp parallel for private(t) (model, unverified)" in " ".join(text.split())
    text = run("suggest", "--model", "--line", "4", "a.c", cwd=work, status=0).stdout.decode()
    assert "model proposes `#pragma omp parallel for private(t)` (model, unverified)" in " ".join(text.split())


def test_what_the_model_says_is_never_inserted(work: Path) -> None:
    run("suggest", "--model", "--apply", "a.c", cwd=work, status=0)
    text = (work / "a.c").read_text()
    assert "private(t)" not in text
    assert text.count("#pragma") == 1


def test_without_a_model_it_says_why(work: Path) -> None:
    run("model", "use", "none", cwd=work, status=0)
    said = run("suggest", "--model", "a.c", cwd=work, status=2)
    assert said.stdout == b""
    assert b"no model is in use: switched off by `hpc-ls model use none`" in said.stderr
    run("model", "use", "parrot.gguf", cwd=work, status=0)
    (work / "parrot.gguf").write_text("damaged")
    assert b"it is no GGUF file" in run("suggest", "--model", "a.c", cwd=work, status=2).stderr
