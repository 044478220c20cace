"""What the analysis says: verdicts on loops, findings, and the exact edits that repair them.

All spans are relative to the function that holds them; `analyzers.api` places them in the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from analyzers.text import Span

Status = Literal["parallel", "dependent", "unknown"]
Confidence = Literal["proved", "likely", "possible"]
Severity = Literal["error", "warning", "information", "hint"]
Category = Literal["race", "omp", "mpi", "perf", "syntax"]
Strength = Literal["ordinary", "strong"]
RoleKind = Literal[
    "index",  # a loop index, predetermined private
    "private",
    "firstprivate",
    "lastprivate",
    "linear",  # an induction variable
    "reduction",
    "shared-read",  # only read
    "shared-distinct",  # written, each iteration its own elements
    "local",  # declared inside the loop
    "conflict",  # in the way
]
DependenceKind = Literal["flow", "anti", "output"]


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something that was not proved and under which the verdict holds.

    ordinary: parameters do not overlap, a function is the one of the library, or of the file, that has its name.
    strong: an unseen function is independent, an index array has no duplicates, a symbolic condition on sizes holds.
    distinct-index: of elements, whose places are not known, that iterations use different ones.
    """

    kind: Literal["no-alias", "library", "definition", "independent-call", "distinct-index", "condition"]
    text: str  # completes "assuming ...": "`x` and `y` do not overlap"
    strength: Strength
    subjects: tuple[str, ...] = ()  # the names concerned


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the verdict is what it is. `code` is stable and names the mechanism; `text` is a sentence for people."""

    code: str  # e.g. "carried-dependence", "unknown-call", "early-exit", "not-canonical", "scalar-carried", "budget"
    text: str
    span: Span | None = None
    subject: str | None = None  # the variable or function concerned


@dataclass(frozen=True, slots=True)
class Witness:
    """Two concrete iterations and the element they share, re-checked by evaluation."""

    first: tuple[tuple[str, int], ...]  # loop indices of the earlier iteration, outermost first: (("i", 1),)
    second: tuple[tuple[str, int], ...]
    element: str  # "u[1]"
    parameters: tuple[tuple[str, int], ...] = ()  # values of symbolic sizes for which it happens


@dataclass(frozen=True, slots=True)
class Dependence:
    """A loop-carried dependence between two accesses (Allen & Kennedy 2002, §2.2)."""

    kind: DependenceKind
    variable: str
    source: Span
    sink: Span
    source_text: str
    sink_text: str
    distance: int | None = None  # in iterations of the loop, where constant
    witness: Witness | None = None
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Role:
    """What a variable is in a loop, and why: one line of the hover."""

    name: str
    kind: RoleKind
    why: str  # "written before it is read in every iteration"
    op: str | None = None  # reduction identifier as in the clause: "+", "max", "&&"
    clause_item: str | None = None  # as it stands in a clause when not the bare name: "h[:n]"


@dataclass(frozen=True, slots=True)
class Verdict:
    """May the iterations of this loop run in any order and at the same time, given private copies and reductions?"""

    status: Status
    reasons: tuple[Reason, ...] = ()
    assumptions: tuple[Assumption, ...] = ()  # non-empty only with `unknown`: parallel if all hold
    dependences: tuple[Dependence, ...] = ()

    @property
    def confidence(self) -> Confidence:
        """The one vocabulary of confidence: see ARCHITECTURE.md, "The words"."""
        if self.status != "unknown":
            return "proved"
        if self.assumptions and all(a.strength == "ordinary" for a in self.assumptions):
            return "likely"
        return "possible"

    @property
    def counts_as_parallel(self) -> bool:
        """The word is "parallel" in the table of confidence: proved, or likely under ordinary assumptions."""
        return self.status == "parallel" or self.confidence == "likely"


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the bytes of `span` by `text`."""

    span: Span
    text: str

    def shifted(self, offset: int) -> Edit:
        """The same edit as seen from an anchor `offset` bytes earlier."""
        return Edit(self.span.shifted(offset), self.text)


@dataclass(frozen=True, slots=True)
class Fix:
    """An exact repair. `safe`: the finding is gone after it and nothing else changes."""

    title: str  # imperative, in clause syntax: "add `reduction(+:sum)`"
    edits: tuple[Edit, ...]
    safe: bool = True
    note: str = ""  # what it means: "each thread sums its own copy; the copies are combined at the end"
    restructures: bool = False  # code changes too, not directives and declarations only

    def shifted(self, offset: int) -> Fix:
        """The same fix as seen from an anchor `offset` bytes earlier."""
        return replace(self, edits=tuple(edit.shifted(offset) for edit in self.edits))


