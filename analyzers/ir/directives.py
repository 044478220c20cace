"""OpenMP directives as the frontends deliver them: names and clauses resolved, nothing judged yet."""

from __future__ import annotations

from dataclasses import dataclass

from analyzers.ir.expressions import Constant, Expr
from analyzers.text import Span

# Kinds of constructs (OpenMP 5.2 chapters 10 to 12), for `Directive.has`.
TEAM_MAKERS = frozenset({"parallel", "teams"})
TASKING = frozenset({"task", "taskloop"})
WORKSHARING = frozenset({"for", "sections", "single", "scope", "workshare"})  # one binding team executes them together
WORK_DISTRIBUTION = WORKSHARING | {"loop", "distribute"}
BARRIER_AT_END = WORKSHARING | {"loop"}  # unless `nowait`
LOOP_ASSOCIATED = frozenset({"for", "simd", "distribute", "taskloop", "loop"})
DIVIDED = LOOP_ASSOCIATED - {"simd"}  # their iterations go to different threads, teams or tasks


@dataclass(frozen=True, slots=True)
class ClauseItem:
    """One list item or expression argument of a clause. `expr` is None where it names nothing that could be resolved
    (`default(none)`, `schedule(static, ...)`: keywords go to `Clause.modifiers` or stay as text)."""

    text: str
    span: Span
    expr: Expr | None = None  # of a list item: Name, Element (array section start) or Field
    section: tuple[tuple[Expr | None, Expr | None], ...] = ()  # array section: (lower bound, length) for each dimension

    @property
    def constant(self) -> int | None:
        """The integer that it is, where it is one."""
        return self.expr.value if isinstance(self.expr, Constant) and isinstance(self.expr.value, int) else None


@dataclass(frozen=True, slots=True)
class Clause:
    """`name(modifiers: items)`: `reduction(inscan, +: s)` has modifiers ("inscan", "+") and the item `s`;
    `schedule(dynamic, 4)` has modifiers ("dynamic",) and the item `4`; `default(none)` modifiers ("none",);
    `map(tofrom: a[:n])` modifiers ("tofrom",); `nowait` neither."""

    name: str
    span: Span
    modifiers: tuple[str, ...] = ()
    items: tuple[ClauseItem, ...] = ()
    parenthesised: bool = False
    trailing: tuple[ClauseItem, ...] = ()  # the step of `linear`

    @property
    def constant(self) -> int | None:
        """The integer constant that is its argument: 2 for `collapse(2)`."""
        return self.items[0].constant if self.items else None


@dataclass(frozen=True, slots=True)
class Directive:
    """A directive with its leaf constructs: `parallel for simd` has kinds ("parallel", "for", "simd").

    `name` is canonical and the same in all languages: Fortran's `do` is `for`; `target teams distribute parallel for`
    is five kinds. For `critical` and `flush` the parenthesised name or list is a clause named `name` or `list`.
    `unknown` holds words that could not be read as directive or clause, each with its span.
    """

    name: str
    kinds: tuple[str, ...]
    clauses: tuple[Clause, ...]
    span: Span  # from the sentinel to the end of the last continuation line, without the line break
    name_span: Span
    unknown: tuple[tuple[str, Span], ...] = ()
    problem: str | None = None  # why the line could not be read to its end
    may_hold_macros: bool = False  # what `unknown` holds may be macros: a header was not read

    def all(self, *names: str) -> tuple[Clause, ...]:
        return tuple(c for c in self.clauses if c.name in names)

    def first(self, name: str) -> Clause | None:
        return next((c for c in self.clauses if c.name == name), None)

    def has(self, *kinds: str) -> bool:
        for kind in self.kinds:  # noqa: SIM110  asked all the time, and `any` takes twice as long
            if kind in kinds:
                return True
        return False
