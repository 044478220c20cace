"""Every stage of the recipe, on a crumb of examples, and once more after it was stopped. Only where PyTorch is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("gguf")
pytest.importorskip("llama_cpp")

from models.gguf import read_header
from models.training import parity, recipe


@pytest.fixture
def crumb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "HELD", 24)
    monkeypatch.setattr(recipe, "DRILLS", 30)
    for name in ("SECOND_MIX", "THIRD_MIX"):
        monkeypatch.setattr(recipe, name, replace(getattr(recipe, name), drills=10, generated=10))


@pytest.mark.usefixtures("crumb")
def test_the_recipe_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    rows = [
        {"code": f"for (i = 0; i < n; i++) a[i] = b[i] + {k};", "pragma": "parallel for", "hash": k} for k in range(9)
    ]
    (tmp_path / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    request = recipe.Request(tmp_path / "out", (tmp_path / "rows.jsonl",), examples=40, threads=1)
    said: list[str] = []
    assert not recipe.make(replace(request, minutes=1e-9), said.append)
    assert not (request.folder / "hpc-ls.gguf").exists()
    assert recipe.make(request, said.append)
    assert any(line.startswith("resumed at step 1 ") for line in said)
    assert "real code, not trained on: the model" in "\n".join(said)
    assert read_header(request.folder / "hpc-ls.gguf").parameters > 5_000_000
    assert len(list(parity.read(request.folder / "golden.jsonl"))) == recipe.GOLDEN
