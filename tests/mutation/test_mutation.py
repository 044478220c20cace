"""What the analysis says of race-free kernels, and of each mistake in their directives that makes them race."""

from __future__ import annotations

import pytest

from analyzers.api import Options, analyze
from analyzers.ir.verdicts import Finding
from analyzers.text import SourceText
from tests.mutation import confirmed, mutants

KERNELS = mutants.kernels()


def races(text: str, language: str) -> list[tuple[frozenset[int], Finding]]:
    """The races that a person is shown, each with the lines of its accesses."""
    source = SourceText.of(text)
    report = analyze(source, language, Options())  # type: ignore[arg-type]
    placed = [(p.start, f) for p in report.functions for f in p.result.findings]
    return [
        (frozenset(source.position(start + s.start).line + 1 for s in (f.span, *(r.span for r in f.related))), f)
        for start, f in placed
        if f.category == "race" and f.confidence != "possible"
    ]


def detected(mutant: mutants.Mutant, lines: frozenset[int]) -> bool:
    """Is a race told of where one happens: on a line that takes part or under the directive that has changed, or of the
    variable that the mistake concerns?"""
    found = races(mutant.text, mutant.kernel.language)
    lines = lines | {mutant.line, mutant.line + 1}
    return any(where & lines or f.facts.get("variable") == mutant.subject for where, f in found)


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.name)
def test_a_kernel_without_races_is_left_alone(kernel: mutants.Kernel) -> None:
    assert [(sorted(where), f.message) for where, f in races(kernel.text, kernel.language)] == []


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: k.name)
def test_mutants_keep_the_lines_of_their_kernel(kernel: mutants.Kernel) -> None:
    made = mutants.mutants(kernel)
    assert made, "a kernel from which nothing can be left out shows nothing"
    for mutant in made:
        assert mutant.text != kernel.text
        assert mutant.text.count("\n") == kernel.text.count("\n")
