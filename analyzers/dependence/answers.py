"""What is said of a pair of accesses once the solver has spoken: dependence, reason, witness."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

from analyzers.dependence import witness as concrete
from analyzers.dependence.domains import Headers, Instance, Variable
from analyzers.dependence.equations import Equations
from analyzers.dependence.facts import Conflict
from analyzers.dependence.spelling import spell, spell_access
from analyzers.ir.accesses import Access
from analyzers.ir.expressions import Binary, Cast, Conditional, Constant, Expr, Name, Unary, children, walk
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Assumption, Dependence, DependenceKind, Reason, Witness

_HUGE = 2**64  # no integer of a program is as large
_TEXTS = {
    "not-canonical": "a loop around the access is not counted",
    "bound-not-affine": "a loop bound is not affine in the indices",
    "guard-not-affine": "the access is under a condition that depends on data",
    "symbolic-step": "a loop advances by a step that is not known",
    "early-exit": "the loop may be left early",
    "goto": "the function contains a goto",
    "switch": "the access is in a switch",
    "call": "the access is made by a called function",
    "call-path": "a called function makes the access, perhaps not on every path",
    "unknown-call": "an unknown function may access this",
    "tainted": "code near the access could not be read",
    "union": "members of a union share memory",
    "volatile": "the object is volatile",
}
Terms = Sequence[tuple[Mapping[Variable, int], bool]]  # linear and whether it is == 0 instead of >= 0


def maybe(code: str, text: str, access: Access) -> Conflict:
    return Conflict("maybe", reason=Reason(code, text, access.span, subject(access)))


def none(equations: Equations, access: Access) -> Conflict:
    """No conflict, as far as the equations hold."""
    if equations.assumption is None:
        return Conflict("none")
    return Conflict("maybe", reason=unproved_range(equations, access), assumption=equations.assumption)


def unproved_range(equations: Equations, access: Access) -> Reason:
    """The subscripts of a linearised array may run into the next row."""
    if equations.assumption is None:
        return Reason("sub-array", "an access to a part of the array as a whole", access.span, subject(access))
    text = f"the iterations use different elements only if {equations.assumption.text}"
    return Reason("subscript-range", text, access.span, subject(access))


def subject(access: Access) -> str | None:
    return access.symbol.name if access.symbol is not None else None


def reason_of(a: Instance, b: Instance, equations: Equations) -> Reason | None:
    """Why the question was not asked exactly."""
    if equations.reason is not None:
        why = equations.reason
        shown = f"`{spell(why.expr)}` is {why.text}" if why.expr is not None else f"the subscript is {why.text}"
        return Reason(why.code, shown, a.access.span, subject(a.access))
    for side in (a, b):
        if not side.exact:
            code = side.reason or "inexact"
            text = side.text or _TEXTS.get(code, code)
            if side.access.call and (name := subject(side.access)) is not None:
                if code == "call":
                    text = f"`{side.access.call}` accesses `{name}`, which elements is not known"
                elif code == "unknown-call":
                    text = f"`{side.access.call}` may read and write `{name}`"
            return Reason(code, text, side.access.span, subject(side.access))
    if a.unclear != b.unclear:
        return Reason("guard-not-affine", _TEXTS["guard-not-affine"], a.access.span, subject(a.access))
    return None


def unknown_parameters(access: Access) -> Reason:
    text = "whether two iterations touch the same element depends on values that are not known"
    return Reason("depends-on-parameters", text, access.span, subject(access))


def better_direction(first: Access, second: Access, present: set[bool]) -> bool:
    """Is the first access the source? A flow dependence is told before the others."""
    if len(present) == 1:
        return next(iter(present))
    rank = {"flow": 0, "output": 1, "anti": 2}
    return rank[kind_of(first, second)] <= rank[kind_of(second, first)]


def kind_of(source: Access, sink: Access) -> DependenceKind:
    if source.writes and sink.reads:
        return "flow"
    return "output" if source.writes else "anti"


def dependence(first: Access, second: Access, forward: bool, distance: int | None, found: Witness | None) -> Dependence:
    source, sink = (first, second) if forward else (second, first)
    return Dependence(
        kind_of(source, sink),
        subject(source) or subject(sink) or "memory",
        source.span,
        sink.span,
        spell_access(source),
        spell_access(sink),
        distance,
        found,
        found is not None,
    )


def confirmed(
    a: Instance,
    b: Instance,
    forward: bool,
    values: Mapping[Variable, int],
    parameters: Iterable[Variable],
    headers: Headers,
) -> Witness | None:
    """The witness, if evaluation by the rules of the language agrees that both iterations run and touch one element."""
    known: dict[Symbol | Expr, int] = {p: values.get(p, 0) for p in parameters}  # type: ignore[misc]  # as below
    fixed: dict[Symbol | Expr, int] = {s: values.get(v, 0) for s, v in a.indices.items() if v[0] == "o"}
    if not _consistent(known, fixed):
        return None
    bindings = []
    for side in (a, b):
        binding = dict(known)
        binding.update((symbol, values.get(variable, 0)) for symbol, variable in side.indices.items())
        if not concrete.runs(side.access, headers, binding, side.unclear):
            return None
        bindings.append(binding)
    places = [concrete.element(side.access, binding) for side, binding in zip((a, b), bindings, strict=True)]
    if places[0] is None or places[1] is None or any(x != y for x, y in zip(*places, strict=False)):
        return None
    iterations = [
        tuple((s.name, binding[s]) for s in side.indices) for side, binding in zip((a, b), bindings, strict=True)
    ]
    if not forward:
        iterations.reverse()
    sizes = tuple((spell(e), v) for e, v in known.items() if not isinstance(e, Symbol))
    shown = spell_access(a.access, lambda e: str(concrete.evaluate(e, bindings[0])))
    return Witness(iterations[0], iterations[1], shown, sizes)


def _consistent(known: dict[Symbol | Expr, int], fixed: Mapping[Symbol | Expr, int]) -> bool:
    """Replaces parameters that are computed from others (and from indices that are the same in both executions) by
    those; False where no small values give what they should."""
    for parameter in [k for k in known if isinstance(k, (Binary, Unary, Conditional, Cast))]:
        value = known.pop(parameter)
        leaves = [e for e in _leaves(parameter) if e not in known and not (isinstance(e, Name) and e.symbol in fixed)]
        if len(leaves) > 2:
            return False
        for guess in itertools.product((value, *range(9)), repeat=len(leaves)):
            tried = dict(known)
            tried.update(fixed)
            tried.update(zip(leaves, guess, strict=True))
            if concrete.evaluate(parameter, tried) == value:
                known.update(zip(leaves, guess, strict=True))
                break
        else:
            return False
    return True


def _leaves(expr: Expr) -> list[Expr]:
    """What a parameter is computed from: names and values from memory."""
    found: dict[Expr, None] = {}
    stack = [expr]
    while stack:
        top = stack.pop()
        if isinstance(top, (Binary, Unary, Conditional, Cast)):
            stack.extend(children(top))
        elif not isinstance(top, Constant) and not (isinstance(top, Name) and top.symbol.storage == "constant"):
            found[top] = None
    return list(found)


def reach_of_guards(a: Instance, b: Instance) -> int:
    """A dependence under `i > 100` is one of every run with more iterations than that."""
    total = 0
    for side in (a, b):
        for guard in side.access.guards:
            for count, each in enumerate(walk(guard.condition)):
                if isinstance(each, Constant) and isinstance(each.value, int):
                    total += abs(each.value)
                if count > 50:
                    break
    return min(2 * total, 100_000)


def condition(cases: Sequence[Terms]) -> Assumption | None:
    """A condition on parameters as an assumption: one of the cases holds."""
    cases = [case for case in map(_possible, cases) if case is not None]
    if not cases or len(cases) > 3 or any(len(case) > 3 for case in cases):
        return None
    texts = []
    for case in cases:
        parts = [_comparison(linear, equality) for linear, equality in case]
        if not parts or any(p is None for p in parts):
            return None
        texts.append(" and ".join(f"`{p}`" for p in parts))
    named = [v for case in cases for linear, _ in case for v, f in linear.items() if f and _is_expr(v)]
    subjects = tuple(dict.fromkeys(spell(v) for v in named))  # type: ignore[arg-type]  # parameters are expressions
    return Assumption("condition", " or ".join(texts), "strong", subjects)


def _possible(case: Terms) -> Terms | None:
    """A case without what always holds; None where it never does: no count is as large as integers can be."""
    kept = []
    for linear, equality in case:
        factors = [factor for variable, factor in linear.items() if factor and variable is not None]
        distance = linear.get(None, 0) if len(factors) == 1 and abs(factors[0]) == 1 else 0
        if distance <= -_HUGE or (equality and distance >= _HUGE):
            return None
        if distance < _HUGE:
            kept.append((linear, equality))
    return kept


def _is_expr(variable: Variable) -> bool:
    return variable is not None and not isinstance(variable, tuple)


def _comparison(linear: Mapping[Variable, int], equality: bool) -> str | None:
    """`k >= n`: positive terms on the left, negative ones on the right."""
    sides: tuple[list[str], list[str]] = ([], [])
    for variable, factor in linear.items():
        if not factor or variable is None:
            continue
        if isinstance(variable, tuple):
            return None
        name = spell(variable)  # type: ignore[arg-type]  # as above
        if abs(factor) != 1:
            name = f"{abs(factor)} * ({name})" if " " in name else f"{abs(factor)} * {name}"
        sides[factor < 0].append(name)
    constant = linear.get(None, 0)
    relation = "==" if equality else ">="
    left, right = list(sides[0]), list(sides[1])
    if not left:
        left, right, constant, relation = right, [], -constant, "==" if equality else "<="
    if not left:
        return None
    if constant < 0 and not right:
        return f"{' + '.join(left)} {relation} {-constant}"
    if constant == 1 and right and relation == ">=":
        return f"{' + '.join(left)} + 1 >= {' + '.join(right)}"
    if constant == -1 and right and relation == ">=":
        return f"{' + '.join(left)} > {' + '.join(right)}"
    if constant > 0:
        (left if right else right).append(str(constant) if right else str(-constant))
    elif constant < 0:
        right.append(str(-constant))
    return f"{' + '.join(left)} {relation} {' + '.join(right) or '0'}"
