"""The formats, on results made by hand: what stands in them must not depend on what the analysis finds."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.ir.verdicts import Assumption, Edit, Finding, Fix, Governed, LoopReport, Reason, Related, Verdict
from analyzers.text import SourceText, Span
from lsp_server.outcomes import Located, Outcome, innermost
from lsp_server.reporters import github
from lsp_server.reporters.frames import Mark, frame
from lsp_server.reporters.github import GithubReporter
from lsp_server.reporters.json import JsonReporter
from lsp_server.reporters.loops import loop_rows
from lsp_server.reporters.sarif import SarifReporter
from lsp_server.reporters.text import TextReporter, wrapped
from lsp_server.terminal import visible

SCHEMA = json.loads((Path(__file__).parents[2] / "resources" / "sarif-schema-2.1.0.json").read_text(encoding="utf-8"))
TEXT = """\
double kinetic(int n)
{
    double total = 0.0;
    #pragma omp parallel for
    for (int i = 0; i < n; i++)
        /* 😀 */ total += 0.5 * mass[i];
    return total;
}
"""
WHY = "`total` is declared outside the region (line 3), so it is shared (OpenMP 5.2 §5.1.1)."


def span(text: str, needle: str, nth: int = 0) -> Span:
    at = -1
    for _ in range(nth + 1):
        at = text.encode().index(needle.encode(), at + 1)
    return Span(at, at + len(needle.encode()))


def race(text: str = TEXT, *, confidence: str = "proved", severity: str = "error") -> Located:
    end = span(text, "parallel for").end
    finding = Finding(
        "race-missing-reduction",
        "race",
        severity,  # type: ignore[arg-type]
        confidence,  # type: ignore[arg-type]
        span(text, "total", 1),
        "`total` is added to by all threads",
        "every thread adds to the same `total`",
        WHY,
        (Related(span(text, "double total"), "declared here"),),
        (
            Fix(
                "add `reduction(+:total)`",
                (Edit(Span(end, end), " reduction(+:total)"),),
                note="Each thread sums its own.",
            ),
        ),
    )
    return Located(finding, "kinetic")


def loop(text: str = TEXT, **changes: object) -> LoopReport:
    whole = span(text, "for (int i = 0; i < n; i++)\n        /* 😀 */ total += 0.5 * mass[i];")
    values: dict[str, object] = {
        "span": whole,
        "header_span": span(text, "for (int i = 0; i < n; i++)"),
        "function": "kinetic",
        "verdict": Verdict("parallel"),
        "depth": 0,
        "roles": (),
        "pragma": "#pragma omp parallel for reduction(+:total)",
        "conditional_pragma": None,
        "profitable": True,
        "advice": "",
        "summary": "parallel · reduction(+:total)",
        "explanation": "This loop can run in parallel.\n  total   a sum: reduction(+:total)",
        "insert_at": 0,
        "indent": "    ",
        "existing": span(text, "#pragma omp parallel for"),
    }
    return LoopReport(**(values | changes))  # type: ignore[arg-type]


def outcome(text: str = TEXT, **changes: object) -> Outcome:
    shown = loop(text)
    values: dict[str, object] = {
        "name": "src/energy.c",
        "path": Path("src/energy.c"),
        "source": SourceText.of(text),
        "findings": (race(text),),
        "loops": (shown,),
        "governed": (Governed(shown.span, shown.header_span, span(text, "#pragma omp parallel for")),),
    }
    return Outcome(**(values | changes))  # type: ignore[arg-type]


BROKEN = Outcome("gone.c", Path("gone.c"), error="does not exist")
Make = Callable[[io.StringIO], object]


def render(make: Make, *outcomes: Outcome) -> str:
    out = io.StringIO()
    with make(out) as reporter:  # type: ignore[attr-defined]
        for one in outcomes:
            reporter.add(one)
    return out.getvalue()


@pytest.fixture(autouse=True)
def _width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("FORCE_COLOR", raising=False)


# --- text -----------------------------------------------------------------------------------------------------------


def test_a_race_in_the_terminal() -> None:
    errors = io.StringIO()
    text = render(lambda out: TextReporter(out, errors), outcome(), BROKEN)
    assert text == (
        "race-missing-reduction  src/energy.c:6:17  proved\n"
        "    3 |     double total = 0.0;\n"
        "      |     ------------ declared here\n"
        "    4 |     #pragma omp parallel for\n"
        "    5 |     for (int i = 0; i < n; i++)\n"
        "    6 |         /* 😀 */ total += 0.5 * mass[i];\n"
        "      |                  ^^^^^ every thread adds to the same `total`\n"
        "  why   `total` is declared outside the region (line 3), so it is shared (OpenMP 5.2 §5.1.1).\n"
        "  fix   add `reduction(+:total)`    Each thread sums its own.\n"
        "\n"
        "1 finding (1 proved) in 1 of 1 file.\n"
    )
    assert errors.getvalue() == "hpc-ls: gone.c: does not exist\n"


def test_assumptions_stand_below_the_reason() -> None:
    located = race(confidence="likely")
    finding = located.finding
    likely = Finding(
        *(getattr(finding, name) for name in ("rule", "category", "severity", "confidence", "span", "message")),
        assumptions=(
            Assumption("library", "`rand` is the library function", "ordinary"),
            Assumption("distinct-index", "`ix` holds no value twice", "strong"),
        ),
    )
    text = render(lambda out: TextReporter(out, io.StringIO()), outcome(findings=(Located(likely, "kinetic"),)))
    assert "  if    `rand` is the library function\n  safe  if `ix` holds no value twice\n" in text
    assert "(1 likely)" in text


def test_nothing_found_is_said() -> None:
    assert render(lambda out: TextReporter(out, io.StringIO()), outcome(findings=())) == "Nothing found in 1 file.\n"


@pytest.mark.parametrize(
    ("color", "environment", "expected"),
    [
        ("auto", {}, False),
        ("always", {}, True),
        ("never", {"FORCE_COLOR": "1"}, False),
        ("auto", {"FORCE_COLOR": "1"}, True),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ("always", {"NO_COLOR": "1"}, True),
    ],
)
def test_color(monkeypatch: pytest.MonkeyPatch, color: str, environment: dict[str, str], expected: bool) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    text = render(lambda out: TextReporter(out, io.StringIO(), color), outcome())  # type: ignore[arg-type]
    assert ("\x1b[1;31m" in text) is expected


def test_a_loop_with_its_pragma() -> None:
    one = loop(existing=None)
    rows = [row.plain for row in loop_rows(outcome(loops=(one,)), one, 100, offered=True)]
    assert rows == [
        "parallel  src/energy.c:5:5  proved",
        "      +     #pragma omp parallel for reduction(+:total)",
        "    5 |     for (int i = 0; i < n; i++)",
        "    6 |         /* 😀 */ total += 0.5 * mass[i];",
        "  why   This loop can run in parallel.",
        "          total   a sum: reduction(+:total)",
    ]


def test_the_loop_of_a_line() -> None:
    text = "#pragma omp parallel for\nfor (i) {\n  for (j)\n    x;\n}\ny;\n"
    outer = loop(span=Span(25, 53), header_span=Span(25, 32), existing=Span(0, 24))
    inner = loop(span=Span(37, 51), header_span=Span(37, 44), existing=None)
    source = SourceText.of(text)
    chosen = [innermost(source, (outer, inner), line) for line in range(6)]
    assert chosen == [outer, outer, inner, inner, outer, None]


def test_wrapped_prose_keeps_its_column() -> None:
    assert wrapped("  x   " + "word " * 6 + "end", 20) == ["  x   word word word", "      word word word", "      end"]
    assert wrapped("a" * 50, 20) == ["a" * 50]


# --- frames ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "needle", "expected"),
    [
        ("\tx += 1;", "x", "    ^"),
        ("a\tx += 1;", "x", "    ^"),
        ("    \tx;", "x", "        ^"),
        ("/* 物理 */ x;", "x", "           ^"),
        ("/* é */ x;", "x", "        ^"),
        ("/* e\u0301 */ x;", "x", "        ^"),
        ("\x0cx;", "x", " ^"),
        ("/* \x1b[31m */ x;", "x", "            ^"),
        ("x物y;", "x物y", "^^^^"),
        ("for (;;)", "(;;)", "    ^^^^"),
    ],
)
def test_marks_stand_below_what_they_mark(line: str, needle: str, expected: str) -> None:
    rows = frame(SourceText.of(line), [Mark(span(line, needle), "here", "")])
    assert rows[1].plain == f"      | {expected} here"
    assert "\x1b" not in rows[0].plain


def test_the_terminal_is_out_of_reach() -> None:
    assert visible("a\x1b[31m\u202eb\x9b\n") == "a␛[31m\ufffdb\ufffd␊"
    assert visible("naïve 物理") == "naïve 物理"


def test_gaps_are_shown() -> None:
    source = SourceText.of("\n".join(f"line {n}" for n in range(1, 20)))
    rows = frame(source, [], [0, 2, 9])
    assert [row.plain for row in rows] == [
        "    1 | line 1",
        "    2 | line 2",
        "    3 | line 3",
        "  ...",
        "   10 | line 10",
    ]


def test_a_line_of_megabytes_is_cut_around_the_mark() -> None:
    text = "a + " * 1_000_000 + "TARGET" + " + b" * 1_000_000
    rows = frame(SourceText.of(text), [Mark(span(text, "TARGET"), "here", "")], width=80)
    assert len(rows[0].plain) <= 80
    column = rows[1].plain.index("^")
    assert rows[0].plain[column : column + 6] == "TARGET"
    assert "…" in rows[0].plain[:10]
    assert rows[0].plain.endswith("…")


def test_what_would_be_inserted_keeps_its_indentation() -> None:
    rows = frame(SourceText.of("\tx;"), [], inserted={0: "\t#pragma"})
    assert [row.plain for row in rows] == ["      +     #pragma", "    1 |     x;"]


def test_long_labels_go_below() -> None:
    text = " " * 60 + "x;"
    rows = frame(
        SourceText.of(text), [Mark(span(text, "x"), "a label that is far too long for its line", "")], width=80
    )
    assert all(len(row.plain) <= 80 for row in rows)
    assert "".join(row.plain for row in rows).count("label") == 1


@given(st.text(max_size=80), st.integers(0, 80), st.integers(0, 80), st.integers(30, 90))
def test_any_line_is_shown(text: str, start: int, end: int, width: int) -> None:
    source = SourceText.of(text)
    data = len(source)
    low, high = sorted((min(start, data), min(end, data)))
    for row in frame(source, [Mark(Span(low, high), "label", "")], width=width):
        assert visible(row.plain) == row.plain


# --- json -----------------------------------------------------------------------------------------------------------


def test_json_of_check() -> None:
    document = json.loads(render(lambda out: JsonReporter(out, loops=False), outcome(), BROKEN))
    assert list(document) == ["version", "files"]
    assert document["version"] == 1
    first, second = document["files"]
    assert list(first) == ["path", "language", "status", "diagnostics", "loops"]
    assert first["loops"] == []
    diagnostic = first["diagnostics"][0]
    assert list(diagnostic)[:8] == [
        "code",
        "category",
        "severity",
        "confidence",
        "range",
        "message",
        "related",
        "fixes",
    ]
    # A character outside the basic plane is two UTF-16 units.
    assert diagnostic["range"] == {"start": {"line": 5, "character": 17}, "end": {"line": 5, "character": 22}}
    assert diagnostic["fixes"][0]["edits"][0]["newText"] == " reduction(+:total)"
    assert second == {
        "path": "gone.c",
        "language": "c",
        "status": "error",
        "error": "does not exist",
        "diagnostics": [],
        "loops": [],
    }


_no_alias = Assumption("no-alias", "`x` and `y` do not overlap", "ordinary")
_call = Assumption("independent-call", "`f` is independent", "strong")


@pytest.mark.parametrize(
    ("changes", "verdict", "confidence", "pragma"),
    [
        ({}, "parallel", "proved", "#pragma omp parallel for reduction(+:total)"),
        ({"verdict": Verdict("unknown", assumptions=(_no_alias,)), "pragma": "p"}, "parallel", "likely", "p"),
        (
            {"verdict": Verdict("unknown", assumptions=(_no_alias, _call)), "pragma": None, "conditional_pragma": "c"},
            "unknown",
            "possible",
            "c",
        ),
        (
            {"verdict": Verdict("dependent", (Reason("carried-dependence", "because"),)), "pragma": None},
            "serial",
            "proved",
            None,
        ),
        ({"verdict": Verdict("unknown"), "pragma": None}, "unknown", "possible", None),
    ],
)
def test_json_of_suggest(changes: dict[str, object], verdict: str, confidence: str, pragma: str | None) -> None:
    document = json.loads(render(lambda out: JsonReporter(out, loops=True), outcome(loops=(loop(**changes),))))
    entry = document["files"][0]["loops"][0]
    assert document["files"][0]["diagnostics"] == []
    assert list(entry)[:8] == [
        "range",
        "function",
        "verdict",
        "pragma",
        "confidence",
        "reasons",
        "assumptions",
        "source",
    ]
    assert (entry["verdict"], entry["confidence"], entry["pragma"]) == (verdict, confidence, pragma)
    assert entry["source"] == "analysis"


def test_json_without_files() -> None:
    assert json.loads(render(lambda out: JsonReporter(out, loops=True))) == {"version": 1, "files": []}


def test_json_of_a_lone_surrogate_is_utf8() -> None:
    text = TEXT.replace("😀", "\ud800")
    render(lambda out: JsonReporter(out, loops=False), outcome(name="\udcff.c", source=SourceText.of(text))).encode()


# --- sarif ----------------------------------------------------------------------------------------------------------


def test_sarif_is_valid(tmp_path: Path) -> None:
    outside = outcome(name="x.c", path=tmp_path / "a b#ü.c", findings=(race(severity="hint"), race(severity="warning")))
    stdin = outcome(name="<stdin>", path=None, findings=(race(confidence="possible", severity="information"),))
    text = render(SarifReporter, outcome(), outside, stdin, BROKEN)
    document = json.loads(text)
    jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.FormatChecker()).validate(document)
    run = document["runs"][0]
    assert run["columnKind"] == "utf16CodeUnits"
    assert [r["level"] for r in run["results"]] == ["error", "note", "warning", "note"]
    first = run["results"][0]
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == first["ruleId"]
    physical = first["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"] == {"uri": "src/energy.c", "uriBaseId": "SRCROOT"}
    assert (physical["region"]["startLine"], physical["region"]["startColumn"]) == (6, 18)
    assert first["relatedLocations"][0]["message"]["text"] == "declared here"
    assert first["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"].startswith(" red")
    assert run["results"][1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].endswith("a%20b%23%C3%BC.c")
    assert run["invocations"][0]["executionSuccessful"] is False
    # Two findings that are alike in one file are told apart.
    assert run["results"][1]["partialFingerprints"] != run["results"][2]["partialFingerprints"]


def test_sarif_without_results_is_valid() -> None:
    document = json.loads(render(SarifReporter))
    jsonschema.Draft4Validator(SCHEMA).validate(document)
    assert document["runs"][0]["results"] == []


# --- github ---------------------------------------------------------------------------------------------------------


def test_github_annotations() -> None:
    lines = render(GithubReporter, outcome(name="a,b:100%.c"), BROKEN).splitlines()
    assert lines[0].startswith("::error file=a%2Cb%3A100%25.c,line=6,endLine=6,col=17,endColumn=22,title=race-miss")
    assert lines[0].endswith("%0Aline 3: declared here%0Afix: add `reduction(+:total)`")
    assert lines[1] == "::error file=gone.c,title=hpc-ls::does not exist"
    assert set(github.LEVELS.values()) == {"error", "warning", "notice"}


def test_github_columns_only_within_a_line() -> None:
    finding = Finding("omp-x", "omp", "hint", "proved", span(TEXT, "total = 0.0;\n    #pragma"), "m")
    line = render(GithubReporter, outcome(findings=(Located(finding, "f"),)))
    assert line.startswith("::notice file=src/energy.c,line=3,endLine=4,title=")


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (lambda out: TextReporter(out, io.StringIO(), "never"), "  fix   Write to another array."),
        (lambda out: JsonReporter(out, loops=False), '"help": "Write to another array."'),
        (SarifReporter, "\\nWrite to another array."),
        (GithubReporter, "%0Afix: Write to another array."),
    ],
)
def test_without_a_fix_it_is_said_what_to_do(make: Make, shown: str) -> None:
    located = race()
    finding = replace(located.finding, fixes=(), help="Write to another array.")
    assert shown in render(make, outcome(findings=(replace(located, finding=finding),)))
