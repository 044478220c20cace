"""A function calls itself for independent parts of its work, one after the other.

What it finds
A function that calls itself two or more times in a row where no call needs what another one does, and in which it can
be seen from a parameter, or from the distance of two, how much is left to do: `fib(n - 1)` and `fib(n - 2)`, the two
halves of an array. That calls work on different parts of an array is not proved but assumed, and shown on request.

Why it matters
Every call splits the work, so a few levels down there is enough for all cores. As it is written, one core does it all.

Example
Bad:

    double total(const double *x, int n)
    {
        if (n == 1)
            return x[0];
        double left = total(x, n / 2);
        double right = total(x + n / 2, n - n / 2);
        return left + right;
    }

Good:

    static double total_serial(const double *x, int n)
    {
        if (n == 1)
            return x[0];
        double left = total_serial(x, n / 2);
        double right = total_serial(x + n / 2, n - n / 2);
        return left + right;
    }

    double total(const double *x, int n)
    {
        if (n <= 10000)
            return total_serial(x, n);
        double left;
        #pragma omp task shared(left)
        left = total(x, n / 2);
        double right = total(x + n / 2, n - n / 2);
        #pragma omp taskwait
        return left + right;
    }

Fix
Make each call but the last, which the thread runs itself, a task, and wait for them before their results are used.
Below a cut-off hand over to a copy of the function as it was: a task costs as much as some hundred operations, and code
with tasks in it is slower even where none is made. Call the function once from `#pragma omp parallel` with `#pragma omp
single`; without a parallel region everything runs as before. A function whose name says `serial` or `seq` is meant so.

References
OpenMP 5.2 §12.5 (task construct), §15.5 (taskwait construct), §5.1.1 (data-sharing attribute rules)
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analyzers.dependence.facts import FunctionFacts
from analyzers.ir.expressions import Binary, Call, Conditional, Constant, Expr, Name, calls_in, symbols, walk
from analyzers.ir.statements import Assign, Declare, Jump, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Assumption, Edit, Finding, Fix
from analyzers.openmp import calls, tasks
from analyzers.rules.registry import Context, Rule
from analyzers.words import listed

DEPTH = 20  # where each call leaves one less to do: below, two calls for each make less than a million
SIZE = 10_000  # elements, where each call takes a part of them
_MEANT = re.compile(r"(?:^|_)(?:serial|seq|sequential)(?:_|$)|::")  # and methods, which have no copy beside them


@dataclass(frozen=True, slots=True)
class CutOff:
    """What says how much is left to do, and up to which value a thread does it alone."""

    size: str
    limit: int


def check(context: Context) -> Iterator[Finding]:
    function = context.facts.function
    effect = context.facts.effects.get(function.name)
    if function.name not in function.callees or _MEANT.search(function.name) or not calls.harmless(effect):
        return
    assert effect is not None
    for sites in calls.runs(function.body, context.text, lambda call: call.name == function.name):
        found = [site.call for site in sites]
        assumed = calls.independent(sites, context.facts)
        cut = _cut_off(found, context.facts)
        if assumed is not None and cut is not None:
            yield from _finding(context, found, assumed, cut, tasks.in_a_row(context.text, sites, function))
    if not effect.pure:
        return
    for stmt in walk_statements(function.body):
        if isinstance(stmt, Jump) and stmt.kind == "return" and stmt.value is not None:
            found = _operands(stmt.value, function.name)
            cut = _cut_off(found, context.facts) if found else None
            edits = tasks.returned(context.text, stmt, found, function)
            if cut is not None and edits:
                yield from _finding(context, found, calls.by_name(effect), cut, edits)


def _finding(
    context: Context, found: Sequence[Call], assumed: Sequence[Assumption], cut: CutOff, edits: Sequence[Edit]
) -> Iterator[Finding]:
    name = context.facts.function.name
    strong = any(a.strength == "strong" for a in assumed)
    copied = tasks.below(context.text, context.facts.function, found[0], f"{cut.size} <= {cut.limit}")
    if not copied:
        return
    fix = Fix(
        "make the calls tasks",
        (*copied, *edits),
        safe=False,
        note=f"`{name}_serial` goes on where `{cut.size}` is {cut.limit} or less; "
        f"call `{name}` once from `#pragma omp parallel` and `#pragma omp single`",
    )
    yield Finding(
        RULE.code,
        RULE.category,
        RULE.severity,
        "possible" if strong else "likely",
        found[0].span,
        f"`{name}` calls itself {len(found)} times for work that can be done at the same time",
        label="waits for this call before the next one starts",
        why="No call needs what another one computes"
        + (f", if {listed([a.text for a in assumed])}." if assumed else "."),
        fixes=(fix,),
        facts={"function": name, "size": cut.size},
        assumptions=tuple(assumed),
    )


# Where tasks stop to pay


def _cut_off(found: Sequence[Call], facts: FunctionFacts) -> CutOff | None:
    """Where there is too little to do for a task, None where no parameter tells."""
    params = facts.function.params
    if any(len(call.arguments) != len(params) for call in found):
        return None
    values = _values(facts)
    for position, symbol in enumerate(params):
        if symbol.type.kind != "integer" or symbol.is_reference:
            continue
        steps = [_step(call.arguments[position], symbol, values) for call in found]
        if all(step == 0 for step in steps):
            return CutOff(symbol.name, DEPTH)
        if all(steps):
            parts = min(step for step in steps if step)
            return CutOff(symbol.name, _enough(len(found), parts))
    return _distance(found, params)


def _enough(count: int, parts: int) -> int:
    """The size from which on there are SIZE things to do, if `count` calls take a `parts`-th of the size each: two
    halves are as much as the whole, of eight products of half the size that grows with the third power."""
    return round(math.pow(SIZE, min(1.0, math.log(parts) / math.log(count))))


def _values(facts: FunctionFacts) -> dict[Symbol, Expr]:
    """Local variables that are set once, where they are declared."""
    declared = {s.symbol: s.value for s in walk_statements(facts.function.body) if isinstance(s, Declare)}
    changed = {
        s.target.symbol
        for s in walk_statements(facts.function.body)
        if isinstance(s, Assign) and isinstance(s.target, Name)
    }
    return {s: v for s, v in declared.items() if v is not None and s not in changed and not s.address_taken}


def _step(value: Expr, size: Symbol, values: dict[Symbol, Expr]) -> int | None:
    """How an argument is made of the size: 0 for `n - 1`, which is a step less, 2 for `n / 2` and what that leaves."""
    if isinstance(value, Name) and value.symbol in values:
        value = values[value.symbol]
    match value:
        case Binary(op="-", left=Name(symbol=symbol), right=Constant(value=int() as less)) if symbol == size:
            return 0 if less > 0 else None
        case Binary(op="/", left=Name(symbol=symbol), right=Constant(value=int() as parts)) if symbol == size:
            return parts if parts > 1 else None
        case Binary(op=">>", left=Name(symbol=symbol), right=Constant(value=int() as bits)) if symbol == size:
            return 1 << bits if 0 < bits < 8 else None
        case Binary(op="-", left=Name(symbol=symbol), right=right) if symbol == size:
            return _step(right, size, values) or None
        case _:
            return None


def _distance(found: Sequence[Call], params: Sequence[Symbol]) -> CutOff | None:
    """`lo` and `hi` of calls for (lo, mid) and (mid, hi): the first call keeps one, the last call the other."""
    if len(found) < 2:
        return None
    first, last = found[0].arguments, found[-1].arguments
    integers = [p for p, symbol in enumerate(params) if symbol.type.kind == "integer" and not symbol.is_reference]
    for low in integers:
        for high in integers:
            kept = _is(first[low], params[low]) and _is(last[high], params[high])
            parted = _parts(first[high], params[high], params[low]) and _parts(last[low], params[low], params[high])
            if low != high and kept and parted:
                return CutOff(f"{params[high].name} - {params[low].name}", SIZE)
    return None


def _parts(value: Expr, own: Symbol, other: Symbol) -> bool:
    """Is it a place between the two, and not a neighbour of the one, as `row + 1` is?"""
    named = set(symbols(value))
    return bool(named) and (own not in named or other in named)


def _is(value: Expr, symbol: Symbol) -> bool:
    return isinstance(value, Name) and value.symbol == symbol


def _operands(value: Expr, name: str) -> list[Call]:
    """The calls of the function in an expression, if there are two or more and each of them always runs."""
    if any(isinstance(e, Conditional) or (isinstance(e, Binary) and e.op in ("&&", "||")) for e in walk(value)):
        return []
    found = list(calls_in(value))
    nested = any(list(calls_in(argument)) for call in found for argument in call.arguments)
    return found if len(found) > 1 and not nested and all(call.name == name for call in found) else []


RULE = Rule(
    "perf-serial-recursion",
    "perf",
    "hint",
    "a function calls itself for independent parts of its work, one after the other",
    "OpenMP 5.2 §12.5",
    check,
)
