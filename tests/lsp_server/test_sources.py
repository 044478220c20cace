"""Files as texts: encodings, languages, and the walk through folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers import api
from lsp_server.settings import load
from lsp_server.sources import SourceError, decoded, language_of, read, walk

EXTENSIONS = {".c": "c", ".h": "c"}


@given(st.binary(max_size=40))
def test_what_is_read_can_be_written_back(data: bytes) -> None:
    try:
        text, codec = decoded(data)
    except SourceError as error:
        assert b"\0" in data or data[:2] in (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb")
        assert "save it as UTF-8" in str(error)
        return
    assert codec.encode(text) == data
    text.data.decode("utf-8", "surrogatepass")


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30),
    st.sampled_from(["utf-8-sig", "utf-16", "utf-32"]),
)
def test_a_mark_decides(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    read_text, codec = decoded(data)
    assert read_text.text == text
    assert codec.encode(read_text) == data


def test_latin_1_is_the_last_resort() -> None:
    text, codec = decoded(b"/* \xe9 */")
    assert (text.text, codec.encoding) == ("/* é */", "latin-1")


def test_extensions() -> None:
    assert language_of(Path("A.C"), EXTENSIONS) == "c"
    assert language_of(Path("x.h"), EXTENSIONS) == "c"
    assert {language_of(Path(f"x{end}"), api.EXTENSIONS) for end in (".cpp", ".cc", ".hpp", ".hh", ".cu")} == {"cpp"}
    for name, word in (("x.F90", "Fortran"), ("x.py", "`.py`"), ("x", "without extension")):
        with pytest.raises(SourceError, match=word.replace("+", r"\+")):
            language_of(Path(name), EXTENSIONS)


def test_walk_is_sorted_and_survives_what_it_cannot_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b/2.c", "b/1.c", "a.c", "z.h", "b.c", "closed/x.c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    import os

    scan = os.scandir

    def refuse(path: Path) -> object:
        if Path(path).name == "closed":
            raise PermissionError(13, "no")
        return scan(path)

    monkeypatch.setattr("lsp_server.sources.os.scandir", refuse)
    found = [(path.relative_to(tmp_path).as_posix(), error) for path, error in walk(tmp_path, EXTENSIONS, load(None))]
    assert found == [
        ("a.c", None),
        ("b.c", None),
        ("z.h", None),
        ("b/1.c", None),
        ("b/2.c", None),
        ("closed", "cannot be read: permission denied"),
    ]


def test_a_file_that_goes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.c"
    path.write_text("int x;")

    def gone(self: Path) -> bytes:
        raise FileNotFoundError(2, "gone")

    monkeypatch.setattr(Path, "read_bytes", gone)
    with pytest.raises(SourceError, match="does not exist"):
        read(path)
