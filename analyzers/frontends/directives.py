"""OpenMP directive lines of all three languages, read into `ir.directives.Directive`.

The grammar is that of OpenMP 5.2 chapter 3: a sentinel, the words of a directive name, and clauses with an optional
comma between them. What the words mean comes from `standards.openmp`; nothing is judged here, so that a half-typed line
still yields what can be read of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from analyzers.ir.directives import Clause, ClauseItem, Directive
from analyzers.ir.expressions import ONE, Expr
from analyzers.standards.openmp import DIRECTIVES, combine, spelled
from analyzers.standards.openmp_clauses import CLAUSES, ClauseRule
from analyzers.text import Span

Resolve = Callable[[str, Span], "Expr | None"]

_SENTINEL = re.compile(
    r"""\s*(?:
        \#\s*pragma\s+omp(?![\w$])
      | _Pragma\s*\(\s*L?"\s*omp(?![\w$])
      | \[\[\s*omp\s*::\s*(?:directive|decl)\s*\(
      | omp(?![\w$])
    )""",
    re.VERBOSE,
)
_FORTRAN_SENTINEL = re.compile(r"\s*[!cC*]\$omp(?![\w$])", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z_][\w$]*")
# Text whose brackets and commas do not count: comments, strings, spliced lines.
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|//[^\n]*|\\\r?\n", re.DOTALL)
_FORTRAN_COMMENT = re.compile(r"![^\n]*|&\s*\n(?:\s*[!cC*]\$omp\s*&?)?|&\s*\Z", re.IGNORECASE)
_STRING = re.compile(r'"(?:\\.|[^"\\])*"?|\'(?:\\.|[^\'\\])*\'?')
_OPENING, _CLOSING = "([{", ")]}"
# Directive words that are clauses of some directives only: `cancel for`, `ordered simd`.
_WORDS_AS_CLAUSES = frozenset(
    ("parallel", "sections", "for", "taskgroup", "simd", "threads", "name", "list", "argument")
)
_LINEAR_KINDS = ("val", "ref", "uval")


@dataclass(frozen=True, slots=True)
class _Line:
    """A logical line with comments blanked, and how to speak of places in it."""

    text: str
    masked: str  # strings blanked as well: what brackets and separators are looked for in
    offset_of: Callable[[int], int]
    resolve: Resolve
    fortran: bool

    def span(self, start: int, end: int) -> Span:
        """The bytes of characters `start` to `end`; ends at the last character, not after a spliced line break."""
        first = self.offset_of(start)
        if end <= start:
            return Span(first, first)
        last = self.offset_of(end - 1) + len(self.text[end - 1].encode("utf-8", "surrogatepass"))
        return Span(first, max(first, last))

    def trimmed(self, start: int, end: int) -> tuple[int, int]:
        while start < end and self.text[start].isspace():
            start += 1
        while end > start and self.text[end - 1].isspace():
            end -= 1
        return start, end

    def word(self, at: int) -> re.Match[str] | None:
        return _WORD.match(self.masked, at)

    def skip(self, at: int, end: int, separators: str = "") -> int:
        while at < end and (self.masked[at].isspace() or self.masked[at] in separators):
            at += 1
        return at

    def closing(self, at: int, end: int) -> int | None:
        """The bracket that closes the one at `at`."""
        depth = 0
        for i in range(at, end):
            char = self.masked[i]
            if char in _OPENING:
                depth += 1
            elif char in _CLOSING:
                depth -= 1
                if depth == 0:
                    return i
        return None

    def split(self, start: int, end: int, separator: str) -> list[tuple[int, int]]:
        """The pieces of a range between separators outside brackets; `::` is no separator."""
        pieces: list[tuple[int, int]] = []
        depth, first, i = 0, start, start
        while i < end:
            char = self.masked[i]
            if char in _OPENING:
                depth += 1
            elif char in _CLOSING:
                depth -= 1
            elif char == ":" and self.masked[i : i + 2] == "::":
                i += 1
            elif char == separator and depth <= 0:
                pieces.append((first, i))
                first = i + 1
            i += 1
        pieces.append((first, end))
        return pieces

    def pieces(self, start: int, end: int, separator: str = ",") -> list[tuple[int, int]]:
        """The same, trimmed, empty ones left out."""
        trimmed = (self.trimmed(a, b) for a, b in self.split(start, end, separator))
        return [(a, b) for a, b in trimmed if a < b]


def parse(text: str, offset_of: Callable[[int], int], resolve: Resolve, language: str = "c") -> Directive | None:
    """Read one logical directive line.

    `text` begins at the sentinel (`#pragma omp`, `_Pragma("omp ...")`, the content of a `_Pragma`,
    `[[omp::directive(...)]]`, `!$omp`); continuations may be joined already or not. `offset_of` maps an index of `text`
    to a byte offset, `resolve` an expression's text and span to an `Expr` (None when it names nothing). None is
    returned for a line that is no OpenMP directive. Never raises: words that mean nothing are in `unknown`, an unclosed
    parenthesis in `problem`.
    """
    fortran = language == "fortran"
    sentinel = (_FORTRAN_SENTINEL if fortran else _SENTINEL).match(text)
    if sentinel is None:
        return None
    line, end = _line(text, sentinel, offset_of, resolve, fortran)
    begin = len(text) - len(text.lstrip())
    name, kinds, name_range, at = _name(line, sentinel.end(), end)
    clauses: list[Clause] = []
    unknown: list[tuple[str, Span]] = []
    problem = None if kinds or name_range[0] < name_range[1] else "the directive has no name"
    if not kinds and name_range[0] < name_range[1]:
        unknown.append((text[slice(*name_range)], line.span(*name_range)))
    rule = DIRECTIVES.get(name)
    after = line.skip(at, end)
    if rule is not None and rule.argument is not None and line.masked[after : after + 1] == "(":
        clause, at, problem = _parenthesised(line, CLAUSES[rule.argument], rule.argument, after, after, end)
        clauses.append(clause)
    taken = frozenset(rule.clauses) if rule else frozenset()
    while kinds and problem is None:
        at = line.skip(at, end, ",")
        if at >= end:
            break
        word = line.word(at)
        if word is None or word.end() > end:
            problem = f"`{text[at]}` is neither a clause nor a part of one"
            unknown.append((text[at], line.span(at, at + 1)))
            break
        written = word[0].lower() if fortran else word[0]
        clause_rule = CLAUSES.get(written)
        if clause_rule is not None and written in _WORDS_AS_CLAUSES and written not in taken:
            clause_rule = None
        opening = line.skip(word.end(), end)
        has_list = opening < end and line.masked[opening] == "("
        if clause_rule is None:
            unknown.append((word[0], line.span(at, word.end())))
            closing = line.closing(opening, end) if has_list else word.end() - 1
            if closing is None:
                problem = f"the parenthesis of `{word[0]}` is not closed"
                break
            at = closing + 1
        elif has_list:
            clause, at, problem = _parenthesised(line, clause_rule, written, at, opening, end)
            clauses.append(clause)
        else:
            clauses.append(Clause(written, line.span(at, word.end())))
            at = word.end()
    return Directive(
        name,
        kinds,
        tuple(clauses),
        line.span(begin, max(len(text.rstrip()), begin)),
        line.span(*name_range),
        tuple(unknown),
        problem,
    )


def _line(
    text: str, sentinel: re.Match[str], offset_of: Callable[[int], int], resolve: Resolve, fortran: bool
) -> tuple[_Line, int]:
    """The line with comments and strings blanked, and where its directive ends."""
    end = len(text)
    start = sentinel.end()
    opened = sentinel[0].lstrip()
    body = text[start:]
    if opened.startswith(("_Pragma", "[[")):
        closing = '"' if opened.startswith("_Pragma") else "]]"
        at = text.rfind(closing, start)
        if at >= 0:
            end = at
            if closing == "]]":
                end = max(text.rfind(")", start, at), start)
            body = text[start:end]
    comment = _FORTRAN_COMMENT if fortran else _COMMENT
    body = _blank(comment, body)
    masked = _blank(_STRING, body)
    tail = " " * (len(text) - start - len(body))
    head = " " * start
    return _Line(head + body + tail, head + masked + tail, offset_of, resolve, fortran), end


def _blank(pattern: re.Pattern[str], text: str) -> str:
    return pattern.sub(lambda m: " " * len(m[0]), text)


def _name(line: _Line, at: int, end: int) -> tuple[str, tuple[str, ...], tuple[int, int], int]:
    """The directive name by the longest match: name, leaf constructs, its range in the text, where the rest begins."""
    words: list[str] = []
    ends: list[tuple[int, int]] = []
    first = place = line.skip(at, end)
    while place < end and len(words) < 10:
        word = line.word(place)
        if word is None or word.end() > end:
            break
        for canonical in spelled(word[0], line.fortran):
            words.append(canonical)
            ends.append((place, word.end()))
        place = line.skip(word.end(), end)
    closes = bool(line.fortran and words and words[0] == "end")
    name = combine(words)
    if not name and closes:
        name = combine(words[1:])
        if name:
            stop = ends[len(name.split())][1]
            return f"end {name}", ("end", *DIRECTIVES[name].kinds), (first, stop), stop
    if not name:
        stop = ends[0][1] if ends else first
        return "", (), (first, stop), stop
    stop = ends[len(name.split()) - 1][1]
    return name, DIRECTIVES[name].kinds, (first, stop), stop


def _parenthesised(
    line: _Line, rule: ClauseRule, name: str, start: int, opening: int, end: int
) -> tuple[Clause, int, str | None]:
    """A clause with its parentheses: the clause, where the rest begins, what is wrong with it."""
    closing = line.closing(opening, end)
    problem = None
    stop = closing
    if stop is None:
        problem = f"the parenthesis of `{name}` is not closed" if start != opening else "a parenthesis is not closed"
        stop = end
    modifiers, items, trailing = _arguments(line, rule, opening + 1, stop)
    after = stop if closing is None else closing + 1
    _, last = line.trimmed(start, after)
    clause = Clause(name, line.span(start, max(last, opening + 1)), modifiers, items, True, trailing)
    return clause, after, problem


_Arguments = tuple[tuple[str, ...], tuple[ClauseItem, ...], tuple[ClauseItem, ...]]


def _arguments(line: _Line, rule: ClauseRule, start: int, end: int) -> _Arguments:
    """Modifiers, items and what follows the list, by the shape of the clause."""
    if rule.shape == "text":
        first, last = line.trimmed(start, end)
        return (), (ClauseItem(line.text[first:last], line.span(first, last)),) if first < last else (), ()
    if rule.shape == "list":
        return (), _items(line, start, end), ()
    colon = _colon(line, start, end)
    if rule.shape == "modified":
        return _modified(line, rule, start, end, colon)
    if rule.shape == "trailing":
        return _trailing(line, start, end, colon)
    if rule.shape == "keyword":
        return _keywords(line, rule, start, end, colon)
    return _expressions(line, rule, start, end, colon)


def _colon(line: _Line, start: int, end: int) -> int | None:
    """The first colon outside brackets."""
    pieces = line.split(start, end, ":")
    return pieces[0][1] if len(pieces) > 1 else None


def _texts(line: _Line, start: int, end: int, separator: str = ",") -> tuple[str, ...]:
    return tuple(line.text[a:b] for a, b in line.pieces(start, end, separator))


def _modified(line: _Line, rule: ClauseRule, start: int, end: int, colon: int | None) -> _Arguments:
    if colon is not None:
        modifiers = tuple(m.lower() if line.fortran else m for m in _texts(line, start, colon))
        return modifiers, _items(line, colon + 1, end), ()
    words = _texts(line, start, end)
    if rule.name in ("depend", "doacross") and words and words[0] in rule.modifiers:
        return words[:1], (), ()
    return (), _items(line, start, end), ()


def _trailing(line: _Line, start: int, end: int, colon: int | None) -> _Arguments:
    """`x, y`, `x: 2`, `val(x): 2`, `x: val, step(2)` (OpenMP 5.2 §5.4.6)."""
    modifiers: list[str] = []
    first, last = line.trimmed(start, end if colon is None else colon)
    word = line.word(first)
    if word is not None and word[0] in _LINEAR_KINDS:
        opening = line.skip(word.end(), last)
        closing = line.closing(opening, last) if line.masked[opening : opening + 1] == "(" else None
        if closing == last - 1:
            modifiers.append(word[0])
            first, last = opening + 1, closing
    trailing: list[ClauseItem] = []
    for a, b in line.pieces(colon + 1, end) if colon is not None else ():
        text = line.text[a:b]
        if text in _LINEAR_KINDS:
            modifiers.append(text)
            continue
        step = re.match(r"step\s*\(", text)
        if step is not None and line.closing(a + step.end() - 1, b) == b - 1:
            a, b = line.trimmed(a + step.end(), b - 1)
        trailing.append(_expression(line, a, b))
    return tuple(modifiers), _items(line, first, last), tuple(trailing)


def _keywords(line: _Line, rule: ClauseRule, start: int, end: int, colon: int | None) -> _Arguments:
    modifiers = list(_texts(line, start, colon)) if colon is not None else []
    items: list[ClauseItem] = []
    for number, (a, b) in enumerate(line.pieces(start if colon is None else colon + 1, end)):
        text = line.text[a:b]
        word = line.word(a)
        if text in rule.keywords or (number == 0 and word is not None and word.end() == b):
            modifiers.append(text)
        else:
            items.append(_expression(line, a, b))
    return tuple(m.lower() if line.fortran else m for m in modifiers), tuple(items), ()


def _expressions(line: _Line, rule: ClauseRule, start: int, end: int, colon: int | None) -> _Arguments:
    """`n > 9`, `parallel: n > 9`, `strict: 4`, `2: 8`; the colon of `a ? b : c` belongs to the expression."""
    modifiers: tuple[str, ...] = ()
    separators = ","
    if colon is not None:
        words = line.text[start:colon].split()
        if words and (all(w in rule.modifiers for w in words) or combine(words) == " ".join(words)):
            modifiers = (" ".join(words),)
            start = colon + 1
        elif "?" not in line.masked[start:colon]:
            separators = ":"
    return modifiers, tuple(_expression(line, a, b) for a, b in line.pieces(start, end, separators)), ()


def _items(line: _Line, start: int, end: int) -> tuple[ClauseItem, ...]:
    return tuple(_item(line, a, b) for a, b in line.pieces(start, end))


def _expression(line: _Line, start: int, end: int) -> ClauseItem:
    text, span = line.text[start:end], line.span(start, end)
    return ClauseItem(text, span, line.resolve(text, span))


def _item(line: _Line, start: int, end: int) -> ClauseItem:
    """A list item: a variable, an element, or an array section `a[lower:length]` (Fortran: `a(lower:upper)`)."""
    opening, closing = ("(", ")") if line.fortran else ("[", "]")
    brackets: list[tuple[int, int]] = []
    stop = end
    while stop > start and line.masked[stop - 1] == closing:
        at = _opening(line, start, stop - 1)
        if at is None or line.masked[at] != opening:
            break
        brackets.append((at + 1, stop - 1))
        _, stop = line.trimmed(start, at)
    brackets.reverse()
    dimensions = brackets
    if line.fortran and len(brackets) == 1:
        dimensions = line.split(*brackets[0], ",")
    if not any(_colon(line, a, b) is not None for a, b in dimensions):
        return _expression(line, start, end)
    base = line.resolve(line.text[start:stop], line.span(start, stop))
    section = tuple(_dimension(line, a, b) for a, b in dimensions)
    return ClauseItem(line.text[start:end], line.span(start, end), base, section)


def _opening(line: _Line, start: int, closing: int) -> int | None:
    """The bracket that the one at `closing` closes."""
    depth = 0
    for i in range(closing, start - 1, -1):
        if line.masked[i] in _CLOSING:
            depth += 1
        elif line.masked[i] in _OPENING:
            depth -= 1
            if depth == 0:
                return i
    return None


def _dimension(line: _Line, start: int, end: int) -> tuple[Expr | None, Expr | None]:
    """One dimension of a section as lower bound and length; a missing one is None, a single subscript has length 1."""
    parts = [line.trimmed(a, b) for a, b in line.split(start, end, ":")]
    bounds = [line.resolve(line.text[a:b], line.span(a, b)) if a < b else None for a, b in parts[:2]]
    if len(bounds) == 1:
        return bounds[0], ONE
    (a, b), (c, d) = parts[0], parts[1]
    if line.fortran and a < b and c < d:
        length = f"({line.text[c:d]}) - ({line.text[a:b]}) + 1"
        return bounds[0], line.resolve(length, line.span(a, d))
    return bounds[0], bounds[1]
