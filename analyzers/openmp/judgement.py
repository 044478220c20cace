"""Does a directive that somebody wrote keep the meaning of the serial loop?

Races are one half of the answer; the other one is whether every value that the loop needs reaches it, and every value
that it makes leaves it (OpenMP 5.2 §5.3: private copies start without a value and vanish at the end).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from analyzers.ir.directives import Directive
from analyzers.ir.verdicts import Role, RoleKind

Judgement = Literal["refuted", "possible"]

# By the role of a variable in the serial loop: the clauses that change what the program computes.
_WRONG: dict[RoleKind, tuple[str, ...]] = {
    "reduction": ("private", "firstprivate", "lastprivate", "linear"),
    "lastprivate": ("private", "firstprivate"),
    "firstprivate": ("private", "reduction"),
    "linear": ("private", "firstprivate", "reduction"),
    "shared-read": ("private", "reduction", "lastprivate"),
    "shared-distinct": ("private", "firstprivate", "lastprivate"),
    "conflict": ("private", "firstprivate", "lastprivate"),
}


def judge(roles: Iterable[Role], directive: Directive) -> Judgement | None:
    """`roles` are those of the loop that the directive governs. refuted: a value is lost or missing. possible: a clause
    states what could not be confirmed. None: nothing to object."""
    by_name = {role.name: role for role in roles}
    found: Judgement | None = None
    for clause, op, name in _listed(directive):
        role = by_name.get(name)
        if role is None:
            continue
        if clause in _WRONG.get(role.kind, ()):
            return "refuted"
        if clause == "reduction":
            if role.kind == "reduction" and role.op is not None and _canonical(op) != _canonical(role.op):
                return "refuted"
            if role.kind == "conflict":
                found = "possible"
    return found


def _listed(directive: Directive) -> Iterator[tuple[str, str, str]]:
    clauses = [
        c for c in directive.clauses if c.name in ("private", "firstprivate", "lastprivate", "linear", "reduction")
    ]
    kept = {i.text for c in clauses if c.name == "lastprivate" for i in c.items}
    for clause in clauses:
        op = clause.modifiers[-1] if clause.modifiers else ""
        for item in clause.items:
            if clause.name == "firstprivate" and item.text in kept:
                continue  # both: initialised, and kept at the end
            yield clause.name, op, item.text.partition("[")[0].partition("(")[0].strip()


def _canonical(op: str) -> str:
    return "+" if op == "-" else op
