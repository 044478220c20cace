"""`suggest`, by running the program: text, JSON, patches, and pragmas put in place."""

from __future__ import annotations

import shutil
import subprocess
from itertools import product
from pathlib import Path

import pytest

from tests.lsp_server.cli_runner import check_json, git, run
from tests.samples import PLAIN, SERIAL, UNSEEN

PRAGMA = "    #pragma omp parallel for\n"
WITH_PRAGMA = PLAIN.replace("    for", PRAGMA + "    for")
NEST = """\
#define N 2000
double a[N][N], b[N][N];
void add(void)
{
\tfor (int i = 0; i < N; i++)
\t\tfor (int j = 0; j < N; j++)
\t\t\ta[i][j] += b[i][j];
}
"""
MAYBE = """\
void copy(int n, double *y, const double *x)
{
    for (int i = 0; i < n; i++)
        y[i] = 2.0 * x[i];
}
"""


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "plain.c").write_text(PLAIN)
    return tmp_path


def test_the_offer_in_the_terminal(work: Path) -> None:
    lines = run("suggest", "plain.c", cwd=work, status=0).stdout.decode().splitlines()
    assert lines[0] == "parallel  plain.c:5:5  proved"
    assert lines[1] == "      +     #pragma omp parallel for"
    assert lines[2] == "    5 |     for (int i = 0; i < N; i++)"
    assert any(line.startswith("  why   This loop can run in parallel") for line in lines)
    assert lines[-2] == "1 loop in 1 file: 1 can run in parallel, 1 pragma offered."


def test_loops_that_get_none_say_why_in_a_line(work: Path) -> None:
    (work / "serial.c").write_text(SERIAL)
    text = run("suggest", "serial.c", cwd=work, status=0).stdout.decode()
    assert text.startswith("serial.c:5:5  not parallel: ")
    assert "no pragma offered" in text


def test_a_long_reason_stands_there_once(work: Path) -> None:
    code = (
        "int more(void);\nvoid f(int n, float *destination_of_all, const float *source_of_all)\n{\n    while (more())\n"
        "        for (int i = 0; i < n; i++)\n            destination_of_all[i] = 2.0f * source_of_all[i];\n}\n"
    )
    (work / "long.c").write_text(code)
    text = run("suggest", "long.c", cwd=work, status=0).stdout.decode()
    assert text.count("threads would start anew") == 1


def test_one_line(work: Path) -> None:
    (work / "nest.c").write_text(NEST)
    outer = run("suggest", "nest.c", "--line", "5", cwd=work, status=0).stdout.decode()
    inner = run("suggest", "nest.c", "--line", "7", cwd=work, status=0).stdout.decode()
    assert outer.startswith("parallel  nest.c:5:2")
    assert inner.startswith("parallel  nest.c:6:3")
    assert "is in no loop" in run("suggest", "nest.c", "--line", "1", cwd=work, status=0).stdout.decode()
    loops = check_json("nest.c", "--line", "6", cwd=work, command="suggest")["files"][0]["loops"]
    assert [loop["range"]["start"]["line"] for loop in loops] == [5]


def test_json_holds_every_loop(work: Path) -> None:
    (work / "nest.c").write_text(NEST)
    (work / "unseen.c").write_text(UNSEEN)
    document = check_json(".", cwd=work, command="suggest", status=0)
    assert [(entry["path"], len(entry["loops"])) for entry in document["files"]] == [
        ("nest.c", 2),
        ("plain.c", 1),
        ("unseen.c", 1),
    ]
    assert all(entry["diagnostics"] == [] for entry in document["files"])
    possible = document["files"][2]["loops"][0]
    assert possible["pragma"].startswith("#pragma omp parallel for")
    assert any("relax" in assumption for assumption in possible["assumptions"])


def test_snippet(tmp_path: Path) -> None:
    text = b"for (int i = 0; i < n; i++)\n    y[i] = a * x[i];\n"
    loops = check_json("--snippet", "-", cwd=tmp_path, stdin=text, command="suggest", status=0)["files"][0]["loops"]
    assert [loop["verdict"] for loop in loops] == ["parallel"]
    assert loops[0]["pragma"].startswith("#pragma omp parallel for")


# --- apply ----------------------------------------------------------------------------------------------------------


