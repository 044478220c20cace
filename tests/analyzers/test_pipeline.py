"""What is remembered between the results of one version, its report, and the next version."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzers import suppressions
from analyzers.api import Analyzer, SourceText, analyze
from analyzers.dependence import effects
from analyzers.dependence import loops as dependence_loops
from analyzers.dependence.facts import LoopFacts
from analyzers.dependence.nest import Place
from analyzers.ir.statements import Loop
from analyzers.settings import Options

RACE = """\
double total;
void f(int n, double *a) {
#pragma omp parallel for
    for (int i = 0; i < n; i++) total += a[i];
}
void g(int n, double *a) {
    for (int i = 0; i < n; i++) a[i] = 2 * total;
}
"""
ACCEPTED = "// hpc-ls: ignore-file[race]\n" + RACE


def update(analyzer: Analyzer, text: str) -> None:
    analyzer.update(SourceText.of(text))


@pytest.mark.parametrize("text", [RACE, ACCEPTED])
def test_the_report_has_the_results_that_were_told(text: str) -> None:
    analyzer = Analyzer("c")
    known: list[int] = []
    for version in (text, text + "\n", "\n" * 2 + text, text.replace("2 *", "3 *")):
        update(analyzer, version)
        told = {placed.start: placed for placed in analyzer.results(first=len(text) - 10)}
        report = analyzer.report()
        assert [placed for placed in report.functions if told[placed.start] is not placed] == []
        assert len(report.functions) == len(told) == 2
        known.append(id(report.functions[0].result))
    assert len(set(known)) == 1


def test_a_comment_outside_of_functions_accepts() -> None:
    assert [f.rule for placed in analyze(SourceText.of(RACE), "c").functions for f in placed.result.findings] != []
    report = analyze(SourceText.of(ACCEPTED), "c")
    assert not any(f.category == "race" for placed in report.functions for f in placed.result.findings)
    assert report.findings == ()
    needless = analyze(SourceText.of(ACCEPTED.replace("#pragma omp parallel for", "")), "c")
    assert [f.rule for f in needless.findings] == [suppressions.UNUSED]


def test_removing_the_comment_brings_the_findings_back() -> None:
    analyzer = Analyzer("c")
    rules = []
    for text in (RACE, ACCEPTED, RACE, ACCEPTED):
        update(analyzer, text)
        rules.append([f.rule for placed in analyzer.results() for f in placed.result.findings])
        analyzer.report()
    assert rules[0] == rules[2] != rules[1] == rules[3]


def test_each_version_is_prepared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    table, analyse = effects.table, dependence_loops.analyse
    monkeypatch.setattr(effects, "table", lambda *a: (calls.append("table"), table(*a))[1])
    monkeypatch.setattr(dependence_loops, "analyse", lambda *a: (calls.append("analyse"), analyse(*a))[1])
    analyzer = Analyzer("c")
    update(analyzer, RACE)
    list(analyzer.results())
    analyzer.report()
    list(analyzer.results())
    assert calls == ["table", "analyse", "analyse"]
    update(analyzer, "\n" + RACE)
    analyzer.report()
    assert calls == ["table", "analyse", "analyse", "table"]


def test_results_that_are_left_halfway_do_no_harm() -> None:
    analyzer = Analyzer("c")
    update(analyzer, RACE)
    halfway = analyzer.results()
    next(halfway)
    changed = "\n\n" + RACE.replace("2 * total", "a[i - 1]")
    update(analyzer, changed)
    assert repr([f.result.loops for f in analyzer.report().functions]) == repr(
        [f.result.loops for f in analyze(SourceText.of(changed), "c").functions]
    )
    (old,) = halfway
    assert old.start == RACE.index("void g")
    assert old.result.loops == analyze(SourceText.of(RACE), "c").functions[1].result.loops


LEAF = "static void leaf(int n, double *a) { for (int i = 0; i < n; i++) a[i] = 2 * a[i]; }\n"
ROWS = "void rows(int n, double a[][90]) { for (int k = 0; k < n; k++) leaf(90, a[k]); }\n"


def offers(analyzer: Analyzer) -> dict[str, bool]:
    """Whether the loop of each function is offered a pragma."""
    return {placed.result.name: placed.result.loops[0].profitable for placed in analyzer.report().functions}


def test_threads_go_to_the_loop_around_the_call() -> None:
    analyzer = Analyzer("c")
    update(analyzer, LEAF + ROWS)
    assert offers(analyzer) == {"leaf": False, "rows": True}
    (loop,) = analyzer.report().functions[0].result.loops
    assert loop.advice == "threads are at work already where `rows` calls this function"
    assert loop.pragma == "#pragma omp parallel for"  # right all the same
    update(analyzer, LEAF + ROWS.replace("a[k]", "a[0]"))
    assert offers(analyzer) == {"leaf": True, "rows": False}


def test_what_is_asked_for_first_is_told_again_when_its_callers_are_known() -> None:
    analyzer = Analyzer("c")
    update(analyzer, LEAF + ROWS)
    told = [(p.result.name, p.result.loops[0].advice.split()[0]) for p in analyzer.results(first=5)]
    assert told == [("leaf", "pays"), ("rows", "pays"), ("leaf", "threads")]
    analyzer.report()
    update(analyzer, LEAF.replace("2 *", "3 *") + ROWS)
    told = [(p.result.name, p.result.loops[0].advice.split()[0]) for p in analyzer.results(first=5)]
    assert told == [("leaf", "threads"), ("rows", "pays")]


def test_functions_that_call_each_other_have_one_answer() -> None:
    text = (
        "void b(int n, double *p);\n"
        "void a(int n, double *p) { for (int i = 0; i < n; i++) p[i] = i; b(n - 1, p); }\n"
        "void b(int n, double *p) { for (int i = 0; i < n; i++) p[i] = i; if (n) a(n, p); }\n"
    )
    analyzer = Analyzer("c")
    update(analyzer, text)
    assert offers(analyzer) == offers(analyzer) == {"a": True, "b": True}
    update(analyzer, text + "void c(int n, double *p) { while (n) a(n, p); }\n")
    assert [r.advice for placed in analyzer.report().functions for r in placed.result.loops][:2] == [
        "pays from about 500,000 iterations",
        "pays from about 500,000 iterations",
    ]


def test_without_reports_of_loops_the_findings_are_the_same() -> None:
    source = SourceText.of(RACE)
    whole, short = (analyze(source, "c", Options(loops=each)).functions for each in (True, False))
    assert [len(placed.result.loops) for placed in whole] == [1, 1]
    assert [placed.result for placed in short] == [
        replace(placed.result, loops=(), seconds=less.result.seconds) for placed, less in zip(whole, short, strict=True)
    ]


def test_only_the_loops_of_races_are_decided_for_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    decided: list[Loop] = []
    original = dependence_loops._loop_facts

    def counted(place: Place, *rest: object) -> LoopFacts:
        decided.append(place.loop)
        return original(place, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(dependence_loops, "_loop_facts", counted)
    (racing, _) = analyze(SourceText.of(RACE), "c", Options(loops=False)).functions
    (governed,) = racing.result.governed
    assert [loop.span for loop in decided] == [governed.span]
