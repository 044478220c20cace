"""Every access of a function: order, guards, paths, calls, and what is not certain."""

from __future__ import annotations

import pytest

from analyzers.dependence.accesses import collect
from analyzers.dependence.facts import Effects
from analyzers.dependence.spelling import spell, spell_access
from analyzers.frontends.c import lower_file
from analyzers.ir.accesses import Access
from analyzers.text import SourceText

PRELUDE = """struct P { double x, y; double v[3]; struct P *next; };
double table[100], total; volatile int flag; double grid[10][20];
"""
EFFECTS = {
    "sqrt": Effects(),
    "fill": Effects(parameters=("write", "none")),
    "sum": Effects(parameters=("read",)),
    "mix": Effects(parameters=("readwrite",)),
    "one": Effects(parameters=("write",), whole_parameters=False, overwrites=frozenset({0})),
    "perhaps": Effects(parameters=("write",), whole_parameters=False),
    "tally": Effects(reads=frozenset({"table"}), writes=frozenset({"total"})),
}


def accesses(
    body: str, params: str = "int n, int m, double *a, double *b, double **c, struct P *s"
) -> tuple[Access, ...]:
    file = lower_file(SourceText.of(f"{PRELUDE}void f({params}) {{ {body} }}\n"))
    return collect(file.functions[0].function, EFFECTS)


def memory(body: str) -> list[str]:
    """The accesses to memory behind names, without plain variables."""
    return [f"{a.kind} {spell_access(a)}" for a in accesses(body) if a.path]


def test_operands_come_before_the_target() -> None:
    found = [f"{a.kind} {spell_access(a)}" for a in accesses("a[n] = b[m] + 1;")]
    assert found.index("read b[m]") < found.index("write a[n]")
    assert found[-1] == "write a[n]"
    assert {"read a", "read n", "read b", "read m"} <= set(found)
    assert [x.order for x in accesses("a[n] = b[m] + 1;")] == list(range(len(found)))


def test_each_load_of_a_pointer_is_one_read() -> None:
    found = [f"{a.kind} {spell_access(a)}" for a in accesses("total = c[n][m];")]
    assert found == ["read c", "read n", "read c[n]", "read m", "read c[n][m]", "write total"]


def test_updates_read_and_write_once() -> None:
    (update,) = [a for a in accesses("a[n] += 2;") if a.path]
    assert (update.kind, update.op, update.reads, update.writes) == ("update", "+", True, True)


def test_members() -> None:
    assert memory("s->x = s[n].v[m];") == ["read s[n].v[m]", "write s->x"]


def test_array_dimensions_stand_in_one_step() -> None:
    (write,) = [a for a in accesses("grid[n][m] = 0;") if a.writes]
    assert len(write.path) == 1 and not write.path[0].through_pointer  # type: ignore[union-attr]


def test_address_is_no_access() -> None:
    assert memory("double *p = &a[n];") == []


def test_conditions_guard_what_they_decide() -> None:
    found = accesses("if (n && a[0] > 0) b[1] = 2; else b[2] = n ? a[3] : 0;")
    guards = {spell_access(a): [(spell(g.condition), g.positive) for g in a.guards] for a in found if a.path}
    assert guards["a[0]"] == [("n", True)]
    assert guards["b[1]"] == [("n && a[0] > 0", True)]
    assert guards["b[2]"] == [("n && a[0] > 0", False)]
    assert guards["a[3]"] == [("n && a[0] > 0", False), ("n", True)]


def test_continue_guards_the_rest_of_the_body() -> None:
    found = accesses("for (int i = 0; i < n; i++) { if (i == m) continue; a[i] = 0; }")
    (write,) = [a for a in found if a.writes and a.path]
    assert [(spell(g.condition), g.positive, g.depth) for g in write.guards] == [("i == m", False, 1)]
    assert write.exact and len(write.loops) == 1


def test_what_may_not_run_is_inexact() -> None:
    for body in (
        "for (int i = 0; i < n; i++) { a[i] = 0; if (a[i] > 1) break; }",
        "for (int i = 0; i < n; i++) { if (m) { if (n) continue; } a[i] = 0; }",
        "switch (n) { case 1: a[0] = 0; }",
        "if (m) goto out; a[0] = 0; out: ;",
    ):
        (write,) = [x for x in accesses(body) if x.writes and x.path]
        assert not write.exact and write.reason, body


