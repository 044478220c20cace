"""The process that holds a model: `python -I -m models.engine`, pickles on stdin and stdout.

llama.cpp ends the process it lives in when it is unhappy, and takes its time; so it lives here, and one thread owns it.
The first message says which model; the process answers with `Loaded`, or with `Failed` and ends. Ends when its parent
does.
"""

from __future__ import annotations

import os
import queue
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from models import vocabulary
from models.allowed import Allowed, Choices, Followed
from models.gguf import BadModelError, Header, read_header
from models.llama import BRANCHES, SEQUENCES, Llama, LoadError, NotInstalledError, StoppedError, TooLongError, likeliest
from models.messages import (
    Cancel,
    Complete,
    Completed,
    Continuation,
    Failed,
    Load,
    Loaded,
    Prompt,
    Rank,
    Ranked,
    Trouble,
    Word,
)
from processes.child import pipe, resident_bytes

INSTALL = "`pip install 'hpc-ls[model]'` adds it"
VOCABULARY = "hpc_ls.vocabulary"  # the version of `models.vocabulary` that a model was trained with
# Threads wait for each other after each of some hundred steps of a token, and spin meanwhile: on a machine that has
# other things to do, two threads answered for a model of 5 million parameters in ten times the time of one.
ONE_THREAD = 100_000_000  # parameters up to which one is enough
MOST_THREADS = 4  # an editor is not alone


class BadRequestError(Exception):
    """The question makes no sense to this model."""


