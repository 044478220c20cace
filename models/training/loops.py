"""Generated loops whose right directive is known by construction, each with a twin that carries a dependence.

A loop is a header around a few statements. Each kind of statement says what it needs: private copies, a reduction,
an uneven schedule; it writes to arrays of its own, so that any number of them stay independent of each other. A twin is
the same loop with one statement more, of a kind that carries a value from one iteration to the next.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from models.training import statements
from models.training.writer import Writer

HELD_EVERY = 5  # one kind in five is for evaluation only
CPP_SHARE, BARE_SHARE = 0.3, 0.55


@dataclass(frozen=True, slots=True)
class Generated:
    """A loop in a text. `label` is the right directive, None: a dependence is in the way."""

    text: str
    language: str
    bare: bool  # a loop alone, without its function
    label: str | None
    dependent: bool
    kinds: tuple[str, ...]
    private: tuple[str, ...] = ()
    reductions: tuple[tuple[str, str], ...] = ()
    more: str = ""  # schedule or collapse
    index: str = "i"
    prelude: str = field(default="", repr=False)  # what a compiler needs before it


def pair(seed: int, held: bool = False) -> tuple[Generated, Generated]:
    """A parallel loop and its twin that carries a dependence. `held`: of kinds and names that training never sees."""
    parallel, carrying = _kinds(statements.PARALLEL, held), _kinds(statements.CARRYING, held)
    rng = random.Random(f"loops {seed} {held}")
    count = rng.choice((1, 1, 1, 2, 2, 3, 4))
    picked = [rng.choice(parallel) for _ in range(count)]
    if held:  # at least one kind that is new, among familiar ones
        picked = [picked[0], *(rng.choice(_kinds(statements.PARALLEL, rng.random() < 0.5)) for _ in picked[1:])]
    broken = rng.choice(carrying)
    at = rng.randrange(count + 1)
    replaced = rng.random() < 0.4
    return (
        _build(seed, held, picked),
        _build(seed, held, [*picked[:at], broken, *picked[at + 1 if replaced else at :]]),
    )


def _kinds(kinds: tuple[Callable[[Writer], None], ...], held: bool) -> tuple[Callable[[Writer], None], ...]:
    return tuple(kind for i, kind in enumerate(kinds) if (i % HELD_EVERY == HELD_EVERY - 1) == held)


def _build(seed: int, held: bool, kinds: list[Callable[[Writer], None]]) -> Generated:
    rng = random.Random(f"text {seed} {held}")
    cpp = rng.random() < CPP_SHARE or any(kind.__name__.startswith("cpp_") for kind in kinds)
    bare = rng.random() < BARE_SHARE
    writer = Writer(rng, cpp, held)
    dependent = any(kind in statements.CARRYING for kind in kinds)
    writer.open_loop(dependent)
    if rng.random() < 0.2:
        writer.skip_some()
    for kind in kinds:
        kind(writer)
    loop = writer.loop_text()
    text = loop if bare else writer.function_text(loop)
    private = tuple(writer.private)
    reductions = tuple(writer.reductions)
    more = f"schedule({writer.schedule})" if writer.schedule else ""
    if writer.collapse > 1 and len(kinds) == 1 and not writer.guarded:
        more = f"collapse({writer.collapse})"
        private = tuple(name for name in private if name != writer.second_index)
    label = None if dependent else directive(private, reductions, more)
    names = tuple(kind.__name__ for kind in kinds)
    return Generated(
        text,
        "cpp" if cpp else "c",
        bare,
        label,
        dependent,
        names,
        private,
        reductions,
        more,
        writer.i,
        writer.prelude(),
    )


def directive(
    private: tuple[str, ...], reductions: tuple[tuple[str, str], ...], more: str = "", first: str = "parallel for"
) -> str:
    """A directive with these clauses."""
    parts = ["#pragma omp", first]
    if private:
        parts.append(f"private({', '.join(private)})")
    by_operator: dict[str, list[str]] = {}
    for op, name in reductions:
        by_operator.setdefault(op, []).append(name)
    parts += [f"reduction({op}:{', '.join(names)})" for op, names in by_operator.items()]
    if more:
        parts.append(more)
    return " ".join(parts)
