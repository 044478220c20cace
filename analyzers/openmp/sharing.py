"""Data-sharing attributes: which copy of a variable a name means inside constructs (OpenMP 5.2 §5.1).

A name inside nested constructs is followed from the innermost construct outward until one of them makes a copy of the
variable, or declares it. That construct owns the storage: threads of a region share it when the owner lies outside
the region.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from analyzers.ir.directives import LOOP_ASSOCIATED, TASKING, TEAM_MAKERS, Clause, Directive
from analyzers.ir.expressions import Name, root, symbols
from analyzers.ir.statements import (
    Assign,
    Block,
    Construct,
    Declare,
    Function,
    Loop,
    Stmt,
    expressions,
    substatements,
    walk_statements,
)
from analyzers.ir.symbols import Symbol
from analyzers.openmp.facts import Attribute, Sharing
from analyzers.standards.openmp_clauses import CLAUSES, DataSharing

_DEFAULTS: tuple[Attribute, ...] = ("shared", "private", "firstprivate")
_COMBINING = ("reduction", "in_reduction")
_NO_COPIES = ("copyin", "task_reduction")  # what makes copies is elsewhere: in threads, in participating tasks


@dataclass(frozen=True, slots=True)
class Storage:
    """What a name means at a place: its attribute, and the index in the stack of constructs of the one that owns the
    copy; -1: it belongs to the function or the program."""

    sharing: Sharing
    owner: int


@dataclass(frozen=True, slots=True)
class Layer:
    """What one construct does to the variables it sees."""

    construct: Construct
    explicit: Mapping[Symbol, Sharing]
    indices: tuple[Symbol, ...]  # of the associated loops
    default: str | None
    mapped: frozenset[Symbol] = frozenset()


@dataclass(frozen=True, slots=True)
class Scopes:
    """The constructs of a function and where its variables are declared among them."""

    layers: Mapping[int, Layer]  # by id(construct)
    depth: Mapping[Symbol, int] = field(default_factory=dict)  # how many constructs surround the declaration


def scopes(function: Function) -> Scopes:
    """Reads the clauses of every construct of a function, and at which depth its variables are declared."""
    layers: dict[int, Layer] = {}
    depth: dict[Symbol, int] = {}
    stack: list[tuple[Stmt, int]] = [(function.body, 0)]
    while stack:
        stmt, inside = stack.pop()
        if isinstance(stmt, Declare):
            depth[stmt.symbol] = inside
        if isinstance(stmt, Construct):
            layers[id(stmt)] = _layer(stmt)
            inside += 1
        stack.extend((s, inside) for s in substatements(stmt))
    return Scopes(layers, depth)


def associated_loops(construct: Construct) -> tuple[Loop, ...]:
    """The loops of the nest that the construct associates, outermost first: `collapse(n)` or `ordered(n)`, otherwise
    one (OpenMP 5.2 §4.4.3, §4.4.4). Fewer where the nest is not that deep."""
    if construct.body is None or not construct.directive.has(*LOOP_ASSOCIATED):
        return ()
    wanted = 1
    for clause in construct.directive.all("collapse", "ordered"):
        wanted = max(wanted, clause.constant or 1)
    found: list[Loop] = []
    at: Stmt | None = construct.body
    while at is not None and len(found) < wanted:
        if isinstance(at, Loop):
            found.append(at)
            at = at.body
            continue
        # A loop-transforming directive may stand between; the loop it governs is the associated one.
        below = [s for s in substatements(at) if isinstance(s, (Loop, Block, Construct))]
        if isinstance(at, Construct) and at is not construct and not at.directive.has("tile", "unroll", "reverse"):
            break
        at = below[0] if len(below) == 1 and isinstance(at, (Block, Construct)) else None
    return tuple(found)


def dealt_loops(construct: Construct) -> tuple[Loop, ...]:
    """Those of the associated loops whose iterations are dealt out: `ordered(n)` associates more, which each thread
    runs in their order (OpenMP 5.2 §4.4.4)."""
    clause = construct.directive.first("collapse")
    return associated_loops(construct)[: (clause.constant or 1) if clause is not None else 1]


def index_of(loop: Loop) -> Symbol | None:
    """The iteration variable of a loop in canonical form (OpenMP 5.2 §4.4.1), by its own text."""
    if loop.header is not None:
        return loop.header.index
    for stmt in loop.init:
        if isinstance(stmt, Declare):
            return stmt.symbol
        if isinstance(stmt, Assign) and isinstance(stmt.target, Name):
            return stmt.target.symbol
    for stmt in loop.step:
        if isinstance(stmt, Assign) and isinstance(stmt.target, Name):
            return stmt.target.symbol
    return None


def _layer(construct: Construct) -> Layer:
    directive = construct.directive
    explicit: dict[Symbol, Sharing] = {}
    mapped: set[Symbol] = set()
    default = directive.first("default")
    for clause in directive.clauses:
        rule = CLAUSES.get(clause.name)
        if rule is None:
            continue
        if clause.name in ("map", "has_device_addr", "use_device_ptr", "use_device_addr"):
            mapped.update(s for s in listed(clause))
        if rule.sharing is None or clause.name in _NO_COPIES:
            continue
        for symbol in listed(clause):
            # lastprivate may stand beside firstprivate (§5.3); that the copy is initialised is what matters.
            known = explicit.get(symbol)
            if known is not None and (clause.name == "lastprivate" or known.attribute != "shared"):
                continue
            attribute = _attribute(clause.name, rule.sharing)
            op = clause.modifiers[-1] if clause.modifiers and attribute == "reduction" else None
            explicit[symbol] = Sharing(symbol, attribute, "explicit", f"it is listed in {clause.name}", op)
    indices = tuple(s for s in map(index_of, associated_loops(construct)) if s is not None)
    return Layer(
        construct,
        explicit,
        indices,
        default.modifiers[0] if default is not None and default.modifiers else None,
        frozenset(mapped),
    )


def _attribute(clause: str, sharing: DataSharing) -> Attribute:
    if clause in _COMBINING:
        return "reduction"
    return "private" if sharing == "copyin" else sharing


def listed(clause: Clause) -> Iterator[Symbol]:
    """The variables that a clause names."""
    for item in clause.items:
        if item.expr is None:
            continue
        base = root(item.expr)
        if isinstance(base, Name):
            yield base.symbol


def storage(symbol: Symbol, stack: Sequence[Construct], scopes_: Scopes) -> Storage:
    """What `symbol` means below the constructs of `stack`, outermost first.

    The rules in order for each construct (OpenMP 5.2 §5.1.1): threadprivate; declared inside the construct; static
    storage declared inside is shared; listed in a clause; iteration variable of an associated loop; the `default`
    clause; the implicit rule of the construct.
    """
    if symbol.threadprivate:
        return Storage(Sharing(symbol, "threadprivate", "predetermined", "it is threadprivate"), len(stack))
    static = symbol.is_static
    declared = 0 if static else scopes_.depth.get(symbol, 0)
    for index in range(len(stack) - 1, -1, -1):
        if symbol.storage == "static" and stack[index].span.contains(symbol.span):
            why = "it is a static variable"
            return Storage(Sharing(symbol, "shared", "predetermined", why), -1)
        if index < declared:
            why = "it is declared inside the construct"
            return Storage(Sharing(symbol, "private", "predetermined", why), index)
        layer = scopes_.layers.get(id(stack[index]))
        if layer is None:
            continue
        found = _in_layer(symbol, layer, stack[:index], scopes_)
        if found is None:
            continue
        if found.attribute != "shared":
            return Storage(found, index)
        if layer.construct.directive.has("task") or "parallel" in layer.construct.directive.kinds:
            # Shared with the surrounding construct: whose copy it is there decides.
            outer = storage(symbol, stack[:index], scopes_)
            return Storage(found, outer.owner) if outer.owner >= 0 else Storage(found, -1)
    if static:
        kind = "static" if symbol.storage == "static" else "file-scope"
        why = f"it is a {kind} variable"
        return Storage(Sharing(symbol, "shared", "predetermined", why), -1)
    return Storage(Sharing(symbol, "shared", "implicit", "it is declared outside the region"), -1)


def _in_layer(symbol: Symbol, layer: Layer, outside: Sequence[Construct], scopes_: Scopes) -> Sharing | None:
    """What one construct makes of a variable from outside; None: it leaves it as it is."""
    explicit = layer.explicit.get(symbol)
    if explicit is not None:
        return explicit
    directive = layer.construct.directive
    if symbol in layer.indices:
        attribute: Attribute = "private"
        return Sharing(symbol, attribute, "predetermined", "it is the iteration variable of the associated loop")
    if not _has_data_environment(directive):
        return None
    if symbol.type.const and symbol.type.kind not in ("pointer", "array") and not directive.has("target"):
        return Sharing(symbol, "shared", "predetermined", "it is constant")
    for given in _DEFAULTS:
        if layer.default == given and (given == "shared" or not symbol.is_static):
            return Sharing(symbol, given, "implicit", f"default({given}) says so")
    if directive.has(*TEAM_MAKERS):
        if directive.kinds[0] == "target" and _copied_to_device(symbol, layer):
            return Sharing(symbol, "firstprivate", "implicit", "a scalar is copied to the device unless it is mapped")
        return Sharing(symbol, "shared", "implicit", "it is declared outside the region")
    if directive.has(*TASKING):
        return _task_default(symbol, outside, scopes_)
    if directive.has("target") and _copied_to_device(symbol, layer):
        return Sharing(symbol, "firstprivate", "implicit", "a scalar is copied to the device unless it is mapped")
    return None


def _has_data_environment(directive: Directive) -> bool:
    return directive.has(*TEAM_MAKERS, *TASKING, "target")


def _copied_to_device(symbol: Symbol, layer: Layer) -> bool:
    """Scalars without a map clause are firstprivate on a device (OpenMP 5.2 §5.8.1), unless defaultmap says so
    or the device has one of its own (§7.8)."""
    if symbol in layer.mapped or symbol.on_device or not (symbol.type.is_scalar or symbol.type.kind == "pointer"):
        return False
    for clause in layer.construct.directive.all("defaultmap"):
        category = clause.modifiers[1] if len(clause.modifiers) > 1 else "all"
        wanted = "pointer" if symbol.type.kind == "pointer" else "scalar"
        if category in (wanted, "all") and clause.modifiers[:1] not in (("firstprivate",), ("default",), ("none",)):
            return False
    return True


def _task_default(symbol: Symbol, outside: Sequence[Construct], scopes_: Scopes) -> Sharing:
    """In a task a variable is firstprivate unless all constructs up to the parallel region share it (§5.1.1)."""
    if symbol.is_static:
        return Sharing(symbol, "shared", "implicit", "it has static storage, and a task shares that")
    around = storage(symbol, outside, scopes_)
    region = max((i for i, c in enumerate(outside) if c.directive.has(*TEAM_MAKERS)), default=None)
    if region is not None and around.owner < region:
        return Sharing(symbol, "shared", "implicit", "all surrounding constructs share it")
    why = "a task copies what the surrounding constructs do not share"
    return Sharing(symbol, "firstprivate", "implicit", why)


def mentioned(body: Stmt) -> dict[Symbol, Stmt]:
    """The variables that the statements below name, each with the first statement that does."""
    found: dict[Symbol, Stmt] = {}
    for stmt in walk_statements(body):
        for expr in expressions(stmt):
            for symbol in symbols(expr):
                if symbol.storage not in ("function", "constant") and symbol.type.kind != "function":
                    found.setdefault(symbol, stmt)
    return found


def declared_inside(body: Stmt) -> frozenset[Symbol]:
    return frozenset(s.symbol for s in walk_statements(body) if isinstance(s, Declare))


def copied_inside(body: Stmt) -> frozenset[Symbol]:
    """The variables of which the statements below name private copies alone, which constructs among them make."""
    if not any(isinstance(stmt, Construct) for stmt in walk_statements(body)):
        return frozenset()
    copies: set[Symbol] = set()
    named: set[Symbol] = set()
    stack: list[tuple[Stmt, frozenset[Symbol]]] = [(body, frozenset())]
    while stack:
        stmt, copied = stack.pop()
        mentions = list(expressions(stmt))
        if isinstance(stmt, Construct):
            clauses = [clause for clause in stmt.directive.clauses if clause.name != "private"]
            mentions += [item.expr for clause in clauses for item in clause.items if item.expr is not None]
        named.update(symbol for expr in mentions for symbol in symbols(expr) if symbol not in copied)
        if isinstance(stmt, Construct):
            layer = _layer(stmt)
            copied |= {symbol for symbol, each in layer.explicit.items() if each.attribute == "private"}
            if not stmt.directive.has("simd"):  # whose index is linear: the last value is for those outside
                copied |= set(layer.indices) - set(layer.explicit)
            copies |= copied
        stack.extend((below, copied) for below in substatements(stmt))
    return frozenset(copies - named)


def region_sharing(construct: Construct, outside: Sequence[Construct], scopes_: Scopes) -> dict[Symbol, Sharing]:
    """The attribute of every variable from outside that the region of `construct` names."""
    if construct.body is None:
        return {}
    inside = declared_inside(construct.body)
    stack = (*outside, construct)
    return {
        s: storage(s, stack, scopes_).sharing
        for s in mentioned(construct.body)
        if s not in inside or s.storage == "static"
    }