@dataclass(frozen=True, slots=True)
class Related:
    span: Span
    message: str

    def shifted(self, offset: int) -> Related:
        """The same place as seen from an anchor `offset` bytes earlier."""
        return Related(self.span.shifted(offset), self.message)


@dataclass(frozen=True, slots=True)
class Finding:
    """One diagnostic. `message` says what in one line; `why` holds the sentences below it (see shared voice)."""

    rule: str  # "race-missing-reduction"
    category: Category
    severity: Severity
    confidence: Confidence
    span: Span
    message: str
    label: str = ""  # short text beside the caret: "every thread adds to the same `total`"
    why: str = ""
    related: tuple[Related, ...] = ()
    fixes: tuple[Fix, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)  # stable keys for tools: variable, attribute, section
    tags: tuple[Literal["unnecessary", "deprecated"], ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    help: str = ""  # what to do, where there is no exact fix

    def shifted(self, offset: int) -> Finding:
        """The same finding as seen from an anchor `offset` bytes earlier."""
        return replace(
            self,
            span=self.span.shifted(offset),
            related=tuple(related.shifted(offset) for related in self.related),
            fixes=tuple(fix.shifted(offset) for fix in self.fixes),
        )


@dataclass(frozen=True, slots=True)
class Compound:
    """What lets threads share one or several loops with more lines than one: a pragma and what else it needs."""

    pragma: str
    fix: Fix
    confidence: Confidence
    span: Span  # of all the loops
    governed: int = 1  # how many of them get a directive of their own

    def shifted(self, offset: int) -> Compound:
        """The same as seen from an anchor `offset` bytes earlier."""
        return replace(self, fix=self.fix.shifted(offset), span=self.span.shifted(offset))


@dataclass(frozen=True, slots=True)
class LoopReport:
    """A loop as the user sees it."""

    span: Span  # the whole statement
    header_span: Span
    function: str
    verdict: Verdict
    depth: int  # 0: outermost in the function
    roles: tuple[Role, ...]
    pragma: str | None  # the whole line without indentation, by the table of confidence: "#pragma omp parallel for"
    conditional_pragma: str | None  # the pragma that is right if the strong assumptions hold
    profitable: bool
    advice: str  # why the pragma is (not) offered here: "too small to pay: 8 iterations", "parallelize the outer loop"
    summary: str  # code lens, without the action: "parallel · reduction(+:s)"
    explanation: str  # hover, Markdown-free plain text in the layout of voice.md
    insert_at: int  # byte offset, relative to the function, where a pragma line goes (start of the loop's line)
    indent: str
    existing: Span | None = None  # the OpenMP directive that already governs it
    fixes: tuple[Fix, ...] = ()  # insert the pragma, add restrict, rewrite as scan, ...
    compound: Compound | None = None  # offered before `pragma` where there is one; also among `fixes`


@dataclass(frozen=True, slots=True)
class SharingHint:
    """An implicit data-sharing attribute, for an inlay hint at the end of a directive."""

    span: Span
    attribute: str  # "shared", "private", "firstprivate"
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Governed:
    """A loop that a directive governs."""

    span: Span
    header_span: Span
    directive: Span

    def shifted(self, offset: int) -> Governed:
        return Governed(*(span.shifted(offset) for span in (self.span, self.header_span, self.directive)))


@dataclass(frozen=True, slots=True)
class FunctionResult:
    """Everything known of one function, relative to its start: cached by fingerprint and sent between processes."""

    name: str
    fingerprint: str
    span: Span
    loops: tuple[LoopReport, ...] = ()
    findings: tuple[Finding, ...] = ()
    hints: tuple[SharingHint, ...] = ()
    governed: tuple[Governed, ...] = ()
    seconds: float = 0.0
    complete: bool = True  # False: the search for races ended early


@dataclass(frozen=True, slots=True)
class PlacedResult:
    """A function's result and the byte offset where the function starts in this version of the text."""

    start: int
    result: FunctionResult


@dataclass(frozen=True, slots=True)
class FileReport:
    """Everything known of one version of one file. `findings` are those outside functions, with absolute spans."""

    language: Literal["c", "cpp", "fortran"]
    functions: tuple[PlacedResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    error: str | None = None  # the file could not be analysed at all
