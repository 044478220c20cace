"""Whether a repair repairs: it is made in memory and the function is analysed again.

What the finding says has to be gone, and nothing else may have come. Rules propose repairs; nobody is offered one that
fails here. One trial costs as much as one analysis of the function, so it is made when somebody asks for the repair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from analyzers.ir.verdicts import Edit, Finding, PlacedResult
from analyzers.rules import documentation
from analyzers.text import SourceText

Look = Callable[[SourceText], "PlacedResult | None"]  # the function that starts at the place of a trial, in that text
_Identity = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Trial:
    """Edits, relative to the function that starts at `start`, after which `findings` of that function are to be gone.
    `strict`: and nothing new found."""

    start: int
    edits: tuple[Edit, ...]
    findings: tuple[Finding, ...]
    strict: bool = True


def trials(start: int, finding: Finding) -> tuple[Trial, ...]:
    """What has to be tried before the fixes of a finding are offered, one trial for each of them."""
    return tuple(Trial(start, fix.edits, (finding,), fix.safe or finding.category == "race") for fix in finding.fixes)


def chosen(finding: Finding, held: Sequence[bool]) -> Finding:
    """The finding with those of its fixes that held; with what its page says to do where none of them is safe."""
    fixes = tuple(fix for fix, holds in zip(finding.fixes, held, strict=True) if holds)
    if fixes == finding.fixes:
        return finding
    return documentation.helped((replace(finding, fixes=fixes),))[0]


def holds(trial: Trial, source: SourceText, before: PlacedResult, look: Look) -> bool:
    """Does a trial succeed on the text `source`, in which the function is `before`?"""
    after = look(SourceText.of(applied(source.data, trial.start, trial.edits)))
    if after is None or after.start != trial.start or after.result.name != before.result.name:
        return False
    if not after.result.complete:
        return False
    old, new = _told(before), _told(after)
    if any(new[_identity(f)] >= old[_identity(f)] for f in trial.findings):
        return False
    return not trial.strict or not new - old


def applied(data: bytes, start: int, edits: Iterable[Edit]) -> bytes:
    """The text after edits that are relative to byte `start`."""
    for edit in sorted(edits, key=lambda each: each.span, reverse=True):
        span = edit.span.shifted(start)
        data = data[: span.start] + edit.text.encode() + data[span.end :]
    return data


def _told(placed: PlacedResult) -> Counter[_Identity]:
    """What is found in a function, and how often. What is only possible counts where it is a race: a repair does not
    trade one that is sure for one that nobody can judge."""
    return Counter(
        _identity(f)
        for f in placed.result.findings
        if f.category == "race" or (f.category == "omp" and f.confidence != "possible") or f.rule == "internal-error"
    )


def _identity(finding: Finding) -> _Identity:
    return finding.category, finding.facts.get("variable", finding.message)
