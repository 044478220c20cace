"""One piece of work per file, in one process or in several, results in the order of the files."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TypeVar

# Tasks after which a process gives way to a new one: each call of islpy leaves some bytes behind for good (2026.2: 32).
SERVES = 25

Task = TypeVar("Task")
Result = TypeVar("Result")


def run(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    jobs: int,
    crashed: Callable[[Task, str], Result],
) -> Iterator[Result]:
    """`work` on every task, in order. `jobs` 0: one process per processor; one task or job: in this process.

    A process that dies takes only its task with it: `crashed(task, how)` makes that result, another process follows.
    """
    count = min(len(tasks), jobs or len(_processors()))
    if count <= 1:
        for task in tasks:
            yield work(task)
        return
    yield from _parallel(work, tasks, count, crashed)


def _processors() -> Sequence[int]:
    if hasattr(os, "sched_getaffinity"):
        return tuple(os.sched_getaffinity(0))
    return range(os.cpu_count() or 1)


def _parallel(
    work: Callable[[Task], Result], tasks: Sequence[Task], count: int, crashed: Callable[[Task, str], Result]
) -> Iterator[Result]:
    waiting = deque(range(len(tasks)))
    busy: dict[Connection, tuple[BaseProcess, int]] = {}
    done: dict[int, Result] = {}
    served: dict[Connection, int] = {}
    following = 0
    processes: list[BaseProcess] = []

    def start() -> None:
        process, connection = _start(work)
        processes.append(process)
        give(connection, process)

    def give(connection: Connection, process: BaseProcess) -> None:
        served[connection] = served.get(connection, -1) + 1
        if not waiting:
            connection.close()
        elif served[connection] == SERVES:
            connection.close()
            start()
        else:
            index = waiting.popleft()
            busy[connection] = (process, index)
            connection.send(tasks[index])

    try:
        for _ in range(count):
            start()
        while busy:
            for ready in wait(list(busy)):
                assert isinstance(ready, Connection)
                process, index = busy.pop(ready)
                try:
                    done[index] = ready.recv()
                except (EOFError, OSError):
                    process.join()
                    done[index] = crashed(tasks[index], f"the analysis ended with status {process.exitcode}")
                    ready.close()
                    if waiting:
                        start()
                    continue
                give(ready, process)
            while following in done:
                yield done.pop(following)
                following += 1
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


def _start(work: Callable[[Task], Result]) -> tuple[BaseProcess, Connection]:
    """A process that answers tasks on a pipe.

    Forked on Linux: nothing is imported again. Elsewhere it is spawned, and then from a folder of no interest, as a
    new interpreter looks for modules in its working folder first, which may hold a `multiprocessing.py`.
    """
    forks = sys.platform == "linux"
    context = multiprocessing.get_context("fork") if forks else multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    here = Path.cwd()
    process = context.Process(target=_serve, args=(work, theirs, str(here), os.getpid()), daemon=True)
    try:
        if not forks:
            os.chdir(Path(sys.executable).parent)
        process.start()
    finally:
        if not forks:
            os.chdir(here)
    theirs.close()
    return process, ours


def _serve(work: Callable[[Task], Result], connection: Connection, folder: str, parent: int) -> None:
    # Ctrl-C reaches the whole group; the parent says what happens then.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.chdir(folder)
    try:
        while True:
            # A sibling's copy of the pipe keeps it open when the parent is killed: ask for the parent itself.
            while not connection.poll(1.0):
                if os.getppid() != parent:
                    return
            connection.send(work(connection.recv()))
    except (EOFError, OSError):
        return
