"""BitDelta: the change a fine-tune makes to a weight matrix, as its signs and one scale.

[1] Liu et al., BitDelta: Your Fine-Tune May Only Be Worth One Bit, arXiv:2402.10193 (2024), Sec. 3.1.

Symbols; a name ends in its shape
    O, I        outputs and inputs of a linear layer; its weight is O x I, as torch keeps it
    P           bytes of one row of signs: ceil(I / 8)
    K           bits per weight: 1 in [1]; more refine what is left over
    N           rows of a batch: tokens
    V           vocabulary
    delta_OI    Delta = W_fine - W_base
    sign_OI     sign(Delta), +1 or -1
    bits_KOP    the signs as they are stored: bit j of byte p belongs to input 8 p + j; 1 stands for +1
    scale_K     alpha, one fp32 number per matrix and bit
    x_NI, y_NO  what goes into a linear layer, and what comes out
    z_NV        logits

Departs from the paper
    - sign(0) is +1, so that every weight has a bit; a row whose I is no multiple of 8 ends in bits that nobody reads.
    - Only alpha is trained, as [1] says; the authors' code trains norms and embeddings with it, and stops the gradient
      to x at the delta's branch. Here the product is differentiated exactly, so deeper scales learn through it.
    - Padding does not count in the distance between logits.
    - Products are summed in fp32 whatever the type of x, and only alpha times the sum is rounded to that type:
      a sum of thousands of +-x may leave fp16's range, and 2 X Bits - rowsum(X) would cancel in it.
    - K > 1 repeats the step on the residual, as the authors' code does; all K scales are then trained together.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

TILE = 256  # rows of bits that are unpacked at a time: 256 x 4096 in fp32 is 4 MiB, which a cache holds


def pack_signs(sign_OI: Tensor) -> Tensor:
    """Signs, given as booleans (True is +1) or as numbers (>= 0 is +1), in bytes: bits_OP."""
    positive_OI = sign_OI if sign_OI.dtype == torch.bool else sign_OI >= 0
    padded = functional.pad(positive_OI.to(torch.uint8), (0, -positive_OI.shape[-1] % 8))
    weight = 1 << torch.arange(8, dtype=torch.uint8, device=padded.device)
    return (padded.unflatten(-1, (-1, 8)) * weight).sum(-1, dtype=torch.uint8)


def unpack_bits(bits_OP: Tensor, inputs: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Bits as zeros and ones of type `dtype`, O x I."""
    return functional.embedding(bits_OP.int(), _bytes(bits_OP.device).to(dtype)).flatten(-2)[..., :inputs]


