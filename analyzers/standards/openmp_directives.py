"""The leaf directives of OpenMP 5.2 as data: what each is, what it stands before, and which clauses it takes.

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
_PRIVATISATION = ("private", "firstprivate")
_ASSUMPTIONS = (
    "absent",
    "contains",
    "holds",
    "no_openmp",
    "no_openmp_routines",
    "no_openmp_constructs",
    "no_parallelism",
)
_TARGET_DATA = ("depend", "device", "if", "map", "nowait")


def _leaf(
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


LEAVES: tuple[DirectiveRule, ...] = (
    _leaf(
        "parallel",
        "parallelism",
        "block",
        "10.1",
        "a team of threads executes the block",
        (
            "if",
            "num_threads",
            "default",
            *_PRIVATISATION,
            "shared",
            "copyin",
            "reduction",
            "proc_bind",
            "allocate",
            "message",
            "severity",
        ),
    ),
    _leaf(
        "teams",
        "parallelism",
        "block",
        "10.2",
        "a league of teams executes the block",
        ("num_teams", "thread_limit", "default", *_PRIVATISATION, "shared", "reduction", "allocate", "if"),
    ),
    _leaf(
        "simd",
        "simd",
        "loop",
        "10.4",
        "iterations run together in SIMD lanes",
        (
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
    _leaf(
        "masked",
        "synchronization",
        "block",
        "10.5",
        "one thread, usually the primary one, executes the block",
        ("filter",),
    ),
    _leaf(
        "master", "synchronization", "block", "10.5", "the primary thread executes the block", (), deprecated="masked"
    ),
    _leaf(
        "single",
        "worksharing",
        "block",
        "11.1",
        "one thread executes the block, the others wait at its end",
        (*_PRIVATISATION, "copyprivate", "nowait", "allocate"),
    ),
    _leaf(
        "scope",
        "worksharing",
        "block",
        "11.2",
        "all threads execute the block",
        (*_PRIVATISATION, "reduction", "nowait", "allocate"),
    ),
    _leaf(
        "sections",
        "worksharing",
        "sections",
        "11.3",
        "each section is executed once, by one thread",
        (*_PRIVATISATION, "lastprivate", "reduction", "nowait", "allocate"),
    ),
    _leaf("section", "worksharing", "separating", "11.3.1", "one unit of work of a sections construct"),
    _leaf(
        "workshare",
        "worksharing",
        "block",
        "11.4",
        "the statements of the block are divided into units of work",
        ("nowait",),
    ),
    _leaf(
        "for",
        "worksharing",
        "loop",
        "11.5.1",
        "the iterations are shared among the threads of the team",
        (
            *_PRIVATISATION,
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
    _leaf(
        "distribute",
        "worksharing",
        "loop",
        "11.6",
        "the iterations are shared among the teams",
        (*_PRIVATISATION, "lastprivate", "collapse", "dist_schedule", "allocate", "order"),
    ),
    _leaf(
        "loop",
        "worksharing",
        "loop",
        "11.7",
        "the iterations may run at the same time, in any way",
        ("bind", "collapse", "order", "private", "lastprivate", "reduction"),
    ),
    _leaf(
        "task",
        "tasking",
        "block",
        "12.5",
        "the block becomes a task that any thread of the team may execute",
        (
            "if",
            "final",
            "untied",
            "default",
            "mergeable",
            *_PRIVATISATION,
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
    _leaf(
        "taskloop",
        "tasking",
        "loop",
        "12.6",
        "the iterations become tasks",
        (
            "if",
            "shared",
            *_PRIVATISATION,
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
    _leaf("taskyield", "tasking", "none", "12.7", "the thread may switch to another task here"),
    _leaf(
        "taskgroup",
        "synchronization",
        "block",
        "15.4",
        "waits at its end for all tasks created in it and their descendants",
        ("task_reduction", "allocate"),
    ),
    _leaf(
        "taskwait",
        "synchronization",
        "none",
        "15.5",
        "waits for the child tasks of the current task",
        ("depend", "nowait"),
    ),
    _leaf("critical", "synchronization", "block", "15.2", "one thread at a time executes the block", ("hint",), "name"),
    _leaf("barrier", "synchronization", "none", "15.3.1", "no thread goes on before all threads of the team are here"),
    _leaf(
        "atomic",
        "synchronization",
        "atomic",
        "15.8.4",
        "the access to one variable happens at once",
        (*_MEMORY_ORDER, "read", "write", "update", "capture", "compare", "weak", "fail", "hint"),
        exclusive=(
            _MEMORY_ORDER,
            ("read", "write", "update"),
            ("read", "write", "capture"),
            ("read", "write", "compare"),
        ),
    ),
    _leaf(
        "flush",
        "synchronization",
        "none",
        "15.8.5",
        "makes the thread's view of memory consistent",
        ("seq_cst", "acq_rel", "acquire", "release"),
        "list",
        exclusive=(_MEMORY_ORDER[:4],),
    ),
    _leaf(
        "ordered",
        "synchronization",
        "block",
        "15.10.2",
        "the block is executed in the order of the iterations",
        ("threads", "simd", "depend", "doacross"),
    ),
    _leaf(
        "depobj",
        "synchronization",
        "none",
        "15.9.4",
        "makes or changes a depend object",
        ("depend", "destroy", "update"),
        "list",
    ),
    _leaf(
        "cancel",
        "synchronization",
        "none",
        "16.1",
        "asks for the cancellation of a region",
        ("parallel", "sections", "for", "taskgroup", "if"),
        exclusive=(("parallel", "sections", "for", "taskgroup"),),
        required=(("parallel", "sections", "for", "taskgroup"),),
    ),
    _leaf(
        "cancellation point",
        "synchronization",
        "none",
        "16.2",
        "checks whether the region was cancelled",
        ("parallel", "sections", "for", "taskgroup"),
        exclusive=(("parallel", "sections", "for", "taskgroup"),),
        required=(("parallel", "sections", "for", "taskgroup"),),
    ),
    # Devices
    _leaf(
        "target",
        "device",
        "block",
        "13.8",
        "the block is executed on a device",
        (
            "if",
            "device",
            "thread_limit",
            *_PRIVATISATION,
            "in_reduction",
            "map",
            "is_device_ptr",
            "has_device_addr",
            "defaultmap",
            "nowait",
            "depend",
            "allocate",
            "uses_allocators",
        ),
    ),
    _leaf(
        "target data",
        "device",
        "block",
        "13.5",
        "data stays on the device during the block",
        ("device", "if", "map", "use_device_ptr", "use_device_addr"),
        required=(("map", "use_device_ptr", "use_device_addr"),),
    ),
    _leaf("target enter data", "device", "none", "13.6", "maps data to the device", _TARGET_DATA, required=(("map",),)),
    _leaf(
        "target exit data", "device", "none", "13.7", "unmaps data from the device", _TARGET_DATA, required=(("map",),)
    ),
    _leaf(
        "target update",
        "device",
        "none",
        "13.9",
        "makes host and device copies the same",
        ("to", "from", "device", "if", "nowait", "depend"),
        required=(("to", "from"),),
    ),
    _leaf(
        "declare target",
        "declarative",
        "declarative",
        "7.8.1",
        "the procedures and variables exist on the device too",
        ("enter", "to", "link", "device_type", "indirect"),
        "list",
    ),
    _leaf(
        "begin declare target",
        "declarative",
        "delimited",
        "7.8.2",
        "what follows exists on the device too",
        ("device_type", "indirect"),
    ),
    _leaf("end declare target", "declarative", "none", "7.8.2", "the end of a declare target region"),
    _leaf(
        "interop",
        "device",
        "none",
        "14.1",
        "hands runtime objects to other libraries",
        ("device", "depend", "destroy", "init", "nowait", "use"),
    ),
    _leaf(
        "dispatch",
        "device",
        "block",
        "7.6",
        "the call below may be replaced by a variant",
        ("device", "depend", "nowait", "is_device_ptr", "has_device_addr", "novariants", "nocontext"),
    ),
    # Declarations
    _leaf(
        "threadprivate",
        "declarative",
        "declarative",
        "5.2",
        "each thread keeps its own copy of the variables",
        (),
        "list",
    ),
    _leaf(
        "groupprivate",
        "declarative",
        "declarative",
        "6.0 §7.13",
        "each contention group keeps its own copy",
        ("device_type",),
        "list",
        since="6.0",
    ),
    _leaf(
        "declare reduction",
        "declarative",
        "declarative",
        "5.5.11",
        "defines a reduction operator",
        ("initializer",),
        "argument",
    ),
    _leaf(
        "declare mapper", "declarative", "declarative", "5.8.8", "defines how a type is mapped", ("map",), "argument"
    ),
    _leaf(
        "declare simd",
        "declarative",
        "function",
        "7.7",
        "makes SIMD versions of the function",
        ("simdlen", "linear", "aligned", "uniform", "inbranch", "notinbranch"),
        exclusive=(("inbranch", "notinbranch"),),
    ),
    _leaf(
        "declare variant",
        "declarative",
        "function",
        "7.5.4",
        "names a variant of the function",
        ("match", "adjust_args", "append_args"),
        "argument",
        required=(("match",),),
    ),
    _leaf(
        "begin declare variant",
        "declarative",
        "delimited",
        "7.5.5",
        "what follows are variants",
        ("match",),
        required=(("match",),),
    ),
    _leaf("end declare variant", "declarative", "none", "7.5.5", "the end of a declare variant region"),
    _leaf(
        "allocate",
        "declarative",
        "declarative",
        "6.5",
        "where the variables are allocated",
        ("allocator", "align"),
        "list",
    ),
    _leaf("allocators", "informational", "block", "6.7", "where the block allocates", ("allocate",)),
    _leaf(
        "scan",
        "worksharing",
        "separating",
        "5.6",
        "separates the input phase of a scan from its scan phase",
        ("inclusive", "exclusive"),
        exclusive=(("inclusive", "exclusive"),),
        required=(("inclusive", "exclusive"),),
    ),
    # Information and variants
    _leaf(
        "requires",
        "informational",
        "declarative",
        "8.2",
        "what the program needs of the implementation",
        (
            "atomic_default_mem_order",
            "dynamic_allocators",
            "reverse_offload",
            "unified_address",
            "unified_shared_memory",
            "self_maps",
        ),
    ),
    _leaf("assume", "informational", "block", "8.3.3", "what holds in the block", _ASSUMPTIONS),
    _leaf("assumes", "informational", "declarative", "8.3.2", "what holds in the file", _ASSUMPTIONS),
    _leaf("begin assumes", "informational", "delimited", "8.3.4", "what holds from here on", _ASSUMPTIONS),
    _leaf("end assumes", "informational", "none", "8.3.4", "the end of the assumptions"),
    _leaf("nothing", "informational", "none", "8.4", "has no effect"),
    _leaf("error", "informational", "none", "8.5", "reports an error", ("at", "message", "severity")),
    _leaf(
        "metadirective", "meta", "block", "7.4.3", "chooses a directive by context", ("when", "otherwise", "default")
    ),
    _leaf(
        "begin metadirective",
        "meta",
        "delimited",
        "7.4.4",
        "chooses a directive by context",
        ("when", "otherwise", "default"),
    ),
    _leaf("end metadirective", "meta", "none", "7.4.4", "the end of a metadirective"),
    # Loop transformations
    _leaf("tile", "transform", "loop", "9.1", "the loops are tiled", ("sizes",), required=(("sizes",),)),
    _leaf(
        "unroll",
        "transform",
        "loop",
        "9.2",
        "the loop is unrolled",
        ("full", "partial"),
        exclusive=(("full", "partial"),),
    ),
    _leaf("reverse", "transform", "loop", "6.0 §11.5", "the loop runs backwards", since="6.0"),
    _leaf("interchange", "transform", "loop", "6.0 §11.4", "the loops change places", ("permutation",), since="6.0"),
    _leaf(
        "stripe", "transform", "loop", "6.0 §11.7", "the iterations are dealt out in strides", ("sizes",), since="6.0"
    ),
    _leaf("fuse", "transform", "loop", "6.0 §11.3", "the loops of the sequence become one", since="6.0"),
)
