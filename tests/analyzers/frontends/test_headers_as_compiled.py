"""A project with a build, read as its compiler reads it: sizes, constants and `#if` choice from headers."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from analyzers.api import analyze
from analyzers.frontends import frontend_of
from analyzers.ir.arithmetic import fold
from analyzers.ir.symbols import Symbol
from analyzers.text import SourceText

CONFIG = """\
#pragma once
#include <stddef.h>
#if PRECISION == 2
typedef double real;
#else
typedef float real;
#endif
#if defined(WIDE) && !defined(NARROW)
#define WIDTH (4 * BLOCK)
#else
#define WIDTH BLOCK
#endif
#ifdef __cplusplus
#define LANGUAGE 2
#elif __STDC_VERSION__ >= 201112L
#define LANGUAGE 11
#else
#define LANGUAGE 99
#endif
"""
GRID = """\
#ifndef GRID_H
#define GRID_H
#include <config.h>
enum { HALO = 2, ROWS = WIDTH + 2 * HALO };
typedef struct cell { real value[3]; int mark; } cell;
typedef struct { size_t n; cell cells[ROWS][WIDTH]; cell *next; } grid;
extern grid world;
extern real flat[ROWS * LANGUAGE];
#endif
"""
MAIN = """\
#include "grid.h"
grid world;
real flat[ROWS * LANGUAGE];
void f(void) { for (int i = 0; i < ROWS; i++) for (int j = 0; j < LANGUAGE; j++) flat[i * LANGUAGE + j] = EXTRA; }
"""
PRINT = """
#include <stdio.h>
int main(void)
{
    printf("%d %d %d ", (int)(sizeof flat / sizeof flat[0]), (int)sizeof(real), LANGUAGE);
    printf("%d %d\\n", (int)(sizeof world.cells / sizeof world.cells[0]), (int)(sizeof world.cells[0] / sizeof(cell)));
    return 0;
}
"""


@pytest.mark.needs("gcc", "g++")
@pytest.mark.parametrize(
    ("compiler", "flags"),
    [
        ("gcc", "-DBLOCK=8 -DPRECISION=2"),
        ("gcc", "-DBLOCK=8 -DPRECISION=1 -DWIDE -std=c99"),
        ("gcc", "-DBLOCK=8 -DWIDE -DNARROW -std=gnu11"),
        ("gcc", "-DBLOCK=3 -DBLOCK=16 -DWIDE -DNARROW -UNARROW -std=c11 -w"),
        ("g++", "-DBLOCK=8 -DPRECISION=2 -DWIDE"),
        ("g++", "-DBLOCK=8 @more.rsp"),
        ("gcc", "-x c++ -DBLOCK=8 -std=c++14"),
    ],
)
def test_the_project_is_what_its_compiler_makes_of_it(tmp_path: Path, compiler: str, flags: str) -> None:
    (tmp_path / "include").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "build").mkdir()
    (tmp_path / "include" / "config.h").write_text(CONFIG)
    (tmp_path / "include" / "grid.h").write_text(GRID)
    (tmp_path / "build" / "forced.h").write_text("#define EXTRA 7\n")
    (tmp_path / "build" / "more.rsp").write_text("-DPRECISION=2\n-DWIDE\n")
    text = MAIN + PRINT
    source = tmp_path / "src" / "main.c"
    source.write_text(text)
    command = f"{compiler} -I../include -include forced.h {flags} -o main ../src/main.c"
    entry = {"directory": str(tmp_path / "build"), "file": "../src/main.c", "command": command}
    (tmp_path / "build" / "compile_commands.json").write_text(json.dumps([entry]))
    program = shutil.which(compiler)
    assert program is not None
    subprocess.run([program, *command.split()[1:]], cwd=tmp_path / "build", check=True)
    done = subprocess.run([str(tmp_path / "build" / "main")], capture_output=True, text=True, check=True)
    elements, size, language, rows, width = map(int, done.stdout.split())

    report = analyze(SourceText.of(text), "c", path=str(source))
    assert report.language == ("cpp" if language == 2 else "c")
    assert report.findings == ()
    frontend = frontend_of(report.language)(path=str(source))
    frontend.update(SourceText.of(text))
    known = {symbol.name: symbol for symbol in frontend.file().globals}
    assert extents(known["flat"]) == [elements]
    assert known["flat"].type.element is not None
    assert known["flat"].type.element.name == {4: "float", 8: "double"}[size]
    cells = known["world"].type.field_type("cells")
    assert [fold(extent.size) for extent in cells.extents if extent is not None and extent.size is not None] == [
        rows,
        width,
    ]
    verdicts = [loop.verdict for placed in report.functions for loop in placed.result.loops]
    assert [(verdict.status, verdict.confidence) for verdict in verdicts] == [("parallel", "proved")] * 2


def extents(symbol: Symbol) -> list[int | None]:
    return [fold(extent.size) if extent.size is not None else None for extent in symbol.type.extents]
