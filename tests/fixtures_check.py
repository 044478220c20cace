"""Annotated sources: the finding that is expected stands as a comment below its line.

    total += x[i];
    // ^ race-missing-reduction: total
    sum += x[i]; n++;
    // ^ race-missing-reduction: sum
    // ^ race-missing-reduction: n (likely)

An annotation names the rule, the variable (facts["variable"], or a word of the message where a rule has no variable)
and, where it matters, the confidence. It speaks of the nearest line above that is no annotation. What is found and not
annotated fails, and so does what is annotated and not found, or annotated in a way that cannot be read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from analyzers.api import Options, analyze
from analyzers.ir.verdicts import Finding
from analyzers.text import SourceText

FIXTURES = Path(__file__).parent / "fixtures"
LANGUAGES = {".c": "c", ".cpp": "cpp", ".f90": "fortran"}
_ANNOTATION = re.compile(
    r"^\s*(?://|!)\s*\^\s*(?P<rule>[\w-]+):\s*(?P<subject>[^()]+?)\s*(?:\((?P<confidence>\w+)\))?\s*$"
)
_MEANT = re.compile(r"^\s*(?://|!)\s*\^")


@dataclass(frozen=True, order=True)
class Expected:
    """One annotation; lines count from one, as editors show them."""

    line: int
    rule: str
    subject: str
    confidence: str | None = None

    def __str__(self) -> str:
        suffix = f" ({self.confidence})" if self.confidence else ""
        return f"line {self.line}: {self.rule}: {self.subject}{suffix}"


def annotations(text: str) -> list[Expected]:
    """The annotations of a source. Raises ValueError for one that cannot be read."""
    found = []
    last = 0
    for number, line in enumerate(text.splitlines(), 1):
        match = _ANNOTATION.match(line)
        if match is not None:
            found.append(Expected(last, match["rule"], match["subject"], match["confidence"]))
        elif _MEANT.match(line):
            raise ValueError(f"line {number}: an annotation is `// ^ rule: subject (confidence)`, not `{line.strip()}`")
        else:
            last = number
    return found


def findings(
    text: str, language: str = "c", categories: tuple[str, ...] = ("race", "omp", "mpi")
) -> list[tuple[int, Finding]]:
    """The findings of these categories that are shown to a person, with their lines."""
    source = SourceText.of(text)
    report = analyze(source, language, Options())  # type: ignore[arg-type]
    placed = [(p.start, f) for p in report.functions for f in p.result.findings]
    placed += [(0, f) for f in report.findings]
    return [
        (source.position(start + f.span.start).line + 1, f)
        for start, f in placed
        if f.category in categories and f.confidence != "possible"
    ]


def matches(expected: Expected, line: int, finding: Finding) -> bool:
    """Is this the finding that the annotation means?"""
    subject = finding.facts.get("variable")
    named = subject == expected.subject if subject is not None else f"`{expected.subject}`" in finding.message
    return (
        line == expected.line
        and finding.rule == expected.rule
        and named
        and expected.confidence in (None, finding.confidence)
    )


def check(path: Path) -> None:
    """Compare what the analysis finds in an annotated file with its annotations."""
    text = path.read_text(encoding="utf-8")
    left = findings(text, LANGUAGES[path.suffix])
    missing = []
    for expected in annotations(text):
        hit = next((f for f in left if matches(expected, *f)), None)
        if hit is None:
            missing.append(str(expected))
        else:
            left.remove(hit)
    unexpected = [f"line {n}: {f.rule}: {f.facts.get('variable', '')} ({f.confidence}) {f.message}" for n, f in left]
    problems = [f"missing     {m}" for m in missing] + [f"unexpected  {u}" for u in unexpected]
    assert not problems, "\n".join([str(path), *problems])
