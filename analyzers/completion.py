"""What may be typed in an OpenMP directive, and what the words in it mean.

Works on the text of the line, so that a half-typed directive is the normal case; the names and sections come from
`standards.openmp`, the variables in scope from the frontend.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from analyzers.settings import Language, Options
from analyzers.standards import openmp
from analyzers.standards.openmp_clauses import (
    CLAUSES,
    FORTRAN_REDUCTION_OPERATORS,
    REDUCTION_OPERATORS,
    ClauseRule,
)
from analyzers.text import SourceText, Span

ProposalKind = Literal["directive", "clause", "keyword", "operator", "variable"]

_SENTINELS: dict[str, re.Pattern[str]] = {
    "c": re.compile(r"[ \t]*#[ \t]*pragma[ \t]+omp(?![\w$])"),
    "cpp": re.compile(r"[ \t]*#[ \t]*pragma[ \t]+omp(?![\w$])"),
    "fortran": re.compile(r"[ \t]*[!cC*]\$omp(?![\w$])", re.IGNORECASE),
}
_CONTINUED = {"c": re.compile(r"\\[ \t]*$"), "cpp": re.compile(r"\\[ \t]*$"), "fortran": re.compile(r"&[ \t]*$")}
_NAME = re.compile(r"[A-Za-z_][\w$]*")
_PARTIAL = re.compile(r"[A-Za-z_][\w$]*\Z")
_DO = {"fortran": "do"}  # what the language calls the worksharing loop
_NEAR = 3000  # bytes after the directive in which a mentioned variable is probably one of its region


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something that may be typed. `span` is what it replaces: the word under the cursor, absolute bytes."""

    label: str
    insert: str
    kind: ProposalKind
    doc: str
    section: str  # of the OpenMP API specification 5.2; "" for a variable
    span: Span
    rank: int = 0  # lower comes first


@dataclass(frozen=True, slots=True)
class Description:
    """What a word of a directive means."""

    title: str
    doc: str
    section: str
    span: Span
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    """A logical directive line. `text` is what follows the sentinel, continuations joined by blanks, one character for
    each byte, so that indices are offsets."""

    text: str
    start: int  # byte offset of text[0]

    def span(self, start: int, end: int) -> Span:
        return Span(self.start + start, self.start + end)


def directive_line(source: SourceText, language: Language, offset: int) -> _Line | None:
    """The directive line around a byte offset; None when there is none or the offset is left of its words."""
    first = last = source.line_of(offset)
    continued = _CONTINUED[language]
    while first > 0 and continued.search(_line(source, first - 1)):
        first -= 1
    while last + 1 < len(source.line_starts) and continued.search(_line(source, last)):
        last += 1
    sentinel = _SENTINELS[language].match(_line(source, first))
    if sentinel is None:
        return None
    start = source.line_starts[first] + sentinel.end()
    if offset < start:
        return None
    end = source.line_span(last).end
    text = source.data[start:end].decode("latin-1")
    return _Line(re.sub(r"[\\&](?=[ \t]*\r?\n)|[\r\n]", " ", text), start)


def _line(source: SourceText, number: int) -> str:
    """A line with one character for each byte."""
    span = source.line_span(number)
    return source.data[span.start : span.end].decode("latin-1")


# --- what may be typed ----------------------------------------------------------------------------------------------


def complete(
    source: SourceText, language: Language, offset: int, options: Options | None = None, path: str | None = None
) -> tuple[Proposal, ...]:
    """What may stand at a byte offset of a directive line, the likeliest first; nothing elsewhere."""
    line = directive_line(source, language, offset)
    if line is None:
        return ()
    typed = line.text[: offset - line.start]
    if not typed:
        return ()  # still in the sentinel
    rest = line.text[offset - line.start :]
    partial = _PARTIAL.search(typed)
    start = partial.start() if partial else len(typed)
    ending = _NAME.match(rest) if partial else None
    word = line.span(start, len(typed) + (ending.end() if ending else 0))
    before = typed[:start]
    if before and not before[-1].isspace() and before[-1] not in "(),:+*&|^-":
        return ()
    inside = _open_clause(before)
    if inside is None:
        found = _words(before, rest, language, word)
    else:
        found = _arguments(*inside, source, language, offset, word, options or Options(), path)
    return tuple(sorted(found, key=lambda p: (p.rank, p.label)))


