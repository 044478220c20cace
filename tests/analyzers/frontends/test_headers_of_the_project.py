"""Headers of the project and the flags of a compilation database."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from analyzers.api import analyze
from analyzers.frontends.c import CFrontend, lower_file
from analyzers.frontends.compile_commands import flags_for
from analyzers.ir.expressions import walk
from analyzers.ir.statements import Assign, Function, Unknown, expressions, walk_statements
from analyzers.text import SourceText
from tests.ir_text import expr


def lowered(path: Path, text: str, **options: object) -> Function:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return lower_file(SourceText.of(text), path=str(path), **options).functions[-1].function  # type: ignore[arg-type]


def assignments(fn: Function) -> list[str]:
    return [f"{expr(s.target)} = {expr(s.value)}" for s in walk_statements(fn.body) if isinstance(s, Assign)]


def test_macros_types_and_prototypes_of_headers(tmp_path: Path) -> None:
    (tmp_path / "grid.h").write_text(
        "#ifndef GRID_H\n#define GRID_H\n#define N 64\n#define AT(i, j) u[(i) * N + (j)]\n"
        "typedef struct { float x; int n; } cell;\nextern double u[N * N];\n"
        "enum { EDGE = 7 };\nfloat weight(int);\n#endif\n"
    )
    text = '#include "grid.h"\n#include "grid.h"\nvoid f(cell *c, int i) { AT(i, 1) = c->x + EDGE; c->n = weight(N); }'
    fn = lowered(tmp_path / "main.c", text)
    assert assignments(fn) == ["u[((i * 64) + 1)] = (c[0].x + 7)", "c[0].n = weight(64)"]
    statements = [s for s in walk_statements(fn.body) if isinstance(s, Assign)]
    assert statements[0].value.type.name == "float"
    assert statements[1].value.type.name == "float"
    assert [g.name for g in fn.globals] == ["u"]


def test_include_paths_and_nested_headers(tmp_path: Path) -> None:
    (tmp_path / "include" / "deep").mkdir(parents=True)
    (tmp_path / "include" / "a.h").write_text('#include "deep/b.h"\n')
    (tmp_path / "include" / "deep" / "b.h").write_text('#pragma once\n#include "c.h"\n#include "b.h"\n')
    (tmp_path / "include" / "deep" / "c.h").write_text("#define K 5\n")
    text = "#include <a.h>\nvoid f(int n) { n = K; }"
    assert assignments(lowered(tmp_path / "src" / "main.c", text, include_paths=["../include"])) == ["n = 5"]
    absolute = str(tmp_path / "include")
    assert assignments(lowered(tmp_path / "src" / "main.c", text, include_paths=[absolute])) == ["n = 5"]


def test_headers_are_looked_for_where_projects_keep_them(tmp_path: Path) -> None:
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "k.h").write_text("#define K 4\n")
    text = "#include <k.h>\nvoid f(int n) { n = K; }"
    assert assignments(lowered(tmp_path / "src" / "deep" / "main.c", text)) == ["n = 4"]


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (("Makefile", "driver/chunk.h"), True),
        (("README.md", "lib/include/chunk.h"), True),
        (("driver/chunk.h",), False),  # the folder may hold many projects
        (("Makefile", "driver/chunk.h", "other/chunk.h"), False),
        (("Makefile", "driver/deep/chunk.h"), False),
        (("src/CMakeLists.txt", "Makefile", "src/grid/chunk.h", "other/chunk.h"), True),
    ],
)
def test_a_header_that_is_in_one_folder_of_the_project(tmp_path: Path, files: tuple[str, ...], found: bool) -> None:
    for name in files:
        (tmp_path / "p" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "p" / name).write_text("#define N 64\n")
    fn = lowered(tmp_path / "p/src/serial/main.c", '#include "chunk.h"\nvoid f(int *a) { a[0] = N; }')
    assert assignments(fn) == [f"a[0] = {64 if found else 'N'}"]


def test_conditions_see_the_macros_of_headers(tmp_path: Path) -> None:
    (tmp_path / "config.h").write_text("#define USE_DOUBLE 1\n")
    choice = "#if USE_DOUBLE\ntypedef double real;\n#else\ntypedef float real;\n#endif\n"
    text = f'#include "config.h"\n{choice}real f(real x) {{ x = x; }}'
    assert lowered(tmp_path / "a.c", text).params[0].type.name == "double"


@pytest.mark.parametrize(
    ("condition", "there"),
    [
        ('__has_include("here.h")', True),
        ('__has_include("gone.h")', False),
        ("__has_include ( <sub/inner.h> ) && 1", True),
        ("!__has_include(<gone.h>)", True),
        ("__has_include(<stdio.h>)", True),
        ('defined(__has_include) && __has_include("here.h")', True),
        ("__has_attribute(here)", False),
    ],
)
def test_conditions_ask_whether_a_header_is_there(tmp_path: Path, condition: str, there: bool) -> None:
    (tmp_path / "include" / "sub").mkdir(parents=True)
    (tmp_path / "here.h").write_text("")
    choice = f"#ifdef __has_include\n#if {condition}\n#define K 1\n#else\n#define K 0\n#endif\n#endif\n"
    (tmp_path / "include" / "sub" / "inner.h").write_text("")
    assert assignments(lowered(tmp_path / "a.c", choice + "void f(int n) { n = K; }")) == [f"n = {int(there)}"]
    (tmp_path / "asks.h").write_text(choice)
    text = '#include "asks.h"\nvoid f(int n) { n = K; }'
    assert assignments(lowered(tmp_path / "b.c", text)) == [f"n = {int(there)}"]


def test_a_header_that_comes_while_somebody_types_is_seen_when_the_text_is_looked_at_again(tmp_path: Path) -> None:
    text = '#if __has_include("late.h")\n#include "late.h"\n#endif\n#include "k.h"\nvoid f(int n) { n = K + LATE; }'
    (tmp_path / "k.h").write_text("#define K 1\n")
    frontend = CFrontend(path=str(tmp_path / "a.c"))

    def seen(source: str) -> list[str]:
        frontend.update(SourceText.of(source))
        return assignments(frontend.lower(frontend.chunks()[0]))

    assert seen(text) == ["n = (1 + LATE)"]
    (tmp_path / "late.h").write_text("#define LATE 2\n")
    assert seen(text + " ") == ["n = (1 + LATE)"]
    assert seen(text + " ") == ["n = (1 + 2)"]
    (tmp_path / "late.h").unlink()
    assert seen(text) == ["n = (1 + LATE)"], "a header that was read is gone"


def test_a_header_that_includes_itself_ends(tmp_path: Path) -> None:
    (tmp_path / "a.h").write_text('#include "a.h"\n#define K 1\n')
    assert assignments(lowered(tmp_path / "a.c", '#include "a.h"\nvoid f(int n) { n = K; }')) == ["n = 1"]


@pytest.mark.parametrize("content", [b"\0\xff\xfe", b"#if\n#else\n{{{", b"int (", b""])
def test_a_broken_header_does_no_harm(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.h").write_bytes(content)
    assert assignments(lowered(tmp_path / "a.c", '#include "a.h"\nvoid f(int n) { n = 1; }')) == ["n = 1"]


def test_a_changed_header_changes_what_depends_on_it(tmp_path: Path) -> None:
    header = tmp_path / "a.h"
    header.write_text("#define K 1\n#define UNUSED 1\n")
    text = '#include "a.h"\nvoid f(int n) { n = K; }\nvoid g(int n) { n = 2; }'
    frontend = CFrontend(path=str(tmp_path / "a.c"))
    frontend.update(SourceText.of(text))
    before = {c.name: c.fingerprint for c in frontend.chunks()}
    header.write_text("#define K 22\n#define UNUSED 1\n")
    os.utime(header, ns=(1, 1))
    frontend.update(SourceText.of(text))
    after = {c.name: c.fingerprint for c in frontend.chunks()}
    assert {n for n in after if after[n] != before[n]} == {"f"}
    assert assignments(frontend.lower(frontend.chunks()[0])) == ["n = 22"]


def test_a_folder_in_place_of_a_header(tmp_path: Path) -> None:
    (tmp_path / "a.h").mkdir()
    assert assignments(lowered(tmp_path / "a.c", '#include "a.h"\nvoid f(int n) { n = 1; }')) == ["n = 1"]


def database(folder: Path, entries: object) -> None:
    (folder / "compile_commands.json").write_text(json.dumps(entries) if not isinstance(entries, str) else entries)


def test_flags_of_a_compilation_database(tmp_path: Path) -> None:
    source = tmp_path / "src" / "a.c"
    source.parent.mkdir()
    source.touch()
    arguments = ["cc", "-DX=3", "-D", "Y", "-UZ", "-Iinc", "-I", "/abs", "-isystem", "sys", "-c", "src/a.c"]
    database(tmp_path, [{"directory": str(tmp_path), "file": "src/a.c", "arguments": arguments}])
    flags = flags_for(str(source))
    assert flags.defines == (("X", "3"), ("Y", "1"))
    assert flags.undefined == ("Z",)
    assert flags.include_paths == (str(tmp_path / "inc"), "/abs", str(tmp_path / "sys"))
    command = "cc '-DX=a b' -DF(x)=x -Iinc -c src/a.c"
    database(tmp_path, [{"directory": ".", "file": str(source), "command": command}])
    os.utime(tmp_path / "compile_commands.json", ns=(1, 1))
    assert flags_for(str(source)).defines == (("X", "a b"), ("F(x)", "x"))


def test_the_database_may_lie_in_a_build_folder_and_serve_neighbours(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    entry = {"directory": str(tmp_path / "build"), "file": "../src/a.c", "command": "cc -DK=9 -c ../src/a.c"}
    database(tmp_path / "build", [entry])
    fn = lowered(tmp_path / "src" / "new.c", "void f(int n) { n = K; }")
    assert assignments(fn) == ["n = 9"]


def test_flags_given_win_over_the_database(tmp_path: Path) -> None:
    database(tmp_path, [{"directory": str(tmp_path), "file": "a.c", "command": "cc -DK=1 -c a.c"}])
    assert assignments(lowered(tmp_path / "a.c", "void f(int n) { n = K; }", defines=[("K", "2")])) == ["n = 2"]


@pytest.mark.parametrize("content", ["", "{", "{}", "[3]", '[{"file": 3}]', "[" * 100_000])
def test_a_bad_database_is_told_and_not_used(tmp_path: Path, content: str) -> None:
    database(tmp_path, content)
    path = tmp_path / "a.c"
    file = lower_file(SourceText.of("void f(int n) { n = 1; }"), path=str(path))
    assert len(file.functions) == 1
    told = [p for p in file.problems if "compile_commands.json" in p.message]
    assert bool(told) == (content not in ("[3]", '[{"file": 3}]'))


def test_without_a_path_nothing_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.h").write_text("#define K 1\n")
    monkeypatch.chdir(tmp_path)
    (placed,) = lower_file(SourceText.of('#include "a.h"\nvoid f(int n) { n = K; }')).functions
    names = [e for s in walk_statements(placed.function.body) for e in expressions(s) for e in walk(e)]
    assert not any(isinstance(s, Unknown) for s in walk_statements(placed.function.body))
    assert "K" in map(expr, names)


@pytest.mark.parametrize(
    ("pragma", "expected"),
    [
        ("parallel for TEAM(4)", []),
        ("LOOPS private(n)", []),
        ("parallel for default(none) SHARED", []),
        ("parallel for schedul(static)", ["omp-unknown-clause"]),
        ("paralell for", ["omp-unknown-directive"]),
    ],
)
def test_words_in_directives_may_be_macros_of_a_header_that_is_missing(
    tmp_path: Path, pragma: str, expected: list[str]
) -> None:
    text = f"void f(int n, double *x) {{\n#pragma omp {pragma}\nfor (int i = 0; i < n; i++) x[i] = n; }}"
    path = tmp_path / "main.c"

    def found(source: str) -> list[str]:
        path.write_text(source)
        return [
            f.rule for p in analyze(SourceText.of(source), "c", path=str(path)).functions for f in p.result.findings
        ]

    assert found('#include "missing.h"\n' + text) == expected
    assert found(text)
