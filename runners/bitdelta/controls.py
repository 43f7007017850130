"""What BitDelta is held against: each gives a change of weights, and what it would take to store."""

from __future__ import annotations

import torch
from torch import Tensor

FP16 = 2  # bytes


def random_signs(shape: tuple[int, int], scale: float, generator: torch.Generator) -> Tensor:
    """+-scale by the toss of a coin: the same size of change, and none of what was learned. Has to fail."""
    positive_OI = torch.randint(2, shape, generator=generator, dtype=torch.uint8)
    return scale * (2.0 * positive_OI - 1)


def truncated_svd(delta_OI: Tensor, size: int) -> Tensor:
    """The best approximation of Delta by two factors in fp16 that together take at most `size` bytes.

    From the eigenvectors of the smaller Gram matrix: only a few per cent of the rank are asked for, so the squared
    condition number costs nothing, and it is ten times as fast as a full SVD.
    """
    outputs, inputs = delta_OI.shape
    rank = max(1, size // (FP16 * (outputs + inputs)))
    wide = delta_OI.double() if outputs <= inputs else delta_OI.double().T
    _, vectors = torch.linalg.eigh(wide @ wide.T)
    basis = vectors[:, -rank:]
    left, right = basis, basis.T @ wide
    balance = right.norm(dim=1).sqrt().clamp_min(1e-12)  # or the smaller factor would fall below what fp16 can hold
    product = (left * balance).half().double() @ (right / balance.unsqueeze(1)).half().double()
    return (product if outputs <= inputs else product.T).float()


def round_to_nearest(delta_OI: Tensor, bits: int) -> Tensor:
    """Each row on an even grid of 2^bits points between its smallest and largest change; two fp16 numbers a row."""
    low, high = delta_OI.amin(1, keepdim=True), delta_OI.amax(1, keepdim=True)
    step = ((high - low) / (2**bits - 1)).clamp_min(1e-12)
    # fp16 has seven decimals' less range than such steps need: as a share of the matrix's largest, they fit.
    unit = step.max()
    step, low = (step / unit).half().float() * unit, (low / unit).half().float() * unit
    return low + step * ((delta_OI - low) / step.clamp_min(1e-12)).round().clamp(0, 2**bits - 1)


def round_to_nearest_bytes(shape: tuple[int, int], bits: int) -> int:
    """What `round_to_nearest` takes to store."""
    outputs, inputs = shape
    return outputs * -(-inputs * bits // 8) + 2 * FP16 * outputs
