"""Macro expansion with a map back to where the text came from (C11 §6.10.3).

Hide sets after D. Prosser, "Complete macro expansion algorithm", X3J11/86-196.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field

from analyzers.text import Span

IDENTIFIER = re.compile(rb"[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*")
_TOKEN = re.compile(
    rb"[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*"
    rb"|\.?[0-9](?:[eEpP][+-]|[A-Za-z0-9_.])*"
    rb'|"(?:[^"\\\r\n]|\\[\s\S])*"?'
    rb"|'(?:[^'\\\r\n]|\\[\s\S])*'?"
    rb"|\s+"
    rb"|\#\#|<<=|>>=|\.\.\.|->|\+\+|--|<<|>>|[<>=!]=|&&|\|\||[-+*/%&|^]=|[\s\S]"
)
# What may stand between identifiers of a chunk without being one: literals and pp-numbers (`1e5`, `0xAB`).
_WORD = re.compile(
    rb"[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*"
    rb"|\.?[0-9](?:[eEpP][+-]|[A-Za-z0-9_.])*"
    rb'|"(?:[^"\\\r\n]|\\[\s\S])*"?'
    rb"|'(?:[^'\\\r\n]|\\[\s\S])*'?"
)
_NUMBER = re.compile(
    rb"\(*[-+]?(?:0[xX][0-9a-fA-F]+|[0-9]+|(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?)[uUlLfF]*\)*"
)
_DEFINE = re.compile(rb"(?:#|%:)\s*define\s+([A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)(\(([^)]*)\))?\s*", re.DOTALL)
MAX_TOKENS = 20_000  # of one expansion: a macro bomb becomes a macro that cannot be expanded


@dataclass(frozen=True, slots=True)
class Macro:
    """A definition. `parameters` None: object-like. A variadic one has its last parameter stand for the rest."""

    name: bytes
    body: bytes
    parameters: tuple[bytes, ...] | None = None
    variadic: bool = False

    @property
    def number(self) -> bytes | None:
        """The literal that an object-like macro is, parentheses taken off; None where it is anything else."""
        if self.parameters is not None or not _NUMBER.fullmatch(self.body):
            return None
        bare = self.body.strip(b"()")
        if self.body.count(b"(") != self.body.count(b")") or (bare[:1] in b"-+" and bare == self.body):
            return None
        return bare


def parse_define(text: bytes) -> Macro | None:
    """`#define ...` with continuations joined; None where it is malformed."""
    match = _DEFINE.match(text)
    if match is None:
        return None
    body = text[match.end() :].strip()
    if match[2] is None:
        return Macro(match[1], body)
    names = [name.strip() for name in match[3].split(b",")] if match[3].strip() else []
    variadic = bool(names) and names[-1].endswith(b"...")
    if variadic:
        names[-1] = names[-1][:-3].strip() or b"__VA_ARGS__"
    if any(not IDENTIFIER.fullmatch(name) for name in names):
        return None
    return Macro(match[1], body, tuple(names), variadic)


class ExpansionError(Exception):
    """The macro cannot be expanded: wrong number of arguments, an unclosed argument list, too much text."""


@dataclass(slots=True)
class _Token:
    text: bytes
    hidden: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class Expanded:
    """Expanded text and its way back. `starts` are positions in `text`; stretch k is a copy of the original from
    `origins[k][0]` on where `origins[k][1]` is -1, else it stands for the invocation `origins[k]`."""

    text: bytes
    starts: tuple[int, ...]
    origins: tuple[tuple[int, int], ...]
    failed: tuple[Span, ...] = ()  # invocations left as they were, original offsets
    used: frozenset[bytes] = field(default=frozenset())

    def span(self, start: int, end: int) -> Span:
        """Where `text[start:end]` came from: whole invocations at its borders."""
        starts = self.starts
        k = max(0, bisect_right(starts, start) - 1)
        first, until = self.origins[k]
        left = first + start - starts[k] if until < 0 else first
        if k + 1 < len(starts) and end > starts[k + 1]:
            k = max(0, bisect_right(starts, max(start, end - 1)) - 1)
            first, until = self.origins[k]
        right = first + end - self.starts[k] if until < 0 else until
        return Span(left, max(left, right))

    def place(self, offset: int) -> int:
        """Where original byte `offset` is in `text`."""
        low, high = 0, len(self.origins)
        while low < high:
            middle = (low + high) // 2
            if self.origins[middle][0] <= offset:
                low = middle + 1
            else:
                high = middle
        k = max(0, low - 1)
        first, until = self.origins[k]
        return self.starts[k] + (offset - first if until < 0 else 0)


def words(code: bytes) -> frozenset[bytes]:
    """The identifiers of masked code."""
    return frozenset(w for w in _WORD.findall(code) if not (w[0] < 0x3A or w[0] == 0x2E))


def expand(code: bytes, macros: Mapping[bytes, Macro], names: frozenset[bytes], cache: dict[bytes, bytes]) -> Expanded:
    """Expand every use in `code` of the macros called `names`.

    `cache` keeps expansions by the text of the invocation and must belong to this table of macros."""
    parts: list[bytes] = []
    starts: list[int] = []
    origins: list[tuple[int, int]] = []
    failed: list[Span] = []
    used: set[bytes] = set()
    length = at = copied = 0
    while match := _WORD.search(code, at):
        at = match.end()
        name = match[0]
        if name not in names:
            continue
        macro = macros[name]
        start = match.start()
        end = at
        if macro.parameters is not None:
            opening = _after_space(code, at)
            if code[opening : opening + 1] != b"(":
                continue
            end = _closing(code, opening)
            if end < 0:
                failed.append(Span(start, at))
                continue
        used.add(name)
        try:
            text, end = _expand_invocation(code, start, end, macros, cache)
        except ExpansionError:
            failed.append(Span(start, end))
            at = end
            continue
        if start > copied:
            starts.append(length)
            origins.append((copied, -1))
            parts.append(code[copied:start])
            length += start - copied
        starts.append(length)
        origins.append((start, end))
        text = b" " + text + b" "
        parts.append(text)
        length += len(text)
        copied = at = end
    starts.append(length)
    origins.append((copied, -1))
    parts.append(code[copied:])
    return Expanded(b"".join(parts), tuple(starts), tuple(origins), tuple(failed), frozenset(used))


def joined(parts: list[Expanded], places: list[int]) -> Expanded:
    """One expansion of texts that follow each other; part k was copied from offset `places[k]` on."""
    starts: list[int] = []
    origins: list[tuple[int, int]] = []
    failed: list[Span] = []
    used: frozenset[bytes] = frozenset()
    length = 0
    for part, place in zip(parts, places, strict=False):
        starts += (length + start for start in part.starts)
        origins += ((a + place, b + place if b >= 0 else b) for a, b in part.origins)
        failed += (span.shifted(place) for span in part.failed)
        used |= part.used
        length += len(part.text)
    return Expanded(b"".join(part.text for part in parts), tuple(starts), tuple(origins), tuple(failed), used)


def expand_text(code: bytes, macros: Mapping[bytes, Macro]) -> bytes:
    """Expanded text without a map. Raises ExpansionError."""
    return b"".join(t.text for t in _expand_tokens(_tokens(code), macros))


def _after_space(code: bytes, at: int) -> int:
    while at < len(code) and code[at] in b" \t\r\n\f\v":
        at += 1
    return at


def _closing(code: bytes, opening: int) -> int:
    """The offset behind the parenthesis that closes the one at `opening`, -1 if none does."""
    depth = 0
    for match in _PARENTHESES.finditer(code, opening):
        first = code[match.start()]
        if first == 0x28:
            depth += 1
        elif first == 0x29:
            depth -= 1
            if depth == 0:
                return match.end()
    return -1


_PARENTHESES = re.compile(rb"""[()]|"(?:[^"\\\r\n]|\\[\s\S])*"?|'(?:[^'\\\r\n]|\\[\s\S])*'?""")


