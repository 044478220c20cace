"""Headers that are not of the project: which are known unread, which are read, and what is said of those not found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from analyzers.api import FileReport, Language, Options, analyze
from analyzers.frontends.c import CFrontend
from analyzers.frontends.cpp import CppFrontend
from analyzers.standards.headers import STANDARD
from analyzers.text import SourceText

LOOP = "void f(int n, double *a) { for (int i = 0; i < n; i++) a[i] = 0; }\n"


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which compilers look by themselves, as the environment of a module system names it."""
    folder = tmp_path / "library"
    folder.mkdir()
    monkeypatch.setenv("CPATH", f"relative:{folder}/")
    return folder


def report(tmp_path: Path, text: str, language: Language = "c", **options: object) -> FileReport:
    project = tmp_path / "project"
    project.mkdir(exist_ok=True)
    return analyze(SourceText.of(text), language, Options(**options), str(project / "main.c"))  # type: ignore[arg-type]


def told(tmp_path: Path, text: str, language: Language = "c", **options: object) -> list[str]:
    findings = report(tmp_path, text, language, **options).findings
    assert {f.rule for f in findings} <= {"syntax-missing-header"}
    assert all(f.severity == "information" and f.help for f in findings)
    return [f.message for f in findings]


def test_a_library_is_read_where_the_compiler_looks(tmp_path: Path, library: Path) -> None:
    (library / "lib.h").write_text(
        "#include <stddef.h>\n#include <sub/types.h>\n#define LIB_SIZE 8\n#ifdef USE_LIB_TABLE\n"
        "extern double lib_table[LIB_SIZE];\n#endif\n"
    )
    (library / "sub").mkdir()
    (library / "sub" / "types.h").write_text("typedef double pair[2];\n")
    text = (
        "#include <lib.h>\nvoid f(int n, pair *a) { for (int i = 0; i < n; i++) a[i][0] = a[i][1]; }\n"
        "static double b[LIB_SIZE];\nvoid g(void) { for (int i = 0; i < LIB_SIZE; i++) b[i] = 0; }\n"
    )
    first, second = report(tmp_path, text).functions
    assert [loop.verdict.confidence for loop in (*first.result.loops, *second.result.loops)] == ["proved", "proved"]
    assert told(tmp_path, text) == []
    (library / "lib.h").unlink()
    assert told(tmp_path, text) == ["`lib.h` was not found"]


@pytest.mark.parametrize(("language", "name"), [("c", "stdio.h"), ("c", "mpi.h"), ("c", "omp.h"), ("cpp", "vector")])
def test_those_of_the_standards_are_known_unread(tmp_path: Path, library: Path, language: Language, name: str) -> None:
    assert name in STANDARD
    (library / name).write_text("#error\nthis is not read {{{\n")
    assert told(tmp_path, f"#include <{name}>\n{LOOP}", language) == []


@pytest.mark.parametrize("make", [CFrontend, CppFrontend])
def test_cpp_libraries_are_not_read(tmp_path: Path, library: Path, make: Callable[..., CFrontend]) -> None:
    (library / "big.hpp").write_text("#define BIG 1\n")
    frontend = make(path=str(tmp_path / "a.cpp"))
    frontend.update(SourceText.of("#include <big.hpp>\n" + LOOP))
    assert [p.kind for p in frontend.file().problems] == ["header"]
    assert "big.hpp" in frontend.system_headers()


def test_what_a_library_does_not_find_is_not_the_users_business(tmp_path: Path, library: Path) -> None:
    (library / "lib.h").write_text("#include <private_part.h>\n")
    text = "#include <lib.h>\nstatic int k;\nvoid f(void) { k = 1; }\n"
    assert told(tmp_path, text) == []
    frontend = CFrontend(path=str(tmp_path / "a.c"))
    frontend.update(SourceText.of(text))
    assert not frontend._environment.closed, "something was not seen all the same"


