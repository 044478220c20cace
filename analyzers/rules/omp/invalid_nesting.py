"""A construct stands inside one that it may not be nested in.

What it finds
A worksharing construct or a barrier inside a worksharing, critical, ordered, masked, master or task region of the
same team, a critical region inside one with the same name, a section outside sections, `ordered` in a loop
without the clause, a teams region inside anything but target.

Why it matters
The threads of a team must all meet the same worksharing constructs and barriers. Inside a region that only some of
them execute, the others never come: the program hangs.

Example
Bad:

    void rows(int n, double a[n][n])
    {
        #pragma omp parallel
        {
            #pragma omp for
            for (int i = 0; i < n; i++) {
                #pragma omp for
                for (int j = 0; j < n; j++)
                    a[i][j] = 0.0;
            }
        }
    }

Good:

    void rows(int n, double a[n][n])
    {
        #pragma omp parallel
        {
            #pragma omp for collapse(2)
            for (int i = 0; i < n; i++)
                for (int j = 0; j < n; j++)
                    a[i][j] = 0.0;
        }
    }

Fix
Share out the outer loop only (with collapse for both), or open a parallel region inside.

References
OpenMP 5.2 §17.1 (nesting of regions)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from analyzers.ir.directives import TASKING, TEAM_MAKERS, WORKSHARING, Directive
from analyzers.ir.statements import Construct
from analyzers.ir.verdicts import Finding, Related
from analyzers.rules.omp import _common
from analyzers.rules.registry import Context, Rule, Site

_DIVIDING = WORKSHARING - {"scope"}  # all threads come into a scope region
_CLOSED = _DIVIDING | TASKING | {"critical", "ordered", "masked", "master", "atomic"}
_TEAM = TEAM_MAKERS | {"target"}


def check(context: Context) -> Iterator[Finding]:
    for site in _common.sites(context):
        if _common.is_generated(site.directive) or site.construct is None:
            continue
        found = _conflict(site)
        if found is None:
            continue
        outer = found.outer
        related = (Related(outer.directive.span, f"inside this `{outer.directive.name}` construct"),) if outer else ()
        yield _common.finding(
            RULE,
            site.directive.span,
            found.message,
            found.label,
            found.why,
            (),
            related,
            help=found.help,
            variable=site.directive.name,
        )


@dataclass(frozen=True, slots=True)
class _Conflict:
    """What is wrong with the place of a construct. Without `help` it is what the page of the rule says to do."""

    message: str
    label: str
    outer: Construct | None
    why: str = (
        "All threads of a team must meet the same worksharing constructs and barriers, in one order (OpenMP 5.2 §17.1)."
    )
    help: str = ""


def _conflict(site: Site) -> _Conflict | None:
    directive = site.directive
    team = _own_team(site.outside)
    first = directive.kinds[0] if directive.kinds else ""
    if first in WORKSHARING or first == "barrier":
        for outer in reversed(team):
            closed = next((k for k in outer.directive.kinds if k in _CLOSED), None)
            if closed is not None:
                message = f"`{directive.name}` may not stand inside `{outer.directive.name}`"
                if first == "barrier":
                    label = "a barrier that not all threads of the team meet"
                    return _Conflict(message, label, outer, help="Put the barrier behind the construct.")
                return _Conflict(message, "a worksharing construct that not all threads of the team meet", outer)
    if first in ("masked", "master"):
        for outer in reversed(team):
            if outer.directive.has(*_DIVIDING, *TASKING, "atomic"):
                return _Conflict(
                    f"`{directive.name}` may not stand inside `{outer.directive.name}`",
                    "the chosen thread need not come here",
                    outer,
                    f"Only one thread executes `{directive.name}`, and another one may come to this place "
                    "(OpenMP 5.2 §17.1).",
                    "Put it outside the construct, or use `critical` where one thread at a time is meant.",
                )
    if first == "critical":
        for outer in reversed(site.outside):
            if outer.directive.has("critical") and _name(outer.directive) == _name(directive):
                return _Conflict(
                    "a critical region inside one with the same name",
                    "waits for itself forever",
                    outer,
                    "A thread holds the name to the end of the outer region, and the inner one waits until it is free "
                    "(OpenMP 5.2 §15.2, §17.1).",
                    "Give the two different names, or remove the inner one.",
                )
    if first == "section" and not any(c.directive.has("sections") for c in site.outside[-1:]):
        return _Conflict(
            "`section` outside `sections`",
            "belongs to no sections construct",
            None,
            "A section is a part of the sections construct directly around it (OpenMP 5.2 §11.3).",
            "Put it directly into the block of a `sections` construct.",
        )
    if first == "teams" and site.outside and not site.outside[-1].directive.has("target"):
        outer = site.outside[-1]
        return _Conflict(
            f"`teams` may not stand inside `{outer.directive.name}`",
            "only directly inside target",
            outer,
            "A league of teams starts from one thread: directly in a target region, or outside every other region "
            "(OpenMP 5.2 §10.2, §17.1).",
            f"Put it directly into a `target` construct, or outside `{outer.directive.name}`.",
        )
    if first == "ordered" and not directive.has("simd"):
        loop = next((c for c in reversed(team) if c.directive.has("for", "simd")), None)
        if (
            loop is not None
            and loop.directive.problem is None
            and loop.directive.has("for")
            and loop.directive.first("ordered") is None
        ):
            return _Conflict(
                "`ordered` in a loop that has no ordered clause",
                "add `ordered` to the loop directive",
                loop,
                "The iterations of a loop have an order only where its directive says `ordered` (OpenMP 5.2 §15.10).",
                "Add the clause `ordered` to the loop directive.",
            )
    return None


def _own_team(outside: tuple[Construct, ...]) -> tuple[Construct, ...]:
    """The constructs around that belong to the innermost team: those inside the last parallel region, and that
    region's own worksharing part where the two are one directive."""
    start = 0
    for index, construct in enumerate(outside):
        if construct.directive.has(*_TEAM):
            start = index
    return outside[start:]


def _name(directive: Directive) -> str:
    clause = directive.first("name")
    return clause.items[0].text if clause is not None and clause.items else ""


RULE = Rule(
    "omp-invalid-nesting",
    "omp",
    "error",
    "a construct inside one that it may not be nested in",
    "OpenMP 5.2 §17.1",
    check,
)
