"""Diffusion on spacetime patches at native size: rectified flow, clean-patch prediction, guidance, given frames.

[1] OpenAI, Video generation models as world simulators (2024): "given input noisy patches (and conditioning
    information like text prompts), it's trained to predict the original clean patches".
[2] Peebles & Xie, Scalable Diffusion Models with Transformers, arXiv:2212.09748 (2023): DiT, which [1] builds on.
[3] Liu et al., Flow Straight and Fast, arXiv:2209.03003 (2022): rectified flow.
[4] Esser et al., Scaling Rectified Flow Transformers, arXiv:2403.03206 (2024), Sec. 3.1 and 5.3.2: times, their shift.
[5] Ho & Salimans, Classifier-Free Diffusion Guidance, arXiv:2207.12598 (2022).

Symbols; a name ends in its shape
    N           tokens of a batch: the patches of all its latents, one after another, none of them padding
    B           latents of a batch, each of its own length, height and width
    P           numbers in a patch
    L           tokens of a caption
    x0_NP       clean patches
    noise_NP    eps, standard normal
    t_B         time of each latent: 0 is clean, 1 is noise alone
    given_N     which tokens are given clean: their time is 0, and no loss counts them
    x_NP        (1 - t) x0 + t eps, x0 itself where it is given
    guess_NP    what the model takes x0 to be
    w           guidance: 1 is none
    alpha_B     shift of times, by the number of tokens

Departs from the paper
    - [1] gives no objective beyond the sentence above, no sizes and no schedule: rectified flow [3], times [4],
      guidance [5] and all numbers here are ours.
    - The loss is on x0, weighted by 1 / (t + 0.1): between plain x0 and the velocity, whose weight 1/t^2 has no bound.
    - Given frames are clean tokens at time 0 beside noisy ones in one batch, at either end of half of the clips; so
      extending, looping and interpolating are one thing. [1] does not say how it conditions on frames.
    - Dropping a caption makes it a row of `<none>`, as training does at random for guidance [5].
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

Predict = Callable[[Tensor, Tensor, Tensor], Tensor]  # x_NP, t_B, caption_BL -> guess_NP
FLOOR = 0.1  # of the time that a loss is divided by
T_MEAN, T_STD = 0.6, 1.2  # of the logit of times in training: more of them where shapes and places are decided
BASE_TOKENS = 64  # a latent of as many has its times unshifted


def interpolate(x0_NP: Tensor, noise_NP: Tensor, t_N: Tensor) -> Tensor:
    """x_t = (1 - t) x0 + t eps   [3] Eq. 1, the straight path from data to noise."""
    return torch.lerp(x0_NP, noise_NP, t_N.unsqueeze(-1))


def shift(t: Tensor, alpha: Tensor | float) -> Tensor:
    """Shifted times: t' = alpha t / (1 + (alpha - 1) t)   [4] Eq. 23: more tokens hide less under the same noise."""
    return alpha * t / (1 + (alpha - 1) * t)


def shift_of(tokens_B: Tensor, base: int = BASE_TOKENS) -> Tensor:
    """Of a latent, alpha = sqrt(tokens / base)   [4] Eq. 23; at least a half: one frame would have next to no noise."""
    return (tokens_B / base).sqrt().clamp(min=0.5)


def draw_times(normal_B: Tensor, alpha_B: Tensor) -> Tensor:
    """Times t = shift(sigmoid(m + s n)) for normal n   [4] Sec. 3.1, logit-normal; m and s are ours."""
    return shift(torch.sigmoid(T_MEAN + T_STD * normal_B), alpha_B)


def times_of_tokens(t_B: Tensor, latent_N: Tensor, given_N: Tensor) -> Tensor:
    """t_N: a token's latent has a time, and what is given has time 0."""
    return t_B[latent_N].masked_fill(given_N, 0.0)


def weight(t: Tensor) -> Tensor:
    """1 / (t + 0.1), what an error in x0 counts at a time (ours)."""
    return 1 / (t + FLOOR)


def loss(guess_NP: Tensor, x0_NP: Tensor, t_N: Tensor, counted_NP: Tensor) -> Tensor:
    """Mean over what counts of w(t) (guess - x0)^2: neither given tokens nor what fills a patch up."""
    error_NP = weight(t_N).unsqueeze(-1) * (guess_NP - x0_NP).square()
    return (error_NP * counted_NP).sum() / counted_NP.sum().clamp(min=1)


def given_frames(
    kind_B: Tensor, first_B: Tensor, last_B: Tensor, latent_N: Tensor, frame_N: Tensor, frames_N: Tensor
) -> Tensor:  # fmt: skip
    """Which tokens training gives clean, from uniform numbers: of half of the latents none, and never all of one.

    A quarter have some of their first frames given, an eighth some of their last, an eighth some of both ends.
    """
    eighth_N, first_N, last_N = (8 * kind_B[latent_N]).floor(), first_B[latent_N], last_B[latent_N]
    others_N = frames_N - 1
    head_N = torch.where((eighth_N < 2) | (eighth_N == 3), 1 + (first_N * others_N).floor(), 0).clamp(max=others_N)
    left_N = others_N - head_N
    tail_N = torch.where((eighth_N == 2) | (eighth_N == 3), 1 + (last_N * left_N).floor(), 0).clamp(max=left_N)
    return (frame_N < head_N) | (frame_N >= frames_N - tail_N)


