"""Random functions lowered and interpreted give what the compiler's program gives: order of side effects, conversions,
control flow, macros. Undefined behaviour is not generated: what one operand modifies no unsequenced operand touches."""

from __future__ import annotations

import random
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from analyzers.frontends.c import lower_file
from analyzers.text import SourceText
from tests.ir_interpreter import EndlessError, Machine

VARIABLES = {
    "a": "int",
    "b": "int",
    "u": "unsigned",
    "c": "signed char",
    "d": "unsigned char",
    "l": "long",
    "s": "short",
    "t": "_Bool",
    "v": "unsigned long",
    "w": "unsigned short",
}
# gcc 12 fails on some casts to _Bool.
CASTS = [kind for kind in VARIABLES.values() if kind != "_Bool"]
KINDS = [
    "leaf",
    *["binary"] * 3,
    "logic",
    "choice",
    "unary",
    "effect",
    "element",
    "cast",
    "macro",
    "comma",
    "grid",
    "block",
]
SIZE = 8
HEAD = f"""#include <stdio.h>
#define AT(i) x[(i) & {SIZE - 1}]
#define SUM(p, q) ((p) + (q))
#define TWICE(p) SUM(p, p)
#define LIMIT 5
#define STEP(v) do {{ v += 1; }} while (0)
"""
FUNCTIONS = 40


@dataclass(frozen=True)
class Text:
    text: str
    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()


class Generator:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.loops = 0

    def pick(self, *options: str) -> str:
        return self.random.choice(options)

    def expression(self, depth: int, no_read: frozenset[str], no_write: frozenset[str]) -> Text:
        kind = self.random.choice(KINDS)
        readable = sorted(set(VARIABLES) - no_read)
        if depth <= 0 or kind == "leaf":
            if readable and self.random.random() < 0.7:
                name = self.random.choice(readable)
                return Text(name, frozenset([name]))
            return Text(self.pick("0", "1", "2", "3", "7", "-1", "5u", "'a'", "LIMIT", "0x7f"))
        if kind == "unary":
            inner = self.expression(depth - 1, no_read, no_write)
            return Text(f"{self.pick('-', '!', '~', '+')}({inner.text})", inner.reads, inner.writes)
        if kind == "cast":
            inner = self.expression(depth - 1, no_read, no_write)
            return Text(f"({self.random.choice(CASTS)}) ({inner.text})", inner.reads, inner.writes)
        if kind == "effect":
            free = sorted(set(VARIABLES) - no_read - no_write)
            if not free:
                return Text("1")
            name = self.random.choice(free)
            whole = frozenset([name])
            form = self.pick("post", "pre", "assign", "compound")
            if form in ("post", "pre"):
                op = self.pick("++", "--")
                return Text(f"{name}{op}" if form == "post" else f"{op}{name}", whole, whole)
            value = self.expression(depth - 1, no_read | whole, no_write | whole)
            op = "=" if form == "assign" else self.pick("+=", "-=", "^=", "&=")
            return Text(f"({name} {op} ({value.text}) % 100)", value.reads | whole, value.writes | whole)
        if kind == "element":
            if "x" in no_read:
                return Text("2")
            index = self.expression(depth - 1, no_read, no_write | {"x"})
            return Text(f"AT({index.text})", index.reads | {"x"}, index.writes)
        if kind == "grid":
            index = self.expression(depth - 1, no_read, no_write)
            return Text(f"y[({index.text}) & 1][{self.pick('0', '1', '2')}]", index.reads, index.writes)
        if kind == "block":
            inner = self.expression(depth - 1, no_read, no_write)
            return Text(f"({{ long z = ({inner.text}); z + 1; }})", inner.reads, inner.writes)
        if kind == "macro":
            inner = self.expression(depth - 1, no_read, frozenset([*VARIABLES, "x"]))
            return Text(f"TWICE({inner.text})", inner.reads, inner.writes)
        left = self.expression(depth - 1, no_read, no_write)
        if kind in ("logic", "choice", "comma"):
            right = self.expression(depth - 1, no_read, no_write)
            reads, writes = left.reads | right.reads, left.writes | right.writes
            if kind == "logic":
                return Text(f"(({left.text}) {self.pick('&&', '||')} ({right.text}))", reads, writes)
            if kind == "comma":
                return Text(f"(({left.text}), ({right.text}))", reads, writes)
            other = self.expression(depth - 1, no_read, no_write)
            text = f"(({left.text}) ? ({right.text}) : ({other.text}))"
            return Text(text, reads | other.reads, writes | other.writes)
        right = self.expression(depth - 1, no_read | left.writes, no_write | left.reads | left.writes)
        op = self.pick("+", "-", "*", "&", "|", "^", "<", "<=", "==", "!=", ">", ">=", "/", "%", ">>")
        # Products are taken of small numbers, divisors and shifts are made defined.
        forms = {
            "*": f"(({left.text}) % 50 * (({right.text}) % 50))",
            "/": f"(({left.text}) / ((({right.text}) & 15) + 1))",
            "%": f"(({left.text}) % ((({right.text}) & 15) + 1))",
            ">>": f"(({left.text}) >> (({right.text}) & 7))",
        }
        text = forms.get(op, f"(({left.text}) % 10000 {op} ({right.text}) % 10000)")
        return Text(text, left.reads | right.reads, left.writes | right.writes)

    def anything(self, depth: int = 3) -> str:
        return self.expression(depth, frozenset(), frozenset()).text

    def statement(self, depth: int, inside_loop: bool) -> str:
        kinds = ["assign", "assign", "element", "effect", "pointer", "macro"]
        if depth > 0:
            kinds += ["if", "if-else", "for", "while", "do", "switch", "block"]
        if inside_loop:
            kinds += ["break", "continue"]
        kind = self.random.choice(kinds)
        if kind == "assign":
            name = self.random.choice(list(VARIABLES))
            value = self.expression(3, frozenset(), frozenset([name]))
            return f"{name} {self.pick('=', '+=', '-=', '|=')} ({value.text}) % 1000;"
        if kind == "element":
            index = self.expression(2, frozenset(), frozenset(["x"]))
            value = self.expression(2, index.writes, index.reads | index.writes | {"x"})
            return f"AT({index.text}) {self.pick('=', '+=', '^=')} ({value.text}) % 1000;"
        if kind == "effect":
            return f"{self.anything()};"
        if kind == "macro":
            return f"STEP({self.pick('a', 'u', 'c')});"
        if kind == "pointer":
            value = self.expression(2, frozenset(["x"]), frozenset(["x"])).text
            moves = "*++p = x[1] + *q--; p -= 2; *(p + 1) = 2[p] - *p; q[1] += *q;"
            return f"{{ int *p = x + 2, *q = &x[5]; *p++ = ({value}) % 99; {moves} }}"
        if kind in ("break", "continue"):
            return f"if ({self.anything(2)}) {kind};"
        if kind == "if":
            return f"if ({self.anything()}) {self.block(depth - 1, inside_loop)}"
        if kind == "if-else":
            first, second = self.block(depth - 1, inside_loop), self.block(depth - 1, inside_loop)
            return f"if ({self.anything()}) {first} else {second}"
        if kind == "block":
            return self.block(depth - 1, inside_loop)
        if kind == "switch":
            arms = [f"case {k}: {self.statement(depth - 1, False)} {self.pick('break;', '')}" for k in range(3)]
            return f"switch (({self.anything(2)}) & 3) {{ {' '.join(arms)} default: {self.statement(0, False)} }}"
        self.loops += 1
        counter = f"k{self.loops}"
        body = self.block(depth - 1, True)
        if kind == "for":
            test = f"{counter} < LIMIT" if self.random.random() < 0.6 else f"({self.anything(2)}, {counter} < LIMIT)"
            return f"for (int {counter} = 0; {test}; {counter}++) {body}"
        if kind == "while":
            return f"{{ int {counter} = LIMIT; while ({counter}-- > 0 && ({self.anything(2)}) != 77) {body} }}"
        return f"{{ int {counter} = LIMIT; do {body} while (--{counter} > 0); }}"

    def block(self, depth: int, inside_loop: bool) -> str:
        count = self.random.randint(1, 3)
        return "{ " + " ".join(self.statement(depth, inside_loop) for _ in range(count)) + " }"

    def function(self, number: int) -> str:
        values = {name: self.random.randint(0, 9) for name in VARIABLES}
        declared = " ".join(f"{kind} {name} = {values[name]};" for name, kind in VARIABLES.items())
        body = "\n  ".join(self.statement(2, False) for _ in range(4))
        result = "show(" + ", ".join(f"(long) {name}" for name in VARIABLES) + ", sum);"
        total = f"long sum = 0; for (int k = 0; k < {SIZE}; k++) sum = sum * 3 + x[k];"
        array = f"int x[{SIZE}] = {{3, 1, 4, 1, 5, 9, 2, 6}};"
        return f"void f{number}(void) {{ {array} {declared}\n  {body}\n  {total} {result} }}\n"


