"""Comments that accept findings, and what is said of those that are in vain."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers import suppressions
from analyzers.ir.verdicts import FileReport, Finding, FunctionResult, PlacedResult
from analyzers.rules import registry
from analyzers.suppressions import UNUSED, apply, apply_file, scan
from analyzers.text import SourceText, Span
from tests.edits import applied

RULES = {"race-missing-reduction": None, "race-shared-scalar": None, "omp-unknown-clause": None}


@pytest.fixture(autouse=True)
def _rules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "rules", lambda: RULES)


def _finding(text: str, needle: str, rule: str = "race-missing-reduction") -> Finding:
    start = text.encode().index(needle.encode())
    return Finding(rule, "race", "error", "proved", Span(start, start + len(needle.encode())), "message")


@pytest.mark.parametrize(
    "text",
    [
        "s += a[i]; // hpc-ls: ignore[race-missing-reduction]",
        "s += a[i]; // hpc-ls: ignore[race-missing-reduction] checked by hand",
        "s += a[i]; // hpc-ls:ignore",
        "s += a[i]; // hpc-ls: ignore [omp-unknown-clause, race]",
        "s += a[i]; /* hpc-ls: ignore[race] */",
        "s += a[i]; // NOLINT(x) hpc-ls: ignore[race]",
        "/* hpc-ls: ignore[race] */ s += a[i];",
        "  // hpc-ls: ignore[race]\n  s += a[i];",
        "  // hpc-ls: ignore[race]\r\n  s += a[i];",
        "/* why\n * hpc-ls: ignore[race]\n */\ns += a[i];",
        "// hpc-ls: ignore[race]\n// hpc-ls: ignore[omp]\ns += a[i];",
        'puts("//"); s += a[i]; // hpc-ls: ignore[race]',
        "c = '\"'; s += a[i]; // hpc-ls: ignore[race]",
        'f("a\\"b"); s += a[i]; // hpc-ls: ignore[race]',
        "#error don't\ns += a[i]; // hpc-ls: ignore[race]",
        'x = "é😀"; s += a[i]; // hpc-ls: ignore[race] ü',
    ],
)
def test_accepted(text: str) -> None:
    found = apply(text.encode(), [_finding(text, "s += a[i]")])
    assert [f.rule for f in found if f.rule != UNUSED] == []


@pytest.mark.parametrize(
    "text",
    [
        "s += a[i];",
        "s += a[i]; // hpc-ls: ignore[omp]",
        "s += a[i]; // hpc-ls: ignore[race-shared-scalar]",
        "s += a[i]; // hpc-ls: ignore[rac]",
        "s += a[i]; // hpc-ls: ignore[race",
        "s += a[i]; // hpc-ls: ignore[]",
        "s += a[i]; // hpc-ls: ignoring",
        "s += a[i]; // use `hpc-ls: ignore[race]`",
        's += a[i]; puts("// hpc-ls: ignore[race]");',
        's += a[i]; puts("\\\\\\"// hpc-ls: ignore[race]");',
        "s += a[i];\n// hpc-ls: ignore[race]",
        "// hpc-ls: ignore[race]\n\ns += a[i];",
        "x; // hpc-ls: ignore[race]\ns += a[i];",
        "// hpc-ls: ignore[race]\nx;\ns += a[i];",
        "s += a[i]; // hpc-ls: ignore-file[race]",
        "s += a[i]; hpc-ls: ignore[race]",
    ],
)
def test_not_accepted(text: str) -> None:
    found = apply(text.encode(), [_finding(text, "s += a[i]")])
    assert [f.rule for f in found if f.rule != UNUSED] == ["race-missing-reduction"]


@pytest.mark.parametrize(
    ("text", "message", "fixed"),
    [
        ("x; // hpc-ls: ignore[race]\n", "`race` finds nothing here to ignore", "x;\n"),
        ("x; // hpc-ls: ignore\n", "there is nothing here to ignore", "x;\n"),
        ("a;\n  // hpc-ls: ignore\nx;\n", "there is nothing here", "a;\nx;\n"),
        ("x; /* hpc-ls: ignore */ y;\n", "there is nothing here", "x;  y;\n"),
        ("x; // hpc-ls: ignore[rase]\n", "no rule is called `rase`; did you mean `race`?", "x;\n"),
        ("x; // hpc-ls: ignore[omp, race-shared-scalar]\n", "`omp` and `race-shared-scalar` find nothing", "x;\n"),
        ("s += a[i]; // hpc-ls: ignore[race, omp] me\n", "`omp` finds", "s += a[i]; // hpc-ls: ignore[race] me\n"),
        ("x; // NOLINT hpc-ls: ignore\n", "nothing here", "x; // NOLINT \n"),
        ("x; // hpc-ls: ignore[race\n", "bracket is not closed", "x;\n"),
        ("x; // hpc-ls: ignor[race]\n", "did you mean `ignore`?", "x;\n"),
        ("x; // hpc-ls: ignore-file[race]\n", "before the first code", "x;\n"),
        ("x; // hpc-ls: ignore[]\n", "name no rule", "x;\n"),
    ],
)
def test_in_vain(text: str, message: str, fixed: str) -> None:
    findings = [_finding(text, "s += a[i]")] if "s +=" in text else []
    found = apply(text.encode(), findings)
    assert [f.rule for f in found] == [UNUSED]
    assert message in found[0].message
    assert found[0].tags == ("unnecessary",)
    after = applied(text.encode(), found[0].fixes[0].edits).decode()
    assert after == fixed
    assert apply(after.encode(), findings) == ()


def test_a_rule_that_did_not_run_is_not_in_vain() -> None:
    text = b"x; // hpc-ls: ignore[omp-unknown-clause]"
    assert apply(text, [], ran={"race-missing-reduction", UNUSED}) == ()
    assert apply(text, [], ran={"omp-unknown-clause"}) == ()
    assert len(apply(text, [], ran={"omp-unknown-clause", UNUSED})) == 1


def test_prose_is_left_alone() -> None:
    assert apply(b"// hpc-ls: see the manual", []) == ()


def test_fortran_comments() -> None:
    text = "print *, '! hpc-ls: ignore'\ns = s + a(i) ! hpc-ls: ignore[race]\n"
    assert [s.names for s in scan(SourceText.of(text), "fortran")] == [("race",)]


def _report(text: str, functions: list[tuple[str, list[Finding]]], own: list[Finding]) -> FileReport:
    placed = []
    for body, findings in functions:
        start = text.encode().index(body.encode())
        relative = tuple(
            Finding(f.rule, f.category, f.severity, f.confidence, f.span.shifted(-start), f.message) for f in findings
        )
        span = Span(0, len(body.encode()))
        relative = apply(body.encode(), relative)
        placed.append(PlacedResult(start, FunctionResult("f", "x", span, findings=relative)))
    return FileReport("c", tuple(placed), tuple(own))


def _rules_of(report: FileReport) -> list[str]:
    return [f.rule for f in report.findings] + [f.rule for p in report.functions for f in p.result.findings]


def test_a_whole_file_is_accepted() -> None:
    body = "void f(void) { s += 1; }"
    text = f"/* licence */\n#include <math.h>\n// hpc-ls: ignore-file[race]\n\nint s;\n{body}\n"
    finding = _finding(text, "s += 1")
    assert _rules_of(apply_file(SourceText.of(text), _report(text, [(body, [finding])], []))) == []
    assert _rules_of(apply_file(SourceText.of(text), _report(text, [(body, [])], []))) == [UNUSED]


def test_ignore_file_below_code_is_told() -> None:
    body = "void f(void) { s += 1; }"
    text = f"int s;\n// hpc-ls: ignore-file[race]\n{body}\n"
    finding = _finding(text, "s += 1")
    report = apply_file(SourceText.of(text), _report(text, [(body, [finding])], []))
    assert _rules_of(report) == [UNUSED, "race-missing-reduction"]


def test_comments_outside_functions() -> None:
    body = "void f(void) { s += 1; } // inside nothing"
    text = f"// hpc-ls: ignore[race]\n{body}\nint s; // hpc-ls: ignore[omp]\n"
    findings = [_finding(text, "s += 1")]
    own = [_finding(text, "int s", "omp-unknown-clause")]
    assert _rules_of(apply_file(SourceText.of(text), _report(text, [(body, findings)], own))) == []


def test_comments_in_functions_are_judged_once() -> None:
    body = "void f(void) { s += 1; // hpc-ls: ignore[race]\n}"
    text = f"int s;\n{body}\n"
    report = _report(text, [(body, [_finding(text, "s += 1")])], [])
    assert _rules_of(apply_file(SourceText.of(text), report)) == []


_line = st.sampled_from(
    [
        "s += a[i];",
        "x = y;",
        'puts("// hpc-ls: ignore");',
        "// note",
        "// hpc-ls: ignore",
        "x; // hpc-ls: ignore[race]",
        "s += a[i]; /* hpc-ls: ignore[race-missing-reduction] */",
        "/* hpc-ls: ignore[omp] */",
        "",
    ]
)


@given(lines=st.lists(_line, max_size=12), newline=st.sampled_from(["\n", "\r\n", "\r"]))
def test_any_placement(lines: list[str], newline: str) -> None:
    """Against a description by lines, written independently."""
    text = newline.join(lines)
    findings, expected_left, needed = [], [], set()
    offset = 0
    for number, line in enumerate(lines):
        if line.startswith("s += "):
            finding = Finding("race-missing-reduction", "race", "error", "proved", Span(offset, offset + 4), "m")
            findings.append(finding)
            covering = [number] if "/*" in line else []
            above = number - 1
            while above >= 0 and lines[above] in ("// hpc-ls: ignore", "/* hpc-ls: ignore[omp] */"):
                if "omp" not in lines[above]:
                    covering.append(above)
                above -= 1
            needed.update(covering)
            if not covering:
                expected_left.append(finding)
        offset += len(line) + len(newline)
    marked = {n for n, line in enumerate(lines) if "hpc-ls" in line and "puts" not in line}
    found = apply(text.encode(), findings)
    assert [f for f in found if f.rule != UNUSED] == expected_left
    source = SourceText.of(text)
    assert {source.line_of(f.span.start) for f in found if f.rule == UNUSED} == marked - needed


@given(st.binary(max_size=60))
def test_any_bytes(data: bytes) -> None:
    text = b"// hpc-ls: ignore" + data
    for finding in apply(text, []):
        assert finding.span.end <= len(text)
    source = SourceText.of(data + b"! hpc-ls: ignore")
    for each in suppressions.scan(source, "fortran"):
        assert source.slice(each.span).startswith("hpc-ls:")
