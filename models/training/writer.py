"""Writes the text of one generated loop: names, headers, expressions, declarations."""

from __future__ import annotations

import random

from models.vocabulary import words_of

_ARRAYS = words_of(
    "a b c x y z u v w data out result values src dst grid field mass force temp price weight buffer img"
)
_ARRAYS_HELD = words_of("alpha beta gamma_ lhs rhs acc_in phi psi rho flux energy pixels samples table residual")
_SCALARS = words_of("n m k s t p q r d e h sum total val tmp diff dist dx dy step scale factor count acc best limit")
_SCALARS_HELD = words_of("omega theta ratio width_ extent level share norm_ part upper lower bias gain delta carry")
_CALLS = words_of("f g compute update process weigh relax evaluate kernel get_value transform_one score lookup")
_CALLS_HELD = words_of("apply_rule measure refine project interpolate sample_at classify")
_MATH1 = ("sqrt", "fabs", "exp", "sin", "cos", "log", "floor")
_INDICES = ("i", "j", "k", "ii", "row", "idx", "p", "l", "id")


class Writer:
    """The state of one loop while it is written. `private` and `reductions` collect what its directive needs."""

    def __init__(self, rng: random.Random, cpp: bool, held: bool) -> None:
        self.rng, self.cpp, self.held = rng, cpp, held
        self.private: list[str] = []
        self.reductions: list[tuple[str, str]] = []
        self.schedule = ""
        self.collapse = 1
        self.guarded = False
        self.second_index = ""
        self.lines: list[str] = []
        self.real = rng.choice(("double", "double", "float"))
        self._parameters: dict[str, str] = {}
        self._locals: dict[str, str] = {}
        self._prototypes: dict[str, str] = {}
        self._types: dict[str, str] = {}
        self._used: set[str] = set()
        self._readable: dict[str, list[str]] = {}
        self._outside = rng.random() < 0.45  # older style: indices and helpers are declared before the loop
        self._depth = 1
        self._header = ""
        self.i = self.n = ""

    # names

    def fresh(self, kind: str) -> str:
        """A name that nothing has yet."""
        pools = {
            "array": (_ARRAYS, _ARRAYS_HELD), "scalar": (_SCALARS, _SCALARS_HELD), "call": (_CALLS, _CALLS_HELD),
            "index": (_INDICES, _INDICES),
        }  # fmt: skip
        pool = pools[kind][self.held]
        for _ in range(20):
            name = self.rng.choice(pool)
            if self.rng.random() < 0.25:
                name += self.rng.choice(("1", "2", "_new", "_loc", "0", "_in", "s"))
            if name not in self._used:
                break
        while name in self._used:
            name += "x"
        self._used.add(name)
        return name

    def array(self, element: str | None = None, dims: int = 1, written: bool = False) -> str:
        """An array of the program; those that are only read may come again."""
        element = element or self.real
        key = f"{element}{dims}"
        if not written and self._readable.get(key) and self.rng.random() < 0.5:
            return self.rng.choice(self._readable[key])
        name = self.fresh("array")
        if not written:
            self._readable.setdefault(key, []).append(name)
        if self.cpp and self.rng.random() < 0.5:
            kind = "std::vector<" * dims + element + ">" * dims
            self._parameters[name] = f"{kind} &{name}"
        elif dims == 1:
            self._parameters[name] = f"{element} *{name}" if self.rng.random() < 0.8 else f"{element} {name}[]"
        elif self.rng.random() < 0.5:
            self._parameters[name] = f"{element} {'*' * dims}{name}"
        else:
            self._parameters[name] = f"{element} {name}[100]" + "[100]" * (dims - 1)
        return name

    def scalar(self, kind: str | None = None) -> str:
        """A scalar of the program that is only read."""
        kind = kind or self.real
        known = self._readable.get(f"scalar {kind}")
        if known and self.rng.random() < 0.5:
            return self.rng.choice(known)
        name = self.fresh("scalar")
        self._readable.setdefault(f"scalar {kind}", []).append(name)
        self._parameters[name] = f"{kind} {name}"
        return name

    def outer(self, kind: str | None = None, start: str = "0") -> str:
        """A scalar that is declared before the loop and written in it."""
        name = self.fresh("scalar")
        self._locals[name] = f"{kind or self.real} {name} = {start};"
        return name

    def helper(self, value: str, kind: str | None = None) -> str:
        """A helper that each iteration sets first: declared in the loop, or before it and so private."""
        name = self.fresh("scalar")
        kind = kind or self.real
        if self.rng.random() < (0.8 if self._outside else 0.15):
            self._locals[name] = f"{kind} {name};"
            self.private.append(name)
            self.line(f"{name} = {value};")
        else:
            self.line(f"{kind} {name} = {value};")
        return name

    def work_array(self, size: int, kind: str | None = None) -> str:
        """A small array that each iteration fills first."""
        name = self.fresh("array")
        declaration = f"{kind or self.real} {name}[{size}];"
        if self.rng.random() < (0.7 if self._outside else 0.3):
            self._locals[name] = declaration
            self.private.append(name)
        else:
            self.line(declaration)
        return name

    def call(self, arguments: int, returns: str | None = None, pointer: bool = False) -> str:
        """A function that nobody has seen."""
        name = self.fresh("call")
        kinds = ["int", *[self.real] * (arguments - 1)] if arguments else []
        if pointer:
            kinds[-1] += " *"
        self._prototypes[name] = f"{returns or self.real} {name}({', '.join(kinds) or 'void'});"
        return name

    def record(self, fields: tuple[str, ...], kind: str | None = None) -> str:
        """An array of records with these members."""
        name, tag = self.fresh("array"), f"rec{len(self._types)}"
        inside = " ".join(f"{kind or self.real} {field};" for field in fields)
        self._types[tag] = f"struct {tag} {{ {inside} }};"
        self._parameters[name] = f"{'' if self.cpp else 'struct '}{tag} *{name}"
        return name

    def declare(self, name: str, declaration: str) -> None:
        """A parameter that is declared in a way of its own."""
        self._parameters[name] = declaration

    # the loop

    def open_loop(self, single: bool) -> None:
        """Choose the header of the loop; `single`: one that counts in steps of one."""
        rng = self.rng
        self.i = self.fresh("index")
        if rng.random() < 0.25:
            self.n = str(rng.choice((8, 16, 64, 100, 128, 1000, 1024, 4096)))
        else:
            self.n = self.fresh("scalar")
            self._parameters[self.n] = f"int {self.n}"
        kind = rng.choice(("int", "int", "int", "int", "long", "size_t", "unsigned"))
        if self._outside and rng.random() < 0.7:
            self._locals[self.i] = f"int {self.i};"
            declared = ""
        else:
            declared = f"{kind} "
        step = rng.choice((f"{self.i}++", f"{self.i}++", f"++{self.i}", f"{self.i} += 1", f"{self.i}+=2"))
        if single:
            step = step.replace("+=2", "++")
        low = rng.choice(("0", "0", "0", "0", "1"))
        high = rng.choice(
            (f"{self.i} < {self.n}", f"{self.i} < {self.n}", f"{self.i}<{self.n}", f"{self.i} < {self.n} - 1")
        )
        if rng.random() < 0.06 and kind not in ("size_t", "unsigned"):
            self._header = f"for ({declared}{self.i} = {self.n} - 1; {self.i} >= 0; {self.i}--)"
        else:
            self._header = f"for ({declared}{self.i} = {low}; {high}; {step})"

    def line(self, text: str) -> None:
        """One line of the body."""
        self.lines.append("  " * self._depth + text)

    def inner(self, bound: str | None = None, low: str = "0") -> str:
        """Open an inner loop; returns its index."""
        j = self.fresh("index")
        if bound is None:
            bound = str(self.rng.choice((3, 4, 8, 10, 100))) if self.rng.random() < 0.4 else self.scalar("int")
        if self.rng.random() < (0.85 if self._outside else 0.2):
            self._locals[j] = f"int {j};"
            self.private.append(j)
            declared = ""
        else:
            declared = "int "
        sign = self.rng.choice(("<", "<", "<", "<="))
        step = self.rng.choice((f"{j}++", f"{j}++", f"++{j}"))
        self.line(f"for ({declared}{j} = {low}; {j} {sign} {bound}; {step}) {{")
        self._depth += 1
        return j

    def block(self, head: str) -> None:
        """Open a block, of an `if` say."""
        self.line(f"{head} {{")
        self._depth += 1

    def close(self) -> None:
        """Close the innermost loop or block."""
        self._depth -= 1
        self.line("}")

    def skip_some(self) -> None:
        """Let some iterations do nothing."""
        self.guarded = True
        what = self.array("int")
        test = self.rng.choice(
            (f"!{what}[{self.i}]", f"{what}[{self.i}] < 0", f"{what}[{self.i}] == {self.scalar('int')}")
        )
        self.line(f"if ({test}) continue;")

    # expressions

    def element(self, array: str | None = None, index: str | None = None) -> str:
        """An element that the iteration may read."""
        array = array or self.array()
        index = index or self.i
        shift = self.rng.choice(("", "", "", " + 1", " - 1"))
        return f"{array}[{index}{shift}]"

    def expression(self, depth: int = 2) -> str:
        """A value from what is only read and from the index."""
        rng = self.rng
        atoms = [self.element(), self.element(), self.scalar(), rng.choice(("0.5", "2.0", "1.0", "3.14", "2", "0.25"))]
        if depth <= 0:
            return rng.choice(atoms)
        form = rng.random()
        left, right = self.expression(depth - 1), rng.choice(atoms)
        if form < 0.6:
            return f"{left} {rng.choice('++--**/')} {right}"
        if form < 0.7:
            return f"({left} {rng.choice('+-')} {right}) * {rng.choice(atoms)}"
        if form < 0.8:
            return f"{rng.choice(_MATH1)}({left})"
        if form < 0.86:
            return f"{right} > {self.scalar()} ? {left} : {right}"
        if form < 0.9:
            return f"({self.real}) {self.i} * {right}"
        return left

    # the whole text

    def loop_text(self) -> str:
        """The loop as it stands in a file."""
        body = self.lines
        if len(body) == 1 and self.rng.random() < 0.5:
            return f"{self._header}\n{body[0]}\n"
        return f"{self._header} {{\n" + "\n".join(body) + "\n}\n"

    def function_text(self, loop: str) -> str:
        """The loop in a function with everything declared."""
        lines = [*self._types.values(), *self._prototypes.values()]
        parameters = ", ".join(self._parameters.values()) or "void"
        lines += [f"void run({parameters}) {{", *(f"  {line}" for line in self._locals.values())]
        lines += [f"  {line}" for line in loop.splitlines()]
        for name in self._locals:
            if any(name == reduced for _, reduced in self.reductions):
                lines.append(f"  report({name});")
        return "\n".join((*lines, "}")) + "\n"

    def prelude(self) -> str:
        """What a compiler wants before the text."""
        if self.cpp:
            headers = ("vector", "cmath", "cstdio", "cstdlib", "cstring", "string", "algorithm")
            return "".join(f"#include <{h}>\n" for h in headers) + "#include <omp.h>\nvoid report(double);\n"
        c_headers = ("math.h", "stdio.h", "stdlib.h", "string.h", "omp.h")
        return "".join(f"#include <{h}>\n" for h in c_headers) + "void report(double);\n"
