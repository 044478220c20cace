"""The number of a thread: which expressions give it, and which thread a condition on it picks."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from analyzers.dependence.spelling import spell
from analyzers.ir.directives import TEAM_MAKERS
from analyzers.ir.expressions import Binary, Call, Cast, Constant, Expr, Name, Unary, walk
from analyzers.ir.statements import Assign, Construct, Declare, Stmt, Switch, walk_statements
from analyzers.ir.symbols import INT, Symbol
from analyzers.openmp.facts import Executor

THREAD_NUMBER = "omp_get_thread_num"
SOME_VALUE = Symbol("//omp some value", "some value", INT, "local")  # of a call without arguments that is not there now
TEAM_SIZE = "omp_get_num_threads"
MOST_THREADS = "omp_get_max_threads"  # of the next team without a num_threads clause (OpenMP 5.2 §18.2.4)


_COMPARED: Mapping[str, Callable[[int, int], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne
}  # fmt: skip


def thread_numbers(body: Stmt) -> frozenset[Symbol]:
    """The variables that only ever hold the number of the thread."""
    return _holding(body, THREAD_NUMBER)


def _holding(body: Stmt, function: str) -> frozenset[Symbol]:
    """The variables that only ever hold what a function without arguments gives."""
    good: set[Symbol] = set()
    bad: set[Symbol] = set()
    for stmt in walk_statements(body):
        match stmt:
            case Declare(symbol=symbol, value=value) if value is not None:
                (good if _gives(value, function) else bad).add(symbol)
            case Assign(target=Name(symbol=symbol), value=value, op=op):
                (good if op is None and _gives(value, function) else bad).add(symbol)
            case _:
                pass
    return frozenset(s for s in good - bad if not s.address_taken)


def _gives(expr: Expr, function: str) -> bool:
    while isinstance(expr, Cast):
        expr = expr.operand
    return isinstance(expr, Call) and expr.name == function


def asked_for(body: Stmt) -> frozenset[Symbol]:
    """The variables that are set to what a function without arguments gives: the number of the thread, perhaps."""
    found: set[Symbol] = set()
    for stmt in walk_statements(body):
        match stmt:
            case Declare(symbol=symbol, value=value) if value is not None and may_be_thread_number(value):
                found.add(symbol)
            case Assign(target=Name(symbol=symbol), value=value) if may_be_thread_number(value):
                found.add(symbol)
            case _:
                pass
    return frozenset(found)


def may_be_thread_number(expr: Expr, names: Collection[Symbol] = ()) -> bool:
    """Does it hold a value that a wrapper of `omp_get_thread_num` may have given?"""
    return any(
        (isinstance(part, Call) and not part.arguments)
        or (isinstance(part, Name) and (part.symbol in names or part.symbol == SOME_VALUE))
        for part in walk(expr)
    )


def is_thread_number(expr: Expr, names: Iterable[Symbol]) -> bool:
    while isinstance(expr, Cast):
        expr = expr.operand
    if isinstance(expr, Call):
        return expr.name == THREAD_NUMBER
    return isinstance(expr, Name) and expr.symbol in names


def excludes_teams(condition: Expr, positive: bool, sizes: Collection[Symbol]) -> bool:
    """Does what stands under the condition run in teams of one thread only: `if (omp_get_max_threads() > 1) ... else`?
    `sizes`: the variables that hold how many threads there are."""
    if not isinstance(condition, Binary) or condition.op not in _COMPARED:
        return False
    left, right = condition.left, condition.right
    if isinstance(left, Constant):
        left, right, swapped = right, left, True
    else:
        swapped = False
    while isinstance(left, Cast):
        left = left.operand
    if not isinstance(right, Constant) or not isinstance(right.value, int):
        return False
    if not (_gives(left, MOST_THREADS) or _gives(left, TEAM_SIZE) or (isinstance(left, Name) and left.symbol in sizes)):
        return False
    compare, limit = _COMPARED[condition.op], right.value
    many = max(limit, 2) + 1
    return all(bool(compare(limit, n) if swapped else compare(n, limit)) != positive for n in range(2, many + 1))


def team_sizes(body: Stmt) -> frozenset[Symbol]:
    """The variables of a function that only ever hold how many threads a team will have at most."""
    return _holding(body, MOST_THREADS)


def conjuncts(expr: Expr) -> Iterator[Expr]:
    stack = [expr]
    while stack:
        top = stack.pop()
        if isinstance(top, Binary) and top.op == "&&":
            stack += (top.right, top.left)
        else:
            yield top


class Numbers:
    """What is the number of the thread in a region, and what the size of its team. Teams inside it have their own."""

    def __init__(self, body: Stmt) -> None:
        within = [s for s in walk_statements(body) if isinstance(s, Construct) and s.directive.has(*TEAM_MAKERS)]
        self.inner = frozenset(id(s) for construct in within for s in walk_statements(construct))
        self.of_inner = frozenset(symbol for construct in within for symbol in thread_numbers(construct))
        self.symbols = thread_numbers(body) - self.of_inner
        self.sizes = frozenset() if within else _holding(body, TEAM_SIZE)
        self.counts = not within

    def is_number(self, expr: Expr) -> bool:
        if isinstance(expr, Call):
            return expr.name == THREAD_NUMBER
        return isinstance(expr, Name) and expr.symbol in self.symbols

    def is_inner(self, expr: Expr) -> bool:
        """Is it the number of a thread in its own team, where another team stands inside the region?"""
        if isinstance(expr, Call):
            return expr.name == THREAD_NUMBER
        return isinstance(expr, Name) and expr.symbol in self.of_inner

    def is_size(self, expr: Expr) -> bool:
        if isinstance(expr, Call):
            return self.counts and expr.name == TEAM_SIZE
        return isinstance(expr, Name) and expr.symbol in self.sizes


class Chosen:
    """The threads that conditions in a region choose: by their number where it is known, by the text otherwise."""

    def __init__(self, body: Stmt) -> None:
        self.numbers = thread_numbers(body)
        self.texts: dict[str, int] = {}

    def thread(self, condition: Expr) -> tuple[Executor, bool] | None:
        """The thread that a condition on the thread's number picks, and whether where it holds."""
        if isinstance(condition, Unary) and condition.op == "!" and self._is_number(condition.operand):
            return Executor("masked", None, thread=0), True
        if self._is_number(condition):
            return Executor("masked", None, thread=0), False
        if isinstance(condition, Binary) and condition.op in ("==", "!="):
            for left, right in ((condition.left, condition.right), (condition.right, condition.left)):
                if self._is_number(left):
                    return self._numbered(right, None), condition.op == "=="
        return None

    def masked(self, construct: Construct, around: Executor) -> Executor:
        """Who runs a masked construct: the primary thread unless `filter` names another (OpenMP 5.2 §10.5)."""
        clause = construct.directive.first("filter")
        if clause is None or not clause.items:
            return Executor("masked", construct, thread=0)
        number = clause.items[0].expr
        if number is None or any(self._is_number(part) for part in walk(number)):
            return around
        return self._numbered(number, construct)

    def arm(self, switch: Switch, number: int) -> Executor | None:
        """The thread that runs an arm of a switch, where there is only one."""
        if not self._is_number(switch.value) or number >= len(switch.labels):
            return None
        labels = switch.labels[number]
        return self._numbered(labels[0], None) if labels is not None and len(labels) == 1 else None

    def _numbered(self, number: Expr, construct: Construct | None) -> Executor:
        if isinstance(number, Constant) and isinstance(number.value, int):
            return Executor("masked", construct, thread=number.value)
        # Some one thread: the same one wherever the text is the same.
        return Executor("masked", construct, section=self.texts.setdefault(spell(number), len(self.texts) + 1))

    def _is_number(self, expr: Expr) -> bool:
        return is_thread_number(expr, self.numbers)
