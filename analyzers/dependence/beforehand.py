"""Expressions that can be written before a loop, and mean the same there as inside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analyzers.dependence.facts import LoopFacts
from analyzers.dependence.forms import Key, Poly, rank
from analyzers.dependence.lvalues import type_at
from analyzers.dependence.spelling import spell
from analyzers.ir.accesses import Access, Subscripts
from analyzers.ir.expressions import Binary, Cast, Constant, Expr, Name, Unary, symbols, walk
from analyzers.ir.pointers import may_share_memory
from analyzers.ir.statements import Assign, Declare, Stmt, expressions, walk_statements
from analyzers.ir.symbols import Symbol, Type

_ARITHMETIC = frozenset(("+", "-", "*", "/", "%", "<<", ">>", "&"))


@dataclass(frozen=True, slots=True)
class Steady:
    """Asked of an expression: can it be written before the loop, and has it the same value there as inside?"""

    changed: frozenset[Symbol]  # in the loop, or born there
    named: frozenset[Symbol]  # in the loop, and so visible there
    writes: tuple[Type, ...]  # types of what the loop writes through pointers

    @classmethod
    def of(cls, facts: LoopFacts) -> Steady:
        statements = tuple(walk_statements(facts.loop))
        changed = frozenset(s for stmt in statements for s in _set_by(stmt))
        named = frozenset(s for stmt in statements for expr in expressions(stmt) for s in symbols(expr))
        written = (type_at(a.symbol, a.path) for a in facts.accesses if a.writes and a.path and a.symbol is not None)
        return cls(changed, named, tuple(written))

    def __call__(self, expr: Expr) -> bool:
        return all(self._part(part) for part in walk(expr))

    def _part(self, part: Expr) -> bool:
        match part:
            case Name(symbol=symbol):
                reached = symbol.address_taken or symbol.is_static or symbol.is_reference
                return (
                    symbol.type.kind == "integer"
                    and symbol.name.isidentifier()
                    and symbol not in self.changed
                    and (symbol in self.named or symbol.depth <= 1)
                    and not (reached and any(may_share_memory(kind, symbol.type) for kind in self.writes))
                )
            case Binary(op=op):
                return op in _ARITHMETIC
            case Constant() | Unary(op="-" | "+"):
                return True
            case _:
                return False


def _set_by(stmt: Stmt) -> Iterator[Symbol]:
    match stmt:
        case Assign(target=Name(symbol=symbol)) | Declare(symbol=symbol):
            yield symbol
        case _:
            pass


def is_wide(access: Access) -> bool:
    """Are the subscripts computed in a type wider than that of their variables?"""
    (step,) = access.path
    assert isinstance(step, Subscripts)
    return any(isinstance(part, Cast) for index in step.indices for part in walk(index))


def is_constant(*polys: Mapping[tuple[Key, ...], int]) -> bool:
    return all(not monomial for poly in polys for monomial in poly)


def spelled(poly: Poly, wide: bool) -> str:
    """The value as source text; `wide`: products must not be computed in `int`."""
    text = ""
    terms = sorted(poly.items(), key=lambda term: (term[1] < 0, -len(term[0]), tuple(map(rank, term[0]))))
    for monomial, value in terms:
        factors = [_factor(key) for key in monomial]
        if wide and len(factors) > 1:
            factors[0] = f"(long long){factors[0]}"
        if abs(value) != 1 or not factors:
            factors.insert(0, str(abs(value)))
        term = " * ".join(factors)
        if not text:
            text = term if value > 0 else f"-{term}"
        else:
            text += f" + {term}" if value > 0 else f" - {term}"
    return text or "0"


def _factor(key: Key) -> str:
    assert isinstance(key, (Name, Binary, Unary))
    return spell(key) if isinstance(key, Name) else f"({spell(key)})"


def is_written(key: Key) -> bool:
    """Can the key be written before the loop? `Steady` has seen its names."""
    return isinstance(key, (Name, Binary, Unary))
