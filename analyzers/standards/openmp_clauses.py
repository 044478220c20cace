"""The clauses of OpenMP 5.2 as data (and well-known ones of 6.0, marked by `since`). Imports nothing of ours.

`section` is the section of the OpenMP API specification 5.2 (November 2021) that defines the clause.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# What stands between the parentheses.
#   list        variables:                     private(a, b)
#   modified    modifiers, a colon, variables:  reduction(+: s), map(to: a[:n]), depend(in: x)
#   trailing    variables, a colon, a value:    linear(x: 2), aligned(p: 64)
#   expression  one or more expressions, perhaps after a modifier and a colon:  num_threads(4), if(parallel: n > 9)
#   keyword     keywords, perhaps followed by expressions:  schedule(static, 4), default(none)
#   text        kept as it is:                  match(...), when(...)
Shape = Literal["list", "modified", "trailing", "expression", "keyword", "text"]
Parentheses = Literal["none", "optional", "required"]
DataSharing = Literal[
    "shared", "private", "firstprivate", "lastprivate", "reduction", "linear", "copyin", "copyprivate"
]


@dataclass(frozen=True, slots=True)
class ClauseRule:
    """One clause: what may stand in its parentheses and how often it may stand on one directive."""

    name: str
    section: str
    doc: str
    shape: Shape = "list"
    parentheses: Parentheses = "required"
    unique: bool = False  # at most once on a directive
    modifiers: tuple[str, ...] = ()  # words that may stand before the colon
    keywords: tuple[str, ...] = ()  # words of a keyword clause
    constant: bool = False  # the expression must be a positive constant
    sharing: DataSharing | None = None  # the data-sharing attribute that it gives its list items
    template: str = ""  # how it is typed: "reduction(+: )"
    since: str = ""  # "6.0" when not in 5.2


def _flag(name: str, section: str, doc: str, since: str = "") -> ClauseRule:
    return ClauseRule(name, section, doc, "expression", "none", True, template=name, since=since)


def _value(name: str, section: str, doc: str, *modifiers: str, constant: bool = False, since: str = "") -> ClauseRule:
    return ClauseRule(
        name,
        section,
        doc,
        "expression",
        "required",
        True,
        modifiers,
        constant=constant,
        template=f"{name}()",
        since=since,
    )


def _list(name: str, section: str, doc: str, sharing: DataSharing | None = None, since: str = "") -> ClauseRule:
    return ClauseRule(name, section, doc, "list", sharing=sharing, template=f"{name}()", since=since)


def _modified(
    name: str,
    section: str,
    doc: str,
    *modifiers: str,
    sharing: DataSharing | None = None,
    template: str = "",
) -> ClauseRule:
    return ClauseRule(
        name, section, doc, "modified", modifiers=modifiers, sharing=sharing, template=template or f"{name}()"
    )


def _keyword(name: str, section: str, doc: str, keywords: tuple[str, ...], *modifiers: str) -> ClauseRule:
    return ClauseRule(name, section, doc, "keyword", "required", True, modifiers, keywords, template=f"{name}()")


def _text(name: str, section: str, doc: str, unique: bool = False, parentheses: Parentheses = "required") -> ClauseRule:
    return ClauseRule(name, section, doc, "text", parentheses, unique, template=f"{name}()")


REDUCTION_OPERATORS = ("+", "*", "&", "|", "^", "&&", "||", "min", "max")
FORTRAN_REDUCTION_OPERATORS = ("+", "*", ".and.", ".or.", ".eqv.", ".neqv.", "max", "min", "iand", "ior", "ieor")

_ALL: tuple[ClauseRule, ...] = (
    # Data-sharing attributes
    _keyword(
        "default",
        "5.4.1",
        "the data-sharing attribute of variables that no other rule or clause decides",
        ("shared", "none", "private", "firstprivate"),
    ),
    _list("shared", "5.4.2", "all threads use the one original variable", "shared"),
    _list("private", "5.4.3", "each thread has its own copy, not initialised", "private"),
    _list(
        "firstprivate", "5.4.4", "each thread has its own copy, initialised with the original's value", "firstprivate"
    ),
    _modified(
        "lastprivate",
        "5.4.5",
        "each thread has its own copy; the value of the last iteration or section is kept",
        "conditional",
        sharing="lastprivate",
    ),
    ClauseRule(
        "linear",
        "5.4.6",
        "each iteration has its own copy, which moves by a fixed step per iteration",
        "trailing",
        modifiers=("val", "ref", "uval", "step"),
        sharing="linear",
        template="linear(: 1)",
    ),
    _list("is_device_ptr", "5.4.7", "the pointer already holds a device address"),
    _list("use_device_ptr", "5.4.8", "the pointer is replaced by its device address"),
    _list("has_device_addr", "5.4.9", "the variable already lives on the device"),
    _list("use_device_addr", "5.4.10", "the variable stands for its copy on the device"),
    _modified(
        "reduction",
        "5.5.8",
        "each thread combines into its own copy; the copies are combined at the end",
        "inscan",
        "task",
        "default",
        "original",
        sharing="reduction",
        template="reduction(+: )",
    ),
    _modified(
        "task_reduction",
        "5.5.9",
        "a reduction among the tasks of the taskgroup",
        sharing="reduction",
        template="task_reduction(+: )",
    ),
    _modified(
        "in_reduction",
        "5.5.10",
        "the task takes part in a surrounding task reduction",
        sharing="reduction",
        template="in_reduction(+: )",
    ),
    _text("initializer", "5.5.3", "how a private copy of a declared reduction starts", True),
    _list("inclusive", "5.6.1", "a scan whose i-th result includes the i-th input"),
    _list("exclusive", "5.6.2", "a scan whose i-th result leaves out the i-th input"),
    _list("copyin", "5.7.1", "the threadprivate copies start with the primary thread's value", "copyin"),
    _list("copyprivate", "5.7.2", "the value of the executing thread is broadcast to the others", "copyprivate"),
    # Mapping
    _modified(
        "map",
        "5.8.3",
        "which data the device needs, and in which direction it is copied",
        "to",
        "from",
        "tofrom",
        "alloc",
        "storage",
        "release",
        "delete",
        "always",
        "close",
        "present",
        "self",
        "mapper",
        "iterator",
        "ref_ptee",
        "ref_ptr",
        "ref_ptr_ptee",
        template="map(tofrom: )",
    ),
    _list("enter", "5.8.4", "the procedure or variable gets a device version"),
    _list("link", "5.8.5", "the variable is mapped on the device when it is first used"),
    ClauseRule(
        "defaultmap",
        "5.8.7",
        "how variables without a map clause reach the device",
        "keyword",
        "required",
        False,
        ("alloc", "to", "from", "tofrom", "firstprivate", "none", "default", "present", "private", "storage", "self"),
        ("scalar", "aggregate", "allocatable", "pointer", "all", "variable-category"),
        template="defaultmap()",
    ),
    _modified("to", "5.9.1", "copied to the device", "present", "mapper", "iterator"),
    _modified("from", "5.9.2", "copied from the device", "present", "mapper", "iterator"),
    _list("uniform", "5.10", "the argument is the same in all SIMD lanes"),
    ClauseRule("aligned", "5.11", "the pointer is aligned to that many bytes", "trailing", template="aligned()"),
    # Memory
    _value("align", "6.3", "the alignment of the allocation in bytes", constant=True),
    _value("allocator", "6.4", "the allocator that provides the memory"),
    _modified("allocate", "6.6", "the allocator of the private copies", "align", "allocator"),
    _text("uses_allocators", "6.8", "allocators that the target region uses"),
    # Variants
    _text("when", "7.4.1", "the directive to use when the context matches"),
    _text("otherwise", "7.4.2", "the directive to use when no context matches", True),
    _text("match", "7.5.1", "the context in which the variant is called", True),
    _text("adjust_args", "7.5.2", "how arguments of the variant are adjusted"),
    _text("append_args", "7.5.3", "arguments that are added to the call of the variant", True),
    _value("novariants", "7.6.1", "call the base function when true"),
    _value("nocontext", "7.6.2", "leave the dispatch construct out of the context when true"),
    ClauseRule("inbranch", "7.7.1", "the function is always called under a condition", "expression", "optional", True),
    ClauseRule(
        "notinbranch", "7.7.1", "the function is never called under a condition", "expression", "optional", True
    ),
    ClauseRule(
        "indirect", "7.8.3", "device versions can be called through function pointers", "expression", "optional", True
    ),
    # Requirements and assumptions
    _keyword(
        "atomic_default_mem_order",
        "8.2.1",
        "the memory order of atomic constructs without one",
        ("seq_cst", "acq_rel", "relaxed", "acquire", "release"),
    ),
    _flag("dynamic_allocators", "8.2.1", "target regions need no uses_allocators clause"),
    _flag("reverse_offload", "8.2.1", "device code may start target regions on its host"),
    _flag("unified_address", "8.2.1", "host and device share one address space"),
    _flag("unified_shared_memory", "8.2.1", "host and device share memory"),
    _flag("self_maps", "8.2.1", "all mapping is to the original storage", "6.0"),
    _text("absent", "8.3.1", "directives that do not occur here"),
    _text("contains", "8.3.1", "directives that occur here"),
    _value("holds", "8.3.1", "an expression that is always true here"),
    _flag("no_openmp", "8.3.1", "no OpenMP code is executed here"),
    _flag("no_openmp_routines", "8.3.1", "no OpenMP routine is called here"),
    _flag("no_openmp_constructs", "8.3.1", "no OpenMP construct is executed here", "6.0"),
    _flag("no_parallelism", "8.3.1", "no thread, task or SIMD code is created here"),
    _keyword("at", "8.5.1", "when the error is reported", ("compilation", "execution")),
    _value("message", "8.5.2", "the text of the error"),
    _keyword("severity", "8.5.3", "how the error is taken", ("fatal", "warning")),
    # Loop transformations
    _value("sizes", "9.1.1", "the tile size of each loop"),
    ClauseRule("full", "9.2.1", "unroll the loop completely", "expression", "optional", True),
    ClauseRule("partial", "9.2.2", "unroll by that factor", "expression", "optional", True, constant=True),
    _value("permutation", "6.0 §11.4.1", "the new order of the loops", since="6.0"),
    # Parallelism
    _value("if", "3.4", "the construct takes effect only when the expression is true"),
    _value("num_threads", "10.1.2", "how many threads the region is asked to have", "strict"),
    _keyword("proc_bind", "10.1.4", "where the threads are placed", ("close", "spread", "primary", "master")),
    _value("num_teams", "10.2.1", "how many teams are created"),
    _value("thread_limit", "10.2.2", "at most that many threads in each team"),
    _keyword(
        "order",
        "10.3",
        "iterations may run in any order, also at the same time",
        ("concurrent",),
        "reproducible",
        "unconstrained",
    ),
    _list("nontemporal", "10.4.1", "the data is not used again soon: pass by the cache"),
    _value("safelen", "10.4.2", "at most that many consecutive iterations run together", constant=True),
    _value("simdlen", "10.4.3", "the preferred number of SIMD lanes", constant=True),
    _value("filter", "10.5.1", "which thread executes the masked region"),
    # Work distribution
    _keyword(
        "schedule",
        "11.5.3",
        "how iterations are shared among the threads",
        ("static", "dynamic", "guided", "auto", "runtime"),
        "monotonic",
        "nonmonotonic",
        "simd",
    ),
    _keyword("dist_schedule", "11.6.1", "how iterations are shared among the teams", ("static",)),
    _keyword("bind", "11.7.1", "which region the loop binds to", ("teams", "parallel", "thread")),
    _value("collapse", "4.4.3", "that many nested loops become one iteration space", constant=True),
    ClauseRule(
        "ordered",
        "4.4.4",
        "the loop may contain ordered regions",
        "expression",
        "optional",
        True,
        constant=True,
        template="ordered",
    ),
    _flag("nowait", "15.6", "threads do not wait for each other at the end"),
    # Tasking
    _flag("untied", "12.1", "another thread may resume the task"),
    _flag("mergeable", "12.2", "the task may share the data environment of its parent"),
    _value("final", "12.3", "the task and its descendants run at once when true"),
    _value("priority", "12.4", "tasks of higher priority are preferred"),
    _modified("affinity", "12.5.1", "the data close to which the task should run", "iterator"),
    _value("detach", "12.5.2", "the task completes when the event is fulfilled"),
    _value("grainsize", "12.6.1", "iterations in each task", "strict"),
    _value("num_tasks", "12.6.2", "how many tasks are created", "strict"),
    _flag("nogroup", "15.7", "do not wait for the tasks at the end"),
    # Devices
    _keyword("device_type", "13.1", "on which devices there is a version", ("host", "nohost", "any")),
    _value("device", "13.2", "which device", "ancestor", "device_num"),
    _text("init", "14.1.2", "how the interoperability object is created"),
    _list("use", "14.1.3", "the interoperability object that is used"),
    ClauseRule("destroy", "3.5", "the object is destroyed", "list", "optional", True, template="destroy()"),
    # Synchronization
    _value("hint", "15.1", "which kind of lock suits", constant=False),
    _flag("seq_cst", "15.8.1", "sequentially consistent"),
    _flag("acq_rel", "15.8.1", "acquire and release"),
    _flag("acquire", "15.8.1", "later accesses stay after it"),
    _flag("release", "15.8.1", "earlier accesses stay before it"),
    _flag("relaxed", "15.8.1", "atomic, without ordering other accesses"),
    _flag("read", "15.8.2", "an atomic read: v = x"),
    _flag("write", "15.8.2", "an atomic write: x = e"),
    ClauseRule(
        "update",
        "15.8.2",
        "an atomic update: x = x op e",
        "keyword",
        "optional",
        True,
        (),
        ("in", "out", "inout", "inoutset", "mutexinoutset"),
        template="update",
    ),
    _flag("capture", "15.8.3", "an atomic update that also keeps the old or new value"),
    _flag("compare", "15.8.3", "an atomic conditional update"),
    _flag("weak", "15.8.3", "the comparison may fail spuriously"),
    _keyword("fail", "15.8.3", "the memory order when the comparison fails", ("seq_cst", "acquire", "relaxed")),
    _modified(
        "depend",
        "15.9.5",
        "the task waits for earlier sibling tasks that name the same storage",
        "in",
        "out",
        "inout",
        "inoutset",
        "mutexinoutset",
        "depobj",
        "iterator",
        "source",
        "sink",
        template="depend(in: )",
    ),
    _modified(
        "doacross",
        "15.9.6",
        "which iterations the ordered region waits for",
        "source",
        "sink",
        template="doacross(sink: )",
    ),
    _flag("threads", "15.10.3", "ordered among the threads of the loop"),
    _flag("simd", "15.10.3", "ordered among the SIMD lanes of the loop"),
    # OpenMP 6.0
    ClauseRule(
        "induction",
        "6.0 §7.6.13",
        "each iteration has its own copy, which moves by the inductor",
        "modified",
        modifiers=("step", "strict", "relaxed"),
        sharing="linear",
        template="induction(step(1), +: )",
        since="6.0",
    ),
    _text("apply", "6.0 §11.1", "the directives for the loops that the transformation makes"),
    _text("combiner", "6.0 §7.6.15", "how two copies are combined", True),
    _text("inductor", "6.0 §7.6.18", "how the variable moves", True),
    _text("collector", "6.0 §7.6.19", "the step over several iterations", True),
    _value("looprange", "6.0 §11.4.1", "which loops of the sequence", since="6.0"),
    _value("counts", "6.0 §11.6.1", "how many iterations each part gets", since="6.0"),
    _flag("init_complete", "6.0 §7.7.3", "the initialization phase of the scan is complete", "6.0"),
    _list("local", "6.0 §7.14", "each device has its own copy", since="6.0"),
    ClauseRule("transparent", "6.0 §17.9.6", "dependences of children reach siblings", "expression", "optional", True),
    _keyword("threadset", "6.0 §14.8", "which threads may execute the task", ("omp_pool", "omp_team")),
    ClauseRule("safesync", "6.0 §12.1.5", "how many threads make progress together", "expression", "optional", True),
    _keyword("memscope", "6.0 §17.8.4", "the threads that see the effect", ("all", "cgroup", "device")),
    ClauseRule("replayable", "6.0 §14.6", "the task may be replayed from a record", "expression", "optional", True),
    _value("graph_id", "6.0 §14.3.1", "which record of the task graph", since="6.0"),
    ClauseRule("graph_reset", "6.0 §14.3.2", "the record is made anew", "expression", "optional", True),
    _value("device_safesync", "6.0 §10.5.1", "progress of threads on devices", since="6.0"),
    # The parts of directives that look like clauses: `critical(name)`, `flush(list)`, `cancel for`
    ClauseRule(
        "name", "15.2", "regions of the same name exclude each other", "text", "required", True, template="(name)"
    ),
    ClauseRule("list", "3.2.1", "the variables or procedures that the directive is about", "list", template="()"),
    _text("argument", "5.5.11", "what is declared"),
    _flag("parallel", "16.1", "the innermost parallel region"),
    _flag("sections", "16.1", "the innermost sections region"),
    _flag("for", "16.1", "the innermost worksharing-loop region"),
    _flag("taskgroup", "16.1", "the current taskgroup region"),
)

CLAUSES: dict[str, ClauseRule] = {clause.name: clause for clause in _ALL}
