"""Training: one pass after another over examples, with checkpoints from which it goes on where it stopped.

On one processor, on GPUs, and in several processes: `torchrun --nproc-per-node=N -m lsp_server.cli model train ...`.
What is learnt follows from the seed, the examples and the number of processes; stopping and resuming changes nothing
but the last digits of sums.
"""

from __future__ import annotations

import math
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional

from models import vocabulary
from models.training.corpus import Example
from models.training.network import Network, Shape

_PAD = vocabulary.IDS["<pad>"]
_POOL = 4096  # examples among which those of like length share a batch


@dataclass(frozen=True, slots=True)
class Plan:
    """How to train. `passes` over the examples; `words` in one step, padding included."""

    passes: float = 1.0
    words: int = 8192
    rate: float = 5e-4  # batches are small: at 1.5e-3 copying names was not learnt, and forgotten where it was
    words_share: float = 0.2  # of the rate, for what each word is: Adam would soon move it anywhere else
    last_rate: float = 0.05  # of `rate`, at the end
    warmup: float = 0.03  # of all steps
    decay: float = 0.05
    prompt: float = 0.1  # what a word of the prompt counts against one of the answer: code teaches what code looks like
    clip: float = 1.0
    seed: int = 1
    save_every: float = 120.0  # seconds
    threads: int = 0  # 0: as PyTorch decides
    minutes: float = 0.0  # 0: until the end; else stop then with a checkpoint
    steps: int = 0  # of the schedule that are made; 0: all. The rate ends where a later plan takes over


Report = Callable[[str], None]


def changed(plan: Plan, **values: Any) -> Plan:
    """The plan with these values."""
    return replace(plan, **values)


def train(
    network: Network, examples: Sequence[Example], plan: Plan, checkpoint: Path | None = None, report: Report = print
) -> bool:
    """Train `network` in place; True once it is done, False where `plan.minutes` ended it. With `checkpoint`, goes on
    from it where it exists and belongs to the same plan and as many examples."""
    rank, ranks, device = _place()
    if plan.threads:
        torch.set_num_threads(plan.threads)
    network.to(device)
    encoded = [(vocabulary.encode(e.prompt), vocabulary.encode(e.answer)) for e in examples]
    batches = list(_batches(encoded, plan))
    last = plan.steps or len(batches)
    optimizer = _optimizer(network, plan)
    step = _resumed(network, optimizer, checkpoint, plan, len(examples), device)
    if step:
        report(f"resumed at step {step} of {last}")
    model: nn.Module = network
    if ranks > 1:
        model = nn.parallel.DistributedDataParallel(network)
    started = saved = time.monotonic()
    seen, mean = 0, 0.0
    for number in range(step, last):
        _set_rate(optimizer, plan, number, len(batches))
        ids, weights = _tensors([encoded[i] for i in batches[number][rank::ranks] or batches[number][:1]], plan, device)
        loss = _loss(model, ids, weights, device)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), plan.clip)
        optimizer.step()
        seen += ids.numel() * ranks
        value = float(loss.detach())
        mean = value if number == step else 0.98 * mean + 0.02 * value
        now = time.monotonic()
        if (number + 1) % 20 == 0:
            report(f"step {number + 1}/{last} loss {mean:.4f} {seen / (now - started):.0f} words/s")
        out_of_time = plan.minutes and now - started > plan.minutes * 60
        if checkpoint is not None and rank == 0 and (now - saved > plan.save_every or out_of_time):
            _save(checkpoint, network, optimizer, plan, number + 1, len(examples))
            saved = now
        if out_of_time:
            return False
    if checkpoint is not None and rank == 0:
        _save(checkpoint, network, optimizer, plan, max(step, last), len(examples))
    return True


def _place() -> tuple[int, int, torch.device]:
    """Which process this is, of how many, and where it computes. torchrun says so in the environment."""
    ranks = int(os.environ.get("WORLD_SIZE", "1"))
    cuda = torch.cuda.is_available()
    local = int(os.environ.get("LOCAL_RANK", "0"))
    device = torch.device("cuda", local) if cuda else torch.device("cpu")
    if ranks > 1 and not distributed.is_initialized():
        distributed.init_process_group("nccl" if cuda else "gloo")
    return (distributed.get_rank() if ranks > 1 else 0), ranks, device


def _optimizer(network: Network, plan: Plan) -> torch.optim.AdamW:
    matrices = [p for p in network.blocks.parameters() if p.dim() > 1]
    others = [p for p in network.parameters() if p.dim() <= 1]
    groups = [
        {"params": matrices, "weight_decay": plan.decay, "share": 1.0},
        {"params": others, "weight_decay": 0.0, "share": 1.0},
        {"params": [network.words.weight], "weight_decay": 0.0, "share": plan.words_share},
    ]
    return torch.optim.AdamW(groups, lr=plan.rate, betas=(0.9, 0.95))


