"""How a language writes what the analysis proposes. Each front end gives its own; no room above writes syntax."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from string import Template

from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Edit
from analyzers.text import Span


@dataclass(frozen=True, slots=True)
class Promise:
    """How a declaration promises that what a parameter leads to is reached in no other way."""

    word: str
    edit: Callable[[bytes, Symbol], Edit | None]  # by the text of the function; None: not declared as it is spelled


@dataclass(frozen=True, slots=True)
class Allocation:
    """What the code needs that allocates an array: a name, which a header declares."""

    name: str
    header: str
    positive: bool = False  # a length that is not positive is an error


@dataclass(frozen=True, slots=True)
class Notation:
    """What differs between languages in the lines that are put into a program."""

    sentinel: str = "omp"  # what a directive line begins with
    words: Mapping[str, str] = field(default_factory=dict)  # leaf constructs that are written differently than in C
    loop_words: frozenset[bytes] = frozenset()  # lower case; a loop that begins with another word is written by a macro
    bound_to_loop: re.Pattern[bytes] | None = None  # a line that must stay directly above its loop
    distinct: Promise | None = None  # None: parameters are distinct anyway, or the language cannot say so
    block_opens: bytes = b""  # what a block of statements begins with
    block_closes: bytes | None = None  # and ends with; None: it has no sign of its own
    ends: re.Pattern[bytes] | None = None  # what stands between a statement and the one after it
    forms: Mapping[str, Template] = field(default_factory=dict)  # the code of rewrites, by their names
    allocation: Allocation | None = None
    # Puts a line at the beginning and one at the end of each iteration: by the text of the function, the loop, its
    # header, its indentation and the lines. No edits: the loop is not written as it must be.
    around: Callable[[bytes, Span, Span, str, tuple[str, str]], tuple[Edit, ...]] | None = None

    def directive(self, name: str, *clauses: str) -> str:
        """The whole line of a directive by its canonical name, without indentation."""
        return " ".join((self.sentinel, *(self.words.get(word, word) for word in name.split()), *clauses))