class Engine:
    """Answers one question after the other; while it computes, it looks for the news that this one is not wanted."""

    def __init__(self, inbox: queue.SimpleQueue[object], send: Callable[[object], None]) -> None:
        self._inbox = inbox
        self._send = send
        self._waiting: deque[Rank | Complete] = deque()
        self._current = 0
        self._cancelled = False
        self._deadline = 0.0
        self._closing = False
        self._llama: Llama
        self._anonymized = False

    def run(self) -> None:
        """Serve until there is no model. The end of the pipe ends the process anyway."""
        first = self._inbox.get()
        if not isinstance(first, Load) or not self._load(first):
            return
        while True:
            self._take(self._inbox.get() if not self._waiting else None)
            self._drain()
            if self._waiting:
                self._answer(self._waiting.popleft())

    # --- the model ----------------------------------------------------------------------------------------------

    def _load(self, order: Load) -> bool:
        began = time.monotonic()
        try:
            loaded = self._loaded(order, began)
        except NotInstalledError as error:
            return self._refuse("not-installed", f"the run-time of the model is missing ({error}): {INSTALL}")
        except (BadModelError, LoadError) as error:
            return self._refuse("bad-model", f"{order.path} is not used: {error}")
        except OSError as error:
            return self._refuse("bad-model", f"{order.path} cannot be read: {error.strerror or error}")
        except MemoryError as error:
            return self._refuse("no-memory", f"{order.path} is not loaded: {error or 'there is no memory'}")
        self._send(loaded)
        return True

    def _refuse(self, trouble: Trouble, text: str) -> bool:
        self._send(Failed(0, trouble, text, resident_bytes()))
        return False

    def _loaded(self, order: Load, began: float) -> Loaded:
        path = Path(order.path)
        header = read_header(path)
        self._anonymized = _is_anonymized(header)
        context = min(order.context, header.context or order.context)
        _check_memory(header.memory(context), order.memory)
        if order.memory:
            _limit_memory(order.memory + resident_bytes())
        enough = 1 if header.parameters <= ONE_THREAD else MOST_THREADS
        threads = order.threads or min(_processors(), enough)
        self._llama = Llama(path, context, threads, self._unwanted)
        return Loaded(
            os.getpid(),
            header.name or path.stem,
            header.architecture,
            header.parameters,
            self._llama.size,
            context,
            threads,
            time.monotonic() - began,
            resident_bytes(),
            self._anonymized,
            self._llama.controls,
        )

    # --- questions ----------------------------------------------------------------------------------------------

    def _take(self, message: object) -> None:
        match message:
            case Rank() | Complete():
                self._waiting.append(message)
            case Cancel(id=identifier) if identifier == self._current:
                self._cancelled = True
            case Cancel(id=identifier):
                self._waiting = deque(each for each in self._waiting if each.id != identifier)

    def _drain(self) -> None:
        while not self._inbox.empty():
            self._take(self._inbox.get())

    def _unwanted(self) -> bool:
        """Between two steps of a computation: shall it end? An exception would be lost in llama.cpp."""
        self._drain()
        return self._cancelled or time.monotonic() > self._deadline

    def _answer(self, question: Rank | Complete) -> None:
        self._current, self._cancelled = question.id, False
        began = time.monotonic()
        self._deadline = began + question.seconds
        answer: Ranked | Completed | Failed
        try:
            answer = self._ranked(question) if isinstance(question, Rank) else self._completed(question)
        except StoppedError:
            answer = Failed(question.id, "time", f"no answer within {question.seconds:.1f} s")
        except (BadRequestError, TooLongError) as error:
            answer = Failed(question.id, "bad-request", str(error))
        except Exception:  # a bug of ours must cost this question only
            traceback.print_exc()
            answer = Failed(question.id, "bad-request", "the question could not be answered; the log says why")
        if not self._cancelled:
            self._send(answer)
        self._current = 0

    def _ranked(self, question: Rank) -> Ranked:
        began = time.monotonic()
        prompt = self._tokens(question.prompt)
        candidates = [self._tokens(candidate) for candidate in question.candidates]
        if not all(candidates):
            raise BadRequestError("a candidate is empty")
        logarithms, reused = self._llama.read(prompt)
        scores: list[tuple[float, int]] = []
        for group in _groups(candidates):
            scores += self._scores(len(prompt), logarithms, group)
        return Ranked(question.id, tuple(scores), reused, time.monotonic() - began, resident_bytes())

    def _scores(self, at: int, first: Sequence[float], candidates: list[list[int]]) -> list[tuple[float, int]]:
        """The candidates side by side, each in a sequence that begins with the prompt."""
        rows = []
        for sequence, candidate in enumerate(candidates, 1):
            self._llama.branch(0, sequence)
            rows += [(sequence, at + n, token, True) for n, token in enumerate(candidate[:-1])]
        try:
            following = iter(self._llama.advance(rows))
        finally:
            self._llama.drop(range(1, len(candidates) + 1))
        return [
            (float(first[candidate[0]]) + sum(float(next(following)[token]) for token in candidate[1:]), len(candidate))
            for candidate in candidates
        ]

    def _completed(self, question: Complete) -> Completed:
        began = time.monotonic()
        prompt = self._tokens(question.prompt)
        if not 0 < question.width < SEQUENCES // 2 or question.limit < 1:
            raise BadRequestError(f"between 1 and {SEQUENCES // 2 - 1} answers of one or more tokens are possible")
        if len(prompt) + question.limit > self._llama.context:
            raise TooLongError(f"{len(prompt)} tokens and the answer; the context holds {self._llama.context}")
        search = _Search(self._llama, self._allowed(question), question.width, question.limit)
        logarithms, reused = self._llama.read(prompt)
        found = [self._continuation(*each) for each in search.run(len(prompt), logarithms)]
        return Completed(question.id, tuple(found), len(prompt), reused, time.monotonic() - began, resident_bytes())

    def _continuation(self, tokens: tuple[int, ...], logarithm: float, ended: bool) -> Continuation:
        words = tuple(self._llama.word_of(token) for token in tokens)
        return Continuation(tokens, words, self._llama.text_of(tokens), logarithm, ended)

    def _allowed(self, question: Complete) -> Allowed | None:
        if question.asked is not None:
            if not self._anonymized:
                raise BadRequestError("this model does not know the words of the anonymized form")
            return Followed(question.asked, question.begun, vocabulary.IDS, self._llama.word_of)
        if question.choices:
            return Choices(self._tokens(choice) for choice in question.choices)
        return None

    def _tokens(self, prompt: Prompt) -> list[int]:
        tokens: list[int] = []
        for part in prompt:
            match part:
                case int() if 0 <= part < self._llama.size:
                    tokens.append(part)
                case str():
                    tokens += self._llama.tokens_of(part)
                case Word(text=text) if (token := self._llama.token_of(text)) is not None:
                    tokens.append(token)
                case _:
                    raise BadRequestError(f"{part!r} is no token of this model")
        return tokens


class _Beam(NamedTuple):
    """A continuation under way, in a sequence of its own."""

    tokens: tuple[int, ...]
    total: float  # logarithm of its probability
    sequence: int


