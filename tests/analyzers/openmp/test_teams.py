"""Regions with several loops: where they are offered, what they become, and where threads wait for each other.

That no thread goes on too early is asked of enumeration in `tests/property/test_rows.py`, and of ThreadSanitizer in
`tests/stress`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from analyzers.api import Options, SourceText, analyze
from analyzers.costs import Costs
from lsp_server.assist import choose
from lsp_server.outcomes import loops_in
from lsp_server.patches import alone, chosen, patch
from tests.compiled import applied, needs_compiler, printed
from tests.reports import loop_reports

DATA = "static double a[2000][2000], b[2000][2000], x[2000], y[2000], z[2000];\nint first[2000], count;\n"
LONG = "for (int i = 0; i < 2000; i++)\n    for (int j = 0; j < 2000; j++)\n      y[i] += a[i][j] * x[j];"
EVERYTHING_PAYS = Options(costs=Costs(pays=0.0, pays_again=0.0, pays_two=0.0))


def team(body: str, parameters: str = "int n, int m") -> list[str] | None:
    """The directives of the first region that is offered where everything pays, without what begins each."""
    text = f"{DATA}void f({parameters})\n{{\n  int i, j, k, t = 0;\n{body}\n}}\n"
    found = [loop.compound for loop in loop_reports(text, EVERYTHING_PAYS) if loop.compound is not None]
    if not found:
        return None
    lines = "\n".join(edit.text for edit in sorted(found[0].fix.edits, key=lambda e: e.span))
    return re.findall(r"#pragma omp (.*)", lines)


def sweep(*loops: str) -> str:
    """A serial loop over `t` with these loops over `i` in it."""
    return "for (t = 0; t < m; t++) {\n" + "\n".join(f"for (i = {loop}" for loop in loops) + "\n}"


# --- what it becomes ------------------------------------------------------------------------------------------------


def test_a_short_loop_is_divided_with_a_long_one() -> None:
    before = f"{DATA}void f(void)\n{{\n  for (int i = 0; i < 2000; i++)\n    y[i] = 0;  // first\n\n  {LONG}\n}}\n"
    indented = LONG.replace("\n", "\n  ")
    after = (
        f"{DATA}void f(void)\n{{\n  #pragma omp parallel\n  {{\n    #pragma omp for schedule(static) nowait\n"
        "    for (int i = 0; i < 2000; i++)\n      y[i] = 0;  // first\n\n"
        f"    #pragma omp for schedule(static)\n    {indented}\n  }}\n}}\n"
    )
    assert applied(before) == after
    assert applied(after) == after
    assert applied(before.replace("\n", "\r\n")) == after.replace("\n", "\r\n")


def test_tabs_and_long_bodies_move_as_they_are() -> None:
    before = (
        f"{DATA}void f(void)\n{{\n\tfor (int i = 0; i < 2000; i++)\n\t\ty[i] = 0;\n\t/* sums\n\t   of rows */\n"
        "\tfor (int i = 0; i < 2000; i++) {\n        for (int j = 0; j < 2000; j++)\n"
        "\t\t\ty[i] += a[i][j];\n\n\t} /* end */\n}\n"
    )
    made = applied(before)
    assert "\t#pragma omp parallel\n\t{\n\t\t#pragma omp for schedule(static) nowait\n\t\tfor (int i" in made
    assert "\t\t/* sums\n\t   \tof rows */\n\t\t#pragma omp for schedule(static)\n\t\tfor (int i" in made
    assert "        \tfor (int j = 0; j < 2000; j++)\n\t\t\t\ty[i] += a[i][j];\n\n\t\t} /* end */\n\t}\n}\n" in made


def test_threads_start_once_around_a_serial_loop() -> None:
    sweeps = "".join(
        f"    for (i = 1; i < 1999; i++)\n      for (int j = 1; j < 1999; j++)\n"
        f"        {to}[i][j] = {of}[i - 1][j] + {of}[i + 1][j] + {of}[i][j];\n"
        for to, of in ("ba", "ab")
    )
    before = f"{DATA}void f(int n)\n{{\n  int i, t;\n  for (t = 0; t < n; t++) {{\n{sweeps}  }}\n}}\n"
    after = before.replace("  for (t", "  #pragma omp parallel private(t)\n  for (t")
    after = after.replace("\n    for (i", "\n    #pragma omp for\n    for (i")
    assert applied(before) == after
    assert applied(after) == after


def test_the_pragmas_of_single_loops_remain() -> None:
    text = f"{DATA}void f(void)\n{{\n  for (int i = 0; i < 2000; i++) y[i] = 0;\n  {LONG}\n}}\n"
    short, long, _ = loop_reports(text)
    assert short.compound is not None and long.compound is None
    assert short.compound.fix in short.fixes and short.compound.fix.restructures
    assert (short.pragma, short.profitable) == ("#pragma omp parallel for", False)
    assert (long.pragma, long.profitable) == ("#pragma omp parallel for", True)
    assert choose(short, 0, on_request=False) is None
    source = SourceText.of(text)
    report = analyze(source, "c")
    loops = [alone(loop) for loop in loops_in(report)]
    made = patch(source, report, chosen(loops, "likely"), lambda other: analyze(other, "c")).text.text
    head = "  for (int i = 0; i < 2000; i++)\n"
    assert made == text.replace(head, f"  #pragma omp parallel for\n{head}")


# --- where it is offered --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "body"),
    [
        ("two long loops have their own pragmas", f"  {LONG}\n  {LONG.replace('y', 'z')}"),
        ("nothing pays", "  for (int i = 0; i < 2000; i++) y[i] = 0;\n  for (int i = 0; i < 2000; i++) z[i] = 0;"),
        ("a few iterations are no work", f"  for (int i = 0; i < 8; i++) z[i] = 0;\n  {LONG}"),
        ("a statement between", f"  for (int i = 0; i < 2000; i++) y[i] = 0;\n  x[0] = 1;\n  {LONG}"),
        ("a declaration between", f"  for (int i = 0; i < 2000; i++) y[i] = 0;\n  int k;\n  {LONG}"),
        ("a line of the preprocessor", f"  for (int i = 0; i < 2000; i++) y[i] = 0;\n#if 1\n  {LONG}\n#endif"),
        ("a loop that is serial", f"  for (int i = 1; i < 2000; i++) y[i] = y[i - 1];\n  {LONG}"),
        ("one line", f"  for (int i = 0; i < 2000; i++) y[i] = 0; {LONG}"),
        ("what follows on the line", f"  for (int i = 0; i < 2000; i++) y[i] = 0;\n  {LONG} x[0] = 1;"),
    ],
)
def test_no_region_where(why: str, body: str) -> None:
    assert not any(loop.compound for loop in loop_reports(f"{DATA}void f(void)\n{{\n{body}\n}}\n")), why


def test_a_loop_that_would_cost_more_than_the_long_one_saves() -> None:
    """A barrier for a short loop: next to nothing beside 4,000,000 elements, not beside 60,000."""
    text = f"{DATA}void f(void)\n{{\n  for (int i = 0; i < 2000; i++) z[i] = x[i];\n  {LONG}\n}}\n"
    assert loop_reports(text)[0].compound is not None
    assert loop_reports(text.replace("j < 2000", "j < 30"))[0].compound is None


@pytest.mark.parametrize(
    ("why", "loop"),
    [
        ("the bound changes inside", "for (t = 0; t < count; t++) {\n LOOP\n for (i = 0; i < 2000; i++) if (i == 7) count = 3;\n}"),  # noqa: E501
        ("the index is used afterwards", "for (t = 0; t < m; t++) {\n LOOP\n}\n count = t;"),
        ("it begins with what is changed inside", "for (t = first[0]; t < m; t++) {\n LOOP\n for (i = 0; i < 2000; i++) first[i] = 1;\n}"),  # noqa: E501
        ("statements under a condition", "for (t = 0; t < m; t++) {\n LOOP\n if (y[0] > 1) count++;\n}"),
        ("a call that nobody sees", "for (t = 0; t < m; t++) {\n LOOP\n count = unseen();\n}"),
        ("output", "for (t = 0; t < m; t++) {\n LOOP\n count = printf(\"%d\", t);\n}"),
        ("a variable of its own", "for (t = 0; t < m; t++) {\n int c = t;\n LOOP\n x[0] = c;\n}"),
        ("other versions of it", "for (t = 0; t < m; t++) {\n LOOP\n#ifdef MORE\n count++;\n#endif\n}"),
        ("two statements in a line", "for (t = 0; t < m; t++) {\n LOOP\n count++; first[0]++;\n}"),
        ("more to wait for than to divide", "for (t = 0; t < m; t++) {\n LOOP\n count++;\n first[0]++;\n}"),
        ("it ends early", "for (t = 0; t < m; t++) {\n LOOP\n if (y[0] > 1) break;\n}"),
        ("no `for`", "while (t < m) {\n LOOP\n t++;\n}"),
        ("an index that others see", "for (count = 0; count < m; count++) {\n LOOP\n}"),
    ],
)  # fmt: skip
def test_no_region_around_a_serial_loop_where(why: str, loop: str) -> None:
    found = team("  " + loop.replace("LOOP", "for (i = 0; i < 2000; i++) y[i] = y[i] * 2 + 1;"))
    assert found is None or "private(t)" not in found[0], why
    assert team("  for (t = 0; t < m; t++) {\n for (i = 0; i < 2000; i++) y[i] = y[i] * 2 + 1;\n}")


def test_calls_that_may_synchronize_stay_out() -> None:
    text = (
        "void unseen(double *p);\n{DATA}void f(int m)\n{{\n  for (int t = 0; t < m; t++) {{\n"
        "    for (int i = 0; i < 2000; i++) {call};\n  }}\n}}\n"
    )
    assert any(
        loop.compound for loop in loop_reports(text.format(DATA=DATA, call="y[i] = y[i] * 2 + 1"), EVERYTHING_PAYS)
    )
    assert not any(loop.compound for loop in loop_reports(text.format(DATA=DATA, call="unseen(&y[i])")))


def test_a_loop_with_a_threshold_of_its_own_keeps_it() -> None:
    text = (
        f"{DATA}void f(void)\n{{\n  for (int k = 0; k < 2000; k++)\n    for (int i = k + 1; i < 2000; i++)\n"
        "      for (int j = k + 1; j < 2000; j++)\n        a[i][j] -= a[i][k] * a[k][j];\n}\n"
    )
    assert "if(" in applied(text) and "for private" not in applied(text).replace("parallel for private", "")


# --- where threads wait ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "loops", "lines"),
    [
        ("different arrays", ("0; i < n; i++) x[i] += 1;", "0; i < n; i++) y[i] += 1;"), ["for nowait", "for"]),
        ("both read", ("0; i < n; i++) x[i] += z[i];", "0; i < n; i++) y[i] += z[n - i];"), ["for nowait", "for"]),
        ("equal iterations", ("0; i < n; i++) x[i] += 1;", "0; i < n; i++) y[i] += x[i];"),
         ["for schedule(static) nowait", "for schedule(static)"]),
        ("equal ones, counted anew", ("0; i < n; i++) x[i] += 1;", "1; i <= n; i++) y[i] += x[i - 1];"),
         ["for schedule(static) nowait", "for schedule(static)"]),
        ("shifted", ("0; i < n; i++) x[i] += 1;", "0; i < n; i++) y[i] += x[i + 1];"), ["for", "for"]),
        ("not equally often", ("0; i < n; i++) x[i] += 1;", "0; i < m; i++) y[i] += x[i];"), ["for", "for"]),
        ("one more", ("0; i < n; i++) x[i] += 1;", "0; i <= n; i++) y[i] += x[i];"), ["for", "for"]),
        ("the other way round", ("0; i < n; i++) x[i] += 1;", "n - 1; i >= 0; i--) y[i] += x[i];"), ["for", "for"]),
        ("other elements", ("0; i < 900; i++) x[i] += 1;", "0; i < 900; i++) y[i] += x[i + 900];"),
         ["for nowait", "for"]),
        ("a sum is read", ("0; i < n; i++) k += first[i];", "0; i < n; i++) first[i] = k;"),
         ["for reduction(+:k)", "for"]),
        ("a bound is written", ("0; i < n; i++) if (i == 3) first[1999] = 5;", "0; i < first[1999]; i++) y[i] += 1;"),
         ["for", "for"]),
        ("what may be anywhere", ("0; i < n; i++) y[first[i]] = y[i];", "0; i < n; i++) x[i] += y[i];"), None),
        ("scattered reads", ("0; i < n; i++) x[i] += 1;", "0; i < n; i++) y[i] += x[first[i]];"), ["for", "for"]),
        ("the first and the third meet", ("0; i < n; i++) x[i] += 1;", "0; i < n; i++) y[i] += 1;",
         "0; i < n; i++) z[i] += x[n - i];"), ["for nowait", "for", "for"]),
        ("triangles in step", ("0; i < n; i++) for (j = i; j < n; j++) a[i][j] += 1;",
         "0; i < n; i++) for (j = i; j < n; j++) x[i] += a[i][j];"),
         ["for private(j) schedule(static, 8) nowait", "for private(j) schedule(static, 8)"]),
        ("dealt out differently", ("0; i < n; i++) x[i] += 1;", "0; i < n; i++) for (j = i; j < n; j++) x[i] += j;"),
         ["for", "for private(j) schedule(static, 8)"]),
    ],
)  # fmt: skip
def test_threads_wait_unless_they_need_not(why: str, loops: tuple[str, ...], lines: list[str] | None) -> None:
    found = team("  " + sweep(*loops))
    assert (found[1:] if found and lines is not None else lines) == lines, why


def test_nothing_more_is_assumed_than_single_loops_need() -> None:
    """Each loop is proved; that `p` and `q` are apart is needed by no pragma alone, and so no reason to go on."""
    parts = ("0; i < n; i++) p[i] = p[i] * 2;", "0; i < n; i++) q[i] = q[i] * 2;")
    pointers = "int n, int m, double *p, double *q"
    assert team("  " + sweep(*parts), pointers) == ["parallel private(t)", "for", "for"]
    both = "0; i < n; i++) p[i] = q[i] * 2;"
    assert team("  " + sweep(both, parts[1]), pointers) == [
        "parallel private(t)", "for schedule(static) nowait", "for schedule(static)",
    ]  # fmt: skip
    apart = pointers.replace("*", "*restrict ")
    assert team("  " + sweep(*parts), apart) == ["parallel private(t)", "for nowait", "for"]


@pytest.mark.parametrize(
    ("why", "parts", "lines"),
    [
        ("a sum is set and used", "k = 0;\nLOOP k += first[i];\nfirst[0] = k;\nLOOP x[i] *= first[0];",
         ["single", "for reduction(+:k)", "single", "for"]),
        ("nobody needs it yet", "LOOP x[i] += 1;\nk = 0;\nLOOP y[i] += x[n - i];\nLOOP z[i] = k;",
         ["for nowait", "single", "for nowait", "for"]),
        ("an element that is known", "LOOP x[i + 1] += 1;\nx[0] = 3;\nLOOP y[i] += 1;",
         ["for nowait", "single nowait", "for"]),
        ("the index of the time loop", "LOOP x[i] = t;\nfirst[t] = 1;\nLOOP y[i] = t;",
         ["for nowait", "single nowait", "for"]),
    ],
)  # fmt: skip
def test_one_thread_runs_a_statement(why: str, parts: str, lines: list[str]) -> None:
    found = team(f"  for (t = 0; t < m; t++) {{\n{parts.replace('LOOP', 'for (i = 0; i < n; i++)')}\n}}")
    assert found == ["parallel private(t)", *lines], why


def test_serial_loops_in_each_other() -> None:
    loop = "for (i = 0; i < 2000; i++) y[i] = y[i] * t + x[i];"
    nest = f"for (t = 0; t < m; t++) {{\n for (k = t; k < n; k++) {{\n {loop}\n }}\n {loop.replace('y', 'z')}\n}}"
    assert team("  " + nest) == ["parallel private(t, k)", "for", "for"]
    # A thread that is ahead may change the bound before another one has come to the inner loop.
    assert team("  " + nest.replace("k < n", "k < first[0]").replace("z[i] = z[i]", "first[i] = first[i]")) == [
        "parallel private(k)", "for",
    ]  # fmt: skip


@pytest.mark.parametrize(("short", "joins"), [("y[i] = x[i]", True), ("w += x[i]", False)])
def test_a_sum_that_does_not_pay_by_itself_keeps_its_order(short: str, joins: bool) -> None:
    text = (
        "static double b[2000][2000], x[2000], y[2000];\ndouble f(int m)\n{\n  double w = 0;\n"
        "  for (int t = 0; t < m; t++) {\n    for (int i = 0; i < 2000; i++)\n      for (int j = 0; j < 2000; j++)\n"
        f"        b[i][j] *= 2;\n    for (int i = 0; i < 2000; i++)\n      {short};\n  }}\n  return w;\n}}\n"
    )
    assert any(loop.compound is not None for loop in loop_reports(text)) is joins


# --- what it computes -----------------------------------------------------------------------------------------------

PROGRAM = """#include <stdio.h>
static double a[300][2000], b[300][2000], x[2000], y[300];
static void relax(int m, int n)
{
  int i, j, t;
  double w;
  for (t = 0; t < m; t++) {
    for (j = 0; j < 2000; j++)
      a[0][j] = x[j] + t;
    for (i = 1; i < n; i++)
      for (j = 1; j < 1999; j++) {
        w = 0.3 * (b[i - 1][j] + b[i][j + 1]);
        a[i][j] = w + b[i][j];
      }
    for (i = 1; i < n; i++)
      for (j = 1; j < 1999; j++)
        b[i][j] = 0.5 * a[i][j] + 0.1 * t;
  }
}
static double sums(void)
{
  double s = 0;
  for (int i = 0; i < 300; i++)
    y[i] = i;
  for (int i = 0; i < 300; i++)
    for (int j = 0; j < 2000; j++)
      y[i] += a[i][j] / (1 + b[i][j] * b[i][j]);
  for (int i = 0; i < 300; i++)
    s += (long) y[i];
  return s;
}
int main(void)
{
  for (int i = 0; i < 300; i++)
    for (int j = 0; j < 2000; j++) { a[i][j] = i * j % 17; b[i][j] = i + 2 * j; x[j] = j; }
  relax(20, 300);
  printf("%.17g\\n", sums());
}
"""


@needs_compiler
def test_it_computes_the_same(tmp_path: Path) -> None:
    after = applied(PROGRAM)
    assert after.count("#pragma omp parallel\n") == 1 and "#pragma omp parallel private(t)" in after
    assert after.count("schedule(static) nowait") == 1 and after.count(" nowait") == 2
    assert printed(tmp_path, after, (1, 2, 4, 4)) == printed(tmp_path, PROGRAM, (1,))


@pytest.mark.parametrize("compiler", ["gcc", "g++", "clang-22", "clang++-22"])
def test_compilers_have_nothing_to_say(compiler: str, tmp_path: Path) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"needs {compiler}")
    (tmp_path / "p.c").write_text(applied(PROGRAM))
    language = "c++" if "+" in compiler else "c"
    command = [compiler, "-x", language, "-fopenmp", "-Wall", "-Wextra", "-Werror", "-c", "p.c", "-o", "p.o"]
    subprocess.run(command, cwd=tmp_path, check=True)


def test_who_asks_for_a_device_gets_no_team() -> None:
    text = f"{DATA}void f(void)\n{{\n  for (int i = 0; i < 2000; i++)\n    y[i] = 0;\n  {LONG}\n}}\n"
    assert any(loop.compound for loop in loop_reports(text))
    assert not any(loop.compound for loop in loop_reports(text, Options(offload=True)))
