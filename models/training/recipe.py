"""The recipe of the shipped weights, as one command: examples, training, tuning on real code, export, evaluation.

Each stage leaves a file in the output folder and is passed over where that is there already, so that the command can be
stopped and given again at any point. With no file of real code the result is that of the generator alone; with
`--from-default` the shipped weights are tuned on a user's own code, and nothing else is learnt.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models import prompts
from models.training import corpus, drills, evaluate, export, parity, train
from models.training.corpus import Example
from models.training.network import Network
from models.training.train import Plan, Report

DEFAULT = Path(__file__).resolve().parent.parent / "default" / "hpc-ls.gguf"
# How many examples: generated; for evaluation; drills of the first stage.
EXAMPLES, HELD, DRILLS = 37_000, 1_200, 14_000
SHORT = 80  # words of the prompts of the first stage
FIRST = Plan(words=2048, rate=1e-3, last_rate=0.5, warmup=0.03, prompt=0.05)
SECOND = Plan(words=3072, rate=5e-4, last_rate=0.03, warmup=0.01, prompt=0.02)
THIRD = Plan(words=3072, rate=6e-4, last_rate=0.02, warmup=0.01, prompt=0.02)
TUNING = Plan(words=3072, rate=1e-4, last_rate=0.05, warmup=0.05, prompt=0.02)


@dataclass(frozen=True, slots=True)
class Mix:
    """What a stage learns from: real code so often, generated questions of at most so many words, and drills."""

    name: str
    plan: Plan
    real: int
    generated: int
    longest: int
    drills: int


SECOND_MIX = Mix("second", SECOND, real=2, generated=9_000, longest=200, drills=5_000)
THIRD_MIX = Mix("third", THIRD, real=3, generated=15_000, longest=prompts.LONGEST, drills=3_000)
TUNING_MIX = Mix("tuned", TUNING, real=1, generated=0, longest=0, drills=500)
GOLDEN = 6


@dataclass(frozen=True, slots=True)
class Request:
    """What to make, and where."""

    folder: Path
    files: tuple[Path, ...] = ()  # real code, see `corpus.rows`
    examples: int = EXAMPLES
    seed: int = 1
    threads: int = 0
    minutes: float = 0.0
    from_default: bool = False
    leave_out: bool = True  # keep a third of the real code for the score


def make(request: Request, report: Report = print) -> bool:
    """Go through the stages; False where the time was over before the end."""
    folder = request.folder
    folder.mkdir(parents=True, exist_ok=True)
    network = _first(request, report)
    if network is None:
        return False
    stages = (TUNING_MIX,) if request.from_default else (SECOND_MIX, THIRD_MIX)
    if not _later(network, stages, request, report):
        return False
    path = folder / "hpc-ls.gguf"
    size = export.export(network, path)
    report(f"{path}: {size / 1e6:.1f} MB, {network.parameters_in_all() / 1e6:.2f} million parameters")
    _confirm(network, path, _held(request, report), report)
    score(path, request, report)
    return True


def _first(request: Request, report: Report) -> Network | None:
    """The network after short questions, or the shipped one."""
    if request.from_default:
        return export.imported(DEFAULT)
    short = [e for e in _generated(request, report) if len(e.prompt) <= SHORT]
    examples = [*drills.examples(DRILLS, request.seed - 1), *short]
    network = train.seeded(_for(FIRST, request))
    done = train.train(network, examples, _for(FIRST, request), request.folder / "first.pt", report)
    return network if done else None


def _later(network: Network, stages: Sequence[Mix], request: Request, report: Report) -> bool:
    """Questions of all lengths, and real code; what came before is not to be forgotten."""
    real = [e for path in request.files for e in corpus.rows(path, request.seed)]
    seen = [e for e in real if not (request.leave_out and corpus.is_unseen(e))]
    report(f"{len(seen)} examples of real code, {len(real) - len(seen)} left out for the score")
    for number, mix in enumerate(stages, 1):
        examples = seen * mix.real + list(drills.examples(mix.drills, request.seed + number))
        if mix.generated:
            generated = [e for e in _generated(request, report) if len(e.prompt) <= mix.longest]
            chosen = random.Random(request.seed + number).sample(generated, min(mix.generated, len(generated)))
            examples += chosen
        checkpoint = request.folder / f"{mix.name}.pt"
        if not train.train(network, examples, _for(mix.plan, request), checkpoint, report):
            return False
    return True


def _for(plan: Plan, request: Request) -> Plan:
    return train.changed(plan, seed=request.seed, threads=request.threads, minutes=request.minutes)


def _generated(request: Request, report: Report) -> list[Example]:
    path = request.folder / "generated.jsonl"
    if not path.exists():
        report(f"generating {request.examples} examples")
        corpus.write(corpus.generated(request.examples, request.seed - 1), path)
    return list(corpus.read(path))


def _held(request: Request, report: Report) -> list[Example]:
    path = request.folder / "held.jsonl"
    if not path.exists():
        report(f"generating {HELD} examples of kinds that training does not see")
        corpus.write(corpus.generated(HELD, request.seed, held=True), path)
    return list(corpus.read(path))


def _confirm(network: Network, path: Path, held: Sequence[Example], report: Report) -> None:
    """Compare llama.cpp with PyTorch, and keep what PyTorch says of a few examples for the tests."""
    chosen = held[:: max(1, len(held) // GOLDEN)][:GOLDEN]
    kept = parity.golden(network, chosen)
    same, positions = parity.agreement(kept, parity.by_llama(path, kept))
    report(f"the likeliest word by PyTorch and by llama.cpp: the same at {same} of {positions} positions")
    parity.write(kept, path.with_name("golden.jsonl"))


def score(path: Path, request: Request, report: Report = print) -> None:
    """Print the figures of a model, and of what it has to beat."""
    held = _held(request, report)
    real = [e for file in request.files for e in corpus.rows(file, request.seed, whole=True) if corpus.is_unseen(e)]
    learnt = list(corpus.read(request.folder / "generated.jsonl")) if not request.from_default else []
    learnt += [e for file in request.files for e in corpus.rows(file, request.seed) if not corpus.is_unseen(e)]
    by_model = evaluate.of_file(path, request.threads or 1)
    for title, examples in (("generated, kinds not trained on", held), ("real code, not trained on", real)):
        if not examples:
            continue
        loops = [e for e in examples if not e.kind.startswith("mpi")]
        report(f"\n{title}: the model")
        report("\n".join(evaluate.scored(examples, by_model).lines()))
        report(f"\n{title}: always `parallel for`")
        report("\n".join(evaluate.scored(loops, evaluate.always_parallel).lines()))
        report(f"\n{title}: the analysis alone")
        report("\n".join(evaluate.scored(loops, evaluate.analysis_alone).lines()))
        if learnt:
            report(f"\n{title}: an n-gram model")
            report("\n".join(evaluate.scored(examples, evaluate.of_ngrams(learnt)).lines()))