def _expand_invocation(
    code: bytes, start: int, end: int, macros: Mapping[bytes, Macro], cache: dict[bytes, bytes]
) -> tuple[bytes, int]:
    """The expansion of the invocation and its end.

    An expansion that ends in the name of a function-like macro takes the argument list behind it along."""
    for _ in range(20):
        invocation = code[start:end]
        text = cache.get(invocation)
        if text is None:
            text = b"".join(t.text for t in _expand_tokens(_tokens(invocation), macros)).strip()
            cache[invocation] = text
        last = re.search(rb"([A-Za-z_]\w*)\s*\Z", text)
        follower = macros.get(last[1]) if last else None
        if follower is None or follower.parameters is None:
            return text, end
        opening = _after_space(code, end)
        closing = _closing(code, opening) if code[opening : opening + 1] == b"(" else -1
        if closing < 0:
            return text, end
        end = closing
    raise ExpansionError


def _tokens(text: bytes) -> list[_Token]:
    return [_Token(t if not t.isspace() else b" ") for t in _TOKEN.findall(text)]


def _expand_tokens(tokens: list[_Token], macros: Mapping[bytes, Macro], depth: int = 0) -> list[_Token]:
    """Prosser's algorithm; the input is a stack with the next token on top."""
    if depth > 60:
        raise ExpansionError
    out: list[_Token] = []
    stack = tokens[::-1]
    budget = MAX_TOKENS
    while stack:
        token = stack.pop()
        budget -= 1
        if budget < 0 or len(stack) > MAX_TOKENS:
            raise ExpansionError
        macro = macros.get(token.text)
        if macro is None or token.text in token.hidden:
            out.append(token)
            continue
        if macro.parameters is None:
            hidden = token.hidden | {token.text}
            body = _paste([_Token(t.text) for t in _tokens(macro.body)])
        else:
            taken = _arguments(stack)
            if taken is None:
                out.append(token)
                continue
            arguments, closing = taken
            hidden = (token.hidden & closing.hidden) | {token.text}
            body = _substitute(macro, arguments, macros, depth)
        # The blanks keep `-N` from becoming `--1`.
        stack.append(_Token(b" "))
        stack.extend(_Token(t.text, t.hidden | hidden) for t in reversed(body))
        stack.append(_Token(b" "))
    return out


