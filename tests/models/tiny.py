"""A model of some hundred kilobytes with random weights: it knows nothing, and does everything that a model does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import gguf
import numpy as np

from models import vocabulary

CONTROLS = ("<|endoftext|>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")
# The bytes as the tokenizer of GPT-2 writes them: those that print stand for themselves.
_PRINTING = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
_OTHERS = [byte for byte in range(256) if byte not in _PRINTING]
BYTES = {byte: chr(byte) for byte in _PRINTING} | {byte: chr(256 + n) for n, byte in enumerate(_OTHERS)}
TOKENS = (*CONTROLS, *(BYTES[byte] for byte in range(256)))
KINDS = (*(gguf.TokenType.CONTROL for _ in CONTROLS), *(gguf.TokenType.NORMAL for _ in range(256)))


def write(
    path: Path, *, width: int = 64, blocks: int = 2, heads: int = 4, context: int = 1024, seed: int = 1, spare: int = 0
) -> Path:
    """A general model. `spare`: tokens that mean nothing, for a big vocabulary."""
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name("tiny")
    for number, name in enumerate(("pre", "suf", "mid"), 1):
        writer.add_uint32(f"tokenizer.ggml.fim_{name}_token_id", number)
    tokens = [*TOKENS, *(f"spare{n}" for n in range(spare))]
    kinds = [*KINDS, *(gguf.TokenType.NORMAL for _ in range(spare))]
    _finish(writer, tokens, kinds, 0, width, blocks, heads, context, seed)
    return path


def write_anonymized(path: Path, fingerprint: str = vocabulary.FINGERPRINT, seed: int = 1) -> Path:
    """One that speaks the words of `models.vocabulary`."""
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name("tiny, anonymized")
    writer.add_string("hpc_ls.vocabulary", fingerprint)
    kinds = [gguf.TokenType.CONTROL if w in vocabulary.CONTROL else gguf.TokenType.NORMAL for w in vocabulary.ENTRIES]
    _finish(writer, vocabulary.ENTRIES, kinds, vocabulary.IDS["<end>"], 64, 2, 4, 512, seed)
    return path


def write_parrot(path: Path, after: Mapping[str, Mapping[str, float]]) -> Path:
    """One that speaks those words too, and has habits: `after[w][x]` says how much it likes `x` after `w`.

    Each word is a direction of its own, nothing happens to it on its way through the block, and the output likes what
    it was told to like.
    """
    width = 512
    random = np.random.default_rng(0)
    directions = random.standard_normal((vocabulary.SIZE, width)).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    output = np.zeros((vocabulary.SIZE, width), np.float32)
    for word, likes in after.items():
        for following, strength in likes.items():
            # What reaches the output has length sqrt(width), after its norm.
            output[vocabulary.IDS[following]] += strength / width**0.5 * directions[vocabulary.IDS[word]]
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name("parrot")
    writer.add_string("hpc_ls.vocabulary", vocabulary.FINGERPRINT)
    kinds = [gguf.TokenType.NORMAL for _ in vocabulary.ENTRIES]
    end = vocabulary.IDS["<end>"]
    _finish(writer, vocabulary.ENTRIES, kinds, end, width, 1, 4, 512, 0, {"token_embd": directions, "output": output})
    return path


def _finish(
    writer: gguf.GGUFWriter,
    tokens: Sequence[str],
    kinds: Sequence[gguf.TokenType],
    end: int,
    width: int,
    blocks: int,
    heads: int,
    context: int,
    seed: int,
    given: Mapping[str, np.ndarray[tuple[int, int], np.dtype[np.float32]]] | None = None,
) -> None:
    random = np.random.default_rng(seed)
    writer.add_context_length(context)
    writer.add_embedding_length(width)
    writer.add_block_count(blocks)
    writer.add_feed_forward_length(2 * width)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(width // heads)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(list(tokens))
    writer.add_token_types(list(kinds))
    writer.add_token_merges(["a b"])  # an empty list is refused
    writer.add_eos_token_id(end)
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)

    def weights(name: str, *shape: int) -> None:
        values = np.zeros(shape, np.float32) if given else shape[-1] ** -0.5 * random.standard_normal(shape, np.float32)
        writer.add_tensor(name, values.astype(np.float16))

    if given is None:
        weights("token_embd.weight", len(tokens), width)
    for name, values in (given or {}).items():
        writer.add_tensor(f"{name}.weight", values)
    writer.add_tensor("output_norm.weight", np.ones(width, np.float32))
    for block in range(blocks):
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{block}.{norm}.weight", np.ones(width, np.float32))
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            weights(f"blk.{block}.{part}.weight", width, width)
        for part in ("ffn_gate", "ffn_up"):
            weights(f"blk.{block}.{part}.weight", 2 * width, width)
        weights(f"blk.{block}.ffn_down.weight", width, 2 * width)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
