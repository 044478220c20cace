"""Bare loops of C++: containers and objects of classes that nobody has seen."""

from __future__ import annotations

import pytest

from analyzers import api
from analyzers.ir.verdicts import LoopReport
from analyzers.settings import Options
from analyzers.text import SourceText

FOR = "#pragma omp parallel for"
ORDER = "the order in which iterations come to a critical or atomic region does not matter"


def first_loop(snippet: str) -> LoopReport:
    report = api.analyze(SourceText.of(snippet), "cpp", Options(snippet=True))
    return next(loop for placed in report.functions for loop in placed.result.loops)


@pytest.mark.parametrize(
    "snippet",
    [
        # An object with `operator[]` has members beside what that gives.
        "for (int i = 0; i < n; i++) { Part &p = parts[i]; p.level = queue.level + cost(queue[i]); }",
        "for (int i = 0; i < n; i++) { Point c; c.weight = w[i]; c[0] = x[i]; a[i] = c.weight * c[0]; }",
        # What is appended is stored, not followed.
        "for (int i = 0; i < n; i++) for (int j = 0; j < m; j++) rows[i].push_back(new Cell(at(j)));",
        "for (int i = 0; i < n; i++) { std::vector<bool> seen(m); std::fill(seen.begin(), seen.end(), false); "
        "for (int j = 0; j < m; j++) if (seen[j]) a[i] += j; }",
        # Rows that a pointer of the iteration leads to.
        "for (size_t j = 0; j < rows; ++j) { float *to = out + j * cols; const float *from = in + j * cols; "
        "std::copy(from, from + cols, to); }",
    ],
)
def test_unseen_classes_and_containers(snippet: str) -> None:
    loop = first_loop(snippet)
    assert (loop.pragma or loop.conditional_pragma or "").startswith(FOR)


@pytest.mark.parametrize(
    "snippet",
    [
        "for (int i = 1; i < n; i++) queue[i].x = queue[i - 1].x;",
        "for (int i = 1; i < n; i++) { queue.level = queue.level * 2 + x[i]; a[i] = queue[i]; }",
        "for (int i = 1; i < n; i++) { Point &c = points[0]; c.weight = c.weight * 2 + x[i]; }",
        "for (int i = 1; i < n; i++) { std::vector<double> &v = rows[0]; v.push_back(x[i]); }",
    ],
)
def test_one_object_stays_one(snippet: str) -> None:
    loop = first_loop(snippet)
    assert loop.pragma is None and loop.conditional_pragma is None


@pytest.mark.parametrize(
    "body",
    [
        "out.push_back(a[i]);",
        "this->rows.push_back(a[i]);",
        "{ grid.resize(count + 1); grid[count] = a[i]; count++; }",
    ],
)
def test_what_a_critical_region_collects_comes_in_any_order(body: str) -> None:
    loop = first_loop(f"for (int i = 0; i < n; i++) {{\n#pragma omp critical\n{body}\n}}")
    assert loop.verdict.status == "unknown"
    assert ORDER in [a.text for a in loop.verdict.assumptions]
    assert (loop.conditional_pragma or "").startswith(FOR)


@pytest.mark.parametrize(
    "body",
    [
        "#pragma omp critical\na[i] = a[i - 1] + 1;\n",
        "#pragma omp critical(one)\nout.push_back(i);\n#pragma omp critical(two)\nout.push_back(-i);\n",
        "#pragma omp critical\nout.push_back(i);\nb[i] = out[0];",
    ],
)
def test_what_no_critical_region_excuses(body: str) -> None:
    loop = first_loop(f"for (int i = 1; i < n; i++) {{\n{body}\n}}")
    assert loop.pragma is None and loop.conditional_pragma is None


def test_a_critical_region_around_the_loop_keeps_no_iterations_apart() -> None:
    text = "#pragma omp critical\nfor (int i = 0; i < n; i++) out.push_back(a[i]);"
    assert first_loop(text).conditional_pragma is None


