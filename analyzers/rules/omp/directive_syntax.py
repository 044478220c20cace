"""The directive cannot be read.

What it finds
A parenthesis that is not closed, a character that belongs to nothing, a clause without what it needs (`reduction(s)`
without an operator, `schedule(fast)`), or a directive without a clause that it requires.

Why it matters
Nothing behind the mistake is understood, and what the compiler makes of it is its own affair.

Example
Bad:

    double sum(int n, const double *x)
    {
        double s = 0.0;
        #pragma omp parallel for reduction(s)
        for (int i = 0; i < n; i++)
            s += x[i];
        return s;
    }

Good:

    double sum(int n, const double *x)
    {
        double s = 0.0;
        #pragma omp parallel for reduction(+:s)
        for (int i = 0; i < n; i++)
            s += x[i];
        return s;
    }

Fix
Complete the directive; the section of the clause shows its form.

References
OpenMP 5.2 §3.1 (directive format), §3.2 (clause format)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.directives import Clause, ClauseItem
from analyzers.ir.expressions import Constant, Unary
from analyzers.ir.verdicts import Finding
from analyzers.rules.omp import _common
from analyzers.rules.registry import Rule, Site
from analyzers.standards.openmp import DIRECTIVES
from analyzers.standards.openmp_clauses import CLAUSES, ClauseRule
from analyzers.text import Span
from analyzers.words import listed, quoted

_FORM = (
    "A directive is its name and clauses, and what a clause takes stands in parentheses (OpenMP 5.2 §3.1, §3.2). What "
    "stands behind this place is not understood."
)


def _check(site: Site) -> Iterator[Finding]:
    directive = site.directive
    if _common.is_generated(directive):
        return
    if directive.problem is not None:
        stray = next((span for word, span in directive.unknown if not word[0].isalpha()), None)
        last = directive.clauses[-1].span if directive.clauses and stray is None else None
        span = stray or last or directive.span
        named = bool(directive.name)
        yield _common.finding(
            RULE,
            span,
            directive.problem,
            "cannot read on from here" if named else "nothing follows",
            _FORM
            if named
            else "The name says what the directive does: without it the line is ignored (OpenMP 5.2 §3.1).",
            help="" if named else "Write a directive such as `parallel for`, or remove the line.",
            variable=directive.name,
        )
        return
    rule = DIRECTIVES.get(directive.name)
    if rule is None:
        return
    for group in rule.required:
        if not any(c.name in group for c in directive.clauses):
            wanted = listed(quoted(group), "or")
            yield _common.finding(
                RULE,
                directive.name_span,
                f"`{directive.name}` needs a clause {wanted}",
                "nothing says what it is about",
                f"Without the clause `{directive.name}` has no meaning (OpenMP 5.2 §{rule.section}).",
                help=f"Add {wanted}.",
                variable=directive.name,
            )
    if rule.argument == "list" and rule.name in ("threadprivate", "depobj") and not directive.all("list"):
        yield _common.finding(
            RULE,
            directive.name_span,
            f"`{directive.name}` needs a list in parentheses",
            "no list",
            f"The list names what `{directive.name}` applies to (OpenMP 5.2 §{rule.section}).",
            help=f"Write it behind the name: `{directive.name}(x)`.",
            variable=directive.name,
        )
    for clause in directive.clauses:
        clause_rule = CLAUSES.get(clause.name)
        if clause_rule is not None and not directive.name.endswith("metadirective"):
            yield from _clause(clause, clause_rule)


def _clause(clause: Clause, rule: ClauseRule) -> Iterator[Finding]:
    def wrong(message: str, label: str, help: str, span: Span | None = None) -> Finding:
        return _common.finding(
            RULE,
            span or clause.span,
            message,
            label,
            f"`{clause.name}`: {rule.doc} (OpenMP {'' if rule.section.startswith('6') else '5.2 §'}{rule.section}).",
            help=help,
            variable=clause.name,
        )

    if rule.parentheses == "required" and not clause.parenthesised:
        message = f"`{clause.name}` needs something in parentheses"
        yield wrong(message, "no parentheses", f"Write it as in `{_example(rule)}`.")
        return
    if rule.parentheses == "none" and clause.parenthesised and clause.name not in ("nowait", "nogroup", "untied"):
        return  # 6.0 lets most flags take an expression
    listing = rule.shape in ("list", "modified", "trailing") and (
        clause.parenthesised or rule.parentheses != "optional"
    )
    if listing and not clause.items and not clause.modifiers:
        yield wrong(f"`{clause.name}` lists no variable", "empty", "List the variables, or remove the clause.")
        return
    if clause.name in ("reduction", "in_reduction", "task_reduction") and not clause.modifiers:
        message = f"`{clause.name}` has no operator"
        yield wrong(message, "combined by which operator?", "Write `+:` or another operator before the list.")
        return
    if rule.shape == "keyword" and rule.keywords and clause.name != "defaultmap":
        known = {*rule.keywords, *rule.modifiers}
        for word in clause.modifiers:
            if word not in known:
                expected = listed(quoted(rule.keywords), "or")
                yield wrong(f"`{word}` is no argument of `{clause.name}`", "no such argument", f"Write {expected}.")
    if rule.constant:
        for item in clause.items:
            if _is_not_positive(item):
                message = f"`{clause.name}` needs a positive number, not `{item.text}`"
                yield wrong(message, "not positive", "Write an integer constant above zero.", item.span)


def _example(rule: ClauseRule) -> str:
    if rule.shape == "keyword" and rule.keywords:
        return f"{rule.name}({rule.keywords[0]})"
    if rule.constant:
        return f"{rule.name}(2)"
    return rule.template.replace("()", "(...)")


def _is_not_positive(item: ClauseItem) -> bool:
    if isinstance(item.expr, Unary) and item.expr.op == "-" and isinstance(item.expr.operand, Constant):
        return True
    return item.constant is not None and item.constant <= 0


check, check_file = _common.everywhere(_check)

RULE = Rule(
    "omp-directive-syntax",
    "omp",
    "error",
    "a directive that cannot be read, or lacks what it needs",
    "OpenMP 5.2 §3.2",
    check,
    check_file,
)
