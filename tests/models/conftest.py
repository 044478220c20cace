"""Models to test with, made anew: nothing of them is kept in the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.models import tiny


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with the tokens of a small general one."""
    return tiny.write(tmp_path_factory.mktemp("model") / "tiny.gguf")


@pytest.fixture(scope="session")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that takes a while for a long prompt."""
    return tiny.write(
        tmp_path_factory.mktemp("model") / "slow.gguf", width=512, blocks=16, heads=8, spare=4000, context=2048
    )


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that speaks the words of the anonymized form, and has learnt nothing."""
    return tiny.write_anonymized(tmp_path_factory.mktemp("model") / "ours.gguf")


@pytest.fixture
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this user's models are kept, for one test."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "hpc-ls"
