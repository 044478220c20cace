"""Which rules speak."""

from __future__ import annotations

import pytest

from analyzers.settings import Options, is_chosen, stands_for

CODES = ("race-a", "race-b", "omp-c")


@pytest.mark.parametrize(
    ("chosen", "ignored", "expected"),
    [
        ((), (), {"race-a", "race-b", "omp-c"}),
        (("race",), (), {"race-a", "race-b"}),
        (("race",), ("race-a",), {"race-b"}),
        (("race-a",), ("race",), {"race-a"}),
        ((), ("race",), {"omp-c"}),
        ((), ("all",), set()),
        (("omp-c",), ("all",), {"omp-c"}),
        (("all",), ("omp",), {"race-a", "race-b"}),
        (("nothing",), (), set()),
    ],
)
def test_choosing_rules(chosen: tuple[str, ...], ignored: tuple[str, ...], expected: set[str]) -> None:
    assert {code for code in CODES if is_chosen(code, chosen, ignored)} == expected
    options = Options(select=frozenset(chosen), ignore=frozenset(ignored))
    assert {code for code in CODES if options.runs(code)} == expected


def test_a_name_stands_for_a_code_its_family_or_everything() -> None:
    assert [name for name in ("race-a", "race", "all", "rac", "race-", "omp") if stands_for(name, "race-a")] == [
        "race-a",
        "race",
        "all",
    ]
