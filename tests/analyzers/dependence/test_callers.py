"""How often functions are called, over the call graph of a file and of several."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzers.api import Analyzer, LoopReport, Options, SourceText, loops_of
from analyzers.dependence import callers
from analyzers.dependence.callers import Calls
from analyzers.dependence.facts import ONCE, Calling
from analyzers.dependence.linking import Program
from analyzers.frontends.c import CFrontend
from analyzers.pipeline import digest_of

LEAF = "void leaf(int n, double *a) { for (int i = 0; i < n; i++) a[i] = 2 * a[i]; }\n"


def calling(code: str, name: str = "leaf") -> Calling:
    """How a function of a text is called."""
    frontend = CFrontend((), (), None, False)
    frontend.update(SourceText.of(f"void leaf(int);\n{code}"))
    functions = [frontend.lower(chunk) for chunk in frontend.chunks()]
    calls = Calls((site for function in functions for site in callers.sites(function)), {})
    nothing: dict[str, Calling] = {function.name: ONCE for function in functions}
    return calls.of(name, dict.fromkeys(nothing, frozenset()), nothing) or ONCE


@pytest.mark.parametrize(
    ("code", "loops"),
    [
        ("void f(void) { leaf(1); }", 0),
        ("void f(int n) { for (int i = 0; i < n; i++) leaf(i); }", 1),
        ("void f(int n) { while (n--) for (int i = 0; i < n; i++) leaf(i); }", 2),
        ("void g(int n) { for (int i = 0; i < n; i++) leaf(i); } void f(int n) { while (n) g(n); }", 2),
        ("void g(void) { leaf(1); } void f(int n) { while (n) g(); }", 1),
        ("void f(int n) { leaf(1); for (int i = 0; i < n; i++) leaf(i); }", 1),
        ("void f(int n) { for (int d = 0; d < 3; d++) leaf(d); }", 0),  # a call for each dimension
        ("void f(int n) { do { leaf(n); } while (0); }", 0),
        ("int leaf2(int); void f(int n) { for (int i = 0; i < leaf2(n); i++) n++; leaf(n); }", 0),
        ("void f(int n) { for (leaf(n); n; n--) n--; }", 0),
        ("void f(int n) { if (n) f(n - 1); leaf(n); }", 0),
        ("void f(int n) { for (int i = 0; i < n; i++) f(i); leaf(n); }", 2),  # a tree
        ("void g(int); void f(int n) { while (n) g(n); } void g(int n) { if (n) f(n); leaf(n); }", 2),
    ],
)
def test_loops_around_the_calls(code: str, loops: int) -> None:
    assert calling(code).loops == loops


@pytest.mark.parametrize(
    ("code", "shared"),
    [
        ("void f(int n) {\n#pragma omp parallel\nleaf(n); }", True),
        ("void f(int n) {\n#pragma omp parallel for\nfor (int i = 0; i < n; i++) leaf(n); }", True),
        ("void g(int n) { leaf(n); } void f(int n) {\n#pragma omp parallel\ng(n); }", True),
        ("void f(int n) {\n#pragma omp parallel\nleaf(n);\nleaf(n); }", False),
        ("void h(void (*p)(int)); void f(int n) {\n#pragma omp parallel\nleaf(n);\nh(leaf); }", False),
        ("void f(int n) {\n#pragma omp simd\nfor (int i = 0; i < n; i++) leaf(n); }", False),
        ("void leaf(int n) { if (n) leaf(n - 1); }", False),
    ],
)
def test_threads_that_are_at_work_already(code: str, shared: bool) -> None:
    assert calling(code).shared is shared


def loop_in_leaf(tmp_path: Path, **files: str) -> LoopReport:
    """The loop of `leaf` in a.c, in a program of these files."""
    analyzers, units = {}, {}
    for name, text in files.items():
        path = tmp_path / f"{name}.c"
        path.write_text(text)
        analyzers[name] = analyzer = Analyzer("c", Options(), str(path))
        analyzer.update(SourceText.of(text))
        units[name] = analyzer.unit(path.name)
    outside = Program(units.values()).outside("a.c", units["a"].declared, digest_of(SourceText.of(files["a"])))
    analyzers["a"].know(outside)
    return next(loop for _, loop in loops_of(analyzers["a"].report()) if loop.function == "leaf")


DECLARED = "void leaf(int n, double *a);\nvoid go(int n, double *a);\n"
LOOPS = "void go(int n, double *a) { for (int k = 0; k < n; k++) for (int j = 0; j < n; j++) leaf(k, a); }\n"


def test_calls_from_other_files_count(tmp_path: Path) -> None:
    assert loop_in_leaf(tmp_path, a=LEAF).profitable
    loop = loop_in_leaf(tmp_path, a=LEAF, b=DECLARED + LOOPS)
    assert not loop.profitable
    assert loop.pragma == "#pragma omp parallel for"  # right, but not offered
    assert (
        loop.advice == "`go` runs it in loops in loops: starting threads each time pays from about 200,000 iterations"
    )


def test_loops_of_other_files_add_up(tmp_path: Path) -> None:
    mine = f"{LEAF}void go(int n, double *a) {{ for (int k = 0; k < n; k++) leaf(n, a + k * n); }}\n"
    more = f"{DECLARED}int main(void) {{ double a[9]; while (a[0] > 1) go(3, a); }}\n"
    mine = mine.replace("a + k * n", "a")  # each call works on the same elements
    assert loop_in_leaf(tmp_path, a=mine).profitable
    assert not loop_in_leaf(tmp_path, a=mine, b=more).profitable


def test_a_function_of_the_same_name_that_only_its_file_sees_is_another_one(tmp_path: Path) -> None:
    assert loop_in_leaf(tmp_path, a=LEAF, b="static void leaf(int n, double *a) { a[n] = 0; }\n" + LOOPS).profitable
    assert loop_in_leaf(tmp_path, a="static " + LEAF, b=DECLARED + LOOPS).profitable


def test_regions_of_other_files_have_threads_already(tmp_path: Path) -> None:
    region = "void go(int n, double *a) {\n#pragma omp parallel\nleaf(n, a); }\n"
    loop = loop_in_leaf(tmp_path, a=LEAF, b=DECLARED + region)
    assert (loop.profitable, loop.advice) == (False, "threads are at work already where `go` calls this function")
