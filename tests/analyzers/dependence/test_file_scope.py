"""Variables that only the functions of a file use: who needs them, and whether their value lasts."""

from __future__ import annotations

import pytest

from analyzers.dependence import effects
from analyzers.frontends.c import lower_file
from analyzers.ir import flow
from analyzers.ir.statements import loops
from analyzers.text import SourceText

LOOP = "for (int i = 0; i < n; i++) { t = a[i]; a[i] = t * t; }"


def dead(text: str) -> set[str]:
    functions = [placed.function for placed in lower_file(SourceText.of(text)).functions]
    (found,) = {effect.dead for name, effect in effects.table(functions).items() if name in {f.name for f in functions}}
    return set(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"static double t; void f(double *a, int n) {{ {LOOP} }}", {"t"}),
        (f"static double t; void f(double *a, int n) {{ {LOOP} }} void g(void) {{ t = 1; }}", {"t"}),
        (f"static double t; void f(double *a, int n) {{ {LOOP} }} double g(void) {{ return t; }}", set()),
        (
            f"static double t; void f(double *a, int n) {{ {LOOP} }} double g(int c) {{ if (c) t = 1; return t; }}",
            set(),
        ),
        (f"static double t; void f(double *a, int n) {{ {LOOP} a[0] = t; }}", set()),
        (f"static double t; void f(double *a, int n) {{ t = 0; {LOOP} a[0] = t; }}", {"t"}),
        (f"static double t; void f(double *a, int n) {{ {LOOP} }} void g(double *a) {{ f(a, 3); a[0] = t; }}", set()),
        (f"static double t; void f(double *a, int n) {{ {LOOP} }} void g(double *a) {{ unseen(); f(a, 3); }}", {"t"}),
        (f"static double t; void f(double *a, int n) {{ {LOOP} }} double *g(void) {{ return &t; }}", set()),
        (f"double t; void f(double *a, int n) {{ {LOOP} }}", set()),
        (f"static volatile double t; void f(double *a, int n) {{ {LOOP} }}", set()),
        ("static int k; void f(int n) { if (n) { k = n; f(n - 1); } }", {"k"}),
        ("static int k; int f(int n) { if (n) { k = n; return f(n - 1) + k; } return 0; }", set()),
    ],
)
def test_values_that_never_last(text: str, expected: set[str]) -> None:
    assert dead(text) & {"t", "k"} == expected


def test_needs_follow_calls() -> None:
    text = (
        "static int t, u; int low(void) { t = 1; return t + u; } int mid(void) { return low(); }"
        " int top(void) { u = 2; return mid(); }"
    )
    functions = [placed.function for placed in lower_file(SourceText.of(text)).functions]
    table = effects.table(functions)
    assert [table[name].needs for name in ("low", "mid", "top")] == [{"u"}, {"u"}, frozenset()]
    assert table["top"].dead == {"t"}


def test_dead_values_are_not_live_behind_a_loop() -> None:
    text = f"static double t; void f(double *a, int n) {{ {LOOP} }}"
    (placed,) = lower_file(SourceText.of(text)).functions
    loop = next(loops(placed.function.body))
    table = effects.table([placed.function])
    assert "t" not in {s.name for s in flow.build(placed.function, table).live_out(loop)}
    assert "t" in {s.name for s in flow.build(placed.function).live_out(loop)}


def test_no_pointer_leads_to_what_only_the_file_knows() -> None:
    text = "static int t; void f(int *a, int n) { for (int i = 0; i < n; i++) { t = a[i]; a[i] = t; } }"
    (placed,) = lower_file(SourceText.of(text)).functions
    graph = flow.build(placed.function)
    assert not graph.assumed_apart(next(loops(placed.function.body)))
