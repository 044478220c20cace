"""Does llama.cpp say of the exported file what PyTorch says of the network? What PyTorch said is kept for the tests,
which have no PyTorch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from models import prompts, vocabulary
from models.llama import Llama
from models.training.corpus import Example

if TYPE_CHECKING:
    from models.training.network import Network

CONTEXT = prompts.LONGEST + prompts.ANSWER


@dataclass(frozen=True, slots=True)
class Golden:
    """Words, and what comes next behind each of them: the likeliest word and the logarithm of its probability."""

    words: tuple[str, ...]
    likeliest: tuple[int, ...]
    logarithms: tuple[float, ...]


def golden(network: Network, examples: Sequence[Example]) -> list[Golden]:
    """What PyTorch says of some examples."""
    import torch

    network.eval()
    found = []
    for example in examples:
        words = (*example.prompt, *example.answer)
        with torch.no_grad():
            rows = network(torch.tensor([vocabulary.encode(words)]))[0].log_softmax(-1).max(-1)
        logarithms = tuple(round(value, 4) for value in rows.values.tolist())
        found.append(Golden(words, tuple(rows.indices.tolist()), logarithms))
    return found


def by_llama(path: Path, kept: Sequence[Golden]) -> list[Golden]:
    """What llama.cpp says of the same words. Raises NotInstalledError, LoadError."""
    model = Llama(path, CONTEXT, 1, lambda: False)
    found = []
    for row in kept:
        ids = vocabulary.encode(row.words)
        said = [model.read(ids[: n + 1])[0] for n in range(len(ids))]
        likeliest = tuple(int(values.argmax()) for values in said)
        found.append(Golden(row.words, likeliest, tuple(float(values.max()) for values in said)))
    return found


def agreement(first: Sequence[Golden], second: Sequence[Golden]) -> tuple[int, int]:
    """At how many positions both have the same likeliest word, and how many there are."""
    pairs = [(a, b) for x, y in zip(first, second, strict=True) for a, b in zip(x.likeliest, y.likeliest, strict=True)]
    return sum(a == b for a, b in pairs), len(pairs)


def write(kept: Sequence[Golden], path: Path) -> None:
    """Keep them, one example on each line."""
    rows = (json.dumps([" ".join(g.words), g.likeliest, g.logarithms], separators=(",", ":")) for g in kept)
    path.write_text("".join(f"{row}\n" for row in rows), encoding="ascii")


def read(path: Path) -> Iterator[Golden]:
    """Those of a file."""
    for line in path.read_text(encoding="ascii").splitlines():
        words, likeliest, logarithms = json.loads(line)
        yield Golden(tuple(words.split()), tuple(likeliest), tuple(logarithms))
