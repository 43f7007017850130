"""Muon: the momentum of each matrix, made orthogonal, is its step. AdamW is kept for vectors, tables and both ends.

[1] Jordan et al., Muon: An optimizer for hidden layers in neural networks (2024), kellerjordan.github.io/posts/muon.
[2] Liu et al., Muon is Scalable for LLM Training, arXiv:2502.16982 (2025), Sec. 2: weight decay.

Symbols
    K           matrices of one shape, taken together: small products of one kind are one call
    R, C        rows and columns of a matrix
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

MOMENTUM = 0.95  # [1]
DECAY = 0.01
QUINTIC = (3.4445, -4.7750, 2.0315)  # [1]: brings singular values between 0.7 and 1.2 in ROUNDS rounds
ROUNDS = 5


def orthogonal(x_KRC: Tensor) -> Tensor:
    """Near U V^T of each matrix U S V^T, by Newton and Schulz's iteration with a quintic   [1]."""
    turned = x_KRC.shape[-2] > x_KRC.shape[-1]
    x = x_KRC.mT if turned else x_KRC
    x = x / x.flatten(1).norm(dim=1).clamp(min=1e-7)[:, None, None]
    a, b, c = QUINTIC
    for _ in range(ROUNDS):
        square = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return x.mT if turned else x


class Muon(torch.optim.Optimizer):
    """Steps of `lr` x sqrt(max(1, R / C)) along the orthogonal momentum; for matrices alone."""

    def __init__(self, matrices: Iterable[nn.Parameter], lr: float | Tensor) -> None:
        super().__init__(matrices, {"lr": lr})
        self._momentum: dict[tuple[int, ...], Tensor] = {}

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:
        assert closure is None, "this optimiser takes no closure"
        for group in self.param_groups:
            for shape, matrices in alike(one for one in group["params"] if one.grad is not None).items():
                grad_KRC = torch.stack([one.grad for one in matrices])
                if shape not in self._momentum:
                    self._momentum[shape] = torch.zeros_like(grad_KRC)
                held_KRC = self._momentum[shape]
                held_KRC.lerp_(grad_KRC, 1 - MOMENTUM)
                step_KRC = orthogonal(torch.lerp(grad_KRC, held_KRC, MOMENTUM))  # Nesterov's
                size = group["lr"] * max(1, shape[0] / shape[1]) ** 0.5
                torch._foreach_mul_(matrices, 1 - group["lr"] * DECAY)
                torch._foreach_sub_(matrices, [*(size * step_KRC).unbind()])


def alike(matrices: Iterable[Tensor]) -> dict[tuple[int, ...], list[Tensor]]:
    """Matrices by their shape."""
    found: dict[tuple[int, ...], list[Tensor]] = defaultdict(list)
    for one in matrices:
        found[tuple(one.shape)].append(one)
    return found
