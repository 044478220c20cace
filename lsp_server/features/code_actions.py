"""Code actions: exact repairs of findings, "ignore this", "fix all of this rule", and rewrites of loops."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lsprotocol import types

from analyzers.ir.verdicts import Edit, Finding, Fix
from analyzers.text import SourceText, Span
from analyzers.words import counted
from lsp_server import assist, convert
from lsp_server.analysis import Analysis
from lsp_server.convert import Place
from lsp_server.names import TREAT_INDEPENDENT
from lsp_server.server import HpcLanguageServer

FIX_ALL = "source.fixAll.hpc-ls"
KINDS: list[types.CodeActionKind | str] = [
    types.CodeActionKind.QuickFix,
    types.CodeActionKind.RefactorRewrite,
    types.CodeActionKind.SourceFixAll,
    FIX_ALL,
]


@dataclass(frozen=True, slots=True)
class Placed:
    """A finding as the settings show it, with the offset its spans are relative to."""

    finding: Finding
    base: int

    @property
    def span(self) -> Span:
        return self.finding.span.shifted(self.base)


def register(server: HpcLanguageServer) -> None:
    options = types.CodeActionOptions(code_action_kinds=KINDS, resolve_provider=False)
    server.feature(types.TEXT_DOCUMENT_CODE_ACTION, options)(code_actions)


async def code_actions(ls: HpcLanguageServer, params: types.CodeActionParams) -> list[types.CodeAction] | None:
    """What can be done about what the range touches."""
    snapshot = ls.document(params.text_document.uri)
    if snapshot is None or not ls.client.literal_actions:
        return None
    wanted = _Wanted(params.context.only)
    where = convert.place(snapshot, ls.session.encoding)
    touched = where.span(params.range)
    everything = bool(params.context.only) and wanted(FIX_ALL)
    analysis = await ls.analysis(snapshot, None if everything else touched.start)
    if analysis is None:
        return None
    findings = list(_findings(ls, analysis))
    actions: list[types.CodeAction] = []
    here = [placed for placed in findings if _touches(placed.span, touched)]
    if wanted(types.CodeActionKind.QuickFix):
        actions += _quick_fixes(ls, here, findings, where)
    if wanted(types.CodeActionKind.RefactorRewrite):
        actions += _rewrites(ls, analysis, touched, where)
    if everything:
        actions += _fix_all(ls, findings, where)
    return actions


class _Wanted:
    """The kinds that the client wants; a kind covers its sub-kinds (LSP 3.17, CodeActionKind)."""

    def __init__(self, only: Iterable[types.CodeActionKind | str] | None) -> None:
        self._only = None if only is None else [str(getattr(kind, "value", kind)) for kind in only]

    def __call__(self, kind: types.CodeActionKind | str) -> bool:
        name = str(getattr(kind, "value", kind))
        if self._only is None:
            return True
        return any(only in ("", name) or name.startswith(f"{only}.") for only in self._only)


def _findings(ls: HpcLanguageServer, analysis: Analysis) -> Iterator[Placed]:
    settings = ls.configuration.of(analysis.snapshot).settings
    for base, finding in analysis.all_findings():
        adjusted = settings.adjusted(finding)
        if adjusted is not None:
            yield Placed(adjusted, base)


def _touches(span: Span, range_: Span) -> bool:
    return span.start <= range_.end and range_.start <= span.end


def _quick_fixes(
    ls: HpcLanguageServer, here: list[Placed], findings: list[Placed], where: Place
) -> Iterator[types.CodeAction]:
    versioned = ls.client.versioned_edits
    for placed in here:
        finding, base = placed.finding, placed.base
        diagnostic = convert.diagnostic(finding, base, where, ls.scheduler.pool.links)
        for number, fix in enumerate(finding.fixes):
            preferred = number == 0 and fix.safe
            yield convert.quick_fix(fix, base, where, versioned, diagnostic, preferred)
        yield convert.quick_fix(suppression(finding, base, where.source), 0, where, versioned, diagnostic, False)
    for rule in dict.fromkeys(placed.finding.rule for placed in here):
        same = [placed for placed in findings if placed.finding.rule == rule]
        edits, count = _all_edits(same)
        if count > 1:
            fix = Fix(f"fix all {count} of `{rule}` in this file", edits)
            yield convert.rewrite(fix, 0, where, versioned, types.CodeActionKind.QuickFix)


def _fix_all(ls: HpcLanguageServer, findings: list[Placed], where: Place) -> Iterator[types.CodeAction]:
    edits, count = _all_edits(findings)
    if count:
        fix = Fix(f"fix {counted(count, 'finding')} of hpc-ls", edits)
        yield convert.rewrite(fix, 0, where, ls.client.versioned_edits, FIX_ALL)


def _all_edits(findings: Iterable[Placed]) -> tuple[tuple[Edit, ...], int]:
    """The first safe fix of each finding, absolute, and how many findings that repairs. A fix that touches what another
    one changes is left for the next time; two that do the same are one."""
    taken: list[tuple[Edit, str]] = []
    count = 0
    for placed in findings:
        fix = next((fix for fix in placed.finding.fixes if fix.safe), None)
        if fix is None:
            continue
        subject = placed.finding.facts.get("variable", "")
        edits = [edit.shifted(placed.base) for edit in fix.edits]
        fresh = [edit for edit in edits if all(edit != other for other, _ in taken)]
        if all(_compatible(edit, subject, *other) for edit in fresh for other in taken):
            taken += ((edit, subject) for edit in fresh)
            count += 1
    return tuple(sorted((edit for edit, _ in taken), key=lambda edit: edit.span)), count


def _compatible(edit: Edit, subject: str, other: Edit, other_subject: str) -> bool:
    """Whether both may be made: apart from each other, or clauses for two variables behind the same directive."""
    if not _touches(edit.span, other.span):
        return True
    clauses = edit.text.startswith(" ") and other.text.startswith(" ")
    return clauses and edit.span == other.span and edit.span.start == edit.span.end and subject != other_subject


def suppression(finding: Finding, base: int, source: SourceText) -> Fix:
    """The comment that accepts a finding, on a line of its own above: behind a continued line it would swallow code.

    A second rule on the same line goes into the brackets that are there.
    """
    number = source.line_of(base + finding.span.start)
    while number > 0 and source.line_text(number - 1).rstrip().endswith("\\"):
        number -= 1
    title = f"ignore `{finding.rule}` here"
    above = source.line_text(number - 1) if number else ""
    opening = above.find("hpc-ls: ignore[")
    if opening >= 0 and above.lstrip().startswith("//") and "]" in above[opening:]:
        start = source.line_span(number - 1).start
        at = start + len(above[: above.index("]", opening)].encode("utf-8", "surrogatepass"))
        return Fix(title, (Edit(Span(at, at), f", {finding.rule}"),))
    line = source.line_text(number)
    indent = line[: len(line) - len(line.lstrip())]
    at = source.line_span(number).start
    return Fix(title, (Edit(Span(at, at), f"{indent}// hpc-ls: ignore[{finding.rule}]{source.line_break}"),))


def _from_margin(span: Span, source: SourceText) -> Span:
    """The cursor may stand at the beginning of the line too."""
    return Span(source.line_span(source.line_of(span.start)).start, span.end)


def _rewrites(ls: HpcLanguageServer, analysis: Analysis, touched: Span, where: Place) -> Iterator[types.CodeAction]:
    for start, loop in analysis.loops():
        header = _from_margin(loop.header_span.shifted(start), where.source)
        directive = _from_margin(loop.existing.shifted(start), where.source) if loop.existing else header
        if _touches(header, touched) or _touches(directive, touched):
            for fix in loop.fixes:
                yield convert.rewrite(fix, start, where, ls.client.versioned_edits)
            for name in assist.vouchable(loop):
                title = f"treat `{name}` as independent (kept in the project file)"
                kind = types.CodeActionKind.RefactorRewrite
                yield convert.command_action(title, kind, TREAT_INDEPENDENT, where.uri, name)
