"""What the build says of a file: flags in all their spellings, and whose flags a file takes that nothing builds."""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path

import pytest

from analyzers.api import Options, analyze
from analyzers.frontends.compile_commands import Flags, flags_for
from analyzers.frontends.preprocessor import predefined
from analyzers.text import SourceText

CLOCK = itertools.count()


def build(folder: Path, *entries: tuple[str, str]) -> Path:
    """A database with a command for each file; the files are made."""
    for file, _ in entries:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
    listed = [{"directory": str(folder), "file": file, "command": f"{command} -c {file}"} for file, command in entries]
    path = folder / "compile_commands.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(listed))
    os.utime(path, ns=(len(listed), next(CLOCK)))  # two in one tick of the clock are two
    return path


def flags(folder: Path, command: str, file: str = "a.c") -> Flags:
    build(folder, (file, command))
    return flags_for(str(folder / file))


@pytest.mark.parametrize(
    ("command", "defines", "undefined"),
    [
        ("cc -DA -DB=2 -D C=3", (("A", "1"), ("B", "2"), ("C", "3")), ()),
        ("cc -DA=1 -UA", (), ("A",)),
        ("cc -UA -DA=1", (("A", "1"),), ()),
        ("cc -DA=1 -DA=2 -D=3 -D", (("A", "2"),), ()),
        ("cc '-DF(x)=x + 1' -DE=", (("F(x)", "x + 1"), ("E", "")), ()),
    ],
)
def test_the_last_word_on_a_macro_counts(
    tmp_path: Path, command: str, defines: tuple[tuple[str, str], ...], undefined: tuple[str, ...]
) -> None:
    found = flags(tmp_path, command)
    assert (found.defines[: len(defines)], found.undefined) == (defines, undefined)


def test_every_way_to_name_a_folder(tmp_path: Path) -> None:
    ways = "-Ia -I b -isystem c -isystemd -iquote e -idirafter f --include-directory=g --include-directory h -I/abs -I"
    assert [os.path.relpath(p, tmp_path) for p in flags(tmp_path, f"cc {ways}").include_paths[:8]] == list("abcdefgh")


def test_further_arguments_in_files(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "flags.rsp").write_text("-DA=1 '-DB=x y'\n-Iinc @deep/more.rsp @none.rsp @\n")
    (tmp_path / "deep" / "more.rsp").write_text("-DC @deep/more.rsp")
    found = flags(tmp_path, "cc @flags.rsp @deep -DD")
    assert found.defines == (("A", "1"), ("B", "x y"), ("C", "1"), ("D", "1"))
    assert found.include_paths == (str(tmp_path / "inc"),)


@pytest.mark.parametrize(
    ("standard", "cpp", "version"),
    [
        ("", False, b"201710L"),
        ("c99", False, b"199901L"),
        ("gnu11", False, b"201112L"),
        ("c2x", False, b"202311L"),
        ("c89", False, None),
        ("ansi", False, None),
        ("iso9899:1999", False, b"199901L"),
        ("", True, b"201703L"),
        ("c++98", True, b"199711L"),
        ("gnu++20", True, b"202002L"),
        ("c++2b", True, b"202302L"),
        ("no such word", True, b"201703L"),
    ],
)
def test_the_standard_says_which_version_it_is(standard: str, cpp: bool, version: bytes | None) -> None:
    macros = predefined(cpp, standard)
    found = macros.get(b"__cplusplus" if cpp else b"__STDC_VERSION__")
    assert (found.body if found else None) == version
    assert (b"__cplusplus" in macros) == cpp
    assert (b"__STRICT_ANSI__" in macros) == (standard.startswith("c") or standard in ("ansi", "iso9899:1999"))


CHOICE = """
#if __STDC_VERSION__ >= 201112L
void newer(int n, double *a) { for (int i = 0; i < n; i++) a[i] = 0; }
#else
void older(int n, double *a) { for (int i = 0; i < n; i++) a[i] = 0; }
#endif
#ifdef __cplusplus
extern "C" { void cpp(int n, double *a) { for (auto i = 0; i < n; i++) a[i] = 0; } }
#endif
"""


def functions(path: Path, text: str = CHOICE, database: str = "") -> list[str]:
    report = analyze(SourceText.of(text), "c", Options(database=database), str(path))
    return [f"{placed.result.name} {report.language}" for placed in report.functions]


