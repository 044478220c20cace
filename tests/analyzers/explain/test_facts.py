"""Loop reports as the editor takes them, and hints about implicit data sharing."""

from __future__ import annotations

import pytest

from analyzers.api import analyze, loops_of
from analyzers.text import SourceText
from tests.edits import applied

NEST = """\
static double a[900][900];
static double b[900];

void f(int n)
{
\tint i, j;
\tfor (i = 0; i < 900; i++) {
\t\tfor (j = 0; j < 900; j++)
\t\t\ta[i][j] = n;
\t}
\twhile (n--)
\t\tb[n % 900] = n;
}
"""


def test_reports_come_in_textual_order_with_depth_and_place() -> None:
    source = SourceText.of(NEST)
    found = list(loops_of(analyze(source, "c")))
    lines = [source.line_of(start + loop.span.start) for start, loop in found]
    assert lines == [6, 7, 10]
    assert [loop.depth for _, loop in found] == [0, 1, 0]
    start, outer = found[0]
    assert (outer.indent, source.line_of(start + outer.insert_at)) == ("\t", 6)
    assert source.position(start + outer.insert_at).column == 0
    (edit,) = outer.fixes[0].edits
    assert edit.text == "\t#pragma omp parallel for private(j)\n"


def test_a_pragma_goes_where_the_loop_stands_whatever_the_line_breaks() -> None:
    source = SourceText.of(NEST.replace("\n", "\r\n"))
    start, outer = next(iter(loops_of(analyze(source, "c"))))
    changed = applied(source.data, outer.fixes[0].edits, start)
    assert b"\r\n\t#pragma omp parallel for private(j)\r\n\tfor (i" in changed


def test_the_same_function_gives_the_same_reports_wherever_it_stands() -> None:
    here = [loop for _, loop in loops_of(analyze(SourceText.of(NEST), "c"))]
    there = [loop for _, loop in loops_of(analyze(SourceText.of("/* moved */\n\n" + NEST), "c"))]
    assert [loop.explanation for loop in here] == [loop.explanation for loop in there]
    assert [loop.span for loop in here] == [loop.span for loop in there]


def test_implicit_sharing_is_hinted_at_the_end_of_the_directive() -> None:
    code = """\
void f(int n, double *x)
{
    double t = 0;
    #pragma omp parallel for private(t)
    for (int i = 0; i < n; i++) {
        t = x[i];
        x[i] = t + n;
    }
}
"""
    source = SourceText.of(code)
    (placed,) = analyze(source, "c").functions
    hints = {hint.attribute: hint for hint in placed.result.hints}
    assert set(hints["shared"].variables) == {"n", "x"}
    assert "private" not in hints
    assert source.slice(hints["shared"].span.shifted(placed.start)) == "#pragma omp parallel for private(t)"


@pytest.mark.parametrize(
    "code",
    [
        "void f(int n, double *x, double *y)\n{\n    for (int i = 0; i < n; i++)\n        y[i] = x[i];\n}\n",
        "void f(int n, double x[], double y[n])\n{\n    for (int i = 0; i < n; i++)\n        y[i] = x[i];\n}\n",
        "void f(int n, double x[n][n], double (*y)[n])\n{\n    for (int i = 0; i < n; i++)\n"
        "        for (int j = 0; j < n; j++)\n            y[i][j] = x[j][i];\n}\n",
    ],
)
def test_restrict_turns_likely_into_proved(code: str) -> None:
    source = SourceText.of(code)
    start, loop = next(iter(loops_of(analyze(source, "c"))))
    assert loop.verdict.confidence == "likely"
    (fix,) = [fix for fix in loop.fixes if "restrict" in fix.title]
    text = applied(source.data, fix.edits, start)
    _, after = next(iter(loops_of(analyze(SourceText.of(text), "c"))))
    assert after.verdict.status == "parallel", text.decode()
    assert not any("restrict" in fix.title for fix in after.fixes)


def test_a_loop_that_several_arms_of_a_switch_reach_is_one() -> None:
    code = """\
static double a[100000];
void f(int n)
{
    switch (n) {
    case 1: n++;
    case 2: n++;
    default:
        for (int i = 0; i < 100000; i++)
            a[i] = n;
    }
}
"""
    (found,) = loops_of(analyze(SourceText.of(code), "c"))
    assert found[1].profitable
