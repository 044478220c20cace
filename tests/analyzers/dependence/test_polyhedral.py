"""Pairs of accesses in small nests: independent, dependent with a witness, or undecided with what is missing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analyzers.dependence import polyhedral
from analyzers.dependence.facts import Conflict
from analyzers.ir.accesses import Access, Guard
from analyzers.ir.expressions import Element, Expr, Name, symbols
from analyzers.ir.statements import Loop
from analyzers.ir.symbols import INT, Symbol
from tests.helpers_ir import (
    SIZE_T,
    UNSIGNED,
    Nest,
    add,
    array,
    binary,
    expr,
    invariant_except,
    mul,
    pointer,
    sub,
    variable,
)

ROW, COL, N, M, K = (variable(x) for x in "ijnmk")
A, B = array("a"), array("b", 10, 10)
IDX = array("idx", 10, element=INT)
FIXED = invariant_except(ROW, COL)


def constant_memory(e: Expr) -> bool:
    """Nothing in the loop writes `idx`."""
    return not {ROW, COL} & set(symbols(e))


def carried(
    nest: Nest, first: Access, second: Access, loop: Loop | None = None, invariant: Callable[[Expr], bool] = FIXED
) -> Conflict:
    return polyhedral.carried(first, second, loop or nest.kept[0], nest.headers, invariant)


def one_loop(*subscripts: Expr | Symbol | int, lower: int = 0, step: int = 1) -> tuple[Nest, Access, Access]:
    nest = Nest()
    nest.loop(ROW, lower, "<", N, step)
    write, read = (nest.access(A, s, kind=k) for s, k in zip(subscripts, ("write", "read"), strict=True))
    return nest, write, read


INDEPENDENT: dict[str, tuple[Expr | Symbol | int, Expr | Symbol | int, int]] = {
    "own element": (ROW, ROW, 1),
    "even and odd": (mul(2, ROW), add(mul(2, ROW), 1), 1),
    "own pair": (ROW, add(ROW, 1), 2),
    "reversed with own": (sub(sub(N, 1), ROW), sub(sub(N, 1), ROW), 1),
    "constants": (1, 2, 1),
    "past the end": (ROW, add(ROW, N), 1),
    "rotated": (binary("%", mul(3, ROW), 1), add(binary("%", ROW, 1), 1), 1),
}


@pytest.mark.parametrize("name", INDEPENDENT)
def test_independent(name: str) -> None:
    write, read, step = INDEPENDENT[name]
    assert carried(*one_loop(write, read, step=step)) == Conflict("none")


DEPENDENT: dict[str, tuple[Expr | Symbol | int, Expr | Symbol | int, str, int | None]] = {
    "previous": (ROW, sub(ROW, 1), "flow", 1),
    "next": (ROW, add(ROW, 1), "anti", 1),
    "two behind": (ROW, sub(ROW, 2), "flow", 2),
    "one element": (0, 0, "flow", None),
    "mirrored": (ROW, sub(sub(N, 1), ROW), "flow", None),
    "half": (binary("/", ROW, 2), binary("/", ROW, 2), "flow", 1),
    "remainder": (binary("%", ROW, 3), binary("%", ROW, 3), "flow", None),
    "far constant": (ROW, 40, "flow", None),
}


@pytest.mark.parametrize("name", DEPENDENT)
def test_dependent(name: str) -> None:
    write, read, kind, distance = DEPENDENT[name]
    answer = carried(*one_loop(write, read, lower=2 if "behind" in name else 0))
    assert answer.status == "proved"
    assert answer.dependence is not None and answer.witness is not None
    assert answer.dependence.distance == distance
    if name not in ("mirrored", "far constant"):
        assert answer.dependence.kind == kind
    assert answer.dependence.exact


def test_witness_is_small_and_says_the_sizes() -> None:
    answer = carried(*one_loop(ROW, sub(ROW, 1), lower=1))
    assert answer.witness is not None
    assert (answer.witness.first, answer.witness.second) == ((("i", 1),), (("i", 2),))
    assert answer.witness.element == "a[1]"
    assert answer.witness.parameters == (("n", 3),)


def test_symbolic_offset_needs_a_condition() -> None:
    answer = carried(*one_loop(ROW, add(ROW, K)))
    assert answer.status == "maybe" and answer.assumption is not None
    assert answer.assumption.kind == "condition" and answer.assumption.strength == "strong"
    assert "`k >= n`" in answer.assumption.text and "`k == 0`" in answer.assumption.text


def test_far_offset_is_rather_another_row() -> None:
    answer = carried(*one_loop(ROW, add(ROW, 1024)))
    assert answer.status == "maybe" and answer.assumption is not None
    assert answer.assumption.text == "`n <= 1024`"


def test_negative_step_orders_iterations_the_other_way() -> None:
    nest = Nest()
    nest.loop(ROW, sub(N, 1), ">=", 1, -1)
    answer = carried(nest, nest.access(A, ROW, kind="write"), nest.access(A, sub(ROW, 1)))
    assert answer.status == "proved" and answer.dependence is not None
    assert (answer.dependence.kind, answer.dependence.distance) == ("anti", 1)


def test_inner_indices_are_free() -> None:
    nest = Nest()
    outer, inner = nest.loop(ROW, 0, "<", N), nest.loop(COL, 0, "<", N)
    write, read = nest.access(B, ROW, COL, kind="write"), nest.access(B, COL, ROW)
    assert carried(nest, write, read, outer).status == "proved"
    assert carried(nest, write, read, inner).status == "none"  # in one row, b[i][j] meets b[j][i] at j == i only


def test_triangle_separates_transposed_elements() -> None:
    nest = Nest()
    outer = nest.loop(ROW, 0, "<", N)
    nest.loop(COL, 0, "<", ROW)
    write, read = nest.access(B, ROW, COL, kind="write"), nest.access(B, COL, ROW)
    assert carried(nest, write, read, outer).status == "none"


def test_guards_bound_the_iterations() -> None:
    nest = Nest()
    nest.loop(ROW, 0, "<", N)
    even = Guard(binary("==", binary("%", ROW, 2), 0), True, 1)
    odd = Guard(binary("==", binary("%", ROW, 2), 0), False, 1)
    assert (
        carried(nest, nest.access(A, ROW, kind="write", guards=[even]), nest.access(A, add(ROW, 1))).status == "proved"
    )
    write = nest.access(A, ROW, kind="write", guards=[even])
    assert carried(nest, write, nest.access(A, add(ROW, 2), guards=[odd])).status == "none"


def test_guard_before_a_loop_speaks_of_another_value_of_its_index() -> None:
    nest = Nest()
    loop = nest.loop(ROW, 0, "<", N)
    outside = Guard(binary("==", ROW, 5), True, 0)
    write = nest.access(A, 0, kind="write", guards=[outside])
    # Were the guard about the loop's index, one iteration alone would touch a[0].
    assert polyhedral.carried(write, write, loop, nest.headers, lambda e: True).status != "none"


def test_inexact_accesses_are_never_proved() -> None:
    nest = Nest()
    nest.loop(ROW, 0, "<", N)
    write = nest.access(A, 0, kind="write", exact=False)
    answer = carried(nest, write, write)
    assert answer.status == "maybe" and answer.reason is not None


def test_an_uncounted_loop_is_no_constraint() -> None:
    nest = Nest()
    nest.loop(ROW, 0, "<", N)
    nest.headers.clear()
    answer = carried(nest, nest.access(A, ROW, kind="write"), nest.access(A, ROW))
    assert answer.status == "maybe"


@pytest.mark.parametrize("kind", [INT, SIZE_T, UNSIGNED])
def test_linearised_rows(kind: object) -> None:
    i, j, n, m = (variable(x, kind) for x in "ijnm")  # type: ignore[arg-type]
    nest = Nest()
    outer, inner = nest.loop(i, 0, "<", n), nest.loop(j, 0, "<", m)
    own = nest.access(A, add(mul(i, m), j), kind="write")
    above = nest.access(A, add(mul(add(i, 1), m), j))
    fixed = invariant_except(i, j)
    assert carried(nest, own, own, outer, fixed).status == "none"
    assert carried(nest, own, own, inner, fixed).status == "none"
    answer = carried(nest, own, above, outer, fixed)
    assert answer.status == "proved" and answer.dependence is not None and answer.dependence.distance == 1
    assert carried(nest, own, above, inner, fixed).status == "none"


def test_linearised_rows_of_unknown_length_name_the_condition() -> None:
    nest = Nest()
    outer = nest.loop(ROW, 0, "<", N)
    nest.loop(COL, 0, "<", N)
    own = nest.access(A, add(mul(ROW, M), COL), kind="write")
    answer = carried(nest, own, own, outer)
    assert answer.status == "maybe" and answer.assumption is not None
    assert answer.assumption.text == "`n <= m`"


def test_padded_rows() -> None:
    nest = Nest()
    outer = nest.loop(ROW, 0, "<", N)
    nest.loop(COL, 0, "<", M)
    pitch = add(M, 1)
    own = nest.access(A, add(mul(ROW, pitch), COL), kind="write")
    last = nest.access(A, add(mul(ROW, pitch), M))
    assert carried(nest, own, last, outer).status == "none"


def test_scattered_writes_need_distinct_indices() -> None:
    nest = Nest()
    nest.loop(ROW, 0, "<", N)
    scattered = Element(Name(IDX), (Name(ROW),), INT)
    write = nest.access(A, add(mul(3, scattered), 1), kind="write")
    other = nest.access(A, mul(3, scattered), kind="write")
    answer = carried(nest, write, write, invariant=constant_memory)
    assert answer.status == "maybe" and answer.assumption is not None
    assert (answer.assumption.kind, answer.assumption.subjects) == ("distinct-index", ("idx",))
    assert carried(nest, write, other, invariant=constant_memory).status == "none"  # 3x + 1 is never 3y


def test_an_index_array_that_is_written_promises_nothing() -> None:
    nest = Nest()
    nest.loop(ROW, 0, "<", N)
    write = nest.access(A, Element(Name(IDX), (Name(ROW),), INT), kind="write")
    answer = carried(nest, write, write, invariant=FIXED)
    assert answer.status == "maybe" and answer.assumption is None


def test_row_pointers_need_to_rise() -> None:
    nest = Nest()
    loop = nest.loop(ROW, 0, "<", N)

    def row(at: Expr) -> Expr:
        return Element(Name(IDX), (at,), INT)

    nest.loop(COL, row(expr(ROW)), "<", row(add(ROW, 1)))
    write = nest.access(A, COL, kind="write")
    answer = carried(nest, write, write, loop, constant_memory)
    assert answer.status == "maybe" and answer.assumption is not None
    assert answer.assumption.text == "`idx` never decreases"


def test_a_pointer_that_moves_has_no_comparable_elements() -> None:
    p = pointer("p")
    nest = Nest()
    nest.loop(ROW, 0, "<", N)
    write = nest.access(p, 0, kind="write")
    answer = carried(nest, write, write, invariant=invariant_except(ROW, p))
    assert answer.status == "maybe" and answer.reason is not None and answer.reason.code == "pointer-varies"


def test_symbolic_tiles() -> None:
    nest = Nest()
    tiles = nest.loop(ROW, 0, "<", N)
    nest.headers[id(tiles)] = type(nest.headers[id(tiles)])(ROW, expr(0), "<", expr(N), expr(K), True)
    nest.loop(COL, ROW, "<", binary("min", add(ROW, K), N))
    write = nest.access(A, COL, kind="write")
    assert carried(nest, write, write, tiles).status == "none"


def test_same_iteration_and_unordered() -> None:
    nest = Nest()
    loop = nest.loop(ROW, 0, "<", N)
    write, read = nest.access(A, ROW, kind="write"), nest.access(A, add(ROW, 1))
    assert polyhedral.same_iteration(write, read, loop, nest.headers, FIXED).status == "none"
    assert polyhedral.same_iteration(write, write, loop, nest.headers, FIXED).status == "proved"
    assert polyhedral.unordered(write, read, nest.headers, FIXED).status == "proved"
    nest.end()
    nest.loop(COL, N, "<", add(N, N))
    far = nest.access(A, COL)
    assert polyhedral.unordered(write, far, nest.headers, FIXED).status == "none"


def test_covered_reads() -> None:
    nest = Nest()
    loop = nest.loop(ROW, 0, "<", N)
    nest.loop(COL, 0, "<", M)
    write = nest.access(A, COL, kind="write")
    nest.end()
    nest.loop(COL, 0, "<", sub(M, 1))
    inside, beyond = nest.access(A, add(COL, 1)), nest.access(A, add(COL, 2))
    assert polyhedral.covered(inside, [write], loop, nest.headers, FIXED)
    assert not polyhedral.covered(beyond, [write], loop, nest.headers, FIXED)
    assert not polyhedral.covered(inside, [], loop, nest.headers, FIXED)


def test_a_later_or_conditional_write_covers_nothing() -> None:
    nest = Nest()
    loop = nest.loop(ROW, 0, "<", N)
    nest.loop(COL, 0, "<", M)
    read, write = nest.access(A, COL), nest.access(A, COL, kind="write")
    assert not polyhedral.covered(read, [write], loop, nest.headers, FIXED)
    guarded = nest.access(A, COL, kind="write", guards=[Guard(binary(">", COL, 0), True, 2)])
    after = nest.access(A, COL)
    assert not polyhedral.covered(after, [guarded], loop, nest.headers, FIXED)
    assert polyhedral.covered(after, [write], loop, nest.headers, FIXED)


def test_an_indirect_read_is_covered_by_no_single_element() -> None:
    nest = Nest()
    loop = nest.loop(ROW, 0, "<", N)
    write = nest.access(A, 0, kind="write")
    read = nest.access(A, Element(Name(IDX), (Name(ROW),), INT))
    assert not polyhedral.covered(read, [write], loop, nest.headers, constant_memory)


def test_out_of_budget_is_undecided() -> None:
    nest = Nest()
    outer = nest.loop(ROW, 0, "<", N)
    nest.loop(COL, 0, "<", N)
    write, read = nest.access(B, ROW, COL, kind="write"), nest.access(B, COL, ROW)
    answer = polyhedral.carried(write, read, outer, nest.headers, FIXED, budget=20)
    assert answer.status == "maybe" and answer.reason is not None and answer.reason.code == "budget"
    # The context is usable afterwards.
    assert polyhedral.carried(write, read, outer, nest.headers, FIXED).status == "proved"
