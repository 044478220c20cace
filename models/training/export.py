"""From PyTorch to GGUF, the file that llama.cpp loads: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.

What is easy to get wrong, and was measured: query and key have to be permuted, as PyTorch's half turns (i, i + n/2) and
llama.cpp turns (2i, 2i + 1); tied embeddings mean that there is no `output.weight`; the tokenizer must add nothing.
"""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy
import torch
from torch import Tensor

from models import vocabulary
from models.training.network import Network, Shape

NAME = "hpc-ls"
KEY = "hpc_ls.vocabulary"  # whose words the weights speak: `vocabulary.FINGERPRINT`


def export(network: Network, path: Path, kind: str = "Q8_0", version: str = "1") -> int:
    """Write the network; returns the bytes. `kind`: "Q8_0" or "F32", of the matrices. Norms stay in 32 bits."""
    shape = network.shape
    partial = path.with_suffix(".partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(str(partial), "llama")
    writer.add_name(NAME)
    writer.add_version(version)
    writer.add_license("Apache-2.0")
    writer.add_string(KEY, vocabulary.FINGERPRINT)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_rope_dimension_count(shape.width // shape.heads)
    writer.add_rope_freq_base(shape.base)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_vocab_size(shape.words)
    quantized = gguf.GGMLQuantizationType.Q8_0 if kind == "Q8_0" else gguf.GGMLQuantizationType.F32
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0 if kind == "Q8_0" else gguf.LlamaFileType.ALL_F32)
    _add_words(writer)
    for name, tensor in _tensors(network):
        data = tensor.detach().cpu().float().numpy()
        if data.ndim > 1 and kind == "Q8_0":
            writer.add_tensor(name, gguf.quantize(data, quantized), raw_dtype=quantized)
        else:
            writer.add_tensor(name, numpy.ascontiguousarray(data))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.replace(path)
    return path.stat().st_size


def _add_words(writer: gguf.GGUFWriter) -> None:
    """The vocabulary in the form of the `gpt2` tokenizer. Prompts are made of numbers and never tokenized; the file has
    to be a whole one nevertheless, so each word of letters can be merged from its bytes."""
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    control = frozenset(vocabulary.CONTROL)
    unused = gguf.TokenType.UNUSED
    kinds = [
        gguf.TokenType.CONTROL if word in control else unused if word.startswith("<spare") else gguf.TokenType.NORMAL
        for word in vocabulary.ENTRIES
    ]
    writer.add_token_list(list(vocabulary.ENTRIES))
    writer.add_token_types(kinds)
    writer.add_token_merges(_merges())
    ids = vocabulary.IDS
    writer.add_bos_token_id(ids["<begin>"])
    writer.add_eos_token_id(ids["<end>"])
    writer.add_pad_token_id(ids["<pad>"])
    writer.add_unk_token_id(ids["<other>"])
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)


def _merges() -> list[str]:
    """Merges that join each word from left to right: `f o`, `fo r`."""
    found: dict[str, None] = {}
    for word in vocabulary.ENTRIES:
        if word.isascii() and word.isalpha():
            for end in range(1, len(word)):
                found[f"{word[:end]} {word[end]}"] = None
    return list(found)


def _tensors(network: Network) -> list[tuple[str, Tensor]]:
    found = [("token_embd.weight", network.words.weight), ("output_norm.weight", network.norm.weight)]
    for i, block in enumerate(network.blocks):
        parts = {
            "attn_norm": block.attention_norm.weight,
            "attn_q": permuted(block.query.weight, network.shape.heads),
            "attn_k": permuted(block.key.weight, network.shape.heads),
            "attn_v": block.value.weight,
            "attn_output": block.output.weight,
            "ffn_norm": block.inner_norm.weight,
            "ffn_gate": block.gate.weight,
            "ffn_up": block.up.weight,
            "ffn_down": block.down.weight,
        }
        found += [(f"blk.{i}.{name}.weight", tensor) for name, tensor in parts.items()]
    return found


def imported(path: Path) -> Network:
    """The network of an exported file, to train it further. Raises ValueError where it speaks other words."""
    reader = gguf.GGUFReader(path)
    field = reader.get_field(KEY)
    if field is None or field.contents() != vocabulary.FINGERPRINT:
        raise ValueError(f"{path} is no model of this vocabulary")
    network = Network(Shape())
    found = {t.name: torch.from_numpy(gguf.dequantize(t.data, t.tensor_type).copy()) for t in reader.tensors}
    with torch.no_grad():
        for name, tensor in _tensors(network):
            turned = any(part in name for part in ("attn_q.", "attn_k."))
            data = unpermuted(found[name], network.shape.heads) if turned else found[name]
            _parameter(network, name, tensor).copy_(data)
    return network


def _parameter(network: Network, name: str, tensor: Tensor) -> Tensor:
    """What a tensor of the file is in the network; those of query and key are copies in another order."""
    if ".attn_q." in name or ".attn_k." in name:
        block = network.blocks[int(name.split(".")[1])]
        return (block.query if ".attn_q." in name else block.key).weight
    return tensor


def unpermuted(weight: Tensor, heads: int) -> Tensor:
    """The inverse of `permuted`."""
    rows, columns = weight.shape
    return weight.view(heads, rows // heads // 2, 2, columns).transpose(1, 2).reshape(rows, columns)


def permuted(weight: Tensor, heads: int) -> Tensor:
    """The rows of a query or key matrix in the order of interleaved rotary positions."""
    rows, columns = weight.shape
    return weight.view(heads, 2, rows // heads // 2, columns).transpose(1, 2).reshape(rows, columns)
