"""What goes to the process that holds a model, and what comes back. Frames and pickles as in `processes.frames`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from models import prompts


@dataclass(frozen=True, slots=True)
class Word:
    """One token by its text: a word of the anonymized form, or a control token such as `<|fim_middle|>`."""

    text: str


# A number is a token. A string is text of somebody else, in which no control token is ever seen.
Part: TypeAlias = "int | str | Word"
Prompt: TypeAlias = tuple[Part, ...]

# not-installed: no llama-cpp-python. bad-model: the file cannot be loaded. no-memory: it would not fit.
# lost: the process ended. time: not done within the limit. bad-request: the question makes no sense to this model.
Trouble = Literal["not-installed", "no-model", "bad-model", "no-memory", "lost", "time", "bad-request"]


@dataclass(frozen=True, slots=True)
class Load:
    """The first message: which model, and what it may use. A model whose words are those of `models.vocabulary` says of
    which version of the list; another version is refused."""

    path: str
    context: int = 2048  # tokens; less where the model was trained on less
    threads: int = 0  # 0: one for a small model, else one per processor, at most four
    memory: int = 0  # bytes; 0: what the machine has


@dataclass(frozen=True, slots=True)
class Rank:
    """How likely is each candidate after the prompt?"""

    id: int
    prompt: Prompt
    candidates: tuple[Prompt, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Complete:
    """The likeliest continuations of the prompt, at most `width` of at most `limit` tokens each.

    `asked`: the prompt was made of this, and only answers to it are allowed, whose first word begins with `begun`;
    `choices`: only these are allowed.
    """

    id: int
    prompt: Prompt
    limit: int
    seconds: float
    width: int = 1
    asked: prompts.Prompt | None = None
    begun: str = ""
    choices: tuple[Prompt, ...] = ()


@dataclass(frozen=True, slots=True)
class Cancel:
    """The answer is not wanted any more; none will come."""

    id: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """The model is there."""

    pid: int
    name: str
    architecture: str
    parameters: int
    vocabulary: int
    context: int
    threads: int
    seconds: float
    memory: int  # resident bytes of the process
    anonymized: bool  # its words are those of `models.vocabulary`
    controls: Mapping[str, int] = field(default_factory=dict)  # fim_prefix, fim_suffix, fim_middle, end: their tokens


@dataclass(frozen=True, slots=True)
class Continuation:
    """What a model would write, and the logarithm of how likely it finds that."""

    tokens: tuple[int, ...]
    words: tuple[str, ...]  # the texts of the tokens
    text: str
    log_probability: float
    ended: bool  # by itself, not by the limit


@dataclass(frozen=True, slots=True)
class Completed:
    """The likeliest first."""

    id: int
    continuations: tuple[Continuation, ...]
    prompt_tokens: int
    reused: int  # tokens of the prompt that the model had in mind already
    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class Ranked:
    """For each candidate the logarithm of its probability, and the number of its tokens."""

    id: int
    scores: tuple[tuple[float, int], ...]
    reused: int
    seconds: float
    memory: int


@dataclass(frozen=True, slots=True)
class Failed:
    """No answer; `id` 0: no model. `text` is for people."""

    id: int
    trouble: Trouble
    text: str
    memory: int = 0