def test_conditions_follow_the_standard_and_the_language(tmp_path: Path) -> None:
    build(tmp_path, ("old.c", "cc -std=c99"), ("new.c", "cc -std=gnu17"), ("x.c", "cc -x c++"), ("y.c", "g++-13"))
    assert functions(tmp_path / "old.c") == ["older c"]
    assert functions(tmp_path / "new.c") == ["newer c"]
    assert functions(tmp_path / "x.c") == functions(tmp_path / "y.c") == ["older cpp", "cpp cpp"]


def test_a_header_is_of_the_language_of_its_project(tmp_path: Path) -> None:
    build(tmp_path, ("src/a.cpp", "clang++ -DK=1"))
    assert functions(tmp_path / "include" / "a.h") == ["older cpp", "cpp cpp"]
    assert functions(tmp_path / "src" / "plain.c") == ["newer c"], "its name says C, and nothing builds it"


def test_whose_flags_a_file_takes_that_is_not_built(tmp_path: Path) -> None:
    build(
        tmp_path,
        ("src/other.c", "cc -DFROM=other"),
        ("src/mesh/mesh.cpp", "c++ -DFROM=mesh"),
        ("src/grid/grid.c", "cc -DFROM=grid"),
        ("tools/last.c", "cc -DFROM=last"),
    )

    def lender(name: str) -> str:
        return dict(flags_for(str(tmp_path / name)).defines)["FROM"]

    assert lender("src/grid/new.c") == "grid", "its folder"
    assert lender("src/mesh/new.c") == "other", "its folder builds C++"
    assert lender("include/mesh.h") == "mesh", "its name"
    assert lender("tools/common.h") == "last"
    assert lender("src/mesh/inner/deep.hpp") == "mesh"


def test_the_database_is_found_where_builds_leave_it_or_where_the_user_says(tmp_path: Path) -> None:
    source = tmp_path / "src" / "a.c"
    build(tmp_path / "cmake-build-debug", (str(source), "cc -DFROM=debug"))
    assert flags_for(str(source)).defines == (("FROM", "debug"),)
    elsewhere = build(tmp_path / "elsewhere", (str(source), "cc -DFROM=elsewhere"))
    for given in (elsewhere, elsewhere.parent):
        assert flags_for(str(source), str(given)).defines == (("FROM", "elsewhere"),)
    missing = flags_for(str(source), str(tmp_path / "none"))
    assert missing.defines == () and missing.problem is not None and "there is none" in missing.problem.message
    assert functions(source, "#if FROM == 2\nvoid f(void) {}\n#endif", str(tmp_path / "none")) == []


def test_headers_that_come_before_the_first_line(tmp_path: Path) -> None:
    (tmp_path / "inc").mkdir()
    (tmp_path / "config.h").write_text("#define WIDTH 4\n")
    (tmp_path / "inc" / "more.h").write_text("#define DEPTH (WIDTH * 2)\n")
    build(tmp_path, ("src/a.c", "cc -Iinc -include config.h -imacros more.h"))
    text = "#if DEPTH == 8\nvoid eight(void) {}\n#endif\n"
    assert functions(tmp_path / "src" / "a.c", text) == ["eight c"]
    build(tmp_path, ("src/b.c", "cc -include none.h"))
    report = analyze(SourceText.of("\n" + text), "c", path=str(tmp_path / "src" / "b.c"))
    (finding,) = report.findings
    assert finding.rule == "syntax-missing-header" and "none.h" in finding.message


@pytest.mark.skipif(os.name == "nt", reason="a script is no program there")
def test_nothing_that_a_database_names_is_run(tmp_path: Path) -> None:
    marker = tmp_path / "it-ran"
    program = tmp_path / "gcc"
    program.write_text(f"#!/bin/sh\ntouch {marker}\n")
    program.chmod(0o755)
    command = f"{program} -fplugin={program} -specs={program} -B{tmp_path} -wrapper {program} `touch {marker}` $(id)"
    build(tmp_path, ("a.c", command))
    assert functions(tmp_path / "a.c", "#include <no_such_header.h>\nvoid f(void) {}") == ["f c"]
    assert not marker.exists()
