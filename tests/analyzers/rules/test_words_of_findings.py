"""Every finding says what, why and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from analyzers.api import analyze
from analyzers.ir.verdicts import Finding
from analyzers.rules import documentation, registry
from analyzers.text import SourceText
from tests.fixtures_check import FIXTURES

# Directives that no annotated source shows in all their forms.
DIRECTIVES = (
    "", "parallel for private(x", "parallel for $", "parallel for reduction(x)", "parallel for private()",
    "parallel for schedule(fast)", "parallel for collapse(0)", "parallel for collapse", "parallel for privat(x)",
    "parallel for zzz(x)", "paralel for", "zzz", "threadprivate", "target data", "cancel", "parallel for nowait",
    "for nowait nowait", "parallel for private(x) shared(x)", "parallel for reduction(&:x)",
    "parallel for default(none)",
    "parallel for simd collapse(3)", "section", "teams num_teams(4)", "parallel for copyprivate(x)",
)  # fmt: skip
NESTED = (("critical", "critical"), ("single", "barrier"), ("for", "masked"), ("parallel", "teams"), ("for", "ordered"))


def of(text: str) -> Iterator[Finding]:
    report = analyze(SourceText.of(text), "c")
    yield from report.findings
    for placed in report.functions:
        yield from placed.result.findings


def check(finding: Finding) -> None:
    assert finding.message and finding.label, finding
    assert re.search(r"[.?!]$", finding.why), finding
    assert not re.search(r"[a-z]\.$", finding.message), finding
    assert finding.fixes or re.search(r"[.?!]$", finding.help), finding
    assert not (any(fix.safe for fix in finding.fixes) and finding.help), finding
    if finding.category in ("omp", "race"):
        assert "§" in finding.why or finding.category == "race", finding


@pytest.mark.parametrize("path", sorted(FIXTURES.rglob("*_bad.c")), ids=lambda p: p.stem)
def test_findings_of_the_sources(path: object) -> None:
    found = list(of(path.read_text(encoding="utf-8")))  # type: ignore[attr-defined]
    assert found
    for finding in found:
        check(finding)


@pytest.mark.parametrize("code", registry.rules())
def test_findings_of_the_examples(code: str) -> None:
    page = documentation.find(code)
    assert page is not None
    for example in documentation.examples(page):
        for finding in of(example.source):
            check(finding)


@pytest.mark.parametrize("directive", DIRECTIVES)
def test_findings_about_bad_directives(directive: str) -> None:
    found = list(
        of(f"void f(int n, double *a, double x) {{\n#pragma omp {directive}\nfor (int i = 0; i < n; i++) a[i] = x;\n}}")
    )
    assert found
    for finding in found:
        check(finding)


@pytest.mark.parametrize(("outer", "inner"), NESTED)
def test_findings_about_nesting(outer: str, inner: str) -> None:
    loop = "for (int i = 0; i < n; i++)" if outer == "for" else ""
    body = ";" if inner == "barrier" else ""
    text = f"void f(int n) {{\n#pragma omp {outer}\n{loop} {{\n#pragma omp {inner}\n{{ {body} }}\n}}\n}}"
    found = [finding for finding in of(text) if finding.rule == "omp-invalid-nesting"]
    assert len(found) == 1
    check(found[0])


def test_a_race_on_what_nobody_may_ever_read_is_only_possible() -> None:
    text = (
        "#include <math.h>\n#include <stdlib.h>\nvoid f(int n, double *a) {\n#pragma omp parallel for\n"
        "for (int i = 0; i < n; i++) a[i] = lgamma(a[i]) + rand();\n}"
    )
    found = {f.facts["variable"]: f for f in of(text) if f.rule == "race-thread-unsafe-call"}
    assert {name: finding.confidence for name, finding in found.items()} == {"lgamma": "possible", "rand": "proved"}
    assert [a.text for a in found["lgamma"].assumptions] == ["somebody reads `signgam`"]


INTERLEAVINGS = {
    "#pragma omp parallel for\nfor (int i = 1; i < n; i++) x[i] = x[i - 1];": (
        "With n=3, thread A in iteration i=1 writes `x[1]` while thread B in iteration i=2 reads it."
    ),
    "int t;\n#pragma omp parallel for\nfor (int i = 0; i < n; i++) t = i;": (
        "With n=2, thread A in iteration i=0 writes `t` while thread B in iteration i=1 writes it too."
    ),
    "int t = 0;\n#pragma omp parallel sections\n{\n#pragma omp section\nt = 1;\n#pragma omp section\nx[0] = t;\n}": (
        "Thread A in section 1 writes `t` while thread B in section 2 reads it."
    ),
    "int t = 0;\n#pragma omp parallel\n{\n#pragma omp master\nt = 1;\n#pragma omp for\n"
    "for (int i = 0; i < n; i++) x[i] = t;\n}": (
        "With n=2, thread A in the master construct writes `t` while thread B in iteration i=1 reads it."
    ),
    "#pragma omp parallel\n{\n#pragma omp for nowait\nfor (int i = 0; i < n; i++) x[i] = i;\n#pragma omp for\n"
    "for (int i = 1; i < n; i++) y[i] = x[i - 1];\n}": (
        "With n=2, thread A in iteration i=0 of the first loop writes `x[0]` while thread B in iteration i=1 of the "
        "second loop reads it."
    ),
    "int t = 0;\n#pragma omp parallel\n#pragma omp single\n{\n#pragma omp task\nt = 1;\n#pragma omp task\n"
    "x[0] = t;\n}": "Thread A in a task writes `t` while thread B in another task reads it.",
    "int t = 0;\n#pragma omp parallel\n#pragma omp single\n{\n#pragma omp task\nt = 1;\nx[0] = t;\n}": (
        "Thread A in the task writes `t` while thread B, which goes on beside the task, reads it."
    ),
    "#pragma omp simd\nfor (int i = 1; i < n; i++) x[i] = x[i - 1];": (
        "With n=3, the lane of iteration i=1 writes `x[1]` while the lane of iteration i=2 reads it."
    ),
    "#pragma omp parallel\ny[0] = 1;": "Thread A writes `y[0]` while thread B writes it too.",
}


def races_of(body: str) -> list[Finding]:
    head = "void set(int *p) { *p = 1; }\nint count;\nvoid f(int n, int *restrict x, int *restrict y) {\n"
    return [f for f in of(f"{head}{body}\n}}\n") if f.category == "race"]


@pytest.mark.parametrize("body", INTERLEAVINGS)
def test_the_interleaving_comes_first(body: str) -> None:
    whys = [finding.why for finding in races_of(body)]
    assert whys and whys[0].startswith(f"{INTERLEAVINGS[body]} `"), whys


ATTRIBUTES = {
    "int t;\n#pragma omp parallel\nt = n;": (
        "`t` is shared by the implicit rule, because it is declared outside the region (OpenMP 5.2 §5.1.1).",
        "`t` is declared here, outside the region",
    ),
    "int t;\n#pragma omp parallel shared(t)\nt = n;": (
        "`t` is shared explicitly, because it is listed in shared (OpenMP 5.2 §5.4.2).",
        "`t` is shared by this clause",
    ),
    "int t;\n#pragma omp parallel default(shared)\nt = n;": (
        "`t` is shared by the implicit rule, because default(shared) says so (OpenMP 5.2 §5.4.1).",
        "`t` is declared here, outside the region",
    ),
    "#pragma omp parallel\n{ static int t;\nt = n; }": (
        "`t` is predetermined shared, because it is a static variable (OpenMP 5.2 §5.1.1).",
        "`t` is declared here, with static storage",
    ),
    "#pragma omp parallel firstprivate(x)\nx[0] = n;": (
        "`x` is firstprivate explicitly, because it is listed in firstprivate (OpenMP 5.2 §5.4.4); every copy leads to "
        "the same memory.",
        "`x` is firstprivate by this clause",
    ),
}


@pytest.mark.parametrize("body", ATTRIBUTES)
def test_the_attribute_is_told_with_what_gives_it(body: str) -> None:
    (finding,) = races_of(body)
    sentence, place = ATTRIBUTES[body]
    assert sentence in finding.why, finding.why
    assert [r.message for r in finding.related if "declared" in r.message or "clause" in r.message] == [place]


def test_an_access_in_a_called_function_is_told_as_one() -> None:
    (finding,) = races_of("int t;\n#pragma omp parallel\nset(&t);")
    assert finding.why.startswith("Thread A, inside `set`, writes `t` while thread B, inside `set`, writes it too.")


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("c/race/*_bad.c")), ids=lambda p: p.stem)
def test_every_race_tells_who_meets_whom(path: object) -> None:
    for finding in of(path.read_text(encoding="utf-8")):  # type: ignore[attr-defined]
        if finding.category == "race":
            assert " while " in finding.why.split(". ")[0], finding.why
            assert re.search(r"(shared|private) (by the implicit rule|explicitly|because)|predetermined", finding.why)
            assert finding.facts["origin"] in ("implicit", "explicit", "predetermined")