def _open_clause(text: str) -> tuple[str, str] | None:
    """The clause whose parenthesis is open at the end of the text, and what stands in it so far."""
    stack: list[int] = []
    for index, char in enumerate(text):
        if char == "(":
            stack.append(index)
        elif char == ")" and stack:
            stack.pop()
    if not stack:
        return None
    name = _PARTIAL.search(text[: stack[0]].rstrip())
    return (name[0] if name else ""), text[stack[0] + 1 :]


def _outer_words(text: str) -> list[str]:
    """The words outside parentheses."""
    depth, kept = 0, []
    for char in text:
        depth += char == "("
        kept.append(char if depth == 0 else " ")
        depth = max(0, depth - (char == ")"))
    return _NAME.findall("".join(kept))


def _words(before: str, rest: str, language: Language, word: Span) -> Iterator[Proposal]:
    """Directive names that go on from here, and the clauses of the directive that stands here."""
    written = _outer_words(before)
    words = [w for each in written for w in openmp.spelled(each, language == "fortran")]
    if "(" not in before:
        yield from _directives(words, language, word)
    name = openmp.combine(words)
    rule = openmp.directive(name)
    if rule is None:
        return
    used = [w for w in words[len(name.split()) :] if w in CLAUSES]
    used += [w for w in _outer_words(rest) if w in CLAUSES]
    closed = {c for group in rule.exclusive if any(u in group for u in used) for c in group}
    common = ("private", "reduction", "schedule", "collapse", "firstprivate", "shared", "default", "lastprivate")
    for clause in openmp.clauses_of(name):
        if clause.name in closed or (clause.name in used and clause.unique):
            continue
        rank = 10 + (common.index(clause.name) if clause.name in common else 20) + (50 if clause.name in used else 0)
        yield Proposal(clause.name, clause.template or clause.name, "clause", clause.doc, clause.section, word, rank)


def _directives(words: list[str], language: Language, word: Span) -> Iterator[Proposal]:
    common = ("parallel for", "parallel", "for", "simd", "parallel for simd", "critical", "atomic", "barrier", "single")
    for name, rule in openmp.DIRECTIVES.items():
        parts = name.split()
        if parts[: len(words)] != words or len(parts) == len(words):
            continue
        label = " ".join(_DO.get(language, p) if p == "for" else p for p in parts[len(words) :])
        doc = rule.doc if rule.deprecated is None else f"{rule.doc} (deprecated: write `{rule.deprecated}`)"
        rank = common.index(name) if name in common else 30 + len(parts) + (40 if rule.deprecated else 0)
        yield Proposal(label, label, "directive", doc, rule.section, word, rank)


def _arguments(
    name: str,
    inner: str,
    source: SourceText,
    language: Language,
    offset: int,
    word: Span,
    options: Options,
    path: str | None,
) -> Iterator[Proposal]:
    """What may stand in the parentheses of a clause."""
    rule = openmp.clause(name)
    if rule is None or rule.shape == "text":
        return
    colon = ":" in inner
    if rule.name.endswith("reduction") and not colon:
        yield from _operators(rule, inner, language, word)
        return
    if rule.shape == "keyword" and "," not in inner:
        for keyword in (*rule.keywords, *(rule.modifiers if not colon else ())):
            yield Proposal(
                keyword, keyword, "keyword", _KEYWORDS.get((rule.name, keyword), rule.doc), rule.section, word
            )
        return
    if not colon:
        for modifier in rule.modifiers:
            doc = f"modifier of {rule.name}: {rule.doc}"
            yield Proposal(modifier, f"{modifier}: ", "keyword", doc, rule.section, word, 5)
        if rule.shape == "modified" and rule.modifiers and rule.name == "depend":
            return
    written = set(_NAME.findall(inner))
    near = set(_NAME.findall(source.data[offset : offset + _NEAR].decode("latin-1")))
    # Imported here: the server knows the words of OpenMP without loading what the frontends need.
    from analyzers.scope import variables

    for name, described in variables(source, language, offset, options, path):
        if name not in written or rule.shape == "expression":
            yield Proposal(name, name, "variable", described, "", word, 1 if name in near else 8)


