"""The retrieval transformer: local-window layers, and one global pointer layer that is computed at queries alone."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .method import local_attention


class LocalLayer(nn.Module):
    """Attention within a window, then an MLP, each behind a norm. Distance is all it knows of position."""

    def __init__(self, width: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm, self.mlp_norm = nn.RMSNorm(width), nn.RMSNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.bias_HW = nn.Parameter(torch.zeros(heads, window))
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x_BTE: Tensor) -> Tensor:
        qkv = self.qkv(self.attention_norm(x_BTE)).chunk(3, dim=-1)
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in qkv)
        x_BTE = x_BTE + self.out(local_attention(q, k, v, self.bias_HW).transpose(1, 2).flatten(2))
        return x_BTE + self.down(functional.gelu(self.up(self.mlp_norm(x_BTE))))


class RetrievalTransformer(nn.Module):
    """Tokens to states by local layers; a state's key is compared with the keys of all tokens before it.

    Keys and queries are the same projection: what a token is asked for by is what it was read as.
    """

    def __init__(self, vocabulary: int, *, width: int, heads: int, layers: int, window: int, dims: int) -> None:
        super().__init__()
        self.vocabulary, self.window, self.dims = vocabulary, window, dims
        self.embedding = nn.Embedding(vocabulary, width)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)
        self.layers = nn.ModuleList(LocalLayer(width, heads, window) for _ in range(layers))
        self.norm = nn.RMSNorm(width)
        self.key = nn.Linear(width, dims, bias=False)
        self.gate = nn.Linear(width, 1)

    @property
    def halo(self) -> int:
        """Tokens before one that its state depends on, and at most one a layer more: what a chunk is read with."""
        return len(self.layers) * self.window

    @property
    def device(self) -> torch.device:
        return self.embedding.weight.device

    def states(self, ids_BT: Tensor) -> Tensor:
        x_BTE = self.embedding(ids_BT)
        for layer in self.layers:
            x_BTE = layer(x_BTE)
        return self.norm(x_BTE)

    def keys(self, states: Tensor) -> Tensor:
        return functional.normalize(self.key(states), dim=-1)

    def unread(self, states: Tensor) -> Tensor:
        """What comes next as far as the local layers can tell: log-probabilities over the vocabulary."""
        return (states @ self.embedding.weight.T).log_softmax(-1)

    def trust(self, states: Tensor) -> Tensor:
        """How much of an answer is the pointer's; the rest is what local layers say."""
        return torch.sigmoid(self.gate(states)).squeeze(-1)

    def size(self) -> int:
        return sum(weight.numel() for weight in self.parameters())


def built(vocabulary: int, config: Any, seed: int) -> RetrievalTransformer:
    """As a Config says, from a seed; on the CPU."""
    torch.manual_seed(seed)
    return RetrievalTransformer(
        vocabulary,
        width=config.width,
        heads=config.heads,
        layers=config.layers,
        window=config.window,
        dims=config.dims,
    )
