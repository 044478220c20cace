"""What is known of a document from version to version: results come function by function, edits move them along."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from analyzers.ir.verdicts import Finding, FunctionResult, PlacedResult
from lsp_server.analysis import Analysis, carry, carry_findings, merged
from lsp_server.messages import Finished, Functions
from lsp_server.session import Snapshot


@dataclass(slots=True)
class Tracked:
    """The current version of a document and its results so far. `complete`: they are all of this version."""

    snapshot: Snapshot
    complete: bool = False
    _known: dict[int, FunctionResult] = field(default_factory=dict)  # by token: what the worker need not send again
    _carried: tuple[PlacedResult, ...] = ()
    _fresh: dict[int, FunctionResult] = field(default_factory=dict)  # of this version, by start
    _findings: tuple[Finding, ...] = ()
    _error: str | None = None
    _seconds: float = 0.0

    def supersede(self, snapshot: Snapshot) -> None:
        """A newer version: what is known moves along with the text until new results come."""
        self._carried = carry(merged(self._carried, self._fresh), snapshot.edits)
        self._findings = carry_findings(self._findings, snapshot.edits)
        self._fresh = {}
        self._error = None
        self.complete = False
        self.snapshot = snapshot

    def again(self) -> None:
        """The same version is analysed once more; what is known stays until then."""
        self._carried = merged(self._carried, self._fresh)
        self._fresh = {}
        self.complete = False

    def forget_tokens(self) -> None:
        """Another worker will answer, which has sent nothing yet."""
        self._known = {}

    def take(self, message: Functions) -> bool:
        """Keep results; whether they are of the current version. Those of an older one are kept for their tokens."""
        for _, token, result in message.placed:
            if result is not None:
                self._known[token] = result
        if message.version != self.snapshot.version:
            return False
        self._place((start, token) for start, token, _ in message.placed)
        return True

    def finish(self, message: Finished) -> bool:
        """A version is done; whether it is the current one."""
        wanted = {token for _, token in message.order}
        self._known = {token: result for token, result in self._known.items() if token in wanted}
        if message.version != self.snapshot.version:
            return False
        self._fresh = {}
        self._place(message.order)
        self._carried = ()
        self._findings = message.findings
        self._error = message.error
        self._seconds = message.seconds
        self.complete = True
        return True

    def give_up(self, error: str) -> None:
        """There will be no results; what is known stays."""
        self._error = error
        self.complete = True

    def covers(self, offset: int) -> bool:
        """Whether the function around a byte offset has been looked at in this version."""
        return any(start <= offset <= start + result.span.end for start, result in self._fresh.items())

    def analysis(self) -> Analysis:
        """What is known now."""
        functions = merged(self._carried, self._fresh)
        return Analysis(self.snapshot, functions, self._findings, self._error, self.complete, self._seconds)

    def _place(self, order: Iterable[tuple[int, int]]) -> None:
        self._fresh.update((start, self._known[token]) for start, token in order if token in self._known)