def _operators(rule: ClauseRule, inner: str, language: Language, word: Span) -> Iterator[Proposal]:
    operators = FORTRAN_REDUCTION_OPERATORS if language == "fortran" else REDUCTION_OPERATORS
    for rank, operator in enumerate(operators):
        doc = _OPERATORS.get(operator, f"the copies are combined by {operator}")
        yield Proposal(operator, f"{operator}:", "operator", doc, "5.5.5", word, rank)
    if "," not in inner:
        for modifier in rule.modifiers:
            yield Proposal(modifier, f"{modifier}, ", "keyword", f"modifier: {rule.doc}", rule.section, word, 20)


_OPERATORS = {
    "+": "a sum; private copies start at 0",
    "*": "a product; private copies start at 1",
    "&": "bitwise and; private copies start with all bits set",
    "|": "bitwise or; private copies start at 0",
    "^": "bitwise exclusive or; private copies start at 0",
    "&&": "logical and; private copies start true",
    "||": "logical or; private copies start false",
    "min": "the minimum; private copies start at the largest value",
    "max": "the maximum; private copies start at the smallest value",
}
_KEYWORDS = {
    ("schedule", "static"): "equal chunks dealt out in advance: least overhead, for even work",
    ("schedule", "dynamic"): "each thread fetches the next chunk when it is done: for uneven work",
    ("schedule", "guided"): "as dynamic, with chunks that shrink: for uneven work with less overhead",
    ("schedule", "auto"): "the implementation decides",
    ("schedule", "runtime"): "OMP_SCHEDULE decides when the program runs",
    ("schedule", "monotonic"): "a thread gets its chunks in increasing order",
    ("schedule", "nonmonotonic"): "a thread may get its chunks in any order",
    ("schedule", "simd"): "chunks are multiples of the SIMD width",
    ("default", "none"): "every variable must be listed: nothing is shared by accident",
    ("default", "shared"): "what is not listed is shared",
    ("default", "private"): "what is not listed is private, without a value",
    ("default", "firstprivate"): "what is not listed is private and starts with the original's value",
    ("proc_bind", "close"): "threads near the primary thread",
    ("proc_bind", "spread"): "threads far from each other",
    ("proc_bind", "primary"): "threads where the primary thread is",
}


# --- what words mean ------------------------------------------------------------------------------------------------


def describe(source: SourceText, language: Language, offset: int) -> Description | None:
    """What the directive or clause word at a byte offset means."""
    line = directive_line(source, language, offset)
    if line is None:
        return None
    at = offset - line.start
    word = next((m for m in _NAME.finditer(line.text) if m.start() <= at <= m.end()), None)
    if word is None:
        return None
    inside = _open_clause(line.text[: word.start()])
    if inside is not None:
        return _keyword(*inside, word, line)
    matches = [m for m in _NAME.finditer(line.text) if _open_clause(line.text[: m.start()]) is None]
    words = [w for m in matches for w in openmp.spelled(m[0], language == "fortran")]
    name = openmp.combine(words)
    number = next((i for i, m in enumerate(matches) if m.start() == word.start()), len(matches))
    rule = openmp.directive(name)
    if rule is not None and number < len(name.split()):
        span = line.span(matches[0].start(), matches[len(name.split()) - 1].end())
        details = (f"deprecated: write `{rule.deprecated}`",) if rule.deprecated else ()
        clauses = ", ".join(rule.clauses)
        return Description(
            name, rule.doc, rule.section, span, (*details, *((f"clauses: {clauses}",) if clauses else ()))
        )
    clause = openmp.clause(word[0])
    if clause is None:
        return None
    keywords = (f"one of {', '.join(clause.keywords)}",) if clause.keywords else ()
    return Description(clause.name, clause.doc, clause.section, line.span(*word.span()), keywords)


def _keyword(name: str, inner: str, word: re.Match[str], line: _Line) -> Description | None:
    rule = openmp.clause(name)
    if rule is None:
        return None
    doc = _KEYWORDS.get((rule.name, word[0])) or (_OPERATORS.get(word[0]) if ":" not in inner else None)
    if doc is None or (word[0] not in rule.keywords and word[0] not in rule.modifiers and word[0] not in _OPERATORS):
        return None
    return Description(f"{rule.name}({word[0]})", doc, rule.section, line.span(*word.span()))
