"""Brings the file of a model, on request only: goes on where an earlier attempt ended, checks before it counts."""

from __future__ import annotations

import hashlib
import http.client
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from models.store import Entry

CHUNK = 1 << 20
PATIENCE = 30.0  # seconds without a byte
ROOM = 1 << 26  # bytes that stay free on the disk

Report = Callable[[int, int], None]  # bytes so far, bytes in all (0: not known)


class DownloadError(Exception):
    """The file did not come; the text says why and what can be done."""


def pull(entry: Entry, folder: Path, report: Report = lambda done, total: None) -> Path:
    """The file of a model, checked. Raises DownloadError.

    What has come so far stands beside it with the ending `.part`, and is used the next time.
    """
    if not entry.sha256:
        raise DownloadError(
            f"the catalogue has no checksum for {entry.name}; `--sha256` names the one that its page shows: {entry.url}"
        )
    target = folder / entry.file
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if target.is_file() and _checksum(target) == entry.sha256:
            return target
        part = target.with_name(target.name + ".part")
        have = part.stat().st_size if part.is_file() else 0
        if not entry.size or have < entry.size:
            _bring(entry, part, have, report)
        found = _checksum(part)
        if found != entry.sha256:
            part.unlink()
            raise DownloadError(
                f"what came from {entry.url} is not the file of the catalogue: its SHA-256 is {found}, "
                f"not {entry.sha256}. It was deleted; if it happens again, the server has another file"
            )
        part.replace(target)
    except OSError as error:
        raise DownloadError(f"{error.filename or target} cannot be written: {error.strerror or error}") from None
    return target


def _bring(entry: Entry, part: Path, have: int, report: Report) -> None:
    headers = {"User-Agent": "hpc-ls", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    request = urllib.request.Request(entry.url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            _receive(entry, part, have if answer.status == 206 else 0, answer, report)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # there is nothing behind what is here: the checksum says whether it is all
            return
        raise DownloadError(f"{entry.url} answers {error.code} {error.reason}") from None
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", None) or error
        raise DownloadError(
            f"{entry.url} cannot be reached, or broke off: {reason}; `pull` again goes on there"
        ) from None


def _receive(entry: Entry, part: Path, have: int, answer: http.client.HTTPResponse, report: Report) -> None:
    if "text/html" in answer.headers.get("Content-Type", ""):
        raise DownloadError(f"{entry.url} answers with a page, not with a model: a login or a proxy may be in the way")
    length = answer.headers.get("Content-Length", "")
    total = have + int(length) if length.isdecimal() else entry.size
    if entry.size and total and total != entry.size:
        raise DownloadError(f"{entry.url} has {total:,} bytes, the catalogue says {entry.size:,}: it is another file")
    free = shutil.disk_usage(part.parent).free
    if total - have + ROOM > free:
        raise DownloadError(
            f"{part.parent} has {free / 1e6:,.0f} MB left, and {(total - have) / 1e6:,.0f} MB are to come"
        )
    with part.open("ab" if have else "wb") as stream:
        _copy(answer, stream, have, total, report)
    if total and part.stat().st_size < total:
        raise DownloadError(f"{entry.url} broke off; `pull` again goes on there")


def _copy(answer: http.client.HTTPResponse, stream: BinaryIO, have: int, total: int, report: Report) -> None:
    while data := answer.read(CHUNK):
        have += len(data)
        if total and have > total:
            raise DownloadError("more came than was announced")
        stream.write(data)
        report(have, total)


def _checksum(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while data := stream.read(CHUNK):
            digest.update(data)
    return digest.hexdigest()
