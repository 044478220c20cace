"""Data-sharing attributes by the rules of OpenMP 5.2 §5.1, one situation at a time."""

from __future__ import annotations

import pytest

from analyzers.openmp.sharing import Storage, associated_loops, index_of, region_sharing, scopes, storage
from tests.analyzers.openmp.lowered import constructs, function, symbol


def meaning(text: str, name: str, depth: int | None = None) -> Storage:
    """What `name` means inside the innermost construct (or the first `depth` ones) of the last function."""
    lowered = function(text)
    stack = constructs(lowered)
    return storage(symbol(lowered, name), stack[:depth], scopes(lowered))


LOOP = "for (int i = 0; i < n; i++) { x = i; y[i] = x; }"


@pytest.mark.parametrize(
    ("directive", "name", "attribute", "origin"),
    [
        ("parallel for", "x", "shared", "implicit"),
        ("parallel for private(x)", "x", "private", "explicit"),
        ("parallel for firstprivate(x)", "x", "firstprivate", "explicit"),
        ("parallel for lastprivate(x)", "x", "lastprivate", "explicit"),
        ("parallel for firstprivate(x) lastprivate(x)", "x", "firstprivate", "explicit"),
        ("parallel for reduction(+:x)", "x", "reduction", "explicit"),
        ("parallel for shared(x)", "x", "shared", "explicit"),
        ("parallel for default(private)", "x", "private", "implicit"),
        ("parallel for default(firstprivate)", "x", "firstprivate", "implicit"),
        ("parallel for default(none) shared(x)", "x", "shared", "explicit"),
        ("simd linear(x: 2)", "x", "linear", "explicit"),
        ("parallel for", "i", "private", "predetermined"),
        ("taskloop", "x", "firstprivate", "implicit"),
        ("target", "x", "firstprivate", "implicit"),
        ("target map(tofrom: x)", "x", "shared", "implicit"),
        ("target parallel for defaultmap(tofrom: scalar)", "x", "shared", "implicit"),
    ],
)
def test_one_construct(directive: str, name: str, attribute: str, origin: str) -> None:
    text = f"void f(int n, int *y) {{ int x = 0;\n#pragma omp {directive}\n{LOOP}\n}}"
    found = meaning(text, name).sharing
    assert (found.attribute, found.origin) == (attribute, origin)


def test_an_outer_index_is_private_too() -> None:
    text = "void f(int n, int *y) { int i;\n#pragma omp parallel for\nfor (i = 0; i < n; i++) y[i] = 0; }"
    assert meaning(text, "i").sharing.attribute == "private"


def test_an_inner_index_is_not() -> None:
    text = """void f(int n, int y[n][n]) { int j;
    #pragma omp parallel for
    for (int i = 0; i < n; i++) for (j = 0; j < n; j++) y[i][j] = 0; }"""
    assert meaning(text, "j").sharing.attribute == "shared"
    collapsed = text.replace("parallel for", "parallel for collapse(2)")
    assert meaning(collapsed, "j").sharing.attribute == "private"


def test_what_is_declared_inside_is_private_unless_static() -> None:
    text = "void f(int n) {\n#pragma omp parallel\n{ int t; static int s; t = n; s = t; } }"
    assert meaning(text, "t").sharing.attribute == "private"
    assert meaning(text, "s").sharing.attribute == "shared"
    assert meaning(text, "s").owner == -1


def test_threadprivate_wins() -> None:
    text = "int g;\n#pragma omp threadprivate(g)\nvoid f(void) {\n#pragma omp parallel shared(g)\n{ g = 1; } }"
    assert meaning(text, "g").sharing.attribute == "threadprivate"


def test_the_innermost_construct_that_copies_owns_the_variable() -> None:
    text = """void f(int n) { int x = 0;
    #pragma omp parallel
    {
        #pragma omp for private(x)
        for (int i = 0; i < n; i++) x = i;
    } }"""
    assert meaning(text, "x", 1).owner == -1
    assert meaning(text, "x", 2).owner == 1


def test_default_private_leaves_static_variables_shared() -> None:
    text = "int g;\nvoid f(void) {\n#pragma omp parallel default(firstprivate)\n{ g = 1; } }"
    assert meaning(text, "g").sharing.attribute == "shared"


TASKS = """int g;
void f(int n) { int shared_one = 0, copied = 0;
#pragma omp parallel private(copied)
{
    #pragma omp single
    {
        int local = n;
        #pragma omp task
        { shared_one = 1; copied = 2; local = 3; g = 4; }
    }
} }"""


@pytest.mark.parametrize(
    ("name", "attribute"),
    [("shared_one", "shared"), ("copied", "firstprivate"), ("local", "firstprivate"), ("g", "shared")],
)
def test_tasks_share_what_all_around_them_share(name: str, attribute: str) -> None:
    assert meaning(TASKS, name).sharing.attribute == attribute


def test_an_orphaned_task_copies_the_variables_of_its_function() -> None:
    assert meaning("void f(int n) {\n#pragma omp task\n{ n = 1; } }", "n").sharing.attribute == "firstprivate"


def test_a_task_may_share_a_variable_of_its_thread() -> None:
    text = """void f(void) {
    #pragma omp parallel
    {
        int mine = 0;
        #pragma omp task shared(mine)
        mine = 1;
    } }"""
    found = meaning(text, "mine")
    assert (found.sharing.attribute, found.owner) == ("shared", 0)


def test_region_sharing_lists_what_comes_from_outside() -> None:
    lowered = function(
        "void f(int n, int *y) { int x;\n#pragma omp parallel private(x)\n{ int t = n; x = t; y[0] = x; } }"
    )
    (construct,) = constructs(lowered)
    table = region_sharing(construct, (), scopes(lowered))
    assert {s.name: a.attribute for s, a in table.items()} == {"n": "shared", "x": "private", "y": "shared"}


@pytest.mark.parametrize(
    ("directive", "names"),
    [("for", ["i"]), ("for collapse(2)", ["i", "j"]), ("for collapse(3)", ["i", "j"]), ("for ordered(2)", ["i", "j"])],
)
def test_associated_loops(directive: str, names: list[str]) -> None:
    nest = "for (int i = 0; i < n; i++) { for (int j = n; j; --j) { g(i, j); } }"
    text = f"void f(int n) {{\n#pragma omp {directive}\n{nest} }}"
    (construct,) = constructs(function(text))
    found = [index_of(loop) for loop in associated_loops(construct)]
    assert [s.name for s in found if s is not None] == names
