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
    assert not (finding.fixes and finding.help), finding
    if finding.category in ("omp", "race") and finding.rule != "race-thread-unsafe-call":
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
