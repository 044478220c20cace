"""llama.cpp as this project uses it: token by token, several continuations of one prompt side by side.

The only module that knows llama-cpp-python (extra `hpc-ls[model]`), of which it takes the C functions and nothing else:
its own class loads half a second of packages that are not needed, and cannot be told which tokens may follow.

Everything here belongs to one thread: two in one context end the process.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import os
import sys
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

BATCH = 256  # tokens that are evaluated together
SEQUENCES = 32  # continuations side by side
BRANCHES = 512  # tokens of all continuations together, beyond the context
OUTPUTS = 64  # positions of a batch whose logits are wanted, at most
_ABORTED = 2  # what llama_decode answers then


class NotInstalledError(Exception):
    """llama-cpp-python is not there, or cannot be loaded here; the text says why."""


class LoadError(Exception):
    """llama.cpp does not take the model; the text is its own last word."""


class StoppedError(Exception):
    """`stop` said so in the middle of the work."""


class TooLongError(Exception):
    """The tokens do not fit into the context."""


@cache
def bindings() -> Any:
    """The C functions. Raises NotInstalledError."""
    try:
        spec = importlib.util.find_spec("llama_cpp")
    except ImportError as error:
        raise NotInstalledError(str(error)) from None
    if spec is None or spec.submodule_search_locations is None:
        raise NotInstalledError("llama-cpp-python is not installed")
    # The package's own __init__ loads jinja2, diskcache and more: half of the start, and 40 MB.
    package = ModuleType("llama_cpp")
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules["llama_cpp"] = package
    try:
        importlib.import_module("numpy")
        library = importlib.import_module("llama_cpp.llama_cpp")
        _load_processors(library, Path(package.__path__[0]) / "lib")
    except (ImportError, OSError, RuntimeError, AttributeError) as error:
        raise NotInstalledError(f"llama-cpp-python cannot be loaded: {error}") from None
    return library


def _load_processors(library: Any, folder: Path) -> None:
    """A portable build has one library for each kind of processor, of which the fitting one is loaded now."""
    if any(folder.glob("*ggml-cpu-*")):
        # Looked up through libllama: a wheel has copies instead of links, and another copy of libggml is another one.
        load = library._lib.ggml_backend_load_all_from_path
        load.argtypes, load.restype = [ctypes.c_char_p], None
        load(os.fsencode(folder))


class Llama:
    """One model with one context. `stop` is asked all the time while something is computed."""

    def __init__(self, path: Path, context: int, threads: int, stop: Callable[[], bool]) -> None:
        """Raises NotInstalledError and LoadError."""
        self._c = library = bindings()
        self._said: deque[str] = deque(maxlen=8)
        self._log = library.llama_log_callback(self._note)
        library.llama_log_set(self._log, None)
        library.llama_backend_init()
        of_model = library.llama_model_default_params()
        of_model.n_gpu_layers = 0
        self._model = library.llama_model_load_from_file(os.fsencode(path), of_model)
        if not self._model:
            raise LoadError(self._last_words() or "llama.cpp cannot load it")
        self._stop = library.ggml_abort_callback(lambda _: stop())
        wanted = library.llama_context_default_params()
        wanted.n_ctx = context + BRANCHES
        wanted.n_batch = wanted.n_ubatch = BATCH
        wanted.n_outputs_max = OUTPUTS
        wanted.n_seq_max = SEQUENCES
        wanted.kv_unified = True
        wanted.n_threads = wanted.n_threads_batch = threads
        wanted.no_perf = True
        wanted.abort_callback = self._stop
        self._context = library.llama_init_from_model(self._model, wanted)
        if not self._context:
            raise LoadError(self._last_words() or "llama.cpp makes no context for it")
        self._memory = library.llama_get_memory(self._context)
        self._vocabulary = library.llama_model_get_vocab(self._model)
        self.size = library.llama_vocab_n_tokens(self._vocabulary)
        self.end: int = library.llama_vocab_eos(self._vocabulary)  # negative: there is none
        self.context = context
        self._batch = library.llama_batch_init(BATCH, 0, 1)
        self._kept: list[int] = []  # the tokens of sequence 0 that the context holds
        self._words: dict[str, int] | None = None

    # --- tokens -------------------------------------------------------------------------------------------------

    def tokens_of(self, text: str) -> list[int]:
        """Text of somebody else: what looks like a control token in it is text."""
        data = text.encode("utf-8", "replace")
        room = (self._c.llama_token * (len(data) + 8))()
        count = self._c.llama_tokenize(self._vocabulary, data, len(data), room, len(room), False, False)
        return list(room[: max(count, 0)])

    def token_of(self, word: str) -> int | None:
        """The token with exactly this text in the vocabulary."""
        if self._words is None:
            self._words = {self.word_of(token): token for token in reversed(range(self.size))}
        return self._words.get(word)

    def word_of(self, token: int) -> str:
        """How the vocabulary writes a token."""
        text: bytes = self._c.llama_vocab_get_text(self._vocabulary, token)
        return text.decode("utf-8", "replace")

    def text_of(self, tokens: Iterable[int]) -> str:
        """What the tokens say; control tokens say nothing."""
        said = b""
        room = ctypes.create_string_buffer(256)
        for token in tokens:
            count = self._c.llama_token_to_piece(self._vocabulary, token, room, len(room), 0, False)
            said += room.raw[: max(count, 0)]
        return said.decode("utf-8", "replace")

    def ends(self, token: int) -> bool:
        """Is it one of the tokens that end a text?"""
        return bool(self._c.llama_vocab_is_eog(self._vocabulary, token))

    @property
    def controls(self) -> dict[str, int]:
        """The tokens that a caller may need; those that the model lacks are not there."""
        library, vocabulary = self._c, self._vocabulary
        found = {
            "fim_prefix": library.llama_vocab_fim_pre(vocabulary),
            "fim_suffix": library.llama_vocab_fim_suf(vocabulary),
            "fim_middle": library.llama_vocab_fim_mid(vocabulary),
            "end": self.end,
        }
        return {name: token for name, token in found.items() if token >= 0}

    # --- evaluation ---------------------------------------------------------------------------------------------

    def read(self, prompt: Sequence[int]) -> tuple[Any, int]:
        """Evaluate a prompt in sequence 0: the log-probabilities of what may follow, and how many of its tokens were
        known from the prompt before. Raises StoppedError, TooLongError."""
        if not 0 < len(prompt) <= self.context:
            raise TooLongError(f"{len(prompt)} tokens; the context holds {self.context}")
        same = 0
        for old, new in zip(self._kept, prompt[:-1], strict=False):  # the last one is evaluated in any case
            if old != new:
                break
            same += 1
        self._keep(same)
        for begin in range(same, len(prompt), BATCH):
            part = prompt[begin : begin + BATCH]
            last = begin + len(part) == len(prompt)
            rows = [(0, begin + n, token, last and n == len(part) - 1) for n, token in enumerate(part)]
            try:
                self._decode(rows)
            except BaseException:
                self._keep(begin)
                raise
            self._kept += part
        return self._logarithms(len(part) - 1), same

    def branch(self, source: int, target: int) -> None:
        """From now on `target` goes on where `source` is."""
        self._c.llama_memory_seq_cp(self._memory, source, target, -1, -1)

    def drop(self, sequences: Iterable[int]) -> None:
        """Forget some continuations; 0 is the prompt, and stays."""
        for sequence in sequences:
            self._c.llama_memory_seq_rm(self._memory, sequence, -1, -1)

    def advance(self, rows: Sequence[tuple[int, int, int, bool]]) -> list[Any]:
        """Evaluate (sequence, position, token, is what follows wanted?), and the log-probabilities where wanted."""
        found = []
        for begin in range(0, len(rows), OUTPUTS):
            part = rows[begin : begin + OUTPUTS]
            self._decode(part)
            found += [self._logarithms(n) for n, row in enumerate(part) if row[3]]
        return found

    def _keep(self, count: int) -> None:
        del self._kept[count:]
        self.drop(range(1, SEQUENCES))
        self._c.llama_memory_seq_rm(self._memory, 0, count, -1)

    def _decode(self, rows: Sequence[tuple[int, int, int, bool]]) -> None:
        batch = self._batch
        batch.n_tokens = len(rows)
        for n, (sequence, position, token, wanted) in enumerate(rows):
            batch.token[n] = token
            batch.pos[n] = position
            batch.n_seq_id[n] = 1
            batch.seq_id[n][0] = sequence
            batch.logits[n] = wanted
        status = self._c.llama_decode(self._context, batch)
        if status == _ABORTED:
            raise StoppedError
        if status:
            raise TooLongError("the context is full" if status == 1 else f"llama_decode answers {status}")

    def _logarithms(self, row: int) -> Any:
        import numpy as np

        pointer = self._c.llama_get_logits_ith(self._context, row)
        values = np.ctypeslib.as_array(pointer, shape=(self.size,)).astype(np.float64)
        values -= values.max()
        values -= np.log(np.exp(values).sum())
        return values

    # --- what llama.cpp says ------------------------------------------------------------------------------------

    def _note(self, level: int, text: bytes, _: object) -> None:
        if level in (3, 4):  # GGML_LOG_LEVEL_WARN, GGML_LOG_LEVEL_ERROR
            self._said.append(text.decode("utf-8", "replace").strip())

    def _last_words(self) -> str:
        """The error that explains the others, without the name of the function that found it."""
        errors = [line for line in self._said if line]
        return errors[0].partition(": ")[2] or errors[0] if errors else ""


def likeliest(logarithms: Any, count: int) -> list[int]:
    """The tokens of the highest values, in no order."""
    import numpy as np

    return [int(token) for token in np.argpartition(logarithms, -count)[-count:]]
