"""Random loops in C that are parallel, if at all, only after they were written in another way: recurrences beside
independent work, running totals, positions of extremes, scattered updates, work arrays behind pointers, pivots. The
data are those of `kernels`.
"""

from __future__ import annotations

import random

from tests.stress.kernels import PARAMETERS, Kernel

_ARRAYS = ("ga", "gb", "p", "q", "r")
_HEAVY = ("(int) (sqrt(%s + 900.0) * 8)", "(int) (cos(%s) * 50 + exp(0.01 * (%s & 63)))", "depth(%s & 1023) * 3 + %s")


class _Writer:
    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.lines: list[str] = []
        self.index = "i"
        self.outside = self.rng.random() < 0.4
        self.arrays = self.rng.sample(_ARRAYS, 3)

    def element(self) -> str:
        shift = self.rng.choice(("", "", "", " - 1", " + 1"))
        return f"{self.rng.choice(self.arrays)}[{self.index}{shift}]"

    def value(self) -> str:
        rng = self.rng
        parts = [rng.choice((self.element(), self.element(), self.index, "u")) for _ in range(rng.choice((1, 2, 2)))]
        text = " + ".join(parts)
        if rng.random() < 0.4:
            heavy = rng.choice(_HEAVY)
            text = heavy % ((f"({text})",) * heavy.count("%s"))
        return text

    def statement(self) -> str:
        rng = self.rng
        array = rng.choice(self.arrays)
        index = self.index
        form = rng.random()
        if form < 0.3:
            return f"{array}[{index}] = {self.value()};"
        if form < 0.45:
            return f"{array}[{index}] = {array}[{index} - 1] + {self.value()};"
        if form < 0.55:
            return f"u = {self.value()};"
        if form < 0.65:
            return f"gc[{index}][3] = {self.value()};"
        if form < 0.75:
            return f"if ({self.element()} > 3) {{ {array}[{index}] += {self.value()}; }}"
        if form < 0.85:
            return f"for (int z = 0; z < m; z++) gd[{index}][z] = {self.value()} + z;"
        return f"s1 += {self.value()};"

    def scattered(self) -> str:
        rng = self.rng
        array = rng.choice(("gb", "big", "h"))
        place = rng.choice((f"idx[{self.index}]", f"idx[{self.index}] & 15", f"{self.index} % 7"))
        place = f"({place}) & 7" if array == "h" else place
        update = rng.choice(("+= %s", "-= %s", "|= (%s) & 7", "++"))
        heavy = "(int) (exp(cos(gx[%s]) + sin(gx[%s + 1])) * 9)" % (self.index, self.index)  # noqa: UP031
        return f"{array}[{place}]{' ' if '%' in update else ''}{update.replace('%s', heavy)};"

    def work_array(self) -> list[str]:
        """Fill it, change it, use it: mostly as it should be. `few` is 0, which nobody can know."""
        rng, i = self.rng, self.index
        w = rng.choice([name for name in ("w", "w", "p", "q", "r", "y", "big") if name not in self.arrays])
        count = rng.choice(("m", "m", "m", "m - 2", "20", f"{i} % 9", f"{i}"))
        each = f"for (int z = {rng.choice('0001')}; z < {count}; z++)"
        value = rng.choice((f"{i} + z", f"idx[{i}] * z", f"(int) (exp(cos(gx[{i} + z])) * 9)"))
        lines = [f"{each} {w}[z] = {value};"]
        if rng.random() < 0.2:
            lines.insert(0, f"{w}[0] = {i};")
        if rng.random() < 0.5:
            lines.append(f"{each} for (int l = 0; l < n; l++) {w}[z] += gd[l][z] * {i};")
        item = f"(int) {w}[{rng.choice(('z', 'z', 'z', 'z / 2'))}]"
        use = rng.choice((f"gc[{i}][z] = {item};", f"s1 += {item};", f"ga[{i}] += {item} & 7;"))
        lines.append(f"{each.replace(f'< {count};', '< m;') if rng.random() < 0.2 else each} {use}")
        if rng.random() < 0.3:
            head = f"for (int v = {rng.choice('01')}; v < {rng.choice(('3', 'few', 'few + 2'))}; v++) {{"
            lines = [head, *lines, "}"]
        if rng.random() < 0.1:
            lines.insert(0, f"if (idx[{i}] > 40) continue;")
        if rng.random() < 0.1:
            lines.append(f"gc[{i}][40] = {w}[{rng.choice('05')}];")
        return lines

    def body(self) -> list[str]:
        rng = self.rng
        if rng.random() < 0.3:
            return self.work_array()
        form = rng.random()
        if form < 0.5:
            return [self.statement() for _ in range(rng.choice((2, 2, 3, 4)))]
        if form < 0.65:
            lines = [f"s2 {rng.choice(('+=', '-=', '^='))} {self.value()};", f"big[{self.index}] = s2;"]
            lines = lines if rng.random() < 0.6 else lines[::-1]
            return [*lines, self.statement()] if rng.random() < 0.5 else [self.statement(), *lines]
        if form < 0.8:
            sign, value = rng.choice("<>"), self.value()
            condition = f"{value} {sign} s2" if rng.random() < 0.7 else f"s2 {'<' if sign == '>' else '>'} {value}"
            sets = [f"s2 = {value};", f"t = {self.index};"]
            rng.shuffle(sets)
            return [f"if ({condition}) {{ {' '.join(sets)} }}"]
        lines = [self.scattered()]
        if rng.random() < 0.4:
            lines.append(self.scattered())
        if rng.random() < 0.4:
            lines.insert(0, f"if ({self.element()} > 2)")
        return lines

    def loop(self) -> None:
        rng = self.rng
        typed = "" if self.outside else "int "
        head = f"for ({typed}i = 1; i < n - 1; i++)"
        if rng.random() < 0.2:
            head = f"for ({typed}i = n - 2; i >= 1; i--)"
        body = self.body()
        if rng.random() < 0.15:
            self.lines += [f"  {head} {{ {' '.join(body)} }}"]
        else:
            self.lines += [f"  {head} {{", *(f"    {line}" for line in body), "  }"]

    def pivot(self) -> None:
        """Rows of a matrix that use one of them: mostly the one of the loop around."""
        rng = self.rng
        row = rng.choice(("v", "v", "v", "v", "v + 1", "i + 1", "z"))
        update = rng.choice(
            (
                f"gq[i][z] = gq[i][z] < gq[i][v] + gq[{row}][z] ? gq[i][z] : gq[i][v] + gq[{row}][z];",
                f"if (gq[{row}][z] & 1) gq[i][z] ^= gq[i][v];",
                f"gq[i][z] += (int) (exp(cos(gx[i + z])) * 9) * gq[{row}][{rng.choice('zv0')}];",
            )
        )
        first, last = rng.choice(("0", "1")), rng.choice(("< n", "< n", "<= n - 1"))
        other = first if rng.random() < 0.9 else "0"
        typed = "" if self.outside else "int "
        head = f"for (int v = {other}; v {last}; v++)"
        inner = f"for ({typed}i = {first}; i {last}; i++)"
        self.lines += [
            "  int (*gq)[64] = gc;",
            f"  {head} {{",
            f"    {inner}",
            "      for (int z = 0; z < n; z++)",
            f"        {update}",
            "  }",
        ]

    def build(self, seed: int) -> Kernel:
        name = f"k{seed}"
        self.lines = [f"void {name}({PARAMETERS}) {{"]
        if self.outside:
            self.lines.append("  int i = 0;")
        self.lines.append(f"  int s1 = 1, s2 = {self.rng.choice((0, 0, 5, -999))}, t = -1, u = 2, h[8] = {{0}};")
        self.lines.append("  int few = n - 61, *w = malloc(64 * sizeof *w);")
        self.lines.append("  for (int z = 0; z < 64; z++) w[z] = -z;")
        for _ in range(self.rng.choice((1, 2))):
            self.loop()
        if self.rng.random() < 0.3:
            self.pivot()
        if self.rng.random() < 0.5:
            self.lines.append("  for (int z = 0; z < 64; z++) s1 ^= w[z];")
        self.lines.append("  free(w);")
        self.lines.append("  out[0] = s1; out[1] = s2; out[2] = t; out[3] = u;")
        if self.outside and self.rng.random() < 0.3:
            self.lines.append("  out[4] = i;")
        self.lines += ["  for (int z = 0; z < 8; z++) out[24 + z] = h[z];", "}"]
        return Kernel(seed, name, "\n".join(self.lines) + "\n")


def generate(seed: int) -> Kernel:
    """The kernel of this seed, named after it."""
    return _Writer(seed).build(seed)
