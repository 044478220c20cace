"""Pragmas put in place and proved again, and the unified diffs of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers import api
from analyzers.api import FileReport, Finding, LoopReport, SourceText, Span
from analyzers.ir.verdicts import Assumption, Edit, Fix, Verdict
from lsp_server.cli import main
from lsp_server.commands import files
from lsp_server.outcomes import findings_of, loops_in
from lsp_server.patches import chosen, patch, unified
from tests.samples import PLAIN, RACY, UNSEEN

TWO = PLAIN + PLAIN.split("\n", 2)[2].replace("scale", "again")


def _analyse(text: SourceText) -> FileReport:
    return api.analyze(text, "c")


def _loop(start: int, end: int, **changes: object) -> LoopReport:
    values: dict[str, object] = {
        "span": Span(start, end),
        "header_span": Span(start, start + 1),
        "function": "f",
        "verdict": Verdict("parallel"),
        "depth": 0,
        "roles": (),
        "pragma": "#pragma omp parallel for",
        "conditional_pragma": None,
        "profitable": True,
        "advice": "",
        "summary": "",
        "explanation": "",
        "insert_at": 0,
        "indent": "",
    }
    values |= changes
    text = values["pragma"] or values["conditional_pragma"]
    edit = Edit(Span(start, start), f"{text}\n")
    return LoopReport(**{"fixes": (Fix("insert", (edit,), safe=True),) if text else (), **values})  # type: ignore[arg-type]


def test_no_team_of_threads_inside_another() -> None:
    outer, inner = _loop(0, 100), _loop(10, 90)
    assert chosen([inner, outer], "likely") == [outer]
    vector = _loop(10, 90, pragma="#pragma omp simd")
    assert chosen([outer, vector], "likely") == [outer, vector]
    governed = replace(outer, existing=Span(0, 0))
    assert chosen([governed, inner], "likely") == []
    assert chosen([governed, vector], "likely") == [vector]


def test_what_is_chosen_pays_and_is_sure_enough() -> None:
    alias = Assumption("no-alias", "a and b", "ordinary")
    likely = _loop(0, 9, verdict=Verdict("unknown", assumptions=(alias,)))
    strong = replace(alias, strength="strong")
    possible = _loop(10, 19, verdict=Verdict("unknown", assumptions=(strong,)), pragma=None, conditional_pragma="#p")
    poor = _loop(20, 29, profitable=False)
    serial = _loop(30, 39, pragma=None, verdict=Verdict("dependent"))
    nowhere = replace(possible, fixes=())
    loops = [likely, possible, poor, serial, nowhere]
    assert chosen(loops, "proved") == []
    assert chosen(loops, "likely") == [likely]
    assert chosen(loops, "possible") == [likely, possible]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("\n\t {loop}\n", "\n\t {pragma}\n\t {loop}\n"),
        ("\r\n  {loop}\r\n", "\r\n  {pragma}\r\n  {loop}\r\n"),
        (" {loop} }}\r\n/* {{", " \r\n{pragma}\r\n{loop} }}\r\n/* {{"),
        ("\n  if (n) {loop}\n", "\n  if (n) \n  {pragma}\n  {loop}\n"),
        ("\n  {{;}} {loop}\n", "\n  {{;}} \n  {pragma}\n  {loop}\n"),
    ],
)
def test_where_the_pragma_goes(body: str, expected: str) -> None:
    text = f"void f(int n, double *a) {{{{{body}}}}} // */\n"
    loop = "for (int i = 0; i < n; i++) a[i] = 2 * a[i];"
    source = SourceText.of(text.format(loop=loop))
    report = _analyse(source)
    (found,) = loops_in(report)
    made = patch(source, report, chosen([found], "likely"), _analyse)
    assert made.text.text == text.replace(body, expected).format(loop=loop, pragma=found.pragma)


@pytest.mark.parametrize(
    "loop",
    [
        "#pragma GCC ivdep\n  for (int i = 0; i < n; i++) a[i] = seen(a[i]);",
        "ALL(a[i] = seen(a[i]))",
        "ALL(a[i] = 2 * a[i])",
    ],
)
@pytest.mark.parametrize("minimum", ["likely", "possible"])
def test_no_place_no_pragma(loop: str, minimum: str) -> None:
    """A compiler's own pragma stays next to its loop, and a macro that writes a loop has no line for another."""
    start = "#define ALL(x) for (int i = 0; i < n; i++) x;\ndouble seen(double);\n"
    report = _analyse(SourceText.of(f"{start}void f(int n, double *a)\n{{\n  {loop}\n}}\n"))
    (found,) = loops_in(report)
    assert found.pragma or found.conditional_pragma
    assert chosen([found], minimum) == []


