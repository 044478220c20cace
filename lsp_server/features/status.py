"""What the server is doing and found: the notification `hpc-ls/status` for a status item, and work-done progress."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Mapping

from lsprotocol import types

from analyzers.words import counted
from lsp_server.analysis import Analysis
from lsp_server.names import STATUS
from lsp_server.server import BUSY_SECONDS, HpcLanguageServer
from lsp_server.session import Snapshot


def register(server: HpcLanguageServer) -> None:
    status = Status(server)
    server.on_submit.append(status.submitted)
    server.on_analysis.append(status.analysed)
    server.on_close.append(status.closed)
    server.on_trouble.append(status.trouble)
    server.on_restart.append(status.restarted)


class Status:
    """Announces work that takes more than half a second, and sums up what was found."""

    def __init__(self, ls: HpcLanguageServer) -> None:
        self._ls = ls
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._progress: dict[str, str] = {}  # document: token
        self._tokens = itertools.count(1)

    def submitted(self, snapshot: Snapshot) -> None:
        """A version goes out; if it takes long, say so."""
        if snapshot.uri in self._timers or snapshot.uri in self._progress:
            return
        loop = asyncio.get_running_loop()
        self._timers[snapshot.uri] = loop.call_later(BUSY_SECONDS, self._announce, snapshot.uri)

    def analysed(self, analysis: Analysis) -> None:
        """Results came."""
        uri = analysis.snapshot.uri
        if analysis.complete:
            self._over(uri)
            text, tooltip = summary(analysis)
            memory = self._ls.scheduler.pool.memory
            if memory:
                tooltip += f"; the analysis uses {memory / 1e6:.0f} MB"
            if self._ls.indexed:
                tooltip += f"; {self._ls.indexed}"
            tooltip += f"; {self._ls.proposals.state}"
            self._send("error" if analysis.error else "ok", text, tooltip, uri)
        elif uri in self._progress:
            done = len(analysis.functions)
            self._report(uri, counted(done, "function"))

    def closed(self, uri: str) -> None:
        """Nothing is said of a document that is gone."""
        self._over(uri)
        self._send("ok", "hpc-ls", "", uri)

    def trouble(self, message: str) -> None:
        """A person should know."""
        self._send("warning", "hpc-ls ⚠", message, None)

    def restarted(self) -> None:
        """The next results take this back."""
        self._send("warning", "hpc-ls ⚠ worker restarted", "The analysis ended and was started anew.", None)

    def _announce(self, uri: str) -> None:
        self._timers.pop(uri, None)
        snapshot = self._ls.session.get(uri)
        latest = self._ls.scheduler.latest(uri)
        if snapshot is None or latest is None or latest.complete:
            return
        self._send("analysing", "hpc-ls … analysing", f"{snapshot.name} is being analysed.", uri)
        if self._ls.client.progress:
            self._ls.background(self._begin(uri, snapshot.name))

    async def _begin(self, uri: str, name: str) -> None:
        token = f"hpc-ls-{next(self._tokens)}"
        self._progress[uri] = token
        with contextlib.suppress(Exception):  # the client refuses, or is gone
            await asyncio.wait_for(self._ls.work_done_progress.create_async(token), 5)
            if self._progress.get(uri) == token:
                begin = types.WorkDoneProgressBegin(title="hpc-ls", message=f"analysing {name}", cancellable=False)
                self._ls.work_done_progress.begin(token, begin)
                return
        self._progress.pop(uri, None)

    def _report(self, uri: str, message: str) -> None:
        token = self._progress[uri]
        if token in self._ls.work_done_progress.tokens:
            self._ls.work_done_progress.report(token, types.WorkDoneProgressReport(message=message))

    def _over(self, uri: str) -> None:
        timer = self._timers.pop(uri, None)
        if timer:
            timer.cancel()
        token = self._progress.pop(uri, None)
        if token and token in self._ls.work_done_progress.tokens:
            self._ls.work_done_progress.tokens.pop(token)
            self._ls.work_done_progress.end(token, types.WorkDoneProgressEnd())

    def _send(self, state: str, text: str, tooltip: str, uri: str | None, **counts: int) -> None:
        params: Mapping[str, object] = {"state": state, "text": text, "tooltip": tooltip, "uri": uri, **counts}
        self._ls.protocol.send_notification(STATUS, params)


def summary(analysis: Analysis) -> tuple[str, str]:
    """Text and tooltip of the status item for a complete analysis."""
    if analysis.error:
        return "hpc-ls ⚠", f"{analysis.snapshot.name}: {analysis.error}"
    loops = [loop for _, loop in analysis.loops()]
    parallel = sum(loop.verdict.counts_as_parallel for loop in loops)
    races = sum(
        finding.category == "race" and finding.confidence != "possible" for _, finding in analysis.all_findings()
    )
    counts = [counted(len(loops), "loop"), f"{parallel} parallel"]
    if races:
        counts.append(counted(races, "race"))
    tooltip = f"{analysis.snapshot.name}: {', '.join(counts)}; analysed in {analysis.seconds * 1000:.0f} ms"
    return f"hpc-ls ✓ {', '.join(counts)}", tooltip
