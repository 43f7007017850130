"""One base model in memory, many tenants: each row of a batch goes through the base and its own tenant's delta."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from nonmun.runner import RunnerError

from .kernels import sign_product_by_row
from .storage import Delta, find_linear

BASE = -1  # the row of a batch that wants no delta


class Tenants:
    """Which tenant each row of the batch at hand belongs to. All layers of a model ask the same one."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._tenant_B: Tensor | None = None

    @contextmanager
    def serving(self, tenants: Sequence[int]) -> Iterator[None]:
        """Within this, row b of every batch belongs to tenants[b]; BASE stands for the base alone."""
        if wrong := [tenant for tenant in tenants if not BASE <= tenant < self.count]:
            raise ValueError(f"tenant {wrong[0]}, expected {BASE} to {self.count - 1}; load its delta first")
        before, self._tenant_B = self._tenant_B, torch.tensor(list(tenants), dtype=torch.long)
        try:
            yield
        finally:
            self._tenant_B = before

    def of_rows(self, rows: int, each: int) -> Tensor:
        """The tenant of each token, where every one of `rows` rows has `each` of them."""
        if self._tenant_B is None or len(self._tenant_B) != rows:
            found = "no tenants" if self._tenant_B is None else f"{len(self._tenant_B)} tenants"
            raise ValueError(f"{found} for a batch of {rows}; call the model within tenants.serving([...])")
        return self._tenant_B.repeat_interleave(each)


class MultiTenantLinear(nn.Module):
    """A linear layer with a delta for each of T tenants: bits_TKOP uint8, scale_TK fp32. For serving: no gradients."""

    def __init__(self, linear: nn.Linear, bits_TKOP: Tensor, scale_TK: Tensor, tenants: Tenants) -> None:
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("bits_KTOP", bits_TKOP.transpose(0, 1).contiguous())
        self.register_buffer("scale_KT", scale_TK.detach().float().T.contiguous())
        self.tenants = tenants

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """X is B x ... x I; row b belongs to the tenant that `tenants` names for it."""
        y = self.linear(x)
        x_NI = x.reshape(-1, x.shape[-1])
        tenant_N = self.tenants.of_rows(len(x), x_NI.shape[0] // len(x))
        for bits_TOP, scale_T in zip(self.bits_KTOP, self.scale_KT, strict=True):
            scale_N = scale_T[tenant_N.clamp_min(0).to(scale_T.device)].unsqueeze(1)
            y += (scale_N * sign_product_by_row(x_NI, bits_TOP, tenant_N)).to(y.dtype).view_as(y)
        return y


def serve(model: nn.Module, deltas: Sequence[Delta]) -> Tenants:
    """Make `model` serve all of `deltas` at once, in place; the handle that says whose each row of a batch is.

    Deltas that changed more than linear weights cannot share a base, and are refused.
    """
    if not deltas:
        raise RunnerError("no deltas to serve", mend="name one or more")
    first = deltas[0]
    for place, delta in enumerate(deltas):
        shapes = {name: tuple(bits.shape) for name, bits in delta.bits.items()}
        if delta.base != first.base or shapes != {name: tuple(bits.shape) for name, bits in first.bits.items()}:
            raise RunnerError(
                f"delta {place} is for another base, or of another number of bits, than delta 0",
                mend="serve deltas of one base and one number of bits together",
            )
        if delta.whole:
            raise RunnerError(
                f"delta {place} changes {sorted(delta.whole)[0]} as well, which tenants share",
                mend="fine-tune with embeddings and norms frozen, or use it alone, with apply",
            )
    tenants = Tenants(len(deltas))
    for name in first.bits:
        parent, attribute, linear = find_linear(model, name)
        bits_TKOP = torch.stack([delta.bits[name] for delta in deltas]).to(linear.weight.device)
        scale_TK = torch.stack([delta.scale[name] for delta in deltas]).to(linear.weight.device)
        setattr(parent, attribute, MultiTenantLinear(linear, bits_TKOP, scale_TK, tenants))
    return tenants
