"""Bringing a model from a server that behaves, and from some that do not."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from models import download
from models.download import DownloadError, pull
from models.store import Entry

CONTENT = bytes(range(256)) * 5000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves CONTENT; what it does wrong is said in the path."""

    daemon_threads = True
    asked: list[tuple[str, str | None]]

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever asked has gone away, as a test wants."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, format: str, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.asked.append((self.path, wanted))
        begin = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        match self.path:
            case "/page":
                self.answer(200, b"<html>log in</html>", "text/html; charset=utf-8")
            case "/gone":
                self.answer(404, b"gone", "text/plain")
            case "/no-ranges":
                self.answer(200, CONTENT)
            case "/other":
                self.answer(200, CONTENT[::-1])
            case "/breaks-off":
                self.answer(206 if begin else 200, CONTENT[begin:], send=begin + 500_000)
            case "/hangs":
                self.answer(200, CONTENT, send=1000, hang=True)
            case _ if begin >= len(CONTENT):
                self.answer(416, b"")
            case _:
                self.answer(206 if begin else 200, CONTENT[begin:])

    def answer(self, status: int, body: bytes, kind: str = "application/octet-stream", **how: object) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: how.get("send", len(body))])  # type: ignore[misc]
        self.wfile.flush()
        if how.get("hang"):
            threading.Event().wait(5)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as made:
        made.asked = []
        threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
        yield made
        made.shutdown()


def entry(server: Server, path: str = "/model", **values: object) -> Entry:
    url = f"http://127.0.0.1:{server.server_address[1]}{path}"
    return Entry("small", url, **{"sha256": DIGEST, "size": len(CONTENT), **values})  # type: ignore[arg-type]


def test_a_model_comes_and_is_checked(server: Server, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = pull(entry(server), tmp_path / "new", lambda done, total: told.append((done, total)))
    assert path.name == "small.gguf"
    assert path.read_bytes() == CONTENT
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [p.name for p in path.parent.iterdir()] == ["small.gguf"]


def test_what_is_here_is_not_brought_again(server: Server, tmp_path: Path) -> None:
    pull(entry(server), tmp_path)
    pull(entry(server), tmp_path)
    assert len(server.asked) == 1


def test_it_goes_on_where_it_broke_off(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="broke off; `pull` again goes on there"):
        pull(entry(server, "/breaks-off"), tmp_path)
    assert (tmp_path / "small.gguf.part").stat().st_size == 500_000
    assert not (tmp_path / "small.gguf").exists()
    assert pull(entry(server), tmp_path).read_bytes() == CONTENT
    assert server.asked == [("/breaks-off", None), ("/model", "bytes=500000-")]


def test_a_server_without_ranges_begins_anew(server: Server, tmp_path: Path) -> None:
    (tmp_path / "small.gguf.part").write_bytes(b"x" * 100)
    assert pull(entry(server, "/no-ranges"), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("size", [0, len(CONTENT)])
def test_a_part_that_is_whole_needs_no_more(server: Server, tmp_path: Path, size: int) -> None:
    (tmp_path / "small.gguf.part").write_bytes(CONTENT)
    assert pull(entry(server, size=size), tmp_path).read_bytes() == CONTENT
    assert len(server.asked) == (0 if size else 1)


def test_another_file_is_refused_and_deleted(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=f"SHA-256 is .*, not {DIGEST}"):
        pull(entry(server, "/other"), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "size", "why"),
    [
        ("/page", 0, "a page, not with a model"),
        ("/gone", 0, "answers 404 Not Found"),
        ("/model", 17, "another file"),
    ],
)
def test_a_server_that_has_it_not_is_named(server: Server, tmp_path: Path, path: str, size: int, why: str) -> None:
    with pytest.raises(DownloadError, match=why):
        pull(entry(server, path, size=size), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_hangs_is_left(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "PATIENCE", 0.2)
    with pytest.raises(DownloadError, match="timed out; `pull` again goes on there"):
        pull(entry(server, "/hangs"), tmp_path)


def test_no_server(tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="cannot be reached"):
        pull(Entry("small", "http://127.0.0.1:9/model", DIGEST), tmp_path)


def test_no_room(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    with pytest.raises(DownloadError, match="has 1 MB left, and 1 MB are to come"):
        pull(entry(server), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DownloadError, match="cannot be written"):
        pull(entry(server), tmp_path / "file" / "models")


def test_without_a_checksum_nothing_is_brought(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="no checksum for small; `--sha256`"):
        pull(entry(server, sha256=""), tmp_path)
    assert server.asked == []
