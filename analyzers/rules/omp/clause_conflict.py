"""Two clauses contradict each other.

What it finds
A variable in two data-sharing clauses of one directive, a clause that may stand only once and stands twice, or two
clauses of which only one may stand.

Why it matters
Which of the two was meant? Compilers refuse the program.

Example
Bad:

    void scale(int n, const double *x, double *y)
    {
        double t;
        #pragma omp parallel for private(t) shared(t)
        for (int i = 0; i < n; i++) {
            t = x[i];
            y[i] = t * t;
        }
    }

Good:

    void scale(int n, const double *x, double *y)
    {
        double t = 0.0;
        #pragma omp parallel for firstprivate(t) lastprivate(t)
        for (int i = 0; i < n; i++) {
            t = x[i];
            y[i] = t * t;
        }
    }

Fix
Keep the clause that is meant. Only firstprivate and lastprivate may name the same variable.

References
OpenMP 5.2 §5.4 (data-sharing attribute clauses), §3.2 (clause format)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.directives import Clause, Directive
from analyzers.ir.expressions import Name
from analyzers.ir.statements import SourceFile
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Finding, Related
from analyzers.rules.omp import _common
from analyzers.rules.registry import Context, Rule
from analyzers.standards.openmp import DIRECTIVES
from analyzers.standards.openmp_clauses import CLAUSES
from analyzers.text import Span
from analyzers.words import listed, quoted

_ATTRIBUTES = ("shared", "private", "firstprivate", "lastprivate", "reduction", "in_reduction", "linear")
_TOGETHER = frozenset({"firstprivate", "lastprivate"})


def check(context: Context) -> Iterator[Finding]:
    for site in _common.sites(context):
        yield from _variables(site.directive)
        yield from _repeated(site.directive)
        yield from _exclusive(site.directive)


def check_file(file: SourceFile) -> Iterator[Finding]:
    for site in _common.file_sites(file):
        yield from _repeated(site.directive)
        yield from _exclusive(site.directive)


def _variables(directive: Directive) -> Iterator[Finding]:
    # On combined constructs a clause may go to different leaves: `simd` with linear and `for` with lastprivate.
    known: dict[Symbol, tuple[Clause, Span]] = {}
    for clause in directive.all(*_ATTRIBUTES):
        for item in clause.items:
            if not isinstance(item.expr, Name):
                continue
            symbol = item.expr.symbol
            earlier = known.get(symbol)
            if earlier is None:
                known[symbol] = (clause, item.span)
                continue
            names = {earlier[0].name, clause.name}
            if names <= _TOGETHER and len(names) == 2:
                continue
            if directive.has("target") and names & {"firstprivate", "in_reduction"}:
                continue
            twice = len(names) == 1
            yield _common.finding(
                RULE,
                item.span,
                f"`{symbol.name}` is listed twice in `{clause.name}`"
                if twice
                else f"`{symbol.name}` is listed in both `{earlier[0].name}` and `{clause.name}`",
                "a variable has one data-sharing attribute",
                "A list item may appear in at most one data-sharing clause of a directive, but for firstprivate and "
                "lastprivate (OpenMP 5.2 §5.4).",
                (),
                (Related(earlier[1], "listed here first"),),
                variable=symbol.name,
            )


def _repeated(directive: Directive) -> Iterator[Finding]:
    known: dict[str, Clause] = {}
    for clause in directive.clauses:
        rule = CLAUSES.get(clause.name)
        if rule is None or not rule.unique:
            continue
        # `if(target: a) if(parallel: b)`: one for each leaf.
        key = f"{clause.name} {' '.join(clause.modifiers)}" if clause.name == "if" else clause.name
        earlier = known.setdefault(key, clause)
        if earlier is not clause:
            leaves = ", or once for each construct that it names" if clause.name == "if" else ""
            yield _common.finding(
                RULE,
                clause.span,
                f"`{clause.name}` stands twice on the directive",
                "at most one is allowed",
                f"`{clause.name}` may appear at most once on a directive{leaves} (OpenMP 5.2 §{rule.section}).",
                (),
                (Related(earlier.span, "the first one"),),
                help="Keep one of the two.",
                variable=clause.name,
            )


def _exclusive(directive: Directive) -> Iterator[Finding]:
    rule = DIRECTIVES.get(directive.name)
    if rule is None:
        return
    for group in rule.exclusive:
        given = [c for c in directive.clauses if c.name in group]
        if len({c.name for c in given}) > 1:
            first = given[0]
            second = next(c for c in given if c.name != first.name)
            # A combined directive has it from one of its leaves.
            leaves = (DIRECTIVES[kind] for kind in directive.kinds if kind in DIRECTIVES)
            owner = next((leaf for leaf in leaves if group in leaf.exclusive), rule)
            yield _common.finding(
                RULE,
                second.span,
                f"`{first.name}` and `{second.name}` exclude each other",
                "only one of them may stand",
                f"At most one of {listed(quoted(group))} may appear on `{owner.name}` (OpenMP 5.2 §{owner.section}).",
                (),
                (Related(first.span, "the other one"),),
                help="Keep the one that is meant.",
                variable=second.name,
            )


RULE = Rule(
    "omp-clause-conflict",
    "omp",
    "error",
    "two clauses of a directive contradict each other",
    "OpenMP 5.2 §5.4",
    check,
    check_file,
)
