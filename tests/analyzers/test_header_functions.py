"""Functions that headers of the project define, read where the file that includes them calls them."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzers.api import Options, SourceText, analyze, loops_of

SOURCE = '#include "util.h"\nvoid f(double *restrict a, const double *restrict b, int n) {\n  LOOP\n}\n'


def verdicts(folder: Path, language: str = "c", **files: str) -> list[str]:
    """The status of each loop of `main`, one of the files by their names without the dots."""
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    source = files["main_c"].replace("restrict", "__restrict")
    report = analyze(SourceText.of(source), language, Options(), str(folder / "main.c"))  # type: ignore[arg-type]
    return [loop.verdict.status for _, loop in loops_of(report)]


def verdict(folder: Path, header: str, loop: str, language: str = "c") -> str:
    return verdicts(folder, language, util_h=header, main_c=SOURCE.replace("LOOP", loop))[0]


EACH = "for (int i = 0; i < n; i++) CALL;"


@pytest.mark.parametrize("language", ["c", "cpp"])
@pytest.mark.parametrize(
    ("header", "call", "status"),
    [
        ("static inline double sq(double x) { return x * x; }", "a[i] = sq(b[i])", "parallel"),
        ("static inline void put(double *x, int i, double v) { x[i] = v; }", "put(a, i, b[i])", "parallel"),
        ("static inline void put(double *x, int i, double v) { x[i / 2] = v; }", "put(a, i, b[i])", "dependent"),
        ("static double sum; static inline void add(double v) { sum = sum * 2 + v; }", "add(b[i])", "dependent"),
        ("static inline int at(int i) { return i + 1; } static inline int to(int i) { return at(i); }",
         "a[to(i)] = a[i]", "dependent"),
        ("double unseen(double); static inline double sq(double x) { return unseen(x); }", "a[i] = sq(b[i])",
         "unknown"),
        ("#define TWICE(x) (2 * (x))\nstatic inline int at(int i) { return TWICE(i); }", "a[at(i)] = a[at(i) + 1]",
         "parallel"),
    ],
)  # fmt: skip
def test_functions_of_headers_are_read(tmp_path: Path, header: str, call: str, status: str, language: str) -> None:
    assert verdict(tmp_path, header, EACH.replace("CALL", call), language) == status


@pytest.mark.parametrize(
    "header",
    [
        # A macro that has another meaning by the end of its header, or by the time of the loop.
        "#define K 2\nstatic inline int at(int i) { return i / K; }\n#undef K\n#define K 1\n",
        "#define K 2\nstatic inline int at(int i) { return i / K; }\n#undef K\n",
        "#define K() 2\n#define L K()\nstatic inline int at(int i) { return i / L; }\n#undef K\n#define K() 1\n",
        '#define K 2\n#include "body.h"\n#undef K\n#define K 1\n',
        "#if UNDECIDED(1)\n#endif\nstatic inline int at(int i) {\n#ifdef FAST\n  return i;\n#else\n  return i / 2;\n"
        "#endif\n}\n",
        # Of two definitions, either may be the one.
        "#ifndef X\nstatic inline int at(int i) { return i; }\n#endif\nstatic inline int at(int i) { return i / 2; }\n",
    ],
)
def test_functions_are_read_as_they_stand_in_their_header(tmp_path: Path, header: str) -> None:
    (tmp_path / "body.h").write_text("static inline int at(int i) { return i / K; }\n")
    assert verdict(tmp_path, header, EACH.replace("CALL", "a[at(i)] = b[i]")) != "parallel"


def test_macros_of_the_file_do_not_reach_back_into_its_headers(tmp_path: Path) -> None:
    header = "#define K 1\nstatic inline int at(int i) { return i / K; }\n"
    source = '#include "util.h"\n#undef K\n#define K 2\nvoid f(double *a, int n) { LOOP }\n'
    loop = EACH.replace("CALL", "a[at(i)] = i")
    assert verdicts(tmp_path, util_h=header, main_c=source.replace("LOOP", loop)) == ["parallel"]
    swapped = header.replace("K 1", "K 2")
    assert verdicts(tmp_path, util_h=swapped, main_c=source.replace("K 2", "K 1").replace("LOOP", loop)) != ["parallel"]


def test_directives_in_functions_of_headers_count(tmp_path: Path) -> None:
    loop = "#pragma omp parallel for\n  for (int i = 0; i < n; i++) add(b[i]);"
    locked = "static double sum; static inline void add(double v) {\n#pragma omp atomic\n  sum += v;\n}\n"
    source = SOURCE.replace("LOOP", loop)
    for header, expected in ((locked, False), (locked.replace("#pragma omp atomic\n", ""), True)):
        (tmp_path / "util.h").write_text(header)
        report = analyze(SourceText.of(source), "c", Options(), str(tmp_path / "main.c"))
        races = [f for placed in report.functions for f in placed.result.findings if f.rule.startswith("race")]
        assert bool(races) is expected


def test_the_address_of_an_object_may_be_taken_in_a_header(tmp_path: Path) -> None:
    header = "static double sum; static inline double *where(void) { return &sum; }\n"
    loop = EACH.replace("CALL", "{ *where() = sum * 2 + b[i]; }")
    assert verdict(tmp_path, header, loop) != "parallel"


def test_a_definition_in_the_file_comes_first(tmp_path: Path) -> None:
    header = "#ifdef INLINE\nstatic inline int at(int i) { return i / 2; }\n#else\nint at(int i);\n#endif\n"
    source = SOURCE.replace("void f", "int at(int i) { return i; }\nvoid f").replace("LOOP", EACH)
    assert verdicts(tmp_path, util_h=header, main_c=source.replace("CALL", "a[at(i)] = b[i]")) == ["parallel"]


def test_methods_of_classes_in_headers_are_read(tmp_path: Path) -> None:
    header = (
        "#include <vector>\nclass Grid {\n public:\n  Grid(int n) : size(n), u(n * n) { for (auto &x : u) x = 0; }\n"
        "  double &operator()(int i, int j) { return u[i * size + j]; }\n"
        "  void relax(double *x, int i) { double t = x[i]; x[i] = t * 2; }\n private:\n  int size;\n"
        "  std::vector<double> u;\n};\n"
    )
    loop = "void g(Grid &grid, double *a, int n) { for (int i = 0; i < n; i++) grid.relax(a, i); }"
    assert verdicts(tmp_path, "cpp", util_h=header, main_c=f'#include "util.h"\n{loop}') == ["parallel"]
    assert verdicts(
        tmp_path, "cpp", util_h=header.replace("x[i] = t * 2", "size = t"), main_c=f'#include "util.h"\n{loop}'
    ) != ["parallel"]
