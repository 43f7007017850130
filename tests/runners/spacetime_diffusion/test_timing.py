from dataclasses import replace

import pytest
import torch

from runners.spacetime_diffusion import timing
from runners.spacetime_diffusion.model import Denoiser
from runners.spacetime_diffusion.packing import layout
from runners.spacetime_diffusion.training import Plan, loss_of

from .standin import SHAPE

SIZES = [(3, 4, 8), (1, 4, 4), (3, 8, 4), (2, 3, 5)]


def batch():
    where = layout(SIZES, SHAPE.patch, SHAPE.channels)
    return where, timing.random_batch(where, SHAPE)


def test_padded_batch_has_the_loss_of_the_packed_one():
    where, own = batch()
    filled, theirs, mask = timing.padded(where, own, SHAPE)
    assert filled.tokens == len(SIZES) * 24
    model = Denoiser(SHAPE, 1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
    ours = loss_of(model, own, where)
    assert ours.item() == pytest.approx(loss_of(timing._Masked(model, mask), theirs, filled).item(), rel=1e-5)


def test_products_of_a_step_are_six_for_each_weight_and_token():
    where = layout(SIZES[:3], SHAPE.patch, SHAPE.channels)
    assert where.tokens == 52  # and nothing else is
    shape = replace(SHAPE, layers=3)
    found = timing.products_of(Denoiser(shape), where, timing.random_batch(where, shape))
    blocks = Denoiser(shape).blocks
    weights = sum(
        one.weight.numel()
        for block in blocks
        for one in (block.attention.qk, block.attention.v, block.attention.out, block.up, block.down)
    )
    counted = sum(
        2 * rows * inner * columns * times
        for (many, rows, inner, columns, _), times in found.items()
        if many == 1 and where.tokens in (rows, inner)
    )  # fmt: skip
    ends = 6 * where.tokens * sum(
        one.numel() for one in (Denoiser(shape).patches.weight, Denoiser(shape).places.weight, Denoiser(shape).last.weight)
    )  # fmt: skip
    assert counted == 6 * where.tokens * weights + ends
    # Muon's, in a round: of six square matrices two such products, of six longer and of three one each
    assert found[6, 24, 24, 24, ""] == 3 * timing.ROUNDS and found[6, 24, 24, 24, "second"] == timing.ROUNDS
    assert found[3, 24, 24, 24, ""] == timing.ROUNDS


def test_seconds_are_those_of_the_same_latents():
    plan = Plan(steps=10, batch=4, rate=1e-3, matrix_rate=0.02, dropout=0.1, ema=0.99)
    found = timing.of_batch(SHAPE, plan, SIZES, 1)
    assert found.tokens == 24 + 4 + 24 + 2 * 2 * 3
    assert found.padded_tokens == 4 * 24
    assert min(found.packed, found.padded, found.products) > 0