def test_one_finding_for_all_that_is_missing(tmp_path: Path) -> None:
    text = '#include <stdio.h>\n#include "grid.h"\n#include <solver/api.h>\n#include "grid.h"\n#include "more.h"\n'
    found = report(tmp_path, text + LOOP)
    (finding,) = found.findings
    assert finding.message == "`grid.h`, `solver/api.h` and `more.h` were not found"
    assert text.encode()[finding.span.start : finding.span.end].startswith(b'#include "grid.h"')
    (tmp_path / "project" / "grid.h").write_text('#include "inner.h"\n')
    (moved,) = report(tmp_path, "\n\n" + text + LOOP).findings
    assert moved.message == "`inner.h`, `solver/api.h` and `more.h` were not found"
    assert moved.span.start == finding.span.start + 2, "the line that asks for what asks for it"


def test_many_missing_headers_are_counted(tmp_path: Path) -> None:
    lines = "".join(f'#include "h{number}.h"\n' for number in range(5))
    assert told(tmp_path, lines + LOOP) == ["`h0.h`, `h1.h`, `h2.h` and 2 other headers were not found"]


@pytest.mark.parametrize(
    "text",
    [
        '#if 0\n#include "grid.h"\n#endif\n',
        "#ifdef _WIN32\n#include <windows.h>\n#endif\n",
        '// #include "grid.h"\n',
        "#include GRID\n",
        "#include\n",
    ],
)
def test_what_is_not_asked_for_is_not_missing(tmp_path: Path, text: str) -> None:
    assert told(tmp_path, text + LOOP) == []


def test_nothing_is_missing_where_nothing_was_looked_for(tmp_path: Path) -> None:
    text = '#include "grid.h"\n' + LOOP
    assert told(tmp_path, text, snippet=True) == []
    assert analyze(SourceText.of(text), "c").findings == ()
    assert told(tmp_path, text) == ["`grid.h` was not found"]


def test_the_finding_moves_with_its_line_and_goes_when_the_header_comes(tmp_path: Path) -> None:
    frontend = CFrontend(path=str(tmp_path / "a.c"))
    text = '#include "late.h"\n#if LATE\nvoid late(void) {}\n#endif\n'

    def places() -> list[int]:
        return [problem.span.start for problem in frontend.file().problems]

    frontend.update(SourceText.of(text))
    assert places() == [0]
    frontend.update(SourceText.of("int k;\n" + text))
    assert places() == [7]
    (tmp_path / "late.h").write_text("#define LATE 1\n")
    frontend.update(SourceText.of("int m;\n" + text))
    assert places() == [7], "nobody looks while somebody types"
    frontend.update(SourceText.of("int m;\n" + text))
    assert places() == [], "the same text again: something around it changed"
    assert [chunk.name for chunk in frontend.chunks()] == ["late"]


def test_too_many_headers_are_not_all_read_and_nothing_is_concluded_from_that(tmp_path: Path) -> None:
    for number in range(210):
        (tmp_path / f"h{number}.h").write_text(f"int k{number};\n")
    text = "".join(f'#include "h{number}.h"\n' for number in range(210))
    frontend = CFrontend(path=str(tmp_path / "a.c"))
    frontend.update(SourceText.of(text + "static int s;\n" + LOOP))
    assert not frontend._environment.closed
    assert frontend.file().problems == ()


def test_a_large_library_does_not_crowd_out_the_project(tmp_path: Path, library: Path) -> None:
    for number in range(210):
        (library / f"part{number}.h").write_text(f"int part{number};\n")
    (library / "large.h").write_text("".join(f"#include <part{number}.h>\n" for number in range(210)))
    (tmp_path / "size.h").write_text("#define SIZE 4\n")
    frontend = CFrontend(path=str(tmp_path / "a.c"))
    frontend.update(SourceText.of('#include <large.h>\n#include "size.h"\n#if SIZE == 4\n' + LOOP + "#endif\n"))
    assert [chunk.name for chunk in frontend.chunks()] == ["f"]
    assert not frontend._environment.closed
