"""What the layer computes with: every expert's product on its own rows, and the way of rows to their experts and back.

Shapes as in method.py. The gradient is written out, an expert at a time: its rows stay in the cache, where a graph of
single operations would fill and keep several matrices of M rows, which takes longer than the products at these widths.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


class GroupedExperts(torch.autograd.Function):
    """Sum over a token's experts of gate relu(x W_up) W_down: one product of matrices an expert, each way."""

    @staticmethod
    def forward(
        ctx: Any,
        x_ND: Tensor,
        gate_NK: Tensor,
        up_EDH: Tensor,
        down_EHD: Tensor,
        slot_M: Tensor,
        place_NK: Tensor,
        sizes: list[int],
    ) -> Tensor:
        """`sizes` are the rows of each expert; place M, of an assignment that is not computed, counts as nought."""
        token_M = slot_M % len(x_ND)
        x_MD = x_ND.index_select(0, token_M)
        hidden_MH = x_ND.new_empty(len(token_M), up_EDH.shape[-1])
        y_MD = x_ND.new_empty(len(token_M) + 1, x_ND.shape[-1])
        y_MD[-1] = 0
        for x, hidden, y, up, down in _groups((x_MD, hidden_MH, y_MD[:-1]), sizes, up_EDH, down_EHD):
            torch.mm(x, up, out=hidden).relu_()
            torch.mm(hidden, down, out=y)
        ctx.save_for_backward(x_MD, hidden_MH, y_MD, gate_NK, up_EDH, down_EHD, slot_M, place_NK)
        ctx.sizes = sizes
        return functional.embedding_bag(place_NK, y_MD, per_sample_weights=gate_NK, mode="sum")

    @staticmethod
    def backward(ctx: Any, dy_ND: Tensor) -> tuple[Tensor | None, ...]:
        x_MD, hidden_MH, y_MD, gate_NK, up_EDH, down_EHD, slot_M, place_NK = ctx.saved_tensors
        gate_M1 = gate_NK.T.flatten().index_select(0, slot_M).unsqueeze(-1)
        dy_MD = torch.empty_like(y_MD)
        dy_MD[-1] = 0
        torch.index_select(dy_ND, 0, slot_M % len(dy_ND), out=dy_MD[:-1])
        dgate_M = (y_MD * dy_MD).sum(-1)
        dy_MD[:-1] *= gate_M1
        dup_EDH, ddown_EHD = torch.empty_like(up_EDH), torch.empty_like(down_EHD)
        for x, hidden, dy, up, down, dup, ddown in _groups(
            (x_MD, hidden_MH, dy_MD[:-1]), ctx.sizes, up_EDH, down_EHD, dup_EDH, ddown_EHD
        ):
            torch.mm(hidden.T, dy, out=ddown)
            dhidden = torch.ops.aten.threshold_backward(dy @ down.T, hidden, 0)  # of the ReLU
            torch.mm(x.T, dhidden, out=dup)
            torch.mm(dhidden, up.T, out=dy)  # from here on these rows hold dx, and no others have to be kept
        dx_ND = functional.embedding_bag(place_NK, dy_MD, mode="sum")
        return dx_ND, dgate_M[place_NK], dup_EDH, ddown_EHD, None, None, None


def _groups(rows: tuple[Tensor, ...], sizes: list[int], *experts: Tensor) -> Any:
    """For each expert its own rows of each of `rows`, and its own matrix of each of `experts`."""
    return zip(*(one.split(sizes) for one in rows), *(one.unbind() for one in experts), strict=True)
