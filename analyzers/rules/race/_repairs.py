"""Repairs of races: exact edits that may be right. Whether one is, is asked of the analysis itself before anybody sees
it (`analyzers.repairs`), so that what stands here proposes and does not prove."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzers.ir.accesses import Subscripts
from analyzers.ir.expressions import Name, root, symbols
from analyzers.ir.statements import (
    Assign,
    Block,
    Construct,
    Declare,
    Evaluate,
    If,
    Loop,
    Stmt,
    substatements,
    walk_statements,
)
from analyzers.ir.verdicts import Edit, Fix
from analyzers.openmp import clauses
from analyzers.openmp.facts import PlacedAccess
from analyzers.openmp.sharing import associated_loops
from analyzers.rules.race._defects import Defect
from analyzers.rules.registry import Context
from analyzers.text import Span, line_break, line_start

_ATOMIC = ("+", "-", "*", "/", "&", "|", "^", "<<", ">>")


def some(*fixes: Fix | None) -> tuple[Fix, ...]:
    """Those that there are, each once."""
    return tuple(dict.fromkeys(fix for fix in fixes if fix is not None))


# --- clauses --------------------------------------------------------------------------------------------------------


def clause(defect: Defect, name: str, note: str, item: str | None = None, op: str | None = None) -> Fix | None:
    """The variable gets another attribute where the work is shared out; None where no clause can give it."""
    directive = defect.construct.directive
    if not clauses.takes(directive, name):
        return None
    if any(p.executor.kind == "task" for p in _of(defect)):
        return None  # a task would get a copy of the copy
    inner = (s.directive for s in walk_statements(defect.construct) if isinstance(s, Construct))
    if any(each is not directive and clauses.given(each, defect.symbol) for each in inner):
        return None  # a construct inside combines or copies it, and needs the shared one (OpenMP 5.2 §5.5.8)
    if defect.named_in_calls:
        return None  # a function that is called names the original
    item = item or defect.name
    edits = clauses.move(directive, defect.symbol, name, item, op)
    written = clauses.text_of(name, item, op)
    given = clauses.given(directive, defect.symbol)
    title = f"add `{written}`" if not given else f"move `{defect.name}` to `{written}`"
    return Fix(title, edits, True, note)


def private(context: Context, defect: Defect) -> Fix | None:
    """A variable that the region writes first and nothing uses behind it belongs to each thread."""
    symbol, span = defect.symbol, defect.region.construct.span
    mine = context.accesses_to(symbol)
    if symbol.is_static or symbol.address_taken or defect.race.element or any(a.span.start >= span.end for a in mine):
        return None
    first = min((a for a in mine if span.contains(a.span)), key=lambda a: a.order, default=None)
    if first is None or first.kind != "write" or first.guards:
        return None
    return clause(defect, "private", "each thread has its own copy")


# --- mutual exclusion -----------------------------------------------------------------------------------------------


def atomic(context: Context, defect: Defect) -> Fix | None:
    """`#pragma omp atomic` before every update of the variable (OpenMP 5.2 §15.8.4)."""
    if defect.named_in_calls or any(p.access.call is not None for p in _of(defect)):
        return None  # what protects it there is not seen from here
    edits: dict[Edit, None] = {}
    for placed in _unprotected(defect):
        access, statement = placed.access, placed.access.statement
        if access.kind == "read" and isinstance(statement, Assign) and access.symbol in _updated(statement):
            continue  # the old value of `x = x + e`
        edit = _atomic_before(context, placed)
        if edit is None:
            return None
        edits[edit] = None
    if not edits:
        return None
    what = "the update" if len(edits) == 1 else "the updates"
    note = "each update happens at once; threads that meet wait for each other"
    return Fix(f"make {what} atomic", tuple(edits), True, note)


def atomic_access(context: Context, placed: PlacedAccess) -> Fix | None:
    """An access on its own becomes atomic as the others are: an update, a read or a write."""
    access, statement = placed.access, placed.access.statement
    edit = _atomic_before(context, placed)
    if edit is not None:
        note = "each update happens at once; threads that meet wait for each other"
        return Fix("make the update atomic", (edit,), True, note)
    if not isinstance(statement, Assign) or statement.op is not None or access.call is not None:
        return None
    if access.kind == "read" and context.text[access.span.start : access.span.end] == _right_side(context, statement):
        edit = directive_before(context, statement.span.start, "atomic read")
        return None if edit is None else Fix("make the read atomic", (edit,), True, "the value is read in one piece")
    if access.kind == "write" and access.symbol not in _read(context, statement):
        edit = directive_before(context, statement.span.start, "atomic write")
        return (
            None if edit is None else Fix("make the write atomic", (edit,), True, "the value is written in one piece")
        )
    return None


def critical(context: Context, defect: Defect) -> Fix | None:
    """One thread at a time runs the statement that holds all accesses."""
    statement = _around(defect, (Assign, Evaluate, If))
    if defect.named_in_calls and not all(p.access.call is not None and not p.locks for p in _of(defect)):
        return None  # what protects it there is not seen from here
    if not any(p.access.reads for p in _unprotected(defect)):
        return None  # which thread writes last would be chance as before
    wanted = statement is not None and _is_team(defect)
    edit = directive_before(context, statement.span.start, "critical") if statement is not None and wanted else None
    if edit is None:
        return None
    return Fix("make the statement critical", (edit,), True, "one thread at a time runs it; the others wait")


def same_critical(context: Context, bare: PlacedAccess, held: PlacedAccess) -> Fix | None:
    """The statement of an access takes the critical name that the other one holds."""
    names = [lock.removeprefix("critical:") for lock in held.locks if lock.startswith("critical:")]
    statement = bare.access.statement
    if held.access.call is not None or len(names) != 1 or not isinstance(statement, (Assign, Evaluate)):
        return None
    written = f"critical({names[0]})" if names[0] else "critical"
    written += _hint(context, names[0])
    edit = directive_before(context, statement.span.start, written)
    if edit is None:
        return None
    return Fix(f"protect this access too: `{written}`", (edit,), True, "one thread at a time is in either of the two")


def _hint(context: Context, name: str) -> str:
    """The hint of the critical constructs of a name: all of them have the same one (OpenMP 5.2 §15.2)."""
    for stmt in walk_statements(context.facts.function.body):
        if isinstance(stmt, Construct) and stmt.directive.has("critical"):
            given, hint = stmt.directive.first("name"), stmt.directive.first("hint")
            if hint is not None and name == (given.items[0].text if given is not None and given.items else ""):
                return f" {context.text[hint.span.start : hint.span.end].decode('utf-8', 'replace')}"
    return ""


def ordered(context: Context, defect: Defect) -> Fix | None:
    """The statement that holds all accesses runs in the order of the iterations (OpenMP 5.2 §15.10.2)."""
    directive = defect.construct.directive
    statement = _around(defect, (Assign, Evaluate, If))
    if statement is None or not directive.has("for") or directive.has("simd") or directive.first("ordered") is not None:
        return None
    if len(defect.race.first.access.loops) > len(associated_loops(defect.construct)):
        return None  # once in each iteration at most
    edit = directive_before(context, statement.span.start, "ordered")
    if edit is None:
        return None
    at = clauses.end_of(directive)
    note = "the iterations take turns there; only what stands beside it runs at the same time"
    return Fix("run the statement in the order of the iterations", (Edit(Span(at, at), " ordered"), edit), False, note)


# --- order ----------------------------------------------------------------------------------------------------------


def no_nowait(construct: Construct) -> Fix | None:
    """Threads wait at the end of the construct again."""
    nowait = construct.directive.first("nowait")
    if nowait is None:
        return None
    note = "all threads wait at the end of the construct"
    return Fix("remove `nowait`", (clauses.remove(construct.directive, nowait),), True, note)


def barrier(context: Context, defect: Defect, first: PlacedAccess, second: PlacedAccess) -> Fix | None:
    """All threads wait between the two accesses, in the block that holds both."""
    between = _between(defect, first, second) if _is_team(defect) else None
    edit = directive_before(context, between.span.start, "barrier") if between is not None else None
    if edit is None:
        return None
    return Fix("insert a barrier", (edit,), True, "all threads wait for those that are not done")


def single_for(construct: Construct) -> Fix | None:
    """`single` for `master`: one thread does the work, and the others wait for it."""
    directive = construct.directive
    if directive.name not in ("master", "masked") or directive.clauses:
        return None
    note = "any one thread does it, and the others wait at its end; not where it has to be the primary thread"
    return Fix(f"write `single` for `{directive.name}`", (Edit(directive.name_span, "single"),), False, note)


def single(context: Context, defect: Defect) -> Fix | None:
    """One thread runs the statement, and the others wait for it."""
    statement = _around(defect, (Assign,), writes=True) if _is_team(defect) else None
    if statement is None or not isinstance(statement, Assign) or statement.op is not None:
        return None
    edit = directive_before(context, statement.span.start, "single")
    if edit is None:
        return None
    return Fix("let one thread do it: `single`", (edit,), True, "one thread runs it, and the others wait for it")


def divided(context: Context, defect: Defect) -> Fix | None:
    """The threads share the iterations of the loop that each of them runs whole."""
    loops = [s for s in _path(defect.region.construct, defect.race.first.access.span) if isinstance(s, Loop)]
    wanted = bool(loops) and loops[0].kind == "for" and _is_team(defect)
    edit = directive_before(context, loops[0].span.start, "for") if wanted else None
    if edit is None:
        return None
    note = "the threads share the iterations; now each of them runs them all"
    return Fix("divide the loop: `for`", (edit,), False, note)


def taskwait(context: Context, defect: Defect) -> Fix | None:
    """What is created first is done before the second goes on."""
    race = defect.race
    first, second = sorted((race.first, race.second), key=lambda placed: placed.access.order)
    between = _between(defect, first, second)
    edit = directive_before(context, between.span.start, "taskwait") if between is not None else None
    if edit is None:
        return None
    return Fix("insert a taskwait", (edit,), True, "the tasks created so far are done before the code goes on")


def depend(context: Context, defect: Defect) -> Fix | None:
    """Both tasks name the storage, so that they run in the order of their creation (OpenMP 5.2 §15.9.5)."""
    race = defect.race
    edits: dict[Edit, None] = {}
    for placed in (race.first, race.second):
        construct = placed.executor.construct
        if placed.executor.kind != "task" or construct is None or placed.access.call is not None:
            return None
        if not _is_known_outside(placed, construct):
            return None
        kind = {"read": "in", "write": "out", "update": "inout"}[placed.access.kind]
        item = context.text[placed.access.span.start : placed.access.span.end].decode("utf-8", "replace")
        at = clauses.end_of(construct.directive)
        edits[Edit(Span(at, at), f" depend({kind}: {item})")] = None
    if race.first.executor.construct is race.second.executor.construct:
        return None
    return Fix("order the tasks with `depend`", tuple(edits), True, "they run in the order in which they are created")


def _is_known_outside(placed: PlacedAccess, construct: Construct) -> bool:
    """Does the place mean the same where the task is created: is nothing in its subscripts declared or changed in the
    task?"""
    changed = {s.symbol for s in walk_statements(construct) if isinstance(s, Declare)}
    changed |= {
        s.target.symbol for s in walk_statements(construct) if isinstance(s, Assign) and isinstance(s.target, Name)
    }
    indices = (i for step in placed.access.path if isinstance(step, Subscripts) for i in step.indices)
    return not any(symbol in changed for index in indices for symbol in symbols(index))


def serial(context: Context, defect: Defect) -> Fix | None:
    """The directive goes, and the loop runs as it is written."""
    construct = defect.construct
    directive, body = construct.directive, construct.body
    if body is None or not associated_loops(construct) or directive.span.start == directive.span.end:
        return None
    if not directive.has("parallel", "simd") or any(isinstance(s, Construct) for s in walk_statements(body)):
        return None
    text = context.text
    start = line_start(text, directive.span.start)
    end = text.find(b"\n", directive.span.end)
    if start == 0 or end < 0 or text[start : directive.span.start].strip() or text[directive.span.end : end].strip():
        return None
    note = "the loop runs serially: right, and no faster than without OpenMP"
    return Fix("remove the directive", (Edit(Span(start, end + 1), ""),), False, note)


# --- places ---------------------------------------------------------------------------------------------------------


def directive_before(context: Context, offset: int, name: str) -> Edit | None:
    """The edit that puts a directive before the line on which `offset` is the first thing; None where it is not."""
    text = context.text
    start = line_start(text, offset)
    indent = text[start:offset]
    if start == 0 or indent.strip():
        return None
    line = context.facts.function.notation.directive(name)
    return Edit(Span(start, start), f"{indent.decode('ascii', 'replace')}{line}{line_break(text)}")


def _is_team(defect: Defect) -> bool:
    """Are those that race threads of one team? Between teams nothing waits and nothing excludes."""
    directive = defect.region.construct.directive
    return directive.has("parallel") or directive.span.start == directive.span.end


def _unprotected(defect: Defect) -> Iterator[PlacedAccess]:
    """The accesses of the region to the variable that no protection covers."""
    return (p for p in _of(defect) if not p.locks)


def _of(defect: Defect) -> Iterator[PlacedAccess]:
    """The accesses of the region to the variable."""
    return (p for p in defect.region.accesses if p.access.symbol == defect.symbol)


def _atomic_before(context: Context, placed: PlacedAccess) -> Edit | None:
    access, statement = placed.access, placed.access.statement
    if access.call is not None or not isinstance(statement, Assign) or statement.op not in _ATOMIC:
        return None
    if access.kind != "update":
        return None
    return directive_before(context, statement.span.start, "atomic")


def _updated(statement: Assign) -> set[object]:
    base = root(statement.target)
    return {base.symbol} if isinstance(base, Name) and statement.op is not None else set()


def _read(context: Context, statement: Assign) -> set[object]:
    return {a.symbol for a in context.facts.accesses if a.statement is statement and a.reads}


def _right_side(context: Context, statement: Assign) -> bytes:
    text = context.text[statement.span.start : statement.span.end]
    return text.partition(b"=")[2].strip().rstrip(b";").strip()


def _around(defect: Defect, kinds: tuple[type, ...], writes: bool = False) -> Stmt | None:
    """The smallest statement of these kinds that holds every access of the region to the variable that is not
    protected, or every write."""
    spans = [p.access.span for p in _unprotected(defect) if p.access.writes or not writes]
    path = _common(defect.region.construct, spans)
    return next((s for s in reversed(path) if isinstance(s, kinds)), None)


def _between(defect: Defect, first: PlacedAccess, second: PlacedAccess) -> Stmt | None:
    """The statement that holds the second access and not the first, in the innermost block that holds both."""
    path = _common(defect.region.construct, (first.access.span, second.access.span))
    block = next((s for s in reversed(path) if isinstance(s, Block)), None)
    if block is None:
        return None
    found = next((s for s in block.statements if s.span.contains(second.access.span)), None)
    return None if isinstance(found, Declare) and found.span.contains(first.access.span) else found


def _path(construct: Construct, span: Span) -> list[Stmt]:
    return _common(construct, (span,))


def _common(construct: Construct, spans: Iterable[Span]) -> list[Stmt]:
    """The statements of a region that hold all the spans, outermost first."""
    wanted = list(spans)
    found: list[Stmt] = []
    below: tuple[Stmt, ...] = (construct.body,) if construct.body is not None and wanted else ()
    while below:
        inner = next((s for s in below if all(s.span.contains(span) for span in wanted)), None)
        if inner is None:
            break
        found.append(inner)
        below = substatements(inner)
    return found