ROWS = "std::vector<std::vector<double>> rows(99); "


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("for (int i = 0; i < 99; i++) { auto &v = rows[i]; v.push_back(i); }", "parallel"),
        ("for (auto &v : rows) { v.push_back(3); for (size_t k = 0; k < v.size(); k++) v[k] = k; }", "parallel"),
        (
            "for (int i = 1; i < 99; i++) { auto &v = rows[i]; auto &w = rows[i - 1]; v.push_back(w.size()); }",
            "dependent",
        ),
        ("for (int i = 0; i < 99; i++) { auto &v = rows[0]; v.push_back(i); }", "dependent"),
    ],
)
def test_a_reference_to_a_row_has_the_size_of_the_row(body: str, status: str) -> None:
    report = api.analyze(SourceText.of(f"#include <vector>\nvoid f() {{ {ROWS}{body} }}"), "cpp")
    assert report.functions[0].result.loops[0].verdict.status == status


def test_what_is_cast_to_a_pointer_is_one() -> None:
    cast = "for (int k = 0; k < n; k++) {{ auto *p = static_cast<{0} *>(out); p[k] = (({0} *)(in + offset))[k]; }}"
    assert first_loop(cast.format("double")).pragma == FOR
    assert first_loop(cast.format("float")).conditional_pragma == FOR
    assert (
        first_loop("for (int k = 1; k < n; k++) { auto *p = static_cast<float *>(out); p[k] = p[k - 1]; }").pragma
        is None
    )


def test_text_from_inside_an_if_of_the_preprocessor() -> None:
    snippet = "for (int i = 0; i < n; i++) {\n  a[i] = b[i];\n#else\nfor_each(i, n) {\n#endif\n  c[i] = a[i];\n}\n"
    assert first_loop(snippet).pragma == FOR


def test_a_pointer_that_walks_along_rows_is_told_by_one_assumption() -> None:
    text = (
        "for (int j = 0; j < h; j++) { float *to = ((float *)out) + (size_t)w * j; int i = 0; "
        "while (i < w && !aligned(to)) { *to = 1; i++; to++; } "
        "for (; i < w - 8; i += 8) { store(to, x); to += 4; } for (; i < w; i++, to++) *to = 2; }"
    )
    assert "`to` leads to different memory in different iterations" in [
        a.text for a in first_loop(text).verdict.assumptions
    ]
    assert (first_loop(text).conditional_pragma or "").startswith(FOR)


@pytest.mark.parametrize(
    "value", ["k < 0 ? 0 : k >= w ? w - 1 : k", "k < 0 || k > (w - 1) ? 0 : k", "(k < 0 ? 0 : k >= w ? w - 1 : k)"]
)
def test_a_comparison_is_no_template(value: str) -> None:
    loop = first_loop(f"for (int i = 0; i < n; i++) {{ int k = x[i] + 1; k = ({value}); out[i] = in[k]; }}")
    assert (loop.verdict.status, loop.pragma) == ("parallel", FOR)


def test_an_element_of_a_matrix_has_two_subscripts() -> None:
    loop = first_loop("for (int i = 0; i < n; i++) m->at<float>(0, i) = v.at<float>(i, 0);")
    assert loop.conditional_pragma == FOR
    assert [a.text for a in loop.verdict.assumptions] == [
        "`m[0].at(0, i)` names one element, a different one for different subscripts"
    ]
    assert (
        first_loop("for (int i = 1; i < n; i++) m.at<float>(0, i) = m.at<float>(0, i - 1);").conditional_pragma is None
    )


def test_what_a_method_sets_is_no_pointer_although_a_member_of_it_is_one() -> None:
    loop = first_loop("for (int i = 0; i < n; i++) { tls.init(size); Cache &c = *tls.cache; draw(c, i, &freq[0]); }")
    assert loop.conditional_pragma == f"{FOR} private(tls)"


def test_an_iterator_that_is_a_sum_leads_to_what_the_others_share() -> None:
    loop = first_loop("for (int k = 0; k < n; k++) { Iter i = first + at[k]; i->x += b[k]; }")
    assert "`i` leads to different memory in different iterations" in [a.text for a in loop.verdict.assumptions]


def test_the_difference_of_iterators_is_the_index() -> None:
    loop = first_loop("for (int k = 0; k < n; k++) { Iter i = first + k; b[k] = i->end(); a[i - first] = load(k); }")
    assert loop.conditional_pragma == FOR
    loop = first_loop("for (int k = 0; k < n; k++) { Iter i = first + k; b[k] = i->end(); a[i - first - k] = b[k]; }")
    assert loop.conditional_pragma is None
