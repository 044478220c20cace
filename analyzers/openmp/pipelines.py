"""The directives that run a loop as a pipeline: a doacross loop nest (OpenMP 5.2 §15.9.6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analyzers.dependence.facts import LoopFacts
from analyzers.ir.arithmetic import fold
from analyzers.ir.expressions import Expr
from analyzers.ir.notation import Notation
from analyzers.ir.statements import Loop
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Assumption
from analyzers.openmp import canonical, cost
from analyzers.openmp.cost import Work
from analyzers.openmp.nests import Nests
from analyzers.words import counted


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The pragma above the loop, and the two that begin and end each iteration of `inner`."""

    pragma: str
    wait: str
    post: str
    inner: Loop
    advice: str
    assumptions: tuple[Assumption, ...] = ()


def propose(
    facts: LoopFacts, nests: Nests[LoopFacts], works: Mapping[int, Work], clauses: tuple[str, ...], notation: Notation
) -> Pipeline | None:
    """The pipeline of a loop that is not parallel, where it pays and no loop inside is worth a team of threads.

    `clauses` are those for the variables of the loop. The rows are dealt out in turn: in equal
    shares a thread would begin when the one before it has ended. `depend` says the same as the `doacross` of OpenMP 5.2
    and is what compilers know.
    """
    found = facts.wavefront
    inner = nests.facts(found.inner) if found is not None else None
    if found is None or inner is None or facts.header is None or inner.header is None or not _pays(facts, inner, works):
        return None
    if facts.governed_by is not None or facts.inside_parallel or canonical.problem(facts) or canonical.problem(inner):
        return None
    if any(below.verdict.counts_as_parallel and works[id(below.loop)].pays for below in nests.below(facts)):
        return None
    rows, steps = facts.header, inner.header
    before = f"{_moved(rows.index, rows.step, -1)}, {_moved(steps.index, steps.step, found.lag)}"
    return Pipeline(
        notation.directive("parallel for", *clauses, "ordered(2)", "schedule(static, 1)"),
        notation.directive("ordered", f"depend(sink: {before})"),
        notation.directive("ordered", "depend(source)"),
        found.inner,
        _sentence(rows.index.name, steps.index.name, found.lag),
        found.assumptions,
    )


def _sentence(rows: str, steps: str, lag: int) -> str:
    ahead = f"{counted(lag, 'iteration')} of `{steps}` further" if lag else f"through with the same `{steps}`"
    return f"a pipeline: an iteration of `{rows}` goes on as soon as the one before it is {ahead}"


def _pays(facts: LoopFacts, inner: LoopFacts, works: Mapping[int, Work]) -> bool:
    """Is there much to do between two signals, and enough altogether?"""
    rows, steps = works[id(facts.loop)], works[id(inner.loop)]
    return rows.pays and steps.each >= cost.SIGNAL and min(rows.trips, steps.trips) >= cost.FEW_ROWS


def _moved(index: Symbol, step: Expr, times: int) -> str:
    """`i`, `i + 2`: the index some iterations later."""
    distance = (fold(step) or 0) * times
    if not distance:
        return index.name
    return f"{index.name} {'+' if distance > 0 else '-'} {abs(distance)}"
