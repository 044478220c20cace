"""Parts that follow each other: where they may meet. More in `tests/property/test_rows.py`, against enumeration."""

from __future__ import annotations

import pytest

from analyzers.dependence import loops, neighbours
from analyzers.dependence.neighbours import Meeting
from analyzers.settings import Options
from tests.analyzers.openmp.lowered import function

DATA = "double x[999], y[999], z[999]; int k[999]; struct { int n; double v[9]; } *box;"


def meeting(*parts: str, options: Options | None = None) -> Meeting:
    """How the first and the last part meet; `for` stands for a loop over `i` from 0 to `n`."""
    body = "\n".join(part.replace("for:", "for (i = 0; i < n; i++)") for part in parts)
    text = (
        f"{DATA}\nvoid f(int n, int m, double *p, double *q) {{ int i, t, s = 0; double u = 0;\n{body}\n z[0] = u; }}"
    )
    facts = loops.analyse(function(text), {}, options or Options())
    by_loop = {id(loop.loop): loop for loop in facts.loops}
    inside = [by_loop.get(id(stmt), stmt) for stmt in facts.function.body.statements]
    row = inside[-1 - len(parts) : -1]
    assert facts.neighbours is not None
    return facts.neighbours.of(row).meeting(0, len(row) - 1)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("for: x[i] = i;", "for: y[i] = z[i];", "never"),
        ("for: x[i] = z[i];", "for: y[i] = z[n - i];", "never"),
        ("for: x[i] = i;", "for: y[i] = x[i];", "in step"),
        ("for: y[i] = x[i];", "for: x[i] = i;", "in step"),
        ("for: x[i] = i;", "for: y[i] = x[i + 1];", "anywhere"),
        ("for: x[2 * i] = i;", "for: x[2 * i + 1] = i;", "never"),
        ("for: x[i] = i;", "for (t = 1; t <= n; t++) y[t] = x[t - 1];", "in step"),
        ("for: x[i] = i;", "for (t = 0; t < m; t++) y[t] = x[t];", "anywhere"),
        ("for: x[i] = i;", "for (i = 0; i < n; i += 2) y[i] = x[i];", "anywhere"),
        ("for: s += k[i];", "for: k[i] = 1;", "in step"),
        ("for: s += k[i];", "for: y[i] = s;", "anywhere"),
        ("for: u = x[i];", "for: y[i] = 1;", "never"),
        ("for: u = x[i];", "for: y[i] = u;", "anywhere"),
        ("for: x[k[i]] = 1;", "for: y[i] = x[i];", "anywhere"),
        ("for: k[i] = 1;", "for (i = 0; i < k[0]; i++) y[i] = 1;", "anywhere"),
        ("for: x[i] = 1;", "for (i = 0; i < box->n; i++) y[i] = 1;", "never"),
        ("for: k[i] = 1;", "for (i = 0; i < box->n; i++) y[i] = 1;", "anywhere"),
        ("for: x[i] = i;", "s = 1;", "never"),
        ("for: x[i + 1] = i;", "x[0] = 1;", "never"),
        ("for: x[i] = i;", "x[0] = 1;", "anywhere"),
        ("s = 1;", "for: x[i] = s;", "anywhere"),
        ("x[t] = 1;", "x[t + 1] = 1;", "never"),
    ],
)
def test_two_parts(first: str, second: str, expected: Meeting) -> None:
    assert meeting(first, second) == expected


def test_what_changes_between_two_parts_is_not_one_value() -> None:
    assert meeting("for: x[i] = i;", "for: y[i] = x[i + n];") == "never"
    assert meeting("for: x[i + s] = i;", "for: y[i] = x[i + s];") == "in step"
    assert meeting("for: x[i + s] = i;", "s = 7;", "for: y[i] = x[i + s];") == "anywhere"
    assert meeting("for: x[i] = i;", "n = n - 1;", "for: y[i] = x[i];") == "anywhere"


def test_pointers_are_apart_only_where_the_loops_rest_on_that() -> None:
    assert meeting("for: p[i] = 1;", "for: q[i] = 1;") == "anywhere"
    assert meeting("for: p[i] = 1;", "for: q[i] = 1;", options=Options(assume_no_alias=True)) == "never"
    assert meeting("for: p[i] = q[i];", "for: q[i] = 1;") == "in step"


def test_what_is_not_asked_is_not_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    assert meeting("for: x[i] = i;", "for: y[i] = x[i];") == "in step"
    monkeypatch.setattr(neighbours, "MOST", 0)
    assert meeting("for: x[i] = i;", "for: y[i] = x[i];") == "anywhere"
    assert meeting("for: x[i] = i;", "for: y[i] = z[i];") == "never"
