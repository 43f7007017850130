import pytest
import torch

from runners.bitdelta import kernels, method

WAYS = {
    "chosen": kernels.sign_product,
    "unpack": kernels.unpack,
    "look_up_halves": kernels.look_up_halves,
    "look_up_bytes": lambda x, bits: kernels.look_up_bytes(x, bits[None], torch.zeros(len(x), dtype=torch.long)),
}
SHAPES = [(1, 1, 1), (1, 40, 9), (3, 7, 16), (17, 33, 30), (200, 5, 24), (2, 600, 600), (20, 600, 600), (1, 2100, 520)]


def draw(rows: int, outputs: int, inputs: int, tenants: int = 1) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(rows * outputs + inputs)
    positive = torch.rand(tenants, outputs, inputs, generator=generator) > 0.5
    return torch.randn(rows, inputs, generator=generator), positive, method.pack_signs(positive)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_way_agrees_with_the_dense_product(way, shape):
    x, positive, bits = draw(*shape)
    expected = x.double() @ (2.0 * positive[0].double() - 1).T
    found = WAYS[way](x, bits[0])
    assert found.dtype == torch.float32
    assert torch.allclose(found.double(), expected, atol=2e-4)
    assert torch.equal(found, WAYS[way](x, bits[0]))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_summed_in_single(way, dtype):
    x = torch.full((2, 24), 30_000.0, dtype=dtype)
    bits = method.pack_signs(torch.ones(40, 24))
    assert torch.equal(WAYS[way](x, bits), torch.full((2, 40), 24 * x[0, 0].item()))


@pytest.mark.parametrize("tenant", [[0], [2, 0, -1, 1, 2], [-1, -1], [1] * 9 + [0], [0, 1, 2] * 12])
@pytest.mark.parametrize(("outputs", "inputs"), [(5, 19), (600, 601)])
def test_each_row_gets_the_signs_of_its_own_tenant(tenant, outputs, inputs):
    x, positive, bits = draw(len(tenant), outputs, inputs, tenants=3)
    found = kernels.sign_product_by_row(x, bits, torch.tensor(tenant))
    for row, which in enumerate(tenant):
        expected = x[row] @ (2.0 * positive[which].float() - 1).T if which >= 0 else torch.zeros(outputs)
        assert torch.allclose(found[row], expected, atol=2e-4)