def _arguments(stack: list[_Token]) -> tuple[list[list[_Token]], _Token] | None:
    """Take `(a, b)` from the stack: the arguments and the closing parenthesis. None: there is no list."""
    at = len(stack) - 1
    while at >= 0 and stack[at].text.isspace():
        at -= 1
    if at < 0 or stack[at].text != b"(":
        return None
    depth = 1
    arguments: list[list[_Token]] = [[]]
    for k in range(at - 1, -1, -1):
        token = stack[k]
        if token.text == b"(":
            depth += 1
        elif token.text == b")":
            depth -= 1
            if depth == 0:
                del stack[k:]
                return arguments, token
        elif token.text == b"," and depth == 1:
            arguments.append([])
            continue
        arguments[-1].append(token)
    raise ExpansionError


def _substitute(macro: Macro, arguments: list[list[_Token]], macros: Mapping[bytes, Macro], depth: int) -> list[_Token]:
    """The body with its parameters replaced (C11 §6.10.3.1 to §6.10.3.3)."""
    parameters = macro.parameters or ()
    if not parameters and len(arguments) == 1 and not _strip(arguments[0]):
        arguments = []
    if macro.variadic:
        fixed = len(parameters) - 1
        rest: list[_Token] = []
        for k, argument in enumerate(arguments[fixed:]):
            rest += [_Token(b","), *argument] if k else argument
        omitted = len(arguments) <= fixed
        arguments = [*arguments[:fixed], rest]
    else:
        omitted = False
    if len(arguments) != len(parameters):
        raise ExpansionError
    by_name = {name: _strip(argument) for name, argument in zip(parameters, arguments, strict=True)}
    expanded: dict[bytes, list[_Token]] = {}
    body = _tokens(macro.body)
    out: list[_Token] = []
    k = 0
    while k < len(body):
        text = body[k].text
        if text == b"#" and (name := _next(body, k)) is not None and body[name].text in by_name:
            out.append(_Token(_stringize(by_name[body[name].text])))
            k = name + 1
            continue
        if text in by_name:
            pasted = _is_paste(body, _next(body, k)) or _is_paste(body, _previous(body, k))
            if pasted:
                if macro.variadic and text == parameters[-1] and (omitted or not by_name[text]):
                    _drop_comma(out)
                argument = by_name[text] or [_Token(b"")]
            else:
                if text not in expanded:
                    expanded[text] = _expand_tokens(by_name[text], macros, depth + 1)
                argument = expanded[text]
            out.extend(argument)
        else:
            out.append(body[k])
        k += 1
    return _paste(out)


def _drop_comma(out: list[_Token]) -> None:
    """GNU: `, ## __VA_ARGS__` with nothing to stand for loses its comma."""
    kept = [t for t in out if not t.text.isspace()]
    if len(kept) >= 2 and kept[-1].text == b"##" and kept[-2].text == b",":
        while out and out.pop().text != b",":
            pass


def _next(tokens: list[_Token], k: int) -> int | None:
    k += 1
    while k < len(tokens) and tokens[k].text.isspace():
        k += 1
    return k if k < len(tokens) else None


def _previous(tokens: list[_Token], k: int) -> int | None:
    k -= 1
    while k >= 0 and tokens[k].text.isspace():
        k -= 1
    return k if k >= 0 else None


def _is_paste(tokens: list[_Token], k: int | None) -> bool:
    return k is not None and tokens[k].text == b"##"


def _strip(tokens: list[_Token]) -> list[_Token]:
    start, end = 0, len(tokens)
    while start < end and tokens[start].text.isspace():
        start += 1
    while end > start and tokens[end - 1].text.isspace():
        end -= 1
    return tokens[start:end]


def _stringize(tokens: list[_Token]) -> bytes:
    parts = [
        t.text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') if t.text[:1] in (b'"', b"'") else t.text for t in tokens
    ]
    return b'"' + b"".join(parts) + b'"'


def _paste(tokens: list[_Token]) -> list[_Token]:
    """Join what stands on both sides of `##`."""
    if not any(t.text == b"##" for t in tokens):
        return tokens
    out: list[_Token] = []
    k = 0
    while k < len(tokens):
        if tokens[k].text == b"##":
            while out and out[-1].text.isspace():
                out.pop()
            k += 1
            while k < len(tokens) and tokens[k].text.isspace():
                k += 1
            if k < len(tokens):
                left = out.pop() if out else _Token(b"")
                out.append(_Token(left.text + tokens[k].text, left.hidden & tokens[k].hidden))
                k += 1
            continue
        out.append(tokens[k])
        k += 1
    return out