class _Search:
    """Beam search over what is allowed; of width 1 it takes the likeliest token each time."""

    def __init__(self, llama: Llama, allowed: Allowed | None, width: int, limit: int) -> None:
        self._llama = llama
        self._allowed = allowed
        self._width = width
        self._limit = limit
        self._done: list[tuple[tuple[int, ...], float, bool]] = []

    def run(self, at: int, first: Sequence[float]) -> list[tuple[tuple[int, ...], float, bool]]:
        """(tokens, logarithm of the probability, ended by itself), the likeliest first; `at` tokens stand before."""
        beams, following = [_Beam((), 0.0, 0)], [first]
        for length in range(self._limit):
            beams = self._grown(beams, following)
            if not beams:
                break
            beams = self._placed(beams, length)
            if length + 1 < self._limit:
                rows = [(beam.sequence, at + length, beam.tokens[-1], True) for beam in beams]
                following = self._llama.advance(rows)
        self._llama.drop(range(1, SEQUENCES))
        for beam in beams:
            if self._allowed is None or self._allowed.after(beam.tokens)[1]:
                self._done.append((beam.tokens, beam.total, self._allowed is not None))
        return self._best()

    def _best(self) -> list[tuple[tuple[int, ...], float, bool]]:
        return sorted(self._done, key=lambda each: each[1], reverse=True)[: self._width]

    def _grown(self, beams: list[_Beam], following: Sequence[Sequence[float]]) -> list[_Beam]:
        """Each beam one token longer, the best of all; what ends goes to those that are done."""
        steps = [
            (beam.total + logarithm, beam, token)
            for beam, logarithms in zip(beams, following, strict=True)
            for token, logarithm in self._steps(logarithms, beam.tokens)
        ]
        steps.sort(key=lambda step: step[0], reverse=True)
        grown = []
        for total, beam, token in steps[: self._width]:
            if token is None:
                self._done.append((beam.tokens, total, True))
            else:
                grown.append(_Beam((*beam.tokens, token), total, beam.sequence))
        best = self._best()
        return [beam for beam in grown if len(best) < self._width or beam.total > best[-1][1]]

    def _steps(self, logarithms: Sequence[float], written: tuple[int, ...]) -> list[tuple[int | None, float]]:
        """The likeliest tokens and their logarithms; no token: the end."""
        if self._allowed is None:
            return [
                (None if self._llama.ends(token) else token, float(logarithms[token]))
                for token in likeliest(logarithms, self._width)
            ]
        tokens, may_end = self._allowed.after(written)
        steps: list[tuple[int | None, float]] = [(token, float(logarithms[token])) for token in tokens]
        if may_end:
            # Where nothing can follow, the end is no choice of the model and costs nothing.
            steps.append((None, float(logarithms[self._llama.end]) if tokens and self._llama.end >= 0 else 0.0))
        return steps

    def _placed(self, beams: list[_Beam], length: int) -> list[_Beam]:
        """Each in a sequence of its own: even steps use one half of the sequences, odd ones the other."""
        half = SEQUENCES // 2 - 1
        base, other = (1, 1 + half) if length % 2 else (1 + half, 1)
        for n, beam in enumerate(beams):
            self._llama.branch(beam.sequence, base + n)
        self._llama.drop(range(other, other + half))
        return [beam._replace(sequence=base + n) for n, beam in enumerate(beams)]


def _groups(candidates: list[list[int]]) -> Iterator[list[list[int]]]:
    """As many candidates as there is room for side by side."""
    group: list[list[int]] = []
    size = 0
    for candidate in candidates:
        if group and (len(group) == SEQUENCES - 1 or size + len(candidate) > BRANCHES):
            yield group
            group, size = [], 0
        group.append(candidate)
        size += len(candidate)
    if group:
        yield group


def _is_anonymized(header: Header) -> bool:
    """Does the model speak the words of the anonymized form? Raises BadModelError when they are others than ours."""
    version = header.values.get(VOCABULARY)
    if version is None:
        return False
    if version != vocabulary.FINGERPRINT:
        raise BadModelError("it was made for another version of hpc-ls")
    return True


def _check_memory(needed: int, limit: int) -> None:
    if limit and needed > limit:
        raise MemoryError(f"it needs about {needed / 1e6:,.0f} MB, and the limit is {limit / 1e6:,.0f} MB")
    free = _free_memory()
    if free is not None and needed > free:
        raise MemoryError(f"it needs about {needed / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free")


def _free_memory() -> int | None:
    """Bytes that a process may still take: of this machine, and of what a job or a user may have on it; None where the
    system does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return None
    return min([free, *_left_to_groups()])


def _left_to_groups(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> Iterator[int]:
    """What the control groups of this process leave of their memory (cgroup v2)."""
    try:
        name = next(line[3:] for line in own.read_text(encoding="utf-8").splitlines() if line.startswith("0::"))
    except (OSError, StopIteration):
        return
    group = root / name.lstrip("/")
    for folder in (group, *group.parents):
        if not folder.is_relative_to(root):
            return
        try:
            most = (folder / "memory.max").read_text(encoding="ascii").strip()
            used = int((folder / "memory.current").read_text(encoding="ascii"))
            # What files take of it is given back when somebody needs it.
            kinds = dict(line.split() for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines())
            if most != "max":
                yield max(int(most) - used + int(kinds.get("file", 0)), 0)
        except (OSError, ValueError):
            continue


def _limit_memory(size: int) -> None:
    """No more than this for everything but the mapped weights: rather this process ends than the machine swaps."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (size, size))
    except (ImportError, ValueError, OSError):  # another system, or a limit that is there already
        return


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def main() -> None:
    """Serve on stdin and stdout."""
    inbox, send = pipe()
    try:
        Engine(inbox, send).run()
    except Exception:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main()
