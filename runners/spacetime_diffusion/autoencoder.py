"""A causal autoencoder of space and time: any video of any size ⇄ a latent grid, an image being a video of one frame.

A latent frame is of the first frame alone, and every later one of `time` frames and what came before them. So what a
latent says never depends on the future, and any number of frames has its latents: 1 + ceil((T - 1) / time) of them, of
ceil(H / space) by ceil(W / space) places with CHANNELS numbers each.

Convolutions are over space; time is mixed by 1x1 maps of a frame and the one before (a 3-D convolution of the same
reach is several times slower on a CPU). Latents are brought to unit variance by stored statistics, and are trained
under noise of a tenth of that, so that what a sampler leaves unfinished is not seen.

Symbols:
    T, H, W     frames, height, width of a video; any, each at least 1
    F, h, w     the same of its latents
    C           channels: 3 of a video, CHANNELS of a latent
    N           videos of one size, taken together
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nonmun.runner import RunnerError

from .scene import check_size

Size = tuple[int, int, int]  # frames, height, width
COLOURED = 2.0  # more weight, for each unit between a pixel's colours: objects are few pixels, and grey is easy
NOISE = 0.1  # of the latents' deviation, while training


class Mixed(nn.Module):
    """A residual block of one latent frame, its neighbours in space, and the frame before it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.past = nn.Conv3d(width, width, 1)
        self.near = nn.Conv3d(width, width, (1, 3, 3), padding=(0, 1, 1))
        self.out = nn.Conv3d(width, width, 1)

    def forward(self, x_NCFhw: Tensor) -> Tensor:
        past_NCFhw = F.pad(self.past(x_NCFhw), (0, 0, 0, 0, 1, 0))[:, :, :-1]
        return x_NCFhw + self.out(F.gelu(self.near(x_NCFhw) + past_NCFhw))


