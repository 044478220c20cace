"""Comments by which people accept a finding: `// hpc-ls: ignore[rule, rule2] reason`.

On the finding's line, or alone on the line directly above it (several such lines may stand together). Without brackets
it covers every rule; a family (`race`) covers its rules. `hpc-ls: ignore-file[rule]` before the first code of a file
covers the file. `/* */` comments and, in Fortran, `!` comments work alike. What a comment names in vain is reported
as `unused-suppression`, so that acceptance does not outlive its reason.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from analyzers.ir.verdicts import Edit, FileReport, Finding, Fix, PlacedResult
from analyzers.rules import registry, service
from analyzers.settings import Options, stands_for
from analyzers.text import SourceText, Span, decode
from analyzers.words import did_you_mean, listed, nearest, quoted

UNUSED = "unused-suppression"
# Codes that are no rule of the registry: they have no facts of a function to look at.
EXTRA_CODES = tuple(rule.code for rule, _ in service.RULES)

_MARK = b"hpc-ls:"
_C_TOKEN = re.compile(
    rb"""(?P<string>"(?:\\\r\n|\\.|[^"\\\r\n])*"?|'(?:\\.|[^'\\\r\n]){1,10}')"""
    rb"""|(?P<comment>//(?:\\\r?\n|[^\r\n])*|/\*.*?(?:\*/|\Z))""",
    re.DOTALL,
)
_FORTRAN_TOKEN = re.compile(
    rb"""(?P<string>"[^"\r\n]*"?|'[^'\r\n]*'?)|(?P<comment>![^\r\n]*)""",
)
# Not after a quote or backtick: there the words are quoted by prose about this tool.
_DIRECTIVE = re.compile(rb"(?<![\w`\"'-])hpc-ls:[ \t]*(?P<verb>[A-Za-z][\w-]*)[ \t]*(?P<names>\[[^\]\r\n]*\]?)?")
_CODE = re.compile(rb"[^\s]")


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment that accepts findings."""

    span: Span  # `hpc-ls: ignore[...]`
    comment: Span
    names: tuple[str, ...]  # empty: every rule
    whole_file: bool
    lines: tuple[int, ...]  # zero-based lines whose findings it covers
    problem: str = ""  # it is malformed and covers nothing


def scan(source: SourceText, language: str = "c") -> tuple[Suppression, ...]:
    """Every suppression of a text, in order."""
    if _MARK not in source.data:
        return ()
    comments = _comments(source.data, language)
    found: list[Suppression] = []
    stacked: list[int] = []  # indices of suppressions that stand alone on the lines directly above
    previous = -2
    for comment in comments:
        if _MARK not in source.data[comment.start : comment.end]:
            continue
        alone = _stands_alone(source, comment)
        first, last = source.line_of(comment.start), source.line_of(max(comment.start, comment.end - 1))
        if not (alone and first == previous + 1):
            stacked = []
        for match in _DIRECTIVE.finditer(source.data, comment.start, comment.end):
            suppression = _parsed(match, comment, (last, last + 1) if alone else (last,))
            if suppression is None:
                continue
            if alone:
                for index in stacked:
                    found[index] = replace(found[index], lines=(*found[index].lines, last + 1))
                stacked.append(len(found))
                previous = last
            found.append(suppression)
    return tuple(found)


def apply(
    text: bytes, findings: Iterable[Finding], language: str = "c", ran: Collection[str] | None = None
) -> tuple[Finding, ...]:
    """The findings of one function that its comments do not accept, and a finding for each comment that is in vain.

    `text` is the text of the function and the spans are relative to it. `ran` holds the codes of the rules that were
    run (None: all): a comment about a rule that did not run is not in vain.
    """
    findings = tuple(findings)
    if _MARK not in text:
        return findings
    source = SourceText.of(text)
    suppressions = [
        replace(s, whole_file=False, lines=(), problem=_MISPLACED) if s.whole_file and not s.problem else s
        for s in scan(source, language)
    ]
    kept, used = _filtered(source, 0, findings, suppressions)
    return _sorted((*kept, *_complaints(source, suppressions, used, ran)))


def outside(source: SourceText, language: str, bodies: Iterable[Span]) -> tuple[Suppression, ...]:
    """The suppressions of a text that stand outside its functions, whose spans are `bodies`."""
    if _MARK not in source.data:
        return ()
    spans = tuple(bodies)
    start_of_code = _first_code(source, language)
    return tuple(
        replace(s, whole_file=False, lines=(), problem=_MISPLACED)
        if s.whole_file and not s.problem and s.comment.start > start_of_code
        else s
        for s in scan(source, language)
        if not any(span.contains(s.comment) for span in spans)
    )


def keep(source: SourceText, suppressions: Sequence[Suppression], placed: PlacedResult) -> PlacedResult:
    """A function's result without the findings that comments outside functions accept."""
    if not suppressions:
        return placed
    kept, _ = _filtered(source, placed.start, placed.result.findings, suppressions)
    if len(kept) == len(placed.result.findings):
        return placed
    return replace(placed, result=replace(placed.result, findings=kept))


