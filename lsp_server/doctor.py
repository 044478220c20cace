"""`hpc-ls doctor`: what is installed, what works, what does not and the command that repairs it."""

from __future__ import annotations

import asyncio
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from analyzers.words import counted
from lsp_server.background import calibration
from lsp_server.background.calibration import QUANTITIES, Calibration, CalibrationError, duration
from lsp_server.commands.model import measured
from lsp_server.compilers import compiler
from lsp_server.settings import load, workspace_of
from lsp_server.settings_values import KEYS
from models import store
from models.client import ModelError
from models.gguf import BadModelError, read_header

PACKAGES = ("pygls", "lsprotocol", "tree-sitter", "tree-sitter-c", "islpy", "rich")
COMPILERS = ("gcc", "clang", "gfortran", "icx", "nvc")
REINSTALL = f"{sys.executable} -m pip install --force-reinstall hpc-ls"
PARALLEL = "void f(int n, double *a)\n{ for (int i = 0; i < n; i++) a[i] = 2.0 * a[i]; }\n"
RACY = """\
double f(int n, double *a)
{ double s = 0;
#pragma omp parallel for
  for (int i = 0; i < n; i++) s += a[i];
  return s; }
"""

State = Literal["ok", "missing", "broken", "info"]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the table."""

    section: str
    name: str
    state: State  # missing: optional; broken: has to be repaired
    value: str
    remedy: str = ""


def run(arguments: Namespace) -> int:
    """Print the table; 0 when the main job works, 2 when something needs repair or could not be measured."""
    if arguments.calibrate and not _calibrated():
        return 2
    found = list(checks(Path.cwd()))
    broken = [check for check in found if check.state == "broken"]
    if arguments.format == "json":
        document: dict[str, object] = {"version": 1, "works": not broken, "checks": [asdict(check) for check in found]}
        measured = calibration.current().calibration
        document["calibration"] = measured.to_json() if measured else None
        sys.stdout.write(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    else:
        _print(found, broken, arguments)
    return 2 if broken else 0


def checks(folder: Path) -> Iterator[Check]:
    """Every check, made as it is asked for. `folder` is where the settings are looked up."""
    yield Check("hpc-ls", "version", "info", _version("hpc-ls") or "not installed as a package")
    yield Check("hpc-ls", "python", "info", f"{platform.python_version()}  {sys.executable}")
    yield Check("hpc-ls", "system", "info", platform.platform(terse=True))
    for name in PACKAGES:
        found = _version(name)
        yield Check("packages", name, "ok" if found else "broken", found or "missing", "" if found else REINSTALL)
    yield from _analysis()
    yield from _server()
    for name in COMPILERS:
        yield from _compiler(name)
    git = shutil.which("git")
    yield Check("tools", "git", "ok" if git else "missing", git or "not on PATH: `check --since` needs it")
    yield from _model()
    yield from _settings(folder)
    yield from _calibration(folder)
    yield from _index(folder)


def _calibrated() -> bool:
    """Measure this machine and keep the result; False, and said why, where that cannot be done."""
    from lsp_server.background import probe

    sys.stderr.write("hpc-ls: measuring threads and arithmetic; let the machine rest for some seconds\n")
    try:
        path = calibration.save(probe.measure())
    except CalibrationError as error:
        sys.stderr.write(f"hpc-ls: nothing was measured: {error}. What was known before still holds.\n")
        return False
    except OSError as error:
        sys.stderr.write(f"hpc-ls: the measurement cannot be kept: {error.filename or error}: {error.strerror}\n")
        return False
    sys.stderr.write(f"hpc-ls: kept in {path}\n")
    return True


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _analysis() -> Iterator[Check]:
    """The main job, done on two built-in functions of which the answers are known."""
    try:
        from analyzers import api
        from lsp_server.outcomes import findings_of, loops_in

        loops = loops_in(api.analyze(api.SourceText.of(PARALLEL), "c"))
        proved = len(loops) == 1 and loops[0].verdict.status == "parallel"
        answer = "a parallel loop is proved parallel" if proved else "a parallel loop is not recognised"
        yield Check("analysis", "loops", "ok" if proved else "broken", answer, "" if proved else REINSTALL)
        found = [f for f in findings_of(api.analyze(api.SourceText.of(RACY), "c")) if f.finding.category == "race"]
        answer = "a race is found" if found else "a race is not found"
        yield Check("analysis", "races", "ok" if found else "broken", answer, "" if found else REINSTALL)
    except Exception as error:  # whatever breaks the analysis is what the user wants to read here
        yield Check("analysis", "loops", "broken", f"{type(error).__name__}: {error}", REINSTALL)


def _server() -> Iterator[Check]:
    state, value = _greeted()
    yield Check("editor", "server", state, value, "" if state == "ok" else REINSTALL)
    program = shutil.which("hpc-ls")
    way_out = f"put {Path(sys.executable).parent} on PATH, or name the program in the editor's settings"
    state = "ok" if program else "missing"
    yield Check("editor", "hpc-ls", state, program or "not on PATH", "" if program else way_out)


def _greeted() -> tuple[State, str]:
    """Start the language server as an editor does, and wait for its answer to `initialize`."""
    request = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": None, "capabilities": {}}}
    shutdown = {"jsonrpc": "2.0", "id": 2, "method": "shutdown"}
    leave = {"jsonrpc": "2.0", "method": "exit"}
    messages = [json.dumps(message).encode() for message in (request, shutdown, leave)]
    talk = b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(message), message) for message in messages)
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-m", "lsp_server"],
            input=talk,
            capture_output=True,
            timeout=30,
            check=False,
            cwd=tempfile.gettempdir(),
        )
    except subprocess.TimeoutExpired:
        return "broken", "does not answer"
    if b'"capabilities"' in done.stdout:
        return "ok", "starts and answers"
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return "broken", said[-1] if said else f"ends with status {done.returncode}"


def _compiler(name: str) -> Iterator[Check]:
    found = compiler(name)
    if found is None:
        if name in ("gcc", "clang", "gfortran"):
            yield Check("compilers", name, "missing", "not on PATH")
        return
    openmp = f"OpenMP {found.openmp}" if found.openmp else "no OpenMP"
    yield Check("compilers", name, "ok", f"{found.version}  {openmp}  {found.path}")


def _model() -> Iterator[Check]:
    """The local model and what runs it. Neither is needed: all the rest works without."""
    found = _version("llama-cpp-python")
    remedy = "" if found else f"{sys.executable} -m pip install 'hpc-ls[model]'"
    yield Check("model", "run-time", "ok" if found else "missing", found or "not installed: no proposals", remedy)
    used = store.in_use()
    if used.path is None:
        yield Check("model", "file", "info", used.why)
        return
    try:
        header = read_header(used.path)
    except (BadModelError, OSError) as error:
        way_out = "hpc-ls model use default, or another one of hpc-ls model list"
        yield Check("model", "file", "broken", f"{used.path}: {error}", way_out)
        return
    size = f"{header.parameters / 1e6:,.1f} million parameters, {header.size / 1e6:,.1f} MB"
    yield Check("model", "file", "ok", f"{used.path}  {size}  ({used.why})")
    if found:
        yield _model_speed(used.path)


def _model_speed(path: Path) -> Check:
    try:
        rows = asyncio.run(measured(path))
    except ModelError as error:
        return Check("model", "speed", "broken", str(error), "hpc-ls model info says more")
    return Check("model", "speed", "ok", ", ".join(f"{name} {value}" for name, value in rows))


def _settings(folder: Path) -> Iterator[Check]:
    loaded = load(folder)
    yield Check("settings", "file", "info", str(loaded.config) if loaded.config else "none; the defaults hold")
    for key in KEYS:
        if key in loaded.origins:
            value = getattr(loaded.settings, key.replace("-", "_"))
            yield Check("settings", key, "info", f"{_shown(value)}  ({loaded.origins[key]})")
    for problem in (p for p in loaded.problems if p.layer != "default"):
        where = f"{loaded.config}:{problem.line}" if problem.line else str(loaded.config)
        yield Check("settings", "problem", "broken", problem.message, f"edit {where}")


def _calibration(folder: Path) -> Iterator[Check]:
    """What was measured on this machine, with units, and what the estimates make of it."""
    found = calibration.current()
    known = found.calibration
    if found.problem is not None:
        value = f"{found.path} is ignored: {found.problem}"
        yield Check("calibration", "file", "broken", value, calibration.REMEDY)
    if known is None:
        yield Check("calibration", "costs", "info", f"the defaults; `{calibration.REMEDY}` measures this machine")
        return
    ignored = "" if load(folder).settings.use_calibration else "  (ignored: use-calibration = false)"
    yield Check("calibration", "file", "ok", f"{found.path}{ignored}")
    how = f"{known.measured}  {known.threads} threads  {known.compiler}  {known.processor}"
    yield Check("calibration", "measured", "info", how)
    for name, quantity in QUANTITIES.items():
        yield Check("calibration", name, "info", f"{duration(known.nanoseconds[name]):>8}  {quantity.words}")
    yield Check("calibration", "a loop pays", "info", _paying(known))


def _paying(known: Calibration) -> str:
    costs = known.costs()
    again = duration(costs.pays_again * known.unit)
    once = duration(costs.pays * known.unit)
    return f"from about {costs.pays:,.0f} operations ({once}), inside another loop {costs.pays_again:,.0f} ({again})"


def _index(folder: Path) -> Iterator[Check]:
    """What is known of the files of the workspace from earlier runs."""
    from lsp_server.index import store

    loaded = load(folder)
    root = workspace_of(folder, loaded)
    if not loaded.settings.workspace_index:
        yield Check("index", "workspace", "info", "off: `workspace-index` is false")
    elif root is None:
        yield Check("index", "workspace", "info", "none: this is no repository; files named together know each other")
    else:
        records = store.load(root)
        functions = sum(len(record.unit.definitions) for record in records.values())
        size = store.size_of(root)
        held = f"{counted(len(records), 'file')} with {counted(functions, 'function')}, {size / 1e6:.1f} MB"
        yield Check("index", "workspace", "info", f"{root}: {held}" if size else f"{root}: nothing yet")
        yield Check("index", "kept in", "info", str(store.place_of(root)))


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return ", ".join(f"{key} = {item}" for key, item in sorted(value.items()))
    if isinstance(value, frozenset | tuple):
        items = sorted(value) if isinstance(value, frozenset) else value
        return ", ".join("=".join(item) if isinstance(item, tuple) else str(item) for item in items) or "none"
    return str(value)


def _print(found: list[Check], broken: list[Check], arguments: Namespace) -> None:
    from rich.text import Text

    from lsp_server.reporters.text import console_for, write
    from lsp_server.terminal import visible

    console = console_for(sys.stdout, arguments.color)
    signs = {"ok": ("ok", "green"), "missing": ("--", "yellow"), "broken": ("!!", "bold red"), "info": ("  ", "")}
    section = ""
    rows = []
    for check in found:
        sign, style = signs[check.state]
        row = Text().append(f"{check.section if check.section != section else '':<11} ", "bold")
        section = check.section
        row.append(f"{sign} ", style).append(f"{check.name:<16} ")
        row.append(visible(check.value))
        rows.append(row)
        if check.remedy:
            rows.append(Text(" " * 32 + visible(check.remedy), "cyan"))
    write(console, rows)
    if broken:
        names = ", ".join(check.name for check in broken)
        console.print(Text(f"{counted(len(broken), 'thing')} to repair: {names}.", "bold red"))
    else:
        console.print(Text("Everything that was tried works.", "bold green"))
