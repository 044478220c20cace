"""`default(none)` asks for a decision that was not made.

What it finds
A variable from outside that a construct with `default(none)` uses without listing it in a data-sharing clause.

Why it matters
The clause says that every variable is decided on by hand. Compilers refuse the program.

Example
Bad:

    double sum(int n, const double *x)
    {
        double s = 0.0;
        #pragma omp parallel for default(none) reduction(+:s)
        for (int i = 0; i < n; i++)
            s += x[i];
        return s;
    }

Good:

    double sum(int n, const double *x)
    {
        double s = 0.0;
        #pragma omp parallel for default(none) reduction(+:s) shared(n, x)
        for (int i = 0; i < n; i++)
            s += x[i];
        return s;
    }

Fix
List the variable: shared if the team reads or divides it, private or firstprivate if each thread needs its own.

References
OpenMP 5.2 §5.4.1 (default clause), §5.1.1 (predetermined attributes)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.statements import Construct, Declare, walk_statements
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Finding, Fix, Related
from analyzers.openmp import clauses
from analyzers.openmp.sharing import associated_loops, index_of, listed, mentioned
from analyzers.rules.omp import _common
from analyzers.rules.registry import Context, Rule
from analyzers.standards.openmp_clauses import CLAUSES


def check(context: Context) -> Iterator[Finding]:
    for site in _common.sites(context):
        construct = site.construct
        default = site.directive.first("default")
        if construct is None or construct.body is None or default is None or default.modifiers != ("none",):
            continue
        if site.directive.may_hold_macros:
            continue
        decided = _listed(construct)
        for symbol, stmt in mentioned(construct.body).items():
            if symbol in decided or not _needs_decision(symbol):
                continue
            edits = clauses.add(site.directive, "shared", symbol.name)
            yield _common.finding(
                RULE,
                default.span,
                f"default(none), and nothing says whether `{symbol.name}` is shared or private",
                f"`{symbol.name}` is not listed",
                "Every variable from outside that the construct names must stand in a data-sharing clause "
                "(OpenMP 5.2 §5.4.1).",
                (Fix(f"add `shared({symbol.name})`", edits, False, "the team uses the one variable"),),
                (Related(stmt.span, f"`{symbol.name}` is used here"),),
                variable=symbol.name,
            )


def _listed(construct: Construct) -> set[Symbol]:
    """The variables that a clause, a declaration inside or a rule of the standard decides on."""
    assert construct.body is not None
    found: set[Symbol] = set()
    for clause in construct.directive.clauses:
        rule = CLAUSES.get(clause.name)
        if (rule is not None and rule.sharing is not None) or clause.name == "map":
            found.update(listed(clause))
    for stmt in walk_statements(construct.body):
        if isinstance(stmt, Declare):
            found.add(stmt.symbol)
        elif isinstance(stmt, Construct):
            # The index of an associated loop is private in the construct of the loop.
            found.update(s for s in map(index_of, associated_loops(stmt)) if s is not None)
            # A private clause inside makes a copy of its own, which asks nothing of the outer variable.
            for clause in stmt.directive.all("private"):
                found.update(listed(clause))
    found.update(s for s in map(index_of, associated_loops(construct)) if s is not None)
    return found


def _needs_decision(symbol: Symbol) -> bool:
    if symbol.threadprivate or symbol.storage in ("constant", "function"):
        return False
    if symbol.storage == "undeclared":
        return False  # a macro or a name of a header that was not seen
    if not symbol.name.replace("::", "").isidentifier():
        return False  # what an object holds beside its elements, `v.size()`, goes with it
    # Constant variables are predetermined shared up to OpenMP 3.1 and need listing since; compilers differ.
    return not symbol.type.const


RULE = Rule(
    "omp-default-none-missing",
    "omp",
    "error",
    "a variable that default(none) asks for is not listed",
    "OpenMP 5.2 §5.4.1",
    check,
)