def apply_file(source: SourceText, report: FileReport, ran: Collection[str] | None = None) -> FileReport:
    """The findings of a whole file without those that comments outside functions accept, and those in vain.

    The functions of `report` have been through `apply` already, not through `keep`; its own findings through neither.
    """
    bodies = [placed.result.span.shifted(placed.start) for placed in report.functions]
    suppressions = outside(source, report.language, bodies)
    if not suppressions:
        return report
    kept, used = _filtered(source, 0, report.findings, suppressions)
    for placed in report.functions:
        used |= _filtered(source, placed.start, placed.result.findings, suppressions)[1]
    return replace(
        report,
        functions=tuple(keep(source, suppressions, placed) for placed in report.functions),
        findings=_sorted((*kept, *_complaints(source, suppressions, used, ran))),
    )


def ran(options: Options) -> frozenset[str]:
    """The codes that these options let speak, those that are no rules of the registry included."""
    return frozenset(code for code in (*registry.rules(), *EXTRA_CODES) if options.runs(code))


# --- reading comments -----------------------------------------------------------------------------------------------

_MISPLACED = "`ignore-file` must stand before the first code of the file"
_VERBS = ("ignore", "ignore-file")


def _comments(data: bytes, language: str) -> list[Span]:
    token = _FORTRAN_TOKEN if language == "fortran" else _C_TOKEN
    return [Span(*m.span("comment")) for m in token.finditer(data) if m["comment"] is not None]


def _stands_alone(source: SourceText, comment: Span) -> bool:
    before = source.data[source.line_starts[source.line_of(comment.start)] : comment.start]
    end = source.line_span(source.line_of(max(comment.start, comment.end - 1))).end
    return not before.strip() and not source.data[comment.end : end].strip()


def _first_code(source: SourceText, language: str) -> int:
    """The offset of the first byte that is neither blank, comment nor preprocessor line."""
    blanked = bytearray(source.data)
    for comment in _comments(source.data, language):
        blanked[comment.start : comment.end] = b" " * (comment.end - comment.start)
    text = re.sub(rb"(?m)^[ \t]*#(?:\\\r?\n|[^\r\n])*", lambda m: b" " * len(m[0]), bytes(blanked))
    found = _CODE.search(text)
    return found.start() if found else len(source)


def _parsed(match: re.Match[bytes], comment: Span, lines: tuple[int, ...]) -> Suppression | None:
    """A suppression, a malformed one with its problem, or None for other words behind `hpc-ls:`."""
    verb = decode(match["verb"])
    names_text = match["names"]
    problem = ""
    names: tuple[str, ...] = ()
    if verb not in _VERBS:
        if nearest(verb, _VERBS, alike=0.7) is None:
            return None
        problem = f"`{verb}` means nothing here{did_you_mean(verb, _VERBS)}"
    elif names_text is not None and not names_text.endswith(b"]"):
        problem = f"the bracket is not closed: `{verb}[rule]`"
    elif names_text is not None:
        names = tuple(dict.fromkeys(name.strip() for name in decode(names_text[1:-1]).split(",") if name.strip()))
        if not names:
            problem = f"the brackets name no rule: `{verb}[rule]`, or `{verb}` for all"
    end = match.end("names") if names_text is not None else match.end("verb")
    span = Span(match.start(), end)
    return Suppression(span, comment, names, verb == "ignore-file", () if problem else lines, problem)


# --- matching -------------------------------------------------------------------------------------------------------

Used = set[tuple[int, str]]  # start of the suppression and the name in it that was needed ("" without brackets)


def _covers(suppression: Suppression, rule: str) -> Iterable[str]:
    """The names of the suppression that stand for the rule."""
    if suppression.problem:
        return ()
    if not suppression.names:
        return ("",)
    return (name for name in suppression.names if stands_for(name, rule))


