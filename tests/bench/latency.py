"""Times hpc-ls as an editor sees it, clangd beside it where it is installed: `make bench`.

A generated file of 3,400 lines is opened; then digits of constants in random functions are changed. A single edit is
answered at once; of a burst of keystrokes the last one waits for the pause, so its time includes the debounce. The
clock runs from the last keystroke to the complete diagnostics of that version.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parent))
from generate import source

TARGETS = {"p95": 150.0, "initialize": 800.0, "memory": 250.0}
HPC_LS = (sys.executable, "-I", "-m", "lsp_server")
CLANGD = ("--background-index=false", "--log=error", "-j=2")
PAUSE, BETWEEN = 0.25, 0.015
CAPABILITIES: dict[str, Any] = {
    "textDocument": {"publishDiagnostics": {"versionSupport": True, "relatedInformation": True}},
    "general": {"positionEncodings": ["utf-16"]},
}


@dataclass
class Client:
    """Just enough of an editor."""

    process: asyncio.subprocess.Process
    identifier: int = 0
    arrivals: dict[int, float] = field(default_factory=dict)  # version: when its first diagnostics came
    complete: dict[int, float] = field(default_factory=dict)  # version: when the last word on it came
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    answers: dict[int, asyncio.Future[Any]] = field(default_factory=dict)
    found: int = 0
    speaks_of_completeness: bool = False

    def send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    async def request(self, method: str, params: Any) -> Any:
        self.identifier += 1
        self.answers[self.identifier] = asyncio.get_running_loop().create_future()
        self.send({"id": self.identifier, "method": method, "params": params})
        return await self.answers[self.identifier]

    def notify(self, method: str, params: Any) -> None:
        self.send({"method": method, "params": params})

    async def listen(self) -> None:
        stream = self.process.stdout
        assert stream
        while True:
            try:
                header = await stream.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                return
            length = re.search(rb"Content-Length: (\d+)", header)
            assert length
            body = await stream.readexactly(int(length[1]))
            self.take(json.loads(body), time.perf_counter())

    def take(self, message: dict[str, Any], now: float) -> None:
        method = message.get("method")
        if method == "textDocument/publishDiagnostics":
            version = message["params"].get("version") or 0
            self.arrivals.setdefault(version, now)
            self.found = len(message["params"]["diagnostics"])
            self.last = version
            if not self.speaks_of_completeness:
                self.complete.setdefault(version, now)
        elif method == "hpc-ls/status" and message["params"]["state"] == "ok":
            self.complete.setdefault(self.last, now)
        elif method is None and message["id"] in self.answers:
            self.answers.pop(message["id"]).set_result(message.get("result"))
        elif method is not None and "id" in message:
            self.send({"id": message["id"], "result": None})
        self.changed.set()

    async def diagnosed(self, version: int) -> tuple[float, float]:
        """When the first and the complete diagnostics of a version came."""
        while version not in self.complete:
            self.changed.clear()
            await asyncio.wait_for(self.changed.wait(), 60)
        return self.arrivals[version], self.complete[version]


@dataclass
class Result:
    """Milliseconds and megabytes."""

    name: str
    initialize: float
    cold: float
    single: list[float]
    first: list[float]
    burst: list[float]
    processor: float  # milliseconds of processor time for each edit, all processes together
    memory: float
    diagnostics: int


async def measure(name: str, command: tuple[str, ...], text: str, edits: int, ours: bool) -> Result:
    """One server on one text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "bench.c")
        path.write_text(text)
        if not ours:
            Path(folder, "compile_flags.txt").write_text("-fopenmp\n-std=c11\n-Wall\n")
        pipe = asyncio.subprocess.PIPE
        began = time.perf_counter()
        process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL, cwd=folder
        )
        client = Client(process, speaks_of_completeness=ours)
        listening = asyncio.create_task(client.listen())
        root = Path(folder).as_uri()
        await client.request("initialize", {"processId": None, "rootUri": root, "capabilities": CAPABILITIES})
        initialize = time.perf_counter() - began
        client.notify("initialized", {})
        await asyncio.sleep(1.5)
        uri = path.as_uri()
        began = time.perf_counter()
        item = {"uri": uri, "languageId": "c", "version": 1, "text": text}
        client.notify("textDocument/didOpen", {"textDocument": item})
        cold = (await client.diagnosed(1))[1] - began
        await asyncio.sleep(1)
        before = processor_time(process.pid)
        single, first, burst = await type_into(client, uri, text, edits)
        processor = (processor_time(process.pid) - before) / edits
        memory = resident(process.pid)
        await client.request("shutdown", None)
        client.notify("exit", None)
        await process.wait()
        listening.cancel()
    return Result(name, initialize * 1e3, cold * 1e3, single, first, burst, processor * 1e3, memory / 1e6, client.found)


