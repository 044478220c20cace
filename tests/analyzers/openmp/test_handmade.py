"""What waiting for a flag orders: nothing unless one side releases and the other acquires (OpenMP 5.2 §1.4.4)."""

from __future__ import annotations

import pytest

from analyzers.api import analyze
from analyzers.text import SourceText

TEXT = """{head}
int f(int n) {{
  int data = 0, flag = 0, got = 0;
  #pragma omp parallel sections
  {{
    #pragma omp section
    {{
      data = n;
      #pragma omp atomic write {write}
      flag = 1;
    }}
    #pragma omp section
    {{
      int seen = 0;
      while (!seen) {{
        #pragma omp atomic read {read}
        seen = flag;
      }}
      got = data;
    }}
  }}
  return got;
}}
"""


def races(write: str, read: str, head: str = "") -> list[tuple[str | None, str]]:
    report = analyze(SourceText.of(TEXT.format(head=head, write=write, read=read)), "c")
    return [
        (f.facts.get("variable"), f.confidence)
        for p in report.functions
        for f in p.result.findings
        if f.category == "race" and f.confidence != "possible"
    ]


@pytest.mark.parametrize(("write", "read"), [("release", "acquire"), ("seq_cst", "seq_cst"), ("acq_rel", "seq_cst")])
def test_a_flag_hands_over_where_both_sides_flush(write: str, read: str) -> None:
    assert races(write, read) == []


@pytest.mark.parametrize(("write", "read"), [("", ""), ("release", ""), ("", "acquire"), ("relaxed", "relaxed")])
def test_a_relaxed_flag_hands_nothing_over(write: str, read: str) -> None:
    assert races(write, read) == [("data", "likely")]


@pytest.mark.parametrize(("order", "quiet"), [("seq_cst", True), ("acq_rel", True), ("relaxed", False)])
def test_a_requires_directive_gives_atomics_an_order(order: str, quiet: bool) -> None:
    found = races("", "", f"#pragma omp requires atomic_default_mem_order({order})")
    assert (found == []) == quiet