def _filtered(
    source: SourceText, offset: int, findings: Sequence[Finding], suppressions: Sequence[Suppression]
) -> tuple[tuple[Finding, ...], Used]:
    """The findings that remain, and what was needed for the others. Spans of findings are relative to `offset`."""
    used: Used = set()
    kept = []
    for finding in findings:
        line = source.line_of(finding.span.start + offset)
        accepted = False
        for suppression in suppressions:
            if not suppression.whole_file and line not in suppression.lines:
                continue
            for name in _covers(suppression, finding.rule):
                accepted = True
                used.add((suppression.span.start, name))
        if not accepted:
            kept.append(finding)
    return tuple(kept), used


def _sorted(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda f: (f.span.start, f.span.end)))


def _known(name: str) -> bool:
    return not registry.unknown((name,)) or name in EXTRA_CODES


def _did_run(name: str, ran: Collection[str] | None) -> bool:
    return ran is None or any(not name or stands_for(name, code) for code in ran)


def _complaints(
    source: SourceText, suppressions: Sequence[Suppression], used: Used, ran: Collection[str] | None
) -> list[Finding]:
    """A finding for each comment that is malformed, names an unknown rule or accepts nothing."""
    if ran is not None and UNUSED not in ran:
        return []
    complaints = []
    for s in suppressions:
        if s.problem:
            complaints.append(_complaint(source, s, ("",), s.problem, "means nothing"))
            continue
        unknown = tuple(name for name in s.names if not _known(name))
        needed = {name for start, name in used if start == s.span.start}
        names = s.names or ("",)
        vain = tuple(n for n in names if n not in unknown and n not in needed and n != UNUSED and _did_run(n, ran))
        parts = [_no_such_rule(name) for name in unknown]
        if vain == ("",):
            parts.append(f"there is nothing {'in this file' if s.whole_file else 'here'} to ignore")
        elif vain:
            what = listed(quoted(vain))
            where = "in this file" if s.whole_file else "here"
            parts.append(f"{what} {'finds' if len(vain) == 1 else 'find'} nothing {where} to ignore")
        if parts:
            label = "not needed" if vain else "no such rule"
            complaints.append(_complaint(source, s, (*vain, *unknown), "; ".join(parts), label))
    return complaints


def _no_such_rule(name: str) -> str:
    known = [*registry.rules(), *registry.families(), *EXTRA_CODES]
    return f"no rule is called `{name}`{did_you_mean(name, known)}"


def _complaint(source: SourceText, s: Suppression, drop: tuple[str, ...], message: str, label: str) -> Finding:
    left = tuple(name for name in s.names if name not in drop) if drop != ("",) else ()
    return Finding(
        rule=UNUSED,
        category="syntax",
        severity="information",
        confidence="proved",
        span=s.span,
        message=message,
        label=label,
        why="A comment that accepts nothing today would hide a new finding tomorrow.",
        fixes=(_removal(source, s, left),),
        facts={"names": ", ".join(name for name in drop if name)},
        tags=("unnecessary",),
    )


def _removal(source: SourceText, s: Suppression, left: tuple[str, ...]) -> Fix:
    """Keep the names that are needed; without any, drop the comment, and its line when nothing else is on it."""
    if left:
        verb = "ignore-file" if s.whole_file else "ignore"
        text = f"hpc-ls: {verb}[{', '.join(left)}]"
        return Fix(f"reduce it to `{verb}[{', '.join(left)}]`", (Edit(s.span, text),))
    inside = source.data[s.comment.start : s.span.start] + source.data[s.span.end : s.comment.end]
    shared = _MARK in inside or re.sub(rb"[\s/*!]", b"", source.data[s.comment.start : s.span.start]) != b""
    if shared:
        return Fix("remove `hpc-ls: ...` from the comment", (Edit(s.span, ""),))
    start, end = s.comment.start, s.comment.end
    if _stands_alone(source, s.comment):
        start = source.line_starts[source.line_of(start)]
        last = source.line_of(max(s.comment.start, s.comment.end - 1))
        end = source.line_starts[last + 1] if last + 1 < len(source.line_starts) else len(source)
    else:
        line = source.line_starts[source.line_of(start)]
        while start > line and source.data[start - 1] in b" \t" and end >= source.line_span(source.line_of(start)).end:
            start -= 1
    return Fix("remove the comment", (Edit(Span(start, end), ""),))
