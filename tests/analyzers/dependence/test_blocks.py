"""Calls that set or copy a block of memory: which elements, and that a work array may be cleared by one."""

from __future__ import annotations

import pytest

from analyzers import api
from analyzers.ir.verdicts import LoopReport
from analyzers.text import SourceText
from tests.reports import loop_reports

FOR = "#pragma omp parallel for"
HEAD = (
    "#include <string.h>\n#include <strings.h>\n"
    "void f(int n, int m, int *size, double *restrict a, double *restrict b, double x[8][8]) {"
)


def first(body: str) -> LoopReport:
    return loop_reports(f"{HEAD} double w[8]; char text[64]; for (int i = 0; i < n; i++) {{ {body} }} }}")[0]


@pytest.mark.parametrize(
    "body",
    [
        "memset(b + i * m, 0, m * sizeof(double));",
        "memset(&b[i * m], 0, m * sizeof(*b)); memcpy(a + i * m, b + i * m, sizeof(double) * m);",
        "memset((void *)(b + 4 * i), 0, 4 * sizeof(double));",
        "memmove(a + 2 * i, a + 2 * i + 2 * n, 2 * sizeof(double));",
        "bzero(b + 8 * i, 64);",
        "memset(x[i], 0, sizeof x[0]);",
    ],
)
def test_blocks_that_no_two_iterations_share(body: str) -> None:
    loop = first(body)
    assert (loop.verdict.status, loop.verdict.assumptions, loop.pragma) == ("parallel", (), FOR)


@pytest.mark.parametrize(
    "body",
    [
        "memcpy(a + i, b + i, 2 * sizeof(double));",
        "memset(b, 0, m * sizeof(double));",
        "memcpy(a + 2 * i + 2, a + 2 * i, 2 * sizeof(double));",
    ],
)
def test_blocks_that_two_iterations_share(body: str) -> None:
    loop = first(body)
    assert (loop.verdict.status, loop.verdict.confidence) == ("dependent", "proved")


@pytest.mark.parametrize(
    "body",
    [
        "memset(b + 16 * i, 0, 10);",  # not a number of elements
        "memset(b + i * m, 0, size[i] * sizeof(double));",
        "memset((char *)b + 8 * i, 0, 8);",
        "memset(b + i, 0, m);",
    ],
)
def test_blocks_of_which_the_elements_are_not_known(body: str) -> None:
    assert first(body).verdict.status == "unknown"


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("memset(w, 0, sizeof w); for (int j = 0; j < 8; j++) w[j] += a[8*i+j]; b[i] = w[0] + w[7];", "w"),
        ("memcpy(w, a + 8 * i, sizeof w); b[i] = w[0] * w[7];", "w"),
        ("memset(text, ' ', sizeof text); text[0] = 1; b[i] = text[i % 64];", "text"),
    ],
)
def test_a_work_array_that_is_set_as_a_block(body: str, name: str) -> None:
    loop = first(body)
    assert (loop.verdict.status, loop.pragma) == ("parallel", f"{FOR} private({name})")


@pytest.mark.parametrize(
    "body",
    [
        "memset(w, 0, 4 * sizeof(double)); for (int j = 0; j < 8; j++) w[j] += a[8*i+j]; b[i] = w[0] + w[7];",
        "if (a[i] > 0) memset(w, 0, sizeof w); w[0] += a[i]; b[i] = w[0];",
        "memmove(w, w + 1, 7 * sizeof(double)); w[7] = a[i]; b[i] = w[0];",
        "w[0] += a[i]; memset(w + 1, 0, 7 * sizeof(double)); b[i] = w[0];",
    ],
)
def test_a_block_that_leaves_something_of_the_iteration_before(body: str) -> None:
    assert first(body).pragma is None


def test_races_on_blocks() -> None:
    def races(body: str) -> set[str]:
        text = f"{HEAD}\n#pragma omp parallel for\nfor (int i = 0; i < n; i++) {{ {body} }} }}"
        report = api.analyze(SourceText.of(text), "c")
        return {f.rule for placed in report.functions for f in placed.result.findings if f.category == "race"}

    assert races("memset(b + i * m, 0, m * sizeof(double));") == set()
    assert races("memset(b, 0, m * sizeof(double));") != set()
    assert races("memcpy(a + i, b + i, 2 * sizeof(double));") != set()
