"""`hpc-ls model train` says what it lacks before anything is loaded."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from lsp_server import cli


def test_what_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert cli.main(["model", "train", str(tmp_path / "out")]) == 2
    assert "pip install 'hpc-ls[train]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(("--corpus", "none.jsonl"), "none.jsonl: no such file"), (("--from-default",), "name it with --corpus FILE")],
)
def test_what_cannot_be_learnt_from_is_said(
    arguments: tuple[str, ...], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["model", "train", str(tmp_path / "out"), *arguments]) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
