"""Short ways to build the intermediate representation by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from analyzers.ir.accesses import Access, AccessKind, Guard, Subscripts
from analyzers.ir.expressions import Binary, BinaryOp, Constant, Expr, Name
from analyzers.ir.statements import Block, Loop, LoopHeader, Relation
from analyzers.ir.symbols import INT, REAL, Extent, Storage, Symbol, Type
from analyzers.text import NOWHERE

SIZE_T = Type("integer", "size_t", 64, signed=False)
UNSIGNED = Type("integer", "unsigned", 32, signed=False)
LONG = Type("integer", "long", 64)


def variable(name: str, kind: Type = INT, storage: Storage = "parameter", **more: bool) -> Symbol:
    return Symbol(f"f/1:{name}", name, kind, storage, **more)


def array(name: str, *sizes: int | None, element: Type = REAL, storage: Storage = "global") -> Symbol:
    extents = tuple(Extent(None if s is None else Constant(s)) for s in sizes or (None,))
    return Symbol(f"f/1:{name}", name, Type("array", f"{name}[]", element=element, extents=extents), storage)


def pointer(name: str, element: Type = REAL, storage: Storage = "parameter", *, restrict: bool = False) -> Symbol:
    return Symbol(f"f/1:{name}", name, Type("pointer", f"{name}*", element=element, restrict=restrict), storage)


def expr(value: Expr | Symbol | int) -> Expr:
    if isinstance(value, Symbol):
        return Name(value)
    return Constant(value) if isinstance(value, int) else value


def binary(op: BinaryOp, left: Expr | Symbol | int, right: Expr | Symbol | int, kind: Type | None = None) -> Expr:
    a, b = expr(left), expr(right)
    unsigned = next((e.type for e in (a, b) if e.type.is_unsigned), None)
    return Binary(op, a, b, kind or (unsigned or a.type if op not in ("<", "<=", ">", ">=", "==", "!=") else INT))


def add(left: Expr | Symbol | int, right: Expr | Symbol | int) -> Expr:
    return binary("+", left, right)


def sub(left: Expr | Symbol | int, right: Expr | Symbol | int) -> Expr:
    return binary("-", left, right)


def mul(left: Expr | Symbol | int, right: Expr | Symbol | int) -> Expr:
    return binary("*", left, right)


class Nest:
    """Loops around accesses: `nest.loop(i, 0, "<", n)`, then `nest.access(a, i)`."""

    def __init__(self) -> None:
        self.loops: list[Loop] = []
        self.headers: dict[int, LoopHeader] = {}
        self.kept: list[Loop] = []
        self.order = 0

    def loop(
        self, index: Symbol, lower: Expr | Symbol | int, relation: Relation, bound: Expr | Symbol | int, step: int = 1
    ) -> Loop:
        header = LoopHeader(index, expr(lower), relation, expr(bound), Constant(step), declares_index=True)
        loop = Loop("for", (), None, (), Block((), NOWHERE), NOWHERE, NOWHERE, header)
        self.headers[id(loop)] = header
        self.loops.append(loop)
        self.kept.append(loop)
        return loop

    def end(self) -> None:
        self.loops.pop()

    def access(
        self,
        symbol: Symbol,
        *subscripts: Expr | Symbol | int,
        kind: AccessKind = "read",
        guards: Sequence[Guard] = (),
        exact: bool = True,
    ) -> Access:
        self.order += 1
        path = (Subscripts(tuple(expr(s) for s in subscripts), symbol.is_pointer),) if subscripts else ()
        return Access(
            symbol, path, kind, NOWHERE, tuple(self.loops), tuple(guards), exact, order=self.order,
        )  # fmt: skip


def invariant_except(*varying: Symbol) -> Callable[[Expr], bool]:
    """Every name but these keeps its value."""
    from analyzers.ir.expressions import Call, Element, walk

    def invariant(e: Expr) -> bool:
        return not any(isinstance(x, (Call, Element)) or (isinstance(x, Name) and x.symbol in varying) for x in walk(e))

    return invariant
