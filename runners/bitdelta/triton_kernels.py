"""X sign^T on a GPU, each row of X with the signs of its own tenant. Runs under Triton's interpreter as well.

One program multiplies one row of X by BLOCK_O rows of signs over one share of the inputs. Bytes are loaded once and
spread over eight inputs in registers; a sign only decides whether x is added or subtracted, in fp32, so neither fp16
nor bf16 can overflow and no matrix of +-1 exists. Decoding has few rows, hence split-K: the inputs are shared out
until the grid fills the device, partial sums go to a buffer of their own and are added in a fixed order, so that the
same call gives the same bits. Rows of one tenant that follow each other read the same bytes from the L2 cache.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

BLOCK_O = 32  # outputs of one program
BLOCK_P = 64  # bytes of each at a time: 512 inputs
PROGRAMS = (
    4 * 132
)  # four waves' worth on the 132 multiprocessors of an H100; fewer rows are split until there are so many


@triton.jit
def _rows_kernel(  # noqa: ANN202 - Triton's types are not Python's
    x_NI, bits_TOP, tenant_N, part_SNO, inputs, outputs, row_bytes, rows, share,  # noqa: ANN001
    BLOCK_O: tl.constexpr, BLOCK_P: tl.constexpr,
):  # fmt: skip
    """part[s, n, o] = sum of sign[tenant[n], o, i] * x[n, i] over the s-th share of the bytes of a row."""
    row, split = tl.program_id(0), tl.program_id(2)
    out = tl.program_id(1) * BLOCK_O + tl.arange(0, BLOCK_O)
    tenant = tl.load(tenant_N + row).to(tl.int64)
    sum_O = tl.zeros((BLOCK_O,), dtype=tl.float32)
    if tenant >= 0:
        signs = bits_TOP + (tenant * outputs + out[:, None]) * row_bytes
        for start in range(split * share, tl.minimum((split + 1) * share, row_bytes), BLOCK_P):
            byte = start + tl.arange(0, BLOCK_P)
            there = (byte < row_bytes) & (byte < (split + 1) * share)
            packed_OP = tl.load(signs + byte[None, :], mask=(out[:, None] < outputs) & there[None, :], other=0)
            packed_OP = packed_OP.to(tl.int32)
            sum_OP = tl.zeros((BLOCK_O, BLOCK_P), dtype=tl.float32)
            for bit in tl.static_range(8):
                i = byte * 8 + bit  # the last byte's tail lies past the inputs: masked, it reads as 0 whatever its bit
                x_P = tl.load(x_NI + row.to(tl.int64) * inputs + i, mask=there & (i < inputs), other=0.0)
                x_P = x_P.to(tl.float32)
                sum_OP += tl.where(((packed_OP >> bit) & 1) == 1, x_P[None, :], -x_P[None, :])
            sum_O += tl.sum(sum_OP, axis=1)
    place = (split.to(tl.int64) * rows + row) * outputs + out
    tl.store(part_SNO + place, sum_O, mask=out < outputs)


def splits_for(rows: int, outputs: int, row_bytes: int) -> int:
    """Into how many shares the inputs are split: none smaller than a block, and no more than fill the device."""
    programs = rows * triton.cdiv(outputs, BLOCK_O)
    return max(1, min(PROGRAMS // programs, triton.cdiv(row_bytes, BLOCK_P)))


def sign_product_rows(x_NI: Tensor, bits_TOP: Tensor, tenant_N: Tensor, splits: int | None = None) -> Tensor:
    """X sign^T where row n uses the signs of tenant_N[n], zeros where that is -1: N x O in fp32.

    x is fp32, fp16 or bf16; bits_TOP is uint8 with ceil(I / 8) bytes a row; tenant_N holds integers below T.
    """
    x_NI, bits_TOP = x_NI.contiguous(), bits_TOP.contiguous()
    rows, inputs = x_NI.shape
    _, outputs, row_bytes = bits_TOP.shape
    if row_bytes != triton.cdiv(inputs, 8):
        raise ValueError(
            f"{row_bytes} bytes a row, expected {triton.cdiv(inputs, 8)} for {inputs} inputs; pack them anew"
        )
    splits = splits or splits_for(rows, outputs, row_bytes)
    share = triton.cdiv(row_bytes, splits)
    part_SNO = torch.empty((splits, rows, outputs), dtype=torch.float32, device=x_NI.device)
    grid = (rows, triton.cdiv(outputs, BLOCK_O), splits)
    _rows_kernel[grid](
        x_NI, bits_TOP, tenant_N.to(torch.int32).contiguous(), part_SNO, inputs, outputs, row_bytes, rows, share,
        BLOCK_O=BLOCK_O, BLOCK_P=BLOCK_P,
    )  # fmt: skip
    return part_SNO.sum(0)
