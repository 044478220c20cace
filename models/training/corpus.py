"""Questions with their answers: from the generator, and from files of a user's own.

An example is a prompt of `models.prompts`, made as the editor makes it, facts of the analysis included, and the words
of the right answer. Everything follows from a seed; `held` examples come from kinds of loops, programs and names that
training never sees.
"""

from __future__ import annotations

import itertools
import json
import random
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from analyzers import api
from analyzers.api import Language, LoopReport, SourceText, Span
from models import prompts, vocabulary
from models.anonymize import is_name, tokens
from models.prompts import Prompt
from models.training import intents, loops, programs
from models.training.loops import Generated

BARE = replace(api.DEFAULTS, snippet=True)
_CPP = re.compile(r"::|\bauto\b|\bstatic_cast\b|\bstd\b|\bnew\b|\btemplate\b")
_ROUTINE = ("MPI_Init", "MPI_Finalize", "MPI_Comm_rank", "MPI_Comm_size")
_CALLS_OF_PROGRAM = 4
_CALLS_OF_ROW = 6
_ROUTINE_KEPT = 0.2  # of the calls that every program has


@dataclass(frozen=True, slots=True)
class Example:
    """A question and its answer, as words. `group` ties together what must not be split between training and test."""

    prompt: tuple[str, ...]
    answer: tuple[str, ...]  # ends with `<end>`
    kind: str
    group: str = ""


def generated(count: int, seed: int = 0, held: bool = False) -> Iterator[Example]:
    """`count` examples, two thirds about loops, the others about MPI calls."""
    parts = (_of_seed(number, held) for number in itertools.count(seed * 10_000_000))
    return itertools.islice(itertools.chain.from_iterable(parts), count)


def _of_seed(seed: int, held: bool) -> list[Example]:
    found = [e for g in loops.pair(seed, held) for e in of_loop(g, random.Random(f"tasks {seed} {g.dependent}"), held)]
    if seed % 2 == 0:
        rng = random.Random(f"holes {seed}")
        found += of_program(programs.program(seed, held), "c", rng, _CALLS_OF_PROGRAM, group=f"p{seed}")
    return found


def write(examples: Iterable[Example], path: Path) -> int:
    """Keep examples in a file, one JSON list on each line; returns how many. The file appears when it is whole."""
    count, partial = 0, path.with_suffix(".partial")
    with partial.open("w", encoding="ascii") as stream:
        for e in examples:
            stream.write(json.dumps([vocabulary.encode(e.prompt), vocabulary.encode(e.answer), e.kind, e.group]) + "\n")
            count += 1
    partial.replace(path)
    return count


def read(path: Path) -> Iterator[Example]:
    """The examples of a file made by `write`."""
    with path.open(encoding="ascii") as stream:
        for line in stream:
            prompt, answer, kind, group = json.loads(line)
            yield Example(tuple(vocabulary.decode(prompt)), tuple(vocabulary.decode(answer)), kind, group)


def first_loop(text: SourceText, language: Language, bare: bool) -> tuple[int, LoopReport] | None:
    """The outermost loop that stands first, and the offset of its function."""
    report = api.analyze(text, language, BARE if bare else api.DEFAULTS)
    return min(api.loops_of(report), key=lambda found: found[0] + found[1].span.start, default=None)


