"""What goes wrong with a kernel's directives, one mistake at a time, made from its text.

A mutant keeps the lines of the kernel where they are, so that what is said of both can be compared. Its name is
`kernel:line:mistake`, the line that of the directive (or of the call) that changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

KERNELS = Path(__file__).parent / "kernels"
_PRAGMA = re.compile(r"^(?P<indent>\s*)#\s*pragma\s+omp\s+(?P<text>.*)$")
# Clauses whose loss is a mistake that people make, and what stands between their parentheses is a list.
_LISTS = (
    "private", "firstprivate", "lastprivate", "reduction", "task_reduction", "in_reduction", "linear", "depend",
    "copyin", "copyprivate", "shared",
)  # fmt: skip
_SINGLE = ("safelen", "collapse", "ordered", "if", "filter")
# Directives that keep threads apart or in order, or that share out work: each may be forgotten.
_REMOVED = (
    "barrier", "critical", "atomic", "taskwait", "taskgroup", "single", "master", "masked", "ordered", "flush", "for",
    "threadprivate", "scope", "loop", "distribute parallel for",
)  # fmt: skip
_WAITING = ("for", "sections", "single", "loop", "scope")
_LOCKS = re.compile(r"\bomp_(?:(?P<set>set)|unset)_(?:nest_)?lock\((?P<lock>[^;]*)\);")
_TRY = re.compile(r"\bomp_test_(?:nest_)?lock\((?P<lock>[^;]*?)\)\)")
_GUARD = re.compile(r"^\s*std::(?:lock_guard|unique_lock|scoped_lock)<.*;$")


@dataclass(frozen=True)
class Kernel:
    """A race-free program of one file."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def language(self) -> str:
        return self.path.suffix[1:]


@dataclass(frozen=True)
class Mutant:
    """A kernel with one mistake. `subject`: the variable that it concerns, where it concerns one."""

    kernel: Kernel
    line: int  # from one
    mistake: str
    text: str
    subject: str | None = None

    @property
    def name(self) -> str:
        return f"{self.kernel.name}:{self.line}:{self.mistake}"


@dataclass(frozen=True)
class _Clause:
    name: str
    argument: str | None  # between the parentheses

    def __str__(self) -> str:
        return self.name if self.argument is None else f"{self.name}({self.argument})"


@dataclass(frozen=True)
class _Directive:
    first: int  # lines from zero
    last: int
    indent: str
    name: str
    clauses: tuple[_Clause, ...]

    def without(self, clause: _Clause, *instead: _Clause) -> str:
        at = next(i for i, c in enumerate(self.clauses) if c is clause)
        return self.written((*self.clauses[:at], *instead, *self.clauses[at + 1 :]))

    def written(self, clauses: Sequence[_Clause], name: str | None = None) -> str:
        return f"{self.indent}#pragma omp {' '.join([name or self.name, *map(str, clauses)])}"

    def has(self, *names: str) -> bool:
        return any(c.name in names for c in self.clauses)

    @property
    def kinds(self) -> list[str]:
        return self.name.split()


def kernels() -> list[Kernel]:
    """All kernels, by name."""
    return [Kernel(path, path.read_text(encoding="utf-8")) for path in sorted(KERNELS.iterdir())]


def mutants(kernel: Kernel) -> list[Mutant]:
    """Every mutant of a kernel, in textual order; no two have one name or one text."""
    lines = kernel.text.split("\n")
    made: list[Mutant] = []
    for directive in _directives(lines):
        for mistake, text, subject in _of_directive(directive):
            made.append(_mutant(kernel, lines, directive, mistake, text, subject))
    made += _of_locks(kernel, lines)
    assert len({m.name for m in made}) == len(made), f"two mutants of {kernel.name} have one name"
    seen: set[str] = set()
    return [m for m in sorted(made, key=lambda m: m.line) if m.text not in seen and not seen.add(m.text)]  # type: ignore[func-returns-value]


