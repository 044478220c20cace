"""Files that are none, or are not what they seem: a clear message, and the others are still done."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.lsp_server.cli_runner import check_json, run
from tests.samples import PLAIN, RACY

BAD = [
    ("gone.c", None, ["does not exist"]),
    ("nul.c", b"int x;\nint\0y;\n", ["NUL byte", "line 2", "UTF-8"]),
    ("utf16.c", "int x;".encode("utf-16-le"), ["NUL byte", "UTF-16"]),
    ("half.c", b"\xff\xfea", ["UTF-16-LE", "UTF-8"]),
    ("bom.c", b"\xef\xbb\xbf\xff", ["UTF-8"]),
    ("notes.txt", b"text", ["`.txt`", ".c", "--language c"]),
    ("Makefile", b"all:\n", ["without extension"]),
    ("flow.f90", b"end\n", ["Fortran", "not"]),
    ("gone.txt", None, ["does not exist"]),
]


def test_what_cannot_be_analysed_is_told_and_the_rest_is_done(tmp_path: Path) -> None:
    (tmp_path / "good.c").write_text(RACY)
    for name, content, _ in BAD:
        if content is not None:
            (tmp_path / name).write_bytes(content)
    names = [name for name, _, _ in BAD]
    *bad, good = check_json(*names, "good.c", cwd=tmp_path, status=2)["files"]
    assert good["diagnostics"]
    for entry, (name, _, words) in zip(bad, BAD, strict=True):
        assert (entry["path"], entry["status"], entry["diagnostics"]) == (name, "error", [])
        for word in words:
            assert word in entry["error"]
    done = run("check", *names, "good.c", cwd=tmp_path, status=2)
    assert [line.split(": ")[1] for line in done.stderr.decode().splitlines()] == names
    assert b"good.c:6:9" in done.stdout


def test_the_language_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text(RACY)
    assert check_json("notes.txt", "--language", "c", cwd=tmp_path, status=1)["files"][0]["status"] == "ok"


def test_every_encoding_of_the_same_text(tmp_path: Path) -> None:
    contents = {
        "latin-1": ("/* h\xe9 */" + RACY).encode("latin-1"),
        "utf-8": b"\xef\xbb\xbf" + RACY.encode(),
        "utf-16-le": b"\xff\xfe" + RACY.encode("utf-16-le"),
        "utf-16-be": b"\xfe\xff" + RACY.encode("utf-16-be"),
        "crlf": RACY.replace("\n", "\r\n").encode(),
        "cr": RACY.replace("\n", "\r").encode(),
        "form-feed": RACY.replace("    s +=", "\x0c    s +=").encode(),
    }
    for name, content in contents.items():
        (tmp_path / f"{name}.c").write_bytes(content)
    files = check_json(".", cwd=tmp_path, status=1)["files"]
    lines = {entry["path"]: [d["range"]["start"]["line"] for d in entry["diagnostics"]] for entry in files}
    assert lines == {f"{name}.c": [5] for name in contents}


HALF_TYPED = [
    "",
    "\n",
    "{{{{{",
    "}" * 1000,
    "for (",
    "#pragma omp",
    "#pragma omp parallel for\n",
    "int f(void) { for (int i = 0; i <",
    "#if 1\nint x;",
    "#define f(x\nf(",
    '"unclosed\n// hpc-ls: ignore[',
    "/* open",
    "\\",
    "(" * 20_000,
    "int x = " + " + ".join(["1"] * 3000) + ";\nint f(void) { return " + " + ".join(["x"] * 3000) + "; }\n",
    "void f(void) {" + "{" * 3000 + "}" * 3000 + "}",
]


def test_half_typed_code(tmp_path: Path) -> None:
    for number, text in enumerate(HALF_TYPED):
        (tmp_path / f"{number:02}.c").write_text(text)
    for command in ("check", "suggest"):
        files = check_json(".", cwd=tmp_path, command=command)["files"]
        assert [(entry["path"], entry["status"]) for entry in files] == [
            (f"{number:02}.c", "ok") for number in range(len(HALF_TYPED))
        ]
    run("check", ".", cwd=tmp_path)
    run("suggest", "--apply", ".", cwd=tmp_path, status=0)
    for number, text in enumerate(HALF_TYPED):
        assert (tmp_path / f"{number:02}.c").read_text() == text


def test_a_line_of_ten_megabytes(tmp_path: Path) -> None:
    body = RACY.replace("\n    s += x[i];", " s += x[i];").replace(
        "double s = 0.0;", "double s = 0.0; /*" + "x" * 10**7 + "*/"
    )
    (tmp_path / "a.c").write_text(body)
    done = run("check", "a.c", cwd=tmp_path, status=1)
    assert max(map(len, done.stdout.decode().splitlines())) <= 200


def test_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "good.c").write_text(RACY)
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0)
    try:
        if os.access(closed, os.R_OK):
            pytest.skip("this user may read everything")
        done = run("check", ".", cwd=tmp_path, status=2)
    finally:
        closed.chmod(0o755)
    assert b"closed: cannot be read: permission denied" in done.stderr
    assert b"good.c:6:9" in done.stdout


def test_dangling_links_loops_and_devices(tmp_path: Path) -> None:
    (tmp_path / "dangling.c").symlink_to(tmp_path / "nowhere")
    (tmp_path / "self.c").symlink_to(tmp_path / "self.c")
    (tmp_path / "null.c").symlink_to("/dev/null")
    (tmp_path / "folder.c").mkdir()
    (tmp_path / "folder.c" / "x.c").write_text(PLAIN)
    files = check_json(".", cwd=tmp_path, status=2)["files"]
    states = {entry["path"]: entry.get("error", "ok") for entry in files}
    assert states["dangling.c"] == "does not exist"
    assert states["self.c"].startswith("cannot be read")
    assert states["null.c"] == "is neither a file nor a folder"
    assert states["folder.c/x.c"] == "ok"


def test_odd_names(tmp_path: Path) -> None:
    names = ["-x.c", "a b.c", "ü.c", "a'b.c", "new\nline.c", "\x1b[31m.c", os.fsdecode(b"\xff.c")]
    for name in names:
        (tmp_path / name).write_text(RACY)
    for form in ("text", "json", "sarif", "github"):
        done = run("check", "--format", form, ".", cwd=tmp_path, status=1)
        assert b"\x1b" not in done.stdout
    assert len(check_json(".", cwd=tmp_path, status=1)["files"]) == len(names)
    done = run("check", "--", "-x.c", cwd=tmp_path, status=1)
    assert b"-x.c:6:9" in done.stdout
    # A colon in a name does not hide the line.
    (tmp_path / "a:1.c").write_text(RACY)
    assert run("explain", "a:1.c:6", cwd=tmp_path, status=0).stdout
