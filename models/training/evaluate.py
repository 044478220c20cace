"""How good is it? Against answering always `parallel for`, against the analysis alone, against an n-gram model.

All figures are of greedy answers within the grammar of `prompts.follow`. What matters most: how often a loop that
carries a dependence is called parallel, before anything is verified.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from models import prompts, vocabulary
from models.anonymize import is_dealt
from models.llama import Llama
from models.prompts import Prompt
from models.training import parity
from models.training.corpus import Example

_ORDER = 4  # words that the n-gram model looks back
Answers = Callable[[Sequence[Example]], list[tuple[str, ...]]]

# Where the arguments of calls stand that are scored one by one: counts and datatypes, peers, tags, communicators.
Places = Mapping[str, tuple[int, ...]]
_SEND: Places = {"count": (1,), "datatype": (2,), "peer": (3,), "tag": (4,), "communicator": (5,)}
_ALL: Places = {"count": (1, 4), "datatype": (2, 5)}
_TO_ALL = {**_ALL, "communicator": (6,)}
_ROOTED = {**_ALL, "peer": (6,), "communicator": (7,)}
ARGUMENTS: Mapping[str, Places] = {
    "MPI_Send": _SEND, "MPI_Ssend": _SEND, "MPI_Bsend": _SEND, "MPI_Rsend": _SEND, "MPI_Recv": _SEND,
    "MPI_Isend": _SEND, "MPI_Issend": _SEND, "MPI_Irecv": _SEND,
    "MPI_Sendrecv": {"count": (1, 6), "datatype": (2, 7), "peer": (3, 8), "tag": (4, 9), "communicator": (10,)},
    "MPI_Bcast": {"count": (1,), "datatype": (2,), "peer": (3,), "communicator": (4,)},
    "MPI_Reduce": {"count": (2,), "datatype": (3,), "peer": (5,), "communicator": (6,)},
    "MPI_Allreduce": {"count": (2,), "datatype": (3,), "communicator": (5,)},
    "MPI_Scatter": _ROOTED, "MPI_Gather": _ROOTED, "MPI_Allgather": _TO_ALL, "MPI_Alltoall": _TO_ALL,
    "MPI_Type_contiguous": {"count": (0,), "datatype": (1,)},
    "MPI_Get_count": {"datatype": (1,)},
}  # fmt: skip


@dataclass(slots=True)
class Score:
    """Right answers out of all, by what was asked."""

    right: Counter[str] = field(default_factory=Counter)
    all: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, right: bool) -> None:
        """Count one answer."""
        self.all[name] += 1
        self.right[name] += right

    def lines(self) -> list[str]:
        """One line for each figure."""
        return [
            f"{name:34} {self.right[name]:5}/{count:<5} {self.right[name] / count:.3f}"
            for name, count in sorted(self.all.items())
        ]


def of_file(path: Path, threads: int = 1) -> Answers:
    """Greedy answers of an exported model, as llama.cpp runs it. Raises NotInstalledError, LoadError."""
    model = Llama(path, parity.CONTEXT, threads, lambda: False)
    return lambda examples: [_said(model, e.prompt) for e in examples]


def _said(model: Llama, words: tuple[str, ...]) -> tuple[str, ...]:
    asked, ids = question(words), vocabulary.encode(words)
    said: list[str] = []
    while not said or said[-1] != "<end>":
        row, _ = model.read([*ids, *vocabulary.encode(said)])
        allowed = [vocabulary.IDS[w] for w in sorted(prompts.follow(asked, [*asked.typed, *said]))]
        full = not allowed or len(said) >= prompts.ANSWER - 1
        said.append("<end>" if full else vocabulary.ENTRIES[max(allowed, key=row.__getitem__)])
    return tuple(said)


def question(words: tuple[str, ...]) -> Prompt:
    """The prompt of which these are the words, without what the names in it stand for."""
    names = {word: word for word in words if is_dealt(word)}
    return Prompt(words[2], words, names, {}, words[words.index("<ask>") + 1 :])


def of_ngrams(examples: Iterable[Example]) -> Answers:
    """Answers by the words before, as often as they came in `examples`: what needs no look at the program."""
    tables: list[dict[tuple[str, ...], Counter[str]]] = [defaultdict(Counter) for _ in range(_ORDER + 1)]
    for e in examples:
        words = _context(e.prompt, e.answer)
        for at in range(len(words) - len(e.answer), len(words)):
            for n in range(_ORDER + 1):
                tables[n][tuple(words[at - n : at])][words[at]] += 1

    def answer(e: Example) -> tuple[str, ...]:
        words, start = _context(e.prompt, ()), len(_context(e.prompt, ()))
        while len(words) - start < prompts.ANSWER and (len(words) == start or words[-1] != "<end>"):
            row = next(
                row for n in range(_ORDER, -1, -1) if (row := tables[n].get(tuple(words[len(words) - n :]))) is not None
            )
            words.append(row.most_common(1)[0][0])
        return tuple(words[start:])

    return lambda examples: [answer(e) for e in examples]


def _context(prompt: tuple[str, ...], answer: tuple[str, ...]) -> list[str]:
    return ["", "", "", prompt[2], *prompt[prompt.index("<ask>") + 1 :], *answer]


def always_parallel(examples: Sequence[Example]) -> list[tuple[str, ...]]:
    """`parallel for`, whatever the loop."""
    whole = ("parallel", "for")
    return [(*whole[min(len(question(e.prompt).typed), 2) :], "<end>") for e in examples]


def analysis_alone(examples: Sequence[Example]) -> list[tuple[str, ...]]:
    """What the facts in the prompt say: the clauses of their roles where the loop counts as parallel, else nothing."""
    return [_by_facts(e.prompt) for e in examples]


def _by_facts(words: tuple[str, ...]) -> tuple[str, ...]:
    if "<facts>" not in words:
        return ("<none>", "<end>")
    facts = words[words.index("<facts>") : words.index("<ask>")]
    if "is-parallel" not in facts and "is-likely" not in facts:
        return ("<none>", "<end>")
    clauses: list[str] = []
    for at, word in enumerate(facts):
        if word in ("private", "lastprivate", "reduction") and facts[at + 1 : at + 2] == ("(",):
            clauses += facts[at : facts.index(")", at) + 1]
    return ("parallel", "for", *clauses, "<end>")


def meaning(words: Sequence[str]) -> tuple[bool, frozenset[str], frozenset[tuple[str, str]]]:
    """What of a directive changes results: whether it is one, the copies, and the reductions."""
    if "<none>" in words:
        return False, frozenset(), frozenset()
    copies: set[str] = set()
    combined: set[tuple[str, str]] = set()
    text = " ".join(words)
    for part in text.split(")"):
        name, _, inside = part.strip().rpartition("(")
        clause = name.split()[-1] if name.split() else ""
        if clause in ("private", "firstprivate", "lastprivate"):
            copies |= {w for w in inside.split() if w != ","}
        elif clause == "reduction":
            operator, _, variables = inside.partition(" : ")
            combined |= {(operator.strip(), w) for w in variables.split() if w != ","}
    return True, frozenset(copies), frozenset(combined)


def scored(examples: Sequence[Example], answers: Answers) -> Score:
    """The figures for answers to `examples`."""
    score = Score()
    for e, said in zip(examples, answers(examples), strict=True):
        typed = question(e.prompt).typed
        task = e.kind.split()[0]
        if task == "mpi":
            _score_call(score, (*typed, *e.answer), (*typed, *said))
            continue
        right, found = meaning((*typed, *e.answer)), meaning((*typed, *said))
        facts = "" if "<facts>" in e.prompt else ", without facts"
        if not right[0]:
            score.add(f"{task}: dependent called parallel{facts}", found[0])
        else:
            score.add(f"{task}: clauses right{facts}", found == right)
            if task in ("intent", "rest"):
                score.add(f"{task}: every word{facts}", said == e.answer)
    return score


def _score_call(score: Score, right: Sequence[str], said: Sequence[str]) -> None:
    name = right[0]
    wanted, found = arguments(right), arguments(said)
    score.add("mpi: all arguments", tuple(right) == tuple(said))
    places = ARGUMENTS.get(name)
    if places is None:
        return
    score.add("mpi: all arguments of transfers", tuple(right) == tuple(said))
    for what, numbers in places.items():
        for n in numbers:
            if n < len(wanted):
                score.add(f"mpi: {what}", said[:1] == right[:1] and n < len(found) and found[n] == wanted[n])


def arguments(words: Sequence[str]) -> list[tuple[str, ...]]:
    """The arguments of a call."""
    found: list[list[str]] = [[]]
    depth = 0
    for word in words[1:]:
        depth += (word == "(") - (word == ")")
        if depth == 0:
            break
        if word == "," and depth == 1:
            found.append([])
        elif not (word == "(" and depth == 1 and not found[-1] and len(found) == 1):
            found[-1].append(word)
    return [tuple(argument) for argument in found]
