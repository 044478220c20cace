"""Branches that end the program because something is wrong."""

from __future__ import annotations

import pytest

from tests.reports import loop_reports

BEFORE = """#include <stdio.h>
#include <stdlib.h>
enum { FINE, BAD = -1 };
void unseen(double);
void die(const char *why) { fprintf(stderr, "%s", why); exit(2); }
void say(int how) { if (how) return; exit(2); }
void check(double x) { if (x < 0) { printf("%g", x); abort(); } }
void leave(double x) { if (x < 0) exit(0); }
"""
ASSUMED = "ends the program only because something is wrong"


def verdict_of(body: str, language: str = "c") -> tuple[str, list[str]]:
    keyword = "restrict" if language == "c" else "__restrict"
    text = f"{BEFORE}void f(int n, double *{keyword} a, const double *{keyword} b) {{\n"
    text += f"for (int i = 0; i < n; i++) {{ {body} }}\n}}\n"
    (report,) = loop_reports(text, language=language)  # type: ignore[arg-type]
    verdict = report.verdict
    return verdict.confidence if verdict.counts_as_parallel else "no", [a.text for a in verdict.assumptions]


@pytest.mark.parametrize("language", ["c", "cpp"])
@pytest.mark.parametrize(
    ("body", "who"),
    [
        ("if (b[i] < 0) abort(); a[i] = b[i];", "abort"),
        ("if (b[i] < 0) exit(1); a[i] = b[i];", "exit"),
        ("if (b[i] < 0) exit(BAD); a[i] = b[i];", "exit"),
        ("if (b[i] < 0) exit(EXIT_FAILURE); a[i] = b[i];", "exit"),
        ('if (b[i] < 0) { fprintf(stderr, "%d", i); unseen(b[i]); exit(1); } a[i] = b[i];', "exit"),
        ('if (b[i] < 0) die("negative"); a[i] = b[i];', "die"),
        ("check(b[i]); a[i] = b[i];", "check"),
        ("double t; if (b[i] > 0) t = b[i]; else abort(); a[i] = t;", "abort"),
    ],
)
def test_what_a_run_that_succeeds_never_enters_is_not_in_the_way(body: str, who: str, language: str) -> None:
    assert verdict_of(body, language) == ("likely", [f"`{who}` {ASSUMED}"])


@pytest.mark.parametrize(
    "body",
    [
        "if (b[i] < 0) exit(0); a[i] = b[i];",
        "if (b[i] < 0) exit(FINE); a[i] = b[i];",
        "if (b[i] < 0) exit(n); a[i] = b[i];",
        "a[i] = b[i]; exit(1);",
        'a[i] = b[i]; die("always");',
        "if (b[i] < 0) say(n); a[i] = b[i];",
        "leave(b[i]); a[i] = b[i];",
        "if (b[i] < 0) { if (n > 3) break; abort(); } a[i] = b[i];",
        'if (b[i] < 0) abort(); printf("%d", i); a[i] = b[i];',
        "unseen(b[i]); if (b[i] < 0) abort(); a[i] = b[i];",
        "if (b[i] < 0) abort(); a[i] = a[i + 1] + a[n - i];",
    ],
)
def test_what_may_be_another_end_or_stands_beside_it_stays_in_the_way(body: str) -> None:
    assert verdict_of(body)[0] == "no"


def test_an_effect_before_the_end_is_none_of_the_caller() -> None:
    """A callee that writes before it fails does not write where it succeeds."""
    text = BEFORE + (
        "static int last; void note(double x) { if (x < 0) { last = 1; abort(); } }\n"
        "void f(int n, double *a) { for (int i = 0; i < n; i++) { note(a[i]); a[i] = 2; } }\n"
        "void g(int n, double *a) { for (int i = 0; i < n; i++) { note(a[i]); a[i] = a[n - i]; } }\n"
    )
    reports = [r for r in loop_reports(text) if r.function in ("f", "g")]
    assert [r.verdict.counts_as_parallel for r in reports] == [True, False]
