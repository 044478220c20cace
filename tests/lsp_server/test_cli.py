"""`check`, `explain`, `doctor` and what all commands share, by running the program."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

import jsonschema
import pytest

from analyzers.suppressions import EXTRA_CODES
from lsp_server.cli import main, parser
from tests.lsp_server.cli_runner import PROGRAM, check_json, git, run
from tests.models import tiny
from tests.samples import PLAIN, RACY, SERIAL, UNSEEN

SCHEMA = Path(__file__).parents[1] / "resources" / "sarif-schema-2.1.0.json"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "racy.c").write_text(RACY)
    (tmp_path / "plain.c").write_text(PLAIN)
    return tmp_path


# --- the contract ---------------------------------------------------------------------------------------------------


def test_version_and_help(tmp_path: Path) -> None:
    assert run("--version", cwd=tmp_path, status=0).stdout.decode() == f"hpc-ls {version('hpc-ls')}\n"
    text = run("--help", cwd=tmp_path, status=0).stdout.decode()
    for word in ("check", "suggest", "explain", "doctor", "serve", "exit status"):
        assert word in text
    assert b"--since" in run("check", "--help", cwd=tmp_path, status=0).stdout


def test_version_loads_nothing(tmp_path: Path) -> None:
    """What takes long to load is not loaded for what does not need it."""
    code = (
        "import sys; from lsp_server.cli import main\n"
        "try: main(['--version'])\n"
        "except SystemExit: pass\n"
        "heavy = {'rich', 'islpy', 'tree_sitter', 'pygls', 'lsprotocol'}\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & heavy))"
    )
    python = Path(PROGRAM[0]).with_name("python")
    done = subprocess.run([str(python), "-c", code], cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout.decode().splitlines()[-1] == "[]"


def test_exit_status(work: Path) -> None:
    run("check", "plain.c", cwd=work, status=0)
    run("check", "racy.c", cwd=work, status=1)
    run("check", "gone.c", cwd=work, status=2)
    run("check", "racy.c", "gone.c", cwd=work, status=2)
    (work / "slow.c").write_text(
        "void f(double *a)\n{\n    #pragma omp parallel for\n    for (int i = 0; i < 8; i++)\n        a[i] = 0.0;\n}\n"
    )
    assert check_json("slow.c", cwd=work, status=0)["files"][0]["diagnostics"][0]["severity"] == "hint"
    (work / ".hpc-ls.toml").write_text('[severity]\nperf = "warning"\n')
    check_json("slow.c", cwd=work, status=1)
    (work / ".hpc-ls.toml").unlink()
    run("suggest", "plain.c", cwd=work, status=0)
    run("suggest", "racy.c", cwd=work, status=0)
    run("suggest", "gone.c", cwd=work, status=2)


def test_a_race_is_told(work: Path) -> None:
    text = run("check", "racy.c", cwd=work, status=1).stdout.decode()
    assert text.startswith("race-")
    assert "racy.c:6:9  proved" in text
    assert "    4 |     #pragma omp parallel for\n    5 |     for (int i" in text
    assert "      |         ^" in text
    assert "  why   " in text
    assert "reduction(+:s)" in text
    assert text.endswith("in 1 of 1 file.\n")


def test_folders_are_walked(work: Path) -> None:
    for folder in (".git", "build", "cmake-build-debug", ".hidden", "sub", "node_modules"):
        (work / folder).mkdir()
        (work / folder / "x.c").write_text(RACY)
    (work / "notes.txt").write_text("no source")
    (work / "loop").symlink_to(work)
    names = [entry["path"] for entry in check_json(".", cwd=work, status=1)["files"]]
    assert names == ["plain.c", "racy.c", "sub/x.c"]
    assert [entry["path"] for entry in check_json(cwd=work, status=1)["files"]] == names
    # What is named is read, wherever it is; and once.
    names = [entry["path"] for entry in check_json("build", "build/x.c", cwd=work, status=1)["files"]]
    assert names == ["build/x.c"]


def test_a_folder_without_sources_is_said(tmp_path: Path) -> None:
    done = run("check", ".", cwd=tmp_path, status=0)
    assert b"holds no sources" in done.stderr


def test_standard_input(tmp_path: Path) -> None:
    document = check_json("-", cwd=tmp_path, stdin=RACY.encode(), status=1)
    assert [entry["path"] for entry in document["files"]] == ["<stdin>"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chek"], ["chek", "--help"]),
        (["check", "--format", "xml", "."], ["--format", "xml"]),
        (["check", "--min-confidence", "certain", "."], ["--min-confidence", '"proved"', '"certain"']),
        (["check", "--select", "race-missing-reducton", "."], ["--select", "race-missing-reducton"]),
        (["check", "--jobs", "-3", "."], ["--jobs", "-3"]),
        (["check", "--write-baseline", "."], ["--baseline FILE"]),
        (["check", "--baseline", "none.json", "."], ["none.json", "--write-baseline"]),
        (["check", "--since", "HEAD", "."], ["--since", "git"]),
        (["suggest", "--line", "0", "racy.c"], ["--line", "count from 1"]),
        (["suggest", "--line", "99", "racy.c"], ["no line 99"]),
        (["explain"], ["PATH:LINE"]),
        (["explain", "race-missing-reducton"], ["race-missing-reducton"]),
        (["explain", "gone.c:3"], ["gone.c", "does not exist"]),
        (["explain", "racy.c:99"], ["no line 99"]),
        (["check", "-D", "1x", "racy.c"], ["1x", "macro"]),
    ],
)
def test_what_is_asked_wrongly_is_explained(work: Path, arguments: list[str], words: list[str]) -> None:
    done = run(*arguments, cwd=work, status=2)
    said = done.stderr.decode()
    for word in words:
        assert word in said
    assert done.stdout == b""


def test_no_command_means_serve() -> None:
    assert parser().parse_args([]).command is None
    assert parser().parse_args(["serve", "--stdio"]).command == "serve"


@pytest.mark.parametrize("arguments", [[], ["--stdio"], ["serve", "--stdio"]])
def test_serve_speaks_the_protocol(tmp_path: Path, arguments: list[str]) -> None:
    calls = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": None, "capabilities": {}}},
        {"jsonrpc": "2.0", "id": 2, "method": "shutdown"},
        {"jsonrpc": "2.0", "method": "exit"},
    ]
    bodies = [json.dumps(call).encode() for call in calls]
    talk = b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies)
    done = run(*arguments, cwd=tmp_path, stdin=talk, status=0)
    assert b'"capabilities"' in done.stdout


# --- choosing -------------------------------------------------------------------------------------------------------


def test_select_and_ignore(work: Path) -> None:
    found = check_json("racy.c", cwd=work, status=1)["files"][0]["diagnostics"]
    code = found[0]["code"]
    check_json("racy.c", "--select", code, cwd=work, status=1)
    check_json("racy.c", "--select", "perf", cwd=work, status=0)
    check_json("racy.c", "--ignore", "race", cwd=work, status=0)
    check_json("racy.c", "--ignore", f"perf,{code}", cwd=work, status=0)
    check_json("racy.c", "--ignore", "perf", "--ignore", "omp", cwd=work, status=1)


def test_what_is_only_possible_is_shown_on_request(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text(
        "void scatter(int n, const int *ix, double *restrict a)\n{\n    #pragma omp parallel for\n"
        "    for (int i = 0; i < n; i++)\n        a[ix[i]] += 1.0;\n}\n"
    )
    run("check", "a.c", cwd=tmp_path, status=0)
    text = run("check", "--min-confidence", "possible", "a.c", cwd=tmp_path, status=1).stdout.decode()
    assert "a.c:5:9  possible" in text
    assert "  safe  if `ix` holds no value twice" in text
    text = run("explain", "a.c:5", cwd=tmp_path, status=0).stdout.decode()
    assert "a.c:5:9  possible" in text


def test_severity_and_confidence_of_the_configuration(work: Path) -> None:
    code = check_json("racy.c", cwd=work)["files"][0]["diagnostics"][0]["code"]
    (work / ".hpc-ls.toml").write_text(f'[severity]\n{code} = "hint"\n')
    assert check_json("racy.c", cwd=work, status=0)["files"][0]["diagnostics"][0]["severity"] == "hint"
    (work / ".hpc-ls.toml").write_text('[severity]\nrace = "off"\n')
    check_json("racy.c", cwd=work, status=0)
    (work / ".hpc-ls.toml").write_text(f'[severity]\nrace = "off"\n{code} = "warning"\n')
    assert [d["code"] for d in check_json("racy.c", cwd=work, status=1)["files"][0]["diagnostics"]] == [code]


def test_a_bad_configuration_is_told_and_the_rest_goes_on(work: Path) -> None:
    (work / ".hpc-ls.toml").write_text('min-confidense = "proved"\njobs = "many"\n')
    done = run("check", "racy.c", cwd=work, status=1)
    said = done.stderr.decode()
    assert "hpc-ls: " in said
    assert '.hpc-ls.toml:1: unknown key "min-confidense"; did you mean "min-confidence"?' in said
    assert '.hpc-ls.toml:2: "jobs" must be' in said


def test_exclude(work: Path) -> None:
    (work / "old").mkdir()
    (work / "old" / "x.c").write_text(RACY)
    (work / ".hpc-ls.toml").write_text('exclude = ["old", "racy.c"]\n')
    assert [entry["path"] for entry in check_json(".", cwd=work, status=0)["files"]] == ["plain.c"]
    assert [entry["path"] for entry in check_json("old", "racy.c", cwd=work, status=1)["files"]] == ["racy.c"]


def test_comments_accept_findings(work: Path) -> None:
    (work / "racy.c").write_text(RACY.replace("s += x[i];", "s += x[i];  // hpc-ls: ignore[race]"))
    run("check", "racy.c", cwd=work, status=0)
    (work / "racy.c").write_text("// hpc-ls: ignore-file[race]\n" + RACY)
    run("check", "racy.c", cwd=work, status=0)
    (work / "plain.c").write_text(PLAIN.replace("b[i];", "b[i];  // hpc-ls: ignore[race]"))
    text = run("check", "plain.c", cwd=work, status=0).stdout.decode()
    assert text.startswith("unused-suppression")


def test_macros_and_assumptions_of_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text(
        "void f(int n, double *x, double *y)\n{\n#ifdef FAST\n    for (int i = 0; i < n; i++)\n"
        "        y[i] = x[i];\n#endif\n}\n"
    )
    assert check_json("a.c", cwd=tmp_path, command="suggest")["files"][0]["loops"] == []
    loops = check_json("a.c", "-D", "FAST", cwd=tmp_path, command="suggest")["files"][0]["loops"]
    assert [loop["confidence"] for loop in loops] == ["likely"]
    assert loops[0]["assumptions"]
    loops = check_json("a.c", "-DFAST=1", "--assume-no-alias", cwd=tmp_path, command="suggest")["files"][0]["loops"]
    assert [loop["confidence"] for loop in loops] == ["proved"]


def test_independent_functions_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text(UNSEEN)
    loop = check_json("a.c", cwd=tmp_path, command="suggest")["files"][0]["loops"][0]
    assert (loop["verdict"], loop["confidence"]) == ("unknown", "possible")
    (tmp_path / ".hpc-ls.toml").write_text('independent-functions = ["relax"]\n')
    loop = check_json("a.c", cwd=tmp_path, command="suggest")["files"][0]["loops"][0]
    assert loop["verdict"] == "parallel"


# --- formats --------------------------------------------------------------------------------------------------------


def test_sarif_of_a_run(work: Path) -> None:
    (work / "bin.c").write_bytes(b"int x;\0")
    done = run("check", "--format", "sarif", ".", cwd=work, status=2)
    document = json.loads(done.stdout)
    jsonschema.Draft4Validator(json.loads(SCHEMA.read_text())).validate(document)
    results = document["runs"][0]["results"]
    assert [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in results] == ["racy.c"]
    rule = document["runs"][0]["tool"]["driver"]["rules"][0]
    assert "What it finds" in rule["help"]["text"]
    assert "bin.c" in document["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"]


def test_github_of_a_run(work: Path) -> None:
    line = run("check", "--format", "github", "racy.c", cwd=work, status=1).stdout.decode()
    assert line.startswith("::error file=racy.c,line=6,endLine=6,col=9,")
    assert line.count("\n") == 1


def test_color_can_be_forced(work: Path) -> None:
    assert b"\x1b[" in run("check", "racy.c", "--color", "always", cwd=work).stdout
    assert b"\x1b[" not in run("check", "racy.c", cwd=work).stdout


def test_every_format_is_the_same_for_any_number_of_processes(work: Path) -> None:
    for number in range(6):
        (work / f"f{number}.c").write_text(RACY.replace("sum", f"sum{number}"))
    (work / "bin.c").write_bytes(b"\0")
    for form in ("text", "json", "sarif", "github"):
        one, three = (run("check", "--format", form, "--jobs", jobs, ".", cwd=work, status=2) for jobs in ("1", "3"))
        assert one.stdout == three.stdout
        assert one.stderr == three.stderr


def test_processes_do_not_load_modules_of_the_working_folder(work: Path) -> None:
    for name in ("multiprocessing", "sitecustomize", "models", "analyzers", "tree_sitter", "rich", "json"):
        (work / f"{name}.py").write_text(f"open('planted', 'w').write('{name}')\nraise SystemExit(99)\n")
    for form in ("text", "json", "sarif"):
        run("check", "--format", form, "--jobs", "2", ".", cwd=work, status=1)
    assert not (work / "planted").exists()


# --- baseline and changes -------------------------------------------------------------------------------------------


def test_baseline(work: Path) -> None:
    done = run("check", ".", "--baseline", "base.json", "--write-baseline", cwd=work, status=0)
    assert b"accepted in base.json" in done.stdout
    run("check", ".", "--baseline", "base.json", cwd=work, status=0)
    # Moved and indented otherwise: still the same. From another folder too.
    (work / "racy.c").write_text("/* new\n   head */\n\n" + RACY.replace("    s +=", "\ts  +="))
    run("check", ".", "--baseline", "base.json", cwd=work, status=0)
    (work / "sub").mkdir()
    run("check", "../racy.c", "--baseline", "../base.json", cwd=work / "sub", status=0)
    # A second one that looks the same, in the same function, speaks.
    loop = RACY[RACY.index("    #pragma") : RACY.index("    return")]
    (work / "racy.c").write_text(RACY.replace(loop, loop + loop))
    document = check_json(".", "--baseline", "base.json", cwd=work, status=1)
    found = [d for entry in document["files"] for d in entry["diagnostics"]]
    assert [d["range"]["start"]["line"] for d in found] == [8]
    # And so does the same line in another function.
    (work / "racy.c").write_text(RACY.replace("sum", "total"))
    run("check", ".", "--baseline", "base.json", cwd=work, status=1)


@pytest.mark.parametrize("content", ["", "[]", '{"version": 9, "findings": []}', '{"version": 1}', "\0"])
def test_a_bad_baseline_is_told(work: Path, content: str) -> None:
    (work / "base.json").write_text(content)
    assert b"not a baseline" in run("check", ".", "--baseline", "base.json", cwd=work, status=2).stderr


@pytest.mark.needs("git")
def test_since(work: Path) -> None:
    git("init", "-q", cwd=work)
    (work / "other.c").write_text(RACY.replace("sum", "other"))
    git("add", "-A", cwd=work)
    git("commit", "-qm", "first", cwd=work)
    assert check_json(".", "--since", "HEAD", cwd=work, status=0)["files"] == []
    # A change elsewhere in the file is no reason to speak of the race; the race's own line is.
    (work / "racy.c").write_text("\n\n" + RACY)
    assert [e["path"] for e in check_json(".", "--since", "HEAD", cwd=work, status=0)["files"]] == ["racy.c"]
    (work / "racy.c").write_text(RACY.replace("s += x[i]", "s += 2 * x[i]"))
    run("check", ".", "--since", "HEAD", cwd=work, status=1)
    # New files are new as a whole, whether git knows them or not.
    git("checkout", "-q", "racy.c", cwd=work)
    (work / "sub dir").mkdir()
    (work / "sub dir" / "neü.c").write_text(RACY)
    document = check_json(".", "--since", "HEAD", cwd=work, status=1)
    assert [e["path"] for e in document["files"]] == ["sub dir/neü.c"]
    git("add", "-A", cwd=work)
    assert check_json("../sub dir", "--since", "HEAD", cwd=work / "sub dir", status=1)["files"]
    git("commit", "-qm", "second", cwd=work)
    assert len(check_json(".", "--since", "HEAD~1", cwd=work, status=1)["files"]) == 1
    loops = check_json(".", "--since", "HEAD~1", cwd=work, command="suggest", status=0)["files"]
    assert [len(entry["loops"]) for entry in loops] == [1]
    for bad in ("nothing-such", "--output=x"):
        done = run("check", ".", f"--since={bad}", cwd=work, status=2)
        assert bad in done.stderr.decode()
    assert not (work / "x").exists()


@pytest.mark.needs("git")
def test_since_runs_nothing_that_the_repository_names(work: Path) -> None:
    git("init", "-q", cwd=work)
    git("add", "-A", cwd=work)
    git("commit", "-qm", "first", cwd=work)
    trap = work / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch '{work}/sprung'\n")
    trap.chmod(0o755)
    for key in ("core.fsmonitor", "diff.external", "diff.trap.textconv", "diff.trap.command"):
        git("config", key, str(trap), cwd=work)
    (work / ".gitattributes").write_text("*.c diff=trap\n")
    (work / "racy.c").write_text(RACY.replace("s += x[i]", "s += 2 * x[i]"))
    run("check", ".", "--since", "HEAD", cwd=work, status=1)
    assert not (work / "sprung").exists()


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text('#include "grid.h"\nvoid f(void) {}\n')
    text = run("check", "a.c", "--compile-commands", "none", cwd=tmp_path, status=0, COLUMNS="400").stdout.decode()
    for words in ("`grid.h` was not found", "none is not used: there is none", "`include-paths` (`-I`)"):
        assert words in " ".join(text.split())


# --- explain and doctor ---------------------------------------------------------------------------------------------


def test_explain_a_line(work: Path) -> None:
    text = run("explain", "racy.c:6", cwd=work, status=0).stdout.decode()
    assert text.startswith("race-")
    assert "reduction(+:s)" in text
    text = run("explain", "plain.c:6:9", cwd=work, status=0).stdout.decode()
    assert text.startswith("parallel  plain.c:5:5  proved\n")
    assert "+     #pragma omp parallel for" in text
    text = run("explain", "plain.c:1", cwd=work, status=0).stdout.decode()
    assert "Line 1 is in no loop" in text
    assert "Loops start on line 5." in text


def test_explain_names_the_lines_of_all_loops(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text(PLAIN + PLAIN.replace("scale", "again"))
    text = run("explain", "a.c:1", cwd=tmp_path, status=0).stdout.decode()
    assert re.search(r"Loops start on lines \d+ and \d+\.", text)


def test_explain_tells_the_witness(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text(SERIAL)
    text = run("explain", "a.c:5", cwd=tmp_path, status=0).stdout.decode()
    assert text.startswith("not parallel  a.c:5:5  proved\n")
    assert "i=2" in text


def test_explain_a_rule(work: Path) -> None:
    code = check_json("racy.c", cwd=work)["files"][0]["diagnostics"][0]["code"]
    text = run("explain", code, cwd=work, status=0).stdout.decode()
    for heading in ("What it finds", "Why it matters", "Example", "Fix", "References"):
        assert f"\n{heading}\n" in text
    for code in EXTRA_CODES:
        assert run("explain", code, cwd=work, status=0).stdout.decode().startswith(f"{code}  ")


def test_doctor(tmp_path: Path) -> None:
    (tmp_path / ".hpc-ls.toml").write_text("jobs = 2\nselct = []\n")
    text = run("doctor", cwd=tmp_path, status=2).stdout.decode()
    for word in ("hpc-ls", "python", "islpy", "gcc", "a race is found", "jobs", "2  (project file)", 'mean "select"'):
        assert word in text
    (tmp_path / ".hpc-ls.toml").unlink()
    document = json.loads(run("doctor", "--format", "json", cwd=tmp_path, status=0).stdout)
    assert document["works"] is True
    states = {check["name"]: check["state"] for check in document["checks"]}
    assert states["loops"] == states["races"] == states["islpy"] == states["server"] == "ok"
    model = {check["name"]: check for check in document["checks"] if check["section"] == "model"}
    assert model["run-time"]["state"] == "ok"
    assert model["file"]["state"] in ("ok", "info")


def test_doctor_says_what_a_model_needs(tmp_path: Path) -> None:
    data = {"XDG_DATA_HOME": str(tmp_path)}
    tiny.write(tmp_path / "mine.gguf")
    run("model", "use", "mine.gguf", cwd=tmp_path, status=0, **data)

    def of_model(status: int) -> dict[str, str]:
        checks = json.loads(run("doctor", "--format", "json", cwd=tmp_path, status=status, **data).stdout)["checks"]
        return {check["name"]: f"{check['state']} {check['value']}" for check in checks if check["section"] == "model"}

    found = of_model(0)
    assert "0.1 million parameters" in found["file"]
    assert "loaded in" in found["speed"]
    (tmp_path / "mine.gguf").write_text("no model")
    assert "speed" not in (found := of_model(2))
    assert found["file"] == f"broken {tmp_path / 'mine.gguf'}: it is no GGUF file"


# --- interruptions --------------------------------------------------------------------------------------------------


def test_a_closed_pipe_is_quiet(work: Path) -> None:
    for number in range(200):
        (work / f"f{number}.c").write_text(RACY.replace("sum", f"sum{number}"))
    process = subprocess.Popen(
        [*PROGRAM, "check", "."], cwd=work, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ}
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    process.wait(timeout=60)
    assert errors == b""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_is_quiet_and_leaves_nobody_behind(work: Path, jobs: str) -> None:
    for number in range(400):
        (work / f"f{number}.c").write_text(RACY.replace("sum", f"sum{number}"))
    process = subprocess.Popen(
        [*PROGRAM, "check", "--jobs", jobs, "."],
        cwd=work,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # What is started in the background of a script ignores Ctrl-C, and so would the program.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None
    process.stdout.read(1)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert errors == b""
    assert process.returncode == 130
    for _ in range(100):
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("a process of the group still lives")


def test_main_returns_the_status(
    work: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(work)
    assert main(["check", "racy.c"]) == 1
    assert "racy.c:6:9" in capsys.readouterr().out
