"""What the dependence analysis finds out about a function: the input of the OpenMP rooms, the rules and the prose."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, overload

from analyzers.ir.accesses import Access
from analyzers.ir.expressions import Expr
from analyzers.ir.statements import Construct, Function, Loop, LoopHeader, Stmt
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Assumption, Dependence, Reason, Role, Verdict, Witness
from analyzers.text import Span

if TYPE_CHECKING:
    from analyzers.dependence.neighbours import Neighbours

NESTED = 3

ParameterUse = Literal["none", "read", "write", "readwrite", "escapes"]


@dataclass(frozen=True, slots=True)
class Transparent:
    """A small function seen through. `accesses` are all that it makes to memory that outlives it, in terms of `formals`
    and file-scope objects; `straight`: every call makes all of them. `result` is what it returns, if one expression."""

    formals: tuple[Symbol, ...]
    accesses: tuple[tuple[Expr, ParameterUse], ...]
    straight: bool
    result: Expr | None = None


@dataclass(frozen=True, slots=True, order=True)
class Basis:
    """A function whose text does not stand in the file, and what is taken for it: what is defined in `source`, or,
    where that is empty, the library function of that name. `certain`: the program says so itself."""

    name: str
    source: str = ""
    certain: bool = False


@dataclass(frozen=True, slots=True)
class Effects:
    """What a call does, seen from the caller. `parameters` speaks of the memory that pointer arguments reach, by
    position; a longer argument list takes the last entry. `unknown` set: it may do anything, with the reason."""

    parameters: tuple[ParameterUse, ...] = ()
    reads: frozenset[str] = frozenset()  # names of file-scope objects read
    writes: frozenset[str] = frozenset()
    needs: frozenset[str] | None = None  # those of `reads` that may be read before the call writes them; None: all
    dead: frozenset[str] = frozenset()  # file-scope scalars that no function of the file needs: their values never last
    # What is reached over more than one pointer, or over one at file scope: (parameter's position or name, steps, use).
    # A step is `*`, what the pointer so far leads to, or `.member`. `g->data[i]`: (0, ("*", ".data", "*"), use).
    memory: tuple[tuple[int | str, tuple[str, ...], ParameterUse], ...] = ()
    io: bool = False  # input or output: order is visible
    state: str | None = None  # hidden shared state, named: "the seed of rand()"
    exits: bool = False  # may not return
    fails: bool = False  # only if something is wrong: see `failing`
    dies: bool = False  # it never returns, and is called if something is wrong
    allocates: bool = False  # the result is memory that nothing else points to
    overwrites: frozenset[int] = frozenset()  # positions whose object `*p` is completely written before it returns
    length: int | None = None  # position of the number of bytes that are used of what arguments point to, exactly those
    begins: frozenset[int] = frozenset()  # positions of arrays of which the first element is used whatever the rest is
    idles: bool = False  # it may use none of them
    whole_parameters: bool = True  # False: an argument is used at exactly one element, its own address (`*p`)
    # Of records that a parameter points to, and of which only some members are used: (position, record, member, use).
    members: tuple[tuple[int, str, str, ParameterUse], ...] = ()
    outgrows: bool = False  # it takes a pointer that it gets for one to a larger object, of which that was a member
    basis: frozenset[Basis] = frozenset()  # what of it was not read with the file
    unknown: str | None = None
    generic: bool = False  # what else it does depends on the types that it is called for
    synchronizes: bool = False  # it holds locks, barriers or OpenMP constructs, which may order what it does
    keeps_locks: bool = False  # it may return with locks that it took, or without some that it was called with
    team: str | None = None  # a directive that all threads of the team around the call have to meet: "barrier"
    criticals: frozenset[str] = frozenset()  # the names of the critical constructs that it may enter
    excludes: bool = False  # it synchronizes by critical and atomic constructs only, and orders nothing else
    transparent: Transparent | None = None  # says more exactly what `parameters`, `reads`, `writes`, `memory` say
    combines: str | None = None  # the reduction identifier by which it combines its two arguments: "max"
    nesting: int = 0  # loops in each other, those of what it calls included; no more than NESTED are counted
    threadprivate: frozenset[str] = frozenset()  # those of `reads` and `writes` of which each thread has its own

    @property
    def local(self) -> bool:
        """Touches nothing but the object that it gets first, and reads what else it is given."""
        rest = self.parameters[1:]
        return (
            self.unknown is None
            and not (self.reads or self.writes or self.memory or self.io or self.state or self.exits)
            and all(use in ("none", "read") for use in rest)
        )

    @property
    def trusted(self) -> bool:
        """False: it holds under the assumption that functions are what their names say."""
        return all(each.certain for each in self.basis)

    @property
    def pure(self) -> bool:
        """Touches no memory but what its parameters read, and may run at any time."""
        return (
            self.unknown is None
            and not self.writes
            and not self.io
            and self.state is None
            and not self.exits
            and all(use in ("none", "read") for use in self.parameters)
            and all(use == "read" for _, _, use in self.memory)
        )


@dataclass(frozen=True, slots=True)
class Reduction:
    """A variable combined by one operator in every iteration and not used otherwise (OpenMP 5.2 §5.5)."""

    symbol: Symbol
    op: str  # reduction identifier: "+", "*", "-" never, "&", "|", "^", "&&", "||", "min", "max"
    item: str  # as in the clause: "s", "h[:n]"
    floating: bool  # reordering changes the last digits
    spans: tuple[Span, ...]
    length: Expr | None = None  # of a part of an array: how many elements, from the first one on


@dataclass(frozen=True, slots=True)
class Atomic:
    """With these statements under `atomic` the loop has this verdict."""

    updates: tuple[Stmt, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Scan:
    """The running value of `total`, combined by `op`, is used: with `scan` before statement `at` of the body the loop
    has this verdict (OpenMP 5.2 §5.6). `inclusive`: it is used after it was updated."""

    total: Symbol
    op: str
    at: int
    inclusive: bool
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Extreme:
    """`best` is the extreme value and `at` the first index with it: with a copy of both in each thread the loop has
    this verdict. `op`: how a value compares that takes its place; `rising`: the index grows."""

    best: Symbol
    at: Symbol
    op: str
    rising: bool
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Split:
    """In two loops, the second from statement `at` of the body on, one of them, the `first` or the second, has this
    verdict."""

    at: int
    first: bool
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class WorkArray:
    """An array that every iteration fills before it reads it. `kept`: somebody may look at what the last iteration
    leaves in it; then every iteration writes the same elements."""

    symbol: Symbol
    kept: bool


@dataclass(frozen=True, slots=True)
class WorkArrays:
    """With work arrays of its own for each thread the loop has this verdict."""

    arrays: tuple[WorkArray, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Pivot:
    """One iteration, in which the index equals that of a loop around, is all that the others have to do with each
    other: without it the loop has this verdict, before and behind it."""

    at: Symbol
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Alternatives:
    """How else a loop may be written that is not parallel as it stands."""

    atomic: Atomic | None = None
    scan: Scan | None = None
    extreme: Extreme | None = None
    splits: tuple[Split, ...] = ()
    work_arrays: WorkArrays | None = None
    pivot: Pivot | None = None


@dataclass(frozen=True, slots=True)
class Wavefront:
    """A loop that carries dependences and is a pipeline: a step, an iteration of `inner`, may start when the iteration
    before this one is `lag` steps further (OpenMP 5.2 §15.9.6)."""

    inner: Loop
    lag: int
    assumptions: tuple[Assumption, ...] = ()  # ordinary ones, under which that is so


@dataclass(frozen=True, slots=True)
class LoopShape:
    """What is known of a loop before anything is asked about its iterations."""

    loop: Loop
    header: LoopHeader | None  # None: not countable; then the verdict says why
    parent: Loop | None
    depth: int
    trip_count: int | None = None  # where constant
    accesses: tuple[Access, ...] = ()  # below this loop, calls' effects included
    governed_by: Construct | None = None  # the OpenMP construct whose associated loop this is
    inside_parallel: bool = False  # lexically inside a parallel region


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopFacts(LoopShape):
    """Everything decided about one loop, as if it were to be the parallel one."""

    verdict: Verdict
    roles: tuple[Role, ...]
    private: tuple[Symbol, ...] = ()  # declared outside; the index itself is not listed
    firstprivate: tuple[Symbol, ...] = ()
    lastprivate: tuple[Symbol, ...] = ()
    conditional: tuple[Symbol, ...] = ()  # lastprivate of the last iteration that writes it
    linear: tuple[tuple[Symbol, Expr], ...] = ()
    reductions: tuple[Reduction, ...] = ()
    collapse: int = 1  # how many perfectly nested rectangular loops from here may be collapsed
    rectangular: bool = True  # inner bounds do not depend on this loop's index
    alternatives: Alternatives = Alternatives()
    wavefront: Wavefront | None = None  # of a loop that is not parallel


@dataclass(frozen=True, slots=True)
class Calling:
    """How a function is called, as far as its calls are known. `loops`: how many stand around a call, those around the
    calls of its caller included, and no more than DEEP. `shared`: threads are at work already wherever it is called.
    `caller`: a function that calls it like that. `serial`: all calls that are seen come from the entry of a program,
    and none of them through a parallel region."""

    loops: int = 0
    shared: bool = False
    caller: str = ""
    serial: bool = False


DEEP = 2
ONCE = Calling()


class Later(Sequence[LoopFacts]):
    """The facts of loops, each found out when somebody asks for it: races need those of few loops."""

    __slots__ = ("_find", "_found")

    def __init__(self, count: int, find: Callable[[int], LoopFacts]) -> None:
        self._find = find
        self._found: list[LoopFacts | None] = [None] * count

    def __len__(self) -> int:
        return len(self._found)

    @overload
    def __getitem__(self, index: int) -> LoopFacts: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[LoopFacts]: ...

    def __getitem__(self, index: int | slice) -> LoopFacts | Sequence[LoopFacts]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        known = self._found[index]
        if known is None:
            known = self._found[index] = self._find(index % len(self))
        return known


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """The facts of one function."""

    function: Function
    accesses: tuple[Access, ...]  # of the whole function, textual order
    loops: Sequence[LoopFacts]  # outer first
    effects: Mapping[str, Effects]  # of every callee by name
    headers: Mapping[int, LoopHeader] = field(default_factory=dict)  # id(loop) -> header
    shapes: tuple[LoopShape, ...] = ()  # in the order of `loops`
    called: Calling = ONCE
    neighbours: Neighbours | None = None  # to be asked about parts that follow each other
    entries: Mapping[Symbol, tuple[Symbol, Loop]] = field(default_factory=dict)  # which value before a loop each names

    def about(self, loop: Loop | None) -> LoopFacts | None:
        """The facts of one loop."""
        return next((self.loops[at] for at, shape in enumerate(self.shapes) if shape.loop is loop), None)


@dataclass(frozen=True, slots=True)
class Conflict:
    """The answer to: can these two accesses touch the same element in two different iterations (or threads)?

    none: proved that they cannot. proved: they do, with a witness. maybe: cannot decide, with the reason and, where
    there is one, the assumption under which they do not.
    """

    status: Literal["none", "proved", "maybe"]
    dependence: Dependence | None = None
    witness: Witness | None = None
    reason: Reason | None = None
    assumption: Assumption | None = None
