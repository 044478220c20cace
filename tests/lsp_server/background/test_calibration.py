"""What was measured of a machine: kept, read with suspicion, and used for what pays."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from analyzers.costs import DEFAULTS
from lsp_server.background import calibration
from lsp_server.background.calibration import QUANTITIES, Calibration, CalibrationError, parsed, processor
from lsp_server.settings import load
from tests.lsp_server.cli_runner import check_json, run

ORDINARY = {
    "region": 4_000.0,
    "barrier": 1_000.0,
    "reduction": 500.0,
    "chunk": 100.0,
    "operation": 0.05,
    "memory": 0.2,
    "division": 0.5,
    "exp": 2.5,
    "sqrt": 1.0,
}
MEASURED = Calibration(ORDINARY, 8, processor(), "gcc 12.2.0", "2026-01-02T03:04:05+00:00")
# 1,000 iterations of some operations: never offered with the defaults. 50,000 of them: always.
LOOPS = """\
static double a[1000], b[50000];
void small(void) { for (int i = 0; i < 1000; i++) a[i] = a[i] * 2.0 + 1.0; }
void large(void) { for (int i = 0; i < 50000; i++) b[i] = b[i] * 2.0 + 1.0; }
"""


def changed(**times: float) -> Calibration:
    return replace(MEASURED, nanoseconds={**ORDINARY, **times})


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def project(cache: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "loops.c").write_text(LOOPS)
    return folder


def damaged(**entries: Any) -> bytes:
    return json.dumps({**MEASURED.to_json(), **entries}).encode()


def test_an_ordinary_machine_has_about_the_default_costs() -> None:
    costs = MEASURED.costs()
    assert costs.pays == pytest.approx(2 * 8 / 7 * 40_000, rel=0.05)
    assert costs.pays_again == 2.5 * costs.pays
    assert (costs.division, costs.library) == (5.0, 1.0)
    assert 0 < costs.reduction < costs.pays
    assert costs.light == 20_000


def test_no_measurement_leads_beyond_what_machines_are_like() -> None:
    least = replace(MEASURED, nanoseconds={name: q.low for name, q in QUANTITIES.items()} | {"operation": 20.0}).costs()
    most = replace(
        MEASURED, nanoseconds={**{name: q.high for name, q in QUANTITIES.items()}, "operation": 0.005, "memory": 0.005}
    ).costs()
    assert least.pays == 20_000 and most.pays == 20_000_000
    for costs in (least, most):
        assert 0.2 <= costs.library <= 5.0 and 1.0 <= costs.division <= 50.0
        assert 1_000 <= costs.light <= 1_000_000 and 0 <= costs.reduction <= costs.pays


def test_it_is_kept_and_read_again(cache: Path) -> None:
    assert calibration.current().calibration is None
    path = calibration.save(MEASURED)
    assert cache in path.parents
    found = calibration.current()
    assert found.calibration == MEASURED and found.problem is None
    assert found.costs == MEASURED.costs()
    calibration.save(changed(region=9_000.0))
    assert calibration.current().costs.pays > MEASURED.costs().pays, "the newest holds"
    assert list(path.parent.iterdir()) == [path], "nothing else is left"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"{", "not JSON"),
        (b"\xff\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not of version 1"),
        (damaged(version=2), "not of version 1"),
        (damaged(nanoseconds=[1]), "damaged"),
        (damaged(compiler=None), "damaged"),
        (damaged(threads=1), "threads"),
        (damaged(threads=True), "threads"),
        (damaged(processor="another one"), "another processor, another one"),
        (damaged(nanoseconds={}), "does not say the time of `region`"),
        (damaged(nanoseconds={**ORDINARY, "exp": "2"}), "does not say the time of `exp`"),
        (damaged(nanoseconds={**ORDINARY, "operation": 0.0}), "0 ns for `operation` cannot be meant: 0.005 ns to"),
        (damaged(nanoseconds={**ORDINARY, "region": 1e9}), "1e+03 ms for `region` cannot be meant: 50 ns to 2 ms"),
        (damaged(nanoseconds={**ORDINARY, "chunk": math.nan}), "nan ns for `chunk`"),
    ],
)
def test_a_file_that_cannot_be_right_is_named_and_ignored(cache: Path, data: bytes, why: str) -> None:
    with pytest.raises(CalibrationError, match=re.escape(why)):
        parsed(data)
    path = calibration.save(MEASURED)
    path.write_bytes(data)
    found = calibration.current()
    assert found.calibration is None and found.costs == DEFAULTS
    assert found.problem is not None and why in found.problem
    (problem,) = load(None).problems
    assert str(path) in str(problem) and "`hpc-ls doctor --calibrate` measures again" in str(problem)


def offered(project: Path) -> dict[str, bool]:
    (file,) = check_json("loops.c", cwd=project, command="suggest", status=0)["files"]
    return {loop["function"]: loop["profitable"] for loop in file["loops"]}


def test_what_pays_is_what_was_measured(project: Path) -> None:
    assert offered(project) == {"small": False, "large": True}
    calibration.save(changed(region=60_000.0))
    assert offered(project) == {"small": False, "large": False}, "regions are expensive here"
    calibration.save(changed(region=60.0, operation=5.0, memory=5.0))
    assert offered(project) == {"small": False, "large": True}, "20,000 operations are the least that ever pays"
    (project / "loops.c").write_text(LOOPS.replace("1000", "5000"))
    assert offered(project)["small"]
    (project / ".hpc-ls.toml").write_text("use-calibration = false\n")
    assert not offered(project)["small"], "the user does not want it"


def test_reductions_cost_what_they_were_measured_to_cost(project: Path) -> None:
    code = "double f(void) { double s = 0; for (int i = 0; i < 50000; i++) s += a[i]; return s; }\n"
    (project / "loops.c").write_text("static double a[50000];\n" + code)
    calibration.save(changed(reduction=0.0))
    assert offered(project) == {"f": True}
    calibration.save(changed(reduction=9_000.0))
    assert offered(project) == {"f": False}
    text = run("suggest", "--line", "2", "loops.c", cwd=project).stdout.decode()
    assert "putting the results of the threads together takes longer" in text


def test_check_uses_it_too(project: Path) -> None:
    text = LOOPS.replace("{ for", "{\n#pragma omp parallel for\nfor")
    (project / "loops.c").write_text(text)
    codes = "perf-too-small-parallel-loop"

    def lines() -> list[int]:
        (file,) = check_json("loops.c", cwd=project, status=0)["files"]
        return [d["range"]["start"]["line"] for d in file["diagnostics"] if d["code"] == codes]

    assert lines() == [2]
    calibration.save(changed(region=500_000.0))
    assert lines() == [2, 5]


async def test_the_editor_uses_it_from_the_next_edit_on(session, project: Path) -> None:
    text = LOOPS.replace("{ for", "{\n#pragma omp parallel for\nfor")
    uri = (project / "loops.c").as_uri()

    def lines(found: list[types.Diagnostic]) -> list[int]:
        return [d.range.start.line for d in found if d.code == "perf-too-small-parallel-loop"]

    async with session(root=project) as editor:
        editor.open(uri, text)
        assert lines(await editor.diagnostics(uri, lines)) == [2]
        calibration.save(changed(region=500_000.0))
        editor.change(uri, "\n", (0, 0))
        assert lines(await editor.diagnostics(uri, lambda found: len(lines(found)) > 1)) == [3, 6]
        assert not editor.messages
        calibration.place().write_text("{")
        editor.client.workspace_did_change_configuration(types.DidChangeConfigurationParams({}))
        await editor.until(lambda: editor.messages)
        assert "is ignored: it is not JSON" in editor.messages[0] and "doctor --calibrate" in editor.messages[0]


def test_a_damaged_file_is_told_once_and_nothing_fails(project: Path) -> None:
    (project / "more").mkdir()
    (project / "more" / "other.c").write_text(LOOPS)
    calibration.save(MEASURED).write_text("{")
    done = run("suggest", ".", cwd=project, status=0)
    assert done.stderr.decode().count("is ignored: it is not JSON; `hpc-ls doctor --calibrate` measures again") == 1
    (project / ".hpc-ls.toml").write_text("use-calibration = false\n")
    assert run("suggest", ".", cwd=project, status=0).stderr == b""


def test_doctor_shows_it(project: Path) -> None:
    text = run("doctor", cwd=project, status=0).stdout.decode()
    assert "the defaults; `hpc-ls doctor --calibrate` measures this machine" in text
    path = calibration.save(MEASURED)
    text = run("doctor", cwd=project, status=0, COLUMNS="200").stdout.decode()
    for words in (
        path.name,
        "8 threads",
        "gcc 12.2.0",
        "4 µs  enter and leave a parallel loop",
        "0.05 ns  one operation",
    ):
        assert words in text
    assert "from about 91,000 operations (9.1 µs), inside another loop 227,500 (22.8 µs)" in text
    document = json.loads(run("doctor", "--format", "json", cwd=project, status=0).stdout)
    assert document["calibration"] == MEASURED.to_json()
    (project / ".hpc-ls.toml").write_text("use-calibration = false\n")
    assert "(ignored: use-calibration = false)" in run("doctor", cwd=project, COLUMNS="300").stdout.decode()
    path.write_text("{")
    done = run("doctor", "--format", "json", cwd=project, status=2)
    document = json.loads(done.stdout)
    assert document["calibration"] is None
    (check,) = [c for c in document["checks"] if c["section"] == "calibration" and c["state"] == "broken"]
    assert check["remedy"] == "hpc-ls doctor --calibrate" and "it is not JSON" in check["value"]