def test_apply_and_again(work: Path) -> None:
    (work / "plain.c").chmod(0o640)
    done = run("suggest", "--apply", ".", cwd=work, status=0)
    assert done.stdout.decode() == "plain.c:5  #pragma omp parallel for\n"
    assert (work / "plain.c").read_text() == WITH_PRAGMA
    assert (work / "plain.c").stat().st_mode & 0o777 == 0o640
    stamp = (work / "plain.c").stat().st_mtime_ns
    done = run("suggest", "--apply", ".", cwd=work, status=0)
    assert (done.stdout, b"nothing was changed" in done.stderr) == (b"", True)
    assert (work / "plain.c").stat().st_mtime_ns == stamp
    assert sorted(path.name for path in work.iterdir()) == ["plain.c"]


def test_apply_to_one_line_only(work: Path) -> None:
    twice = PLAIN + PLAIN.split("\n", 2)[2].replace("scale", "again")
    (work / "plain.c").write_text(twice)
    run("suggest", "--apply", "--line", "10", "plain.c", cwd=work, status=0)
    assert (work / "plain.c").read_text().index("#pragma") > twice.index("again")


SPLIT = """\
#include <math.h>

void f(int n, const double *restrict a, double *restrict b, double *restrict c)
{
    for (int i = 1; i < n; i++) {
        b[i] = exp(a[i]);
        c[i] = c[i - 1] + b[i];
    }
    for (int i = 1; i < n; i++)
        c[i] = c[i - 1] + a[i];
}
"""


def test_a_rewrite_is_shown_put_in_place_and_refused_where_there_is_none(work: Path) -> None:
    (work / "plain.c").write_bytes(SPLIT.replace("\n", "\r\n").encode())
    told = run("suggest", "plain.c", "--line", "5", cwd=work, status=0).stdout.decode()
    assert "split the loop in two, the first of which is parallel" in told
    assert "--line 5 --rewrite --format diff" in told
    diff = run("suggest", "plain.c", "--line", "6", "--rewrite", "--format", "diff", cwd=work, status=0).stdout
    assert b"+    #pragma omp parallel for" in diff
    done = run("suggest", "plain.c", "--line", "6", "--rewrite", "--apply", cwd=work, status=0)
    assert done.stdout.decode() == "plain.c:5  split the loop in two, the first of which is parallel\n"
    made = (work / "plain.c").read_bytes()
    assert b"exp(a[i]);\r\n    }\r\n    for (int i = 1; i < n; i++) {\r\n        c[i]" in made
    assert made.count(b"\n") == made.count(b"\r\n")
    for line, why in (("13", b"no rewrite"), ("2", b"no loop stands there")):
        failed = run("suggest", "plain.c", "--line", line, "--rewrite", "--apply", cwd=work, status=2)
        assert why in failed.stderr
    assert (work / "plain.c").read_bytes() == made
    for missing in (["--line", "6"], ["--apply"]):
        assert b"--line N, and --apply" in run("suggest", "plain.c", "--rewrite", *missing, cwd=work, status=2).stderr


def test_apply_keeps_encoding_and_line_breaks(work: Path) -> None:
    kinds = [
        ("utf-8", b"", "\r\n"),
        ("utf-8", b"\xef\xbb\xbf", "\n"),
        ("latin-1", b"", "\n"),
        ("latin-1", b"", "\r\n"),
        ("utf-16-le", b"\xff\xfe", "\r\n"),
        ("utf-16-be", b"\xfe\xff", "\n"),
        ("utf-32-le", b"\xff\xfe\0\0", "\n"),
    ]

    def stored(text: str, encoding: str, bom: bytes, newline: str) -> bytes:
        return bom + f"/* é */\n{text}".replace("\n", newline).encode(encoding)

    for number, kind in enumerate(kinds):
        (work / f"{number}.c").write_bytes(stored(PLAIN, *kind))
    run("suggest", "--apply", ".", cwd=work, status=0)
    for number, kind in enumerate(kinds):
        assert (work / f"{number}.c").read_bytes() == stored(WITH_PRAGMA, *kind)


def test_apply_keeps_tabs_and_a_missing_last_line_break(work: Path) -> None:
    (work / "nest.c").write_text(NEST.rstrip("\n"))
    run("suggest", "--apply", "nest.c", cwd=work, status=0)
    text = (work / "nest.c").read_text()
    assert "\n\t#pragma omp parallel for" in text
    assert not text.endswith("\n")
    assert "".join(line for line in text.splitlines(True) if "#pragma" not in line) == NEST.rstrip("\n")


