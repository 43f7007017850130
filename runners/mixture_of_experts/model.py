"""The transformer that all variants share; only its feed-forward layers differ."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from .corpus import VOCABULARY
from .method import MixtureOfExperts, Routed

RECENT = 4  # bytes that a block looks at without attention

Kind = Literal["sparse", "dense", "dense_total", "no_aux", "frozen"]
KINDS: tuple[Kind, ...] = ("sparse", "dense", "dense_total", "no_aux", "frozen")


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes: layers, width D, heads, experts E, hidden width H of one expert, experts a token K, longest passage."""

    layers: int
    width: int
    heads: int
    experts: int
    hidden: int
    k: int
    length: int
    factor: float | None = None  # capacity in training, in even loads


def dense_hidden(shape: Shape, kind: Kind) -> int:
    """The hidden width at which a dense layer equals the sparse one, in multiplications a token or in parameters.

    A hidden unit costs 2 D of both, and the router D E, which E / 2 units make up for.
    """
    experts = shape.k if kind == "dense" else shape.experts
    return experts * shape.hidden + shape.experts // 2


class Dense(nn.Module):
    """A feed-forward layer: relu(x W_up) W_down."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.up_DH = nn.Parameter(torch.randn(width, hidden) * width**-0.5)
        self.down_HD = nn.Parameter(torch.randn(hidden, width) * hidden**-0.5)

    def forward(self, x_ND: Tensor, real_N: Tensor) -> tuple[Tensor, None]:
        return (x_ND @ self.up_DH).relu() @ self.down_HD, None


def blend(x_BSD: Tensor, recent_LD: Tensor) -> Tensor:
    """Each channel's weighted sum over the last L tokens, itself among them: what a short convolution does.

    It spares attention from learning to look at the bytes just before, which would take most of a short training.
    """
    padded = functional.pad(x_BSD, (0, 0, len(recent_LD) - 1, 0))
    length = x_BSD.shape[1]
    return sum(padded[:, lag : lag + length] * recent_LD[lag] for lag in range(len(recent_LD)))


class Block(nn.Module):
    """Recent tokens, attention, and the feed-forward layer, each after a norm and added to what came in."""

    def __init__(self, shape: Shape, kind: Kind) -> None:
        super().__init__()
        self.heads = shape.heads
        self.before_attention, self.before_ffn = nn.RMSNorm(shape.width), nn.RMSNorm(shape.width)
        self.recent_LD = nn.Parameter(torch.randn(RECENT, shape.width) / 2)
        self.qkv = nn.Linear(shape.width, 3 * shape.width, bias=False)
        self.out = nn.Linear(shape.width, shape.width, bias=False)
        self.ffn: nn.Module
        if kind in ("dense", "dense_total"):
            self.ffn = Dense(shape.width, dense_hidden(shape, kind))
        else:
            self.ffn = MixtureOfExperts(shape.width, shape.hidden, shape.experts, shape.k, shape.factor)
            self.ffn.router_DE.requires_grad_(kind != "frozen")

    def forward(self, x_BSD: Tensor, real_N: Tensor) -> tuple[Tensor, Routed | None]:
        batch, length, width = x_BSD.shape
        x_BSD = x_BSD + blend(self.before_attention(x_BSD), self.recent_LD)
        qkv = self.qkv(self.before_attention(x_BSD)).view(batch, length, 3, self.heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x_BSD = x_BSD + self.out(mixed.transpose(1, 2).reshape(batch, length, width))
        y_ND, routed = self.ffn(self.before_ffn(x_BSD).view(-1, width), real_N)
        return x_BSD + y_ND.view_as(x_BSD), routed


class Transformer(nn.Module):
    """Reads bytes from left to right. Padding stands on the right, where no byte before it can see it."""

    def __init__(self, shape: Shape, kind: Kind, seed: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, shape.width)
        self.position = nn.Embedding(shape.length, shape.width)
        self.blocks = nn.ModuleList(Block(shape, kind) for _ in range(shape.layers))
        self.last = nn.RMSNorm(shape.width)
        self._begin(seed)

    @torch.no_grad()
    def _begin(self, seed: int) -> None:
        """Every tensor from a generator of its own, so that variants of one seed begin alike wherever they can."""
        for name, parameter in self.named_parameters():
            if parameter.ndim > 1:
                generator = torch.Generator().manual_seed(zlib.crc32(f"{seed}/{name}".encode()))
                inputs = parameter.shape[-1] if name.endswith(".weight") else parameter.shape[-2]
                parameter.normal_(std=inputs**-0.5, generator=generator)

    def forward(self, inputs_BS: Tensor, real_BS: Tensor) -> tuple[Tensor, list[Routed]]:
        """Logits B x S x V, and what each layer's router did."""
        x_BSD = self.embedding(inputs_BS) + self.position.weight[: inputs_BS.shape[1]]
        x_BSD = x_BSD * x_BSD.shape[-1] ** 0.5  # to the size of what blocks add to it; the head wants it small
        routed = []
        for block in self.blocks:
            x_BSD, one = block(x_BSD, real_BS.flatten())
            routed += [one] if one is not None else []
        return functional.linear(self.last(x_BSD), self.embedding.weight), routed


def parameters(model: nn.Module) -> int:
    return sum(one.numel() for one in model.parameters())


def active_multiplications(shape: Shape, kind: Kind) -> int:
    """Multiplications for one token in all feed-forward layers, the router's among them."""
    if kind in ("dense", "dense_total"):
        return shape.layers * 2 * shape.width * dense_hidden(shape, kind)
    return shape.layers * (2 * shape.width * shape.hidden * shape.k + shape.width * shape.experts)
