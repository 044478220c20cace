"""Random programs over scalars with one loop under test, and an interpreter that can run that loop in any order.

The interpreter gives every iteration its own copies by the roles that the analysis assigned. A private copy starts
poisoned: reading it before writing it raises, and so does reading a variable after the loop that was promised dead.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from analyzers.dependence.facts import Reduction
from analyzers.ir.expressions import (
    Address,
    Binary,
    Call,
    Cast,
    Conditional,
    Constant,
    Element,
    Expr,
    Field,
    Name,
    Unary,
)
from analyzers.ir.statements import (
    Assign,
    Block,
    Declare,
    Evaluate,
    Function,
    If,
    Jump,
    Loop,
    LoopHeader,
    Stmt,
    Switch,
)
from analyzers.ir.symbols import Symbol

POISON = object()
SIZE = 16

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
    """Makes one random program as C text."""

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


# The interpreter


class PoisonError(Exception):
    """A value was read that the analysis promised nobody reads."""


class _BreakError(Exception):
    pass


class _ContinueError(Exception):
    pass


class _ReturnError(Exception):
    def __init__(self, value: object) -> None:
        self.value = value


@dataclass(slots=True)
class Plan:
    """How to run the loop under test: roles of variables and an order of iterations."""

    loop: Loop
    header: LoopHeader
    private: frozenset[Symbol] = frozenset()
    firstprivate: frozenset[Symbol] = frozenset()
    lastprivate: frozenset[Symbol] = frozenset()
    reductions: tuple[Reduction, ...] = ()
    linear: Mapping[Symbol, Expr] = field(default_factory=dict)
    index_live: bool = False
    seed: int = 0


IDENTITY: dict[str, int] = {"+": 0, "*": 1, "&": -1, "|": 0, "^": 0, "&&": 1, "||": 0}
COMBINE: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: wrapped(a + b),
    "*": lambda a, b: wrapped(a * b),
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "&&": lambda a, b: int(bool(a) and bool(b)),
    "||": lambda a, b: int(bool(a) or bool(b)),
    "min": min,
    "max": max,
}
BIG = 10**30


class Machine:
    """Runs the functions of one program. Objects are cells: symbol to value, records as dicts, arrays as lists."""

    def __init__(self, functions: Mapping[str, Function], plan: Plan | None = None) -> None:
        self.functions = functions
        self.plan = plan
        self.memory: list[dict[object, object]] = [{}]  # frames of shared objects; the first one holds the globals
        self.private: dict[object, object] | None = None
        self.own: frozenset[Symbol] = frozenset()
        self.watch: Callable[[Stmt], None] = lambda stmt: None  # told of each statement and loop test before it runs
        self.enter: Callable[[Loop], None] = lambda loop: None  # told of each loop once it is initialised

    def call(self, name: str, arguments: list[object]) -> object:
        function = self.functions[name]
        outer_private, outer_own = self.private, self.own
        # A callee sees the original of a global, and what pointers hand it.
        self.memory.append(dict(zip(function.params, arguments, strict=True)))
        if len(self.memory) > 2:
            self.private, self.own = None, frozenset()
        try:
            self.block(function.body)
        except _ReturnError as result:
            return result.value
        finally:
            self.memory.pop()
            self.private, self.own = outer_private, outer_own
        return None

    # Cells: (container, key)

    def cell(self, expr: Expr) -> tuple[object, object]:
        match expr:
            case Name(symbol=symbol):
                return self.home(symbol), symbol
            case Field(base=base, name=name):
                container, key = self.cell(base)
                return container[key], name  # type: ignore[index]
            case Element(base=base, subscripts=(subscript,)):
                index = self.value(subscript)
                if base.type.kind == "array":
                    container, key = self.cell(base)
                    return container[key], index  # type: ignore[index]
                return moved(self.value(base), index)  # type: ignore[arg-type]
        raise NotImplementedError(expr)

    def home(self, symbol: Symbol) -> dict[object, object]:
        if self.private is not None and (symbol in self.own or symbol in self.private):
            return self.private
        return self.memory[0] if symbol.storage == "global" else self.memory[-1]

    def load(self, cell: tuple[object, object]) -> object:
        container, key = cell
        value = container[key]  # type: ignore[index]
        if value is POISON:
            raise PoisonError(getattr(key, "name", key))
        return value

    def value(self, expr: Expr) -> object:
        match expr:
            case Constant(value=value):
                return value
            case Name(symbol=symbol):
                if symbol.is_array:
                    return self.home(symbol)[symbol]
                return self.load(self.cell(expr))
            case Element() | Field():
                return self.load(self.cell(expr))
            case Address(operand=operand):
                return self.cell(operand)
            case Unary(op=op, operand=operand):
                inner = self.value(operand)
                return {"-": lambda: -inner, "+": lambda: inner, "!": lambda: int(not inner), "~": lambda: ~inner}[op]()  # type: ignore[operator]
            case Binary(op="&&", left=left, right=right):
                return int(bool(self.value(left)) and bool(self.value(right)))
            case Binary(op="||", left=left, right=right):
                return int(bool(self.value(left)) or bool(self.value(right)))
            case Binary(op="+" | "-" as op, left=left, right=right) if expr.type.kind == "pointer":
                first, second = self.value(left), self.value(right)
                if isinstance(first, int):
                    first, second = second, first
                return moved(first, second if op == "+" else -second)  # type: ignore[arg-type, operator]
            case Binary(op=op, left=left, right=right):
                return operate(op, self.value(left), self.value(right))  # type: ignore[arg-type]
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                return self.value(then if self.value(condition) else otherwise)
            case Cast(operand=operand):
                return self.value(operand)
            case Call(arguments=arguments):
                assert expr.name is not None
                return self.call(expr.name, [self.value(a) for a in arguments])
        raise NotImplementedError(expr)

    def block(self, block: Block) -> None:
        for stmt in block.statements:
            self.execute(stmt)

    def execute(self, stmt: Stmt) -> None:
        if not isinstance(stmt, (Loop, Block)):
            self.watch(stmt)
        match stmt:
            case Declare(symbol=symbol, value=value):
                home = self.private if self.private is not None else self.memory[-1]
                if symbol.is_array:
                    home[symbol] = [0] * SIZE
                elif symbol.type.kind == "record":
                    home[symbol] = {"x": POISON, "y": POISON}
                else:
                    home[symbol] = POISON if value is None else self.value(value)
            case Assign(target=target, value=value, op=op):
                result = self.value(value)
                cell = self.cell(target)
                if op is not None and target.type.kind == "pointer":
                    result = moved(self.load(cell), result if op == "+" else -result)  # type: ignore[arg-type, operator]
                elif op is not None:
                    result = operate(op, self.load(cell), result)  # type: ignore[arg-type]
                container, key = cell
                container[key] = result  # type: ignore[index]
            case Evaluate(value=value):
                self.value(value)
            case Block():
                self.block(stmt)
            case If(condition=condition, then=then, otherwise=otherwise):
                self.block(then if self.value(condition) else otherwise)
            case Switch():
                self.switch(stmt)
            case Loop():
                if self.plan is not None and stmt is self.plan.loop:
                    self.parallel(stmt, self.plan)
                else:
                    self.loop(stmt)
            case Jump(kind="break"):
                raise _BreakError
            case Jump(kind="continue"):
                raise _ContinueError
            case Jump(kind="return", value=value):
                raise _ReturnError(None if value is None else self.value(value))
            case _:
                raise NotImplementedError(stmt)

    def switch(self, stmt: Switch) -> None:
        """Which arm belongs to which value does not matter here, as long as it is always the same."""
        choices = len(stmt.arms) + (0 if stmt.exhaustive else 1)
        arm = int(self.value(stmt.value)) % choices  # type: ignore[call-overload]
        try:
            if arm < len(stmt.arms):
                self.block(stmt.arms[arm])
        except _BreakError:
            pass

    def loop(self, loop: Loop) -> None:
        for stmt in loop.init:
            self.execute(stmt)
        self.enter(loop)
        while True:
            self.watch(loop)
            if loop.condition is not None and not self.value(loop.condition):
                return
            try:
                self.block(loop.body)
            except _ContinueError:
                pass
            except _BreakError:
                return
            for stmt in loop.step:
                self.execute(stmt)

    def parallel(self, loop: Loop, plan: Plan) -> None:
        """Every iteration with its own copies, in random order; then the results are put together."""
        header = plan.header
        for stmt in loop.init:
            if isinstance(stmt, Declare):
                self.memory[-1][stmt.symbol] = POISON
        lower, bound, step = (self.value(e) for e in (header.lower, header.bound, header.step))
        values = list(iterations(lower, header.relation, bound, step))  # type: ignore[arg-type]
        originals = {r.symbol: self.load((self.home(r.symbol), r.symbol)) for r in plan.reductions}
        firsts = {s: self.home(s)[s] for s in plan.firstprivate}
        starts = {s: self.load((self.home(s), s)) for s in plan.linear}
        if not values:
            if not header.declares_index:
                self.home(header.index)[header.index] = lower
            return
        copies: list[tuple[int, dict[object, object]]] = []
        order = list(range(len(values)))
        random.Random(plan.seed).shuffle(order)
        last_copy: dict[object, object] = {}
        self.own = frozenset(
            {header.index, *plan.private, *plan.firstprivate, *plan.lastprivate, *plan.linear}
            | {r.symbol for r in plan.reductions}
        )
        for number in order:
            mine: dict[object, object] = {}
            for symbol in plan.private | plan.lastprivate:
                mine[symbol] = {"x": POISON, "y": POISON} if symbol.type.kind == "record" else POISON
            for symbol in plan.firstprivate:
                first = firsts[symbol]
                mine[symbol] = dict(first) if isinstance(first, dict) else first
            for reduction in plan.reductions:
                mine[reduction.symbol] = {"min": BIG, "max": -BIG, **IDENTITY}[reduction.op]
            for symbol, amount in plan.linear.items():
                mine[symbol] = starts[symbol] + number * self.value(amount)  # type: ignore[operator]
            mine[header.index] = values[number]
            self.private = mine
            with contextlib.suppress(_ContinueError):
                self.block(loop.body)
            # Further induction variables of the head move with it.
            for stmt in loop.step:
                if isinstance(stmt, Assign) and isinstance(stmt.target, Name) and stmt.target.symbol != header.index:
                    self.execute(stmt)
            self.private = None
            copies.append((number, mine))
            if number == len(values) - 1:
                last_copy = mine
        own, self.own = self.own, frozenset()
        random.Random(plan.seed + 1).shuffle(copies)
        for symbol in own:
            # The original of a record keeps the members that the loop leaves alone.
            if symbol.type.kind != "record":
                self.home(symbol)[symbol] = POISON
        for symbol in plan.lastprivate:
            self.home(symbol)[symbol] = last_copy[symbol]
        for symbol in plan.firstprivate - plan.lastprivate:
            self.home(symbol)[symbol] = firsts[symbol]
        for symbol in plan.linear:
            self.home(symbol)[symbol] = last_copy[symbol]
        for reduction in plan.reductions:
            total = originals[reduction.symbol]
            for _number, mine in copies:
                total = COMBINE[reduction.op](total, mine[reduction.symbol])  # type: ignore[arg-type]
            self.home(reduction.symbol)[reduction.symbol] = total
        if plan.index_live:
            self.home(header.index)[header.index] = values[-1] + step  # type: ignore[operator]


def moved(pointer: object, by: int) -> tuple[object, object]:
    """The cell `by` elements behind where a pointer points."""
    if isinstance(pointer, list):
        return pointer, by
    assert isinstance(pointer, tuple)
    container, key = pointer
    if isinstance(container, list):
        return container, key + by
    assert by == 0
    return container, key


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


def iterations(lower: int, relation: str, bound: int, step: int) -> range:
    """The values of the index (OpenMP 5.2 §4.4.1)."""
    if relation == "<=":
        bound += 1
    elif relation == ">=":
        bound -= 1
    return range(lower, bound, step)


def operate(op: str, left: int, right: int) -> int:
    """C arithmetic, wrapping at 32 bits so that numbers stay small."""
    match op:
        case "+":
            return wrapped(left + right)
        case "-":
            return wrapped(left - right)
        case "*":
            return wrapped(left * right)
        case "/":
            return abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
        case "&":
            return left & right
        case "|":
            return left | right
        case "^":
            return left ^ right
        case "<":
            return int(left < right)
        case "<=":
            return int(left <= right)
        case ">":
            return int(left > right)
        case ">=":
            return int(left >= right)
        case "==":
            return int(left == right)
        case "!=":
            return int(left != right)
    raise NotImplementedError(op)


def wrapped(value: int) -> int:
    return (value + 2**31) % 2**32 - 2**31
