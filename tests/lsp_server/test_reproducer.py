"""A race becomes a small program that has it: it compiles, and the analysis finds the race in it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from analyzers.api import Analyzer, NotReproducibleError, SourceText, analyze
from lsp_server import cli
from lsp_server.reproducer import reproducer
from tests.fixtures_check import FIXTURES
from tests.lsp_server.cli_runner import run

BAD = sorted(FIXTURES.glob("c/race/*_bad.c"))
UNSEEN = ("race-thread-unsafe-call", "race-simd-dependence")  # calls are no accesses, and lanes no threads


def races_of(text: str) -> Iterator[tuple[Analyzer, int, str]]:
    """The places and rules of the races of a text, with an analyzer that has read it."""
    analyzer = Analyzer("c")
    analyzer.update(SourceText.of(text))
    for placed in analyzer.report().functions:
        for finding in placed.result.findings:
            if finding.category == "race" and finding.confidence != "possible":
                yield analyzer, placed.start + finding.span.start, finding.rule


def programs(path: Path) -> Iterator[tuple[str, str]]:
    for analyzer, at, rule in races_of(path.read_text(encoding="utf-8")):
        if rule not in UNSEEN:
            yield rule, reproducer(analyzer, at)


@pytest.fixture
def compiler(need: Callable[[bool, str], None]) -> str:
    found = next((name for name in ("clang", "clang-22") if shutil.which(name)), None)
    need(found is not None, "needs clang: `make setup-system` brings it")
    assert found is not None
    return found


@pytest.mark.parametrize("path", BAD, ids=lambda p: p.stem)
def test_the_program_compiles_and_has_the_race(path: Path, compiler: str, tmp_path: Path) -> None:
    for rule, text in programs(path):
        assert text.startswith(f"/* {rule}: ") and "-fsanitize=thread" in text
        (tmp_path / "reproducer.c").write_text(text)
        strict = [
            "-fsyntax-only",
            "-fopenmp",
            "-Wall",
            "-Werror",
            "-Wno-unused-but-set-variable",
            "-Wno-unused-variable",
        ]
        done = subprocess.run(
            [compiler, *strict, "reproducer.c"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{done.stderr}\n{text}"
        found = [f for p in analyze(SourceText.of(text), "c").functions for f in p.result.findings]
        assert any(f.category == "race" and f.confidence != "possible" for f in found), text


def test_there_are_programs_to_try() -> None:
    assert sum(1 for path in BAD for _ in programs(path)) > 30


SUM = """\
#include <math.h>
typedef double real;
#define HALF 0.5
static real scaled(real x) { return HALF * x; }
static int unused(int k) { return k; }
real total(int n, const real *x, int *seen)
{
    real s = 0.0; /* the sum */
    *seen = unused(n);
    #pragma omp parallel for if(n > 1000)
    for (int i = 0; i < n; i++)
        s += scaled(x[i + 1]);
    return s;
}
int main(void) { return 0; }
"""
PROGRAM = """\
/* race-missing-reduction: With n=1002, thread A in iteration i=0 updates `s` while thread B in
   iteration i=1 updates it too.
   clang -g -fopenmp -fsanitize=thread reproducer.c -o reproducer
   OMP_NUM_THREADS=4 TSAN_OPTIONS=ignore_noninstrumented_modules=1 ./reproducer */
#include <math.h>
typedef double real;
#define HALF 0.5
static real scaled(real x) { return HALF * x; }
int main(void)
{
    int n = 100003;
    double s = 0;
    static double x[100004];
    for (int k = 0; k < 100004; k++)
        x[k] = k % 7 + 1;
    #pragma omp parallel for if(n > 1000)
    for (int i = 0; i < n; i++)
        s += scaled(x[i + 1]);
    return 0;
}
"""


def test_the_program_holds_what_the_region_needs_and_no_more() -> None:
    ((analyzer, at, _),) = races_of(SUM)
    assert reproducer(analyzer, at).splitlines()[2:] == PROGRAM.splitlines()[2:]


def test_conditions_and_numbers_of_threads_let_the_race_happen_and_locks_are_made() -> None:
    text = """\