class Autoencoder(nn.Module):
    """`encode` and `decode` lists of videos of any sizes. `space` is a power of two."""

    CHANNELS = 8

    def __init__(self, channels: int = CHANNELS, *, width: int = 32, time: int = 2, space: int = 4) -> None:
        super().__init__()
        if space < 2 or space & (space - 1):
            raise RunnerError(f"a stride of {space} in space, expected a power of two, 2 or more", mend="take 4")
        self.settings = {"channels": channels, "width": width, "time": time, "space": space}
        self.time, self.space, self.channels = time, space, channels
        fold = space // 2
        deep = 2 * width
        self.see = nn.Conv2d(12, width, 3, padding=1)
        self.gather = nn.Conv2d(width * fold * fold * time, deep, 1)
        self.mix_in = Mixed(deep)
        self.to_latent = nn.Conv3d(deep, channels, 1)
        self.statistics = nn.BatchNorm3d(channels, affine=False, momentum=0.02)
        self.from_latent = nn.Conv3d(channels, deep, 1)
        self.mix_out = nn.Sequential(Mixed(deep), Mixed(deep))
        self.spread = nn.Conv2d(deep, width * fold * fold * time, 1)
        self.refine = nn.Conv2d(width, width, 3, padding=1)
        self.show = nn.Conv2d(width, 12, 3, padding=1)

    def latent_size(self, size: Size) -> Size:
        """F, h, w of a video of T, H, W. RunnerError where it has no frame or no pixel."""
        frames, height, width = size
        check_size(frames, height, width)
        return 1 + math.ceil((frames - 1) / self.time), math.ceil(height / self.space), math.ceil(width / self.space)

    @property
    def device(self) -> torch.device:
        """Where it works, and where its latents and videos are; it takes them from anywhere."""
        return self.from_latent.weight.device

    @torch.no_grad()
    def encode(self, videos: Sequence[Tensor]) -> list[Tensor]:
        """Latents F, C, h, w of videos T, 3, H, W of any sizes, in their order. RunnerError where one is empty."""
        found: list[Tensor] = [torch.empty(0)] * len(videos)
        for indices in _alike([tuple(video.shape) for video in videos]):
            latents_NCFhw = self.compress(torch.stack([videos[index] for index in indices]).to(self.device))
            for index, latent_CFhw in zip(indices, latents_NCFhw, strict=True):
                found[index] = latent_CFhw.transpose(0, 1).contiguous()
        return found

    @torch.no_grad()
    def decode(self, latents: Sequence[Tensor], sizes: Sequence[Size]) -> list[Tensor]:
        """Videos T, 3, H, W in [-1, 1] of latents F, C, h, w. RunnerError where a size is not the latent's."""
        for latent, size in zip(latents, sizes, strict=True):
            frames, high, wide = self.latent_size(size)
            if tuple(latent.shape) != (expected := (frames, self.channels, high, wide)):
                raise RunnerError(
                    f"a latent of {tuple(latent.shape)}, expected {expected} for {'x'.join(map(str, size))}",
                    mend="decode to the size that was encoded",
                )
        found: list[Tensor] = [torch.empty(0)] * len(latents)
        for indices in _alike(list(sizes)):
            latents_NCFhw = torch.stack([latents[index].transpose(0, 1) for index in indices]).to(self.device)
            for index, video in zip(indices, self.restore(latents_NCFhw, sizes[indices[0]]), strict=True):
                found[index] = video.clamp(-1, 1)
        return found

    def compress(self, videos_NTCHW: Tensor) -> Tensor:
        """Latents N, C, F, h, w of videos of one size."""
        count, frames, _, height, width = videos_NTCHW.shape
        high, wide = self.latent_size((frames, height, width))[1:]
        x = F.pad(
            videos_NTCHW.flatten(0, 1),
            (0, wide * self.space - width, 0, high * self.space - height),
            mode="replicate",
        )
        x = F.gelu(self.see(F.pixel_unshuffle(x, 2)))
        x = F.pixel_unshuffle(x, self.space // 2).unflatten(0, (count, frames))
        first, last = x[:, :1], x[:, -1:]  # repeated so that `time` frames make a latent one: the first by itself
        after = -(frames - 1) % self.time
        x = torch.cat([first.expand(-1, self.time - 1, -1, -1, -1), x, last.expand(-1, after, -1, -1, -1)], dim=1)
        x = x.unflatten(1, (-1, self.time)).flatten(2, 3)
        x = self.gather(x.flatten(0, 1)).unflatten(0, (count, -1)).transpose(1, 2)
        return self.statistics(self.to_latent(self.mix_in(x)))

    def restore(self, latents_NCFhw: Tensor, size: Size) -> Tensor:
        """Videos N, T, 3, H, W of latents; not yet clamped."""
        frames, height, width = size
        x = self.mix_out(self.from_latent(latents_NCFhw)).transpose(1, 2)
        count = len(x)
        x = self.spread(x.flatten(0, 1)).unflatten(1, (self.time, -1)).flatten(0, 1)
        x = F.pixel_shuffle(x, self.space // 2)
        x = x.unflatten(0, (count, -1))[:, self.time - 1 : self.time - 1 + frames].flatten(0, 1)
        x = F.pixel_shuffle(self.show(F.gelu(x + self.refine(F.gelu(x)))), 2)
        return x[..., :height, :width].unflatten(0, (count, frames))


def train_autoencoder(
    network: Autoencoder,
    videos: Sequence[Tensor],
    steps: int,
    *,
    seed: int,
    batch: int = 16,
    window: int = 5,
    rate: float = 3e-3,
    report: Callable[[float], None] | None = None,
) -> Autoencoder:
    """Train on windows of `window` frames, which being causal serves any length; then measure the statistics.

    `report` is called with each step's loss. Works on the network's device; the videos may be elsewhere.
    """
    rng, device = np.random.default_rng([seed, 11]), network.device
    noise = torch.Generator(device).manual_seed(seed)
    groups = _alike([tuple(video.shape[2:]) for video in videos])
    shares = np.array([len(group) for group in groups]) / len(videos)
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, betas=(0.9, 0.95), weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=max(steps, 2), pct_start=0.1)
    network.train()
    for _ in range(steps):
        group = groups[int(rng.choice(len(groups), p=shares))]
        chosen = [videos[group[int(index)]] for index in rng.integers(len(group), size=batch)]
        length = 1 if rng.random() < 0.1 else min(window, *map(len, chosen))
        starts = [int(rng.integers(len(video) - length + 1)) for video in chosen]
        x_NTCHW = torch.stack([v[start : start + length] for v, start in zip(chosen, starts, strict=True)]).to(device)
        z_NCFhw = network.compress(x_NTCHW)
        z_NCFhw = z_NCFhw + NOISE * torch.randn(z_NCFhw.shape, generator=noise, device=device)
        error = network.restore(z_NCFhw, (length, *x_NTCHW.shape[3:])) - x_NTCHW
        weight = 1 + COLOURED * (x_NTCHW.amax(2, keepdim=True) - x_NTCHW.amin(2, keepdim=True))
        loss = (weight * (error.square() + 0.2 * error.abs())).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if report:
            report(loss.item())
    _measure(network, videos[:256])
    return network.eval()


@torch.no_grad()
def _measure(network: Autoencoder, videos: Sequence[Tensor]) -> None:
    """The statistics of whole videos, each number counting the same, in place of the running ones."""
    network.eval()
    network.statistics.reset_running_stats()
    latents = network.encode(videos)
    values_MC = torch.cat([latent.transpose(0, 1).flatten(1).T for latent in latents])
    network.statistics.running_mean.copy_(values_MC.mean(0))
    network.statistics.running_var.copy_(values_MC.var(0))


def psnr(videos: Sequence[Tensor], restored: Sequence[Tensor]) -> float:
    """Peak signal-to-noise ratio in dB over all pixels; the peak is 2, from -1 to 1."""
    squares = sum(float((one - other).square().sum()) for one, other in zip(videos, restored, strict=True))
    return 10 * math.log10(4 * sum(video.numel() for video in videos) / max(squares, 1e-12))


def _alike(keys: Sequence[tuple[int, ...]]) -> list[list[int]]:
    """The indices of equal keys together, in the order of their first."""
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for index, key in enumerate(keys):
        groups[key].append(index)
    return list(groups.values())
