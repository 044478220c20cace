"""The leaf directives of OpenMP 5.2 as data, first part: those that execute on the host.

What each is, what it stands before, and which clauses it takes.

Imports nothing of ours. `section` is the section of the OpenMP API specification 5.2 (November 2021). Names are the C
spelling; directives of 6.0 carry `since`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Category = Literal[
    "parallelism",
    "worksharing",
    "simd",
    "tasking",
    "synchronization",
    "device",
    "declarative",
    "informational",
    "meta",
    "transform",
]
# What the directive governs (OpenMP 5.2 §3.1).
#   block        the structured block that follows          loop        the loop nest that follows
#   sections     a block of `section`s                      none        nothing: it stands alone
#   declarative  nothing: it declares                        function    the function that follows
#   separating   what follows up to the next one (section, scan)
#   delimited    what follows up to its `end`                atomic      the statement that follows, of a fixed form
Association = Literal[
    "block", "loop", "sections", "none", "declarative", "function", "separating", "delimited", "atomic"
]


@dataclass(frozen=True, slots=True)
class DirectiveRule:
    """One directive. `kinds` are its leaf constructs; a leaf has itself."""

    name: str
    kinds: tuple[str, ...]
    category: Category
    association: Association
    section: str
    doc: str
    clauses: tuple[str, ...] = ()
    argument: str | None = (
        None  # the clause that its own parentheses stand for: "name" (critical), "list" (flush), "argument"
    )
    exclusive: tuple[tuple[str, ...], ...] = ()  # clauses of which at most one may stand
    required: tuple[tuple[str, ...], ...] = ()  # clauses of which at least one must stand
    deprecated: str | None = None  # what to write instead
    since: str = ""


_MEMORY_ORDER = ("seq_cst", "acq_rel", "acquire", "release", "relaxed")
PRIVATISATION = ("private", "firstprivate")


def leaf(
    name: str,
    category: Category,
    association: Association,
    section: str,
    doc: str,
    clauses: tuple[str, ...] = (),
    argument: str | None = None,
    exclusive: tuple[tuple[str, ...], ...] = (),
    required: tuple[tuple[str, ...], ...] = (),
    deprecated: str | None = None,
    since: str = "",
) -> DirectiveRule:
    return DirectiveRule(
        name, (name,), category, association, section, doc, clauses, argument, exclusive, required, deprecated, since
    )


EXECUTABLE: tuple[DirectiveRule, ...] = (
    leaf(
        "parallel",
        "parallelism",
        "block",
        "10.1",
        "a team of threads executes the block",
        (
            "safesync",
            "if",
            "num_threads",
            "default",
            *PRIVATISATION,
            "shared",
            "copyin",
            "reduction",
            "proc_bind",
            "allocate",
            "message",
            "severity",
        ),
    ),
    leaf(
        "teams",
        "parallelism",
        "block",
        "10.2",
        "a league of teams executes the block",
        ("num_teams", "thread_limit", "default", *PRIVATISATION, "shared", "reduction", "allocate", "if"),
    ),
    leaf(
        "simd",
        "simd",
        "loop",
        "10.4",
        "iterations run together in SIMD lanes",
        (
            "induction",
            "if",
            "safelen",
            "simdlen",
            "linear",
            "aligned",
            "nontemporal",
            "private",
            "lastprivate",
            "reduction",
            "collapse",
            "order",
        ),
    ),
    leaf(
        "masked",
        "synchronization",
        "block",
        "10.5",
        "one thread, usually the primary one, executes the block",
        ("filter",),
    ),
    leaf(
        "master", "synchronization", "block", "10.5", "the primary thread executes the block", (), deprecated="masked"
    ),
    leaf(
        "single",
        "worksharing",
        "block",
        "11.1",
        "one thread executes the block, the others wait at its end",
        (*PRIVATISATION, "copyprivate", "nowait", "allocate"),
    ),
    leaf(
        "scope",
        "worksharing",
        "block",
        "11.2",
        "all threads execute the block",
        (*PRIVATISATION, "reduction", "nowait", "allocate"),
    ),
    leaf(
        "sections",
        "worksharing",
        "sections",
        "11.3",
        "each section is executed once, by one thread",
        (*PRIVATISATION, "lastprivate", "reduction", "nowait", "allocate"),
    ),
    leaf("section", "worksharing", "separating", "11.3.1", "one unit of work of a sections construct"),
    leaf(
        "workshare",
        "worksharing",
        "block",
        "11.4",
        "the statements of the block are divided into units of work",
        ("nowait",),
    ),
    leaf(
        "for",
        "worksharing",
        "loop",
        "11.5.1",
        "the iterations are shared among the threads of the team",
        (
            "induction",
            *PRIVATISATION,
            "lastprivate",
            "linear",
            "reduction",
            "schedule",
            "collapse",
            "ordered",
            "nowait",
            "allocate",
            "order",
        ),
    ),
    leaf(
        "distribute",
        "worksharing",
        "loop",
        "11.6",
        "the iterations are shared among the teams",
        ("induction", *PRIVATISATION, "lastprivate", "collapse", "dist_schedule", "allocate", "order"),
    ),
    leaf(
        "loop",
        "worksharing",
        "loop",
        "11.7",
        "the iterations may run at the same time, in any way",
        ("bind", "collapse", "order", "private", "lastprivate", "reduction"),
    ),
    leaf(
        "task",
        "tasking",
        "block",
        "12.5",
        "the block becomes a task that any thread of the team may execute",
        (
            "transparent",
            "threadset",
            "replayable",
            "if",
            "final",
            "untied",
            "default",
            "mergeable",
            *PRIVATISATION,
            "shared",
            "in_reduction",
            "depend",
            "priority",
            "allocate",
            "affinity",
            "detach",
        ),
        exclusive=(("mergeable", "detach"),),
    ),
    leaf(
        "taskloop",
        "tasking",
        "loop",
        "12.6",
        "the iterations become tasks",
        (
            "induction",
            "threadset",
            "transparent",
            "replayable",
            "if",
            "shared",
            *PRIVATISATION,
            "lastprivate",
            "reduction",
            "in_reduction",
            "default",
            "grainsize",
            "num_tasks",
            "collapse",
            "final",
            "priority",
            "untied",
            "mergeable",
            "nogroup",
            "allocate",
        ),
        exclusive=(("grainsize", "num_tasks"), ("reduction", "nogroup")),
    ),
    leaf("taskyield", "tasking", "none", "12.7", "the thread may switch to another task here"),
    leaf(
        "taskgroup",
        "synchronization",
        "block",
        "15.4",
        "waits at its end for all tasks created in it and their descendants",
        ("task_reduction", "allocate"),
    ),
    leaf(
        "taskwait",
        "synchronization",
        "none",
        "15.5",
        "waits for the child tasks of the current task",
        ("depend", "nowait"),
    ),
    leaf("critical", "synchronization", "block", "15.2", "one thread at a time executes the block", ("hint",), "name"),
    leaf("barrier", "synchronization", "none", "15.3.1", "no thread goes on before all threads of the team are here"),
    leaf(
        "atomic",
        "synchronization",
        "atomic",
        "15.8.4",
        "the access to one variable happens at once",
        ("memscope", *_MEMORY_ORDER, "read", "write", "update", "capture", "compare", "weak", "fail", "hint"),
        exclusive=(
            _MEMORY_ORDER,
            ("read", "write", "update"),
            ("read", "write", "capture"),
            ("read", "write", "compare"),
        ),
    ),
    leaf(
        "flush",
        "synchronization",
        "none",
        "15.8.5",
        "makes the thread's view of memory consistent",
        ("memscope", "seq_cst", "acq_rel", "acquire", "release"),
        "list",
        exclusive=(_MEMORY_ORDER[:4],),
    ),
    leaf(
        "ordered",
        "synchronization",
        "block",
        "15.10.2",
        "the block is executed in the order of the iterations",
        ("threads", "simd", "depend", "doacross"),
    ),
    leaf(
        "depobj",
        "synchronization",
        "none",
        "15.9.4",
        "makes or changes a depend object",
        ("depend", "destroy", "update"),
        "list",
    ),
    leaf(
        "cancel",
        "synchronization",
        "none",
        "16.1",
        "asks for the cancellation of a region",
        ("parallel", "sections", "for", "taskgroup", "if"),
        exclusive=(("parallel", "sections", "for", "taskgroup"),),
        required=(("parallel", "sections", "for", "taskgroup"),),
    ),
    leaf(
        "cancellation point",
        "synchronization",
        "none",
        "16.2",
        "checks whether the region was cancelled",
        ("parallel", "sections", "for", "taskgroup"),
        exclusive=(("parallel", "sections", "for", "taskgroup"),),
        required=(("parallel", "sections", "for", "taskgroup"),),
    ),
)
