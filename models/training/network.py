"""The network: a small Llama (RMS norm, rotary positions, SwiGLU, tied embeddings), as llama.cpp runs it.

Touvron et al., "LLaMA: Open and efficient foundation language models" (arXiv:2302.13971); rotary positions by Su et al.
(arXiv:2104.09864) in the rotate-half form, which the export turns into the interleaved form of GGUF.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from models import prompts, vocabulary


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a network."""

    words: int = vocabulary.SIZE
    width: int = 256
    layers: int = 6
    heads: int = 8
    inner: int = 768
    context: int = prompts.LONGEST + prompts.ANSWER
    base: float = 10_000.0  # of the rotary angles
    epsilon: float = 1e-5

    def as_dict(self) -> dict[str, float]:
        """For a checkpoint."""
        return asdict(self)


class Block(nn.Module):
    """One layer: attention, then the gated two-layer network, each on the normalized state."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.attention_norm = nn.RMSNorm(shape.width, shape.epsilon)
        self.query, self.key, self.value, self.output = (
            nn.Linear(shape.width, shape.width, bias=False) for _ in range(4)
        )
        self.inner_norm = nn.RMSNorm(shape.width, shape.epsilon)
        self.gate = nn.Linear(shape.width, shape.inner, bias=False)
        self.up = nn.Linear(shape.width, shape.inner, bias=False)
        self.down = nn.Linear(shape.inner, shape.width, bias=False)

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor], mask: Tensor) -> Tensor:
        batch, length, width = x.shape
        state = self.attention_norm(x)
        query, key, value = (
            part(state).view(batch, length, self.heads, -1).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        query, key = rotate(query, turn), rotate(key, turn)
        # Written out: on processors this is faster in bfloat16 than scaled_dot_product_attention.
        scores = query @ key.transpose(2, 3) / math.sqrt(width // self.heads) + mask
        mixed = functional.softmax(scores.float(), dim=-1).to(value.dtype) @ value
        x = x + self.output(mixed.transpose(1, 2).reshape(batch, length, width))
        state = self.inner_norm(x)
        gated: Tensor = functional.silu(self.gate(state)) * self.up(state)
        return x + self.down(gated)


def rotate(x: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """Turn each pair (first half, second half) of a head by the angles of its position."""
    cosine, sine = turn
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cosine - second * sine, second * cosine + first * sine), dim=-1)


class Network(nn.Module):
    """Words in, the logits of the next word out. Padding stands at the end and needs no mask: attention is causal."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.words = nn.Embedding(shape.words, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, shape.epsilon)
        half = shape.width // shape.heads // 2
        angles = torch.arange(shape.context)[:, None] / shape.base ** (torch.arange(half) / half)
        self.register_buffer("cosine", angles.cos(), persistent=False)
        self.register_buffer("sine", angles.sin(), persistent=False)
        mask = torch.full((shape.context, shape.context), float("-inf")).triu(1)
        self.register_buffer("mask", mask, persistent=False)
        self._start()

    def _start(self) -> None:
        """Matrices keep the size of what they are given; what layers add is small at first. The words stand far enough
        apart that early steps do not move them into each other: copying a name needs to know which one it is."""
        width, layers = self.shape.width, self.shape.layers
        for name, parameter in self.named_parameters():
            if parameter.dim() > 1:
                small = (2 * layers) ** -0.5 if name.endswith(("output.weight", "down.weight")) else 1.0
                nn.init.normal_(parameter, std=small * parameter.shape[1] ** -0.5)
        nn.init.normal_(self.words.weight, std=width**-0.5)

    def forward(self, ids: Tensor) -> Tensor:
        """Logits of shape (batch, length, words) for ids of shape (batch, length)."""
        return self.logits(self.states(ids))

    def states(self, ids: Tensor) -> Tensor:
        """The state behind each word, normalized."""
        length = ids.shape[1]
        x = self.words(ids)
        turn = (self.cosine[:length].to(x.dtype), self.sine[:length].to(x.dtype))
        mask = self.mask[:length, :length].to(x.dtype)
        for block in self.blocks:
            x = block(x, turn, mask)
        state: Tensor = self.norm(x)
        return state

    def logits(self, states: Tensor) -> Tensor:
        """What a state says about the next word; the matrix is that of the words."""
        return functional.linear(states, self.words.weight)

    def parameters_in_all(self) -> int:
        """How many numbers are learnt."""
        return sum(parameter.numel() for parameter in self.parameters())