def show_function() -> str:
    names = [*VARIABLES, "sum"]
    parameters = ", ".join(f"long {name}" for name in names)
    return f'void show({parameters}) {{ printf("{"%ld " * len(names)}\\n", {", ".join(names)}); }}\n'


@pytest.mark.needs("gcc")
@pytest.mark.parametrize("seed", range(4))
def test_the_same_values(seed: int, tmp_path: Path) -> None:
    generator = Generator(seed)
    text = HEAD + "\n".join(generator.function(k) for k in range(FUNCTIONS))
    main = "int main(void) { " + " ".join(f"f{k}();" for k in range(FUNCTIONS)) + " return 0; }\n"
    source, program = tmp_path / "a.c", tmp_path / "a.out"
    declaration = (
        f"void show({', '.join(['long'] * (len(VARIABLES) + 1))});\nint y[2][3] = {{{{1, 2, 3}}, {{4, 5, 6}}}};\n"
    )
    source.write_text(declaration + text + show_function() + main)
    subprocess.run(["gcc", "-w", "-O0", "-fwrapv", "-fsigned-char", str(source), "-o", str(program)], check=True)
    done = subprocess.run([str(program)], capture_output=True, text=True, timeout=60, check=True)
    expected = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    functions = [p.function for p in lower_file(SourceText.of(declaration + text)).functions]
    assert len(functions) == FUNCTIONS
    compared = 0
    for function, values in zip(functions, expected, strict=True):
        shown: list[tuple[int, ...]] = []
        machine = Machine({"show": lambda *values: shown.append(values) or 0})  # type: ignore[func-returns-value]  # noqa: B023
        try:
            machine.memory["//y"] = [[1, 2, 3], [4, 5, 6]]
            machine.call(function, ())
        except EndlessError:
            continue
        assert function.problems == ()
        assert shown == [values], text[text.index(f"void {function.name}(") :].split("\n}\n")[0]
        compared += 1
    assert compared > FUNCTIONS * 0.9
