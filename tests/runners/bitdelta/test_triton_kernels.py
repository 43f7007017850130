"""On a machine without a GPU the kernel runs under Triton's interpreter, which checks what it computes, not how fast."""

import os

import pytest
import torch

if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")  # read when the kernel is defined
pytest.importorskip("triton", reason="triton is not installed: it exists on Linux alone")

from runners.bitdelta import method, triton_kernels

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def naive(x: torch.Tensor, positive: torch.Tensor, tenant: list[int]) -> torch.Tensor:
    rows = []
    for row, which in enumerate(tenant):
        if which < 0:
            rows.append(torch.zeros(positive.shape[1], dtype=torch.float64))
        else:
            rows.append(x[row].double() @ (2.0 * positive[which].double() - 1).T)
    return torch.stack(rows)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize(
    ("outputs", "inputs", "tenant"),
    [(1, 1, [0]), (33, 77, [1, 0, -1]), (40, 576, [0] * 4), (65, 1030, [2, 0, 1, -1, 2])],
)
@pytest.mark.parametrize("splits", [None, 1, 2, 3])
def test_kernel_agrees_with_the_naive_product(dtype, outputs, inputs, tenant, splits):
    generator = torch.Generator().manual_seed(inputs)
    x = torch.randn(len(tenant), inputs, generator=generator).to(dtype)
    positive = torch.rand(3, outputs, inputs, generator=generator) > 0.5
    bits = method.pack_signs(positive)
    found = triton_kernels.sign_product_rows(x.to(DEVICE), bits.to(DEVICE), torch.tensor(tenant).to(DEVICE), splits)
    assert found.dtype == torch.float32
    assert torch.allclose(found.double().cpu(), naive(x, positive, tenant), atol=3e-4)


def test_the_tail_of_the_last_byte_is_not_read_whatever_its_bits():
    x = torch.ones(1, 9)
    bits = method.pack_signs(torch.ones(2, 9))
    spoiled = bits | torch.tensor([0, 0b1111_1110], dtype=torch.uint8)
    tenant = torch.zeros(1, dtype=torch.int32)
    for each in (bits, spoiled):
        found = triton_kernels.sign_product_rows(x.to(DEVICE), each[None].to(DEVICE), tenant.to(DEVICE))
        assert found.tolist() == [[9, 9]]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_sums_beyond_the_range_of_half_precision_do_not_overflow(dtype):
    x = torch.full((1, 64), 30_000.0, dtype=dtype)
    bits = method.pack_signs(torch.ones(3, 64))
    found = triton_kernels.sign_product_rows(x.to(DEVICE), bits[None].to(DEVICE), torch.zeros(1).int().to(DEVICE))
    assert found.tolist() == [[64 * x[0, 0].item()] * 3]


def test_inputs_are_split_only_where_the_grid_would_be_small():
    assert triton_kernels.splits_for(rows=1, outputs=4096, row_bytes=512) > 1
    assert triton_kernels.splits_for(rows=64, outputs=11008, row_bytes=512) == 1
    assert triton_kernels.splits_for(rows=1, outputs=8, row_bytes=10) == 1


def test_bits_of_another_width_are_refused():
    with pytest.raises(ValueError, match="3 bytes a row, expected 2 for 9 inputs"):
        triton_kernels.sign_product_rows(torch.ones(1, 9), torch.zeros(1, 2, 3, dtype=torch.uint8), torch.zeros(1))
