"""How C and C++ write directives and promises."""

from __future__ import annotations

import re
from dataclasses import replace
from string import Template

from analyzers.ir.notation import Allocation, Notation, Promise
from analyzers.ir.symbols import Symbol
from analyzers.ir.verdicts import Edit
from analyzers.text import Span, line_break, line_start

INDENT = "  "
_BRACKET = re.compile(rb"\s*\[\s*")
_BRACE = re.compile(rb"\s*\{")
_LINE_ENDS = re.compile(rb"[ \t]*(\r|\n|$)")


def _restrict(text: bytes, symbol: Symbol) -> Edit | None:
    """`restrict` on a pointer parameter (C11 §6.7.3.1)."""
    span = symbol.span
    if not symbol.is_pointer or symbol.type.restrict or text[span.start : span.end] != symbol.name.encode():
        return None
    # `double x[n]` is a pointer whose qualifiers stand in the brackets (C11 §6.7.6.3).
    bracket = _BRACKET.match(text, span.end)
    at = bracket.end() if bracket else span.start
    empty = bracket is not None and text[at : at + 1] == b"]"
    return Edit(Span(at, at), "restrict" if empty else "restrict ")


_FORMS = {
    "next loop": Template("}\n$line$head {\n"),
    "extreme": Template("""\
{
    $value_type $best_of_all = $best;
    $place_type $at_of_all = $at;
    $parallel
    {
        $divided
        $loop
        $critical
        if ($best $op $best_of_all || ($best == $best_of_all && $at $earlier $at_of_all)) {
            $best_of_all = $best;
            $at_of_all = $at;
        }
    }
    $best = $best_of_all;
    $at = $at_of_all;
}"""),
    "block": Template("{\n$inside\n}"),
    "region": Template("$parallel\n{\n$inside\n}"),
    "array": Template("$type $name[$length]$rows;"),
    "keep": Template("$type *$kept = $name;"),
    "keep of rows": Template("$type (*$kept)$rows = $name;"),
    "in one case": Template("if ($condition)"),
    "sweep": Template("for ($type $index = $first; $index < $end; $index++)"),
    "copy": Template("$kept$where = $name$where;"),
}
_ALLOCATED = {
    "allocation": Template("$type *$name = malloc($length * sizeof *$name);"),
    "allocation of rows": Template("$type (*$name)$rows = malloc($length * sizeof *$name);"),
    "allocation of flags": Template("$type *$name = malloc($length * sizeof *$name);"),
    "release": Template("free($name);"),
}
# No vector of rows, and in a vector of flags they share words.
_CONTAINED = {
    "keep of container": Template("auto &$kept = $name;"),
    "allocation": Template("std::vector<$type> $name($length);"),
}


def _around(text: bytes, loop: Span, header: Span, indent: str, lines: tuple[str, str]) -> tuple[Edit, ...]:
    """Lines around the body of a loop, which gets braces where it has none."""
    first, last = lines
    newline, step = line_break(text), indent + INDENT
    opening = _BRACE.match(text, header.end)
    if opening is None:
        head = Edit(Span(header.end, header.end), f" {{{newline}{step}{first}")
        return head, Edit(Span(loop.end, loop.end), f"{newline}{step}{last}{newline}{indent}}}")
    if text[loop.end - 1 : loop.end] != b"}":
        return ()
    start = line_start(text, loop.end - 1)
    if text[start : loop.end - 1].strip():  # the last statement and the brace share a line
        tail = Edit(Span(loop.end - 1, loop.end - 1), f"{newline}{step}{last}{newline}{indent}")
    else:
        tail = Edit(Span(start, start), f"{step}{last}{newline}")
    rest = "" if _LINE_ENDS.match(text, opening.end()) else newline + step
    return Edit(Span(opening.end(), opening.end()), f"{newline}{step}{first}{rest}"), tail


C = Notation(
    sentinel="#pragma omp",
    loop_words=frozenset((b"for", b"while", b"do")),
    # A pragma of the compiler's own between an OpenMP directive and its loop is an error for most compilers.
    bound_to_loop=re.compile(
        rb"#\s*pragma\s+(?:GCC\s+(?:ivdep|unroll)|clang\s+loop|unroll|nounroll|ivdep|vector|simd)\b"
    ),
    distinct=Promise("restrict", _restrict),
    block_opens=b"{",
    block_closes=b"}",
    ends=re.compile(rb"(?:\s|//[^\n]*\n|/\*.*?\*/)*;(?:[^\S\n]|//[^\n]*|/\*[^\n]*?\*/)*", re.DOTALL),
    forms={**_FORMS, **_ALLOCATED},
    allocation=Allocation("malloc", "stdlib.h"),
    around=_around,
)


def _restrict_extension(text: bytes, symbol: Symbol) -> Edit | None:
    """`__restrict` on a pointer parameter, which all compilers of C++ know; not in brackets, not on a reference."""
    span = symbol.span
    if not symbol.is_pointer or symbol.type.restrict or text[span.start : span.end] != symbol.name.encode():
        return None
    if _BRACKET.match(text, span.end) or not text[: span.start].rstrip().endswith(b"*"):
        return None
    return Edit(Span(span.start, span.start), "__restrict ")


CPP = replace(
    C,
    distinct=Promise("__restrict", _restrict_extension),
    forms={**_FORMS, **_CONTAINED},
    allocation=Allocation("std::vector", "vector", positive=True),
)