def of_loop(loop: Generated, rng: random.Random, held: bool = False) -> Iterator[Example]:
    """The questions about one generated loop: its directive, and one more."""
    text = SourceText.of(loop.text)
    found = first_loop(text, loop.language, loop.bare)  # type: ignore[arg-type]
    if found is None:
        return
    start, report = found
    kind = "dependent" if loop.dependent else "parallel"
    facts = rng.random() < 0.85

    def asked(more: str, label: str | None, **arguments: str) -> Iterator[Example]:
        prompt = prompts.for_loop(text, loop.language, report, start, facts=facts, **arguments)  # type: ignore[arg-type]
        example = answered(prompt, label, f"{more} {kind}", f"l{loop.text}"[:40])
        if example is not None:
            yield example

    yield from asked("pragma", loop.label)
    form = rng.random()
    if form < 0.4:
        comment, label = intents.asked(loop, rng, held)
        yield from asked("intent", label, comment=comment)
    elif loop.label is None:
        yield from asked("rest", None, typed="parallel for")
    else:
        label = _shuffled(loop, rng)
        parts = tokens(label.removeprefix("#pragma omp "), "c")
        cut = rng.randrange(1, len(parts) + 1)
        yield from asked("rest", label, typed=" ".join(parts[:cut]))


def _shuffled(loop: Generated, rng: random.Random) -> str:
    """The directive with its clauses in another order, as people write them, sometimes with one more."""
    clauses = re.findall(r"\w+\([^()]*\)", loop.label or "")
    if rng.random() < 0.3 and "schedule" not in (loop.label or ""):
        clauses.append(rng.choice(("schedule(static)", "schedule(dynamic)", "schedule(guided)", "num_threads(4)")))
    if rng.random() < 0.5:
        rng.shuffle(clauses)
    return " ".join(("#pragma omp parallel for", *clauses))


def answered(prompt: Prompt, label: str | None, kind: str, group: str) -> Example | None:
    """The example for a prompt and its right answer; None where the answer cannot be said in its words."""
    if label is None:
        return Example(prompt.words, ("<none>", "<end>"), kind, group)
    words = prompts.answer(prompt, label)
    if words is None or len(words) >= prompts.ANSWER or words[: len(prompt.typed)] != prompt.typed:
        return None
    return Example(prompt.words, (*words[len(prompt.typed) :], "<end>"), kind, group)


def calls(text: str) -> list[Span]:
    """Where the MPI calls of a program stand, name to bracket, as offsets in characters."""
    found = []
    for match in re.finditer(r"\bMPI_\w+\s*\(", text):
        depth, end = 1, match.end()
        while end < len(text) and depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        if depth == 0 and match[0].rstrip("( \t\n") in vocabulary.MPI_FUNCTIONS:
            found.append(Span(match.start(), end))
    return found


def of_program(
    text: str, language: Language, rng: random.Random, most: int | None = None, group: str = "", whole: bool = False
) -> Iterator[Example]:
    """Questions about the calls of one program. `whole`: all arguments are asked for, as in the evaluation."""
    text = "".join(c if c.isascii() else "?" for c in text)
    source, spans = SourceText.of(text), calls(text)
    if most is not None:
        spans = sorted(spans, key=lambda s: (text.startswith(_ROUTINE, s.start) and rng.random() < 0.9, rng.random()))
    for span in spans[:most]:
        call = text[span.start : span.end]
        parts = tokens(call, language)
        form = rng.random()
        cut = 2 if whole or form < 0.5 else 0 if form < 0.7 else rng.randrange(2, max(3, len(parts)))
        typed = " ".join(parts[:cut])
        prompt = prompts.for_call(source, language, span, typed)
        example = answered(prompt, call, f"mpi {parts[0]}", group)
        if example is not None:
            yield example


def rows(path: Path, seed: int = 0, whole: bool = False) -> Iterator[Example]:
    """The examples of a file with one JSON object on each line: `{"code": ..., "pragma": ...}` is a bare loop with the
    directive that a person gave it, `{"code": ..., "labels": [[line, place, name, arguments], ...]}` a program with
    numbered lines without its MPI calls, `{"code": ...}` a program with them. A directive that the analysis refutes is
    no example. `whole`: for evaluation, every call with all its arguments, loops with their facts only."""
    rng = random.Random(seed)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        if not line.strip():
            continue
        row = json.loads(line)
        group = str(row.get("program", row.get("hash", number))).rsplit("_", 1)[0]
        if "pragma" in row:
            yield from _of_row(
                row["code"], row["pragma"], group, (True,) if whole or rng.random() < 0.7 else (True, False)
            )
        else:
            text = with_calls(row["code"], row["labels"]) if "labels" in row else row["code"]
            for example in of_program(text, "c", rng, None if whole else _CALLS_OF_ROW, group, whole):
                if whole or not example.kind.endswith(_ROUTINE) or rng.random() < _ROUTINE_KEPT:
                    yield example


