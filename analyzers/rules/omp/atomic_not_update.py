"""An atomic construct governs a statement that it cannot make atomic.

What it finds
`#pragma omp atomic` before an assignment whose right side does not use the old value, or before something that is no
assignment at all.

Why it matters
atomic means the update of one variable, in one of the forms of the standard. Anything else is no valid program; what is
meant is often `atomic write`, or critical for a whole statement.

Example
Bad:

    void last(int n, const int *x, int *seen)
    {
        #pragma omp parallel for
        for (int i = 0; i < n; i++) {
            #pragma omp atomic
            *seen = x[i];
        }
    }

Good:

    void last(int n, const int *x, int *seen)
    {
        #pragma omp parallel for
        for (int i = 0; i < n; i++) {
            #pragma omp atomic write
            *seen = x[i];
        }
    }

Fix
Write `atomic write` for a plain assignment, `atomic compare` for a comparison and an exchange, or protect the statement
with critical.

References
OpenMP 5.2 §15.8.4 (atomic construct)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.expressions import walk
from analyzers.ir.statements import Assign, Construct, If, Unknown, walk_statements
from analyzers.ir.verdicts import Edit, Finding, Fix
from analyzers.openmp import clauses
from analyzers.rules.omp import _common
from analyzers.rules.registry import Context, Rule
from analyzers.text import Span

_OTHER_FORMS = ("read", "write", "capture", "compare")


def check(context: Context) -> Iterator[Finding]:
    for site in _common.sites(context):
        construct, directive = site.construct, site.directive
        if construct is None or construct.body is None or not directive.has("atomic") or directive.problem is not None:
            continue
        if directive.first("update") is None and any(directive.first(form) for form in _OTHER_FORMS):
            continue
        found = _not_update(construct)
        if found is None:
            continue
        message, fixes = found
        yield _common.finding(
            RULE,
            directive.span,
            message,
            "not one of the forms of atomic",
            "Without `read`, `write`, `capture` or `compare` the statement is `x++`, `x--`, `x op= e`, `x = x op e` or "
            "`x = e op x` (OpenMP 5.2 §15.8.4).",
            fixes,
            variable="atomic",
        )


def _not_update(construct: Construct) -> tuple[str, tuple[Fix, ...]] | None:
    assert construct.body is not None
    statements = construct.body.statements
    if any(isinstance(s, Unknown) for s in walk_statements(construct.body)) or len(statements) != 1:
        return None
    (statement,) = statements
    if isinstance(statement, If):
        return "`atomic` does not make a comparison and an assignment one step", ()
    if not isinstance(statement, Assign) or statement.op is not None:
        return None
    if any(e == statement.target for e in walk(statement.value)):
        return None
    directive = construct.directive
    at = clauses.end_of(directive)
    note = "the value is stored in one piece"
    fix = Fix("write `atomic write`", (Edit(Span(at, at), " write"),), True, note)
    return "`atomic` without `write` before an assignment that is no update", () if directive.clauses else (fix,)


RULE = Rule(
    "omp-atomic-not-update",
    "omp",
    "error",
    "an atomic construct governs a statement that is no update",
    "OpenMP 5.2 §15.8.4",
    check,
)
