"""The list of rules is complete, its names keep to the convention, and selection means what it says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import analyzers.rules
from analyzers.dependence.facts import FunctionFacts
from analyzers.ir.statements import Block, Function, SourceFile
from analyzers.ir.verdicts import Finding
from analyzers.openmp.facts import OpenMPFacts
from analyzers.rules import registry
from analyzers.rules.registry import Context, Rule
from analyzers.settings import Options
from analyzers.text import NOWHERE, Span

ROOT = Path(analyzers.rules.__file__).parent


def context() -> Context:
    function = Function("f", (), False, Block((), NOWHERE), NOWHERE, NOWHERE, "")
    return Context(FunctionFacts(function, (), (), {}), OpenMPFacts())


def finding(rule: str, start: int, message: str = "m") -> Finding:
    return Finding(rule, "race", "warning", "proved", Span(start, start + 1), message)


def rule(code: str, *findings: Finding) -> Rule:
    def check(_: Context) -> Iterator[Finding]:
        yield from findings

    return Rule(code, "race", "warning", "summary", "section", check)


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {
        "race-b": rule("race-b", finding("race-b", 9), finding("race-b", 2)),
        "race-a": rule("race-a", finding("race-a", 9), finding("race-a", 9)),
        "omp-c": rule("omp-c", finding("omp-c", 4)),
    }
    monkeypatch.setattr(registry, "rules", lambda: table)


def test_every_rule_file_is_listed() -> None:
    files = {f"{path.parent.name}.{path.stem}" for path in ROOT.glob("*/*.py") if not path.name.startswith("_")}
    assert files == set(registry.MODULES)


def test_codes_are_unique_and_follow_their_file() -> None:
    codes = [module.RULE.code for module in registry.modules()]
    assert len(codes) == len(set(codes))
    for name, module in zip(registry.MODULES, registry.modules(), strict=True):
        assert module.RULE.code == name.replace(".", "-").replace("_", "-")
        assert module.RULE.check is module.check


def test_findings_come_in_textual_order_and_once(three: None) -> None:
    found = registry.run(context(), Options())
    assert [(f.rule, f.span.start) for f in found] == [("race-b", 2), ("omp-c", 4), ("race-a", 9), ("race-b", 9)]


def test_only_selected_rules_run(three: None) -> None:
    assert [f.rule for f in registry.run(context(), Options(select=frozenset({"omp"})))] == ["omp-c"]
    assert registry.run(context(), Options(ignore=frozenset({"all"}))) == []


def test_unknown_names_are_told(three: None) -> None:
    assert registry.unknown(["race", "race-a", "all", "rase"]) == ["rase"]


def test_a_failing_rule_costs_only_its_own_findings(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def check(_: Context) -> Iterator[Finding]:
        raise ZeroDivisionError

    table = {"race-x": Rule("race-x", "race", "error", "", "", check), "race-y": rule("race-y", finding("race-y", 1))}
    monkeypatch.setattr(registry, "rules", lambda: table)
    found = registry.run(context(), Options())
    assert [f.rule for f in found] == ["race-y"]
    assert "race-x" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_rules_about_the_file_itself(three: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def check_file(file: SourceFile) -> Iterator[Finding]:
        yield finding("omp-f", 3, file.language)

    table = {**registry.rules(), "omp-f": Rule("omp-f", "omp", "error", "", "", lambda _: iter(()), check_file)}
    monkeypatch.setattr(registry, "rules", lambda: table)
    found = registry.file_findings(SourceFile("c", (), ()), Options())
    assert [(f.rule, f.message) for f in found] == [("omp-f", "c")]
