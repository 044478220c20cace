"""Types of headers that were not read: what is subscripted may be a pointer, and two of them may meet."""

from __future__ import annotations

import pytest

from analyzers import api
from analyzers.ir.verdicts import LoopReport
from analyzers.text import SourceText


def loop_of(text: str, language: api.Language) -> LoopReport:
    report = api.analyze(SourceText.of(f'#include "unseen.h"\n{text}'), language)
    (loop,) = (loop for placed in report.functions for loop in placed.result.loops)
    return loop


@pytest.mark.parametrize("language", ["c", "cpp"])
@pytest.mark.parametrize(
    "text",
    [
        "void f(D *d) { for (int i = 1; i < 99; i++) d->x[i] = d->y[i - 1]; }",
        "void f(D *d, D *e) { for (int i = 1; i < 99; i++) d->x[i] = e->y[i - 1]; }",
        "void f(D d) { for (int i = 1; i < 99; i++) d.x[i] = d.y[i - 1]; }",
        "void f(D *d) { for (int i = 1; i < 99; i++) d[i].v[0] = d[i].v[1]; }",
        "void f(T a, T b) { for (int i = 1; i < 99; i++) a[i] = b[i - 1]; }",
        "void f(T a) { T p = a; for (int i = 1; i < 99; i++) p[i] = a[i - 1]; }",
        "void f(T a) { T p; p = a; for (int i = 1; i < 99; i++) p[i] = a[i - 1]; }",
        "void f(D *d) { T p = d->x, q = d->y; for (int i = 1; i < 99; i++) p[i] = q[i - 1]; }",
    ],
)
def test_pointers_of_unseen_types_are_not_proved_apart(text: str, language: api.Language) -> None:
    verdict = loop_of(text, language).verdict
    assert verdict.status == "dependent" or (verdict.status == "unknown" and verdict.assumptions)


@pytest.mark.parametrize("language", ["c", "cpp"])
def test_the_members_are_named(language: api.Language) -> None:
    loop = loop_of("void f(D *d) { for (int i = 1; i < 99; i++) d->x[i] = d->y[i - 1]; }", language)
    assert "`d->x` and `d->y` do not overlap" in [a.text for a in loop.verdict.assumptions]
    assert loop.pragma == "#pragma omp parallel for"


@pytest.mark.parametrize("language", ["c", "cpp"])
def test_one_member_alone_meets_nothing(language: api.Language) -> None:
    assert loop_of("void f(D d) { for (int i = 1; i < 99; i++) d.x[i] = i; }", language).verdict.status == "parallel"
