"""Results for people and for programs. A reporter is given the files in order and writes what it can as it goes."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol

from lsp_server.outcomes import Outcome


class Reporter(Protocol):
    """Entered before the first file; leaving it completes the document."""

    def add(self, outcome: Outcome) -> None:
        """Take the next file."""

    def __enter__(self) -> Reporter: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
