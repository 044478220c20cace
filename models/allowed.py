"""What a model may write next, given what it wrote: the grammar of a prompt, or a list of choices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from models import prompts

END = "<end>"
Written = tuple[int, ...]  # the tokens since the prompt


class Allowed(Protocol):
    """Says which tokens may follow, and whether the answer may end there."""

    def after(self, written: Written) -> tuple[Sequence[int], bool]:
        """The tokens that may come next, and whether this may be all."""


class Choices:
    """The trie of some sequences: nothing else can be written."""

    def __init__(self, choices: Iterable[Sequence[int]]) -> None:
        self._ways: dict[Written, dict[int, None]] = {}
        self._whole = {tuple(choice) for choice in choices}
        for choice in self._whole:
            for n, token in enumerate(choice):
                self._ways.setdefault(choice[:n], {})[token] = None

    def after(self, written: Written) -> tuple[Sequence[int], bool]:
        return tuple(self._ways.get(written, ())), written in self._whole


@dataclass(frozen=True, slots=True)
class Followed:
    """What `models.prompts.follow` lets follow in an answer to a prompt; its first word begins with `begun`, as it is
    spelled in the program."""

    prompt: prompts.Prompt
    begun: str
    ids: Mapping[str, int]
    word: Callable[[int], str]

    def after(self, written: Written) -> tuple[Sequence[int], bool]:
        words = prompts.follow(self.prompt, [*self.prompt.typed, *(self.word(token) for token in written)])
        if self.begun and not written:
            spelled = self.prompt.names
            words = frozenset(word for word in words if spelled.get(word, word).startswith(self.begun))
        return [self.ids[word] for word in words if word != END], END in words
