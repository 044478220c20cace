"""The only place that makes LSP types out of domain types, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from lsprotocol import types

from analyzers.api import Description, Proposal
from analyzers.ir.verdicts import Edit, Finding, Fix, LoopReport, SharingHint
from analyzers.text import Encoding, Position, SourceText, Span
from analyzers.words import listed, plain
from lsp_server.analysis import Analysis, is_being_typed
from lsp_server.session import Change, Snapshot
from lsp_server.settings import Settings

SOURCE = "hpc-ls"
SEVERITY = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "information": types.DiagnosticSeverity.Information,
    "hint": types.DiagnosticSeverity.Hint,
}
TAG = {"unnecessary": types.DiagnosticTag.Unnecessary, "deprecated": types.DiagnosticTag.Deprecated}


@dataclass(frozen=True, slots=True)
class Place:
    """A text and the column units agreed with the client: what a conversion needs."""

    uri: str
    source: SourceText
    encoding: Encoding
    version: int | None = None

    def position(self, offset: int) -> types.Position:
        at = self.source.position(offset, self.encoding)
        return types.Position(at.line, at.column)

    def range(self, span: Span) -> types.Range:
        return types.Range(self.position(span.start), self.position(span.end))

    def offset(self, position: types.Position) -> int:
        return self.source.offset(domain_position(position), self.encoding)

    def span(self, range_: types.Range) -> Span:
        start = self.offset(range_.start)
        return Span(start, max(start, self.offset(range_.end)))


def place(snapshot: Snapshot, encoding: Encoding) -> Place:
    """The place of a snapshot."""
    return Place(snapshot.uri, snapshot.source, encoding, snapshot.version)


def domain_position(position: types.Position) -> Position:
    """A position of the client in our type."""
    return Position(position.line, position.character)


def changes(params: types.DidChangeTextDocumentParams) -> Iterator[Change]:
    """The content changes of a notification."""
    for change in params.content_changes:
        if isinstance(change, types.TextDocumentContentChangePartial):
            yield Change(change.text, domain_position(change.range.start), domain_position(change.range.end))
        else:
            yield Change(change.text)


def encoding_of(kind: types.PositionEncodingKind | str | None) -> Encoding:
    """The negotiated encoding in our word."""
    value = str(getattr(kind, "value", kind))
    return "utf-8" if value == "utf-8" else "utf-32" if value == "utf-32" else "utf-16"


# --- diagnostics ----------------------------------------------------------------------------------------------------


def diagnostics(
    analysis: Analysis, settings: Settings, encoding: Encoding, links: Mapping[str, str], typed_at: int | None = None
) -> list[types.Diagnostic]:
    """All findings that the settings show, in textual order, but for those about a directive that is being typed at
    the byte `typed_at`."""
    where = place(analysis.snapshot, encoding)
    found = [
        diagnostic(adjusted, base, where, links)
        for base, finding in analysis.all_findings()
        if (adjusted := settings.adjusted(finding)) is not None
        and (typed_at is None or not is_being_typed(analysis.snapshot.source, finding, base, typed_at))
    ]
    found.sort(key=lambda d: (d.range.start.line, d.range.start.character))
    return found


def diagnostic(finding: Finding, base: int, where: Place, links: Mapping[str, str]) -> types.Diagnostic:
    """One finding whose spans are relative to byte `base`."""
    link = links.get(finding.rule)
    return types.Diagnostic(
        range=where.range(finding.span.shifted(base)),
        severity=SEVERITY[finding.severity],
        code=finding.rule,
        code_description=types.CodeDescription(link) if link else None,
        source=SOURCE,
        message=message(finding),
        tags=[TAG[tag] for tag in finding.tags] or None,
        related_information=[
            types.DiagnosticRelatedInformation(
                types.Location(where.uri, where.range(related.span.shifted(base))), related.message
            )
            for related in finding.related
        ]
        or None,
        data={"rule": finding.rule, "confidence": finding.confidence, "facts": dict(finding.facts)},
    )


def message(finding: Finding) -> str:
    """What, why, how sure, and what to do where no fix does it, in that order."""
    lines = [finding.message]
    if finding.why:
        lines.append(finding.why)
    if finding.confidence != "proved":
        assumed = "; ".join(a.text for a in finding.assumptions)
        lines.append(f"{finding.confidence}, assuming {assumed}" if assumed else finding.confidence)
    if finding.help:
        lines.append(finding.help)
    return "\n".join(lines)


def failure(analysis: Analysis) -> types.Diagnostic:
    """The one diagnostic of a document that could not be analysed."""
    return types.Diagnostic(
        range=types.Range(types.Position(0, 0), types.Position(0, 0)),
        severity=types.DiagnosticSeverity.Information,
        source=SOURCE,
        message=f"hpc-ls says nothing about this file: {analysis.error}",
    )


# --- edits ----------------------------------------------------------------------------------------------------------


def text_edits(edits: Iterable[Edit], base: int, where: Place) -> list[types.TextEdit]:
    """Edits whose spans are relative to byte `base`."""
    return [types.TextEdit(where.range(edit.span.shifted(base)), edit.text) for edit in edits]


def workspace_edit(edits: list[types.TextEdit], where: Place, versioned: bool) -> types.WorkspaceEdit:
    """An edit of one document; `versioned` when the client takes document changes, so that a stale one is refused."""
    if not versioned:
        return types.WorkspaceEdit(changes={where.uri: edits})
    identifier = types.OptionalVersionedTextDocumentIdentifier(where.uri, where.version)
    return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(identifier, list(edits))])


def quick_fix(
    fix: Fix, base: int, where: Place, versioned: bool, of: types.Diagnostic, preferred: bool
) -> types.CodeAction:
    """A repair of a finding."""
    return types.CodeAction(
        title=fix.title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[of],
        is_preferred=preferred or None,
        edit=workspace_edit(text_edits(fix.edits, base, where), where, versioned),
    )


def rewrite(
    fix: Fix,
    base: int,
    where: Place,
    versioned: bool,
    kind: types.CodeActionKind | str = types.CodeActionKind.RefactorRewrite,
) -> types.CodeAction:
    """A change that belongs to no single finding: insert the pragma, rewrite as scan, fix all."""
    return types.CodeAction(
        title=fix.title,
        kind=kind,
        edit=workspace_edit(text_edits(fix.edits, base, where), where, versioned),
    )


def command_action(title: str, kind: types.CodeActionKind | str, command: str, *arguments: object) -> types.CodeAction:
    """An action that the server carries out."""
    return types.CodeAction(title=title, kind=kind, command=types.Command(title, command, arguments=list(arguments)))


def command_link(title: str, command: str, *arguments: object) -> str:
    """A link in Markdown that runs a command, for clients that take such links from us."""
    return f"[{escaped(title)}](command:{command}?{quote(json.dumps(arguments))})"


# --- what stands in the text ----------------------------------------------------------------------------------------


def inlay_hint(hint: SharingHint, base: int, where: Place) -> types.InlayHint:
    """The implicit attributes of some variables, at the end of the directive."""
    return types.InlayHint(
        position=where.position(hint.span.end + base),
        label=f"{hint.attribute}({', '.join(hint.variables)})",
        tooltip=f"not written in the directive, but the rules of OpenMP make it so: {hint.attribute} (OpenMP 5.2 §5.1)",
        padding_left=True,
    )


def code_lens(loop: LoopReport, base: int, where: Place, title: str, command: str) -> types.CodeLens:
    """A line above a loop. Clients show its title as it is, without Markdown."""
    at = where.range(loop.header_span.shifted(base))
    position = {"line": at.start.line, "character": at.start.character}
    return types.CodeLens(range=at, command=types.Command(plain(title), command, arguments=[where.uri, position]))


COMPLETION_KIND = {
    "directive": types.CompletionItemKind.Keyword,
    "clause": types.CompletionItemKind.Property,
    "keyword": types.CompletionItemKind.EnumMember,
    "operator": types.CompletionItemKind.Operator,
    "variable": types.CompletionItemKind.Variable,
}


def completion_item(proposal: Proposal, where: Place, snippets: bool, order: int) -> types.CompletionItem:
    """A word that may be typed. `order` keeps the order of the proposals in clients that sort."""
    text, form = proposal.insert, types.InsertTextFormat.PlainText
    if text.endswith(")"):
        # The cursor goes where the list belongs: `linear(|: 1)`, `reduction(+: |)`.
        # Without snippets the rest is left out.
        at = text.index("(:") + 1 if "(:" in text else len(text) - 1
        if snippets:
            text, form = f"{_snippet(text[:at])}$0{_snippet(text[at:])}", types.InsertTextFormat.Snippet
        else:
            text = text[:at]
    section = f"OpenMP {proposal.section}" if proposal.section else None
    return types.CompletionItem(
        label=proposal.label,
        kind=COMPLETION_KIND[proposal.kind],
        detail=section,
        documentation=f"{proposal.doc} (OpenMP 5.2 §{proposal.section})" if proposal.section else proposal.doc,
        sort_text=f"{order:03}",
        insert_text_format=form,
        text_edit=types.TextEdit(where.range(proposal.span), text),
    )


def _snippet(text: str) -> str:
    return text.replace("\\", "\\\\").replace("$", "\\$").replace("}", "\\}")


def description_markup(description: Description, markdown: bool) -> types.MarkupContent:
    """What a word of a directive means."""
    lines = [f"{description.title}: {description.doc} (OpenMP 5.2 §{description.section})", *description.details]
    if not markdown:
        return types.MarkupContent(types.MarkupKind.PlainText, "\n".join(lines))
    lines[0] = f"**{escaped(description.title)}**: {escaped(description.doc)} (OpenMP 5.2 §{description.section})"
    lines[1:] = [escaped(line) for line in lines[1:]]
    return types.MarkupContent(types.MarkupKind.Markdown, "\n\n".join(lines))


def markup(text: str, markdown: bool) -> types.MarkupContent:
    """An explanation in the layout of the analysis: its columns only stand in a fixed-width block."""
    if not markdown:
        return types.MarkupContent(types.MarkupKind.PlainText, text)
    return types.MarkupContent(types.MarkupKind.Markdown, explanation_markdown(text))


def with_refactorings(loop: LoopReport) -> str:
    """The explanation of a loop, and the names under which editors offer how else it can be written."""
    titles = listed([fix.title for fix in loop.fixes if fix.restructures], "or")
    return f"{loop.explanation}\nRefactoring: {titles}." if titles else loop.explanation


def explanation_markdown(text: str) -> str:
    """An explanation in the layout of `analyzers.explain.prose`: a sentence, a table of variables in columns, then
    paragraphs with indented continuations, items and pragmas. The table keeps its columns, pragmas their colours."""
    first, *rest = text.strip().splitlines()
    parts = [escaped(first)]
    table: list[str] = []
    prose = False
    for line in rest:
        body = line.strip()
        if body.startswith("#pragma"):
            prose = True
            parts.append(f"```c\n{body}\n```")
        elif not line.startswith(" ") or (prose and (body.startswith("- ") or _begins_sentence(parts[-1], body))):
            prose = True
            parts.append(escaped(body))
        elif prose:
            parts[-1] += f" {escaped(body)}"
        else:
            if not table:
                parts.append("")
            table.append(line)
            parts[-1] = _fenced(table)
    return "\n\n".join(parts)


def _begins_sentence(before: str, body: str) -> bool:
    return before.endswith("```") or (body[:1].isupper() and (before.endswith(".") or before.startswith("OpenMP ")))


def _fenced(lines: list[str]) -> str:
    fence = "````" if any("```" in line for line in lines) else "```"
    return "\n".join((f"{fence}text", *lines, fence))


def escaped(text: str) -> str:
    """Prose in Markdown. Code between backticks stays; what would be markup outside it does not."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        parts = [text.replace("`", "'")]
    quoted = [part if index % 2 else _quote(part) for index, part in enumerate(parts)]
    return "`".join(quoted)


def _quote(text: str) -> str:
    return "".join(f"\\{c}" if c in "\\*_<>[]#|~" else c for c in text)
