"""The choice between `#if` branches and the table of macros, from the preprocessor lines of a masked file."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field

from analyzers.frontends.macros import ExpansionError, Macro, expand_text, parse_define
from analyzers.frontends.masking import PreprocessorLine
from analyzers.ir import arithmetic
from analyzers.ir.arithmetic import PRECEDENCE
from analyzers.ir.statements import Problem
from analyzers.text import Span

OPENMP_VERSION = b"202111"  # _OPENMP of OpenMP 5.2: the code is read as if compiled with OpenMP

PREDEFINED: Mapping[bytes, Macro] = {
    name: Macro(name, body)
    for name, body in (
        (b"_OPENMP", OPENMP_VERSION),
        (b"__STDC__", b"1"),
        (b"__STDC_VERSION__", b"201710L"),
        (b"__STDC_HOSTED__", b"1"),
        (b"__GNUC__", b"12"),
        (b"__GNUC_MINOR__", b"2"),
        (b"__linux__", b"1"),
        (b"__unix__", b"1"),
        (b"__x86_64__", b"1"),
        (b"__LP64__", b"1"),
        (b"__CHAR_BIT__", b"8"),
        (b"__SIZEOF_POINTER__", b"8"),
        (b"__has_include", b"__has_include"),  # only `#ifdef` asks for it as a macro
    )
}

_STANDARDS: Mapping[bool, Mapping[str, bytes]] = {  # C++?: __STDC_VERSION__ or __cplusplus by the year of -std
    False: {"99": b"199901L", "11": b"201112L", "17": b"201710L", "18": b"201710L", "23": b"202311L"},
    True: {
        "98": b"199711L", "03": b"199711L", "11": b"201103L", "14": b"201402L",
        "17": b"201703L", "20": b"202002L", "23": b"202302L", "26": b"202400L",
    },
}  # fmt: skip
_YEARS = {"9x": "99", "0x": "11", "1x": "11", "1y": "14", "1z": "17", "2x": "23", "2a": "20", "2b": "23", "2c": "26"}
_STANDARD = re.compile(r"(?:c|gnu|iso9899:(?:19|20))(?:\+\+)?(\w\w)\Z")

# What projects call the switch of their own builds: `USE_OPENMP`, `HYPRE_USING_OPENMP`, `OPENMP_SUPPORT`.
_SWITCH = re.compile(
    r"(?!(?:.*_)?(?:NO|NOT|DONT|WITHOUT)_)"
    r"(?:(?:\w+_)?(?:USE|USING|WITH|HAVE|HAS|ENABLE)_)?(?:OPENMP|OMP)\Z|(?:\w+_)?OPENMP_(?:ENABLED|SUPPORT)\Z"
)
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\.?[0-9][A-Za-z0-9_.']*)|(?P<char>L?'(?:[^'\\]|\\.)*')|(?P<name>[A-Za-z_]\w*)"
    r'|(?P<string>"(?:[^"\\]|\\.)*"|<[^<>\s]*>(?=\s*\)))|(?P<op>&&|\|\||==|!=|<=|>=|<<|>>|[-+*/%<>!~&|^?:(),]))'
)
# C++ spells operators in words too; in C they are macros of <iso646.h>, and mean nothing else where an operator stands.
_WORDS = {
    "and": "&&", "or": "||", "not": "!", "not_eq": "!=", "bitand": "&", "bitor": "|", "xor": "^", "compl": "~",
}  # fmt: skip
_NAME = re.compile(r"(?:#|%:)\s*[a-z]+\s+([A-Za-z_]\w*)")
_HAS_INCLUDE = re.compile(r'\b__has_include(?:_next)?\s*\(\s*(?:"([^"]+)"|<([^>]+)>)\s*\)')
_INCLUDE = re.compile(r'#\s*include(?:_next)?\s*(?:"([^"]+)"|<([^>]+)>)')


def predefined(cpp: bool, standard: str = "") -> dict[bytes, Macro]:
    """What is defined before the first line, with `-std=standard`; "": as compilers do today."""
    macros = dict(PREDEFINED)
    year = _STANDARD.match(standard)
    version = _STANDARDS[cpp].get(_YEARS.get(year[1], year[1])) if year else None
    if cpp:
        del macros[b"__STDC_VERSION__"]
        for name, body in ((b"__cplusplus", version or b"201703L"), (b"_GNU_SOURCE", b"1")):
            macros[name] = Macro(name, body)
    elif version is not None:
        macros[b"__STDC_VERSION__"] = Macro(b"__STDC_VERSION__", version)
    elif year or standard == "ansi":  # C of 1990 does not say its version
        del macros[b"__STDC_VERSION__"]
    if standard == "ansi" or standard.startswith(("c", "iso")):
        macros[b"__STRICT_ANSI__"] = Macro(b"__STRICT_ANSI__", b"1")
    return macros


Exists = Callable[[str, bool], bool]  # of a header by its name, and whether it stands in `<>`


class ConditionError(Exception):
    """An `#if` expression that cannot be evaluated."""


@dataclass(frozen=True, slots=True)
class Include:
    name: str
    system: bool
    line: PreprocessorLine


@dataclass(frozen=True, slots=True)
class Guess:
    """An `#if` chosen without knowledge: a name it asks for could come from a header that was not read."""

    name: str
    span: Span  # from the #if to the end of its #endif
    branches: tuple[Span, ...]


@dataclass(slots=True)
class MacroTable:
    """Which macro a name is at which place: the definitions and `#undef`s of each name with their offsets, headers' at
    that of their `#include`."""

    events: dict[bytes, list[tuple[int, Macro | None]]]

    def final(self) -> dict[bytes, Macro]:
        """The macros at the end of the file."""
        return {name: macro for name, events in self.events.items() if (macro := events[-1][1]) is not None}

    def positional(self, first: int) -> dict[bytes, list[tuple[int, Macro | None]]]:
        """The names that mean different things at different places behind offset `first`."""
        return {name: events for name, events in self.events.items() if events[-1][0] >= first}


def macro_at(events: list[tuple[int, Macro | None]], offset: int) -> Macro | None:
    """The definition in force at `offset`."""
    k = bisect_right(events, offset, key=lambda event: event[0]) - 1
    return events[k][1] if k >= 0 else None


@dataclass(frozen=True, slots=True)
class Preprocessed:
    """`inactive`: byte ranges between preprocessor lines that are not compiled. `pragmas`: the active ones."""

    inactive: tuple[tuple[int, int], ...]
    pragmas: tuple[PreprocessorLine, ...]
    macros: MacroTable
    includes: tuple[Include, ...]
    guesses: tuple[Guess, ...]
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class _Conditional:
    line: PreprocessorLine
    outer: bool  # the surrounding text is active
    taken: bool  # a branch was chosen
    active: bool
    since: int  # the start of the present branch
    guessed: str | None = None
    branches: list[Span] = field(default_factory=list)


def _ends(lines: Sequence[PreprocessorLine]) -> bool:
    """Is there an `#endif` that belongs to an `#if` before these lines?"""
    depth = 0
    for line in lines:
        depth += (line.keyword in ("if", "ifdef", "ifndef")) - (line.keyword == "endif")
        if depth < 0:
            return True
    return False


def preprocess(
    lines: tuple[PreprocessorLine, ...],
    macros: MutableMapping[bytes, Macro],
    length: int,
    include: Callable[[Include, MutableMapping[bytes, Macro]], bool] = lambda include, macros: False,
    exists: Exists = lambda name, system: False,
) -> Preprocessed:
    """Walk the lines in order. `macros` holds what is defined at the start and is changed; `length` is the file's.

    `include` adds the macros of a header and says whether all of it was read, `exists` whether there is one."""
    events: dict[bytes, list[tuple[int, Macro | None]]] = {name: [(-1, macro)] for name, macro in macros.items()}
    inactive: list[tuple[int, int]] = []
    pragmas: list[PreprocessorLine] = []
    includes: list[Include] = []
    guesses: list[Guess] = []
    problems: list[Problem] = []
    stack: list[_Conditional] = []
    active = True
    unseen = False
    off_since = 0

    def switch(to: bool, line: PreprocessorLine) -> None:
        nonlocal active, off_since
        if active and not to:
            off_since = line.span.end
        elif to and not active:
            inactive.append((off_since, line.span.start))
        active = to

    for position, line in enumerate(lines):
        keyword = line.keyword
        if keyword in ("if", "ifdef", "ifndef"):
            value, unknown = _condition(line, macros, problems, exists) if active else (False, None)
            guessed = unknown if unseen else None
            stack.append(_Conditional(line, active, value, active and value, line.span.end, guessed))
            switch(active and value, line)
        elif keyword in ("elif", "elifdef", "elifndef", "else", "endif"):
            if not stack:
                problems.append(Problem("preprocessor", f"`#{keyword}` without `#if`", line.span))
                if keyword != "endif" and _ends(lines[position + 1 :]):
                    # What stands before is the branch of an `#if` above the text.
                    stack.append(_Conditional(line, active, True, False, line.span.end, None))
                    switch(False, line)
                continue
            top = stack[-1]
            top.branches.append(Span(top.since, line.span.start))
            top.since = line.span.end
            if keyword == "endif":
                stack.pop()
                switch(top.outer, line)
                if top.guessed and top.outer:
                    guesses.append(Guess(top.guessed, Span(top.line.span.start, line.span.end), tuple(top.branches)))
            elif keyword == "else":
                top.active = top.outer and not top.taken
                top.taken = True
                switch(top.active, line)
            else:
                value = False
                if top.outer and not top.taken:
                    value, unknown = _condition(line, macros, problems, exists)
                    top.guessed = top.guessed or (unknown if unseen else None)
                top.taken = top.taken or value
                top.active = value
                switch(top.active, line)
        elif not active:
            continue
        elif keyword == "define":
            macro = parse_define(line.text.encode("utf-8", "surrogatepass"))
            if macro is None:
                problems.append(Problem("preprocessor", "malformed `#define`", line.span))
                continue
            macros[macro.name] = macro
            events.setdefault(macro.name, []).append((line.span.start, macro))
        elif keyword == "undef":
            if match := _NAME.match(line.text):
                name = match[1].encode()
                macros.pop(name, None)
                events.setdefault(name, []).append((line.span.start, None))
        elif keyword in ("include", "include_next"):
            if match := _INCLUDE.match(line.text):
                found = Include(match[1] or match[2], match[1] is None, line)
                includes.append(found)
                before = dict(macros)
                unseen = not include(found, macros) or unseen
                for name, macro in macros.items():
                    if before.get(name) is not macro:
                        events.setdefault(name, []).append((line.span.start, macro))
        elif keyword == "pragma":
            pragmas.append(line)
    problems += [Problem("preprocessor", "`#if` without `#endif`", top.line.span) for top in stack]
    if not active:
        inactive.append((off_since, length))
    return Preprocessed(
        tuple(inactive), tuple(pragmas), MacroTable(events), tuple(includes), tuple(guesses), tuple(problems)
    )


def _condition(
    line: PreprocessorLine, macros: Mapping[bytes, Macro], problems: list[Problem], exists: Exists
) -> tuple[bool, str | None]:
    """The truth of an #if line and the first name in it that nothing is known of."""
    keyword = line.keyword
    if keyword not in ("if", "elif"):
        match = _NAME.match(line.text)
        if match is None:
            problems.append(Problem("preprocessor", f"`#{keyword}` without a name", line.span))
            return False, None
        defined = _known(match[1], macros)
        return defined == keyword.endswith("ifdef") or (keyword == "elifdef" and defined), None if defined else match[1]
    text = re.sub(r"^(?:#|%:)\s*(?:el)?if", "", line.text)
    try:
        return evaluate(text, macros, exists)
    except (ConditionError, RecursionError):
        problems.append(Problem("preprocessor", f"cannot evaluate `{line.text.strip()}`", line.span))
        return False, text.strip()


