"""Random loop nests, each built once and printed twice: as C for the analysis, and as Python that runs it and calls
back for every access and iteration (`traces.py` listens). The Python side shares nothing with the product: no parser,
no IR, no isl.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

PREAMBLE = (
    "int a[200], b[200], c[64][64], d[64][64], out[8];\n"
    "#define P(i, j) p[(i) * n + (j)]\n"
    "#define Q(i, j) q[(i) * m + (j)]\n"
    "#define SQUARE(x) ((x) * (x))\n"
    "#define SHIFT 3\n"
)


@dataclass(frozen=True)
class Both:
    """An expression in C and in Python."""

    c: str
    py: str


@dataclass
class LoopSite:
    """A loop of the nest: its number, the C line it starts on (from the function's first line)."""

    number: int
    line: int
    index: str


@dataclass
class Nest:
    """A generated function."""

    name: str
    c: str
    python: str
    loops: list[LoopSite]


@dataclass
class _Writer:
    c: list[str] = field(default_factory=list)
    py: list[str] = field(default_factory=list)
    depth: int = 1

    def line(self, c: str | None, py: str | None) -> None:
        if c is not None:
            self.c.append("  " * self.depth + c)
        if py is not None:
            self.py.append("  " * self.depth + py)


class _Generator:
    def __init__(self, rng: random.Random, name: str) -> None:
        self.rng = rng
        self.name = name
        self.out = _Writer()
        self.sites: list[LoopSite] = []
        self.free = ["i", "j", "k"]
        self.written: list[str] = []  # temporaries that hold a value in the current body
        self.local_index = rng.random() < 0.4
        self.unsigned = rng.random() < 0.1
        self.guards = 0
        self.features = {
            feature
            for feature, odds in {
                "guards": 0.4,
                "quasi": 0.15,
                "linear": 0.35,
                "two": 0.5,
                "temps": 0.5,
                "reductions": 0.4,
                "carried": 0.08,
                "induction": 0.15,
                "workspace": 0.12,
                "while": 0.12,
                "negative": 0.15,
                "strides": 0.3,
                "triangular": 0.4,
                "indirect": 0.06,
            }.items()
            if rng.random() < odds
        }
        if self.unsigned:  # differences of unsigned indices wrap, which the Python side does not model
            self.features -= {"negative", "triangular"}
        self.reduction_op = rng.choice(["+", "*", "max", "min", "|", "^"])

    # -- expressions ----------------------------------------------------------------------------------------------

    def affine(self, indices: Sequence[str], limit: int) -> Both:
        """A subscript that stays in 0..limit for indices in 0..8."""
        rng = self.rng
        terms: list[tuple[int, str]] = []
        for index in indices:
            roll = rng.random()
            if roll < 0.62:
                terms.append((1, index))
            elif roll < 0.72:
                terms.append((rng.choice([2, 3] if limit > 100 else [2]), index))
            elif roll < 0.8 and not self.unsigned:
                terms.append((-1, index))
        if len(terms) > 2:
            terms = rng.sample(terms, 2)
        if rng.random() < 0.4 and len(terms) > 1:
            terms = terms[:1]
        low = sum(8 * c for c, _ in terms if c < 0)
        constant = -low + rng.choice([0, 0, 0, 0, 1, 1, 2, 3])
        if not terms:
            return Both(str(constant), str(constant))
        text = " + ".join(v if c == 1 else f"{c} * {v}" for c, v in terms)
        text = text.replace("+ -1 * ", "- ").replace("-1 * ", "-")
        if text.startswith("-"):
            return Both(f"{constant} {'- ' + text[1:]}", f"{constant} {'- ' + text[1:]}")
        c_constant = "SHIFT" if constant == 3 and rng.random() < 0.5 else str(constant)
        if rng.random() < 0.15:
            constant_first = (f"{c_constant} + {text}", f"{constant} + {text}")
            return Both(*constant_first)
        if constant == 0:
            return Both(text, text)
        return Both(f"{text} + {c_constant}", f"{text} + {constant}")

    def subscript(self, indices: Sequence[str], limit: int) -> Both:
        rng = self.rng
        if indices and "quasi" in self.features and rng.random() < 0.4:
            index = rng.choice(list(indices))
            divisor = rng.choice([2, 3])
            if rng.random() < 0.5:
                return Both(f"{index} / {divisor}", f"{index} // {divisor}")
            return Both(f"{index} % {divisor}", f"{index} % {divisor}")
        return self.affine(indices, limit)

    def element(self, indices: Sequence[str], writing: bool) -> tuple[str, Both]:
        """(array, subscripts) of an access: the C text of the element and the Python tuple of its subscripts."""
        rng = self.rng
        if "linear" in self.features and indices and rng.random() < 0.6:
            name, width = rng.choice([("p", "n"), ("q", "m")])
            row = self.affine(rng.sample(list(indices), 1), 60)
            column = rng.choice(list(indices)) if rng.random() < 0.85 else "0"
            shift = rng.choice(["", "", "", " + 1", " - 1"]) if rng.random() < 0.5 else ""
            if rng.random() < 0.5:
                c = f"{name.upper()}({row.c}, {column}{shift})"
            elif rng.random() < 0.5:
                c = f"{name}[({row.c}) * {width} + {column}{shift}]"
            else:
                c = f"*({name} + {column}{shift} + {width} * ({row.c}))"
            return name, Both(c, f"(({row.py}) * {width} + {column}{shift},)")
        if "induction" in self.features and rng.random() < 0.4 and "e" in self.written:
            return "a", Both("a[e]", "(RS('e'),)")
        if "indirect" in self.features and rng.random() < 0.5 and indices:
            index = self.affine(indices, 60)
            return "b", Both(f"b[out[({index.c}) % 8] & 7]", f"(R('out', (({index.py}) % 8,)) & 7,)")
        if "two" in self.features and rng.random() < 0.6:
            name = rng.choice(["c", "d"])
            first, second = self.subscript(indices, 63), self.subscript(indices, 63)
            return name, Both(f"{name}[{first.c}][{second.c}]", f"({first.py}, {second.py})")
        name = rng.choice(["a", "b"])
        only = self.subscript(indices, 199)
        c = f"{name}[{only.c}]" if rng.random() < 0.9 else f"*({name} + ({only.c}))"
        return name, Both(c, f"({only.py},)")

    def value(self, indices: Sequence[str], temps: Iterable[str] = ()) -> Both:
        rng = self.rng
        parts: list[Both] = []
        for _ in range(rng.choice([1, 1, 2, 2, 3])):
            roll = rng.random()
            usable = list(temps)
            if roll < 0.5:
                name, where = self.element(indices, False)
                parts.append(Both(where.c, f"R('{name}', {where.py})"))
            elif roll < 0.7 and usable:
                temp = rng.choice(usable)
                parts.append(Both(temp, f"RS('{temp}')"))
            elif roll < 0.85 and indices:
                index = rng.choice(list(indices))
                square = Both(f"SQUARE({index})", f"({index}) * ({index})")
                parts.append(square if rng.random() < 0.2 else Both(index, index))
            else:
                number = str(rng.randint(1, 9))
                parts.append(Both(number, number))
        return Both(" + ".join(p.c for p in parts), " + ".join(p.py for p in parts))

    def condition(self, indices: Sequence[str]) -> Both:
        rng = self.rng
        roll = rng.random()
        if not indices or roll < 0.2:
            name, where = self.element(indices, False)
            return Both(f"{where.c} > 3", f"R('{name}', {where.py}) > 3")
        first = rng.choice(list(indices))
        if roll < 0.35:
            text = f"{first} % 2 == {rng.choice([0, 1])}"
            return Both(text, text)
        others = [x for x in indices if x != first]
        other = rng.choice([*others, str(rng.randint(0, 5)), "m" if self.unsigned else "n - 1", "m"])
        op = rng.choice(["<", "<=", ">", ">=", "==", "!="])
        if roll < 0.9:
            return Both(f"{first} {op} {other}", f"{first} {op} {other}")
        third = rng.randint(1, 4)
        return Both(f"{first} {op} {other} && {first} > {third}", f"{first} {op} {other} and {first} > {third}")

    # -- statements -----------------------------------------------------------------------------------------------

    def assign(self, indices: Sequence[str]) -> None:
        name, where = self.element(indices, True)
        value = self.value(indices, self.written)
        if self.rng.random() < 0.2:
            self.out.line(f"{where.c} += {value.c};", f"v = {where.py}; W('{name}', v, R('{name}', v) + {value.py})")
        else:
            self.out.line(f"{where.c} = {value.c};", f"v = {value.py}; W('{name}', {where.py}, v)")

    def reduce(self, indices: Sequence[str]) -> None:
        rng = self.rng
        value = self.value(indices, [t for t in self.written if t not in ("s", "e")])
        op = self.reduction_op
        if op in ("+", "*", "|", "^"):
            update = f"WS('s', RS('s', '{op}') {op} ({value.py}), '{op}')"
            form = rng.random()
            if form < 0.4:
                self.out.line(f"s {op}= {value.c};", update)
            elif form < 0.7:
                self.out.line(f"s = s {op} ({value.c});", update)
            else:
                self.out.line(f"s = ({value.c}) {op} s;", update)
            return
        relation = ">" if op == "max" else "<"
        self.out.line(None, f"v = {value.py}")
        if rng.random() < 0.5:
            self.out.line(f"x = {value.c};", f"WS('x', {value.py})")
            self.out.line(f"if (x {relation} s) s = x;", f"WS('s', {op}(RS('s', '{op}'), RS('x')), '{op}')")
        else:
            self.out.line(f"x = {value.c};", f"WS('x', {value.py})")
            self.out.line(f"s = x {relation} s ? x : s;", f"WS('s', {op}(RS('s', '{op}'), RS('x')), '{op}')")

    def temp(self, indices: Sequence[str]) -> None:
        value = self.value(indices, self.written)
        self.out.line(f"t = {value.c};", f"WS('t', {value.py})")
        if "t" not in self.written:
            self.written.append("t")

    def carried(self, indices: Sequence[str]) -> None:
        name, where = self.element(indices, True)
        if self.rng.random() < 0.5:
            self.out.line(f"{where.c} = u;", f"W('{name}', {where.py}, RS('u'))")
            value = self.value(indices, ())
            self.out.line(f"u = {value.c};", f"WS('u', {value.py})")
        else:
            value = self.value(indices, ())
            self.out.line(f"u = u / 2 + {value.c};", f"WS('u', int(RS('u') / 2) + {value.py})")
            self.out.line(f"{where.c} = u;", f"W('{name}', {where.py}, RS('u'))")

    def workspace(self, indices: Sequence[str]) -> None:
        """A work array that is filled, sometimes not wholly, and then read. Its own loop is not judged."""
        rng = self.rng
        full = rng.random() < 0.7
        width = rng.randint(2, 6)
        filled = width if full else width - 1
        value = self.value(indices, ())
        self.out.line(
            f"for (int z = 0; z < {filled}; z++) w[z] = {value.c} + z;",
            f"for z in range({filled}): W('w', (z,), {value.py} + z)",
        )
        name, where = self.element(indices, True)
        at = rng.randint(0, width - 1)
        self.out.line(f"{where.c} = w[{at}];", f"W('{name}', {where.py}, R('w', ({at},)))")

    def guard(self, indices: Sequence[str], room: int) -> None:
        condition = self.condition(indices)
        self.out.line(f"if ({condition.c}) {{", f"if {condition.py}:")
        before = list(self.written)
        self.guards += 1
        self.out.depth += 1
        self.statements(indices, room, 1)
        self.out.depth -= 1
        self.written = [t for t in self.written if t in before or self.rng.random() < 0.3]
        if self.rng.random() < 0.25:
            self.out.line("} else {", "else:")
            self.out.depth += 1
            self.statements(indices, 0, 1)
            self.out.depth -= 1
            self.written = [t for t in self.written if t in before or self.rng.random() < 0.3]
        self.guards -= 1
        self.out.line("}", None)

    def statements(self, indices: Sequence[str], room: int, at_least: int) -> None:
        rng = self.rng
        for _ in range(rng.choice([at_least, at_least, at_least + 1])):
            roll = rng.random()
            if roll < 0.15 and "temps" in self.features:
                self.temp(indices)
            elif roll < 0.3 and "reductions" in self.features:
                self.reduce(indices)
            elif roll < 0.38 and "carried" in self.features:
                self.carried(indices)
            elif roll < 0.48 and "workspace" in self.features:
                self.workspace(indices)
            elif roll < 0.62 and "guards" in self.features and self.guards < 2:
                self.guard(indices, room)
            else:
                self.assign(indices)
            if room and self.free and rng.random() < 0.15:
                self.loop(indices, room - 1)

    def bounds(self, indices: Sequence[str]) -> tuple[Both, str, int]:
        rng = self.rng
        upper = rng.choice(["n", "n", "m", "m", str(rng.randint(2, 7)), "n" if self.unsigned else "n - 1"])
        lower = rng.choice(["0", "0", "0", "1", "1", "2"])
        if indices and "triangular" in self.features and rng.random() < 0.5:
            outer = rng.choice(list(indices))
            form = rng.random()
            if form < 0.35:
                upper = outer
            elif form < 0.6:
                lower = outer
            elif form < 0.8:
                lower = f"{outer} + 1"
            else:
                upper = f"n - {outer}"
        step = rng.choice([2, 3]) if "strides" in self.features and rng.random() < 0.4 else 1
        return Both(lower, lower), upper, step

    def loop(self, indices: Sequence[str], room: int) -> None:
        rng = self.rng
        index = self.free.pop(0)
        lower, upper, step = self.bounds(indices)
        number = len(self.sites)
        declare = self.local_index
        kind = "unsigned " if self.unsigned else "int "
        typed = kind if declare else ""
        inclusive = rng.random() < 0.15 and upper.isdigit()
        relation = "<=" if inclusive else "<"
        stop = f"({upper}) + 1" if inclusive else upper
        held = self.written
        self.written = [t for t in held if rng.random() < 0.8]
        line = len(self.out.c)
        self.sites.append(LoopSite(number, line, index))
        increment = f"{index}++" if step == 1 else f"{index} += {step}"
        as_while = "while" in self.features and not declare and rng.random() < 0.5
        backwards = "negative" in self.features and not as_while and rng.random() < 0.5
        sequence = f"range({lower.py}, {stop}, {step})"
        if as_while:
            self.out.line(f"{index} = {lower.c};", None)
            self.sites[-1].line += 1
            self.out.line(f"while ({index} {relation} {upper}) {{", None)
        elif backwards:
            sequence = f"range(({stop}) - 1, ({lower.py}) - 1, -{step})"
            decrement = f"{index}--" if step == 1 else f"{index} -= {step}"
            self.out.line(f"for ({typed}{index} = {stop} - 1; {index} >= {lower.c}; {decrement}) {{", None)
        else:
            self.out.line(f"for ({typed}{index} = {lower.c}; {index} {relation} {upper}; {increment}) {{", None)
        self.out.line(None, f"ENTER({number})")
        self.out.line(None, f"for {index} in {sequence}:")
        self.out.depth += 1
        self.out.line(None, f"ITER({index})")
        inner = [*indices, index]
        if "induction" in self.features and number == 0:
            self.written = [*self.written, "e"]
        if room and self.free and rng.random() < 0.75:
            if rng.random() < 0.4:
                self.statements(inner, 0, 1)
            self.loop(inner, room - 1)
            if rng.random() < 0.4:
                self.statements(inner, 0, 1)
        else:
            self.statements(inner, room, 1)
        if "induction" in self.features and number == 0:
            jump = rng.choice([1, 2])
            self.out.line(f"e += {jump};", f"WS('e', RS('e') + {jump})")
            if rng.random() < 0.3:
                self.out.line("a[e + 100] = 1;", "W('a', (RS('e') + 100,), 1)")
        if as_while:
            self.out.line(f"{index} += {step};", None)
        self.out.depth -= 1
        self.out.line("}", None)
        self.out.line(None, "LEAVE()")
        self.written = held
        self.free.insert(0, index)

    def build(self) -> Nest:
        rng = self.rng
        head = f"void {self.name}(int n, int m, int *p, int *q) {{"
        self.out.c.append(head)
        if not self.local_index:
            self.out.line(f"{'unsigned' if self.unsigned else 'int'} i, j, k;", None)
        self.out.line("int s = 1, t = 2, u = 3, e = 0, x = 0, w[8];", None)
        self.out.py.append(f"def {self.name}(n, m, R, W, RS, WS, ENTER, ITER, LEAVE):")
        self.loop([], rng.choice([0, 1, 1, 2]))
        for number, name in enumerate("stuex"):
            if rng.random() < 0.25:
                self.out.line(f"out[{number}] = {name};", f"W('out', ({number},), RS('{name}'))")
        self.out.py.append("  return None")
        self.out.c.append("}")
        return Nest(self.name, "\n".join(self.out.c) + "\n", "\n".join(self.out.py) + "\n", self.sites)


def generate(seed: int, name: str) -> Nest:
    """The nest of this seed."""
    return _Generator(random.Random(seed), name).build()
