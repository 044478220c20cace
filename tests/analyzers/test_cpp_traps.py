"""Loops of C++ that look parallel and are not."""

from __future__ import annotations

import pytest

from analyzers import api
from analyzers.ir.verdicts import LoopReport
from analyzers.text import SourceText

HEAD = """\
#include <map>
#include <memory>
#include <span>
#include <vector>
using std::vector;
"""


def loops(text: str) -> list[LoopReport]:
    report = api.analyze(SourceText.of(HEAD + text), "cpp")
    return [loop for placed in report.functions for loop in placed.result.loops]


def is_proved(text: str) -> bool:
    return any(loop.verdict.status == "parallel" for loop in loops(text))


@pytest.mark.parametrize(
    "view",
    [
        "std::span<double> s(v);",
        "std::span<double> s{v};",
        "std::span<double> s = v;",
        "std::span s(v);",
        "View s(v);",
        "ns::View<double> s(v);",
    ],
)
def test_views_lead_to_what_they_were_made_from(view: str) -> None:
    assert not is_proved(f"void f() {{ vector<double> v(99); {view} for (int i = 1; i < 99; i++) s[i] = v[i - 1]; }}")
    assert not is_proved(
        f"void f(vector<double> &v) {{ for (int i = 1; i < 99; i++) {{ {view} s[0] = s[0] * i + 1; }} }}"
    )
