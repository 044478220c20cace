"""Random C programs: over scalars with one loop under test, and over pointers that walk arrays."""

from __future__ import annotations

import random

PRELUDE = """
struct pair { int x, y; };
int g;
static void set(int *p, int v) { *p = v; }
static int get(const int *p) { return *p + 1; }
static void bump(void) { g = g + 1; }
static int peek(void) { return g; }
static int h, z;
static int first(int v) { h = v; return h + 1; }
static int second(int v) { if (v > 2) z = v; return z; }
static int maybe(int *p, int v) { if (v > 2) *p = v; return v; }
"""
_PLAIN = ("u", "v", "w", "s", "m", "q.x", "q.y")


class Writer:
    """Makes one random program over scalars; the loop over `i` is the one under test."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self.depth = 1
        # Pointers and calls make most variables reachable: half of the programs do without.
        self.wild = self.random.random() < 0.4
        names = self.random.sample(_PLAIN, self.random.randint(2, 5))
        self.names = (*names, "g", "h", "z") if self.wild else tuple(names)

    def program(self) -> str:
        choose = self.random.choice
        element = self.random.choice(("int", "long")) if self.wild else "long"
        self.line(f"int f(int n, int k, {element} *a, {element} *o) {{", indent=0)
        self.line("int i = 0, j = 0, u = 1, v = 2, w = 3, s = 4, m = 5, c = 0; int *p = &w; struct pair q; int t[4];")
        self.line("q.x = 1; q.y = 2; g = k; h = 1; z = 2; p = &v; t[0] = 0;")
        if self.random.random() < 0.15:
            self.line(f"u = {choose(('n', 'k', 'v'))};")
        if self.random.random() < 0.2:
            # Several threads of an enclosing loop: live ranges around the back edge.
            self.line("for (int r = 0; r < 2; r++) {")
            self.depth += 1
            self.tested_loop()
            self.after()
            self.depth -= 1
            self.line("}")
        else:
            self.tested_loop()
        self.after()
        self.line("return u;")
        self.line("}", indent=0)
        return PRELUDE + "\n".join(self.lines) + "\n"

    def line(self, text: str, indent: int | None = None) -> None:
        self.lines.append("  " * (self.depth if indent is None else indent) + text)

    def tested_loop(self) -> None:
        head = self.random.choice(
            (
                "for (i = 0; i < n; i++) {",
                "for (i = 0; i < n; i++) {",
                "for (i = n - 1; i >= 0; i--) {",
                "for (i = 0; i < n; i += 2) {",
                "for (int i = 0; i < n; ++i) {",
                "for (i = 1; n >= i; i = i + 1) {",
            )
        )
        self.line(head)
        self.depth += 1
        for _ in range(self.random.randint(1, 4)):
            self.statement(2, inside=0)
        if self.random.random() < 0.7:
            self.line(f"o[i] = {self.expr(1)};")
        self.depth -= 1
        self.line("}")

    def after(self) -> None:
        for _ in range(self.random.randint(0, 2)):
            roll = self.random.random()
            if roll < 0.5:
                self.line(f"u = u + {self.variable()};")
            elif roll < 0.7:
                self.line(f"{self.variable()} = 7;")
            elif roll < 0.8:
                self.line("u = u + i;")
            elif roll < 0.85:
                self.line("u = u + *p;")
            elif roll < 0.9:
                self.line(self.random.choice(("u = u + first(k);", "u = u + second(k);")))
            else:
                self.line("u = u + peek();")

    def variable(self) -> str:
        return self.random.choice(self.names)

    def condition(self) -> str:
        roll = self.random.random()
        if roll < 0.35:
            return self.random.choice(("k > 2", "!(k > 2)", "a[i] > 3", "a[i] > 3", "a[i] <= 3", "n > 4", "c", "!c"))
        return f"{self.expr(1)} {self.random.choice(('<', '>', '<=', '>=', '==', '!='))} {self.expr(1)}"

    def expr(self, depth: int) -> str:
        roll = self.random.random()
        if depth <= 0 or roll < 0.5:
            return self.random.choice(
                (
                    self.variable(),
                    self.variable(),
                    "a[i]",
                    "a[j & 7]",
                    "i",
                    "n",
                    "k",
                    str(self.random.randint(0, 5)),
                    "c",
                )
            )
        if roll < 0.55 and self.wild:
            return self.random.choice(("*p", f"get(&{self.variable()})", "peek()", "first(i)", "second(k)"))
        if roll < 0.6:
            return f"({self.condition()} ? {self.expr(depth - 1)} : {self.expr(depth - 1)})"
        return f"({self.expr(depth - 1)} {self.random.choice('+-*+')} {self.expr(depth - 1)})"

    def statement(self, depth: int, inside: int) -> None:
        roll = self.random.random()
        target = self.variable()
        if roll < 0.28:
            self.line(f"{target} = {self.expr(1)};")
        elif roll < 0.42:
            self.update(target)
        elif roll < 0.47:
            self.line("c = a[i] > 3;")
        elif roll < 0.52 and not self.wild:
            self.line("q.x = i;")
            self.line(self.random.choice(("q.y = a[i];", f"{target} = q.x + q.y;")))
        elif roll < 0.52:
            choices = (
                "*p = 3;",
                "p = &u;",
                "bump();",
                f"set(&{target}, i);",
                f"maybe(&{target}, i);",
                "q.x = 1; q.y = i;",
            )
            self.line(self.random.choice(choices))
        elif roll < 0.56:
            self.line(f"int y{len(self.lines)} = {self.expr(1)}; {target} = y{len(self.lines)} + 1;")
        elif depth > 0 and roll < 0.78:
            self.line(f"if ({self.condition()}) {{")
            self.block(depth, inside)
            if self.random.random() < 0.3:
                self.line("} else {")
                self.block(depth, inside)
            self.line("}")
        elif depth > 0 and roll < 0.9 and inside < 1:
            head = self.random.choice(
                ("for (j = 0; j < 3; j++) {", "for (j = 0; j < k; j++) {", "for (int j = i; j < n; j++) {")
            )
            self.line(head)
            self.block(depth, inside + 1)
            self.line("}")
        elif roll < 0.93 and inside:
            self.line(f"if ({self.condition()}) {self.random.choice(('break', 'continue'))};")
        elif roll < 0.95:
            self.line(f"if ({self.condition()}) continue;")
        elif depth > 0 and roll < 0.98:
            self.line(f"switch ({self.expr(1)}) {{")
            self.line(f"case 1: {target} = 1;")
            if self.random.random() < 0.6:
                self.line("break;")
            self.line(f"case 3: {self.variable()} = i; break;")
            if self.random.random() < 0.6:
                self.line(f"default: {target} = 4;")
            self.line("}")
        else:
            self.line(f"t[{self.random.randint(0, 3)}] = {self.expr(1)};")

    def update(self, target: str) -> None:
        other = self.expr(0)
        forms = (
            f"{target} += {other};",
            f"{target} -= {other};",
            f"{target} = {target} + {other} + 1;",
            f"{target} = {other} - 1 + {target};",
            f"{target} = 2 - {target};",
            f"{target} *= {other};",
            f"{target} ^= {other};",
            f"{target} |= {other};",
            f"{target} &= {other};",
            f"{target}++;",
            f"if ({other} > {target}) {target} = {other};",
            f"if ({target} > {other}) {target} = {other};",
            f"{target} = {other} > {target} ? {other} : {target};",
            f"{target} = {target} < {other} ? {target} : {other};",
            f"{target} = {target} && {other};",
            f"if ({other} > 2) {target} = 1;",
            f"if ({other} > 2) {target} = 0;",
            f"{target} += 2;",
        )
        self.line(self.random.choice(forms))

    def block(self, depth: int, inside: int) -> None:
        self.depth += 1
        for _ in range(self.random.randint(1, 2)):
            self.statement(depth - 1, inside)
        self.depth -= 1


def pointer_program(seed: int) -> str:
    """A random program that walks arrays through pointers, temporaries and induction variables."""
    choose = random.Random(seed)
    lines = ["int f(int n, int k, long *a, long *o) {"]
    lines.append("  int i = 0, j = 0, c = 1, d = 0; long b[16]; long *p = a, *q = b;")
    open_loops: list[str] = []

    def value() -> str:
        return choose.choice(("i", "j", "c", "d", "k", "1", "2", "i + j", "2 * i", "c + 1", "i - j", "d * 2"))

    def address() -> str:
        base = choose.choice(("a", "b", "o", "p", "q", "p", "q"))
        form = choose.choice(("{0}", "{0} + {1}", "&{0}[{1}]", "{0} + {1} + 1", "{0} - {1}", "&{0}[{1}] + {2}"))
        return form.format(base, f"({value()})", value())

    def statement(depth: int) -> None:
        pad = "  " * (4 - depth)
        roll = choose.random()
        target = choose.choice(("p", "q"))
        if roll < 0.25:
            lines.append(f"{pad}{target} = {address()};")
        elif roll < 0.4:
            lines.append(f"{pad}{choose.choice(('c', 'd'))} = {value()};")
        elif roll < 0.5:
            lines.append(f"{pad}{choose.choice(('p++', 'q += 2', 'c++', 'd += 2', 'p -= 1', 'c = c + k', 'd = i'))};")
        elif roll < 0.75:
            element = choose.choice(("*p", "q[{0}]", "p[{0}]", "*(q + {0})", "b[{0}]", "*p++", "q[c++]", "a[{0}]"))
            lines.append(f"{pad}{element.format(value())} = {value()};")
        elif roll < 0.85 and depth:
            lines.append(f"{pad}if ({value()} > {value()}) {{")
            statement(depth - 1)
            lines.append(pad + "}")
        elif depth and len(open_loops) < 2:
            index = "j" if "i" in open_loops else "i" if "j" in open_loops else choose.choice("ij")
            bound = choose.choice(("n", "3", "k"))
            lines.append(f"{pad}for ({index} = 0; {index} < {bound}; {index}++) {{")
            open_loops.append(index)
            for _ in range(choose.randint(1, 3)):
                statement(depth - 1)
            open_loops.pop()
            lines.append(pad + "}")

    for _ in range(choose.randint(2, 5)):
        statement(3)
    return "\n".join([*lines, "  return c;", "}", ""])