def is_unseen(example: Example) -> bool:
    """Is it of the third of a user's file that training leaves out, for an honest score? Decided by its group: loops of
    one file, programs of one project."""
    return zlib.crc32(example.group.encode()) % 3 == 0


def _of_row(code: str, pragma: str, group: str, forms: tuple[bool, ...]) -> Iterator[Example]:
    language: Language = "cpp" if _CPP.search(code) else "c"
    text = SourceText.of(code.rstrip() + "\n")
    found = first_loop(text, language, bare=True)
    if found is None:
        return
    start, report = found
    known = report.pragma or report.conditional_pragma
    label = written(pragma, code, report)
    if label != known:
        verified = api.verify_pragma(text, language, report.span.shifted(start), label, BARE)
        if verified.status in ("refuted", "malformed"):
            if known is None:
                return
            label = known
    for facts in forms:
        prompt = prompts.for_loop(text, language, report, start, facts=facts)
        example = answered(prompt, label, "pragma row" if facts else "pragma row alone", group)
        if example is not None:
            yield example


def written(pragma: str, code: str, report: LoopReport) -> str:
    """A person's directive in the form of the corpus: `parallel for`, no copy of an index that has one anyway, names
    spelled as the code spells them, nothing that the code does not name."""
    names: dict[str, str] = {}
    for token in tokens(code, "cpp"):
        if is_name(token):
            names.setdefault(token.lower(), token)
            names[token] = token
    indices = {role.name for role in report.roles if role.kind in ("index", "local")}
    clauses: list[str] = []
    for name, inside in re.findall(r"(\w+)\s*\(([^()]*)\)", pragma):
        operator, listed = inside.split(":", 1) if ":" in inside and name == "reduction" else ("", inside)
        if name in ("private", "lastprivate", "firstprivate", "reduction"):
            items = [names.get(w) or names.get(w.lower()) for w in re.findall(r"\w+", listed)]
            kept = list(dict.fromkeys(w for w in items if w is not None and w not in indices))
            if kept:
                op = operator.strip() + ":" if operator else ""
                clauses.append(f"{name}({op}{', '.join(kept)})")
        elif name in ("schedule", "collapse"):
            clauses.append(f"{name}({inside.strip()})")
    simd = " simd" if re.search(r"\bsimd\b", pragma) else ""
    return " ".join((f"#pragma omp parallel for{simd}", *dict.fromkeys(clauses)))


def with_calls(code: str, labels: Iterable[tuple[int, int, str, str]]) -> str:
    """A program with its MPI calls put back. Lines are counted without those that end in `=`, which wait for the value
    of a call: place 0 is the next one of them after its line, other places are lines of their own."""
    extra: dict[int, list[tuple[int, str]]] = {}
    for line, place, name, arguments in labels:
        extra.setdefault(line, []).append((place, f"{name}({arguments});"))
    lines = [re.sub(r"^\d+: ?", "", line) for line in code.splitlines()]
    found = [call for _, call in extra.get(0, ())]
    counted = i = 0
    while i < len(lines):
        found.append(lines[i])
        counted, i = counted + 1, i + 1
        for place, call in extra.get(counted, ()):
            if place == 0 and i < len(lines) and lines[i].rstrip().endswith("="):
                call, i = f"{lines[i]} {call}", i + 1
            found.append(call)
        while i < len(lines) and lines[i].rstrip().endswith("="):
            found.append(f"{lines[i]} 0;")
            i += 1
    return "\n".join(found) + "\n"