def test_apply_follows_links(work: Path) -> None:
    (work / "link.c").symlink_to(work / "plain.c")
    run("suggest", "--apply", "link.c", cwd=work, status=0)
    assert (work / "link.c").is_symlink()
    assert (work / "plain.c").read_text() == WITH_PRAGMA


def test_apply_inserts_what_is_sure_enough(work: Path) -> None:
    (work / "plain.c").unlink()
    (work / "maybe.c").write_text(MAYBE)
    (work / "unseen.c").write_text(UNSEEN)
    run("suggest", "--apply", "--min-confidence", "proved", ".", cwd=work, status=0)
    assert (work / "maybe.c").read_text() == MAYBE
    run("suggest", "--apply", ".", cwd=work, status=0)
    assert f"{PRAGMA.rstrip()} if(n > 100000)\n" in (work / "maybe.c").read_text()
    assert (work / "unseen.c").read_text() == UNSEEN
    run("suggest", "--apply", "--min-confidence", "possible", ".", cwd=work, status=0)
    assert PRAGMA in (work / "unseen.c").read_text()


def test_a_loop_behind_code_on_its_line(work: Path) -> None:
    text = PLAIN.replace("    for (int i", "    if (N > 2) for (int i")
    (work / "plain.c").write_text(text)
    run("suggest", "--apply", "plain.c", cwd=work, status=0)
    after = "    if (N > 2) \n    #pragma omp parallel for\n    for (int i"
    assert (work / "plain.c").read_text() == text.replace("    if (N > 2) for (int i", after)


def test_apply_to_standard_input_prints_the_text(tmp_path: Path) -> None:
    done = run("suggest", "--apply", "-", cwd=tmp_path, stdin=PLAIN.encode(), status=0)
    assert done.stdout.decode() == WITH_PRAGMA
    done = run("suggest", "--apply", "-", cwd=tmp_path, stdin=SERIAL.encode(), status=0)
    assert done.stdout.decode() == SERIAL


def test_apply_where_nothing_can_be_written(work: Path) -> None:
    folder = work / "gone"
    (work / "link.c").symlink_to(folder / "x.c")
    assert b"does not exist" in run("suggest", "--apply", "link.c", cwd=work, status=2).stderr


# --- patches --------------------------------------------------------------------------------------------------------


def _patched(work: Path, *paths: str, cwd: Path | None = None) -> bytes:
    return run("suggest", "--format", "diff", *paths, cwd=cwd or work, status=0).stdout


