import math

import pytest
import torch
from hypothesis import given as every
from hypothesis import settings
from hypothesis import strategies as st

from runners.spacetime_diffusion import method
from runners.spacetime_diffusion.packing import layout, pack

UNIT = st.floats(0, 1)
ALPHA = st.floats(0.25, 4)


@every(UNIT, ALPHA)
def test_shift_keeps_both_ends_and_has_an_inverse(t, alpha):
    alpha_1 = torch.tensor([alpha], dtype=torch.float64)
    shifted = method.shift(torch.tensor([t], dtype=torch.float64), alpha_1)
    assert 0 <= shifted.item() <= 1
    assert (
        method.shift(torch.tensor(1.0), alpha).item() == pytest.approx(1)
        and method.shift(torch.tensor(0.0), alpha) == 0
    )
    assert method.unshifted(shifted, alpha_1).item() == pytest.approx(t, abs=1e-9)


def test_more_tokens_are_shifted_towards_noise():
    alpha = method.shift_of(torch.tensor([1, 64, 256]))
    assert alpha.tolist() == [0.5, 1.0, 2.0]
    assert (method.shift(torch.tensor(0.5), alpha).diff() > 0).all()


@every(st.integers(1, 12), ALPHA, st.floats(0.05, 1))
@settings(max_examples=40, deadline=None)
def test_times_fall_from_the_start_to_nought(steps, alpha, start):
    times = method.schedule(steps, torch.tensor([alpha]), start)[:, 0]
    assert len(times) == steps + 1
    assert times[0].item() == pytest.approx(start, rel=1e-5) and times[-1] == 0
    assert (times.diff() < 0).all()


def test_a_perfect_guess_is_reached_whatever_the_number_of_steps():
    x0, noise = torch.randn(2, 5, 4)
    of = torch.tensor([0, 0, 0, 1, 1])
    for steps in (1, 2, 7):
        found = method.sample(
            lambda x, t, caption: x0, noise, torch.zeros(2, 3, dtype=torch.long), torch.tensor([1.0, 2.0]), of,
            steps=steps, w=1.0,
        )  # fmt: skip
        assert torch.allclose(found, x0, atol=1e-5)


def test_sampler_follows_the_flow_of_a_normal_distribution():
    """Of data N(m, s^2) the best guess is known, and so is where each noise has to end: m + s eps."""
    m, s = 0.7, 0.3

    def best(x, times, caption):
        t = times[0]
        return m + (1 - t) * s**2 / ((1 - t) ** 2 * s**2 + t**2) * (x - (1 - t) * m)

    noise = torch.randn(200, 1)
    of = torch.zeros(200, dtype=torch.long)

    def error(steps):
        found = method.sample(best, noise, torch.zeros(1, 1, dtype=torch.long), torch.ones(1), of, steps=steps, w=1.0)
        return (found - (m + s * noise)).abs().mean().item()

    assert error(100) < 0.01
    assert error(100) < error(30) < error(8)


def test_given_tokens_stay_and_start_from_a_video_keeps_what_noise_does_not_hide():
    x0, noise = torch.randn(2, 6, 3)
    of, fixed = torch.zeros(6, dtype=torch.long), torch.arange(6) < 2
    seen = []

    def predict(x, t, caption):
        seen.append(x.clone())
        return torch.full_like(x, 9.0)

    asked = {"steps": 4, "w": 1.0, "x0_NP": x0, "given_N": fixed}
    found = method.sample(predict, noise, torch.zeros(1, 1, dtype=torch.long), torch.ones(1), of, **asked)
    assert torch.equal(found[:2], x0[:2]) and (found[2:] == 9).all()
    assert all(torch.equal(one[:2], x0[:2]) for one in seen)
    assert torch.equal(seen[0][2:], noise[2:])
    seen.clear()
    method.sample(predict, noise, torch.zeros(1, 1, dtype=torch.long), torch.ones(1), of, **asked, start=0.25)
    assert torch.allclose(seen[0][2:], 0.75 * x0[2:] + 0.25 * noise[2:])


