"""Exact edits of clauses: a variable enters one, or moves from one to another."""

from __future__ import annotations

from analyzers.ir.directives import Clause, Directive
from analyzers.ir.expressions import Name, root
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Edit
from analyzers.standards.openmp import DIRECTIVES
from analyzers.standards.openmp_clauses import CLAUSES
from analyzers.text import Span


def end_of(directive: Directive) -> int:
    """Where a further clause goes: behind the last one, before any comment."""
    return max((c.span.end for c in directive.clauses), default=directive.name_span.end)


def given(directive: Directive, symbol: Symbol) -> tuple[tuple[Clause, int], ...]:
    """The data-sharing clauses that list a variable, each with the position of the item."""
    found: list[tuple[Clause, int]] = []
    for clause in directive.clauses:
        rule = CLAUSES.get(clause.name)
        if rule is None or rule.sharing is None:
            continue
        for position, item in enumerate(clause.items):
            base = root(item.expr) if item.expr is not None else None
            if isinstance(base, Name) and base.symbol == symbol:
                found.append((clause, position))
    return tuple(found)


def text_of(clause: str, item: str, op: str | None = None) -> str:
    """A clause as it is written: `private(t)`, `reduction(+:s)`."""
    return f"{clause}({op}:{item})" if op is not None else f"{clause}({item})"


def add(directive: Directive, clause: str, item: str, op: str | None = None) -> tuple[Edit, ...]:
    """The edits that put `item` into `clause`, into one that is there already where that takes it."""
    wanted = () if op is None else (op,)
    for existing in directive.all(clause):
        if existing.modifiers == wanted and existing.items:
            at = existing.items[-1].span.end
            return (Edit(Span(at, at), f", {item}"),)
    at = end_of(directive)
    return (Edit(Span(at, at), f" {text_of(clause, item, op)}"),)


def move(directive: Directive, symbol: Symbol, clause: str, item: str, op: str | None = None) -> tuple[Edit, ...]:
    """The edits after which `clause` gives the attribute of a variable and no other data-sharing clause lists it."""
    edits: list[Edit] = []
    placed = False
    for existing, position in given(directive, symbol):
        if len(existing.items) > 1:
            edits.append(Edit(item_span(existing, position), ""))
        elif placed:
            edits.append(Edit(existing.span, ""))
        else:
            edits.append(Edit(existing.span, text_of(clause, item, op)))
            placed = True
    if not placed:
        edits += add(directive, clause, item, op)
    return tuple(edits)


def remove(directive: Directive, clause: Clause) -> Edit:
    """The edit that takes a clause away, with the blanks before it."""
    ends = (c.span.end for c in directive.clauses if c.span.end <= clause.span.start)
    return Edit(Span(max(ends, default=directive.name_span.end), clause.span.end), "")


def item_span(clause: Clause, position: int) -> Span:
    """An item with the comma that goes with it."""
    items = clause.items
    if position + 1 < len(items):
        return Span(items[position].span.start, items[position + 1].span.start)
    return Span(items[position - 1].span.end, items[position].span.end)


def takes(directive: Directive, clause: str) -> bool:
    """May the clause stand on the directive?"""
    rule = DIRECTIVES.get(directive.name)
    return rule is not None and clause in rule.clauses