def _set_rate(optimizer: torch.optim.Optimizer, plan: Plan, step: int, steps: int) -> None:
    warm = max(1, int(plan.warmup * steps))
    done = (step - warm) / max(1, steps - warm)
    share = (
        (step + 1) / warm if step < warm else plan.last_rate + (1 - plan.last_rate) * (1 + math.cos(math.pi * done)) / 2
    )
    for group in optimizer.param_groups:
        group["lr"] = plan.rate * share * group["share"]


def _batches(encoded: Sequence[tuple[list[int], list[int]]], plan: Plan) -> Iterator[list[int]]:
    """The numbers of the examples of each step: shuffled, those of like length together."""
    rng = random.Random(plan.seed)
    order: list[int] = []
    while len(order) < len(encoded) * plan.passes:
        once = list(range(len(encoded)))
        rng.shuffle(once)
        order += once
    order = order[: int(len(encoded) * plan.passes)]
    for first in range(0, len(order), _POOL):
        pool = sorted(order[first : first + _POOL], key=lambda i: len(encoded[i][0]) + len(encoded[i][1]))
        steps: list[list[int]] = []
        longest = 0
        for i in pool:
            longest = max(longest, len(encoded[i][0]) + len(encoded[i][1]))
            if not steps or longest * (len(steps[-1]) + 1) > plan.words:
                steps.append([])
                longest = len(encoded[i][0]) + len(encoded[i][1])
            steps[-1].append(i)
        rng.shuffle(steps)
        yield from steps


def _tensors(batch: Sequence[tuple[list[int], list[int]]], plan: Plan, device: torch.device) -> tuple[Tensor, Tensor]:
    """The words of a batch, padded, and how much each counts as something to predict."""
    length = max(len(prompt) + len(answer) for prompt, answer in batch)
    ids = torch.full((len(batch), length), _PAD)
    weights = torch.zeros(len(batch), length)
    for row, (prompt, answer) in enumerate(batch):
        ids[row, : len(prompt) + len(answer)] = torch.tensor([*prompt, *answer])
        weights[row, : len(prompt)] = plan.prompt
        weights[row, len(prompt) : len(prompt) + len(answer)] = 1.0
    return ids.to(device), weights.to(device)


def _loss(model: nn.Module, ids: Tensor, weights: Tensor, device: torch.device) -> Tensor:
    low = torch.autocast(device.type, torch.bfloat16) if _has_bfloat16(device) else nullcontext()
    with low:
        logits = model(ids[:, :-1])
    losses = functional.cross_entropy(logits.float().flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
    counted = weights[:, 1:].flatten()
    return (losses * counted).sum() / counted.sum()


def _has_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    return torch.cpu._is_avx512_bf16_supported()


def _save(path: Path, network: Network, optimizer: torch.optim.Optimizer, plan: Plan, step: int, examples: int) -> None:
    """Write a checkpoint; the former one stays until the new one is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    state = {
        "shape": network.shape.as_dict(),
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "plan": _lasting(plan),
        "step": step,
        "examples": examples,
        "vocabulary": vocabulary.FINGERPRINT,
    }
    torch.save(state, partial)
    partial.replace(path)


def _lasting(plan: Plan) -> dict[str, float]:
    """What of a plan decides the result."""
    fields = ("passes", "words", "rate", "words_share", "last_rate", "warmup", "decay", "prompt", "clip", "seed")
    return {name: getattr(plan, name) for name in fields}


def _resumed(
    network: Network,
    optimizer: torch.optim.Optimizer,
    path: Path | None,
    plan: Plan,
    examples: int,
    device: torch.device,
) -> int:
    if path is None or not path.exists():
        return 0
    state = torch.load(path, map_location=device, weights_only=True)
    same = (state["vocabulary"], state["plan"], state["examples"], state["shape"])
    if same != (vocabulary.FINGERPRINT, _lasting(plan), examples, network.shape.as_dict()):
        raise ValueError(f"{path} belongs to another plan; name another folder or remove it")
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    step: int = state["step"]
    return step


def load(path: Path) -> Network:
    """The network of a checkpoint. Raises ValueError where it speaks other words."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    if state["vocabulary"] != vocabulary.FINGERPRINT:
        raise ValueError(f"{path} was trained with another vocabulary")
    network = Network(Shape(**state["shape"]))
    network.load_state_dict(state["network"])
    return network


def seeded(plan: Plan, shape: Shape | None = None) -> Network:
    """A network before its training."""
    torch.manual_seed(plan.seed)
    return Network(shape or Shape())
