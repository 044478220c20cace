"""A function as it reads if what nobody has seen is harmless.

Four things of unseen code hide what a loop does. A call without a name (`obj->f(i)`, a function pointer) gets one, and
its object as first argument. A call that is assigned to (`M(i, j) = e`: a macro, an accessor, `operator()`) names an
element of an array `M` with these subscripts. A call that is there to fill an object assigns to it (`filling`). A
statement that could not be lowered does what it most likely does (`Unknown.supposed`). What comes out is analysed like
any other function; each difference is an assumption.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from analyzers.dependence import failing, filling
from analyzers.dependence.effects import vouched_for
from analyzers.dependence.facts import Effects
from analyzers.dependence.filling import Filling
from analyzers.dependence.rewriting import bottom_up, with_children
from analyzers.dependence.spelling import spell
from analyzers.ir.expressions import ZERO, Address, Call, Cast, Element, Expr, Field, Name, root, walk
from analyzers.ir.statements import (
    Assign,
    Block,
    Declare,
    Evaluate,
    Function,
    Jump,
    Loop,
    Stmt,
    Unknown,
    expressions,
    rebuilt,
    walk_statements,
)
from analyzers.ir.symbols import REAL, Extent, Symbol, Type
from analyzers.ir.verdicts import Assumption

_FUNCTION = Type("function", "", element=Type("unknown"))
_LONGEST = 60  # of a callee as it is shown


@dataclass(frozen=True, slots=True)
class Unseen:
    """What a loop does through unseen code: the calls by the text of their callee (True: the name of a function), and
    those of them that are assigned to, with their subscripts as first written."""

    calls: Mapping[str, bool]
    accessors: Mapping[str, str]
    exits: bool = False  # the program may end in the loop
    fillings: tuple[Filling, ...] = ()
    failures: tuple[str, ...] = ()  # what ends it in branches that are taken if something is wrong

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """What has to be assumed of them, in textual order."""
        found = []
        for text, named in self.calls.items():
            if text in self.accessors:
                shown = self.accessors[text]
                says = f"`{shown}` names one element, a different one for different subscripts"
                found.append(Assumption("condition", says, "strong"))
            else:
                subjects = (text,) if named else ()
                found.append(Assumption("independent-call", f"`{text}` is independent", "strong", subjects))
        if self.exits:
            found.append(Assumption("condition", "the program does not end inside the loop", "strong"))
        found += map(failing.assumption, self.failures)
        return (*found, *dict.fromkeys(filling.assumption for filling in self.fillings))


def unseen(loop: Loop, effects: Mapping[str, Effects], fillings: Iterable[Filling] = ()) -> Unseen:
    """What the loop calls and nobody has seen, in textual order, and those of the `fillings` that are in it."""
    found: dict[str, bool] = {}
    accessors: dict[str, str] = {}
    exits = False
    succeeding, failures = failing.without(loop, effects)
    for stmt in walk_statements(succeeding):
        exits = exits or (isinstance(stmt, Jump) and stmt.kind == "exit")
        for call in _accessors(stmt, effects):
            accessors.setdefault(callee_of(call), spell(call)[:_LONGEST])
        for part in _parts(_supposed(stmt)):
            if isinstance(part, Call) and is_unseen(part, effects):
                found.setdefault(callee_of(part), part.name is not None)
    return Unseen(found, accessors, exits, filling.inside(loop, fillings), failures)


def suppose(
    function: Function, wanted: Iterable[Unseen], effects: Mapping[str, Effects]
) -> tuple[Function, dict[str, Effects]]:
    """The function under the assumptions, and the effects that go with it. Loops keep their order."""
    names: set[str] = set()
    accessors: set[str] = set()
    fillings: dict[Filling, None] = {}
    for each in wanted:
        names.update(each.calls)
        accessors.update(each.accessors)
        fillings.update(dict.fromkeys(each.fillings))
    arities = _arities(function, accessors)
    rewriting = _Rewriting(effects, frozenset(names), arities, frozenset(each.symbol for each in fillings))
    body, _ = failing.without(function.body, effects)
    body = rebuilt(body, rewriting.statement, rewriting.expression, filling.before(fillings))
    vouched = {name: vouched_for(effects.get(name)) for name in names}
    return replace(function, body=body), vouched  # type: ignore[arg-type]  # a block stays a block


def is_unseen(call: Call, effects: Mapping[str, Effects]) -> bool:
    effect = effects.get(call.name) if call.name is not None else None
    return effect is None or effect.unknown is not None


def callee_of(call: Call) -> str:
    """The callee as a person would write it: the name of a function, `obj->f`, `g` of a pointer."""
    return call.name if call.name is not None else spell(call.callee)[:_LONGEST]


def _supposed(stmt: Stmt) -> Stmt:
    return stmt.supposed if isinstance(stmt, Unknown) and stmt.supposed is not None else stmt


def _parts(stmt: Stmt) -> Iterator[Expr]:
    for expr in expressions(stmt):
        yield from walk(expr)


def _accessors(stmt: Stmt, effects: Mapping[str, Effects]) -> Iterator[Call]:
    """The unseen calls on the left of an assignment: `M(i, j) = ...`, `m.row(i)[j] = ...`, `f(i)->x.y(j) = ...`."""
    stmt = _supposed(stmt)
    if not isinstance(stmt, Assign):
        return
    place = stmt.target
    while True:
        place = root(place)
        if not isinstance(place, Call) or not is_unseen(place, effects):
            return
        yield place
        place = place.callee


def _arities(function: Function, accessors: set[str]) -> dict[str, int]:
    """How many subscripts each accessor takes; those that are called with different numbers of them are left out."""
    found: dict[str, set[int]] = {name: set() for name in accessors}
    for stmt in walk_statements(function.body):
        for part in _parts(_supposed(stmt)):
            if isinstance(part, Call) and (name := callee_of(part)) in found:
                found[name].add(len(part.arguments))
    return {name: counts.pop() for name, counts in found.items() if len(counts) == 1}


class _Rewriting:
    """Replaces expressions and statements as the assumptions say."""

    def __init__(
        self,
        effects: Mapping[str, Effects],
        names: frozenset[str],
        arities: Mapping[str, int],
        filled: frozenset[Symbol],
    ) -> None:
        self.effects = effects
        self.names = names
        self.arities = arities
        self.filled = filled

    def statement(self, stmt: Stmt) -> Stmt:
        match stmt:
            case Unknown(supposed=Assign(target=Call(callee=Name(), arguments=()))):
                return stmt  # `f() = e` sets something of which not even the name is known
            case Unknown(supposed=Assign() as supposed) if not self._is_accessor(root(supposed.target)):
                return stmt
            case Unknown(supposed=Assign() | Evaluate() as supposed):
                return self.statement(supposed)
            case Jump(kind="exit", span=span):
                return Block((), span)
            case Assign(target=target, value=value):
                left, right = self.expression(target), self.expression(value)
                if not isinstance(left, (Name, Element, Field)):
                    left = target
                return stmt if left is target and right is value else replace(stmt, target=left, value=right)
            case Declare(value=old) | Evaluate(value=old) | Jump(value=old) if old is not None:
                new = self.expression(old)
                return stmt if new is old else replace(stmt, value=new)
        return stmt

    def expression(self, expr: Expr) -> Expr:
        """The expression with unseen calls replaced; identical where there are none."""
        if not any(isinstance(part, Call) for part in walk(expr)):
            return expr
        return bottom_up(expr, self._operator)

    def _operator(self, expr: Expr, new: list[Expr], same: bool) -> Expr:
        if isinstance(expr, Call):
            return self._call(expr, new, same)
        return _behind_result(expr, expr if same else with_children(expr, new), self.names)

    def _is_accessor(self, expr: Expr) -> bool:
        return isinstance(expr, Call) and is_unseen(expr, self.effects) and callee_of(expr) in self.arities

    def _call(self, call: Call, new: list[Expr], same: bool) -> Expr:
        """A call over new operands, the callee first. What it is told by is the text before."""
        name = callee_of(call)
        if name not in self.names or not is_unseen(call, self.effects):
            return call if same else replace(call, callee=new[0], arguments=tuple(new[1:]))
        # What is handed over by reference without a word is no address that anybody keeps.
        callee, arguments = new[0], tuple(self._handed(each) for each in new[1:])
        same = same and all(a is b for a, b in zip(arguments, new[1:], strict=True))
        if name in self.arities:
            return _element(call, callee, arguments)
        if call.name is not None:
            return call if same else replace(call, arguments=arguments)
        if isinstance(callee, Field):
            arguments = (self._handed(_object(callee.base)), *arguments)
        elif not isinstance(callee, Name):
            arguments = (callee, *arguments)
        return replace(
            call, callee=Name(Symbol(f"//{name}()", name, _FUNCTION, "function"), call.span), arguments=arguments
        )

    def _handed(self, argument: Expr) -> Expr:
        """An argument of a call that is vouched for: of what is known to be set, and by which call, the value."""
        if (
            isinstance(argument, Address)
            and isinstance(argument.operand, Name)
            and argument.operand.symbol in self.filled
        ):
            return argument.operand
        return _by_value(argument)


def _behind_result(before: Expr, expr: Expr, names: frozenset[str]) -> Expr:
    """What is read behind the result of a call that is vouched for (`f(i)[j]`, `get(i)->x`) is part of its result."""
    if isinstance(expr, Address) and isinstance(before, Address):
        return expr.operand if isinstance(expr.operand, Call) else expr
    if not isinstance(expr, (Element, Field)):
        return expr
    base, more = expr.base, expr.subscripts if isinstance(expr, Element) else ()
    while isinstance(base, Cast):
        base = base.operand
    if not isinstance(base, Call) or base.name not in names:
        return expr
    return replace(base, arguments=(*base.arguments, *more), type=expr.type)


def _object(base: Expr) -> Expr:
    """What a method gets: the object by reference, and no value of it."""
    if isinstance(base, Element) and base.subscripts == (ZERO,) and base.base.type.kind == "pointer":
        return base.base
    return (
        Address(base, Type("pointer", "", 64, element=base.type), base.span)
        if isinstance(base, (Name, Element, Field))
        else base
    )


def _element(call: Call, callee: Expr, subscripts: tuple[Expr, ...]) -> Expr:
    """`M(i, j)` as `M[i][j]`, `o.v[k]->at(i)` as an element of an array of its own too: `(o.v->at)[k][i]`. Only what is
    reached through a local pointer, which may be another in each iteration, stays an element behind that pointer."""
    if isinstance(callee, Name) and callee.symbol.method and subscripts:
        callee, subscripts = Field(_called_for(subscripts[0]), callee.symbol.name, span=call.span), subscripts[1:]
    subscripts = tuple(_by_value(each) for each in subscripts)
    if isinstance(callee, Name) and not subscripts:
        kind = Type("pointer", "", 64, element=REAL)
        return Name(Symbol(f"//{callee.symbol.name}()", f"{callee.symbol.name}()", kind, "global"), call.span)
    base = callee
    outer: list[Expr] = []
    while isinstance(base, (Field, Element, Call)):
        if isinstance(base, Call):  # `m(0).row(i)`
            if not isinstance(base.callee, Name):
                break
            first = 1 if base.callee.symbol.method and base.arguments else 0
            outer = [*map(_by_value, base.arguments[first:]), *outer]
            base = _called_for(base.arguments[0]) if first else base.callee
            continue
        outer = [*base.subscripts, *outer] if isinstance(base, Element) else outer
        base = base.base
    if not subscripts or not isinstance(base, Name) or base.symbol.storage == "local":
        kind = _array(len(subscripts))
        place = replace(callee, type=kind) if isinstance(callee, (Field, Element)) else callee
        return Element(place, subscripts, REAL, call.span) if subscripts else place
    subscripts = (*(e for e in outer if e != ZERO), *subscripts)
    text = spell(callee)[:_LONGEST]
    array = Symbol(f"//{text}()", text, _array(len(subscripts)), "global")
    return Element(Name(array, call.span), subscripts, REAL, call.span)


def _called_for(argument: Expr) -> Expr:
    """The object of a method, of which it gets the address."""
    if isinstance(argument, Address):
        return argument.operand
    return Element(argument, (ZERO,), argument.type.element or REAL) if argument.type.kind == "pointer" else argument


def _by_value(argument: Expr) -> Expr:
    """A scalar that is handed over by reference, as the value that it has."""
    if not isinstance(argument, Address) or not argument.type.name.endswith("&"):
        return argument
    return argument.operand if argument.operand.type.is_scalar else argument


def _array(rank: int) -> Type:
    return Type("array", "", element=REAL, extents=(Extent(None),) * rank) if rank else REAL
