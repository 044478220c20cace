"""Code without its names: identifiers become `v0`, `a0`, `f0`, ..., numbered as a prompt shows them.

The idea is that of Kadosh et al., "Scope is all you need" (arXiv:2308.09440): a small model cannot copy names, but it
can pick one word out of a few dozen. Works on any text, broken or half-typed; never raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from analyzers.api import Language
from models import vocabulary

Token = str  # one lexical unit as it is spelled

_C = re.compile(
    r"""(?P<skip>\s+|\\\r?\n|//[^\n]*|/\*.*?(?:\*/|\Z))
      |(?P<omp>\#[ \t]*pragma[ \t]+omp\b(?:[^\\\n]|\\.|\\\r?\n)*)
      |(?P<directive>\#(?:[^\\\n]|\\.|\\\r?\n)*)
      |(?P<string>(?:u8|[uUL])?R?"(?:[^"\\\n]|\\.)*(?:"|(?=\n)|\Z))
      |(?P<character>[uUL]?'(?:[^'\\\n]|\\.)+')
      |(?P<word>[A-Za-z_$][\w$]*)
      |(?P<number>\.?\d(?:[eEpP][+-]|['.\w])*)
      |(?P<operator><<=|>>=|->\*|\.\.\.|->|::|[-+*/%&|^=!<>]=|&&|\|\||<<|>>|\+\+|--|[()\[\]{};,.?:=!<>+\-*/%&|^~])
      |(?P<else>.)""",
    re.VERBOSE | re.DOTALL,
)
# Languages differ in how they are cut into tokens, and in nothing else below.
_LEXERS: Mapping[Language, re.Pattern[str]] = {"c": _C, "cpp": _C}

STRING, CHARACTER = '"', "'"  # how the tokens of literals begin
OMP, LINE = "<omp>", "<line>"  # a directive inside the code: the words between them
_NAME = re.compile(r"[A-Za-z_$][\w$]*\Z")
_NUMBER = re.compile(r"\.?\d")
_SUFFIX = re.compile(r"(?<=[\da-fA-F.])(?:[uUlLfF]+)\Z")
_TYPE_WORDS = frozenset((
    "int", "long", "short", "char", "float", "double", "unsigned", "signed", "void", "bool", "auto", "struct", "const",
    "_Bool", "_Complex", "enum", "static", "volatile", "register", "extern", "union", *vocabulary.TYPES,
))  # fmt: skip


def tokens(text: str, language: Language) -> list[Token]:
    """The tokens of a text, without comments; of preprocessor lines only OpenMP directives."""
    found: list[Token] = []
    for match in _LEXERS.get(language, _C).finditer(text):
        kind = match.lastgroup
        if kind in ("word", "number", "operator", "string", "character"):
            found.append(match[0])
        elif kind == "omp":
            inside = re.sub(r"\\\r?\n", " ", match[0]).split("omp", 1)[1]
            found += (OMP, *tokens(inside, language), LINE)
    return found


def is_name(token: Token) -> bool:
    """Whether a token is an identifier or a keyword."""
    return _NAME.match(token) is not None


def declared(code: Sequence[Token]) -> dict[str, tuple[Token, ...]]:
    """The variables that a text declares and their types as they stand there: `{"x": ("double", "*")}`, a guess by
    the order of the tokens. The first declaration of a name counts."""
    found: dict[str, tuple[Token, ...]] = {}
    i = 0
    while i < len(code):
        j = i
        while j < len(code) and (code[j] in _TYPE_WORDS or code[j] in vocabulary.KNOWN_MPI or code[j] == "::"):
            j += 1
        if j == i:
            if _begins(code, i) and is_name(code[i]) and code[i] not in vocabulary.ALWAYS_KNOWN:
                j = i + 1  # a type of the program
        elif (j < len(code) and code[j - 1] in ("struct", "enum", "union")) or (
            code[j - 1] in ("const", "static", "register", "volatile") and _is_fresh(code, j)
        ):
            j += 1
        if j == i:
            i += 1
            continue
        i = _declarators(code, i, j, found)
    return found


def _begins(code: Sequence[Token], i: int) -> bool:
    """Is this where a statement or a parameter begins, and may a declaration follow?"""
    return (i == 0 or code[i - 1] in ("{", "}", ";", "(", ",", LINE)) and _is_fresh(code, i)


def _is_fresh(code: Sequence[Token], i: int) -> bool:
    k = i + 1
    while k < len(code) and code[k] in ("*", "&"):
        k += 1
    after = code[k + 1] if k + 1 < len(code) else ";"
    return (
        i < len(code)
        and is_name(code[i])
        and k < len(code)
        and is_name(code[k])
        and code[k] not in vocabulary.ALWAYS_KNOWN
        and after in ("=", ";", ",", ")", "[", "{", ":")
        and (k == i + 1 or after in ("=", ";", ",", ")"))
    )


def _declarators(code: Sequence[Token], start: int, i: int, found: dict[str, tuple[Token, ...]]) -> int:
    """Read `* x = 1, y[3]` after the words of a type; returns where to go on."""
    if i < len(code) and code[i] == "<":
        depth, close = 0, i
        while close < min(len(code), i + 40):
            depth += {"<": 1, ">": -1, ">>": -2}.get(code[close], 0)
            close += 1
            if depth <= 0:
                break
        if depth <= 0:
            i = close
    kind = tuple(t for t in code[start:i] if t not in ("static", "register", "extern", "volatile", "const"))
    while i < len(code):
        stars: tuple[Token, ...] = ()
        while i < len(code) and code[i] in ("*", "&", "const", "restrict", "__restrict", "__restrict__"):
            stars = (*stars, code[i]) if code[i] in ("*", "&") else stars
            i += 1
        if i >= len(code) or not is_name(code[i]) or code[i] in vocabulary.ALWAYS_KNOWN - {"count", "data"}:
            return i
        name, i = code[i], i + 1
        extents: tuple[Token, ...] = ()
        while i < len(code) and code[i] == "[":
            close = _closing(code, i)
            extents = (*extents, *code[i:close])
            i = close
        following = code[i] if i < len(code) else ";"
        if following == "(":
            return i  # a function
        found.setdefault(name, (*kind, *stars, *extents[:8]))
        if following in ("=", "{", ":"):
            i = _end_of_value(code, i)
            following = code[i] if i < len(code) else ";"
        if following != "," or (i + 2 < len(code) and (code[i + 1] in _TYPE_WORDS or is_name(code[i + 2]))):
            return i
        i += 1
    return i


def _closing(code: Sequence[Token], i: int) -> int:
    """Behind the bracket that closes the one at `i`."""
    depth = 0
    while i < len(code):
        depth += (code[i] in ("(", "[", "{")) - (code[i] in (")", "]", "}"))
        i += 1
        if depth <= 0:
            break
    return i


def _end_of_value(code: Sequence[Token], i: int) -> int:
    while i < len(code) and code[i] not in (",", ";", ")", "}", "]"):
        i = _closing(code, i) if code[i] in ("(", "[", "{") else i + 1
    return i


@dataclass(slots=True)
class Names:
    """Which word stands for which token, in one prompt. Words are dealt out as they are asked for."""

    kinds: dict[str, str] = field(default_factory=dict)  # of identifiers: the letter of their words
    words: dict[Token, str] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def look(self, code: Sequence[Token]) -> None:
        """Learn what the identifiers of a piece of code are: whether they are called, subscripted, members, types."""
        for i, token in enumerate(code):
            if not is_name(token):
                continue
            kind = _kind(code, i)
            if kind == "v":
                self.kinds.setdefault(token, kind)
            elif not (kind == "m" and token in self.kinds) and self.kinds.get(token) in (None, "v", "m"):
                self.kinds[token] = kind

    def say(self, code: Iterable[Token]) -> list[str]:
        """The words for tokens, in order."""
        return [self.word(token) for token in code]

    def word(self, token: Token) -> str:
        """The word for one token."""
        known = self.words.get(token)
        if known is not None:
            return known
        if token.startswith("<") and token in vocabulary.CONTROL:
            return token
        word = self._new(token)
        self.words[token] = word
        return word

    def _new(self, token: Token) -> str:
        if token.lstrip("uULR8").startswith(STRING):
            return "<string>"
        if token.lstrip("uUL").startswith(CHARACTER) and len(token) > 1:
            return "<character>"
        if is_name(token):
            kind = self.kinds.get(token, "v")
            known = token in vocabulary.ALWAYS_KNOWN or token in vocabulary.KNOWN_MPI
            if known or (kind in ("f", "m") and token in _CALLED) or (kind == "t" and token in _CPP_TYPES):
                return token
            return self._deal(kind)
        if _NUMBER.match(token):
            plain = _SUFFIX.sub("", token) if not token.startswith("0x") else token
            return next((t for t in (plain, f"{plain}0") if t in _NUMBERS), None) or self._deal("c")
        return token if token in vocabulary.IDS else "<other>"

    def _deal(self, kind: str) -> str:
        number = self._counts.get(kind, 0)
        if number >= vocabulary.NAMES[kind]:
            return "<other>"
        self._counts[kind] = number + 1
        return f"{kind}{number}"

    def spelled(self) -> dict[str, Token]:
        """The way back: the token for each word that was dealt out."""
        return {word: token for token, word in self.words.items() if is_dealt(word)}


_NUMBERS = frozenset(vocabulary.NUMBERS)
_CPP_TYPES = frozenset(vocabulary.CPP_TYPES)
_CALLED = vocabulary.KNOWN_CALLS | _CPP_TYPES


def is_dealt(word: str) -> bool:
    """Whether a word stands for a name of the program: `v3`, `a0`."""
    return word[0] in vocabulary.NAMES and word[1:].isdigit()


def _kind(code: Sequence[Token], i: int) -> str:
    before = code[i - 1] if i else ""
    after = code[i + 1] if i + 1 < len(code) else ""
    if before in (".", "->"):
        return "m"
    if code[i] in _CPP_TYPES and (before == "::" or after in ("<", "::", "&")):
        return "t"
    if after == "(":
        return "f"
    if after in ("[", "->"):
        return "a"
    if after == "::" or (before in ("struct", "enum", "union", "class", "new", "typename")):
        return "t"
    if is_name(after) and after not in vocabulary.ALWAYS_KNOWN and before not in ("::",) and after != "and":
        return "t"
    if before == "*" and (
        i < 2 or code[i - 2] in ("(", ";", "{", "}", "=", ",", "+", "-", "*", "return", "[", "&&", "||")
    ):
        return "a"
    if before == "*" and (code[i - 2] in _TYPE_WORDS or code[i - 2] == "*"):
        return "a"
    return "v"
