"""The reduction operator does not fit the type of the variable.

What it finds
A bitwise operator (`&`, `|`, `^`) on a floating-point variable, any operator on a pointer, `min` or `max`
on a complex variable.

Why it matters
The program does not compile: there is no such operation on the type, and no neutral value to start the copies with.

Example
Bad:

    double mask(int n, const double *x)
    {
        double s = 0.0;
        #pragma omp parallel for reduction(|:s)
        for (int i = 0; i < n; i++)
            s += x[i];
        return s;
    }

Good:

    double total(int n, const double *x)
    {
        double s = 0.0;
        #pragma omp parallel for reduction(+:s)
        for (int i = 0; i < n; i++)
            s += x[i];
        return s;
    }

Fix
Use the operator of the computation, or declare a reduction for the type.

References
OpenMP 5.2 §5.5.5 (implicitly declared reduction identifiers), §5.5.11 (declare reduction)
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzers.ir.expressions import Name
from analyzers.ir.symbols import Type
from analyzers.ir.verdicts import Finding
from analyzers.rules.omp import _common
from analyzers.rules.registry import Context, Rule

_BITWISE = ("&", "|", "^")
_BUILTIN = ("+", "-", "*", "&&", "||", "min", "max", *_BITWISE)


def check(context: Context) -> Iterator[Finding]:
    for site in _common.sites(context):
        for clause in site.directive.all("reduction", "in_reduction", "task_reduction"):
            op = clause.modifiers[-1] if clause.modifiers else ""
            for item in clause.items:
                if not isinstance(item.expr, Name) or item.section or op not in _BUILTIN:
                    continue
                symbol = item.expr.symbol
                why = _misfit(op, symbol.type)
                if why is None:
                    continue
                yield _common.finding(
                    RULE,
                    item.span,
                    f"reduction({op}) of `{symbol.name}`, which is {why}",
                    f"`{op}` is not defined for it",
                    "The copies of a reduction start with the neutral value of the operator and are combined by it; "
                    "both must exist for the type (OpenMP 5.2 §5.5.5).",
                    variable=symbol.name,
                )


def _misfit(op: str, kind: Type) -> str | None:
    if kind.kind == "pointer":
        return "a pointer: list an array section such as `p[:n]`"
    if kind.kind in ("real", "complex") and op in _BITWISE:
        return "a floating-point number"
    if kind.kind == "complex" and op in ("min", "max"):
        return "complex"
    return None


RULE = Rule(
    "omp-reduction-type",
    "omp",
    "error",
    "a reduction operator that the type does not have",
    "OpenMP 5.2 §5.5.5",
    check,
)