def _mutant(
    kernel: Kernel, lines: list[str], directive: _Directive, mistake: str, text: str, subject: str | None
) -> Mutant:
    changed = [*lines]
    changed[directive.first : directive.last + 1] = [text, *[""] * (directive.last - directive.first)]
    return Mutant(kernel, directive.first + 1, mistake, "\n".join(changed), subject)


# --- directives -----------------------------------------------------------------------------------------------------


def _directives(lines: list[str]) -> Iterator[_Directive]:
    at = 0
    while at < len(lines):
        match = _PRAGMA.match(lines[at])
        first = at
        at += 1
        if match is None:
            continue
        text = match["text"]
        while text.endswith("\\"):
            text = text[:-1] + lines[at].strip()
            at += 1
        yield _read(first, at - 1, match["indent"], text.strip())


def _read(first: int, last: int, indent: str, text: str) -> _Directive:
    words: list[_Clause] = []
    while text:
        match = re.match(r"[\s,]*(\w+)\s*", text)
        assert match is not None, text
        text = text[match.end() :]
        argument = None
        if text.startswith("("):
            end = _closing(text)
            argument, text = text[1:end], text[end + 1 :]
        words.append(_Clause(match[1], argument))
    named = next(
        (i for i, w in enumerate(words) if i > 0 and (w.argument is not None or w.name in _CLAUSES)), len(words)
    )
    if words[0].name in ("critical", "threadprivate"):
        return _Directive(first, last, indent, words[0].name, (_Clause("", words[0].argument),))
    return _Directive(first, last, indent, " ".join(w.name for w in words[:named]), tuple(words[named:]))


# Clauses without an argument, which end the name of the directive.
_CLAUSES = (
    "nowait", "ordered", "read", "write", "update", "capture", "compare", "seq_cst", "acquire", "release", "acq_rel",
    "relaxed", "untied", "mergeable", "nogroup", "notinbranch", "inbranch",
)  # fmt: skip


def _closing(text: str) -> int:
    depth = 0
    for at, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return at
    raise ValueError(f"no closing parenthesis in {text}")


def _items(argument: str) -> tuple[str, list[str]]:
    """`in: a, b[i]` -> `in: `, [`a`, `b[i]`]."""
    head = ""
    colon = re.match(r"(?:iterator\([^()]*\)\s*,\s*)?(?:inscan\s*,\s*)?[\w+*|&^-]+\s*:(?!:)\s*", argument)
    if colon is not None:
        head, argument = colon[0], argument[colon.end() :]
    items, depth = [""], 0
    for letter in argument:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            items.append("")
        else:
            items[-1] += letter
    return head, [item.strip() for item in items]


Mistake = tuple[str, str, "str | None"]


def _of_directive(directive: _Directive) -> Iterator[Mistake]:
    if directive.name.startswith("declare"):
        return
    if directive.name in ("critical", "threadprivate"):
        yield from _of_names(directive)
        return
    for clause in directive.clauses:
        if clause.name == "shared" and "task" not in directive.kinds:
            continue
        if clause.name in _LISTS and clause.argument is not None:
            yield from _of_list(directive, clause)
        elif clause.name in _SINGLE and clause.argument is not None:
            yield f"drop-{clause.name}", directive.without(clause), None
        if clause.name == "schedule" and clause.argument is not None and clause.argument.startswith("static"):
            yield "dynamic-schedule", directive.without(clause, _Clause("schedule", "dynamic")), None
        if clause.name in ("acquire", "release", "seq_cst"):
            yield f"drop-{clause.name}", directive.without(clause), None
    yield from _of_construct(directive)


def _of_names(directive: _Directive) -> Iterator[Mistake]:
    names = directive.clauses[0].argument
    yield f"remove-{directive.name}", "", None
    if directive.name == "critical" and names is not None:
        yield "rename-critical", f"{directive.indent}#pragma omp critical (another)", None
        yield "unname-critical", f"{directive.indent}#pragma omp critical", None
    if directive.name == "threadprivate" and names is not None:
        _, items = _items(names)
        for item in items if len(items) > 1 else ():
            rest = ", ".join(other for other in items if other != item)
            yield f"drop-threadprivate-{item}", f"{directive.indent}#pragma omp threadprivate({rest})", item


