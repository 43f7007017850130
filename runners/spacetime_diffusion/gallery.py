"""What one model can do, shown: any size from a caption, longer than trained; extended, looped, edited, joined."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from . import captions
from .networks import Networks
from .sampling import Codec, Sampler, Video, between, edit, extend, loop, text_to_video
from .scene import COLOURS, DIRECTIONS, SHAPES, is_held_out
from .world import Clip, Size, draw

SEEDS = 1000  # where the gallery's seeds begin


def caption_of(seed: int) -> str:
    """Of a combination that training has not: what is shown is not a clip remembered."""
    left = [
        (shape, colour, way) for shape in SHAPES for colour in COLOURS for way in DIRECTIONS
        if is_held_out(shape, colour, way)
    ]  # fmt: skip
    shape, colour, way = left[seed % len(left)]
    return f"a large {colour} {shape} moves {way} on a light plain background"


def shapes_of(size: Size) -> dict[str, Size]:
    """Wide, tall, square, one frame, and half as long again, of about as many pixels as `size`."""
    frames, side = size[0], round((size[1] * size[2]) ** 0.5)
    short, long = max(1, round(side * 2 / 3)), round(side * 4 / 3)
    return {
        "wide": (frames, short, long), "tall": (frames, long, short), "square": (frames, side, side),
        "still": (1, side, side), "longer": (frames * 3 // 2, side, side),
    }  # fmt: skip


def shape_name(size: Size) -> str:
    _, height, width = size
    return "square" if height == width else "wide" if width > height else "tall"


def pictures(networks: Networks, size: Size, seed: int, steps: int, guidance: float) -> dict[str, Video]:
    """By what they show; each from a seed of its own, and chosen by nobody."""
    sampler, codec = Sampler(networks.main, steps, guidance), networks.codec
    said = captions.encode(caption_of(seed))
    sizes = shapes_of(size)
    seeds = range(SEEDS, SEEDS + len(sizes))
    found = {
        f"shapes/{name}": video
        for name, video in zip(
            sizes, text_to_video(sampler, codec, list(sizes.values()), [said] * len(sizes), list(seeds)), strict=True
        )
    }
    clips = list(draw([seed, SEEDS], 2, [sizes["square"]], mix=(1.0, 0.0, 0.0)))
    return found | _tasks(sampler, codec, clips, captions.encode(caption_of(seed + 1)))


def _tasks(sampler: Sampler, codec: Codec, clips: Sequence[Clip], other: torch.Tensor) -> dict[str, Video]:
    one, two = (clip.video_TCHW for clip in clips)
    own = [captions.encode(captions.descriptive(clips[0].scene))]
    none, frames, part = [captions.encode("")], len(one), max(1, len(one) // 3)
    return {
        "tasks/forwards": extend(sampler, codec, [one[:part]], frames, own, [SEEDS + 10])[0],
        "tasks/backwards": extend(sampler, codec, [one[-part:]], frames, own, [SEEDS + 11], backwards=True)[0],
        "tasks/loop": loop(sampler, codec, [one], part + 1, own, [SEEDS + 12], overlap=min(3, frames))[0],
        "tasks/edited": edit(sampler, codec, [one], [other], [SEEDS + 13], 0.8)[0],
        "tasks/joined": between(
            sampler, codec, [(one[-part:], two[:part])], [max(1, frames - 2 * part)], none, [SEEDS + 14]
        )[0],
        "tasks/from": one,
    }