def test_guidance_goes_on_beyond_the_caption():
    def predict(x, t, caption):
        return torch.full_like(x, float(caption.any()))

    x, caption = torch.zeros(2, 1), torch.ones(1, 2, dtype=torch.long)
    found = [method.guided(predict, x, torch.ones(1), caption, w)[0].item() for w in (0, 0.5, 1, 3)]
    assert found == [0, 0.5, 1, 3]


def test_loss_counts_neither_given_tokens_nor_filling():
    sizes = [(3, 3, 4), (1, 2, 2)]
    latents = [torch.randn(frames, 2, height, width) for frames, height, width in sizes]
    where = layout(sizes, 2, channels=2)
    x0, fixed = pack(latents, where), where.frame_N == 1
    counted = where.real_NP & ~fixed[:, None]
    guess = torch.randn_like(x0)
    t = torch.rand(where.tokens)
    total, count = 0.0, 0
    for n in range(where.tokens):
        for p in range(x0.shape[1]):
            if where.real_NP[n, p] and where.frame_N[n] != 1:
                total += (guess[n, p] - x0[n, p]).item() ** 2 / (t[n].item() + 0.1)
                count += 1
    assert method.loss(guess, x0, t, counted).item() == pytest.approx(total / count, rel=1e-5)
    guess[fixed] += 100
    assert method.loss(guess, x0, t, counted).item() == pytest.approx(total / count, rel=1e-5)
    assert method.loss(guess, x0, t, torch.zeros_like(counted)) == 0


def draws(latents, frames):
    kind, first, last = torch.rand(3, latents)
    of = torch.arange(latents).repeat_interleave(frames)
    frame = torch.arange(frames).repeat(latents)
    fixed = method.given_frames(kind, first, last, of, frame, torch.full_like(frame, frames))
    return kind, fixed.view(latents, frames)


def test_half_of_the_clips_are_given_some_frames_at_one_end_or_at_both():
    kind, given = draws(4000, 5)
    assert torch.equal(given.any(1), kind < 0.5) and not given.all(1).any()
    head, tail = given[kind < 2 / 8].int(), given[(kind >= 2 / 8) & (kind < 3 / 8)].int()
    assert (head.diff(dim=1) <= 0).all() and (tail.diff(dim=1) >= 0).all()
    assert {int(one) for one in head.sum(1)} == {int(one) for one in tail.sum(1)} == {1, 2, 3, 4}
    both = given[(kind >= 3 / 8) & (kind < 4 / 8)].int()
    assert ((both.diff(dim=1) != 0).sum(1) <= 2).all() and both[:, 0].all()
    assert {tuple(one) for one in both.tolist() if one[-1]} >= {(1, 0, 0, 0, 1), (1, 1, 0, 0, 1), (1, 0, 0, 1, 1)}


@pytest.mark.parametrize("frames", [2, 3])
def test_of_few_frames_one_at_least_is_left(frames):
    kind, given = draws(2000, frames)
    assert torch.equal(given.any(1), kind < 0.5) and not given.all(1).any()


def test_an_image_is_never_given():
    assert not draws(500, 1)[1].any()


def test_training_draws_more_noise_than_none():
    times = method.draw_times(torch.randn(10_000), torch.ones(10_000))
    assert 0.55 < times.mean() < 0.7 and times.min() > 0 and times.max() < 1


@pytest.mark.parametrize("longest", [1, 32, 100, 1600])
def test_ladder_is_one_four_and_thirty_two_times(longest):
    steps = method.ladder(longest)
    assert steps["4x"] == 4 * steps["1x"] and steps["32x"] == 32 * steps["1x"]
    assert longest <= steps["32x"] < longest + 32


def test_ema_forgets_the_beginning_of_a_short_run():
    share = math.prod(method.ema_decay(step, 0.9999) for step in range(200))
    assert share < 1e-8
    assert method.ema_decay(10**9, 0.999) == 0.999
