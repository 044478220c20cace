"""Functions that headers define belong to the files that call them."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzers.api import Analyzer
from analyzers.ir.verdicts import Verdict
from analyzers.text import SourceText

HEADER = """\
#define WIDTH 3
#define SQUARE(v) ((v) * (v))
static int calls;
static inline double square(double v) { double t = SQUARE(v); return t; }
static inline double around(const double *x, int i)
{
    double s = 0;
    for (int k = 0; k < WIDTH; k++)
        s += square(x[i + k]);
    return s;
}
static inline void put(double *y, int i, double v) { int at = i; y[at] = v; }
static inline int next(int i) { calls += 1; return i + calls; }
static inline void rest(double *y, int i) { while (i) y[--i] = 0; }
"""
HEAD = '#include "%s"\nvoid f(int n, const double *restrict x, double *restrict y) { for (int i = 0; i < n; i++) '


def verdict(folder: Path, body: str, header: str = HEADER, name: str = "main.c") -> Verdict:
    (folder / "h.h").write_text(header)
    language = "cpp" if name.endswith(".cpp") else "c"
    analyzer = Analyzer(language, path=str(folder / name))
    analyzer.update(SourceText.of(HEAD % "h.h" + body + " }"))
    (placed,) = [each for each in analyzer.report().functions if each.result.name == "f"]
    return placed.result.loops[0].verdict


@pytest.mark.parametrize("body", ["y[i] = square(x[i]);", "y[i] = around(x, i);", "put(y, i, 2.0);"])
def test_what_a_function_of_a_header_does_is_known(tmp_path: Path, body: str) -> None:
    assert verdict(tmp_path, body).status == "parallel"


@pytest.mark.parametrize("body", ["y[i] = next(i);", "rest(y, i);", "put(y, 0, x[i]);"])
def test_what_it_does_counts(tmp_path: Path, body: str) -> None:
    assert not verdict(tmp_path, body).counts_as_parallel


@pytest.mark.parametrize(
    "header",
    [
        "double g(double v) __attribute__((weak)); ",  # only declared
        "__attribute__((weak)) double g(double v) { double t = v; return t; }",
        "static inline double g(double v) { double t = v;\n#pragma omp barrier\nreturn t; }",
        "#define N 2\nstatic inline double g(double v) { double t = v * N; return t; }\n#undef N\n#define N 3\n",
        "#define N 2\n#define M N\nstatic inline double g(double v) { double t = v * M; return t; }\n#undef N\n",
    ],
)
def test_what_may_not_mean_what_it_says_stays_unknown(tmp_path: Path, header: str) -> None:
    found = verdict(tmp_path, "y[i] = g(x[i]);", header)
    assert not found.counts_as_parallel
    assert any("`g`" in reason.text for reason in found.reasons)


def test_a_macro_that_the_file_defines_anew_does_not_reach_back(tmp_path: Path) -> None:
    (tmp_path / "h.h").write_text(
        "#define AT 0\nstatic inline void g(double *y, int i) { int k = i * AT; y[k] = 1; }\n"
    )
    analyzer = Analyzer("c", path=str(tmp_path / "main.c"))
    analyzer.update(SourceText.of((HEAD % "h.h" + "g(y, i); }").replace("\n", "\n#undef AT\n#define AT 1\n", 1)))
    assert not analyzer.report().functions[0].result.loops[0].verdict.counts_as_parallel


def test_methods_and_templates_of_headers(tmp_path: Path) -> None:
    header = (
        "struct Grid { double *d; int w; double sum(int i) const { double s = 0;"
        " for (int k = 0; k < w; k++) s += d[i * w + k]; return s; } };"
        " inline double twice(double v) { double t = v; return t + t; } extern Grid g;"
    )
    assert verdict(tmp_path, "y[i] = twice(x[i]);", header, "main.cpp").status == "parallel"
    assert verdict(tmp_path, "y[i] = g.sum(i);", header, "main.cpp").counts_as_parallel


def test_an_overload_that_is_not_legible_hides_the_others(tmp_path: Path) -> None:
    header = (
        "inline int g(int v) { int t = v; return t; }\n"
        "inline double g(double v) { double t = v;\n#pragma omp barrier\nreturn t; }\n"
    )
    assert not verdict(tmp_path, "y[i] = g(x[i]);", header, "main.cpp").counts_as_parallel


def test_a_changed_header_changes_the_answer(tmp_path: Path) -> None:
    text = SourceText.of(HEAD % "h.h" + "y[i] = square(x[i]); }")
    (tmp_path / "h.h").write_text(HEADER)
    analyzer = Analyzer("c", path=str(tmp_path / "main.c"))
    analyzer.update(text)
    assert analyzer.report().functions[0].result.loops[0].verdict.status == "parallel"
    (tmp_path / "h.h").write_text(HEADER.replace("double t = SQUARE(v);", "double t = v + calls++;"))
    analyzer.update(text)
    assert analyzer.report().functions[0].result.loops[0].verdict.status != "parallel"
