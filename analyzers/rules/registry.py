"""The one list of rules.

A rule is one module: its docstring is its documentation page under fixed headings (What it finds / Why it matters /
Example / Fix / References), `RULE` its record, `check` its one function. A rule is named after the defect, not the
repair; a code is never reused. Its module bears the code without the family: `race-missing-reduction` is
`race/missing_reduction.py`. A new rule enters `MODULES` below; a test compares that list with the files.

The docstring: first line a summary, then the headings, each alone on its line, text below. Under `Example`, `Bad:` and
`Good:` each stand before an indented block of complete source (functions and what they need, C unless it says `Bad
(fortran):`). A test analyses them: the rule must speak in every bad one and be silent in every good one.
Under `References` each line is one; an indented line goes on with the one above.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from types import ModuleType

from analyzers.costs import DEFAULTS, Costs
from analyzers.dependence.facts import FunctionFacts
from analyzers.ir.accesses import Access
from analyzers.ir.directives import Directive
from analyzers.ir.statements import Construct, Loop, SourceFile
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Category, Finding, Severity
from analyzers.openmp.facts import OpenMPFacts
from analyzers.openmp.phases import place
from analyzers.openmp.placements import Phases
from analyzers.settings import Options, family_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Site:
    """A directive in its surroundings. `construct` is None for those that stand before a function or at file scope."""

    directive: Directive
    construct: Construct | None = None
    outside: tuple[Construct, ...] = ()  # outermost first
    loops: tuple[Loop, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may look at: the facts of one function, its text (UTF-8) to place edits in, what things cost."""

    facts: FunctionFacts
    openmp: OpenMPFacts
    text: bytes = b""
    costs: Costs = DEFAULTS
    sites: list[Site] = field(default_factory=list, repr=False, compare=False)  # those of `_common.sites`
    _phases: dict[int, Phases] = field(default_factory=dict, repr=False, compare=False)
    _accesses: dict[Symbol, list[Access]] = field(default_factory=dict, repr=False, compare=False)

    def accesses_to(self, symbol: Symbol) -> Sequence[Access]:
        """The accesses of the function to a variable, in textual order."""
        if not self._accesses:
            for access in self.facts.accesses:
                if access.symbol is not None:
                    self._accesses.setdefault(access.symbol, []).append(access)
        return self._accesses.get(symbol, ())

    def phases(self, construct: Construct) -> Phases:
        """Where the statements of a region stand, as several rules ask."""
        known = self._phases.get(id(construct))
        if known is None:
            known = self._phases[id(construct)] = place(construct, effects=self.facts.effects)
        return known


@dataclass(frozen=True, slots=True)
class Rule:
    """The record of a rule. `summary` is one line for lists; `section` the place in the standard. `check` looks at one
    function, `check_file` at what stands outside functions (absolute spans)."""

    code: str
    category: Category
    severity: Severity
    summary: str
    section: str
    check: Callable[[Context], Iterator[Finding]]
    check_file: Callable[[SourceFile], Iterator[Finding]] | None = None


# Explicit, so that a start costs no directory walk and a stray file never becomes a rule.
MODULES: tuple[str, ...] = (
    "perf.false_sharing",
    "perf.parallel_region_in_loop",
    "perf.serial_calls",
    "perf.serial_recursion",
    "perf.too_small_parallel_loop",
    "race.array_element",
    "race.loop_carried_dependence",
    "race.between_sections",
    "race.missing_barrier",
    "race.missing_reduction",
    "race.shared_loop_index",
    "race.shared_scalar",
    "race.shared_write_in_parallel",
    "race.simd_dependence",
    "race.thread_unsafe_call",
    "race.unordered_tasks",
    "race.unprotected_update",
    "omp.atomic_not_update",
    "omp.clause_conflict",
    "omp.collapse_not_perfect",
    "omp.default_none_missing",
    "omp.directive_syntax",
    "omp.divergent_barrier",
    "omp.flush_list",
    "omp.invalid_nesting",
    "omp.lock_not_released",
    "omp.lock_order",
    "omp.lock_taken_twice",
    "omp.loop_directive_without_loop",
    "omp.lost_firstprivate",
    "omp.misplaced_clause",
    "omp.missing_lastprivate",
    "omp.not_canonical_loop",
    "omp.private_uninitialised",
    "omp.reduction_read",
    "omp.reduction_type",
    "omp.split_atomic",
    "omp.unknown_clause",
    "omp.unknown_directive",
    "omp.unused_clause",
    "mpi.buffer_too_small",
    "mpi.datatype_mismatch",
    "mpi.invalid_rank",
    "mpi.invalid_tag",
    "mpi.negative_count",
    "mpi.null_buffer",
    "mpi.null_handle",
    "mpi.request_not_completed",
    "mpi.thread_level",
    "mpi.unequal_sides",
    "mpi.wrong_operation",
    "syntax.missing_header",
    "syntax.unread_preprocessing",
)


@cache
def modules() -> tuple[ModuleType, ...]:
    """Every rule module, in the order of the list. Imported on first use: rules import this module for their types."""
    return tuple(import_module(f"analyzers.rules.{name}") for name in MODULES)


@cache
def rules() -> dict[str, Rule]:
    """Every rule by code, in the order of the list."""
    return {module.RULE.code: module.RULE for module in modules()}


def families() -> tuple[str, ...]:
    """The first words of the codes, each once: `race`, `omp`, ..."""
    return tuple(dict.fromkeys(family_of(code) for code in rules()))


def unknown(names: Iterable[str]) -> list[str]:
    """Those of `names` that are neither a rule nor a family nor `all`."""
    return [name for name in names if name not in rules() and name not in families() and name != "all"]


def run(context: Context, options: Options) -> list[Finding]:
    """The findings of the chosen rules about one function, in textual order, each once.

    A rule that raises costs its own findings only: the editor keeps everything else, the log gets the trace.
    """
    return _ordered(options, lambda rule: rule.check(context))


def file_findings(file: SourceFile, options: Options) -> tuple[Finding, ...]:
    """The findings of the chosen rules about what stands outside functions, with absolute spans."""
    return tuple(_ordered(options, lambda rule: rule.check_file(file) if rule.check_file else ()))


def _ordered(options: Options, check: Callable[[Rule], Iterable[Finding]]) -> list[Finding]:
    found: dict[tuple[object, ...], Finding] = {}
    for code, rule in rules().items():
        if not options.runs(code):
            continue
        try:
            for finding in check(rule):
                found.setdefault((finding.rule, finding.span, finding.message), finding)
        except Exception:
            log.exception("rule %s failed", code)
    return sorted(found.values(), key=lambda f: (f.span.start, f.span.end, f.rule, f.message))
