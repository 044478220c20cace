"""Objects that an unseen function fills: private, under an assumption that names both. Never more than possible."""

from __future__ import annotations

from typing import Literal

import pytest

from analyzers.ir.verdicts import LoopReport
from analyzers.settings import Options
from tests.reports import loop_reports

BARE = Options(snippet=True)


def offered(code: str, options: Options | None = None, language: Literal["c", "cpp"] = "c") -> str | None:
    """What is offered for the first loop, which no verdict proves."""
    return _first(code, options, language).conditional_pragma


def _first(code: str, options: Options | None, language: Literal["c", "cpp"]) -> LoopReport:
    loop = loop_reports(code, options, language)[0]
    assert (loop.verdict.status, loop.verdict.confidence, loop.pragma) == ("unknown", "possible", None)
    return loop


@pytest.mark.parametrize(
    ("body", "clauses"),
    [
        ("get(&x, i); a[i] = x;", " private(x)"),
        ("if (fetch(i, &x)) a[i] = x;", " private(x)"),
        ("int ok = fetch(i, &x); if (ok) a[i] = x;", " private(x)"),
        ("bounds(i, &lo, &hi); for (int k = lo; k < hi; k++) a[i] += b[k];", " private(hi, lo)"),
        ("load(&p, i); a[i] = p.u + p.v;", " private(p)"),
        ("if (c[i]) get(&x, i); else other(&x, i); a[i] = x;", " private(x)"),
        ("if (extract(i, &r)) store(a[i], r);", " private(r)"),
        ("get_flow(i, u, v); a[i] = u + v;", " private(u, v)"),
        ("g.getFlow(c, i, u, v); a[i] = 2 * v;", " private(u, v)"),
        # Nothing says that these are filled.
        ("get_flow(i, u, v);", ""),
        ("put_flow(i, u, v); a[i] = u + v;", ""),
        ("getaway(i, u, v); a[i] = u + v;", ""),
        ("c[i] = get_flow(i, u, v); a[i] = u + v;", ""),
        ("get_flow(u, v); a[i] = u + v;", ""),
        ("get_flow(u, v, i); a[i] = u + v;", ""),
        ("get_flow(i, u + 1, v); a[i] = u + v;", ""),
        ("get_flow(i, n, v); a[i] = v;", " private(v)"),
        ("get_flow(i, &u, v); a[i] = u + v;", " private(u)"),
        ("a[i] = work(&par, i);", ""),
        ("work(a[i], &par); more(b[i], &par);", ""),
        ("work(&out[i], &par); b[i] = par.scale;", ""),
        ("if (inside(&box, a[i])) b[i] = box.weight;", ""),
        ("a[i] = x; put(&x, i);", ""),
        ("scale_(&n, &alpha, &a[i]); b[i] = alpha * 2.0;", ""),
    ],
)
def test_what_is_handed_over_by_its_address(body: str, clauses: str) -> None:
    assert offered(f"for (int i = 0; i < n; i++) {{ {body} }}", BARE) == f"#pragma omp parallel for{clauses}"


def test_what_is_declared_is_handed_to_a_getter_by_value() -> None:
    code = "void f(int n, double *a, double u) { for (int i = 0; i < n; i++) { get_flow(i, u); a[i] = u; } }"
    assert offered(code) == "#pragma omp parallel for"


def test_the_function_and_the_object_are_named() -> None:
    loop = _first("for (int i = 0; i < n; i++) { get(&x, i); a[i] = x; }", BARE, "c")
    assert [(a.text, a.strength, a.subjects) for a in loop.verdict.assumptions] == [
        ("`get` is independent", "strong", ("get",)),
        ("`get` sets `x` and needs nothing that it held before", "strong", ("x",)),
    ]


def test_a_declared_variable() -> None:
    code = (
        "void get(double *, int);"
        " void f(int n, double *a) { double x; for (int i = 0; i < n; i++) { get(&x, i); a[i] = x; }"
    )
    assert offered(code + " }") == "#pragma omp parallel for private(x)"
    assert offered(code + " a[0] = x; }") == "#pragma omp parallel for lastprivate(x)"


def test_what_only_some_iterations_fill_and_somebody_reads_later_is_in_the_way() -> None:
    code = (
        "void get(double *, int); double f(int n, double *a) { double x = 0;"
        " for (int i = 0; i < n; i++) { if (a[i] > 0) { get(&x, i); a[i] = x; } } return x; }"
    )
    loop = _first(code, None, "c")
    assert (loop.conditional_pragma, loop.verdict.assumptions) == (None, ())


def test_a_global_may_be_what_the_function_sets_by_its_name() -> None:
    code = (
        "double x; void get(double *, int);"
        " void f(int n, double *a) { for (int i = 0; i < n; i++) { get(&x, i); a[i] = x; } }"
    )
    assert "private" not in (offered(code) or "")


@pytest.mark.parametrize(
    ("body", "clauses"),
    [
        ("solver.solve(b[i]); x[i] = solver.result();", " private(solver)"),
        ("r.load(raw + i); d.load(dark + i); dot(g, r - d).store(out + i);", " private(d, r)"),
        ("sum.reset(); for (int j = 0; j < m; j++) sum += w[j]; v[i] = sum;", " private(sum)"),
        # Told the iteration, it has elements; told where to write, it writes there; and a lock is a lock.
        ("grid.set(i, v[i]); h[i] = grid.spacing();", ""),
        ("tree.nearest(q[i], &hit); h[i] = hit + tree.depth();", " private(hit)"),
        ("guard.enter(); v[i] = f(w[i]); guard.leave();", ""),
        ("p->solve(b[i]); x[i] = p->result();", ""),
    ],
)
@pytest.mark.parametrize("language", ["c", "cpp"])
def test_an_object_whose_method_is_called_for_its_effect(
    body: str, clauses: str, language: Literal["c", "cpp"]
) -> None:
    code = f"for (int i = 0; i < n; i++) {{ {body} }}"
    assert offered(code, BARE, language) == f"#pragma omp parallel for{clauses}"