def _known(name: str, macros: Mapping[bytes, Macro]) -> bool:
    """Is the macro defined? The switch of a build is where nothing else was said: see OPENMP_VERSION."""
    return name.encode() in macros or _SWITCH.match(name) is not None


def _is_true(word: str) -> bool:
    """Is a name that no macro expands 1 in a condition?"""
    return word == "true" or _SWITCH.match(word) is not None


def evaluate(
    text: str, macros: Mapping[bytes, Macro], exists: Exists = lambda name, system: False
) -> tuple[bool, str | None]:
    """The value of an `#if` expression (C11 §6.10.1) and the first unknown name. Raises ConditionError."""
    unknown: list[str] = []

    def defined(match: re.Match[str]) -> str:
        known = _known(match[1] or match[2], macros)
        if not known:
            unknown.append(match[1] or match[2])
        return " 1 " if known else " 0 "

    text = re.sub(r"\bdefined\s*(?:\(\s*([A-Za-z_]\w*)\s*\)|([A-Za-z_]\w*))", defined, text)
    text = _HAS_INCLUDE.sub(lambda match: f" {int(exists(match[1] or match[2], match[1] is None))} ", text)
    text = re.sub(r"\b__has_\w+\s*\([^()]*\)", " 0 ", text)
    try:
        text = expand_text(text.encode("utf-8", "surrogatepass"), macros).decode("utf-8", "replace")
    except ExpansionError as error:
        raise ConditionError from error
    tokens: list[tuple[str, str]] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.end() == at:
            raise ConditionError
        at = match.end()
        word = match[match.lastgroup or 0]
        tokens.append(("op", _WORDS[word]) if word in _WORDS else (match.lastgroup or "", word))
    if len(tokens) > 2_000:
        raise ConditionError
    for kind, word in tokens:
        if kind == "name" and not _is_true(word) and word != "false":
            unknown.append(word)
    stream = iter([*tokens, ("end", "")])
    parser = _Parser(stream)
    value = parser.ternary()
    if parser.token[0] != "end" or value is None:
        raise ConditionError
    return value != 0, unknown[0] if unknown else None


