"""Many tasks in several processes: order, losses, and nobody left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lsp_server import batch


def _double(task: int) -> tuple[int, int]:
    if task == 3:
        time.sleep(0.2)  # so that later ones are done first
    if task < 0:
        os._exit(-task)
    return task * 2, os.getpid()


def _crashed(task: int, how: str) -> tuple[int, int]:
    assert str(-task) in how
    return -1, 0


@pytest.mark.parametrize("jobs", [0, 1, 2, 5, 50])
def test_results_keep_the_order(jobs: int) -> None:
    results = list(batch.run(_double, range(9), jobs, _crashed))
    assert [value for value, _ in results] == [0, 2, 4, 6, 8, 10, 12, 14, 16]
    processes = {process for _, process in results}
    assert (processes == {os.getpid()}) if jobs == 1 else len(processes) <= max(jobs, os.cpu_count() or 1)


def test_one_task_needs_no_process() -> None:
    assert list(batch.run(_double, [4], 8, _crashed)) == [(8, os.getpid())]
    assert list(batch.run(_double, [], 8, _crashed)) == []


def test_a_process_that_dies_costs_one_result() -> None:
    results = list(batch.run(_double, [1, -7, 2, -9, -5, 3], 2, _crashed))
    assert [value for value, _ in results] == [2, -1, 4, -1, -1, 6]


def test_a_process_that_has_served_gives_way_to_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "SERVES", 2)
    results = list(batch.run(_double, range(10), 2, _crashed))
    assert [value for value, _ in results] == [2 * task for task in range(10)]
    assert len({process for _, process in results}) >= 5


def test_who_stops_listening_leaves_nobody_behind() -> None:
    results = batch.run(_double, range(100), 3, _crashed)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_when_the_parent_is_killed_its_processes_go(tmp_path: Path) -> None:
    program = (
        "import os, sys, time\n"
        "from lsp_server import batch\n"
        "def work(task):\n"
        "    os.write(1, b'%d\\n' % os.getpid())\n"
        "    time.sleep(1 if task else 0)\n"
        "    return task\n"
        "list(batch.run(work, list(range(50)), 3, None))\n"
    )
    path = tmp_path / "program.py"
    path.write_text(program)
    process = subprocess.Popen([sys.executable, str(path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    children = {int(process.stdout.readline()) for _ in range(4)}
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    for _ in range(200):
        alive = [child for child in children if _alive(child)]
        if not alive:
            return
        time.sleep(0.05)
    pytest.fail(f"still there: {alive}")


def _alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
