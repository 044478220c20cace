"""What variables of an iteration lead to: memory that others may share."""

from __future__ import annotations

import pytest

from analyzers import api
from analyzers.text import SourceText


@pytest.mark.parametrize(
    "text",
    [
        "struct R { double *p; }; double f(void) { double s = 0; "
        "for (int i = 0; i < 99; i++) { struct R r; r.p = &s; *r.p = *r.p * 0.5 + i; } return s; }",
        "struct R { double *p; }; void f(double *v) "
        "{ for (int i = 0; i < 99; i++) { struct R r = {v}; *r.p = *r.p * 0.5 + i; } }",
        "void f(double *v) { for (int i = 0; i < 99; i++) { double *s[] = {v, v}; *s[0] = *s[0] * 0.5 + i; } }",
        "void f(double *v) { for (int i = 0; i < 99; i++) { double *s[2]; s[0] = v; *s[0] = *s[0] * 0.5 + i; } }",
        "void f(double *v) { double *s[2]; for (int i = 0; i < 99; i++) { s[0] = v; *s[0] = *s[0] * 0.5 + i; } }",
        "double f(int c) { double a[99], b[99]; a[0] = b[0] = 0; double *p = c ? a : b; "
        "for (int i = 1; i < 99; i++) p[i] = a[i - 1]; return a[1] + b[1]; }",
    ],
)
def test_pointers_in_objects_of_an_iteration_lead_to_common_memory(text: str) -> None:
    report = api.analyze(SourceText.of(text), "c")
    [loop] = report.functions[0].result.loops
    assert loop.verdict.status != "parallel"
    assert not loop.verdict.counts_as_parallel


def test_pointers_that_each_iteration_sets_are_not_taken_for_one() -> None:
    text = "void f(double *v) { for (int i = 0; i < 99; i++) { double *s[] = {v + i, v}; *s[0] = *s[0] + i; } }"
    report = api.analyze(SourceText.of(text), "c")
    assert report.functions[0].result.loops[0].verdict.status == "unknown"