@pytest.mark.needs("git")
def test_git_takes_the_patch(tmp_path: Path) -> None:
    git("init", "-q", cwd=tmp_path)
    kinds = [
        (f"{where}{number}.c", newline, end, encoding)
        for number, (newline, end, encoding) in enumerate(product(("\n", "\r\n"), ("", "\n"), ("utf-8", "latin-1")))
        for where in ("plain", "sub dir/ü b")
    ]

    def stored(text: str, newline: str, end: str, encoding: str) -> bytes:
        return ("/* é */\n" + text.rstrip("\n") + end).replace("\n", newline).encode(encoding)

    (tmp_path / "sub dir").mkdir()
    for name, *kind in kinds:
        (tmp_path / name).write_bytes(stored(PLAIN, *kind))
    (tmp_path / "p.diff").write_bytes(_patched(tmp_path, "."))
    git("-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "p.diff", cwd=tmp_path)
    for name, *kind in kinds:
        assert (tmp_path / name).read_bytes() == stored(WITH_PRAGMA, *kind)
    assert _patched(tmp_path, ".") == b""


@pytest.mark.needs("git")
def test_git_takes_the_patch_in_a_folder_of_the_repository(work: Path) -> None:
    git("init", "-q", cwd=work)
    (work / "sub").mkdir()
    (work / "plain.c").rename(work / "sub" / "plain.c")
    (work / "sub" / "p.diff").write_bytes(_patched(work, ".", cwd=work / "sub"))
    git("apply", "p.diff", cwd=work / "sub")
    assert (work / "sub" / "plain.c").read_text() == WITH_PRAGMA


@pytest.mark.skipif(shutil.which("patch") is None, reason="needs patch")
def test_patch_takes_the_patch(work: Path) -> None:
    (work / "two words.c").write_text(PLAIN)
    subprocess.run(["patch", "-p1", "-s"], cwd=work, input=_patched(work, "."), check=True)
    assert (work / "two words.c").read_text() == WITH_PRAGMA
    assert (work / "plain.c").read_text() == WITH_PRAGMA


def test_nothing_to_change_is_no_patch(tmp_path: Path) -> None:
    (tmp_path / "serial.c").write_text(SERIAL)
    assert _patched(tmp_path, "serial.c") == b""


def test_no_patch_where_there_can_be_none(work: Path) -> None:
    (work / "plain.c").write_bytes(b"\xff\xfe" + PLAIN.encode("utf-16-le"))
    done = run("suggest", "--format", "diff", "plain.c", cwd=work, status=2)
    assert b"use --apply" in done.stderr
    done = run("suggest", "--format", "diff", "-", cwd=work, stdin=PLAIN.encode(), status=2)
    assert b"use --apply" in done.stderr


def test_offload_on_request(work: Path) -> None:
    (work / "heavy.c").write_text(
        "#include <math.h>\n#define N 3000\ndouble a[N][N];\nvoid fill(void)\n{\n    for (int i = 0; i < N; i++)\n"
        "        for (int j = 0; j < N; j++)\n            a[i][j] = sin(i) * cos(j);\n}\n"
    )
    target = "#pragma omp target teams distribute parallel for collapse(2) map(from: a)"
    loops = check_json("heavy.c", cwd=work, command="suggest")["files"][0]["loops"]
    assert loops[0]["pragma"] == "#pragma omp parallel for"
    loops = check_json("heavy.c", "--offload", cwd=work, command="suggest")["files"][0]["loops"]
    assert loops[0]["pragma"] == target
    assert run("suggest", "heavy.c", "--offload", "--apply", cwd=work, status=0).stdout.decode().endswith(f"{target}\n")
    assert f"    {target}\n    for" in (work / "heavy.c").read_text()
    assert run("check", "heavy.c", cwd=work, status=0).stdout.startswith(b"Nothing found")


TEAM = """\
double a[2000][2000], y[2000];
void sums(void)
{
    for (int i = 0; i < 2000; i++)
        y[i] = 0;
    for (int i = 0; i < 2000; i++)
        for (int j = 0; j < 2000; j++)
            y[i] += a[i][j];
}
"""
SHARED = """\
double a[2000][2000], y[2000];
void sums(void)
{
    #pragma omp parallel
    {
        #pragma omp for schedule(static) nowait
        for (int i = 0; i < 2000; i++)
            y[i] = 0;
        #pragma omp for schedule(static)
        for (int i = 0; i < 2000; i++)
            for (int j = 0; j < 2000; j++)
                y[i] += a[i][j];
    }
}
"""


def test_a_region_with_several_loops(work: Path) -> None:
    (work / "team.c").write_text(TEAM)
    lines = run("suggest", "team.c", cwd=work, status=0).stdout.decode().splitlines()
    assert lines[1:5] == [
        "      +     #pragma omp parallel",
        "      +     {",
        "      +         #pragma omp for schedule(static) nowait",
        "    4 |     for (int i = 0; i < 2000; i++)",
    ]
    assert lines[-2] == "3 loops in 1 file: 3 can run in parallel, 1 pragma offered."
    (fix,) = (f for f in check_json("team.c", cwd=work, command="suggest")["files"][0]["loops"][0]["fixes"]
              if f["title"].startswith("share"))  # fmt: skip
    assert fix["title"] == "share 2 loops among one team of threads"
    run("suggest", "--apply", "--line", "6", "team.c", cwd=work, status=0)
    alone = "    #pragma omp parallel for\n    for (int i = 0; i < 2000; i++)\n        for"
    assert (work / "team.c").read_text() == TEAM.replace("    for (int i = 0; i < 2000; i++)\n        for", alone)
    for arguments in (("--apply",), ("--line", "4", "--rewrite", "--apply")):
        (work / "team.c").write_text(TEAM)
        run("suggest", *arguments, "team.c", cwd=work, status=0)
        assert (work / "team.c").read_text() == SHARED