class _Parser:
    """Precedence climbing over the tokens of a condition. A value is None where it is undefined, which only matters
    where it is asked for: `defined(N) && 8 % N == 0`."""

    def __init__(self, stream: Iterator[tuple[str, str]]) -> None:
        self.stream = stream
        self.token = next(stream)

    def advance(self) -> tuple[str, str]:
        token = self.token
        self.token = next(self.stream, ("end", ""))
        return token

    def ternary(self) -> int | None:
        value = self.binary(1)
        if self.token[1] != "?":
            return value
        self.advance()
        then = self.ternary()
        if self.advance()[1] != ":":
            raise ConditionError
        otherwise = self.ternary()
        return None if value is None else then if value else otherwise

    def binary(self, lowest: int) -> int | None:
        left = self.unary()
        while self.token[0] == "op" and PRECEDENCE.get(self.token[1], 0) >= lowest:
            op = self.advance()[1]
            right = self.binary(PRECEDENCE[op] + 1)
            left = arithmetic.binary(op, left, right)
        return left

    def unary(self) -> int | None:
        kind, word = self.advance()
        if kind == "number":
            return _integer(word)
        if kind == "char":
            return ord(word[-2])
        if kind == "name":
            if self.token[1] == "(":
                raise ConditionError
            return int(_is_true(word))
        if word == "(":
            value = self.ternary()
            if self.advance()[1] != ")":
                raise ConditionError
            return value
        if word in ("-", "+", "!", "~"):
            return arithmetic.unary(word, self.unary())
        raise ConditionError


def _integer(word: str) -> int:
    digits = word.replace("'", "").rstrip("uUlLzZ")
    try:
        return int(digits, 8) if len(digits) > 1 and digits.isdigit() and digits[0] == "0" else int(digits, 0)
    except ValueError as error:
        raise ConditionError from error
