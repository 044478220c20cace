"""A safe fix does what it promises: the finding is gone after it, and no other one comes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from analyzers.api import analyze
from analyzers.ir.verdicts import Finding
from analyzers.text import SourceText
from tests.edits import applied
from tests.fixtures_check import FIXTURES

BAD = sorted(FIXTURES.glob("c/*/*_bad.c"))


def placed_findings(text: bytes) -> list[tuple[int, Finding]]:
    report = analyze(SourceText.of(text), "c")
    found = [(p.start, f) for p in report.functions for f in p.result.findings]
    found += [(0, f) for f in report.findings]
    return [(start, f) for start, f in found if f.category in ("race", "omp") and f.confidence != "possible"]


def identity(finding: Finding) -> tuple[str, str]:
    return finding.rule, finding.facts.get("variable", finding.message)


@pytest.mark.parametrize("path", BAD, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_safe_fixes_repair(path: Path) -> None:
    text = path.read_bytes()
    found = placed_findings(text)
    before = Counter(identity(f) for _, f in found)
    for start, finding in found:
        for fix in finding.fixes:
            if not fix.safe:
                continue
            after = Counter(identity(f) for _, f in placed_findings(applied(text, fix.edits, start)))
            gone = before - after
            new = after - before
            assert gone[identity(finding)] >= 1, f"{fix.title} leaves {finding.message}"
            assert not new, f"{fix.title} brings {dict(new)}"


def test_there_are_fixes_to_try() -> None:
    count = sum(fix.safe for path in BAD for _, f in placed_findings(path.read_bytes()) for fix in f.fixes)
    assert count > 15
