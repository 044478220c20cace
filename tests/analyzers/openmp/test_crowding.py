"""Updates through an index that data choose: when two of them must meet, and when data may keep them apart."""

from __future__ import annotations

import pytest

from analyzers.api import analyze
from analyzers.text import SourceText


def confidence(update: str, loop: str = "for (int i = 0; i < 1000; i++)", bins: str = "int c[16];") -> str:
    """How sure the race on `c` is; "none" where there is none."""
    text = f"{bins}\nint key[1000];\nvoid f(int n, int *p) {{\n#pragma omp parallel for\n{loop} {{ {update} }}\n}}\n"
    (*_, function) = analyze(SourceText.of(text), "c").functions
    found = [f.confidence for f in function.result.findings if f.facts.get("variable") == "c"]
    return found[0] if found else "none"


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        ("c[key[i]]++;", "proved"),
        ("c[key[i]] = i;", "proved"),
        ("int b = key[i]; c[b] += 2;", "proved"),
        ("if (key[i] > 3) c[key[i]]++;", "possible"),  # data may choose iterations whose elements differ
        ("int b = key[i]; if (b < 16) c[b]++;", "likely"),
        ("int b = key[i]; if (b < 16) c[b] = i;", "possible"),
        ("int b = key[i]; if (i == 3) c[b] += 2;", "none"),
        ("int b = key[i]; if (i > n) c[b] += 2;", "possible"),
    ],
)
def test_more_iterations_than_elements(update: str, expected: str) -> None:
    assert confidence(update) == expected


@pytest.mark.parametrize(
    ("loop", "bins", "update", "expected"),
    [
        ("for (int i = 0; i < n; i++)", "int c[16];", "c[key[i]]++;", "likely"),
        ("for (int i = 0; i < n; i++)", "int c[16];", "c[key[i]] = i;", "possible"),
        ("for (int i = 0; i < n; i++)", "int c[100000];", "c[key[i]]++;", "possible"),  # a permutation fits in
        ("for (int i = 0; i < 16; i++)", "int c[16];", "c[key[i]]++;", "possible"),
        ("for (int i = 0; i < n; i++)", "int *c;", "c[key[i] / 8]++;", "likely"),
        ("for (int i = 0; i < n; i++)", "int *c;", "c[key[i] / 8] = 1;", "possible"),
        ("for (int i = 0; i < n; i++)", "int *c;", "c[key[i]]++;", "possible"),
    ],
)
def test_how_long_the_loop_is_matters(loop: str, bins: str, update: str, expected: str) -> None:
    assert confidence(update, loop, bins) == expected


def test_a_reduction_over_a_pointer_leads_to_a_copy_of_what_it_points_to() -> None:
    update = "p[key[i]]++; p[0] = p[0] + 1;"
    text = f"int key[1000];\nvoid f(void) {{\nint c[16];\nint *p = c;\n#pragma omp parallel for reduction(+: p[:16])\n\
for (int i = 0; i < 1000; i++) {{ {update} }}\n}}\n"
    (*_, function) = analyze(SourceText.of(text), "c").functions
    assert [f.message for f in function.result.findings if f.category == "race"] == []
