"""The edits that turn calls into tasks (OpenMP 5.2 §12.5) or sections (§11.3)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analyzers.ir.expressions import Call
from analyzers.ir.statements import Function, Jump
from analyzers.ir.verdicts import Edit
from analyzers.openmp import calls
from analyzers.openmp.calls import Site
from analyzers.text import Span, line_break, line_start

_UNBRACED = re.compile(rb"(?:\)|\belse|\bdo)\Z")
_NAME = re.compile(r"[A-Za-z_][\w ]*")


def in_a_row(text: bytes, sites: Sequence[Site], function: Function) -> tuple[Edit, ...]:
    """Calls one after the other: all but the last become tasks, and behind the last one they are waited for."""
    directive = function.notation.directive
    edits = []
    for site in sites[:-1]:
        indent = _indent(text, site.span.start)
        needed = calls.shared(site)
        task = directive("task", *([f"shared({', '.join(needed)})"] if needed else []))
        lines = [f"{site.kind} {site.result.name};"] if site.kind and site.result is not None else []
        edits.append(Edit(site.span, _lines(text, site.span, indent, [*lines, task, f"{site.text};"])))
    last = sites[-1].span
    indent = _indent(text, last.start)
    rest = text[last.end :].split(b"\n", 1)[0].strip()
    newline = line_break(text)
    wait = f"{newline}{indent}{directive('taskwait')}{newline + indent if rest else ''}"
    return (*edits, Edit(Span(last.end, last.end), wait))


def returned(text: bytes, stmt: Jump, found: Sequence[Call], function: Function) -> tuple[Edit, ...]:
    """`return f(n - 1) + f(n - 2);` with a variable for each part in front of it; nothing where that cannot be done."""
    written = text[stmt.span.start : stmt.span.end]
    spans = [call.span for call in found]
    if not found or not written.startswith(b"return") or not written.endswith(b";") or spans != sorted(spans):
        return ()
    kind = found[0].type
    names = [f"part{number}" for number in range(1, len(found) + 1)]
    taken = any(re.search(rb"\b" + name.encode() + rb"\b", text) for name in names)
    spelled = all(text[span.start : span.end].endswith(b")") for span in spans)
    if taken or not spelled or not kind.is_scalar or not _NAME.fullmatch(kind.name):
        return ()
    parts = [text[span.start : span.end].decode("utf-8", "replace") for span in spans]
    directive = function.notation.directive
    lines = [f"{kind.name} {', '.join(names)};"]
    for name, part in zip(names[:-1], parts[:-1], strict=True):
        lines += [directive("task", f"shared({name})"), f"{name} = {part};"]
    lines += [f"{names[-1]} = {parts[-1]};", directive("taskwait")]
    result, end = b"", stmt.span.start
    for name, span in zip(names, spans, strict=True):
        result += text[end : span.start] + name.encode()
        end = span.end
    lines.append((result + text[end : stmt.span.end]).decode("utf-8", "replace"))
    indent = _indent(text, stmt.span.start)
    if _UNBRACED.search(text[: stmt.span.start].rstrip()):
        lines = ["{", *(_step(indent) + line for line in lines), "}"]
    return (Edit(stmt.span, _lines(text, stmt.span, indent, lines)),)


def sections(text: bytes, sites: Sequence[Site], function: Function) -> Edit:
    """Calls one after the other, each in a section of its own (OpenMP 5.2 §11.3)."""
    directive = function.notation.directive
    span = Span(sites[0].span.start, sites[-1].span.end)
    indent = _indent(text, span.start)
    step = _step(indent)
    lines = [directive("parallel sections"), "{"]
    for site in sites:
        lines += [step + directive("section"), f"{step}{site.text};"]
    return Edit(span, _lines(text, span, indent, [*lines, "}"]))


def below(text: bytes, function: Function, call: Call, condition: str) -> tuple[Edit, ...]:
    """A copy of the function, `f_serial`, in front of it, and the hand-over to it where the condition holds."""
    brace = function.body.span.start
    whole = text[: function.span.end]
    name = function.name.encode()
    copy = re.sub(rb"\b" + name + rb"\b", name + b"_serial", whole)
    if text[brace : brace + 1] != b"{" or whole.startswith(b"template") or copy.count(name + b"_serial") < 3:
        return ()
    newline = line_break(text)
    head = "" if re.match(rb"[^{]*\bstatic\b", whole) else "static "
    serial = f"{head}{copy.decode('utf-8', 'surrogateescape')}{newline}{newline}"
    handed = f"{function.name}_serial({', '.join(p.name for p in function.params)});"
    rest = text[brace + 1 :].split(b"\n", 1)
    body = rest[1] if len(rest) > 1 and not rest[0].strip() else b""
    indent = body[: len(body) - len(body.lstrip(b" \t"))].decode() or "    "
    step = _step(indent)
    if call.type.kind == "void":
        lines = [f"if ({condition}) {{", f"{step}{handed}", f"{step}return;", "}"]
    else:
        lines = [f"if ({condition})", f"{step}return {handed}"]
    entry = "".join(f"{newline}{indent}{line}" for line in lines)
    tail = newline + indent if rest[0].strip() else ""
    return Edit(Span(0, 0), serial), Edit(Span(brace + 1, brace + 1), entry + tail)


def _lines(text: bytes, span: Span, indent: str, lines: Sequence[str]) -> str:
    """The lines in place of a span; what else stands on its line goes to one of its own."""
    newline = line_break(text)
    head = newline + indent if text[line_start(text, span.start) : span.start].strip() else ""
    rest = text[span.end :].split(b"\n", 1)[0].strip()
    return head + (newline + indent).join(lines) + (newline + indent if rest else "")


def _indent(text: bytes, at: int) -> str:
    line = text[line_start(text, at) : at]
    return line[: len(line) - len(line.lstrip(b" \t"))].decode()


def _step(indent: str) -> str:
    return "\t" if "\t" in indent else "    "
