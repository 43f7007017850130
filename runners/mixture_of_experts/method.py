"""Sparse mixture of experts: each token is computed by the two experts that a router chooses for it.

[1] Gemini Team, Gemini 1.5, arXiv:2403.05530 (2024): "sparse mixture-of-expert (MoE) Transformer-based", and no more.
[2] Fedus et al., Switch Transformers, arXiv:2101.03961 (2021), Sec. 2.2: capacity and the auxiliary loss.
[3] Jiang et al., Mixtral of Experts, arXiv:2401.04088 (2024), Sec. 2.1: the softmax of the top two logits.

Symbols; a name ends in its shape
    N           tokens of a batch, padding included
    D           width of the model
    E           experts
    K           experts for each token: 2
    H           hidden width of one expert
    M           assignments that are computed: K for each token that is no padding, less those that are dropped
    x_ND        what goes into the layer
    S           slots k N + n: every choice of every token, the first choices of all tokens first
    place_NK    where an assignment stands among those computed, M for one that is not
    real_N      which tokens are no padding
    logits_NE   x W_r, what the router says
    expert_NK   the experts of each token, the first choice first
    gate_NK     what their outputs are weighted with; sums to 1
    f_E         share of all assignments that an expert gets; sums to 1
    P_E         mean probability that the router gives it; sums to 1
    capacity    the most assignments that one expert takes from a batch

Departs from the paper
    - [1] does not disclose how many experts there are, how tokens are routed or how the load is kept even: all of
      this is [2] and [3], a stand-in.
    - An expert is two matrices with a ReLU between them, as in [2]; those of [3] are gated.
    - [2] routes to one expert; f counts both choices here and sums to 1, so that an even load still gives a loss of 1.
    - Padding is neither routed nor counted. No noise is added to the router's logits.
    - A token over the capacity loses that expert's part alone. First choices come before all second ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .grouped import GroupedExperts


@dataclass(frozen=True, slots=True)
class Routed:
    """What the router did with one batch in one layer."""

    aux: Tensor  # the auxiliary loss before alpha
    expert_NK: Tensor
    load_E: Tensor  # assignments, before any is dropped
    dropped: Tensor  # how many of them were


def softmax_of_few(logits_NE: Tensor) -> Tensor:
    """Softmax of each row, computed down the columns of the transpose: rows as short as these waste a vector unit."""
    return logits_NE.T.softmax(0).T


def top_k_gate(logits_NE: Tensor, k: int = 2) -> tuple[Tensor, Tensor]:
    """gate_NK = softmax(top-k logits), expert_NK   [3] Sec. 2.1. The other logits take no part in the softmax."""
    top_NK, expert_NK = logits_NE.topk(k, dim=-1)
    return softmax_of_few(top_NK), expert_NK


def expert_load(expert_NK: Tensor, real_N: Tensor, experts: int) -> Tensor:
    """load_E: how many assignments each expert gets from tokens that are no padding."""
    return torch.bincount(set_apart(expert_NK, real_N, experts).flatten(), minlength=experts + 1)[:experts]


def set_apart(expert_NK: Tensor, real_N: Tensor, experts: int) -> Tensor:
    """expert_NK with padding given to one expert more, who does not exist."""
    return expert_NK.masked_fill(~real_N.unsqueeze(-1), experts)


def router(x_ND: Tensor, router_DE: Tensor) -> Tensor:
    """logits_NE = x W_r, computed as W_r^T x^T: so narrow a product is faster that way round, and its gradient too."""
    return (router_DE.T.contiguous() @ x_ND.T).T


def load_balancing_loss(logits_NE: Tensor, expert_NK: Tensor, real_N: Tensor) -> Tensor:
    """E sum_i f_i P_i   [2] Sec. 2.2: 1 where the load is even, E where one expert has it all. One layer, one batch.

    f counts and has no gradient; what is learned comes through P.
    """
    experts = logits_NE.shape[-1]
    load_E = expert_load(expert_NK, real_N, experts)
    f_E = load_E / load_E.sum().clamp(min=1)
    P_E = softmax_of_few(logits_NE.float()).T @ real_N.float() / real_N.sum().clamp(min=1)
    return experts * (f_E * P_E).sum()


def expert_capacity(assignments: int, experts: int, factor: float) -> int:
    """What an even load would be, times a factor   [2] Sec. 2.2."""
    return math.ceil(factor * assignments / experts)


def dispatch(expert_NK: Tensor, real_N: Tensor, experts: int, capacity: int | None = None) -> tuple[Tensor, list[int]]:
    """Assignments sorted by expert, slot_M, and how many each expert has.

    The sort is stable: within an expert first choices stand before second ones, and earlier tokens before later ones,
    so what is over the capacity is the end of each expert's own part. Padding sorts behind the last expert.
    """
    expert_S = set_apart(expert_NK, real_N, experts).T.flatten()
    sorted_S, slot_S = expert_S.sort(stable=True)
    load = torch.bincount(expert_S, minlength=experts + 1)
    sizes = load[:experts].tolist()
    if capacity is None or max(sizes) <= capacity:
        return slot_S[: sum(sizes)], sizes
    begin = load.cumsum(0) - load
    rank_S = torch.arange(len(slot_S), device=slot_S.device) - begin[sorted_S]
    kept = (rank_S < capacity) & (sorted_S < experts)
    return slot_S[kept], [min(size, capacity) for size in sizes]


def mixture(
    x_ND: Tensor,
    logits_NE: Tensor,
    real_N: Tensor,
    up_EDH: Tensor,
    down_EHD: Tensor,
    k: int = 2,
    factor: float | None = None,
) -> tuple[Tensor, Routed]:
    """The sum over the top k of gate_i(x) E_i(x)   [3] Sec. 2.1; zero for padding. `factor` sets a capacity   [2]."""
    tokens, experts = logits_NE.shape
    gate_NK, expert_NK = top_k_gate(logits_NE, k)
    load_E = expert_load(expert_NK, real_N, experts)
    capacity = None if factor is None else expert_capacity(int(load_E.sum()), experts, factor)
    slot_M, sizes = dispatch(expert_NK, real_N, experts, capacity)
    place_S = slot_M.new_full((k * tokens,), len(slot_M))
    place_S[slot_M] = torch.arange(len(slot_M), device=slot_M.device)
    place_NK = place_S.view(k, tokens).T.contiguous()
    y_ND = GroupedExperts.apply(x_ND, gate_NK.to(x_ND.dtype), up_EDH, down_EHD, slot_M, place_NK, sizes)
    aux = load_balancing_loss(logits_NE, expert_NK, real_N)
    return y_ND, Routed(aux, expert_NK, load_E, load_E.sum() - len(slot_M))


class MixtureOfExperts(nn.Module):
    """The layer: a router and E experts in the place of a transformer's feed-forward layer."""

    def __init__(self, width: int, hidden: int, experts: int, k: int = 2, factor: float | None = None) -> None:
        super().__init__()
        if not 1 <= k <= experts:
            raise ValueError(f"k is {k}, expected 1 to {experts}, the number of experts; name a smaller k")
        self.k, self.factor = k, factor
        self.router_DE = nn.Parameter(torch.randn(width, experts) * width**-0.5)
        self.up_EDH = nn.Parameter(torch.randn(experts, width, hidden) * width**-0.5)
        self.down_EHD = nn.Parameter(torch.randn(experts, hidden, width) * hidden**-0.5)

    def forward(self, x_ND: Tensor, real_N: Tensor) -> tuple[Tensor, Routed]:
        """A capacity holds in training alone: what is computed for a token must not depend on those beside it later."""
        factor = self.factor if self.training else None
        logits_NE = router(x_ND, self.router_DE)
        return mixture(x_ND, logits_NE, real_N, self.up_EDH, self.down_EHD, self.k, factor)


def load_entropy(load_E: Tensor) -> float:
    """Entropy of the load over ln E (ours): 1 where it is even, 0 where one expert has it all."""
    share_E = load_E.double() / load_E.sum().clamp(min=1)
    return (torch.special.entr(share_E).sum() / math.log(len(load_E))).item() if len(load_E) > 1 else 1.0
