"""`hpc-ls model` as a person types it."""

from __future__ import annotations

import hashlib
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.lsp_server import cli_runner
from tests.models import tiny


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "hpc-ls"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def said(*arguments: str, cwd: Path, status: int = 0) -> str:
    done = cli_runner.run("model", *arguments, cwd=cwd, status=status)
    return (done.stdout if status == 0 else done.stderr).decode()


def test_a_model_is_chosen_described_and_switched_off(work: Path) -> None:
    path = tiny.write(work / "mine.gguf")
    assert f"In use: {path.name} (tiny)" in said("use", "mine.gguf", cwd=work)
    text = said("info", cwd=work)
    for word in (f"file           {path}\n", "tiny", "llama", "fills in the middle", "loaded in", "memory", "prompt"):
        assert word in text
    assert f"in use  {path}" in said("list", cwd=work)
    said("use", "none", cwd=work)
    assert "switched off by `hpc-ls model use none`" in said("list", cwd=work)
    assert "no model is in use: switched off" in said("info", cwd=work, status=2)
    said("use", "default", cwd=work)
    assert "switched off" not in said("list", cwd=work)


def test_a_model_is_brought_from_a_server_and_used_by_its_name(work: Path, data_folder: Path) -> None:
    path = tiny.write(work / "served.gguf")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(work))) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/served.gguf"
        own = work / "own.toml"
        own.write_text(f'[small]\nurl = "{url}"\nlicence = "ours"\n')
        assert "no checksum for small" in said("pull", "small", "--catalogue", "own.toml", cwd=work, status=2)
        text = said("pull", "small", "--catalogue", "own.toml", "--sha256", digest.upper(), cwd=work)
        server.shutdown()
    assert text.startswith(f"{data_folder / 'models' / 'small.gguf'}\n`hpc-ls model use small` has it asked.")
    assert "Licence: ours" in text
    said("use", "small", cwd=work)
    lines = said("list", "--catalogue", "own.toml", cwd=work).splitlines()
    assert [line.split()[:3] for line in lines if "small" in line] == [["in", "use", "small"]]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("use", "none.gguf"), "there is no model none.gguf here; `hpc-ls model list` shows what there is"),
        (("use", "qwen2.5-coder-0.5b"), "`hpc-ls model pull qwen2.5-coder-0.5b` brings it"),
        (("use", "bad.gguf"), "bad.gguf is not used: it is no GGUF file"),
        (("info", "bad.gguf"), "bad.gguf cannot be used: it is no GGUF file"),
        (("info", "../.."), "there is no model ../.. here"),
        (("pull", "gpt"), "the catalogue has no gpt; it has qwen2.5-coder-0.5b, "),
        (("pull", "gpt", "--catalogue", "bad.gguf"), "is not valid TOML"),
        (("list", "--catalogue", "none.toml"), "cannot be read: No such file or directory"),
        (("sing",), "invalid choice: 'sing'"),
        ((), "the following arguments are required: ACTION"),
    ],
)
def test_what_cannot_be_done_is_said(work: Path, arguments: tuple[str, ...], why: str) -> None:
    (work / "bad.gguf").write_text("<html>")
    assert why in said(*arguments, cwd=work, status=2)


def test_the_catalogue_is_listed_and_nothing_is_brought(work: Path, data_folder: Path) -> None:
    text = said("list", cwd=work)
    for word in ("qwen2.5-coder-7b", "8,099 MB", "Apache-2.0", "starcoder2-3b"):
        assert word in text
    assert not data_folder.exists()
