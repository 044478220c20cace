"""Pragmas from facts built by hand: which clauses, in which order, at which loop of a nest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzers.dependence.facts import FunctionFacts, LoopFacts, Reduction
from analyzers.frontends.c_notation import C
from analyzers.ir.expressions import Binary, Call, Constant, Element, Expr, Name
from analyzers.ir.statements import Assign, Block, Evaluate, Function, Loop, LoopHeader, Stmt
from analyzers.ir.symbols import INT, REAL, Extent, Symbol, Type
from analyzers.ir.verdicts import Assumption, Verdict
from analyzers.openmp.synthesis import Proposal, propose
from analyzers.text import NOWHERE
from tests.reports import loop_reports

PARALLEL = Verdict("parallel")
SERIAL = Verdict("dependent")
X, J, K, N, S, T = (Symbol(f"f/{n}", n, INT) for n in "ijknst")
A = Symbol("f/a", "a", Type("array", element=REAL, extents=(Extent(None),)))


def loop(index: Symbol, bound: Expr, *body: Stmt, kind: str = "for") -> Loop:
    return Loop(
        kind,  # type: ignore[arg-type]
        (Assign(Name(index), Constant(0), None, NOWHERE),),
        Binary("<", Name(index), bound),
        (Assign(Name(index), Constant(1), "+", NOWHERE),),
        Block(body, NOWHERE),
        NOWHERE,
        NOWHERE,
    )


def facts(made: Loop, index: Symbol, bound: Expr, parent: Loop | None = None, **more: object) -> LoopFacts:
    header = LoopHeader(index, Constant(0), "<", bound, Constant(1), False)
    trips = bound.value if isinstance(bound, Constant) else None
    base = LoopFacts(made, header, parent, 0 if parent is None else 1, trip_count=trips, verdict=PARALLEL, roles=())  # type: ignore[arg-type]
    return replace(base, **more)  # type: ignore[arg-type]


def offers(*loops: LoopFacts) -> tuple[Proposal, ...]:
    function = Function("f", (), False, Block((), NOWHERE), NOWHERE, NOWHERE, "", notation=C)
    return propose(FunctionFacts(function, (), loops, {}, shapes=loops))


def store(index: Symbol) -> Assign:
    return Assign(Element(Name(A), (Name(index),)), Name(N), None, NOWHERE)


def nest(outer: Expr, inner: Expr, **more: object) -> tuple[LoopFacts, LoopFacts]:
    inside = loop(J, inner, store(J))
    outside = loop(X, outer, inside)
    return facts(outside, X, outer, **more), facts(inside, J, inner, outside)


def test_clauses_in_their_order() -> None:
    only = facts(
        loop(X, Name(N), store(X)),
        X,
        Name(N),
        private=(J, K, N),  # what is lastprivate is private too
        firstprivate=(T,),
        lastprivate=(N,),
        linear=((S, Constant(2)),),
        reductions=(
            Reduction(A, "+", "a[:n]", True, ()),
            Reduction(T, "max", "t", True, ()),
            Reduction(K, "+", "k", False, ()),
        ),
    )
    (proposal,) = offers(only)
    assert proposal.pragma == (
        "#pragma omp parallel for private(j, k) firstprivate(t) lastprivate(n) linear(s: 2)"
        " reduction(+:a[:n], k) reduction(max:t)"
    )


def test_the_outermost_loop_is_offered_and_the_inner_one_is_right_but_not_offered() -> None:
    outer, inner = offers(*nest(Name(N), Name(N), private=(J,)))
    assert (outer.pragma, outer.profitable) == ("#pragma omp parallel for private(j)", True)
    assert (inner.pragma, inner.profitable) == ("#pragma omp parallel for", False)
    assert inner.advice == "the outer loop is the better place"


def test_a_small_loop_is_left_alone_with_the_reason() -> None:
    (proposal,) = offers(facts(loop(X, Constant(8), store(X)), X, Constant(8)))
    assert not proposal.profitable
    assert proposal.pragma == "#pragma omp parallel for"
    assert proposal.advice.startswith("too small to pay: 8 iterations of about ")


def test_an_inner_loop_of_unknown_length_in_a_serial_loop_is_not_offered() -> None:
    outer, inner = nest(Name(N), Name(N))
    _, inside = offers(replace(outer, verdict=SERIAL), inner)
    assert not inside.profitable
    assert "pays from about" in inside.advice


def test_few_outer_iterations_collapse() -> None:
    outer, _ = offers(*nest(Constant(4), Constant(50_000), collapse=2, private=(J,)))
    assert outer.pragma == "#pragma omp parallel for collapse(2)"


def test_many_outer_iterations_do_not_collapse() -> None:
    outer, _ = offers(*nest(Name(N), Name(N), collapse=2))
    assert outer.pragma == "#pragma omp parallel for"


def test_few_outer_iterations_that_cannot_collapse_leave_it_to_the_inner_loop() -> None:
    outer, inner = offers(*nest(Constant(4), Constant(500_000)))
    assert not outer.profitable
    assert "only 4 iterations" in outer.advice
    assert inner.profitable


def test_triangular_work_is_dealt_out_in_turn() -> None:
    outer, _ = offers(*nest(Constant(600), Name(X), rectangular=False))
    assert outer.schedule == "schedule(static, 8)"
    assert outer.pragma is not None
    assert outer.pragma.endswith("schedule(static, 8)")


def test_an_inner_while_is_handed_out_on_demand() -> None:
    inside = loop(J, Name(N), store(J), kind="while")
    outside = loop(X, Name(N), inside)
    inner = replace(facts(inside, J, Name(N), outside), header=None, verdict=SERIAL)
    outer, _ = offers(facts(outside, X, Name(N)), inner)
    assert outer.schedule == "schedule(dynamic, 16)"
    last, _ = offers(replace(facts(outside, X, Name(N)), lastprivate=(S,)), inner)
    assert last.schedule == "schedule(monotonic:dynamic, 16)", "stealing threads lose the last value in libomp"


def test_a_loop_that_openmp_does_not_take_gets_advice() -> None:
    (proposal,) = offers(facts(loop(X, Name(N), store(X), kind="while"), X, Name(N)))
    assert proposal.pragma is None
    assert "counts `i`" in proposal.advice


def test_strong_assumptions_give_a_conditional_pragma() -> None:
    verdict = Verdict("unknown", assumptions=(Assumption("independent-call", "`g` is independent", "strong"),))
    (proposal,) = offers(facts(loop(X, Name(N), store(X)), X, Name(N), verdict=verdict))
    assert proposal.pragma is None
    assert proposal.conditional == "#pragma omp parallel for"
    assert not proposal.profitable


CELLS = (
    "struct set { double *u; int *count; int *list; }; void f(struct set *s, int n) { for (int c = 0; c < n; c++) {"
    " int m = s->count[c]; for (int i = 0; i < m; i++) for (int j = 0; j < m; j++) { double d = i - j;"
    " for (int k = 0; k < 9; k++) d = d / (1 + d * d); s->u[AT] += d; } } }"
)


def test_threads_start_where_only_distinct_elements_are_wanting() -> None:
    outer, inner, *_ = loop_reports(CELLS.replace("AT", "c * 64 + i"))
    assert outer.verdict.confidence == "possible" and outer.conditional_pragma
    assert inner.verdict.counts_as_parallel and not inner.profitable
    assert (
        inner.advice
        == "the loop over `c` is the better place, if different iterations use different elements of `s->u`"
    )


def test_a_loop_that_comes_by_the_same_elements_again_is_no_better_place() -> None:
    outer, inner, *_ = loop_reports(CELLS.replace("AT", "i"))
    assert not outer.verdict.assumptions
    assert inner.profitable


def test_ordinary_assumptions_give_a_pragma() -> None:
    verdict = Verdict("unknown", assumptions=(Assumption("no-alias", "`x` and `y` do not overlap", "ordinary"),))
    (proposal,) = offers(facts(loop(X, Name(N), store(X)), X, Name(N), verdict=verdict))
    assert proposal.pragma == "#pragma omp parallel for"


def test_nothing_is_offered_inside_a_parallel_region() -> None:
    (proposal,) = offers(facts(loop(X, Name(N), store(X)), X, Name(N), inside_parallel=True))
    assert proposal.pragma is None
    assert not proposal.profitable


def test_copies_of_a_reduced_array_must_pay() -> None:
    wide = Symbol("f/h", "h", Type("array", element=INT, extents=(Extent(Constant(1_000_000)),)))
    h = Reduction(wide, "+", "h", False, ())
    (proposal,) = offers(facts(loop(X, Constant(100_000), store(X)), X, Constant(100_000), reductions=(h,)))
    assert not proposal.profitable
    assert "its own copy of `h`" in proposal.advice


def test_a_call_weighs() -> None:
    call = Evaluate(Call(Name(Symbol("//g", "g", storage="function")), ()), NOWHERE)
    (light,) = offers(facts(loop(X, Constant(5000), store(X)), X, Constant(5000)))
    (heavy,) = offers(facts(loop(X, Constant(5000), call), X, Constant(5000)))
    assert not light.profitable
    assert heavy.profitable


ARRAYS = "static double a[300], b[300], u[300][300]; static int k[300]; double g(double); double sqrt(double);"


@pytest.mark.parametrize(
    ("loop", "pragma"),
    [
        ("for (int i = 0; i < 300; i++) a[i] = b[i] + 1;", "#pragma omp simd"),
        ("for (int i = 299; i >= 0; i--) a[i] = b[299 - i];", "#pragma omp simd"),
        ("for (int i = 0; i < 300; i++) s += a[i];", "#pragma omp simd reduction(+:s)"),
        ("for (int i = 0; i < 300; i++) { t = a[i]; b[i] = t * t; }", "#pragma omp simd private(t)"),
        ("for (int i = 0; i < 300; i++) a[i] = sqrt(b[i]);", "#pragma omp simd"),
        ("for (int i = 0; i < 300; i++) u[3][i] = b[i];", "#pragma omp simd"),
        ("for (int i = 0; i < 300; i++) u[i][3] = b[i];", None),  # not one element after the other
        ("for (int i = 0; i < 300; i += 2) a[i] = b[i];", None),
        ("for (int i = 0; i < 150; i++) a[2 * i] = b[i];", None),
        ("for (int i = 0; i < 300; i++) a[i] = b[k[i]];", None),
        ("for (int i = 0; i < 300; i++) a[i] = g(b[i]);", None),
        ("for (int i = 0; i < 300; i++) if (b[i] > 0) a[i] = 1;", "#pragma omp simd"),
        ("for (int i = 0; i < 3; i++) a[i] = b[i];", None),
        ("for (int i = 0; i < 300; i++) for (int j = 0; j < 3; j++) u[i][j] = 1;", None),
    ],
)
def test_a_loop_too_small_for_threads_may_fill_vectors(loop: str, pragma: str | None) -> None:
    report = loop_reports(f"{ARRAYS} double f(double s, double t) {{ {loop} return s; }}")[0]
    titles = [fix.title for fix in report.fixes if "omp simd" in fix.title]
    assert titles == ([] if pragma is None else [f"insert `{pragma}`"])


def test_a_private_copy_must_fit_the_stack_of_a_thread() -> None:
    wide = Symbol("f/h", "h", Type("array", element=REAL, extents=(Extent(Constant(1_000_000)),)))
    many = Constant(900_000_000)
    for more in ({"reductions": (Reduction(wide, "+", "h", True, ()),)}, {"private": (wide,)}):
        (proposal,) = offers(facts(loop(X, many, store(X)), X, many, **more))
        assert not proposal.profitable
        assert "its own copy of `h` (1,000,000 elements) on its stack" in proposal.advice


@pytest.mark.parametrize(
    ("head", "offered"),
    [
        ("int i = 0; i < n; i++", True),
        ("int i = 0; i < (int)x; i++", True),
        ("int i = 0; i < x; i++", False),
        ("int i = 0; i < n * 0.5; i++", False),
        ("int i = 0; i < n; i += 2.0", False),
    ],
)
def test_bounds_and_steps_are_integers(head: str, offered: bool) -> None:
    """OpenMP 5.2 §4.4.1: compilers refuse others, though the iterations are independent."""
    (loop,) = loop_reports(f"void f(int n, double x, double *a) {{ for ({head}) a[i] = 1; }}")
    assert loop.verdict.status == "parallel"
    assert (loop.pragma is not None) is offered
    assert offered or "OpenMP wants an integer" in loop.advice


@pytest.mark.parametrize(
    ("inner", "more", "listed"),
    [
        ("parallel for", "", ""),
        ("parallel for private(t)", "", ""),
        ("parallel for private(t)", "t = 1; u[i][0] = t;", " private(t)"),
        ("parallel for", "for (j = 0; j < 9; j++) u[i][j] = 0;", " private(j)"),
        ("parallel for private(t) lastprivate(j)", "", " private(j)"),
        ("parallel private(t, j)", "", ""),
        ("parallel private(j) firstprivate(t)", "", " private(t)"),
        ("simd private(t)", "", " private(j)"),
        ("parallel for simd private(t)", "", " private(j)"),
        ("parallel for private(t) if(t > 2)", "", " private(t)"),
    ],
)
def test_what_inner_constructs_copy_needs_no_clause_outside(inner: str, more: str, listed: str) -> None:
    body = "u[i][j] = 1;" if inner == "parallel for" else "{ t = i + j; u[i][j] = t; }"
    text = f"for (i = 0; i < n; i++) {{ {more}\n#pragma omp {inner}\nfor (j = 0; j < 300; j++) {body} }}"
    report = loop_reports(f"{ARRAYS} void f(int n) {{ int i, j, t; {text} }}")[0]
    assert report.pragma == f"#pragma omp parallel for{listed}"