#include <omp.h>
void f(int n, int team, omp_lock_t *l, int *x)
{
    int m = 0;
    #pragma omp parallel num_threads(team) if(n > 5)
    {
        omp_set_lock(l);
        m += 1;
        omp_unset_lock(l);
        m += 2;
    }
    *x = m;
}
"""
    ((analyzer, at, _),) = races_of(text)
    program = reproducer(analyzer, at)
    assert "int team = 4;" in program
    assert "omp_init_lock(&l[k]);" in program
    assert int(program.split("int n = ")[1].split(";")[0]) > 5


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("void f(int n, double *u) {\n#pragma omp simd\nfor (int i = 1; i < n; i++)\nu[i] = u[i - 1];\n}\n", "SIMD"),
        (
            "struct v { double *d; };\ndouble f(int n, struct v *p) {\ndouble s = 0;\n#pragma omp parallel for\n"
            "for (int i = 1; i < n; i++)\ns += p->d[i];\nreturn s; }\n",
            "the members of `p`",
        ),
        ("int g(int);\nvoid f(void) {\nint s = 0;\n#pragma omp parallel\ns += g(1);\n}\n", "`g` is defined elsewhere"),
    ],
)
def test_where_no_program_can_be_made_the_reason_is_said(text: str, reason: str) -> None:
    ((analyzer, at, _),) = races_of(text)
    with pytest.raises(NotReproducibleError, match=reason):
        reproducer(analyzer, at)


def test_on_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "sum.c"
    path.write_text(SUM)
    answer = run("why", f"{path}:12", "--reproducer", cwd=tmp_path)
    assert answer.returncode == 0 and answer.stdout.decode().splitlines()[2:] == PROGRAM.splitlines()[2:]
    wrong = run("why", f"{path}:5", "--reproducer", cwd=tmp_path)
    assert (wrong.returncode, wrong.stdout) == (2, b"")
    assert b"no race was found on line 5; there are some on line 12" in wrong.stderr
    both = run("why", f"{path}:12", "--reproducer", "--minimize", cwd=tmp_path)
    assert both.returncode == 2 and b"name one of them" in both.stderr
    assert cli.parser().parse_args(["why", "x.c:1", "--reproducer"]).reproducer


def test_a_line_means_the_race_that_begins_there(tmp_path: Path) -> None:
    text = (
        "double f(int n, double *restrict y) {\ndouble s = 0;\n#pragma omp parallel\n{\n#pragma omp for nowait\n"
        "for (int i = 0; i < n; i++)\ny[i] = i;\n#pragma omp for\nfor (int i = 1; i < n; i++)\n"
        "s += y[i - 1];\n}\nreturn s;\n}\n"
    )
    (tmp_path / "a.c").write_text(text)
    for line, rule in ((7, "race-missing-barrier"), (10, "race-missing-reduction")):
        answer = run("why", f"a.c:{line}", "--reproducer", cwd=tmp_path)
        assert answer.stdout.decode().startswith(f"/* {rule}: ")


def test_what_belongs_to_things_that_are_gone_is_gone() -> None:
    text = """\
static int mine;
#pragma omp threadprivate(mine)
struct unused { int x; };
static const int table[4] = {0, 1, 1, 3};
void f(int n, int k, double *u)
{
    #pragma omp parallel for
    for (int i = 0; i < 4; i++)
        u[table[i]] = i + k;
}
"""
    ((analyzer, at, _),) = races_of(text)
    program = reproducer(analyzer, at)
    assert "mine" not in program and "\n;" not in program
    assert "{0, 1, 1, 3}" in program and ")table)" not in program
    assert "for (int each = 0;" in program
