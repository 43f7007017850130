import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from runners.bitdelta import method

SIZES = st.integers(1, 40)


def matrix(outputs: int, inputs: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(outputs, inputs, generator=torch.Generator().manual_seed(seed))


def naive_product(x: torch.Tensor, positive: torch.Tensor) -> list[list[float]]:
    return [
        [sum(v if s else -v for v, s in zip(row, signs, strict=True)) for signs in positive.tolist()]
        for row in x.tolist()
    ]


# --- packing ---


@given(SIZES, SIZES, st.integers(0, 9))
def test_packed_signs_come_back_whatever_the_number_of_inputs(outputs, inputs, seed):
    delta = matrix(outputs, inputs, seed)
    bits = method.pack_signs(delta)
    assert bits.dtype == torch.uint8
    assert bits.shape == (outputs, math.ceil(inputs / 8))
    assert torch.equal(method.unpack_signs(bits, inputs), torch.where(delta >= 0, 1.0, -1.0))
    assert torch.equal(method.pack_signs(delta >= 0), bits)


def test_bit_j_of_byte_p_belongs_to_input_8p_plus_j_and_padding_is_zero():
    positive = torch.zeros(1, 11, dtype=torch.bool)
    positive[0, [0, 3, 9]] = True
    assert method.pack_signs(positive).tolist() == [[0b1001, 0b10]]


def test_zero_counts_as_plus():
    assert method.unpack_signs(method.pack_signs(torch.zeros(2, 3)), 3).tolist() == [[1] * 3] * 2


# --- quantizing ---


def test_delta_of_identical_weights_is_zero():
    weight = matrix(6, 10)
    bits, scale = method.quantize(weight - weight, bits=3)
    assert scale.tolist() == [0, 0, 0]
    assert torch.equal(method.merge(weight, bits, scale), weight)


@given(SIZES, SIZES, st.integers(0, 9), st.sampled_from([0.5, 0.9, 0.999, 1.001, 1.1, 2]))
def test_no_other_scale_is_nearer_to_delta(outputs, inputs, seed, factor):
    delta = matrix(outputs, inputs, seed)
    bits, scale = method.quantize(delta)
    assert scale[0].item() == pytest.approx(delta.abs().mean().item(), rel=1e-5)
    sign = method.unpack_signs(bits[0], inputs)

    def error(alpha: float) -> float:
        return (delta - alpha * sign).double().square().sum().item()

    assert error(scale[0].item()) <= error(factor * scale[0].item()) + 1e-9


def test_more_bits_refine_what_fewer_left_over():
    delta = matrix(30, 50)
    left = []
    for bits in (1, 2, 3, 4):
        planes, scale = method.quantize(delta, bits)
        left.append((delta - method.merge(torch.zeros_like(delta), planes, scale)).norm().item())
    assert left == sorted(left, reverse=True)
    assert left[3] < 0.35 * left[0]
    fewer, more = method.quantize(delta, 2), method.quantize(delta, 4)
    assert torch.equal(fewer[0], more[0][:2])
    assert torch.equal(fewer[1], more[1][:2])


def test_one_bit_is_exact_where_every_weight_moves_by_the_same_amount():
    delta = 0.003 * torch.where(matrix(8, 9) >= 0, 1.0, -1.0)
    bits, scale = method.quantize(delta)
    assert torch.allclose(method.merge(torch.zeros(8, 9), bits, scale), delta)
    assert method.shape_of_change(delta) == pytest.approx(1)


def test_shape_of_a_gaussian_change_is_the_root_of_two_over_pi():
    assert method.shape_of_change(matrix(400, 500)) == pytest.approx(math.sqrt(2 / math.pi), abs=3e-3)
    assert method.shape_of_change(torch.zeros(2, 2)) == 1


# --- the product ---


@pytest.mark.parametrize(("rows", "outputs", "inputs"), [(1, 1, 1), (3, 5, 7), (2, 9, 16), (4, 600, 19)])
def test_product_agrees_with_a_naive_loop(rows, outputs, inputs):
    x, delta = matrix(rows, inputs, 1), matrix(outputs, inputs, 2)
    found = method.sign_product(x, method.pack_signs(delta))
    assert torch.allclose(found, torch.tensor(naive_product(x, delta >= 0)), atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_sums_beyond_the_range_of_half_precision_do_not_overflow(dtype):
    x = torch.full((1, 64), 30_000.0, dtype=dtype)
    bits, scale = method.pack_signs(torch.ones(3, 64)).unsqueeze(0), torch.tensor([1e-3])
    found = method.delta_product(x, bits, scale)
    assert found.dtype == dtype
    assert torch.allclose(found.float(), torch.full((1, 3), 64 * x[0, 0].item() * 1e-3), rtol=1e-2)


@given(st.integers(1, 5), SIZES, SIZES, st.integers(1, 3))
def test_gradients_are_those_of_the_dense_product(rows, outputs, inputs, planes):
    bits, scale = method.quantize(matrix(outputs, inputs, 3), planes)
    x = matrix(rows, inputs, 4).requires_grad_()
    alpha = scale.clone().requires_grad_()
    weight = matrix(rows, outputs, 5)
    (method.delta_product(x, bits, alpha) * weight).sum().backward()
    dense_x, dense_alpha = x.detach().clone().requires_grad_(), scale.clone().requires_grad_()
    dense = sum(a * method.unpack_signs(plane, inputs) for a, plane in zip(dense_alpha, bits, strict=True))
    (dense_x @ dense.T * weight).sum().backward()
    assert torch.allclose(x.grad, dense_x.grad, atol=1e-4)
    assert torch.allclose(alpha.grad, dense_alpha.grad, rtol=1e-4, atol=1e-4)


def test_the_product_takes_inputs_of_any_rank():
    bits, scale = method.quantize(matrix(5, 11))
    x = matrix(6, 11, 1)
    flat = method.delta_product(x, bits, scale)
    assert torch.allclose(method.delta_product(x.view(2, 3, 11), bits, scale), flat.view(2, 3, 5))


# --- layers and distillation ---


@pytest.mark.parametrize("bias", [True, False])
def test_a_packed_layer_gives_what_the_merged_layer_gives(bias):
    linear = nn.Linear(13, 6, bias=bias)
    bits, scale = method.quantize(0.1 * matrix(6, 13), 2)
    merged = nn.Linear(13, 6, bias=bias)
    merged.load_state_dict({**linear.state_dict(), "weight": method.merge(linear.weight.detach(), bits, scale)})
    x = matrix(4, 13, 1)
    assert torch.allclose(method.DeltaLinear(linear, bits, scale)(x), merged(x), atol=1e-6)


def student(seed: int = 0) -> tuple[nn.Module, torch.Tensor]:
    """A model whose scales are wrong, and the input."""
    torch.manual_seed(seed)
    layers = []
    for _ in range(2):
        linear = nn.Linear(12, 12)
        bits, scale = method.quantize(0.2 * torch.randn(12, 12))
        layers.append(method.DeltaLinear(linear, bits, 3 * scale))
    return nn.Sequential(layers[0], nn.Tanh(), layers[1]), torch.randn(20, 12)


def test_distillation_trains_the_scales_and_nothing_else():
    model, x = student()
    assert {name for name, p in model.named_parameters() if p.requires_grad} == {"0.scale_K", "2.scale_K"}
    before = {name: value.clone() for name, value in model.state_dict().items()}
    optimizer = torch.optim.Adam(method.scales(model), 1e-2)
    method.distill_step(optimizer, model(x), torch.zeros(20, 12), torch.ones(20))
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"0.scale_K", "2.scale_K"}


def test_distillation_finds_the_scales_that_were_changed():
    def distances() -> list[float]:
        model, x = student()
        with torch.no_grad():
            wrong = [alpha.clone() for alpha in method.scales(model)]
            for alpha in method.scales(model):
                alpha /= 3
            wanted = model(x)
            for alpha, value in zip(method.scales(model), wrong, strict=True):
                alpha.copy_(value)
        optimizer = torch.optim.Adam(method.scales(model), 2e-2)
        return [method.distill_step(optimizer, model(x), wanted, torch.ones(20)) for _ in range(60)]

    found = distances()
    assert found[-1] < 1e-2 * found[0]
    assert found == distances()


def test_padding_does_not_count_in_the_distance():
    z, fine = matrix(4, 7, 1), matrix(4, 7, 2)
    mask = torch.tensor([1.0, 1, 0, 1])
    spoiled = torch.where(mask.bool().unsqueeze(1), z, 1e3)
    expected = (z - fine)[mask.bool()].square().mean()
    assert method.logit_distance(spoiled, fine, mask).item() == pytest.approx(expected.item(), rel=1e-5)
