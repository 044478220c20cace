"""What a GGUF file says of itself, and that no damaged one gets further."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import gguf
import pytest

from models.gguf import BadModelError, read_header
from tests.models import tiny


def test_a_model_says_what_it_is(small: Path) -> None:
    header = read_header(small)
    assert (header.name, header.architecture, header.vocabulary, header.context) == ("tiny", "llama", 260, 1024)
    assert header.parameters == sum(int(t.n_elements) for t in gguf.GGUFReader(small).tensors)
    assert header.fills_in
    assert not header.instructed
    assert header.size < header.memory(512) < header.memory(1024)


def test_a_file_that_was_cut_off_is_no_model(small: Path, tmp_path: Path) -> None:
    whole = small.read_bytes()
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(whole[:-1])
    with pytest.raises(BadModelError, match=r"was cut off: 1 of .* bytes are missing"):
        read_header(cut)
    for length in {0, 3, 4, 10, *range(20, 3000, 37), *range(3000, len(whole), 9973)}:
        cut.write_bytes(whole[:length])
        with pytest.raises(BadModelError):
            read_header(cut)


@pytest.mark.parametrize("content", [b"", b"GGUF", b"<!DOCTYPE html>\n" * 100, b"PK\x03\x04" * 100, b"\0" * 4096])
def test_another_file_is_no_model(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.gguf"
    path.write_bytes(content)
    with pytest.raises(BadModelError):
        read_header(path)


def test_damage_in_the_header_is_said_or_does_no_harm(small: Path, tmp_path: Path) -> None:
    whole = small.read_bytes()
    path = tmp_path / "damaged.gguf"
    dice = random.Random(5)
    refused = 0
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(dice.choice((1, 1, 8))):
            data[dice.randrange(3000)] = dice.randrange(256)
        path.write_bytes(data)
        try:
            assert isinstance(read_header(path).memory(1024), int)
        except BadModelError:
            refused += 1
    assert refused > 20


def test_lists_in_lists_cannot_exhaust_the_stack(tmp_path: Path) -> None:
    path = tmp_path / "deep.gguf"
    nested = struct.pack("<IQ", 9, 1) * 100_000
    path.write_bytes(
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1) + b"a" + struct.pack("<I", 9) + nested
    )
    with pytest.raises(BadModelError):
        read_header(path)


def test_a_later_version_is_named(small: Path, tmp_path: Path) -> None:
    path = tmp_path / "later.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<I", 9) + small.read_bytes()[8:])
    with pytest.raises(BadModelError, match="version 9; versions 2 and 3 can be read"):
        read_header(path)


def test_heads_of_nothing_do_not_divide_by_zero(tmp_path: Path) -> None:
    path = tmp_path / "odd.gguf"
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_head_count(0)
    writer.add_tensor("a", tiny.np.ones(4, tiny.np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert read_header(path).memory(1024) > 0
