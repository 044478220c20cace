"""Which models are here, which one is asked, and the catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest

from models import store
from models.store import CatalogueError


def test_the_catalogue_is_as_it_says(data_folder: Path) -> None:
    entries = store.catalogue()
    assert {"qwen2.5-coder-0.5b", "qwen2.5-coder-7b", "starcoder2-3b", "deepseek-coder-1.3b"} <= set(entries)
    for entry in entries.values():
        assert entry.url.startswith("https://huggingface.co/")
        assert entry.licence
        assert len(entry.fim) == 3
        assert entry.kind in ("base", "instruct")
        assert entry.memory * 1e6 > entry.size
        assert bool(entry.sha256) == bool(entry.size), "both are of one file"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[a", "not valid TOML"),
        ("a = 1", "no table"),
        ('["../a"]\nurl = "https://x"', "no name for a model"),
        ("[a]\nurl = 3", "`url` must be a text"),
        ('[a]\nurl = "file:///etc/passwd"', "must begin with https"),
        ('[a]\nurl = "https://x"\nsha256 = "12"', "64 hexadecimal digits"),
        ('[a]\nurl = "https://x"\nsize = "12"', "`size` must be a number"),
        ('[a]\nurl = "https://x"\nfim = [1]', "list of texts"),
    ],
)
def test_a_wrong_catalogue_says_what_is_wrong(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(CatalogueError, match=why):
        store.catalogue(path)


def test_a_catalogue_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="cannot be read"):
        store.catalogue(tmp_path / "none.toml")


def test_what_was_chosen_is_asked(small: Path, data_folder: Path) -> None:
    store.use(small)
    assert store.in_use().path == small
    store.use(None)
    assert store.in_use().path is None
    assert "model use none" in store.in_use().why
    store.use_default()
    assert store.in_use().path in (None, store.SHIPPED)
    store.use_default()


def test_a_model_that_is_gone_is_named(tmp_path: Path, data_folder: Path) -> None:
    store.use(tmp_path / "gone.gguf")
    assert store.in_use() == store.InUse(
        None, f"{tmp_path / 'gone.gguf'} is gone; `hpc-ls model use PATH` names another one"
    )


@pytest.mark.parametrize("content", ["", "[]", "{", "\0", "7"])
def test_a_damaged_choice_is_said(data_folder: Path, content: str) -> None:
    data_folder.mkdir(parents=True)
    (data_folder / "model.json").write_text(content)
    assert store.in_use().path is None
    assert "damaged" in store.in_use().why
    store.use_default()
    assert "damaged" not in store.in_use().why


def test_the_shipped_model_is_asked_where_there_is_one(
    small: Path, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "SHIPPED", small)
    assert store.in_use() == store.InUse(small, "comes with hpc-ls")
    monkeypatch.setattr(store, "SHIPPED", small.with_name("none"))
    assert store.in_use().path is None


def test_what_lies_in_the_folder_is_found(small: Path, data_folder: Path) -> None:
    assert list(store.local()) == []
    store.folder().mkdir(parents=True)
    (store.folder() / "b.gguf").write_bytes(small.read_bytes())
    (store.folder() / "c.gguf.part").write_bytes(b"")
    assert [path.name for path in store.local()] == ["b.gguf"]
