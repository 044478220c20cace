"""Times ghost text as an editor sees it: what the analysis answers by itself, and what waits for the local model.

Every question is about a function that the server has not seen: nothing is remembered. `make bench` runs it with the
model in use (`hpc-ls model use`); without one it says so.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).parent))
from latency import CAPABILITIES, HPC_LS, Client, percentile

from models import store

ROUNDS = 100
ALONE = "analysis alone"
ASKED = "with the model"


def function(dice: random.Random, directive: str) -> tuple[str, int]:
    """A function with one loop below `directive`, and the line of the directive."""
    arrays = dice.sample(["u", "v", "w", "rho", "flux", "temp"], 3)
    terms = [f"{dice.choice(arrays[1:])}[i{dice.choice(['', ' + 1', ' - 1'])}]" for _ in range(dice.randint(1, 4))]
    right = f" {dice.choice('+*-')} ".join([*terms, f"{dice.randint(2, 99)}.0"])
    scalar = f"        double t{dice.randint(0, 9)} = {right};\n" if dice.random() < 0.5 else ""
    value = scalar.split()[1] if scalar else right
    parameters = ", ".join(f"double *restrict {name}" for name in arrays)
    lines = f"void f(int n, {parameters})\n{{\n{directive}\n    for (int i = 1; i < n - 1; i++) {{\n"
    return f"{lines}{scalar}        {arrays[0]}[i] = {value};\n    }}\n}}\n", 2


async def ask(client: Client, uri: str, version: int, text: str, line: int) -> tuple[float, Any]:
    """Milliseconds until the answer, and the answer."""
    identifier = {"uri": uri, "version": version}
    client.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": [{"text": text}]})
    column = len(text.splitlines()[line])
    began = time.perf_counter()
    answer = await client.request(
        "textDocument/inlineCompletion",
        {
            "textDocument": {"uri": uri},
            "position": {"line": line, "character": column},
            "context": {"triggerKind": 2},
        },
    )
    return 1e3 * (time.perf_counter() - began), answer and answer["items"]


async def measure() -> None:
    pipe = asyncio.subprocess.PIPE
    with tempfile.TemporaryDirectory() as folder:
        process = await asyncio.create_subprocess_exec(
            *HPC_LS, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL, cwd=folder
        )
        client = Client(process)
        listening = asyncio.create_task(client.listen())
        await client.request("initialize", {"processId": None, "rootUri": None, "capabilities": CAPABILITIES})
        client.notify("initialized", {})
        uri = Path(folder, "bench.c").as_uri()
        item = {"uri": uri, "languageId": "c", "version": 1, "text": "\n"}
        client.notify("textDocument/didOpen", {"textDocument": item})
        dice = random.Random(4)
        for name, directive in ((ALONE, ""), (ASKED, "    #pragma omp parallel for sch")):
            times, answered = [], 0
            for version in range(ROUNDS + 5):
                text, line = function(dice, directive)
                spent, items = await ask(client, uri, version, text, line)
                if version >= 5:  # the model was loaded meanwhile
                    times.append(spent)
                    answered += bool(items)
                await asyncio.sleep(0.02)
            row = f"{percentile(times, 0.5):8.0f} {percentile(times, 0.95):8.0f} {answered:6} of {ROUNDS}"
            print(f"{name:16} {row}")
        for child in psutil.Process(process.pid).children(recursive=True):
            if "models.engine" in child.cmdline():
                print(f"{'model process':16} {child.memory_info().rss / 1e6:8.0f} MB")
        await client.request("shutdown", None)
        client.notify("exit", None)
        await process.wait()
        listening.cancel()


def main() -> int:
    used = store.in_use()
    print(f"ghost text in ms; the model: {used.path or used.why}")
    print(f"{'':16} {'p50':>8} {'p95':>8} {'answered':>12}")
    asyncio.run(measure())
    return 0


if __name__ == "__main__":
    sys.exit(main())
