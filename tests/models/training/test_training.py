"""The network learns, goes on where it stopped, and is the same in a GGUF. Only where PyTorch is installed."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("gguf")

from models.training import drills, export, parity, train  # noqa: E402 - only where PyTorch is
from models.training.network import Network, Shape  # noqa: E402
from models.training.train import Plan  # noqa: E402

SMALL = Shape(width=64, layers=2, heads=2, inner=96)
EXAMPLES = list(islice(drills.examples(60), 60))
PLAN = Plan(words=512, rate=3e-3, threads=1, save_every=1e9)


def silent(_: str) -> None:
    """No report."""


def weights(network: Network) -> torch.Tensor:
    """All numbers of a network."""
    return torch.cat([parameter.detach().flatten() for parameter in network.parameters()])


def test_training_stops_and_goes_on_as_if_it_had_not(tmp_path: Path) -> None:
    whole = train.seeded(PLAN, SMALL)
    assert train.train(whole, EXAMPLES, PLAN, None, silent)
    parts = train.seeded(PLAN, SMALL)
    checkpoint = tmp_path / "c.pt"
    assert train.train(parts, EXAMPLES, train.changed(PLAN, steps=3), checkpoint, silent)
    again = train.load(checkpoint)
    assert torch.equal(weights(again), weights(parts))
    assert train.train(again, EXAMPLES, PLAN, checkpoint, silent)
    assert torch.allclose(weights(whole), weights(again), atol=1e-4)


def test_a_checkpoint_of_another_plan_is_refused(tmp_path: Path) -> None:
    network = train.seeded(PLAN, SMALL)
    train.train(network, EXAMPLES, train.changed(PLAN, steps=1), tmp_path / "c.pt", silent)
    with pytest.raises(ValueError, match="another plan"):
        train.train(network, EXAMPLES, train.changed(PLAN, rate=1e-3), tmp_path / "c.pt", silent)


def test_the_answer_is_learnt() -> None:
    network = train.seeded(PLAN, SMALL)
    before = sum(g.logarithms[-2] for g in parity.golden(network, EXAMPLES[:5]))
    train.train(network, EXAMPLES, train.changed(PLAN, passes=6), None, silent)
    assert sum(g.logarithms[-2] for g in parity.golden(network, EXAMPLES[:5])) > before / 2


def test_an_exported_network_comes_back(tmp_path: Path) -> None:
    network = train.seeded(PLAN)
    export.export(network, tmp_path / "m.gguf", "F32")
    assert torch.allclose(weights(export.imported(tmp_path / "m.gguf")), weights(network))
    assert export.export(network, tmp_path / "q.gguf") < 7_000_000


def test_llama_cpp_says_what_pytorch_says(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    network = train.seeded(PLAN)
    export.export(network, tmp_path / "m.gguf", "F32")
    kept = parity.golden(network, EXAMPLES[:9])
    same, positions = parity.agreement(kept, parity.by_llama(tmp_path / "m.gguf", kept))
    assert positions > 400
    assert same >= 0.995 * positions