def _of_list(directive: _Directive, clause: _Clause) -> Iterator[Mistake]:
    assert clause.argument is not None
    head, items = _items(clause.argument)
    if head.startswith(("sink", "source")):
        items = [", ".join(items)]  # one iteration, named by the indices of all loops
    what = (
        f"{clause.name}-{'-'.join(re.findall('[a-z]+', head))}".rstrip("-") if clause.name == "depend" else clause.name
    )
    alone = len([c for c in directive.clauses if c.name == clause.name]) == 1
    dropped = f"drop-{what}" if len(items) == 1 and alone else ""
    if len(items) > 1 and alone:
        yield f"drop-{what}", directive.without(clause), None
    for item in items:
        rest = ", ".join(other for other in items if other != item)
        kept = (_Clause(clause.name, head + rest),) if rest else ()
        name = re.match(r"\w+", item)
        short = item.replace(" ", "")
        yield dropped or f"drop-{what}-{short}", directive.without(clause, *kept), name[0] if name else None
    if clause.name == "depend":
        match = re.match(r"(.*?)(out|inout|mutexinoutset|inoutset)(\s*:\s*)$", head)
        if match is not None:
            kind = f"{match[1]}in{match[3]}"
            weaker = _Clause("depend", kind + ", ".join(items))
            named = re.match(r"\w+", items[0])
            yield (
                f"weaken-{what}-{items[0].replace(' ', '')}",
                directive.without(clause, weaker),
                named[0] if named else None,
            )
    default = next((c for c in directive.clauses if c.name == "default" and c.argument == "none"), None)
    if clause.name in ("private", "firstprivate", "lastprivate", "reduction") and default is not None:
        for item in items:
            rest = ", ".join(other for other in items if other != item)
            kept = (_Clause(clause.name, head + rest),) if rest else ()
            yield f"share-{item}", directive.without(clause, *kept, _Clause("shared", item)), item


def _of_construct(directive: _Directive) -> Iterator[Mistake]:
    kinds = directive.kinds
    if directive.name in _REMOVED or kinds[0] in ("atomic", "masked"):
        yield f"remove-{directive.name.replace(' ', '-')}", "", None
    if kinds[0] in _WAITING and not directive.has("nowait", "copyprivate"):
        yield "add-nowait", directive.written((*directive.clauses, _Clause("nowait", None))), None
    if kinds[0] == "taskloop" and not directive.has("nogroup", "reduction"):
        yield "add-nogroup", directive.written((*directive.clauses, _Clause("nogroup", None))), None
    if directive.name == "single" and not directive.clauses:
        yield "master-for-single", directive.written((), "master"), None
    if kinds[0] == "atomic" and not directive.has("read", "write", "capture", "compare"):
        yield "critical-for-atomic", directive.written((), "critical"), None


# --- locks ----------------------------------------------------------------------------------------------------------


def _of_locks(kernel: Kernel, lines: list[str]) -> Iterator[Mutant]:
    """Locks that are not taken: within a function, each lock by its text."""
    groups: dict[tuple[int, str], list[int]] = {}
    function = 0
    for number, line in enumerate(lines):
        if line.startswith("}"):
            function = number
        for match in (*_LOCKS.finditer(line), *_TRY.finditer(line)):
            groups.setdefault((function, match["lock"]), []).append(number)
        if _GUARD.match(line):
            yield Mutant(
                kernel, number + 1, "remove-guard", "\n".join([*lines[:number], "", *lines[number + 1 :]]), None
            )
    for (_, lock), places in groups.items():
        changed = [*lines]
        for at in places:
            changed[at] = _untaken(changed[at], lock)
        yield Mutant(kernel, places[0] + 1, f"remove-lock-{lock.replace(' ', '')}", "\n".join(changed), None)


def _untaken(line: str, lock: str) -> str:
    """A line without the calls that take or release a lock; an attempt to take it succeeds."""
    free = _LOCKS.sub(lambda m: ";" if m["lock"] == lock else m[0], line)
    return _TRY.sub(lambda m: "1)" if m["lock"] == lock else m[0], free)
