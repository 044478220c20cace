"""The scheduler with real worker processes that do what the scripted analysis says."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from analyzers.api import Options
from lsp_server import pool
from lsp_server.analysis import Analysis
from lsp_server.scheduler import Scheduler, WorkerLostError
from lsp_server.session import Change, Session, Snapshot
from tests.lsp_server.standin import WORKER

RACY = "void two(int n)\n{\n    RACE;\n}\n"
HANG = "void bad(int n)\n{\n    HANG;\n}\n"
OPTIONS = Options()


class Desk:
    """A scheduler and what it said."""

    def __init__(self, command: tuple[str, ...] = WORKER, **settings) -> None:
        self.session = Session()
        self.analyses: list[Analysis] = []
        self.troubles: list[tuple[str, str | None]] = []
        self.scheduler = Scheduler(
            self.analyses.append, lambda *t: self.troubles.append(t), command=command, **settings
        )

    def open(self, uri: str, text: str) -> Snapshot:
        snapshot = self.session.open(uri, 1, "c", text)
        self.scheduler.submit(snapshot, OPTIONS)
        return snapshot

    def change(self, uri: str, text: str) -> Snapshot:
        snapshot, _ = self.session.change(uri, None, [Change(text)])
        self.scheduler.submit(snapshot, OPTIONS)
        return snapshot

    async def found(self, uri: str) -> list[str]:
        analysis = await self.scheduler.fresh(uri, patience=20)
        assert analysis.complete
        return [finding.message for _, finding in analysis.all_findings()]


@pytest.fixture
async def desks() -> AsyncIterator:
    made: list[Desk] = []

    def make(*arguments, **settings) -> Desk:
        desk = Desk(*arguments, **settings)
        made.append(desk)
        desk.scheduler.start()
        return desk

    yield make
    for desk in made:
        pids = desk.scheduler.pool.pids
        await desk.scheduler.stop()
        assert not any(psutil.pid_exists(pid) for pid in pids)


async def test_a_worker_that_hangs_is_replaced_and_the_others_are_served(desks):
    desk = desks(budget=1.0)
    desk.open("file:///good.c", RACY)
    assert await desk.found("file:///good.c") == ["race in two"]
    desk.open("file:///bad.c", HANG)
    analysis = await desk.scheduler.fresh("file:///bad.c", patience=60)
    assert "left alone" in analysis.error
    assert desk.scheduler.pool.deaths == 3
    assert [uri for _, uri in desk.troubles] == ["file:///bad.c"]
    desk.change("file:///good.c", "\n" + RACY)
    assert await desk.found("file:///good.c") == ["race in two"]


async def test_typing_into_a_hanging_document_does_not_keep_the_worker_alive(desks):
    desk = desks(budget=1.0)
    desk.open("file:///bad.c", HANG)
    for number in range(40):
        await asyncio.sleep(0.05)
        desk.change("file:///bad.c", HANG + "\n" * number)
        if desk.scheduler.pool.deaths:
            break
    assert desk.scheduler.pool.deaths >= 1


async def test_a_program_that_does_not_start_is_told_once(desks):
    desk = desks((sys.executable, "-I", "-c", "raise SystemExit('broken')"))
    desk.open("file:///a.c", RACY)
    for _ in range(400):
        if desk.troubles:
            break
        await asyncio.sleep(0.05)
    assert ["does not start" in message for message, _ in desk.troubles] == [True]


async def test_a_program_that_starts_at_last_gets_every_document(desks, tmp_path: Path):
    """The installation was repaired, or the memory came back."""
    script = tmp_path / "worker.py"
    script.write_text("raise SystemExit(1)\n")
    desk = desks((sys.executable, "-I", str(script), "worker"))
    uris = ["file:///a.c", "file:///b.c"]
    for uri in uris:
        desk.open(uri, RACY)
    while not desk.troubles:
        await asyncio.sleep(0.01)
    with pytest.raises(WorkerLostError):
        await desk.scheduler.ask("complete", desk.session.get(uris[0]), OPTIONS, 0, b"")
    script.write_text(Path(WORKER[2]).read_text())
    for uri in uris:
        assert await desk.found(uri) == ["race in two"]
    assert len(desk.troubles) == 1


async def test_a_missing_program_is_told_once(desks):
    desk = desks(("/nowhere/at/all",))
    desk.open("file:///a.c", RACY)
    for _ in range(400):
        if desk.troubles:
            break
        await asyncio.sleep(0.05)
    assert len(desk.troubles) == 1


async def test_questions_to_a_dying_worker_fail_and_later_ones_are_answered(desks):
    desk = desks()
    snapshot = desk.open("file:///a.c", "#pragma omp parallel \n")
    data = snapshot.source.data
    await desk.found("file:///a.c")
    hanging = desk.open("file:///bad.c", HANG)
    while desk.scheduler.pool.working_on(0) != hanging.uri:
        await asyncio.sleep(0.01)
    asked = asyncio.ensure_future(desk.scheduler.ask("complete", snapshot, OPTIONS, 21, data))
    await asyncio.sleep(0)
    psutil.Process(desk.scheduler.pool.pid(0)).kill()
    with pytest.raises(WorkerLostError):
        await asked
    desk.scheduler.close(hanging.uri)
    desk.scheduler.restart()
    answer = await desk.scheduler.ask("complete", snapshot, OPTIONS, 21, data)
    assert "private" in {proposal.label for proposal in answer}


async def test_documents_are_spread_over_slots_and_stay_in_theirs(desks):
    desk = desks(slots=2)
    uris = [f"file:///{n}.c" for n in range(8)]
    for uri in uris:
        desk.open(uri, RACY)
    for uri in uris:
        assert await desk.found(uri) == ["race in two"]
    before = [desk.scheduler.pool.pid(slot) for slot in (0, 1)]
    assert None not in before
    for uri in uris:
        desk.change(uri, RACY + "\n")
        assert await desk.found(uri) == ["race in two"]
    assert [desk.scheduler.pool.pid(slot) for slot in (0, 1)] == before


async def test_results_the_server_has_are_not_sent_again(desks):
    desk = desks()
    desk.open("file:///a.c", RACY)
    await desk.found("file:///a.c")
    first = desk.analyses[-1].functions[0].result
    desk.change("file:///a.c", "\n\n" + RACY)
    await desk.found("file:///a.c")
    assert desk.analyses[-1].functions[0].result is first
    assert desk.analyses[-1].functions[0].start == 2


async def test_a_closed_document_is_forgotten(desks):
    desk = desks()
    desk.open("file:///a.c", RACY)
    waiting = asyncio.ensure_future(desk.scheduler.fresh("file:///a.c"))
    await asyncio.sleep(0)
    desk.scheduler.close("file:///a.c")
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await desk.scheduler.fresh("file:///a.c") is None
    assert not desk.analyses


async def test_a_process_that_has_grown_gives_way_to_a_new_one(desks, monkeypatch):
    for name, value in (("GROWTH", -1), ("LIFETIME", 0.0), ("MINUTE", 0.0)):
        monkeypatch.setattr(pool, name, value)
    desk = desks()
    desk.open("file:///a.c", RACY)
    assert await desk.found("file:///a.c") == ["race in two"]
    before = desk.scheduler.pool.pid(0)
    desk.change("file:///a.c", "\n" + RACY)
    while desk.scheduler.pool.pid(0) == before:
        await asyncio.sleep(0.05)
    desk.change("file:///a.c", "\n\n" + RACY)
    assert await desk.found("file:///a.c") == ["race in two"]
    assert desk.troubles == []
    assert desk.scheduler.pool.deaths == 0
