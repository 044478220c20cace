"""`hpc-ls why`: the reasons of a verdict, and the smallest program that still has it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from analyzers import api
from analyzers.api import Language, Options, SourceText
from lsp_server import cli
from lsp_server.criteria import Reader, Wanted, wanted_finding, wanted_loop
from lsp_server.minimize import applied, size
from lsp_server.outcomes import findings_of, loops_in
from tests.lsp_server.cli_runner import run

ROOT = Path(__file__).resolve().parents[2]
CALLED = """\
#include <stdio.h>
#define N 100000
struct point { double x, y, z; };
static struct point cloud[N];
static int seen;
static double weight(const struct point *p) { return p->x * p->x + p->y * p->y; }
int once(int k)
{
    if (k > 3)
        seen = seen + k;
    return k + 1;
}
double all(int n, double *out)
{
    double sum = 0.0;
    int hits = 0;
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < n; i++) {
            out[i] = weight(&cloud[i]) + once(i);
            if (out[i] > 1.0) {
                sum += out[i];
                hits++;
            }
        }
        printf("%d %f\\n", hits, sum);
    }
    return sum / (hits + 1);
}
"""
LEAVES = """\
#include <stdlib.h>
typedef unsigned long size;
/* the first of its kind */
static long find(size n, const long *restrict keys, long key, int *const depth)
{
    long at = -1;
    *depth = 0;
    for (size i = 0; i < n; i++) {
        *depth += 1;
        if (keys[i] == key) {
            at = (long)i;
            break;
        } else if (keys[i] > key && key > 0) {
            (*depth)--;
        }
    }
    return at;
}
long twice(size n, const long *keys) { int d; return find(n, keys, 1, &d) + find(n, keys, 2, &d); }
"""
VECTORS = """\
#include <vector>
namespace flow {
struct Cell { double rho, u; };
inline double speed(const Cell &c) { return c.rho > 0 ? c.u / c.rho : 0; }
double energy(const std::vector<Cell> &cells, double scale) {
    double e = 0;
    int count = 0;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const double v = speed(cells[i]);
        e += 0.5 * cells[i].rho * v * v * scale;
        if (v > 1) ++count;
    }
    return count ? e / count : e;
}
}
"""
OWN = {"called.c": CALLED, "leaves.c": LEAVES, "vectors.cpp": VECTORS}
LINES = (
    "called.c:17", "called.c:18", "leaves.c:8", "vectors.cpp:8",
    "examples/energy.c:14", "examples/energy.c:32", "examples/histogram.c:14", "examples/histogram.c:22",
    "examples/jacobi.c:24", "examples/lu.c:11", "examples/lu.c:26", "examples/mandelbrot.c:12",
    "examples/matmul.c:21", "examples/nbody.c:60", "examples/prefix_sum.c:8", "examples/spmv.c:9",
    "examples/wave.c:17", "tests/fixtures/c/race/array_element_bad.c:14",
    "tests/fixtures/c/race/between_sections_bad.c:7", "tests/fixtures/c/omp/private_uninitialised_bad.c:15",
    "tests/fixtures/c/omp/reduction_type_bad.c:4", "tests/fixtures/c/omp/divergent_barrier_bad.c:10",
)  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """The verdict or the finding at a line, the place where it is, and how the text is read."""

    wanted: Wanted
    place: int
    reader: Reader


def seen(path: Path, data: bytes, line: int) -> Seen:
    language: Language = "cpp" if path.suffix == ".cpp" else "c"
    source = SourceText.of(data)
    report = api.analyze(source, language, path=str(path))
    reader = Reader(language, Options(), path)
    findings = [located.finding for located in findings_of(report)]
    for loop in loops_in(report):
        if source.line_of(loop.span.start) == line:
            return Seen(wanted_loop(loop, findings), loop.span.start, reader)
    found = next(f for f in findings_of(report) if source.line_of(f.finding.span.start) == line)
    wanted = wanted_finding(found.finding, findings, bool(found.function))
    return Seen(wanted, found.finding.span.start, reader)


def minimized(what: str, capsys: pytest.CaptureFixture[str], *more: str) -> bytes:
    assert cli.main(["why", what, "--minimize", *more]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return said.out.encode()


@pytest.mark.parametrize("where", LINES)
def test_the_smallest_program_still_has_the_verdict(
    where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, _, line = where.rpartition(":")
    path = tmp_path / name if name in OWN else ROOT / name
    if name in OWN:
        path.write_text(OWN[name])
    data = path.read_bytes()
    before = seen(path, data, int(line) - 1)

    program = minimized(f"{path}:{line}", capsys)

    told = re.match(rb"// Line (\d+): (?:[\w ]+|[\w-]+) \((?:proved|likely|possible)\)[^\n]*\n", program)
    assert told is not None, program
    after = seen(path, program, int(told[1]) - 1)
    assert after.wanted.seen == before.wanted.seen
    assert size(program[told.end() :])[0] < 0.7 * size(data)[0]
    assert api.reading(program, before.reader.language).errors == 0

    # Nothing more can go.
    rest, place = program[told.end() :], after.place - told.end()
    holds = before.reader.holds(before.wanted, data, before.reader.compiler(data))
    assert holds(rest, place)
    found = api.pieces(rest, before.reader.language, place)
    for change in found.changes:
        made = applied(rest, place, change)
        assert made is None or size(made[0]) >= size(rest) or not holds(*made), made


def test_the_same_program_every_time(capsys: pytest.CaptureFixture[str]) -> None:
    what = f"{ROOT / 'examples' / 'histogram.c'}:22"
    assert minimized(what, capsys) == minimized(what, capsys)


def test_other_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "secret.c").write_text(
        "#include <math.h>\n#define SECRET_N 1000\ndouble secret_u[SECRET_N], secret_v[SECRET_N];\n"
        "void secret(int secret_k)\n{\n"
        "    for (int secret_i = 1; secret_i < SECRET_N; secret_i++)\n"
        "        secret_u[secret_i] = sin(secret_u[secret_i - 1]) + secret_v[secret_k];\n}\n"
    )
    program = minimized(f"{tmp_path / 'secret.c'}:6", capsys, "--anonymize")
    assert b"secret" not in program.lower()
    assert program.startswith(b"// Line 5: not parallel (proved)")
    assert b"for (int x" in program


def test_without_a_compiler_the_program_is_read_as_well_as_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "leaves.c").write_text(LEAVES)
    program = minimized(f"{tmp_path / 'leaves.c'}:8", capsys)
    assert api.reading(program, "c").errors == 0
    assert api.reading(program, "c").undeclared <= {b"NULL"}
    assert b"for (" in program
    assert len(program) < 0.5 * len(LEAVES)


def test_what_does_not_compile_is_still_made_smaller(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.c").write_text(
        '#include "not-there.h"\nreal_t spare(int k) { return k; }\n'
        "void f(real_t *a, int n)\n{\n    for (int i = 1; i < n; i++) {\n        a[i] = a[i - 1] * 2;\n"
        "        n2 += spare(i);\n    }\n}\n"
    )
    program = minimized(f"{tmp_path / 'a.c'}:5", capsys)
    assert b"spare" not in program
    assert b"n2" not in program
    assert b"for (int i = 1; i < n; i++)" in program


def test_a_program_cut_short_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "called.c").write_text(CALLED)
    assert cli.main(["why", f"{tmp_path / 'called.c'}:18", "--minimize", "--seconds", "0.000001"]) == 0
    said = capsys.readouterr()
    assert "stopped after 1e-06 s" in said.err
    assert "for (int i = 0; i < n; i++)" in said.out


def test_the_reasons_of_a_loop(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["why", f"{ROOT / 'examples' / 'prefix_sum.c'}:8", "--color", "never"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("not parallel")
    for part in ("flow dependence on", "first: ", "then: ", "distance 1"):
        assert part in text


def test_the_reasons_of_an_assumption_and_of_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["why", f"{ROOT / 'examples' / 'spmv.c'}:9", "--color", "never"]) == 0
    assert "[no-alias]" in capsys.readouterr().out
    assert cli.main(["why", f"{ROOT / 'examples' / 'energy.c'}:14", "--color", "never"]) == 0
    assert "race-missing-reduction" in capsys.readouterr().out


def test_nothing_to_say(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text("int a;\n")
    said = run("why", "a.c:1", cwd=tmp_path, status=0).stdout
    assert b"in no loop" in said
    done = run("why", "a.c:1", "--minimize", cwd=tmp_path, status=2)
    assert done.stdout == b""
    assert b"in no loop" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["why"], ["PATH:LINE"]),
        (["why", "a.c"], ["FILE:LINE"]),
        (["why", "a.c:9"], ["no line 9"]),
        (["why", "gone.c:1", "--minimize"], ["gone.c", "does not exist"]),
        (["why", "a.c:1", "--anonymize"], ["--minimize"]),
        (["why", "a.c:1", "--seconds", "soon"], ["`soon`"]),
    ],
)
def test_what_is_asked_wrongly_is_explained(tmp_path: Path, arguments: list[str], words: list[str]) -> None:
    (tmp_path / "a.c").write_text("int a;\n")
    said = run(*arguments, cwd=tmp_path, status=2).stderr.decode()
    assert all(word in said for word in words)
