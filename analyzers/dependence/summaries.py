"""What a function does to memory that its caller knows, found by walking its statements once.

Local variables stand for the places that they were set from, whatever the order of statements.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from analyzers.dependence import failing
from analyzers.dependence.collected import Argument, Collected, Member, Open, Origin, Site, Steps, join
from analyzers.dependence.facts import NESTED, Effects, ParameterUse
from analyzers.dependence.lvalues import is_zero, same_layout
from analyzers.dependence.spelling import spell
from analyzers.ir.directives import WORKSHARING
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
    Opaque,
    Unary,
    walk,
)
from analyzers.ir.implicit import Implicit, implicit, is_plain
from analyzers.ir.statements import (
    Assign,
    Construct,
    Declare,
    Function,
    Jump,
    Loop,
    Stmt,
    Unknown,
    calls_of,
    expressions,
    substatements,
    walk_statements,
)
from analyzers.ir.symbols import Symbol, Type
from analyzers.ir.uses import Uses, of_statement

Known = Mapping[str, Effects]

_FOR_THE_TEAM = WORKSHARING | {"barrier", "cancel", "masked", "master"}
_LONGEST = 6  # steps; a list walked in a loop has no longest path


def summarise(function: Function, known: Known) -> Effects:
    """What a call of the function does, given the effects of the functions that it calls."""
    ends = failing.dies(function, known)
    function, fails = failing.unfailing(function, known)
    summary = _of(function, known)
    summary.fails = summary.fails or fails
    told = any(known[name].io for name in function.callees if name in known)
    result = summary.result(frozenset(_overwrites(function)))
    return replace(result, io=result.io or told, nesting=_nesting(function, known), dies=ends)


def left_open(function: Function, known: Known) -> Open:
    """What the function does itself, and the calls of functions that `known` does not hold."""
    ends = failing.dies(function, known)
    function, fails = failing.unfailing(function, known)
    summary = _of(function, known, leaves_open=True)
    summary.fails = summary.fails or fails
    if summary.unknown is not None:
        return Open(Effects(unknown=summary.unknown), ())
    effects = replace(summary.so_far(frozenset(_overwrites(function))), nesting=_nesting(function, known), dies=ends)
    return Open(effects, tuple(summary.sites), summary.moves_pointers, summary.orders)


def _of(function: Function, known: Known, *, leaves_open: bool = False) -> _Summary:
    summary = _Summary(function, known, leaves_open)
    # Where there are variants, another function may be called instead (OpenMP 5.2 §7.5).
    summary.criticals.update(_criticals(function.body))
    summary.synchronizes = summary.orders = any(d.has("declare variant") for d in function.directives)
    summary.team = _met_by_all(function.body)
    for stmt in walk_statements(function.body):
        summary.add(stmt)
        if summary.unknown is not None:
            break
    summary.keeps_locks = summary.keeps_locks and not _gives_back(function, known)
    return summary


def _gives_back(function: Function, known: Known) -> bool:
    """Are the locks that a function takes those that it gives back, each as often, and no others?"""
    held: Counter[str] = Counter()
    for stmt in walk_statements(function.body):
        for call in calls_of(stmt):
            effect = known.get(call.name or "")
            if effect is None or not effect.keeps_locks:
                continue
            verb = (call.name or "").removeprefix("omp_").rpartition("::")[2]
            if not call.arguments or not verb.startswith(("set_", "unset_", "lock", "unlock")):
                return False
            held[spell(call.arguments[0])] += -1 if verb.startswith("un") else 1
    return not any(held.values())


def _met_by_all(body: Stmt) -> str | None:
    """A directive outside of all parallel regions of a body that the team around the call has to meet as a whole."""
    stack = [body]
    while stack:
        stmt = stack.pop()
        if isinstance(stmt, Construct):
            if stmt.directive.has("parallel", "target"):
                continue
            kind = next((kind for kind in stmt.directive.kinds if kind in _FOR_THE_TEAM), None)
            if kind is not None:
                return kind
        stack.extend(substatements(stmt))
    return None


Origins = dict[Symbol, Origin]


def _carries(symbol: Symbol) -> bool:
    return symbol.type.kind in ("pointer", "unknown", "record")


def _is_punned(kind: Type) -> bool:
    """May a pointer in it be set as something else?"""
    return kind.union or any(_is_punned(each) for _, each in kind.fields or ())


def _origins(function: Function, known: Known) -> Origins:
    """The origins of parameters and local variables that may hold addresses."""
    origins: Origins = {}
    for position, symbol in enumerate(function.params):
        origins[symbol] = Origin({(position, ())}, symbol.address_taken)
    flows: list[tuple[Symbol, Expr]] = []
    for stmt in walk_statements(function.body):
        match stmt:
            case Declare(symbol=symbol, value=value) if _carries(symbol) and symbol.storage != "static":
                origins.setdefault(symbol, Origin(anything=symbol.address_taken or _is_punned(symbol.type)))
                if value is not None:
                    flows.append((symbol, value))
            case Assign(target=Name(symbol=symbol), value=value) if _carries(symbol) and symbol in origins:
                flows.append((symbol, value))
            case Assign(target=Element() | Field() as target, value=value) if not value.type.is_scalar:
                # Addresses stored in members and arrays of local variables are not followed.
                holder = _root(target)
                if isinstance(holder, Name) and holder.symbol.storage in ("local", "parameter"):
                    origins.setdefault(holder.symbol, Origin()).anything |= not holder.symbol.is_pointer
            case _:
                pass
    changed = bool(flows)
    while changed:
        changed = False
        for symbol, value in flows:
            origin = origins[symbol]
            before = len(origin.paths), origin.anything, origin.deep
            found = places(value, origins, known)
            for root, steps in found.paths:
                if len(steps) > _LONGEST:
                    origin.anything = True
                else:
                    origin.paths.add((root, steps))
            origin.anything = origin.anything or found.anything or _holds_anything(value, origins, known)
            origin.deep = origin.deep or places(value, origins, known, ("*", "*")).anything
            changed = changed or before != (len(origin.paths), origin.anything, origin.deep)
    return origins


def _root(lvalue: Expr) -> Expr:
    """The variable that holds an lvalue, as long as no pointer is followed."""
    while isinstance(lvalue, (Element, Field)):
        if isinstance(lvalue, Element) and lvalue.base.type.kind != "array":
            return lvalue
        lvalue = lvalue.base
    return lvalue


def places(expr: Expr, origins: Origins, known: Known, behind: Steps = ()) -> Origin:
    """The places of an lvalue; of an address or a record, the places that its value was read from. `behind`: those that
    are reached from there by these steps."""
    result = Origin()
    stack: list[tuple[Expr, Steps]] = [(expr, behind)]
    while stack:
        top, steps = stack.pop()
        match top:
            case Name(symbol=symbol):
                _of_name(symbol, steps, origins, result)
            case Field(base=base, name=name):
                stack.append((base, (f".{name}", *steps)))
            case Element(base=base):
                stack.append((base, steps if base.type.kind == "array" else ("*", *steps)))
            case Address(operand=operand):
                # The address of a place; what is read behind it is the place itself.
                inner = _object(operand)
                stack.append((inner, steps[1:] if steps[:1] == ("*",) and not _is_pointer(inner) else steps))
            case Cast(operand=operand) if top.type.kind == "pointer" and _is_number(operand):
                result.anything = True
            case Cast(operand=operand) | Unary(operand=operand):
                stack.append((operand, steps))
            case Binary(op="+" | "-" | "&" | "|", left=left, right=right):
                stack += [(e, steps) for e in (left, right) if not e.type.is_scalar or isinstance(e, Cast)]
            case Conditional(then=then, otherwise=otherwise):
                stack += ((then, steps), (otherwise, steps))
            case Call(name=name):
                effect = known.get(name) if name else None
                new = effect is not None and effect.allocates and steps.count("*") < 2
                result.anything = result.anything or not new
            case Opaque():
                result.anything = True
            case _:
                result.anything = result.anything or not isinstance(top, (Constant, Binary))
    return result


def _holds_anything(value: Expr, origins: Origins, known: Known) -> bool:
    """Is it a record with pointers that are not followed?"""
    return value.type.kind == "record" and places(value, origins, known, ("*",)).anything


def _object(operand: Expr) -> Expr:
    """`a` of `&a[i]`, `p` of `&p[i]` and of `&p->x`: an address may be moved within the object."""
    while isinstance(operand, (Element, Field)):
        base = operand.base
        if isinstance(operand, Element) and base.type.kind != "array":
            return base
        operand = base
    return operand


def _is_number(expr: Expr) -> bool:
    """Is it a number that no address was converted to, at least none that is seen here, and no null pointer?"""
    if not expr.type.is_scalar or (isinstance(expr, Constant) and not expr.value):
        return False
    return not any(isinstance(part, Cast) and not part.operand.type.is_scalar for part in walk(expr))


def _is_pointer(expr: Expr) -> bool:
    return expr.type.kind not in ("array", "record") and not expr.type.is_scalar


def _of_name(symbol: Symbol, steps: Steps, origins: Origins, result: Origin) -> None:
    if symbol.storage in ("global", "undeclared"):
        result.paths.add((symbol.name, steps))
        return
    if symbol.storage == "static":
        if "*" in steps:
            result.anything = True
        return
    origin = origins.get(symbol)
    if origin is None:
        # A plain local object: what pointers in it lead to, or integers, is not followed.
        result.anything = result.anything or ("*" in steps and symbol.storage == "local")
        return
    result.paths.update((root, (*before, *steps)) for root, before in origin.paths)
    vague = (origin.anything and ("*" in steps or symbol.is_pointer)) or (origin.deep and steps.count("*") > 1)
    result.anything = result.anything or vague


class _Summary(Collected):
    """Collects the effects of the statements of one function."""

    def __init__(self, function: Function, known: Known, leaves_open: bool) -> None:
        super().__init__(len(function.params))
        self.function = function
        self.known = known
        self.leaves_open = leaves_open
        self.sites: list[Site] = []
        self.implicit = implicit(function.body)
        self.origins = _origins(function, known)
        moved = {
            s.target.symbol
            for s in walk_statements(function.body)
            if isinstance(s, Assign) and isinstance(s.target, Name)
        }
        self.fixed = {p for p in function.params if p not in moved and not p.address_taken}

    def add(self, stmt: Stmt) -> None:
        if isinstance(stmt, Unknown):
            self.unknown = f"has code that could not be read: {stmt.reason}"
            return
        if isinstance(stmt, Jump) and stmt.kind == "exit":
            self.exits = self.io = True
        if isinstance(stmt, Construct):
            self.synchronizes = True
            self.orders = self.orders or not stmt.directive.has("critical", "atomic", "flush", "simd")
        elif isinstance(stmt, Loop) and stmt.kind != "for":
            self.orders = True  # it may wait for another thread
        uses = of_statement(stmt)
        if uses.opaque is not None:
            self.unknown = f"has code that could not be read: {uses.opaque}"
            return
        for each in self.implicit.get(id(stmt), ()):
            self._runs(each)
        self._variables(uses)
        for lvalue in (*uses.elements, *uses.loads):
            self._access(lvalue, "read")
        for lvalue in (*uses.element_stores, *uses.stores):
            self._access(lvalue, "write")
            self.moves_pointers = self.moves_pointers or self._moves(lvalue)
        for call in uses.calls:
            self._call(call)
        self._leaks(stmt)
        self.outgrows = self.outgrows or any(map(self._outgrows, _conversions(stmt)))

    def _runs(self, each: Implicit) -> None:
        """What the function runs without calling it."""
        effect = self.known.get(each.function or "")
        if each.is_generic:
            self.generic = True
        elif effect is None or effect.unknown is not None:
            self.unknown = f"makes, copies, converts or ends objects of `{each.owner}`, which may run anything"
        elif effect.memory or any(use not in ("none", "read") for use in effect.parameters[1:]):
            self.unknown = f"runs `{each.function}` for objects of `{each.owner}`, which touches more than them"
        else:
            self.world(effect)

    def _moves(self, lvalue: Expr) -> bool:
        """May the store change a pointer that somebody else reads? Local arrays of pointers are followed no further."""
        root = _root(lvalue)
        local = isinstance(root, Name) and root.symbol.storage in ("local", "parameter")
        return not local and lvalue.type.kind in ("pointer", "unknown", "record")

    def _variables(self, uses: Uses) -> None:
        for symbol, _ in uses.reads:
            self._variable(symbol, "read")
        for symbol, _ in (*uses.writes, *uses.touches):
            self._variable(symbol, "write")

    def _variable(self, symbol: Symbol, use: ParameterUse) -> None:
        if symbol.type.volatile:
            self.unknown = f"accesses the volatile `{symbol.name}`"
        if symbol.threadprivate:
            self.state = self.state or f"the threadprivate `{symbol.name}`"
            self.threadprivate.add(symbol.name)
        if symbol.is_reference and symbol in self.function.params:
            position = self.function.params.index(symbol)
            self.uses[position] = join(self.uses[position], use)
            self.beyond.add(position)
        if symbol.storage in ("global", "undeclared"):
            self.file_scope(symbol.name, use)
            if use != "read" and not symbol.type.is_scalar:
                self.moves_pointers = True
        elif symbol.storage == "static" and use != "read":
            self.state = self.state or _hidden(symbol, self.function)

    def _access(self, lvalue: Expr, use: ParameterUse) -> None:
        """An access to an array element or through a pointer."""
        if lvalue.type.volatile:
            self.unknown = "accesses volatile memory"
            return
        root = _root(lvalue)
        if isinstance(root, Name):
            self._variable(root.symbol, use)
            return
        found = places(lvalue, self.origins, self.known)
        member = self._member(lvalue)
        while isinstance(lvalue, Field):
            lvalue = lvalue.base
        self.note(found, use, whole=not self._is_given(lvalue), member=member)

    def _member(self, lvalue: Expr) -> Member | None:
        """The member that an lvalue is or lies in, of a record that the function gets the address of."""
        name = ""
        while isinstance(lvalue, Field) or (isinstance(lvalue, Element) and lvalue.base.type.kind == "array"):
            name = lvalue.name if isinstance(lvalue, Field) else name
            lvalue = lvalue.base
        return (lvalue.type.name, name) if name and self._is_given(lvalue) else None

    def _is_given(self, lvalue: Expr) -> bool:
        """Is it what a parameter that never changes points to?"""
        return (
            isinstance(lvalue, Element)
            and isinstance(lvalue.base, Name)
            and lvalue.base.symbol in self.fixed
            and all(map(is_zero, lvalue.subscripts))
        )

    def _call(self, call: Call) -> None:
        if call.name is None:
            self.unknown = "calls through a pointer"
            return
        effect = self.known.get(call.name)
        arguments = tuple(replace(self._argument(a), plain=is_plain(a.type)) for a in call.arguments)
        if effect is not None:
            self.call(call.name, effect, arguments)
        elif self.leaves_open:
            self.sites.append(Site(call.name, arguments))
        else:
            self.unknown = f"calls `{call.name}`, which is unknown"

    def _argument(self, argument: Expr) -> Argument:
        if argument.type.is_scalar:
            return Argument(scalar=True)
        fixed = isinstance(argument, Name) and argument.symbol in self.fixed
        fixed = fixed or (isinstance(argument, Address) and self._is_given(argument.operand))
        deep = places(argument, self.origins, self.known, ("*", "*")).anything
        if isinstance(argument, Address) or argument.type.kind == "array":
            inner = _object(argument.operand) if isinstance(argument, Address) else argument
            if not _is_pointer(inner):
                found = places(inner, self.origins, self.known)
                static = inner.symbol if isinstance(inner, Name) and inner.symbol.storage == "static" else None
                hidden = None if static is None else _hidden(static, self.function)
                vague = found.anything or (static is not None and static.type.volatile)
                return Argument(frozenset(found.paths), vague, True, fixed=fixed, static=hidden, deep=deep)
            argument = inner
        found = places(argument, self.origins, self.known)
        vague = found.anything or _holds_anything(argument, self.origins, self.known)
        return Argument(frozenset(found.paths), vague, fixed=fixed, deep=deep)

    def _outgrows(self, value: Expr) -> bool:
        """May what is converted be the address of a member of something that the caller knows?"""
        found = places(value, self.origins, self.known)
        return any(isinstance(root, int) and not steps for root, steps in found.paths)

    def _leaks(self, stmt: Stmt) -> None:
        """Parameters whose value is stored where others can find it."""
        if not isinstance(stmt, Assign) or stmt.value.type.is_scalar:
            return
        root = _root(stmt.target)
        if isinstance(root, Name) and root.symbol.storage in ("local", "parameter"):
            return
        for root_, steps in places(stmt.value, self.origins, self.known).paths:
            if isinstance(root_, int) and not steps:
                self.uses[root_] = "escapes"


def _conversions(stmt: Stmt) -> Iterator[Expr]:
    """Pointers that become ones to records of another type."""
    match stmt:
        case Declare(symbol=symbol, value=value) if value is not None:
            assigned = [(symbol.type, value)]
        case Assign(target=target, value=value):
            assigned = [(target.type, value)]
        case _:
            assigned = []
    casts = [(e.type, e.operand) for expr in expressions(stmt) for e in walk(expr) if isinstance(e, Cast)]
    for kind, value in (*assigned, *casts):
        before, after = value.type.element, kind.element
        if before is None or after is None or kind.kind != "pointer" or after.kind not in ("record", "unknown"):
            continue
        if not same_layout(before, after):
            yield value


def _hidden(static: Symbol, function: Function) -> str:
    """What is said of a static variable of a function that others change."""
    if static.threadprivate:
        return f"the threadprivate `{static.name}`"
    return f"the static variable `{static.name}` of `{function.name}`"


def _nesting(function: Function, known: Known) -> int:
    """How many loops stand in each other, those of functions called in them included."""
    deepest = 0
    stack: list[tuple[Stmt, int]] = [(function.body, 0)]
    while stack and deepest < NESTED:
        stmt, depth = stack.pop()
        depth += isinstance(stmt, Loop)
        below = (known[c.name].nesting for c in calls_of(stmt) if c.name is not None and c.name in known)
        deepest = max(deepest, depth + max(below, default=0))
        stack.extend((s, depth) for s in substatements(stmt))
    return min(deepest, NESTED)


def _overwrites(function: Function) -> Iterator[int]:
    """Parameters `p` for which `*p = ...` stands among the first statements that every call runs."""
    positions = {s: n for n, s in enumerate(function.params) if s.is_pointer or s.is_reference}
    for stmt in function.body.statements:
        if not positions or any(isinstance(s, Jump) for s in walk_statements(stmt)):
            return
        if any(isinstance(part, Opaque) for expr in expressions(stmt) for part in walk(expr)):
            return
        match stmt:
            case Assign(target=Name(symbol=symbol), op=None) if symbol.is_reference and symbol in positions:
                yield positions.pop(symbol)
            case Assign(target=Name(symbol=symbol)):
                positions.pop(symbol, None)
            case Assign(target=Element(base=Name(symbol=symbol), subscripts=(Constant(value=0),)), op=None) if (
                symbol in positions
            ):
                yield positions.pop(symbol)
            case _:
                pass


def _criticals(body: Stmt) -> Iterator[str]:
    """The names of the critical constructs that run before a body ends: a task may run later."""
    stack: list[Stmt] = [body]
    while stack:
        top = stack.pop()
        if isinstance(top, Construct):
            if top.directive.has("task", "taskloop"):
                continue
            if top.directive.has("critical"):
                name = top.directive.first("name")
                yield name.items[0].text if name is not None and name.items else ""
        stack.extend(substatements(top))
