"""Random kernels in C: loop nests as people write them, over arrays that are large enough for every subscript and
that do not overlap. They are well defined when they run serially (with -fwrapv), so any difference is the pragma's.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

# `n` is 61 and `m` is 23 (see programs.py): parameters, so that the analysis cannot know.
PREAMBLE = """\
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct { int x, y; double w; int v[4]; } Point;
struct Totals { int count; long sum; double weight; };

static int ga[2048], gb[2048], gc[64][64], gd[64][64], out[64], scale = 3;
static double gx[2048], gm[64][64], fout[64];
static Point gp[128];
static struct Totals totals;

#define AT(p, i, j) (p)[(i) * m + (j)]
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define SWAP(a, b) do { int swap_ = (a); (a) = (b); (b) = swap_; } while (0)
#define FOR(v, lo, hi) for (int v = (lo); v < (hi); v++)
#define WIDTH 6

static int square(int v) { return v * v; }
static int bounded(int v, int lo, int hi) { if (v < lo) return lo; return v > hi ? hi : v; }
static int scaled(int v) { return v * scale; }
static void store(int *to, int v) { *to = v; }
static void add_to(int *to, int v) { *to += v; }
static void split(int v, int *high, int *low) { *high = v / 7; *low = v % 7; }
static int counted(int v) { static int calls; calls += v & 1; return calls & 7; }
static int remembered(int v) { static int last; int was = last; last = v; return was & 7; }
static void note(int v) { out[63] += v; }
static void fill(int *to, int length, int v) { for (int z = 0; z < length; z++) to[z] = v + z; }
static int sum_of(const int *from, int length) { int s = 0; for (int z = 0; z < length; z++) s += from[z]; return s; }
static double length_of(const Point *a) { return a->x * 0.5 + a->y; }
static void move(Point *a, int by) { a->x += by; a->y -= by; }
static Point made(int v) { Point a = {v, v + 1, v * 0.5, {v, 1, 2, 3}}; return a; }
static int depth(int v) { return v < 2 ? v : depth(v / 2) + 1; }
"""
PARAMETERS = (
    "int n, int m, int *p, int *q, int *restrict r, double *x, double *restrict y, "
    "const int *idx, Point *pts, long *big"
)
INTEGER_OPS = ("+", "+", "+", "*", "max", "min", "&&", "||", "&", "|", "^", "-")


@dataclass(frozen=True)
class Kernel:
    """One function."""

    seed: int
    name: str
    c: str


class _Writer:
    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.name = f"k{seed}"
        self.lines: list[str] = []
        self.depth = 1
        self.free = ["i", "j", "k"]
        self.low = self.rng.choice((0, 0, 1, 1, 2))  # every loop starts here or later: `i - low` is an element
        self.hazard = self.rng.choice((0.0, 0.0, 0.0, 0.05, 0.25))
        self.declared_inside = self.rng.random() < 0.5
        self.temps: list[str] = []
        self.reductions = {name: self.rng.choice(INTEGER_OPS) for name in ("s1", "s2")}
        self.float_op = self.rng.choice(("+", "+", "-", "max", "min"))
        self.conditions = 0
        self.loops = 0
        self.written = self.rng.sample(
            ("p", "q", "r", "ga", "gb", "gc", "gd", "gm", "x", "y", "gx", "pts", "gp", "big"), 5
        )
        self.read = [a for a in ("p", "q", "r", "ga", "gb", "gc", "gd", "gp", "pts") if a not in self.written]
        likes = {
            "temps": 0.6, "reductions": 0.55, "guards": 0.5, "calls": 0.45, "work": 0.25, "while": 0.2,
            "histogram": 0.15, "indirect": 0.3, "element": 0.15, "induction": 0.12, "structs": 0.3, "floats": 0.5,
            "jumps": 0.15, "triangular": 0.35, "strides": 0.25, "negative": 0.15, "pointers": 0.1, "macros": 0.3,
            "switch": 0.1,
        }  # fmt: skip
        self.likes = {name for name, odds in likes.items() if self.rng.random() < odds}

    def line(self, text: str) -> None:
        self.lines.append("  " * self.depth + text)

    # -- elements and values --------------------------------------------------------------------------------------

    def shifted(self, index: str) -> str:
        shift = self.rng.choice((0, 0, 0, 0, 1, 2, -1, -2))
        if shift < -self.low:
            shift = 0
        return index if shift == 0 else f"{index} {'+' if shift > 0 else '-'} {abs(shift)}"

    def own(self, indices: Sequence[str], kinds: Sequence[str]) -> str:
        """The element that an iteration of these loops has for itself (most of the time)."""
        rng = self.rng
        array = rng.choice(kinds)
        used = list(indices[-2:])
        if len(used) == 2 and rng.random() < 0.15:
            used = [rng.choice(used)]
        if len(used) == 2 and rng.random() < 0.25:
            used.reverse()
        subscript = (lambda v: self.shifted(v)) if rng.random() < self.hazard else (lambda v: v)
        first = subscript(used[0])
        if array in ("gc", "gd", "gm"):
            if len(used) == 1:
                fixed = str(rng.randint(0, 9))
                return f"{array}[{first}][{fixed}]" if rng.random() < 0.5 else f"{array}[{fixed}][{first}]"
            return f"{array}[{first}][{subscript(used[1])}]"
        if array in ("pts", "gp"):
            field = rng.choice(("x", "y", "w", "v[1]"))
            if array == "pts" and rng.random() < 0.3:
                return f"(pts + {first})->{field}"
            return f"{array}[{first}].{field}"
        if len(used) == 1:
            forms = [f"{array}[{first}]"] * 5 + [
                f"{array}[2 * {used[0]}]", f"{array}[2 * {used[0]} + 1]", f"{array}[n - {used[0]}]",
                f"*({array} + {first})", f"{array}[{used[0]} + 64]", f"{array}[{used[0]} + n]",
            ]  # fmt: skip
            return rng.choice(forms)
        second = subscript(used[1])
        forms = [f"{array}[({first}) * m + {second}]", f"{array}[{second} + m * ({first})]"]
        forms += [f"AT({array}, {first}, {second})", f"*({array} + ({first}) * m + ({second}))"]
        return rng.choice(forms)

    def element(self, indices: Sequence[str]) -> str:
        """Something to read: mostly of arrays that are not written, or the element that is the iteration's own."""
        rng = self.rng
        if "indirect" in self.likes and rng.random() < 0.3:
            array = rng.choice([a for a in self.read if a not in ("gc", "gd", "gp", "pts")] or ["idx"])
            return f"{array}[idx[{self.shifted(rng.choice(list(indices)))}]]"
        kinds = self.written if rng.random() < self.hazard else self.read
        held, self.hazard = self.hazard, max(self.hazard, 0.5)
        found = self.own(indices, kinds)
        self.hazard = held
        return found

    def value(self, indices: Sequence[str]) -> str:
        rng = self.rng
        parts: list[str] = []
        for _ in range(rng.choice((1, 1, 2, 2, 3))):
            roll = rng.random()
            if roll < 0.45:
                parts.append(self.element(indices))
            elif roll < 0.65 and self.temps:
                parts.append(rng.choice(self.temps))
            elif roll < 0.75 and "calls" in self.likes:
                inner = rng.choice((self.element(indices), rng.choice(list(indices)), *self.temps))
                name = rng.choice(
                    ("square", "scaled", "depth", "abs") if rng.random() < 0.93 else ("counted", "remembered")
                )
                parts.append(f"{name}((int)({inner}) & 1023)" if name != "square" else f"square({inner})")
            elif roll < 0.8 and "macros" in self.likes:
                parts.append(f"MAX({self.element(indices)}, {rng.choice(list(indices))})")
            elif roll < 0.9:
                parts.append(rng.choice(list(indices)))
            else:
                parts.append(str(rng.randint(1, 9)))
        return rng.choice((" + ", " + ", " - ")).join(parts)

    def integer(self, indices: Sequence[str]) -> str:
        return f"(int)({self.value(indices)})"

    def condition(self, indices: Sequence[str]) -> str:
        rng = self.rng
        index = rng.choice(list(indices))
        return rng.choice((
            f"{self.element(indices)} > {rng.randint(2, 6)}", f"{index} % 2 == 0", f"{index} < n - 1",
            f"{index} != {rng.randint(1, 5)}", f"{self.element(indices)} > {self.element(indices)}",
            f"{index} > {rng.randint(1, 5)} && {self.element(indices)} != 3", *[f"{t} > 4" for t in self.temps],
        ))  # fmt: skip

    # -- statements -----------------------------------------------------------------------------------------------

    def assign(self, indices: Sequence[str]) -> None:
        op = self.rng.choice(("=", "=", "=", "+=", "-="))
        self.line(f"{self.own(indices, self.written)} {op} {self.value(indices)};")

    def temp(self, indices: Sequence[str]) -> None:
        name = self.rng.choice(("t", "u", "v"))
        if "floats" in self.likes and self.rng.random() < 0.3:
            self.line(f"f = {self.value(indices)};")
            self.line(f"{name} = (int) f;")
        else:
            self.line(f"{name} = {self.integer(indices)};")
        if name not in self.temps:
            self.temps.append(name)

    def reduce(self, indices: Sequence[str]) -> None:
        rng = self.rng
        if "floats" in self.likes and rng.random() < 0.35:
            self.accumulate("fs", self.float_op, f"({self.value(indices)}) * 0.5")
            return
        name = rng.choice(("s1", "s2"))
        self.accumulate(name, self.reductions[name], self.integer(indices))

    def accumulate(self, name: str, op: str, value: str) -> None:
        rng = self.rng
        if op in ("max", "min"):
            sign = ">" if op == "max" else "<"
            other = "<" if op == "max" else ">"
            forms = [
                f"if ({value} {sign} {name}) {name} = {value};",
                f"{name} = {name} {other} {value} ? {value} : {name};",
            ]
            if name == "fs":
                forms.append(f"fs = f{op}(fs, {value});")
            self.line(rng.choice(forms))
        elif op in ("&&", "||"):
            value = f"({value}) {rng.choice(('!= 3', '> 40', '< 90'))}"
            self.line(f"{name} = {name} {op} {value};" if rng.random() < 0.5 else f"{name} = ({value}) {op} {name};")
        elif op == "+" and rng.random() < 0.15:
            self.line(f"{name}++;")
        elif op == "-" or rng.random() < 0.6:
            self.line(f"{name} {op}= {value};")
        else:
            value = f"({value})"
            self.line(f"{name} = {name} {op} {value};" if rng.random() < 0.6 else f"{name} = {value} {op} {name};")

    def histogram(self, indices: Sequence[str]) -> None:
        rng = self.rng
        op = rng.choice(("+=", "+=", "+=", "|=", "^="))
        form = rng.random()
        if form < 0.4:
            self.line(
                f"h[idx[{rng.choice(list(indices))}] & 7] {'+=' if rng.random() < 0.7 else op} {self.integer(indices)};"
            )
        elif form < 0.6:
            self.line(f"h[({self.integer(indices)}) & 7]++;")
        elif form < 0.8:
            self.line(f"for (int z = 0; z < 8; z++) h[z] += {self.integer(indices)} + z;")
        else:
            self.line(f"out[{rng.choice(list(indices))} % 8 + 40] {op} {self.integer(indices)};")

    def element_sum(self, indices: Sequence[str]) -> None:
        target = self.rng.choice(("out[50]", "totals.count", "totals.sum", "h[3]", "big[7]", "gc[3][3]", "pts[100].x"))
        self.line(f"{target} += {self.integer(indices)};")

    def work(self, indices: Sequence[str]) -> None:
        rng = self.rng
        filled = rng.choice(("WIDTH", "WIDTH", "WIDTH", "m - 15", "WIDTH - 1"))
        form = rng.random()
        if form < 0.55:
            self.line(f"for (int z = 0; z < {filled}; z++) w[z] = {self.integer(indices)} + z;")
        elif form < 0.75:
            self.line(f"fill(w, WIDTH, {self.integer(indices)});")
        elif form < 0.85:
            self.line("memset(w, 0, sizeof w);")
        else:
            self.line("for (int z = 0; z < WIDTH; z++) w[z] = 0;")
            self.line(f"w[{rng.choice(list(indices))} % WIDTH] += {self.integer(indices)};")
        target = self.own(indices, self.written)
        form = rng.random()
        if form < 0.4:
            self.line(f"{target} = w[{rng.randint(0, 5)}] + w[{rng.randint(0, 5)}];")
        elif form < 0.6:
            self.line(f"{target} = sum_of(w, WIDTH);")
        elif form < 0.8:
            self.line(f"for (int z = 1; z < {filled}; z++) {target} += w[z] - w[z - 1];")
        else:
            self.line("for (int z = 0; z + 1 < WIDTH; z++) SWAP(w[z], w[z + 1]);")
            self.line(f"{target} = w[2];")

    def inner_while(self, indices: Sequence[str]) -> None:
        rng = self.rng
        form = rng.random()
        if form < 0.4:
            self.line(f"z1 = {self.integer(indices)} & 31;")
            self.line(f"while (z1 > 0) {{ {rng.choice(('t', 'u'))} += z1; z1 >>= 1; }}")
        elif form < 0.7:
            self.line("z1 = 0;")
            self.line(
                f"while (z1 < m && {rng.choice(('idx', 'idx', *[a for a in self.read if a in 'pqr']))}[z1] > 3) z1++;"
            )
            self.line(f"{self.own(indices, self.written)} = z1;")
        else:
            self.line(f"int z2 = {rng.choice(list(indices))} & 7;")
            self.line(f"do {{ z2--; {self.own(indices, self.written)} += z2; }} while (z2 > 0);")

    def call(self, indices: Sequence[str]) -> None:
        rng = self.rng
        integers = [a for a in self.written if a in ("p", "q", "r", "ga", "gb", "gc", "gd")] or ["p"]
        target = self.own(indices, integers)
        roll = rng.random()
        if roll < 0.25:
            self.line(f"store(&{target}, {self.integer(indices)});")
        elif roll < 0.45:
            self.line(f"add_to(&{target}, {self.integer(indices)});")
        elif roll < 0.65:
            self.line(f"split({self.integer(indices)}, &t, &u);")
            self.temps += [t for t in ("t", "u") if t not in self.temps]
        elif roll < 0.75:
            self.line(f"{target} = bounded({self.integer(indices)}, 0, {rng.choice(('9', 'n', *indices))});")
        elif roll < 0.8:
            self.line(f"note({self.integer(indices)});")
        elif roll < 0.9:
            points = rng.choice(("pts", "gp"))
            self.line(f"move(&{points}[{indices[-1]}], {self.integer(indices)});")
        else:
            floats = [a for a in self.written if a in ("x", "y", "gx", "gm")] or ["x"]
            self.line(
                f"{self.own(indices, floats)} = length_of(&{rng.choice(('pts', 'gp'))}[{rng.choice(list(indices))}]);"
            )

    def struct(self, indices: Sequence[str]) -> None:
        points = self.rng.choice(("pts", "gp"))
        index = self.rng.choice(list(indices))
        form = self.rng.random()
        if form < 0.4:
            self.line(f"Point one = {points}[{index}];")
            self.line(f"one.x += {self.integer(indices)};")
            self.line(f"{points}[{index}] = one;")
        elif form < 0.7:
            self.line(f"pt = made({self.integer(indices)});")
            self.line(f"{self.own(indices, self.written)} = pt.x + pt.v[0];")
        else:
            self.line(f"pt.x = {self.integer(indices)};")
            self.line(f"pt.y = pt.x + {index};")
            self.line(f"{points}[{index}].y = pt.y;")

    def pointer(self, indices: Sequence[str]) -> None:
        rng = self.rng
        array = rng.choice([a for a in self.written if a in ("p", "q", "r", "ga", "gb")] or ["p"])
        base = f"{array} + {indices[0]} * m"
        if rng.random() < 0.5:
            self.line(f"int *row = {base};")
            self.line(f"for (int z = 0; z < m; z++) row[z] = {self.integer(indices)} + z;")
        else:
            self.line(f"int *at = {base};")
            self.line(
                f"for (int z = 0; z < {rng.choice(('m', 'm', 'm', 'm + 1'))}; z++) *at++ = {self.integer(indices)};"
            )

    def guard(self, indices: Sequence[str]) -> None:
        self.conditions += 1
        held = list(self.temps)
        self.line(f"if ({self.condition(indices)}) {{")
        self.inside(indices, self.statement)
        if self.rng.random() < 0.35:
            self.temps = list(held)
            self.line("} else {")
            self.inside(indices, self.statement)
        self.line("}")
        self.temps = [t for t in self.temps if t in held or self.rng.random() < 0.3]
        self.conditions -= 1

    def choice(self, indices: Sequence[str]) -> None:
        self.conditions += 1
        self.line(f"switch ({self.rng.choice(list(indices))} % 3) {{")
        for label in ("case 0", "case 1", "default"):
            self.line(f"{label}: {{")
            self.inside(indices, self.statement)
            self.line("}" if self.rng.random() < 0.2 and label != "default" else "} break;")
        self.line("}")
        self.conditions -= 1

    def inside(self, indices: Sequence[str], what: object) -> None:
        self.depth += 1
        for _ in range(self.rng.choice((1, 1, 2))):
            assert callable(what)
            what(indices)
        self.depth -= 1

    def statement(self, indices: Sequence[str]) -> None:
        rng = self.rng
        table = [
            ("temps", self.temp, 3), ("reductions", self.reduce, 3), ("calls", self.call, 2), ("work", self.work, 2),
            ("histogram", self.histogram, 2), ("element", self.element_sum, 1), ("structs", self.struct, 2),
            ("while", self.inner_while, 2), ("pointers", self.pointer, 1),
        ]  # fmt: skip
        if self.conditions < 2:
            table += [("guards", self.guard, 3), ("switch", self.choice, 2)]
        allowed = [(what, weight) for like, what, weight in table if like in self.likes]
        allowed.append((self.assign, 5))
        what = rng.choices([w for w, _ in allowed], [weight for _, weight in allowed])[0]
        # Declarations of their own need a block of their own.
        if what in (self.struct, self.inner_while, self.pointer):
            self.line("{")
            self.depth += 1
            what(indices)
            self.depth -= 1
            self.line("}")
        else:
            what(indices)

    # -- loops ----------------------------------------------------------------------------------------------------

    def loop(self, indices: Sequence[str], room: int) -> None:
        rng = self.rng
        self.loops += 1
        index = self.free.pop(0)
        alone = room == 0 and not indices
        upper = rng.choice(("n", "n", "n - 1") if alone else ("m", "m", "m", "m - 1", "18"))
        lower = str(self.low + rng.choice((0, 0, 0, 1)))
        if indices and "triangular" in self.likes and rng.random() < 0.6:
            outer = indices[-1]
            lower, upper = rng.choice(
                ((outer, upper), (f"{outer} + 1", upper), (lower, outer), (lower, f"{outer} + 1"))
            )
        step = rng.choice((2, 3)) if "strides" in self.likes and rng.random() < 0.5 else 1
        typed = "int " if self.declared_inside else ""
        increment = f"{index}++" if step == 1 else f"{index} += {step}"
        form = rng.random()
        closing = ""
        if "negative" in self.likes and form < 0.5:
            decrement = f"{index}--" if step == 1 else f"{index} -= {step}"
            self.line(f"for ({typed}{index} = {upper} - 1; {index} >= {lower}; {decrement}) {{")
        elif "macros" in self.likes and form < 0.15 and step == 1:
            self.line(f"FOR({index}, {lower}, {upper}) {{")
        elif form < 0.04 and not self.declared_inside:
            self.line(f"{index} = {lower};")
            self.line(f"while ({index} < {upper}) {{")
            closing = f"{index} += {step};"
        elif rng.random() < 0.15:
            self.line(f"for ({typed}{index} = {lower}; {index} <= {upper} - 1; {increment}) {{")
        else:
            self.line(f"for ({typed}{index} = {lower}; {index} < {upper}; {increment}) {{")
        self.depth += 1
        held = list(self.temps)
        inner = [*indices, index]
        if "jumps" in self.likes and rng.random() < 0.5 and not closing:
            jump = "break" if rng.random() < 0.15 else "continue"
            self.line(f"if ({self.condition(inner)}) {jump};")
        if room:
            if rng.random() < 0.5:
                self.statement(inner)
            self.loop(inner, room - 1)
            if rng.random() < 0.2:
                self.loop(inner, 0)
            if rng.random() < 0.5:
                self.statement(inner)
        else:
            for _ in range(rng.choice((1, 2, 2, 3))):
                self.statement(inner)
        if "induction" in self.likes and not indices:
            self.line("p[e] = e;" if rng.random() < 0.5 else f"e2 = e + {self.integer(inner)};")
            self.line(f"e += {rng.choice((1, 2))};")
        if closing:
            self.line(closing)
        self.depth -= 1
        self.line("}")
        self.temps = held
        self.free.insert(0, index)

    def build(self, *, sweeps: bool) -> Kernel:
        rng = self.rng
        if not self.declared_inside:
            self.line("int i = 0, j = 0, k = 0;")
        self.line("int t = 1, u = 2, v = 3, e = 0, e2 = 0, z1 = 0, s1 = 1, s2 = 5, w[16] = {0}, h[8] = {0};")
        self.line("double f = 0.5, fs = 2.0;")
        self.line("Point pt = {0};")
        if sweeps:
            self.line("for (int sweep = 0; sweep < 5; sweep++) {")
            self.depth += 1
            if rng.random() < 0.3:
                self.line("out[60] += sweep;")
        for _ in range(rng.choice((2, 2, 3, 4) if sweeps else (1, 1, 2))):
            self.loop([], rng.choice((0, 0, 1, 1, 1, 2)))
        if sweeps:
            self.depth -= 1
            self.line("}")
        for number, name in enumerate(("s1", "s2", "t", "u", "v", "e", "e2", "z1", "pt.x", "w[2]")):
            if number < 2 or rng.random() < 0.25:
                self.line(f"out[{number}] = {name};")
        if not self.declared_inside and rng.random() < 0.2:
            self.line("out[20] = i + j;")
        self.line("for (int z = 0; z < 8; z++) out[24 + z] = h[z];")
        self.line("fout[0] = fs;")
        if rng.random() < 0.25:
            self.line("fout[1] = f;")
        body = "\n".join(self.lines)
        return Kernel(0, self.name, f"void {self.name}({PARAMETERS}) {{\n{body}\n}}\n")


def generate(seed: int, *, sweeps: bool = False) -> Kernel:
    """The kernel of this seed, named after it. `sweeps`: its loops follow each other in a serial loop."""
    made = _Writer(seed).build(sweeps=sweeps)
    return Kernel(seed, made.name, made.c)
