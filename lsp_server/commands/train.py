"""`hpc-ls model train`: the recipe of the shipped weights, and tuning them on a user's own code. Nothing leaves the
machine."""

from __future__ import annotations

import importlib.util
import os
import sys
from argparse import Namespace

from lsp_server.commands import output

_NEEDED = ("torch", "gguf", "numpy", "llama_cpp")


def run(arguments: Namespace) -> int:
    """0 when the weights are made, or when the time was over and a second run goes on; 2 when something is missing."""
    absent = [str(path) for path in arguments.corpus if not path.is_file()]
    if absent:
        return output.failed(f"{absent[0]}: no such file")
    if arguments.from_default and not arguments.corpus:
        return output.failed("--from-default tunes the shipped weights on code: name it with --corpus FILE")
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        return output.failed(f"training needs {', '.join(missing)}: pip install 'hpc-ls[train]'")
    # Threads that wait for each other by spinning are several times slower where anybody else computes as well.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from models.training import recipe

    request = recipe.Request(
        folder=arguments.folder,
        files=tuple(arguments.corpus),
        examples=arguments.examples or recipe.EXAMPLES,
        seed=arguments.seed,
        threads=arguments.threads or 0,
        minutes=arguments.minutes,
        from_default=arguments.from_default,
        leave_out=not arguments.all,
    )
    try:
        if arguments.score:
            recipe.score(arguments.folder / "hpc-ls.gguf", request, _say)
        elif not recipe.make(request, _say):
            _say("the time is over; the same command goes on from here")
    except (OSError, ValueError, KeyError) as error:
        return output.failed(str(error))
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
