"""Random rows of loops that follow each other inside a serial loop: printed as C for the analysis, and enumerated for
the judge. What enumerates them shares nothing with the product."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

PREAMBLE = "void unseen(void);\nint a[400], b[400], c[64][64], w[64], len[4];\n"
SIZES = ((0, 0), (1, 2), (2, 1), (3, 3), (4, 7), (7, 4), (8, 8))  # values of (n, m)

Cell = tuple[str, tuple[int, ...]]


@dataclass(frozen=True)
class Term:
    """`constant` plus factors times variables."""

    factors: tuple[tuple[str, int], ...]
    constant: int

    def c(self) -> str:
        parts = [v if f == 1 else f"{f} * {v}" for v, f in self.factors]
        text = " + ".join([*parts, *([str(self.constant)] if self.constant or not parts else [])])
        return text.replace("+ -", "- ")

    def value(self, variables: Mapping[str, int]) -> int:
        return self.constant + sum(f * variables[v] for v, f in self.factors)


@dataclass(frozen=True)
class Place:
    """An element, or a variable without subscripts."""

    name: str
    subscripts: tuple[Term, ...] = ()

    def c(self) -> str:
        return self.name + "".join(f"[{t.c()}]" for t in self.subscripts)

    def cell(self, variables: Mapping[str, int]) -> Cell:
        return self.name, tuple(t.value(variables) for t in self.subscripts)


@dataclass(frozen=True)
class Step:
    """An assignment: `target op sum of sources`, under `index > least` where that is set, in a loop over `z` below
    `inner` where that is set."""

    target: Place
    op: str
    sources: tuple[Place, ...]
    least: int | None = None
    inner: str | None = None


@dataclass
class Counted:
    """`for (index = lower; index < upper; index += stride)`, or the other way round; `upper` a term, or a place."""

    index: str
    lower: Term
    upper: Term | Place
    stride: int
    down: bool
    inclusive: bool
    steps: list[Step] = field(default_factory=list)

    def c(self) -> list[str]:
        high = self.upper.c()
        by = "" if self.stride == 1 else f" += {self.stride}"
        if self.down:
            by = by.replace("+", "-")
            head = f"for ({self.index} = {high}; {self.index} >= {self.lower.c()}; {self.index}{by or '--'}) {{"
        else:
            relation = "<=" if self.inclusive else "<"
            head = f"for ({self.index} = {self.lower.c()}; {self.index} {relation} {high}; {self.index}{by or '++'}) {{"
        lines = [head]
        for step in self.steps:
            text = f"{step.target.c()} {step.op} {' + '.join(s.c() for s in step.sources) or '1'};"
            text = text if step.least is None else f"if ({self.index} > {step.least}) {text}"
            lines.append(f"  {text}" if step.inner is None else f"  for (int z = 0; z < {step.inner}; z++) {text}")
        return [*lines, "}"]

    def iterations(self, variables: Mapping[str, int], memory: Mapping[Cell, int]) -> list[int]:
        if isinstance(self.upper, Place):
            high = memory.get(self.upper.cell(variables), 5)
        else:
            high = self.upper.value(variables)
        low = self.lower.value(variables)
        if self.down:
            return list(range(high, low - 1, -self.stride))
        return list(range(low, high + self.inclusive, self.stride))

    def touched(self, variables: Mapping[str, int]) -> Iterator[tuple[int, Cell, bool]]:
        """(number of the iteration, cell, is it written?) of all that the loop does to memory that threads share."""
        if isinstance(self.upper, Place):  # which every thread looks up, whatever its iterations
            yield from ((-1 - k, self.upper.cell(variables), False) for k in range(2))
        for number, index in enumerate(self.iterations(variables, {})):
            here = {**variables, self.index: index}
            for step in self.steps:
                if step.least is not None and index <= step.least:
                    continue
                for z in range(1 if step.inner is None else variables.get(step.inner, 0)):
                    now = {**here, "z": z}
                    for source in step.sources:
                        if source.name not in ("x", "i", "k"):
                            yield number, source.cell(now), False
                    if step.target.name != "x":
                        yield number, step.target.cell(now), True
                        if step.op != "=":
                            yield number, step.target.cell(now), False


@dataclass(frozen=True)
class Plain:
    """A statement between the loops."""

    step: Step

    def c(self) -> list[str]:
        return [f"{self.step.target.c()} {self.step.op} {self.step.sources[0].c()};"]

    def iterations(self, variables: Mapping[str, int], memory: Mapping[Cell, int]) -> list[int]:
        return [0]

    def touched(self, variables: Mapping[str, int]) -> Iterator[tuple[int, Cell, bool]]:
        """As in a loop; which thread runs it is not known."""
        yield -1, self.step.target.cell(variables), True
        yield -1, self.step.sources[0].cell(variables), False


Part = Counted | Plain


@dataclass(frozen=True)
class Program:
    name: str
    c: str
    parts: Sequence[Part]


class _Generator:
    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.arrays = self.rng.sample(("a", "b", "c", "p", "q", "w"), self.rng.choice((2, 3, 3)))
        self.alike = self.rng.random() < 0.85  # the loops run over the same indices, mostly
        self.base = self.bounds()

    def bounds(self) -> tuple[Term, Term, int, bool, bool]:
        rng = self.rng
        lower = Term((), rng.choice((0, 0, 0, 1, 1, 2)))
        upper = rng.choice((Term((("n", 1),), rng.choice((0, 0, 0, -1, 1))), Term((("m", 1),), 0), Term((), 8)))
        return lower, upper, rng.choice((1, 1, 1, 2)), rng.random() < 0.12, rng.random() < 0.15

    def loop(self) -> Counted:
        rng = self.rng
        lower, upper, stride, down, inclusive = self.base if self.alike and rng.random() < 0.9 else self.bounds()
        if self.alike and rng.random() < 0.2:  # shifted, so that they run equally often
            by = rng.choice((1, 2))
            lower = Term(lower.factors, lower.constant + by)
            upper = Term(upper.factors, upper.constant + by)
        bound: Term | Place = upper
        if rng.random() < 0.06:
            bound, down = Place("len", (Term((), rng.randint(0, 1)),)), False
        made = Counted(rng.choice("iiik"), lower, bound, stride, down, inclusive)
        for _ in range(rng.choice((1, 1, 2))):
            made.steps += self.step(made.index)
        return made

    def place(self, index: str, inner: bool, *, own: bool) -> Place:
        rng = self.rng
        name = rng.choice(self.arrays)
        factor = rng.choice((1, 1, 1, 1, 2)) if own else rng.choice((1, 1, 1, 1, 2, -1, 0))
        shift = rng.choice((0, 0, 0, 0, 1, 2, -1)) + (12 if factor < 0 else 1)
        factors = ((index, factor),) if factor else ()
        if rng.random() < 0.12:
            factors = (*factors, (rng.choice(("n", "m", "t")), 1))
        main = Term(factors, shift)
        if name == "c":
            other = Term((("z", 1),), 0) if inner else Term((), rng.choice((0, 0, 1)))
            return Place(name, (main, other) if rng.random() < 0.7 else (other, main))
        if inner and rng.random() < 0.5:
            main = Term((*main.factors, ("z", 1)), main.constant)
        return Place(name, (main,))

    def step(self, index: str) -> list[Step]:
        rng = self.rng
        roll = rng.random()
        inner = rng.choice(("n", "m")) if rng.random() < 0.25 else None
        least = rng.randint(0, 4) if rng.random() < 0.15 else None
        source = self.place(index, inner is not None, own=rng.random() < 0.7)
        if roll < 0.08:
            return [Step(Place("s"), "+=", (source,), least, inner)]
        target = self.place(index, inner is not None, own=True)
        if roll < 0.16:
            return [Step(target, "=", (Place("s"),), least, inner)]
        if roll < 0.28:
            source = self.place(index, False, own=True)
            return [Step(Place("x"), "=", (source,)), Step(target, "=", (Place("x"),), least, inner)]
        if roll < 0.31:
            return [Step(Place("len", (Term((), rng.randint(0, 1)),)), "=", (Place("w", (Term((), 1),)),))]
        if roll < 0.36:
            return [Step(target, "=", (Place("u"),), least, inner)]
        if roll < 0.40:
            return [Step(Place("u"), "=", (self.place(index, False, own=True),))]
        sources = (source,) if rng.random() < 0.7 else (source, self.place(index, inner is not None, own=True))
        return [Step(target, rng.choice(("=", "=", "+=")), sources, least, inner)]

    def build(self, name: str) -> Program:
        rng = self.rng
        parts: list[Part] = [self.loop() for _ in range(rng.choice((2, 2, 3, 4)))]
        for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
            parts.insert(rng.randint(0, len(parts)), self.plain())
        called = rng.random() < 0.2  # then the region cannot go around the serial loop
        lines = [f"void {name}(int n, int m, int *p, int *q) {{", "  int i, k, s = 0, u = 1, x;"]
        lines.append("  for (int t = 0; t < m; t++) {")
        lines += ["    unseen();"] * called
        for number, part in enumerate(parts):
            mark = f"/* row {number} */"
            text = part.c()
            text = [f"{text[0]} {mark}"] if len(text) == 1 else [text[0], f"  {mark}", *text[1:]]
            lines += [f"    {line}" for line in text]
        lines += ["  }", *["  len[2] = u;"] * (rng.random() < 0.5), "  len[3] = s;", "}"]
        return Program(name, "\n".join(lines) + "\n", parts)

    def plain(self) -> Plain:
        rng = self.rng
        places = [
            Place("len", (Term((), rng.randint(0, 3)),)),
            Place("s"),
            Place("u"),
            Place(rng.choice("abw"), (Term((), rng.choice((0, 3, 30, 60))),)),
            Place(rng.choice("abw"), (Term((("t", 1),), 1),)),
        ]
        target, source = rng.sample(places, 2)
        return Plain(Step(target, rng.choice(("=", "+=")), (source,)))


def generate(seed: int, name: str) -> Program:
    """The program of this seed."""
    return _Generator(seed).build(name)