def guided(predict: Predict, x_NP: Tensor, t_B: Tensor, caption_BL: Tensor, w: float) -> Tensor:
    """guess(none) + w (guess(caption) - guess(none))   [5] Eq. 6, in x0, all channels. One pass where w is 1 or 0."""
    if w == 0:
        return predict(x_NP, t_B, torch.zeros_like(caption_BL))
    with_NP = predict(x_NP, t_B, caption_BL)
    if w == 1:
        return with_NP
    return torch.lerp(predict(x_NP, t_B, torch.zeros_like(caption_BL)), with_NP, w)


def schedule(steps: int, alpha_B: Tensor, start: float = 1.0) -> Tensor:
    """Times of a sampler, S+1 x B, from `start` (1: noise alone) down to 0, shifted as in training."""
    even = torch.linspace(1, 0, steps + 1, device=alpha_B.device).unsqueeze(-1).expand(-1, len(alpha_B))
    return shift(even * unshifted(start, alpha_B), alpha_B)


def unshifted(t: float, alpha_B: Tensor) -> Tensor:
    """Inverse to `shift`."""
    return torch.as_tensor(t, device=alpha_B.device) / (alpha_B - (alpha_B - 1) * t)


def step(x_NP: Tensor, guess_NP: Tensor, t_N: Tensor, next_N: Tensor) -> Tensor:
    """From t to the next time along dx/dt = (x - guess) / t   [3]: Euler's step, exact where the guess stays."""
    ratio_N = torch.where(t_N > 0, next_N / t_N.clamp(min=1e-8), 0.0)
    return torch.lerp(guess_NP, x_NP, ratio_N.unsqueeze(-1))


def corrected(guess_NP: Tensor, before_NP: Tensor | None, lambdas: tuple[Tensor, Tensor, Tensor] | None) -> Tensor:
    """Guess a line through this guess and the one before to the middle of the step: second order, no second pass.

    `lambdas` are log((1 - t) / t) at the step before, now and at the next one, each N x 1 (DPM-Solver++ 2M,
    arXiv:2211.01095, Alg. 2, which holds for any straight path).
    """
    if before_NP is None or lambdas is None:
        return guess_NP
    before, now, after = lambdas
    ahead = ((after - now) / (2 * (now - before)).clamp(min=1e-6)).clamp(max=0.5)
    return guess_NP + ahead * (guess_NP - before_NP)


def log_ratio(t: Tensor) -> Tensor:
    """Half the log of the signal-to-noise ratio: log((1 - t) / t), kept finite at both ends."""
    return torch.logit(1 - t.clamp(1e-4, 1 - 1e-4))


@torch.no_grad()
def sample(
    predict: Predict, noise_NP: Tensor, caption_BL: Tensor, alpha_B: Tensor, latent_N: Tensor, *, steps: int, w: float,
    x0_NP: Tensor | None = None, given_N: Tensor | None = None, start: float = 1.0, real_NP: Tensor | None = None,
) -> Tensor:  # fmt: skip
    """Clean patches from noise   [1]. What is given stays; from `start` < 1 the rest begins near x0 (SDEdit)."""
    given_N = torch.zeros_like(latent_N, dtype=torch.bool) if given_N is None else given_N
    x0_NP = torch.zeros_like(noise_NP) if x0_NP is None else x0_NP
    times_SB = schedule(steps, alpha_B, start)
    x_NP = interpolate(x0_NP, noise_NP, times_of_tokens(times_SB[0], latent_N, given_N))
    before_NP: Tensor | None = None
    for now in range(steps):
        t_B, next_B = times_SB[now], times_SB[now + 1]
        guess_NP = guided(predict, x_NP, t_B, caption_BL, w)
        guess_NP = guess_NP if real_NP is None else guess_NP * real_NP
        inner = 0 < now < steps - 1
        line = tuple(log_ratio(times_SB[now + turn])[latent_N, None] for turn in (-1, 0, 1)) if inner else None
        aim_NP = corrected(guess_NP, before_NP, line)
        moved_NP = step(x_NP, aim_NP, t_B[latent_N], next_B[latent_N])
        x_NP = torch.where(given_N.unsqueeze(-1), x_NP, moved_NP)
        before_NP = guess_NP
    return x_NP


def ema_decay(done: int, most: float) -> float:
    """(1 + n) / (10 + n), at most `most`: a mean over the last tenth or so of the steps, however few there were."""
    return min(most, (1 + done) / (10 + done))


def ladder(longest: int) -> dict[str, int]:
    """Steps at which one run is looked at: 1x, 4x and 32x its compute (ours; [1] does not say what it scales)."""
    least = max(1, math.ceil(longest / 32))
    return {"1x": least, "4x": 4 * least, "32x": 32 * least}
