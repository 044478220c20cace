"""What a GGUF file says of itself, read without loading it: is it a model, is it whole, and what will it need?

llama.cpp maps a file into memory and trusts it: a file that was cut off ends the process that touches it. So the
header is read here first. Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (version 2 and 3).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

MAGIC = b"GGUF"
VERSIONS = (2, 3)
ALIGNMENT = 32
# Values of type: format of `struct`. 8 is a string, 9 an array.
_SCALARS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_STRING, _ARRAY = 8, 9
# Tensors of type (ggml.h, `ggml_type`): elements of a block, bytes of a block. Types that are not here are not checked.
_BLOCKS: Mapping[int, tuple[int, int]] = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 30: (1, 2),
}  # fmt: skip
# No header of a real model is near these: they keep a damaged count from filling the memory.
_MOST_ENTRIES, _MOST_BYTES, _MOST_ITEMS, _MOST_DIMENSIONS = 1 << 16, 1 << 26, 1 << 24, 4


class BadModelError(Exception):
    """The file is no model that can be loaded; the text says why, for people."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the file says. `values` are its scalars and strings; of arrays it has the length only."""

    size: int  # bytes of the file
    tensors: int
    parameters: int
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def architecture(self) -> str:
        return str(self.values.get("general.architecture", "unknown"))

    @property
    def name(self) -> str:
        return str(self.values.get("general.name", ""))

    @property
    def vocabulary(self) -> int:
        """Number of tokens."""
        return self._number("tokenizer.ggml.tokens")

    @property
    def context(self) -> int:
        """The longest sequence that the model was trained on, in tokens."""
        return self._of_architecture("context_length")

    @property
    def instructed(self) -> bool:
        """Does it come with a chat template?"""
        return bool(self.values.get("tokenizer.chat_template"))

    @property
    def fills_in(self) -> bool:
        """Does it name the tokens for filling in the middle?"""
        return any(
            f"tokenizer.ggml.{name}_token_id" in self.values for name in ("fim_pre", "prefix", "fim_mid", "middle")
        )

    def memory(self, context: int) -> int:
        """About the bytes that a context of this many tokens needs: weights, keys and values in 16 bits, work space."""
        heads = self._of_architecture("attention.head_count") or 1
        width = self._of_architecture("embedding_length")
        key = self._of_architecture("attention.key_length") or width // heads
        kept = self._of_architecture("attention.head_count_kv") or heads
        keys_and_values = 2 * 2 * self._of_architecture("block_count") * context * kept * key
        return self.size + keys_and_values + 4 * self.vocabulary * 64 + (24 << 20)

    def _of_architecture(self, key: str) -> int:
        return self._number(f"{self.architecture}.{key}")

    def _number(self, key: str) -> int:
        value = self.values.get(key)
        return value if isinstance(value, int) else 0


def read_header(path: Path) -> Header:
    """The header of a file that is whole. Raises BadModelError, OSError."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        if stream.read(4) != MAGIC:
            raise BadModelError("it is no GGUF file")
        reader = _Reader(stream, size)
        try:
            return _header(reader, size)
        except (struct.error, UnicodeDecodeError, OverflowError):
            raise BadModelError("its header is damaged, or the file was cut off") from None


def _header(reader: _Reader, size: int) -> Header:
    version = reader.scalar("<I")
    if version not in VERSIONS:
        raise BadModelError(f"it is GGUF of version {version}; versions 2 and 3 can be read")
    tensors, entries = reader.count("<Q", _MOST_ENTRIES), reader.count("<Q", _MOST_ENTRIES)
    values: dict[str, object] = {}
    for _ in range(entries):
        key = reader.string()
        values[key] = reader.value(reader.scalar("<I"))
    end = parameters = 0
    for _ in range(tensors):
        elements, last = _tensor(reader)
        parameters += elements
        end = max(end, last)
    alignment = values.get("general.alignment", ALIGNMENT)
    if not isinstance(alignment, int) or not 0 < alignment <= 1 << 20:
        raise BadModelError("its header is damaged")
    begin = -(-reader.at() // alignment) * alignment
    if tensors and begin + end > size:
        missing = begin + end - size
        raise BadModelError(f"the file was cut off: {missing:,} of {begin + end:,} bytes are missing")
    if "general.architecture" not in values:
        raise BadModelError("it does not say of which architecture it is")
    if not tensors:
        raise BadModelError("it holds no weights")
    return Header(size, tensors, parameters, values)


def _tensor(reader: _Reader) -> tuple[int, int]:
    """Elements of the next tensor, and where its data end, relative to the first one's."""
    reader.string()
    elements = 1
    for _ in range(reader.count("<I", _MOST_DIMENSIONS)):
        elements *= reader.scalar("<Q")
    kind, offset = reader.scalar("<I"), reader.scalar("<Q")
    block = _BLOCKS.get(kind)
    return elements, offset + (elements // block[0] * block[1] if block else 0)


class _Reader:
    """Numbers and strings, one after the other; nothing that is longer than the file."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream = stream
        self._size = size

    def at(self) -> int:
        return self._stream.tell()

    def scalar(self, form: str) -> int:
        (value,) = struct.unpack(form, self._stream.read(struct.calcsize(form)))
        return value  # type: ignore[no-any-return]  # what `form` says

    def count(self, form: str, most: int) -> int:
        value = self.scalar(form)
        if value > most:
            raise BadModelError("its header is damaged: a count in it is impossible")
        return value

    def string(self) -> str:
        data = self._stream.read(length := self.count("<Q", min(self._size, _MOST_BYTES)))
        if len(data) < length:
            raise BadModelError("the file was cut off in its header")
        return data.decode("utf-8", "replace")

    def value(self, kind: int) -> object:
        if kind in _SCALARS:
            return self.scalar(_SCALARS[kind])
        if kind == _STRING:
            return self.string()
        if kind != _ARRAY:
            raise BadModelError(f"its header is damaged: there is no value of type {kind}")
        item, length = self.scalar("<I"), self.count("<Q", _MOST_ITEMS)
        if item in _SCALARS:
            self._skip(length * struct.calcsize(_SCALARS[item]))
        elif item == _STRING:
            for _ in range(length):
                self._skip(self.count("<Q", min(self._size, _MOST_BYTES)))
        else:  # lists of lists are possible, and no model has one
            raise BadModelError(f"its header is damaged: there is no list of type {item}")
        return length

    def _skip(self, length: int) -> None:
        if self.at() + length > self._size:
            raise BadModelError("the file was cut off in its header")
        self._stream.seek(length, 1)
