"""Where each loop of a function stands: its parent, its depth, the directive that governs it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analyzers.ir.directives import LOOP_ASSOCIATED, TEAM_MAKERS
from analyzers.ir.expressions import Constant
from analyzers.ir.statements import Block, Construct, Function, Loop, Stmt, substatements


@dataclass(frozen=True, slots=True)
class Place:
    """A loop and its surroundings. `governed_by` is the construct whose associated loop it is (also as the second loop
    of `collapse(2)`); `region` the innermost parallel region that surrounds it lexically."""

    loop: Loop
    parent: Loop | None
    depth: int
    governed_by: Construct | None
    region: Construct | None

    @property
    def inside_parallel(self) -> bool:
        return self.region is not None

    @property
    def is_shared_out(self) -> bool:
        """Do the threads of a region take its iterations, each one some of them, one after the other?"""
        construct = self.governed_by
        return (
            self.region is not None
            and construct is not None
            and construct.directive.name == "for"
            and associated_loops(construct) == 1
        )


@dataclass(frozen=True, slots=True)
class _Visit:
    stmt: Stmt
    parent: Loop | None
    depth: int
    governed_by: Construct | None
    levels: int  # how many more loops `governed_by` associates
    region: Construct | None


def places(function: Function) -> Iterator[Place]:
    """Every loop of the function, outer ones first, in textual order."""
    stack = [_Visit(function.body, None, 0, None, 0, None)]
    while stack:
        at = stack.pop()
        match at.stmt:
            case Loop() as loop:
                governed_by = at.governed_by if at.levels > 0 else None
                yield Place(loop, at.parent, at.depth, governed_by, at.region)
                levels = max(at.levels - 1, 0)
                below = [_Visit(s, loop, at.depth + 1, at.governed_by, levels, at.region) for s in substatements(loop)]
            case Construct(directive=directive, body=body):
                region = at.stmt if directive.has(*TEAM_MAKERS) else at.region
                levels = associated_loops(at.stmt) if directive.has(*LOOP_ASSOCIATED) else 0
                below = [] if body is None else [_Visit(body, at.parent, at.depth, at.stmt, levels, region)]
            case Block(statements=statements) if len(statements) == 1:
                below = [_Visit(statements[0], at.parent, at.depth, at.governed_by, at.levels, at.region)]
            case Block(statements=statements):
                # Declarations may precede the loop of an associated nest; anything else ends it.
                loops = [s for s in statements if isinstance(s, Loop)]
                levels = at.levels if len(loops) == 1 else 0
                below = [_Visit(s, at.parent, at.depth, at.governed_by, levels, at.region) for s in statements]
            case other:
                below = [_Visit(s, at.parent, at.depth, None, 0, at.region) for s in substatements(other)]
        stack.extend(reversed(below))


def associated_loops(construct: Construct) -> int:
    """How many loops of the nest belong to the construct: `collapse(n)` or `ordered(n)`, otherwise one (§4.4)."""
    count = 1
    for clause in construct.directive.all("collapse", "ordered"):
        for item in clause.items:
            if isinstance(item.expr, Constant) and isinstance(item.expr.value, int):
                count = max(count, item.expr.value)
    return count
