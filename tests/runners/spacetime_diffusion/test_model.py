from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nonmun.runner import RunnerError
from runners.spacetime_diffusion import model as models
from runners.spacetime_diffusion.model import Denoiser, Shape
from runners.spacetime_diffusion.packing import Group, layout, pack, unpack

SHAPE = Shape(
    channels=3, width=24, heads=2, layers=2, expansion=2, text_width=8, text_layers=1, vocabulary=9, length=5
)  # fmt: skip
SIZES = [(3, 4, 8), (1, 4, 4), (3, 8, 4), (2, 3, 5), (1, 1, 1), (3, 4, 8)]


def awake(shape=SHAPE, seed=1):
    """A denoiser whose gates are open: one that has just begun gives nought whatever it is shown."""
    model = Denoiser(shape, seed).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn(parameter.shape))
    return model


def batch(sizes=SIZES, channels=3):
    torch.manual_seed(5)
    latents = [torch.randn(frames, channels, height, width) for frames, height, width in sizes]
    captions = torch.randint(0, SHAPE.vocabulary, (len(sizes), SHAPE.length))
    return latents, torch.rand(len(sizes)), captions


def guesses(model, latents, times, captions, given=None):
    where = layout([(len(one), *one.shape[-2:]) for one in latents], model.shape.patch, 3)
    with torch.no_grad():
        return unpack(model(pack(latents, where), times, captions, where, given and given(where)), where)


@pytest.mark.parametrize("temporal", [True, False])
def test_packed_is_as_one_by_one(temporal):
    model = awake(replace(SHAPE, temporal=temporal))
    latents, times, captions = batch()
    given = lambda where: where.frame_N == 0  # noqa: E731
    together = guesses(model, latents, times, captions, given)
    for one, found in enumerate(together):
        alone = guesses(model, [latents[one]], times[[one]], captions[[one]], given)[0]
        assert torch.allclose(found, alone, atol=1e-5)
        assert found.abs().max() > 1e-2


@given(st.permutations(range(len(SIZES))))
@settings(max_examples=10, deadline=None)
def test_the_order_of_a_batch_does_not_matter(order):
    model = awake()
    latents, times, captions = batch()
    first = guesses(model, latents, times, captions)
    turned = guesses(model, [latents[one] for one in order], times[list(order)], captions[list(order)])
    for place, one in enumerate(order):
        assert torch.allclose(turned[place], first[one], atol=1e-5)


def test_padded_rows_with_a_mask_give_the_same():
    model = awake()
    latents, times, captions = batch([(3, 4, 8), (2, 4, 4)])
    packed = guesses(model, latents, times, captions)
    where = layout([(3, 4, 8), (2, 4, 4)])
    x = pack(latents, where)
    small, large = 8, 24
    padded = replace(
        where,
        groups=(Group(2, 1, large),),
        latent_N=torch.tensor([1] * large + [0] * large),
        first_S=torch.tensor([0, large]),
        **{
            name: torch.cat([getattr(where, name)[:small], getattr(where, name)[:1].expand(large - small, -1), getattr(where, name)[small:]])
            for name in ("grid_N3", "extent_N3")
        },
    )  # fmt: skip
    rows = torch.cat([x[:small], torch.randn(large - small, x.shape[1]), x[small:]])
    mask = torch.ones(2, 1, 1, large + SHAPE.length, dtype=torch.bool)
    mask[0, ..., small:large] = False
    with torch.no_grad():
        found = model(rows, times, captions, padded, mask=mask)
    assert torch.allclose(found[:small], pack(packed, where)[:small], atol=1e-5)
    assert torch.allclose(found[large:], pack(packed, where)[small:], atol=1e-5)


def sees(model, changed, of):
    """Whether the guess for frame `of` of the first latent changes when frame `changed` of it does."""
    latents, times, captions = batch()
    before = guesses(model, latents, times, captions)[0][of]
    latents[0][changed] += 1
    return not torch.allclose(before, guesses(model, latents, times, captions)[0][of])


def test_every_frame_sees_every_other_and_no_other_latent():
    model = awake()
    assert sees(model, 0, 2) and sees(model, 2, 0)
    latents, times, captions = batch()
    before = guesses(model, latents, times, captions)
    latents[5] += 1  # of the same size as the first
    after = guesses(model, latents, times, captions)
    assert all(torch.equal(before[one], after[one]) for one in range(5))


def test_with_temporal_attention_off_a_frame_sees_itself_alone():
    model = awake(replace(SHAPE, temporal=False))
    assert sees(model, 1, 1)
    assert not sees(model, 0, 2) and not sees(model, 2, 0)


def test_caption_and_time_are_each_latents_own():
    model = awake()
    latents, times, captions = batch()
    before = guesses(model, latents, times, captions)
    captions[1] = (captions[1] + 1) % SHAPE.vocabulary
    times[3] = 0.5 + times[3] / 2
    after = guesses(model, latents, times, captions)
    same = [torch.allclose(one, other) for one, other in zip(before, after, strict=True)]
    assert same == [True, False, True, False, True, True]


def test_given_tokens_are_modulated_as_at_time_zero():
    model = awake()
    latents, times, captions = batch()
    all_given = guesses(model, latents, times, captions, lambda where: torch.ones(where.tokens, dtype=torch.bool))
    at_zero = guesses(model, latents, torch.zeros_like(times), captions)
    for one, other in zip(all_given, at_zero, strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_attention_depends_on_distances_and_not_on_where_the_grid_begins():
    grid = torch.cartesian_prod(torch.arange(3), torch.arange(4), torch.arange(5))
    q, k = torch.randn(2, len(grid), 1, 12, dtype=torch.float64)
    moved = [
        torch.einsum("nae,mae->nm", models.rotate(q, turn), models.rotate(k, turn))
        for turn in (models.turns(grid.double(), 12), models.turns(grid.double() + torch.tensor([7, 3, 2]), 12))
    ]
    assert torch.allclose(*moved)
    assert not torch.allclose(moved[0], torch.einsum("nae,mae->nm", q, k))


def test_places_tell_every_token_of_a_latent_apart_and_sizes_too():
    where = layout([(3, 6, 8), (3, 8, 8)], 2)
    told = models.places(where.grid_N3, where.extent_N3)
    assert told.shape == (where.tokens, models.PLACES)
    assert len(torch.unique(told.round(decimals=4), dim=0)) == where.tokens
    assert told.isfinite().all()


def test_it_begins_with_nought_and_variants_of_a_seed_begin_alike():
    latents, times, captions = batch()
    assert all((one == 0).all() for one in guesses(Denoiser(SHAPE, 3), latents, times, captions))
    ours, other = (Denoiser(replace(SHAPE, temporal=kind), 3).state_dict() for kind in (True, False))
    assert all(torch.equal(ours[name], other[name]) for name in ours)
    assert not torch.equal(ours["patches.weight"], Denoiser(SHAPE, 4).state_dict()["patches.weight"])


def test_all_of_it_learns():
    model = awake().train()
    latents, times, captions = batch()
    where = layout(SIZES, 2, 3)
    model(pack(latents, where), times, captions, where, where.frame_N == 0).square().sum().backward()
    assert [name for name, one in model.named_parameters() if one.grad is None or not one.grad.any()] == []


@pytest.mark.parametrize(("width", "heads"), [(24, 5), (9, 3), (8, 2)])
def test_width_that_heads_cannot_share_is_one_line(width, heads):
    with pytest.raises(RunnerError, match="make the width a multiple of the heads"):
        Shape(width=width, heads=heads)
