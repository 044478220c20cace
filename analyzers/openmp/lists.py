"""A loop over a linked list with a task for each node (OpenMP 5.2 §12.5): the edits, and what they take for granted.

One thread walks the list; the nodes are worked on by all. Nothing is proved here: that no node stands in the list twice
is a property of the data. So it is offered only where all that the work writes belongs to the node, as far as it is
seen, and where there is enough of it for a task.
"""

from __future__ import annotations

from collections.abc import Sequence

from analyzers.dependence import effects
from analyzers.dependence.facts import FunctionFacts, LoopFacts
from analyzers.ir.accesses import Member
from analyzers.ir.expressions import Binary, Cast, Constant, Element, Expr, Field, Name
from analyzers.ir.notation import Notation
from analyzers.ir.statements import (
    Assign,
    Construct,
    Declare,
    Evaluate,
    Jump,
    Loop,
    Stmt,
    Unknown,
    calls_of,
    walk_statements,
)
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Edit, Fix
from analyzers.openmp import cost
from analyzers.openmp.edits import Place
from analyzers.text import Span, line_break, line_start
from analyzers.words import listed

PAYS = 10_000.0  # operations of work on a node: a task costs some hundred


def fixes(function: FunctionFacts, facts: LoopFacts, place: Place, text: bytes) -> tuple[Fix, ...]:
    """The loop with a task for each node, if it walks a list; `text` is the function's."""
    if place.problem is not None or facts.governed_by is not None or facts.inside_parallel:
        return ()
    walked = _walked(facts.loop)
    if walked is None:
        return ()
    node, link, work = walked
    unseen = _unseen(function, facts, node, link, work)
    edits = None if unseen is None else _edits(facts.loop, node, work, place, function.function.notation, text)
    if unseen is None or edits is None:
        return ()
    assumed = ["no node stands in the list twice", "the work on one touches neither another one nor the links"]
    if unseen:
        assumed.append(f"calls of {listed([f'`{name}`' for name in unseen])} may run at the same time")
    note = f"right only if {listed(assumed)}; pays where a node is worth some microseconds"
    return (Fix(f"make a task for each `{node.name}`", edits, False, note),)


def _walked(loop: Loop) -> tuple[Symbol, str, tuple[Stmt, ...]] | None:
    """The pointer that walks, the member it follows, and the statements that work on a node."""
    body = loop.body.statements
    if loop.kind == "for" and len(loop.step) == 1:
        step, work = loop.step[0], body
    elif loop.kind == "while" and len(body) > 1:
        step, work = body[-1], body[:-1]
    else:
        return None
    match step:
        case Assign(
            target=Name(symbol=node),
            op=None,
            value=Field(base=Element(base=Name(symbol=other), subscripts=(Constant(value=0),)), name=link),
        ) if node == other and node.is_pointer and _is_end(loop.condition, node):
            return node, link, work
        case _:
            return None


def _is_end(condition: Expr | None, node: Symbol) -> bool:
    match condition:
        case Name(symbol=symbol):
            return symbol == node
        case Binary(op="!=", left=Name(symbol=symbol), right=right):
            while isinstance(right, Cast):
                right = right.operand
            return symbol == node and isinstance(right, Constant) and right.value == 0
        case _:
            return False


def _unseen(
    function: FunctionFacts, facts: LoopFacts, node: Symbol, link: str, work: Sequence[Stmt]
) -> list[str] | None:
    """The functions of which nothing is known but that the work calls them; None where it is no work for tasks."""
    statements = [s for stmt in work for s in walk_statements(stmt)]
    if any(isinstance(s, (Construct, Jump, Unknown)) for s in statements):
        return None
    own = {s.symbol for s in statements if isinstance(s, Declare) and not s.symbol.is_static}
    inside = {id(s) for s in statements}
    unseen: dict[str, None] = {}
    works = cost.works(function)
    loops = [works[id(s)] for s in statements if isinstance(s, Loop)]
    heavy = any(not work.bounded or work.operations >= PAYS for work in loops)
    for call in (call for s in statements for call in calls_of(s)):
        effect = function.effects.get(call.name or "")
        if call.name is None or effect is None:
            return None
        if effect.io or effect.exits or effect.state or effect.writes or effect.synchronizes:
            return None
        if effect.unknown is not None:
            unseen[call.name] = None
        heavy = heavy or (effect.transparent is None and effects.library(call.name) is None)
    for access in facts.accesses:
        if id(access.statement) not in inside or not access.writes or access.call in unseen:
            continue
        if access.symbol is None or (access.symbol != node and access.symbol not in own):
            return None
        if access.symbol == node and access.call is None and (len(access.path) < 2 or access.path[1] == Member(link)):
            return None  # the walk itself, a whole node, or the way to the next one
    return list(unseen) if heavy else None


def _edits(
    loop: Loop, node: Symbol, work: Sequence[Stmt], place: Place, notation: Notation, text: bytes
) -> tuple[Edit, ...] | None:
    """The team and its one walker above the loop, and the work in a block of its own."""
    newline = line_break(text)
    above = [notation.directive("parallel"), notation.directive("single")]
    head = "".join(f"{place.indent}{line}{newline}" for line in above)
    if not place.own_line:
        head = f"{newline}{head}{place.indent}"
    task = notation.directive("task", f"firstprivate({node.name})")
    start, end = loop.body.span.start, loop.body.span.end
    if len(work) == 1 and loop.kind == "for" and isinstance(work[0], (Assign, Evaluate)):
        at = work[0].span.start
        lone = not text[line_start(text, at) : at].strip()
        inner = text[line_start(text, at) : at].decode() if lone else f"{place.indent}    "
        before = f"{task}{newline}{inner}" if lone else f"{newline}{inner}{task}{newline}{inner}"
        blank = 0 if lone else len(text[:at]) - len(text[:at].rstrip(b" \t"))
        return Edit(Span(place.offset, place.offset), head), Edit(Span(at - blank, at), before)
    if text[start : start + 1] != b"{" or text[end - 1 : end] != b"}":
        return None
    last = loop.body.statements[-1].span.start if loop.kind == "while" else end - 1
    if text[line_start(text, last) : last].strip() or not text[start + 1 :].lstrip(b" \t").startswith((b"\n", b"\r")):
        return None  # not laid out in lines
    first = text[start + 1 :].lstrip(b" \t\r\n")
    at = len(text) - len(first)
    inner = text[line_start(text, at) : at].decode("utf-8", "replace")
    opened = f"{newline}{inner}{task}{newline}{inner}{{"
    closed = f"{inner}}}{newline}"
    return (
        Edit(Span(place.offset, place.offset), head),
        Edit(Span(start + 1, start + 1), opened),
        Edit(Span(line_start(text, last), line_start(text, last)), closed),
    )
