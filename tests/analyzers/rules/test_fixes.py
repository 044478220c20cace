"""A fix that is offered does what it promises: the finding is gone after it, and no other one comes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from analyzers.api import Analyzer, FileReport, analyze
from analyzers.ir.verdicts import Finding
from analyzers.rules import documentation, registry
from analyzers.text import SourceText
from tests.edits import applied
from tests.fixtures_check import FIXTURES

BAD = sorted(FIXTURES.glob("c/*/*_bad.c"))
# A program in which each kind of repair is one that holds.
KINDS = {
    "add `reduction(": "double s = 0;\n#pragma omp parallel for\nfor (int i = 0; i < n; i++)\n s += x[i];\nx[0] = s;",
    "add `private(": "double t;\n#pragma omp parallel for\nfor (int i = 0; i < n; i++) {\n t = x[i];\n x[i] = t;\n}",
    "add `lastprivate(": "double t;\n#pragma omp parallel for\nfor (int i = 0; i < n; i++)\n t = x[i];\nx[0] = t;",
    "make the update atomic": "#pragma omp parallel for\nfor (int i = 0; i < n; i++)\n h[0] += k[i] * 2;",
    "make the statement critical": (
        "double m = 0;\n#pragma omp parallel for\nfor (int i = 0; i < n; i++)\n m = (m + x[i]) + m * m;\nx[0] = m;"
    ),
    "protect this access too": (
        "int m = 0;\n#pragma omp parallel for\nfor (int i = 0; i < n; i++) {\n m += k[i];\n"
        "#pragma omp critical\n m += 1;\n}\nh[0] = m;"
    ),
    "insert a barrier": (
        "double m = 0;\n#pragma omp parallel\n{\n#pragma omp master\n m = x[0];\n"
        "#pragma omp for\nfor (int i = 0; i < n; i++)\n x[i] += m;\n}"
    ),
    "write `single` for": (
        "double m = 0;\n#pragma omp parallel\n{\n#pragma omp master\n m = x[0];\n"
        "#pragma omp for\nfor (int i = 0; i < n; i++)\n x[i] += m;\n}"
    ),
    "remove `nowait`": (
        "#pragma omp parallel\n{\n#pragma omp for nowait\nfor (int i = 0; i < n; i++)\n x[i] = i;\n"
        "#pragma omp for\nfor (int i = 1; i < n; i++)\n y[i] = x[i - 1];\n}"
    ),
    "order the tasks": (
        "int a = 0, b = 0;\n#pragma omp parallel\n#pragma omp single\n{\n#pragma omp task\n a = n;\n"
        "#pragma omp task\n b = a + 1;\n#pragma omp taskwait\n h[0] = b;\n}"
    ),
    "insert a taskwait": (
        "int a = 0;\n#pragma omp parallel\n#pragma omp single\n{\n#pragma omp task\n a = n;\n h[0] = a;\n}"
    ),
    "run the statement in the order": "#pragma omp parallel for\nfor (int i = 1; i < n; i++)\n x[i] += x[i - 1];",
    "remove the directive": "#pragma omp parallel for\nfor (int i = 1; i < n; i++)\n x[i] += x[i - 1];",
    "let one thread do it": (
        "int m = 0;\n#pragma omp parallel\n{\n m = n / 2;\n"
        "#pragma omp for\nfor (int i = 0; i < n; i++)\n x[i] = m;\n}\nh[0] = m;"
    ),
    "divide the loop": "#pragma omp parallel\n{\nfor (int i = 0; i < n; i++)\n x[i] = i;\n}",
}


def reported(text: bytes) -> FileReport:
    """What is shown to a person who asks: with those fixes that hold."""
    analyzer = Analyzer("c")
    analyzer.update(SourceText.of(text))
    return analyzer.repaired(analyzer.report())


def placed_findings(report: FileReport) -> list[tuple[int, Finding]]:
    found = [(p.start, f) for p in report.functions for f in p.result.findings]
    found += [(0, f) for f in report.findings]
    return [(start, f) for start, f in found if f.category in ("race", "omp") and f.confidence != "possible"]


def counted(text: bytes) -> Counter[tuple[str, str]]:
    return Counter(identity(f) for _, f in placed_findings(analyze(SourceText.of(text), "c")))


def identity(finding: Finding) -> tuple[str, str]:
    # Not the rule: what is left of two races on one variable may bear the name of the other one.
    return finding.category, finding.facts.get("variable", finding.message)


def check_fixes(text: bytes) -> list[str]:
    """Every fix is made in the text, and the whole of it analysed from scratch."""
    before = counted(text)
    titles = []
    for start, finding in placed_findings(reported(text)):
        for fix in finding.fixes:
            if not fix.safe and finding.category != "race":
                continue
            after = counted(applied(text, fix.edits, start))
            assert (before - after)[identity(finding)] >= 1, f"{fix.title} leaves {finding.message}"
            assert not after - before, f"{fix.title} brings {dict(after - before)}"
            titles.append(fix.title)
    return titles


@pytest.mark.parametrize("path", BAD, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_fixes_repair(path: Path) -> None:
    check_fixes(path.read_bytes())


def test_there_are_fixes_to_try() -> None:
    assert sum(len(f.fixes) for path in BAD for _, f in placed_findings(reported(path.read_bytes()))) > 40


@pytest.mark.parametrize("code", registry.rules())
def test_fixes_of_the_examples_repair(code: str) -> None:
    page = documentation.find(code)
    assert page is not None
    for example in documentation.examples(page):
        check_fixes(example.source.encode())


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_repair_is_offered_where_it_holds(kind: str) -> None:
    text = (
        f"void f(int n, double *restrict x, double *restrict y, int *restrict h, const int *k) {{\n{KINDS[kind]}\n}}\n"
    )
    titles = check_fixes(text.encode())
    assert any(title.startswith(kind) for title in titles), titles


def test_a_repair_that_does_not_hold_is_not_offered() -> None:
    """A loop that threads share leaves a race on what every iteration updates."""
    text = (FIXTURES / "c/race/shared_loop_index_bad.c").read_bytes()
    proposed = {fix.title for _, f in placed_findings(analyze(SourceText.of(text), "c")) for fix in f.fixes}
    offered = {fix.title for _, f in placed_findings(reported(text)) for fix in f.fixes}
    assert proposed - offered == {"divide the loop: `for`"}


REFUSED = {
    "a clause where a task uses the variable": (
        "int t = 0;\n#pragma omp parallel\n{\n#pragma omp task shared(t)\n t += n;\n}\nh[0] = t;", "reduction",
    ),
    "a depend item that the task itself declares": (
        "#pragma omp parallel\n#pragma omp single\n{\n#pragma omp task\n for (int i = 0; i < 12; i++)\n  x[i] = n;\n"
        "#pragma omp task\n for (int i = 10; i < 20; i++)\n  y[i] = x[i];\n}", "depend",
    ),
    "a private copy that a construct inside combines": (
        "int t = 0;\n#pragma omp parallel\n{\n t = 0;\n#pragma omp for reduction(+:t)\n"
        " for (int i = 0; i < n; i++)\n  t += h[i];\n}", "private",
    ),
    "atomic beside a function that takes a lock": (
        "#pragma omp parallel\n{\n add(n);\n total += 1;\n}\nh[0] = total;", "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_only_seems_to_repair_is_not_offered(name: str) -> None:
    body, word = REFUSED[name]
    text = (
        "#include <omp.h>\nstatic omp_lock_t l;\nstatic int total;\n"
        "static void add(int by)\n{\n omp_set_lock(&l);\n total += by;\n omp_unset_lock(&l);\n}\n"
        f"void f(int n, double *restrict x, double *restrict y, int *restrict h)\n{{\n{body}\n}}\n"
    )
    found = [(start, f) for start, f in placed_findings(reported(text.encode())) if f.category == "race"]
    assert found
    assert not [fix.title for _, f in found for fix in f.fixes if word in fix.title]


def test_a_critical_construct_gets_the_hint_of_the_others() -> None:
    text = (
        "#include <omp.h>\nvoid f(int n)\n{\n int m = 0;\n#pragma omp parallel for\n for (int i = 0; i < n; i++) {\n"
        "#pragma omp critical(guard) hint(omp_sync_hint_contended)\n  m += i;\n  m += 1;\n }\n}\n"
    )
    titles = check_fixes(text.encode())
    assert titles == ["protect this access too: `critical(guard) hint(omp_sync_hint_contended)`"]


def test_the_text_is_the_same_after_trials() -> None:
    text = (FIXTURES / "c/race/missing_reduction_bad.c").read_bytes()
    analyzer = Analyzer("c")
    analyzer.update(SourceText.of(text))
    report = analyzer.report()
    assert analyzer.repaired(report) == analyzer.repaired(report)
    assert analyzer.report() == report