def unpack_signs(bits_OP: Tensor, inputs: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """sign_OI as +1 and -1: what the product below avoids, and merging needs."""
    return functional.embedding(bits_OP.int(), 2 * _bytes(bits_OP.device).to(dtype) - 1).flatten(-2)[..., :inputs]


def _bytes(device: torch.device) -> Tensor:
    """The eight bits of each byte, 256 x 8: looking them up is several times faster than shifting."""
    return torch.arange(256, device=device).unsqueeze(1) >> torch.arange(8, device=device) & 1


def quantize(delta_OI: Tensor, bits: int = 1) -> tuple[Tensor, Tensor]:
    """Delta ~ sum_k alpha_k sign_k: bits_KOP and scale_K   [1] Sec. 3.1, "1-bit quantization".

    alpha = mean |Delta| minimises |Delta - alpha sign(Delta)|, since that is the sum of (|Delta| - alpha)^2.
    """
    residual_OI = delta_OI.float()
    planes, scales = [], []
    for _ in range(bits):
        scale = residual_OI.abs().mean(dtype=torch.float64).float()
        planes.append(pack_signs(residual_OI))
        scales.append(scale)
        residual_OI = residual_OI - torch.where(residual_OI >= 0, scale, -scale)
    return torch.stack(planes), torch.stack(scales)


def merge(weight_OI: Tensor, bits_KOP: Tensor, scale_K: Tensor) -> Tensor:
    """W_base + sum_k alpha_k sign_k, in the type of W_base."""
    merged_OI = weight_OI.float()
    for bits_OP, scale in zip(bits_KOP, scale_K, strict=True):
        merged_OI = merged_OI + scale * unpack_signs(bits_OP, weight_OI.shape[1])
    return merged_OI.to(weight_OI.dtype)


def sign_product(x_NI: Tensor, bits_OP: Tensor) -> Tensor:
    """X sign^T = 2 X Bits^T - rowsum(X), fp32: no matrix of +-1 is made, and bits are unpacked a tile at a time."""
    x_NI = x_NI.float()
    tiles = [x_NI @ unpack_bits(tile_OP, x_NI.shape[-1]).T for tile_OP in bits_OP.split(TILE)]
    return 2 * torch.cat(tiles, dim=-1) - x_NI.sum(-1, keepdim=True)


def sign_product_transposed(dy_NO: Tensor, bits_OP: Tensor, inputs: int) -> Tensor:
    """DY sign, fp32: the gradient that the product passes back to X, from the same bits."""
    dy_NO = dy_NO.float()
    dx_NI = -dy_NO.sum(-1, keepdim=True).expand(*dy_NO.shape[:-1], inputs)
    for tile_OP, dy_tile in zip(bits_OP.split(TILE), dy_NO.split(TILE, dim=-1), strict=True):
        dx_NI = dx_NI + 2 * (dy_tile @ unpack_bits(tile_OP, inputs))
    return dx_NI


class SignProduct(torch.autograd.Function):
    """X sign^T that keeps nothing for the way back but the bits themselves."""

    @staticmethod
    def forward(ctx: Any, x_NI: Tensor, bits_OP: Tensor) -> Tensor:
        ctx.save_for_backward(bits_OP)
        ctx.inputs, ctx.dtype = x_NI.shape[-1], x_NI.dtype
        return sign_product(x_NI, bits_OP)

    @staticmethod
    def backward(ctx: Any, dy_NO: Tensor) -> tuple[Tensor, None]:
        (bits_OP,) = ctx.saved_tensors
        return sign_product_transposed(dy_NO, bits_OP, ctx.inputs).to(ctx.dtype), None


def delta_product(x_NI: Tensor, bits_KOP: Tensor, scale_K: Tensor) -> Tensor:
    """X Delta-hat^T = sum_k alpha_k X sign_k^T, in the type of X; differentiable in X and alpha."""
    terms = [scale * SignProduct.apply(x_NI, bits) for scale, bits in zip(scale_K, bits_KOP, strict=True)]
    return torch.stack(terms).sum(0).to(x_NI.dtype)


class DeltaLinear(nn.Module):
    """A frozen linear layer with a packed delta: x W_base^T + b + x Delta-hat^T. Only `scale_K` is a parameter."""

    def __init__(self, linear: nn.Linear, bits_KOP: Tensor, scale_K: Tensor) -> None:
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.register_buffer("bits_KOP", bits_KOP)
        self.scale_K = nn.Parameter(scale_K.detach().clone().float())

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x) + delta_product(x, self.bits_KOP, self.scale_K)


def scales(model: nn.Module) -> list[nn.Parameter]:
    """Every alpha of a model, and nothing else: what distillation trains."""
    return [module.scale_K for module in model.modules() if isinstance(module, DeltaLinear)]


def logit_distance(z_NV: Tensor, z_fine_NV: Tensor, mask_N: Tensor) -> Tensor:
    """Mean (z - z_fine)^2 over the vocabulary and over the tokens that are not padding   [1] Sec. 3.1."""
    square_N = (z_NV.float() - z_fine_NV.float()).square().mean(-1)
    return (square_N * mask_N).sum() / mask_N.sum()


def distill_step(optimizer: torch.optim.Optimizer, z_NV: Tensor, z_fine_NV: Tensor, mask_N: Tensor) -> float:
    """One step on alpha towards the fine-tune's logits   [1] Sec. 3.1, "Scale distillation". The distance before it."""
    loss = logit_distance(z_NV, z_fine_NV, mask_N)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return loss.item()


def shape_of_change(delta_OI: Tensor) -> float:
    """Mean |Delta| / rms(Delta): 1 where one bit is exact for free, 0.798 for a Gaussian (ours)."""
    rms = delta_OI.double().square().mean().sqrt()
    return (delta_OI.double().abs().mean() / rms).item() if rms > 0 else 1.0
