"""Latents and videos from a denoiser: from a caption, from given frames, from another video. All of it is `sample`.

Noise comes from a seed and a size alone, so all models that are compared start alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from nonmun.runner import RunnerError

from . import method
from .model import Denoiser
from .packing import Size, layout, pack, unpack

Video = Tensor  # T x C x H x W, in [-1, 1]
TOGETHER = {"cpu": 4096, "cuda": 65_536}  # tokens of one batch


class Codec(Protocol):
    """What the autoencoder does: a latent frame for the first frame, then one for every `time` frames."""

    time: int

    def latent_size(self, size: tuple[int, int, int]) -> Size: ...

    def encode(self, videos: Sequence[Video]) -> list[Tensor]: ...

    def decode(self, latents: Sequence[Tensor], sizes: Sequence[tuple[int, int, int]]) -> list[Video]: ...


class Moved:
    """A codec on a device, for videos and latents that are on the CPU."""

    def __init__(self, codec: Codec, device: torch.device) -> None:
        self._codec, self._device, self.time = codec, device, codec.time

    def latent_size(self, size: tuple[int, int, int]) -> Size:
        return self._codec.latent_size(size)

    def encode(self, videos: Sequence[Video]) -> list[Tensor]:
        return [one.cpu() for one in self._codec.encode([video.to(self._device) for video in videos])]

    def decode(self, latents: Sequence[Tensor], sizes: Sequence[tuple[int, int, int]]) -> list[Video]:
        return [one.cpu() for one in self._codec.decode([one.to(self._device) for one in latents], sizes)]


@dataclass(frozen=True, slots=True)
class Given:
    """Part of a latent that is known: the numbers of all frames, of which those named count."""

    latent_FChw: Tensor
    frames: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sampler:
    """A denoiser and how it is asked; the same along the whole ladder."""

    model: Denoiser
    steps: int = 30
    guidance: float = 3.0

    @property
    def device(self) -> torch.device:
        return self.model.last.weight.device


def noise_of(size: Size, channels: int, seed: int) -> Tensor:
    """Standard normal F x C x h x w; one frame more or less leaves the others as they are."""
    frames, height, width = size
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(frames, channels, height, width, generator=generator)


def sample(
    sampler: Sampler, sizes: Sequence[Size], captions: Sequence[Tensor], seeds: Sequence[int], *,
    given: Sequence[Given | None] | None = None, start: float = 1.0,
) -> list[Tensor]:  # fmt: skip
    """A latent of each size, for its caption, from its seed's noise.

    Frames that are `given` stay as they are. With `start` < 1 no frame is, and those of `given` are where the rest
    begins, noised to that time (SDEdit).
    """
    given = given or [None] * len(sizes)
    if not len(sizes) == len(captions) == len(seeds) == len(given):
        raise RunnerError(
            f"{len(sizes)} sizes, {len(captions)} captions, {len(seeds)} seeds, {len(given)} given",
            mend="ask for as many of each",
        )
    found: dict[int, Tensor] = {}
    most = TOGETHER.get(sampler.device.type, TOGETHER["cpu"])
    for part in _parts(sizes, sampler.model.shape.patch, most):
        own = [[row[one] for one in part] for row in (sizes, captions, seeds, given)]
        found.update(zip(part, _together(sampler, *own, start), strict=True))
    return [found[one] for one in range(len(sizes))]


def _parts(sizes: Sequence[Size], patch: int, most: int) -> Iterator[list[int]]:
    """Batches of like sizes, of at most so many tokens unless one alone has more."""
    part: list[int] = []
    held = 0
    for one in sorted(range(len(sizes)), key=lambda one: sizes[one]):
        frames, height, width = sizes[one]
        tokens = frames * -(-height // patch) * -(-width // patch)
        if part and held + tokens > most:
            yield part
            part, held = [], 0
        part.append(one)
        held += tokens
    if part:
        yield part


def _together(
    sampler: Sampler, sizes: list[Size], captions: list[Tensor], seeds: list[int], given: list[Given | None],
    start: float,
) -> list[Tensor]:  # fmt: skip
    shape, device = sampler.model.shape, sampler.device
    where = layout(sizes, shape.patch, shape.channels).to(device)
    noise = pack([noise_of(size, shape.channels, seed) for size, seed in zip(sizes, seeds, strict=True)], where)
    known = [_known(size, one, shape.channels) for size, one in zip(sizes, given, strict=True)]
    x0_NP = pack([latent for latent, _ in known], where).to(device)
    table = torch.zeros(len(sizes), max(size[0] for size in sizes), dtype=torch.bool)
    if start == 1:
        for row, (_, frames) in enumerate(known):
            table[row, list(frames)] = True
    given_N = table.to(device)[where.latent_N, where.frame_N]
    tokens_B = torch.bincount(where.latent_N, minlength=len(sizes))
    x_NP = method.sample(
        lambda x, t, caption: sampler.model(x, t, caption, where, given_N), noise.to(device),
        torch.stack(captions).to(device), method.shift_of(tokens_B), where.latent_N, steps=sampler.steps,
        w=sampler.guidance, x0_NP=x0_NP, given_N=given_N, start=start, real_NP=where.real_NP,
    )  # fmt: skip
    return unpack(x_NP.cpu(), where)


def _known(size: Size, given: Given | None, channels: int) -> tuple[Tensor, tuple[int, ...]]:
    frames, height, width = size
    if given is None:
        return torch.zeros(frames, channels, height, width), ()
    if given.latent_FChw.shape != (frames, channels, height, width):
        raise RunnerError(
            f"given frames of a latent {tuple(given.latent_FChw.shape)}, expected {(frames, channels, height, width)}",
            mend="give frames of the size that is asked for",
        )
    return given.latent_FChw, given.frames


def text_to_video(
    sampler: Sampler, codec: Codec, sizes: Sequence[tuple[int, int, int]], captions: Sequence[Tensor],
    seeds: Sequence[int],
) -> list[Video]:  # fmt: skip
    """Videos of T x H x W: wide, tall, square, one frame, longer than trained, all the same."""
    latents = sample(sampler, [codec.latent_size(size) for size in sizes], captions, seeds)
    return codec.decode(latents, list(sizes))


def edit(
    sampler: Sampler, codec: Codec, videos: Sequence[Video], captions: Sequence[Tensor], seeds: Sequence[int],
    strength: float,
) -> list[Video]:  # fmt: skip
    """SDEdit: noised to the time `strength`, and drawn again under another caption. 0 changes nothing, 1 all."""
    if not 0 < strength <= 1:
        raise RunnerError(f"a strength of {strength}, expected more than 0 and at most 1", mend="0.6 keeps the layout")
    latents = codec.encode(list(videos))
    sizes = [(len(one), *one.shape[-2:]) for one in latents]
    if strength == 1:
        return codec.decode(sample(sampler, sizes, captions, seeds), [_size(one) for one in videos])
    given = [Given(one, ()) for one in latents]
    return codec.decode(
        sample(sampler, sizes, captions, seeds, given=given, start=strength), [_size(v) for v in videos]
    )


def extend(
    sampler: Sampler, codec: Codec, videos: Sequence[Video], frames: int, captions: Sequence[Tensor],
    seeds: Sequence[int], *, backwards: bool = False,
) -> list[Video]:  # fmt: skip
    """Each video made `frames` long, after its end or before its beginning. What is given comes back as it was."""
    ends = [(None, video) if backwards else (video, None) for video in videos]
    return between(sampler, codec, ends, [frames - len(video) for video in videos], captions, seeds)


def loop(
    sampler: Sampler, codec: Codec, videos: Sequence[Video], frames: int, captions: Sequence[Tensor],
    seeds: Sequence[int], overlap: int = 3,
) -> list[Video]:  # fmt: skip
    """Each video and then `frames` more that lead from its end to its beginning, so that it can be shown for ever."""
    ends = [(video[-overlap:], video[:overlap]) for video in videos]
    found = between(sampler, codec, ends, [frames] * len(videos), captions, seeds)
    return [
        torch.cat([video, one[len(first) : len(first) + frames]])
        for video, one, (first, _) in zip(videos, found, ends, strict=True)
    ]


def between(
    sampler: Sampler, codec: Codec, ends: Sequence[tuple[Video | None, Video | None]], frames: Sequence[int],
    captions: Sequence[Tensor], seeds: Sequence[int],
) -> list[Video]:  # fmt: skip
    """`frames` new frames after a video, before another, or from one to the other (interpolation)."""
    given, sizes = [], []
    for (before, after), new in zip(ends, frames, strict=True):
        if new < 1:
            raise RunnerError(f"{new} new frames, expected 1 or more", mend="ask for a longer video")
        found, size = _ends_of(codec, before, after, new)
        given.append(found)
        sizes.append(size)
    latents = sample(sampler, [codec.latent_size(size) for size in sizes], captions, seeds, given=given)
    videos = codec.decode(latents, sizes)
    return [_pasted(video, *pair) for video, pair in zip(videos, ends, strict=True)]


def _ends_of(
    codec: Codec, before: Video | None, after: Video | None, new: int
) -> tuple[Given, tuple[int, int, int]]:  # fmt: skip
    """What is known of the latent of before + new + after: the latent frames that show known frames alone.

    The autoencoder looks back in time, so `after` is encoded behind as many copies of its first frame as there are
    frames before it: it then stands where it will stand.
    """
    known = before if before is not None else after
    if known is None or (before is not None and after is not None and before.shape[1:] != after.shape[1:]):
        raise RunnerError("no frames to go on from, or frames of two sizes", mend="give videos of one size")
    head, tail = (0 if one is None else len(one) for one in (before, after))
    size = (head + new + tail, *known.shape[-2:])
    stride = codec.time
    frames = codec.latent_size(size)[0]
    shown = [range(1)] + [range(1 + stride * (one - 1), min(1 + stride * one, size[0])) for one in range(1, frames)]
    latent = torch.zeros(0)
    named: list[int] = []
    for video, start in ((before, 0), (after, head + new)):
        if video is None:
            continue
        front = video[:1].expand(start, -1, -1, -1)
        own = codec.encode([torch.cat([front, video])])[0].cpu()
        latent = torch.zeros(frames, *own.shape[1:]) if not latent.numel() else latent
        whole = [one for one, of in enumerate(shown) if of[0] >= start and of[-1] < start + len(video)]
        latent[whole] = own[whole]
        named += whole
    return Given(latent, tuple(named)), size


def _pasted(video: Video, before: Video | None, after: Video | None) -> Video:
    video = video.clone()
    if before is not None:
        video[: len(before)] = before
    if after is not None:
        video[len(video) - len(after) :] = after
    return video


def _size(video: Video) -> tuple[int, int, int]:
    return len(video), int(video.shape[-2]), int(video.shape[-1])