def test_what_brings_a_finding_is_left_out() -> None:
    source = SourceText.of(TWO)
    report = _analyse(source)
    loops = chosen(loops_in(report), "likely")
    assert len(loops) == 2

    def suspicious(text: SourceText) -> FileReport:
        """As the analysis, but it finds a race in `again` once that has a pragma."""
        found = _analyse(text)
        if b"#pragma" not in text.data[text.data.index(b"again") :]:
            return found
        return replace(found, findings=(Finding("race-x", "race", "error", "proved", Span(0, 1), "a new race"),))

    made = patch(source, report, loops, suspicious)
    assert made.applied == (loops[0],)
    assert [(loop, "a new race" in why) for loop, why in made.refused] == [(loops[1], True)]
    assert made.text.data.count(b"#pragma") == 1


def test_a_finding_that_was_there_before_is_no_objection() -> None:
    source = SourceText.of(TWO + RACY)
    report = _analyse(source)
    assert findings_of(report)
    loops = chosen(loops_in(report), "likely")
    assert patch(source, report, loops, _analyse).applied == tuple(loops)


def test_a_pragma_that_would_stand_elsewhere_is_left_out() -> None:
    source = SourceText.of(PLAIN)
    report = _analyse(source)
    (loop,) = loops_in(report)
    fix = replace(loop.fixes[0], edits=tuple(replace(edit, span=Span(0, 0)) for edit in loop.fixes[0].edits))
    made = patch(source, report, [replace(loop, fixes=(fix,))], _analyse)
    assert made.applied == ()
    assert made.text == source


def test_a_file_that_changed_meanwhile_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.c"
    path.write_text(PLAIN)
    perform = files.perform

    def slow(task: files.Task) -> files.Answer:
        answer = perform(task)
        path.write_text(UNSEEN)
        return answer

    monkeypatch.setattr(files, "perform", slow)
    assert main(["suggest", "--apply", str(path)]) == 2
    assert "changed while it was analysed" in capsys.readouterr().err
    assert path.read_text() == UNSEEN


def test_a_file_that_is_gone_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.c"
    path.write_text(PLAIN)
    perform = files.perform

    def slow(task: files.Task) -> files.Answer:
        answer = perform(task)
        path.unlink()
        return answer

    monkeypatch.setattr(files, "perform", slow)
    assert main(["suggest", "--apply", str(path)]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert not path.exists()


def _applied(before: bytes, patch_text: bytes) -> bytes:
    """What a unified diff makes of `before`: an independent reading of the format."""
    old = before.split(b"\n")
    out: list[bytes] = []
    at = 0
    lines = patch_text.split(b"\n")[2:]
    for number, line in enumerate(lines):
        follows = lines[number + 1] if number + 1 < len(lines) else b""
        if line.startswith(b"@@"):
            start, _, count = line.split()[1][1:].partition(b",")
            begin = int(start) - (0 if count == b"0" else 1)
            out += [part + b"\n" for part in old[at:begin]]
            at = begin
        elif line[:1] in (b" ", b"-", b"+"):
            if line[:1] != b"+":
                assert old[at] == line[1:]
                at += 1
            if line[:1] != b"-":
                out.append(line[1:] + (b"" if follows.startswith(b"\\") else b"\n"))
    rest = b"\n".join(old[at:])
    return b"".join(out) + rest


_part = st.sampled_from([b"a", b"b", b"", b"x\r", b"\x0c", b"\xe9", b"-- c", b"+d"])


@given(st.lists(_part, max_size=12), st.lists(st.tuples(st.integers(0, 12), _part), max_size=4), st.booleans())
def test_any_insertion_as_a_patch(lines: list[bytes], new: list[tuple[int, bytes]], end: bool) -> None:
    after = list(lines)
    for where, part in new:
        after.insert(min(where, len(after)), part)
    tail = b"\n" if end else b""
    old_text, new_text = b"\n".join(lines) + tail, b"\n".join(after) + tail
    text = unified(Path("a.c"), old_text, new_text)
    assert (text == b"") == (old_text == new_text)
    if text:
        assert _applied(old_text, text) == new_text