def test_a_loop_of_its_own_does_not_leave_the_outer_one() -> None:
    found = accesses("for (int i = 0; i < n; i++) { for (int j = 0; j < m; j++) if (b[j] > 0) break; a[i] = 0; }")
    (write,) = [x for x in found if x.writes and x.path]
    assert write.exact


def test_known_calls_touch_what_their_parameters_reach() -> None:
    found = {spell_access(a): a for a in accesses("fill(a, n); sum(&b[m]); one(&a[n]); mix(s); sqrt(total);") if a.call}
    assert (found["a"].kind, found["a"].exact) == ("write", False)
    assert (found["b"].kind, found["b"].exact) == ("read", False)
    assert (found["a[n]"].kind, found["a[n]"].exact) == ("write", True)
    assert found["s"].kind == "update"
    assert len(found) == 4


@pytest.mark.parametrize(
    ("call", "place", "exact"),
    [
        ("one(a);", "a[0]", True),
        ("one(a + n);", "a[n]", True),
        ("one(table);", "table[0]", True),
        ("one(table + n);", "table[n]", True),
        ("one(table + n - 1);", "table[0 - 1 + n]", True),
        ("one(grid[n] + m);", "grid[n][m]", True),
        ("one(*grid + m);", "grid[0][m]", True),
        ("one(s[n].v + m);", "s[n].v[m]", True),
        ("one((double *)((float *)table + n));", "table", False),
        ("perhaps(a + n);", "a[n]", False),
        ("fill(a + n, m);", "a", False),
        ("fill(table + n, m);", "table", False),
        ("fill(s[n].v + m, 2);", "s[n].v", False),
    ],
)
def test_the_place_that_a_callee_gets(call: str, place: str, exact: bool) -> None:
    """`one` writes the element that its pointer points to, `perhaps` not always, `fill` all around it."""
    (write,) = [a for a in accesses(call) if a.call]
    assert (spell_access(write), write.exact) == (place, exact)
    assert write.path or (write.symbol is not None and write.symbol.is_array)


def test_a_row_passed_is_a_row_touched() -> None:
    (write,) = [a for a in accesses("fill(grid[n], m);") if a.call]
    assert spell_access(write) == "grid[n]" and write.writes


def test_globals_of_a_callee() -> None:
    found = {(a.kind, spell_access(a)) for a in accesses("tally();") if a.call}
    assert found == {("read", "table"), ("write", "total")}


def test_an_unknown_call_may_do_anything() -> None:
    found = [a for a in accesses("double t = 0; unknown(a, &t, n);") if a.call]
    assert {a.symbol.name for a in found if a.symbol} == {"a", "t"}
    assert any(a.symbol is None and a.kind == "update" and a.reason == "unknown-call" for a in found)
    assert not any(a.exact for a in found)


def test_a_call_through_a_pointer_is_unknown() -> None:
    found = accesses("g(a);", "void (*g)(double *), double *a")
    assert any(a.symbol is None and a.kind == "update" for a in found)


def test_volatile_is_never_exact() -> None:
    (read,) = [a for a in accesses("n = flag;") if a.symbol and a.symbol.name == "flag"]
    assert not read.exact and read.reason == "volatile"


def test_what_was_not_understood_may_touch_what_it_names() -> None:
    found = accesses('__asm__("nop" : "=r"(n));')
    assert any(a.symbol is None and a.kind == "update" and not a.exact for a in found)


def test_casts_that_change_the_element_lose_the_place() -> None:
    (write,) = [a for a in accesses("((float *)a)[n] = 0;") if a.writes]
    assert not write.exact and write.symbol is not None and write.symbol.name == "a"
    assert memory("((double *)a)[n] = 0;") == ["write a[n]"]


def test_loop_parts_in_order_of_evaluation() -> None:
    found = [(a.kind, spell_access(a), len(a.loops)) for a in accesses("for (int i = m; i < n; i++) a[0] = 0;")]
    assert found[0] == ("read", "m", 0) and found[1] == ("write", "i", 0)
    assert found[-1] == ("update", "i", 1)
    assert ("read", "n", 1) in found


def test_a_chain_of_thousands_of_else_ifs_needs_no_stack() -> None:
    chain = " else ".join(f"if (n == {i}) a[{i}] = 0;" for i in range(3000))
    assert sum(a.writes for a in accesses(chain)) == 3000
