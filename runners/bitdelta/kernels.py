"""X sign^T for serving: the fastest way on the device at hand, each of them equal to method.sign_product.

On a CPU there are three.
    look_up_bytes   eight inputs have 256 signed sums. They are made once per token, and a row of signs then adds up one
                    of them per byte: an eighth of the additions, nothing unpacked. For decoding: each token may belong
                    to another tenant.
    look_up_halves  four inputs have sixteen; every entry holds the sums of all tokens side by side, so that one index
                    serves them all. For some dozens of tokens of one tenant.
    unpack          +1 and -1 after all, but a tile at a time, which stays in the cache. For many tokens.
On a GPU triton_kernels.py decodes in one launch, and many tokens of one tenant are multiplied by unpacked tiles.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from .method import unpack_signs

# Where one way overtakes the other: measured on a CPU with AVX-512, one and two threads, by benchmarks/bitdelta.py.
BYTES_TOKENS = 2  # at most, of one tenant, for look_up_bytes
FEWEST_HALVES, MOST_HALVES = 16, 192  # for look_up_halves; fewer too, where a matrix is larger than a tile
SMALL = 1 << 18  # weights of a matrix which is unpacked before the tables are made
TILE = 1 << 20  # weights that are unpacked at a time: 4 MiB of numbers
INDICES = 1 << 18  # looked up at a time: 1 MiB of indices
TRITON_TOKENS = 64  # at most, for the kernel that handles each row by itself


def sign_product(x_NI: Tensor, bits_OP: Tensor) -> Tensor:
    """X sign^T in fp32 for the signs of one tenant: N x O."""
    tokens, inputs = x_NI.shape
    weights = inputs * len(bits_OP)
    if x_NI.is_cpu:
        if weights <= SMALL or tokens > MOST_HALVES:
            return unpack(x_NI, bits_OP)
        if tokens <= BYTES_TOKENS:
            return look_up_bytes(x_NI, bits_OP.unsqueeze(0), torch.zeros(tokens, dtype=torch.long))
        return look_up_halves(x_NI, bits_OP) if tokens >= FEWEST_HALVES or weights > TILE else unpack(x_NI, bits_OP)
    if tokens > TRITON_TOKENS:
        return unpack(x_NI, bits_OP)
    return sign_product_by_row(x_NI, bits_OP.unsqueeze(0), torch.zeros(tokens, dtype=torch.int32))


def sign_product_by_row(x_NI: Tensor, bits_TOP: Tensor, tenant_N: Tensor) -> Tensor:
    """The same where row n uses the signs of tenant_N[n]; -1 is the base alone, and gives zeros. N x O, fp32."""
    if not x_NI.is_cpu and x_NI.shape[0] <= TRITON_TOKENS:
        from .triton_kernels import sign_product_rows  # Triton exists on Linux alone, and only a GPU needs it

        return sign_product_rows(x_NI, bits_TOP, tenant_N.to(x_NI.device))
    tenants = [tenant for tenant in tenant_N.unique().tolist() if tenant >= 0]
    if tenants and x_NI.is_cpu and len(x_NI) <= BYTES_TOKENS * len(tenants):
        return look_up_bytes(x_NI, bits_TOP, tenant_N)
    y_NO = x_NI.new_zeros((x_NI.shape[0], bits_TOP.shape[1]), dtype=torch.float32)
    for tenant in tenants:
        rows = (tenant_N == tenant).nonzero().squeeze(1).to(x_NI.device)
        y_NO[rows] = sign_product(x_NI[rows], bits_TOP[tenant])
    return y_NO


def look_up_bytes(x_NI: Tensor, bits_TOP: Tensor, tenant_N: Tensor) -> Tensor:
    """X sign^T row by row, by tables of 256 signed sums for every eight inputs; fp32, zeros where tenant_N is -1."""
    rows, (_, outputs, row_bytes) = x_NI.shape[0], bits_TOP.shape
    x_NP8 = _padded(x_NI, 8 * row_bytes).view(rows, row_bytes, 8)
    table_NC = (x_NP8 @ _signed_sums(8).T).view(rows, 256 * row_bytes)
    start_P = torch.arange(0, 256 * row_bytes, 256, dtype=torch.int32)
    y_NO = torch.zeros((rows, outputs))
    step = max(1, INDICES // row_bytes)
    for row, tenant in enumerate(tenant_N.tolist()):
        if tenant >= 0:
            for first in range(0, outputs, step):
                code_OP = bits_TOP[tenant, first : first + step] + start_P
                found_OP = table_NC[row].index_select(0, code_OP.flatten()).view(-1, row_bytes)
                torch.sum(found_OP, -1, out=y_NO[row, first : first + step])
    return y_NO


def look_up_halves(x_NI: Tensor, bits_OP: Tensor) -> Tensor:
    """X sign^T by tables of 16 signed sums for every four inputs, all tokens at once; fp32."""
    halves = 2 * bits_OP.shape[1]
    x_NH4 = _padded(x_NI, 4 * halves).view(-1, halves, 4)
    table_CN = (_signed_sums(4) @ x_NH4.permute(1, 2, 0)).flatten(0, 1)
    start_H = torch.arange(0, 16 * halves, 16, dtype=torch.int32)
    parts = []
    for tile_OP in bits_OP.split(max(1, INDICES // halves)):
        code_OH = torch.stack((tile_OP & 15, tile_OP >> 4), dim=-1).flatten(1)
        parts.append(functional.embedding_bag(start_H + code_OH, table_CN, mode="sum"))
    return torch.cat(parts).T


def unpack(x_NI: Tensor, bits_OP: Tensor) -> Tensor:
    """X sign^T, a tile of +1 and -1 at a time; fp32."""
    x_NI, inputs = x_NI.float(), x_NI.shape[1]
    if len(bits_OP) * inputs <= TILE:
        return x_NI @ unpack_signs(bits_OP, inputs).T
    return torch.cat([x_NI @ unpack_signs(tile_OP, inputs).T for tile_OP in bits_OP.split(max(1, TILE // inputs))], 1)


def _padded(x_NI: Tensor, inputs: int) -> Tensor:
    """fp32 with zeros at the end: whatever sign they get, they add nothing."""
    return functional.pad(x_NI.float(), (0, inputs - x_NI.shape[1])).contiguous()


def _signed_sums(inputs: int) -> Tensor:
    """All patterns of `inputs` signs, bit j for input j: 2^inputs x inputs."""
    pattern = torch.arange(1 << inputs).unsqueeze(1)
    return (2 * (pattern >> torch.arange(inputs) & 1) - 1).float()