async def type_into(client: Client, uri: str, text: str, edits: int) -> tuple[list[float], list[float], list[float]]:
    """Change digits of constants: half of the edits alone, half at the end of a burst of three."""
    chance = random.Random(2)
    places = [m.start(1) for m in re.finditer(r"\b\d\.\d(\d)\b", text)]
    version = 1
    single, first, burst = [], [], []
    for number in range(edits):
        offset = chance.choice(places)
        line = text.count("\n", 0, offset)
        column = offset - (text.rfind("\n", 0, offset) + 1)
        keystrokes = 3 if number % 2 else 1
        for key in range(keystrokes):
            version += 1
            end = column + (1 if key == 0 else 0)
            where = {"start": {"line": line, "character": column}, "end": {"line": line, "character": end}}
            # Never the digit that stands there: clangd says nothing when nothing changed.
            change = {"range": where, "text": chance.choice("0123456789".replace(text[offset], ""))}
            at = time.perf_counter()
            client.notify(
                "textDocument/didChange",
                {"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]},
            )
            text = text[:offset] + change["text"] + text[offset + end - column :]
            if key + 1 < keystrokes:
                await asyncio.sleep(BETWEEN)
        begun, done = await client.diagnosed(version)
        places = [p + (keystrokes - 1 if p > offset else 0) for p in places]
        (burst if keystrokes > 1 else single).append((done - at) * 1e3)
        first.append((begun - at) * 1e3)
        await asyncio.sleep(PAUSE)
    return single, first, burst


def processor_time(pid: int) -> float:
    """Seconds of processor time of a process and its children so far."""
    family = (psutil.Process(pid), *psutil.Process(pid).children(recursive=True))
    return sum(times.user + times.system for times in (process.cpu_times() for process in family))


def resident(pid: int) -> int:
    """Resident bytes of a process and its children, shared pages counted once where the system says."""
    total = 0
    for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
        memory = process.memory_full_info() if psutil.LINUX else process.memory_info()
        total += getattr(memory, "pss", memory.rss)
    return total


def percentile(values: list[float], share: float) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[int(share * 100) - 1]


def show(result: Result) -> None:
    everything = result.single + result.burst
    line = f"{result.name:10} {result.initialize:10.0f} {result.cold:9.0f}"
    for values in (result.first, result.single, result.burst, everything):
        line += f" {percentile(values, 0.5):6.0f} {percentile(values, 0.95):6.0f}"
    print(f"{line} {result.processor:9.0f} {result.memory:8.0f} {result.diagnostics:6}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=100)
    parser.add_argument("--lines", type=int, default=3400)
    parser.add_argument("--check", action="store_true", help="fail where a target is missed")
    parser.add_argument("--write", type=Path, help="only write the generated file")
    arguments = parser.parse_args()
    text = source(arguments.lines)
    if arguments.write:
        arguments.write.write_text(text)
        return 0
    pragmas, loops = text.count("#pragma omp"), len(re.findall(r"\bfor \(", text))
    print(f"{text.count(chr(10))} lines, {loops} loops, {pragmas} pragmas; {arguments.edits} edits; ms and MB")
    print(f"{'':10} {'':10} {'':9} {'first':>13} {'single':>13} {'burst':>13} {'all':>13}")
    heads = "".join(f" {'p50':>6} {'p95':>6}" for _ in range(4))
    print(f"{'':10} {'initialize':>10} {'open':>9}{heads} {'cpu/edit':>9} {'memory':>8} {'found':>6}")
    result = asyncio.run(measure("hpc-ls", HPC_LS, text, arguments.edits, True))
    show(result)
    for clangd in ("clangd", *(f"clangd-{n}" for n in range(14, 30))):
        found = shutil.which(clangd)
        if found:
            show(asyncio.run(measure(clangd, (found, *CLANGD), text, arguments.edits, False)))
    reached = {
        "p95": percentile(result.single + result.burst, 0.95),
        "initialize": result.initialize,
        "memory": result.memory,
    }
    missed = [
        f"{name} {reached[name]:.0f} > {target:.0f}" for name, target in TARGETS.items() if reached[name] > target
    ]
    print(
        "targets " + ("missed: " + ", ".join(missed) if missed else "met: p95 150 ms, initialize 800 ms, memory 250 MB")
    )
    return 1 if missed and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
