"""Work arrays of each thread's own, where no clause makes them (see `dependence.work_arrays`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from string import Template

from analyzers.dependence import extents
from analyzers.dependence.beforehand import Steady
from analyzers.dependence.distribution import leaves
from analyzers.dependence.extents import Size
from analyzers.dependence.facts import LoopFacts, WorkArray
from analyzers.dependence.spelling import spell
from analyzers.ir.arithmetic import fold
from analyzers.ir.expressions import Binary, Constant, Expr, symbols
from analyzers.ir.symbols import Symbol, Type
from analyzers.ir.verdicts import Edit, Fix
from analyzers.openmp import canonical
from analyzers.openmp.rewrites.subject import Subject, assuming
from analyzers.text import Span, line_break
from analyzers.words import listed, quoted

STACK = 65_536  # bytes of work arrays that an iteration may put on the stack of its thread
_WIDEST = 128  # bits of an element whose type has no size that is known
_PLAIN = re.compile(r"[A-Za-z_][\w ]*\Z")
_LEADING = re.compile(r"^[ \t]+")
_COMMENT = re.compile(r"[ \t]*(//.*|/\*[^\n]*\*/[ \t]*)?\Z")


@dataclass(frozen=True, slots=True)
class _Own:
    """The array that takes the place, and the name, of another one. If that is looked at afterwards it is called `kept`
    meanwhile, and the last iteration copies to it, under these conditions."""

    symbol: Symbol
    size: Size
    element: Type
    kept: str = ""
    conditions: tuple[Expr, ...] = ()

    @property
    def bytes(self) -> int | None:
        return None if self.size.elements is None else self.size.elements * (self.element.bits or _WIDEST) // 8

    @property
    def shape(self) -> str:
        return " of rows" if len(self.size.extents) > 1 else ""

    def keep(self, subject: Subject) -> str:
        """The form of the line that gives it another name: containers, and references to them, are no pointers."""
        whole = "keep of container" in subject.notation.forms and not self.symbol.type.name.endswith("*")
        return "keep of container" if whole else f"keep{self.shape}"

    @property
    def allocation(self) -> str:
        """The form of the line, which a language may not have for all types."""
        return f"allocation{' of flags' if self.element.kind == 'logical' else ''}{self.shape}"

    def line(self, form: Template, **more: str) -> str:
        length = self.size.length
        rows = "".join(f"[{spell(extent)}]" for extent in self.size.extents[1:])
        length = length if length.isalnum() else f"({length})"
        kind, name = self.element.name, self.symbol.name
        return form.substitute(type=kind, name=name, kept=self.kept, length=length, rows=rows, **more)


def fixes(subject: Subject) -> Iterator[Fix]:
    """The arrays are declared in the loop where they are small, else allocated once for each thread, in a region around
    the loop."""
    found = subject.loop.alternatives.work_arrays
    if found is None or not subject.place.own_line or not subject.pays() or canonical.problem(subject.loop):
        return
    if any(_is_divided(outer) for outer in subject.nests.above(subject.loop)):
        return
    arrays = [own for array in found.arrays if (own := _own(subject, array)) is not None]
    last = _last(subject.loop)
    if len(arrays) < len(found.arrays) or (last is None and any(own.kept for own in arrays)):
        return
    small = all(own.bytes is not None for own in arrays) and sum(own.bytes or 0 for own in arrays) <= STACK
    forms = subject.notation.forms
    if any(
        (own.kept and own.keep(subject) not in forms) or (not small and own.allocation not in forms) for own in arrays
    ):
        return
    changed = subject.with_facts(subject.loop, found.verdict)
    lines = (_declared if small else _allocated)(changed, arrays, _copies(subject, arrays, last or ""))
    if lines is None:
        return
    kept = [own.line(forms[own.keep(subject)]) for own in arrays if own.kept]
    if kept:
        lines = forms["block"].substitute(inside=_moved(subject, [*kept, *lines])).split("\n")
    newline, indent = line_break(subject.text), subject.place.indent
    text = newline.join(f"{indent}{line}" if line.strip() else line for line in lines).removeprefix(indent)
    title = f"give each {'iteration' if small else 'thread'} its own {_names(arrays)}"
    note = "; ".join(_note(subject, arrays, small)) + assuming(found.verdict)
    yield Fix(title, (Edit(subject.loop.loop.span, text),), safe=False, note=note, restructures=True)


def _is_divided(outer: LoopFacts) -> bool:
    """Is the loop around, or can it be, the one that threads share?"""
    return outer.verdict.counts_as_parallel or outer.alternatives.work_arrays is not None


def _own(subject: Subject, array: WorkArray) -> _Own | None:
    symbol, facts, function = array.symbol, subject.loop, subject.function
    size = extents.size(symbol, facts, function)
    kind = symbol.type.element
    element = kind.element if kind is not None and kind.kind == "array" else kind
    if size is None or element is None or not _PLAIN.match(element.name):
        return None
    if not array.kept:
        return _Own(symbol, size, element)
    conditions = extents.refilled(symbol, size, facts, function)
    if conditions is None or leaves(facts.loop):
        return None
    return _Own(symbol, size, element, subject.fresh(f"{symbol.name}_kept"), conditions)


def _last(loop: LoopFacts) -> str | None:
    """What the index is in the last iteration, as it can be written in the loop."""
    header = loop.header
    if header is None or header.index.type.kind != "integer" or not Steady.of(loop)(header.bound):
        return None
    match fold(header.step), header.relation:
        case (1, "<") | (1, "!="):
            last = Binary("-", header.bound, Constant(1))
        case (-1, ">") | (-1, "!="):
            last = Binary("+", header.bound, Constant(1))
        case (1, "<=") | (-1, ">="):
            return spell(header.bound)
        case _:
            first, step, count = fold(header.lower), fold(header.step), loop.trip_count
            return None if first is None or step is None or not count else str(first + (count - 1) * step)
    value = fold(last)
    return spell(last) if value is None else str(value)


# What is written


def _declared(subject: Subject, arrays: Sequence[_Own], copies: Sequence[str]) -> list[str] | None:
    """Arrays in the body of the loop."""
    pragma = subject.divided()
    first = [own.line(subject.notation.forms["array"]) for own in arrays]
    return None if pragma is None else [pragma, *_loop(subject, first, copies)]


def _allocated(subject: Subject, arrays: Sequence[_Own], copies: Sequence[str]) -> list[str] | None:
    """A region in which each thread allocates arrays before it takes its share of the iterations."""
    divided, forms = subject.divided(directive="for"), subject.notation.forms
    if divided is None:
        return None
    allocated = [own.line(forms[own.allocation]) for own in arrays]
    released = [own.line(forms["release"]) for own in arrays if "release" in forms]
    inside = _moved(subject, [*allocated, divided, *_loop(subject, [], copies), *released])
    text = forms["region"].substitute(parallel=subject.notation.directive("parallel"), inside=inside)
    return text.split("\n")


def _copies(subject: Subject, arrays: Sequence[_Own], last: str) -> list[str]:
    """What the last iteration does at its end."""
    header, forms = subject.loop.header, subject.notation.forms
    lines = []
    for own in arrays:
        if not own.kept or header is None:
            continue
        asked = [f"{header.index.name} == {last}", *map(spell, own.conditions)]
        lines.append(forms["in one case"].substitute(condition=" && ".join(asked)))
        names = _indices(subject, own.size.extents)
        for number, (name, extent) in enumerate(zip(names, own.size.extents, strict=True)):
            first, end = ("0", spell(extent)) if number else (str(own.size.first), own.size.length)
            line = forms["sweep"].substitute(type=_counting(extent), index=name, first=first, end=end)
            lines.append(f"{subject.step * (number + 1)}{line}")
        where = "".join(f"[{name}]" for name in names)
        lines.append(f"{subject.step * (len(names) + 1)}{own.line(forms['copy'], where=where)}")
    return lines


def _indices(subject: Subject, extents_: Sequence[Expr]) -> list[str]:
    """Names that are free, one for each extent; macros may hide some that are not."""
    used = {symbol.name for extent in extents_ for symbol in symbols(extent)}
    used |= {word.decode("utf-8", "replace") for word in re.findall(rb"\w+", subject.text)}
    free = [letter for letter in "ijklpqrs" if letter not in used]
    return [*free, *(subject.fresh(f"at_{number}") for number, _ in enumerate(extents_))][: len(extents_)]


def _counting(extent: Expr) -> str:
    """The type of what counts up to there."""
    kinds = [symbol.type for symbol in symbols(extent)]
    return max(kinds, key=lambda kind: (kind.bits or 0, kind.is_unsigned)).name if kinds else "int"


def _loop(subject: Subject, first: Sequence[str], last: Sequence[str]) -> list[str]:
    """The lines of the loop, with these at the beginning and the end of its body, without the margin."""
    loop, text, indent = subject.loop.loop, subject.of(subject.loop.loop.span), subject.place.indent
    if first or last:
        braced = subject.has_braces
        start = loop.body.span.start + 1 if braced else loop.header_span.end
        head, rest = subject.of(Span(loop.span.start, start)), subject.of(Span(start, loop.span.end - braced))
        comment, newline, body = rest.partition("\n")
        if not newline or not _COMMENT.match(comment.rstrip()):
            comment, body = "", f"{indent}{subject.step}{rest.strip()}"
        inside = [f"{indent}{subject.step}{line}" for line in first], [f"{indent}{subject.step}{line}" for line in last]
        opens = head if braced else f"{head} {{"
        text = "\n".join([opens + comment.rstrip(), *inside[0], body.rstrip(), *inside[1], f"{indent}}}"])
    lines = text.replace("\r", "").split("\n")
    if "\t" not in indent + subject.step:
        lines = [_LEADING.sub(lambda blank: blank[0].expandtabs(), line) for line in lines]
    return [lines[0], *(line.removeprefix(indent) for line in lines[1:])]


def _moved(subject: Subject, lines: Iterable[str]) -> str:
    return "\n".join(f"{subject.step}{line}" if line.strip() else line for line in lines)


# What is said


def _names(arrays: Iterable[_Own]) -> str:
    return listed(quoted(own.symbol.name for own in arrays))


def _note(subject: Subject, arrays: Sequence[_Own], small: bool) -> Iterator[str]:
    """Why that is right, and what has to be there."""
    yield f"every iteration fills {_names(arrays)} before it reads {'it' if len(arrays) == 1 else 'them'}"
    kept = [own for own in arrays if own.kept]
    if kept:
        who = "the code behind" if all(own.symbol.storage == "local" for own in kept) else "the caller"
        yield f"what the last one leaves is copied to {_names(kept)}, where {who} may look"
    allocation = subject.notation.allocation
    if small or allocation is None:
        return
    effect = subject.function.effects.get(allocation.name)
    if allocation.name.encode() not in subject.text and (effect is None or not effect.trusted):
        yield f"it needs `#include <{allocation.header}>`"
    if allocation.positive:
        unsure = [own.size.length for own in arrays if own.size.elements is None and not own.size.unsigned]
        yield from (f"assuming `{length}` is not negative" for length in dict.fromkeys(unsure))
