"""What the analysis says of race-free kernels, and of each mistake in their directives that makes them race."""

from __future__ import annotations

import pytest

from analyzers.api import Options, analyze
from analyzers.ir.verdicts import Finding
from analyzers.text import SourceText
from tests.mutation import confirmed, mutants

KERNELS = mutants.kernels()
# Races that are not found, and why.
MISSED = {
    "which tiles tasks of different iterations work on": (
        "cholesky_tasks:42:weaken-depend-inout-tile[k][k]",
        "cholesky_tasks:45:drop-depend-in-tile[k][k]",
        "cholesky_tasks:45:drop-depend-inout-tile[i][k]",
        "cholesky_tasks:45:weaken-depend-inout-tile[i][k]",
        "cholesky_tasks:50:drop-depend-in-tile[i][k]",
        "cholesky_tasks:50:drop-depend-in-tile[j][k]",
        "cholesky_tasks:50:drop-depend-inout-tile[i][j]",
        "cholesky_tasks:50:weaken-depend-inout-tile[i][j]",
        "mutex_tasks:22:weaken-depend-mutexinoutset-total",
        "stencil_tasks:23:drop-depend-in-u[from][b]",
    ),
    "what recursion reaches far below": (
        "merge_sort:29:remove-taskwait",
        "merge_sort:38:remove-master",
        "quicksort_tasks:39:add-nowait",
        "quicksort_tasks:39:master-for-single",
        "taskgroup_tree:26:remove-taskgroup",
    ),
    "a flag that is read and written without acquire and release, in a function": (
        "lazy_start:11:drop-acquire",
        "lazy_start:22:drop-release",
    ),
    "the combination of a reduction in which tasks take part": (
        "task_reduction:13:remove-single",
        "taskloop_sum:8:remove-single",
    ),
    "elements that values of local variables choose": (
        "breadth_first:27:remove-atomic",
        "text_words:15:drop-private-word",
    ),
    "a guard that compares with the count of an inner loop": ("mandelbrot:12:drop-reduction",),
    "a flag that others acquire, read without protection": ("lazy_start:11:remove-atomic",),
}


def test_the_list_of_mutants_that_race_is_about_these_kernels() -> None:
    names = {m.name for kernel in KERNELS for m in mutants.mutants(kernel)}
    assert set(confirmed.read()) <= names, "`make confirm` writes the list anew"
    assert {name for missed in MISSED.values() for name in missed} <= set(confirmed.read())
    assert len(KERNELS) >= 40


def test_mutants_that_race_are_found() -> None:
    raced = confirmed.read()
    made = [m for kernel in KERNELS for m in mutants.mutants(kernel) if m.name in raced]
    silent = {m.name for m in made if not detected(m, raced[m.name])}
    assert silent <= {name for missed in MISSED.values() for name in missed}
    assert len(silent) <= 0.1 * len(made)


def races(text: str, language: str) -> list[tuple[frozenset[int], Finding]]:
    """The races that a person is shown, each with the lines of its accesses."""
    source = SourceText.of(text)
    report = analyze(source, language, Options())  # type: ignore[arg-type]
    placed = [(p.start, f) for p in report.functions for f in p.result.findings if f.confidence != "possible"]
    assert not [f.message for _, f in placed if f.category == "syntax"], "not analysed"
    return [
        (frozenset(source.position(start + s.start).line + 1 for s in (f.span, *(r.span for r in f.related))), f)
        for start, f in placed
        if f.category == "race"
    ]


def detected(mutant: mutants.Mutant, lines: frozenset[int]) -> bool:
    """Is a race told of where one happens: on a line that takes part or under the directive that has changed, or of the
    variable that the mistake concerns?"""
    found = races(mutant.text, mutant.kernel.language)
    there = lines | {mutant.line, mutant.line + 1}
    return any(where & there or f.facts.get("variable") == mutant.subject for where, f in found)


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
