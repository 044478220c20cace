"""Code actions: exact repairs of findings, "ignore this", "fix all of this rule", and rewrites of loops."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lsprotocol import types

from analyzers.api import Trial
from analyzers.ir.verdicts import Edit, Finding, Fix
from analyzers.text import SourceText, Span
from analyzers.words import counted
from lsp_server import assist, convert
from lsp_server.analysis import Analysis
from lsp_server.convert import Place
from lsp_server.names import COPY_REPRODUCER, TREAT_INDEPENDENT
from lsp_server.repairing import Placed, repaired, tried
from lsp_server.server import HpcLanguageServer

FIX_ALL = "source.fixAll.hpc-ls"
KINDS: list[types.CodeActionKind | str] = [
    types.CodeActionKind.QuickFix,
    types.CodeActionKind.RefactorRewrite,
    types.CodeActionKind.SourceFixAll,
    FIX_ALL,
]


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
        here = await repaired(ls, analysis, here)
        actions += await _quick_fixes(ls, analysis, here, findings, where)
    if wanted(types.CodeActionKind.RefactorRewrite):
        actions += _rewrites(ls, analysis, touched, where)
    if everything:
        actions += await _fix_all(ls, analysis, findings, where)
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


async def _quick_fixes(
    ls: HpcLanguageServer, analysis: Analysis, here: list[Placed], findings: list[Placed], where: Place
) -> list[types.CodeAction]:
    versioned = ls.client.versioned_edits
    actions: list[types.CodeAction] = []
    for placed in here:
        finding, base = placed.finding, placed.base
        diagnostic = convert.diagnostic(finding, base, where, ls.scheduler.pool.links)
        for number, fix in enumerate(finding.fixes):
            preferred = number == 0 and fix.safe
            actions.append(convert.quick_fix(fix, base, where, versioned, diagnostic, preferred))
        if finding.category == "race":
            start = where.position(placed.span.start)
            position = {"line": start.line, "character": start.character}
            title, kind = "copy a reproducer", types.CodeActionKind.QuickFix
            actions.append(convert.command_action(title, kind, COPY_REPRODUCER, where.uri, position))
        ignore = suppression(finding, base, where.source)
        actions.append(convert.quick_fix(ignore, 0, where, versioned, diagnostic, False))
    for rule in dict.fromkeys(placed.finding.rule for placed in here):
        same = [placed for placed in findings if placed.finding.rule == rule]
        edits, count = await _all_edits(ls, analysis, same) if len(same) > 1 else ((), 0)
        if count > 1:
            fix = Fix(f"fix all {count} of `{rule}` in this file", edits)
            actions.append(convert.rewrite(fix, 0, where, versioned, types.CodeActionKind.QuickFix))
    return actions


async def _fix_all(
    ls: HpcLanguageServer, analysis: Analysis, findings: list[Placed], where: Place
) -> list[types.CodeAction]:
    edits, count = await _all_edits(ls, analysis, findings)
    if not count:
        return []
    fix = Fix(f"fix {counted(count, 'finding')} of hpc-ls", edits)
    return [convert.rewrite(fix, 0, where, ls.client.versioned_edits, FIX_ALL)]


async def _all_edits(
    ls: HpcLanguageServer, analysis: Analysis, findings: Iterable[Placed]
) -> tuple[tuple[Edit, ...], int]:
    """The first safe fix of each finding, absolute, and how many findings that repairs; what is done to a function is
    tried as a whole. Outside functions fixes correct words only."""
    functions: dict[int, list[Placed]] = {}
    for placed in findings:
        functions.setdefault(placed.base, []).append(placed)
    edits: list[Edit] = []
    count = 0
    starts = {placed.start for placed in analysis.functions}
    for base, group in functions.items():
        taken, gone = _together(group)
        if not taken:
            continue
        if base in starts and not await _holds(ls, analysis, base, taken, gone):
            # One that does not hold would cost all others of the function.
            taken, gone = _together(await repaired(ls, analysis, group))
            if not taken or not await _holds(ls, analysis, base, taken, gone):
                continue
        edits += (edit.shifted(base) for edit in taken)
        count += len(gone)
    return tuple(sorted(edits, key=lambda edit: edit.span)), count


async def _holds(
    ls: HpcLanguageServer, analysis: Analysis, start: int, edits: tuple[Edit, ...], gone: list[Finding]
) -> bool:
    return (await tried(ls, analysis, [Trial(start, edits, tuple(gone))]))[0]


def _together(findings: Iterable[Placed]) -> tuple[tuple[Edit, ...], list[Finding]]:
    """The first safe fix of each finding of a function, and the findings it is of. A fix that touches what another one
    changes is left for the next time; two that do the same are one."""
    taken: list[tuple[Edit, str]] = []
    gone: list[Finding] = []
    for placed in findings:
        fix = next((fix for fix in placed.finding.fixes if fix.safe), None)
        if fix is None:
            continue
        subject = placed.finding.facts.get("variable", "")
        fresh = [edit for edit in fix.edits if all(edit != other for other, _ in taken)]
        if all(_compatible(edit, subject, *other) for edit in fresh for other in taken):
            taken += ((edit, subject) for edit in fresh)
            gone.append(placed.finding)
    return tuple(edit for edit, _ in taken), gone


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
