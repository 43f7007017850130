"""The world with an oracle: scenes, their clips, and draws of many of them. Everything follows from a seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .rendering import Clip, Crop, Labels, render
from .scene import COLOURS, DIRECTIONS, KINDS, PATTERNS, SHAPES, SIZES, TONES, Kind, Scene, Thing, is_held_out, sample

__all__ = [
    "COLOURS", "DIRECTIONS", "KINDS", "NATIVE", "PATTERNS", "SHAPES", "SIZES", "TONES", "Clip", "Crop", "Kind",
    "Labels", "Scene", "Size", "Thing", "central_square", "draw", "is_held_out", "render", "sample",
]  # fmt: skip

Size = tuple[int, int, int]  # frames, height, width
NATIVE: tuple[Size, ...] = ((17, 24, 24), (17, 16, 32), (17, 32, 16), (17, 24, 40), (9, 24, 24), (1, 24, 24))
MIX = (0.5, 0.3, 0.2)  # of KINDS


def draw(
    seed: int | Sequence[int],
    count: int,
    sizes: Sequence[Size] = NATIVE,
    *,
    mix: Sequence[float] = MIX,
    held_out: bool = False,
    cropped: bool = False,
) -> Iterator[Clip]:
    """Clips of scenes of every kind in the shares `mix`, in sizes taken in turn; `cropped` to their central squares.

    The scenes are the same cropped or not. A single frame is always a plain scene: it could not show a passage.
    """
    rng = np.random.default_rng(seed)
    for index in range(count):
        frames, height, width = sizes[index % len(sizes)]
        kind = KINDS[int(rng.choice(len(KINDS), p=mix))] if frames > 1 else "plain"
        scene = sample(rng, frames=frames, height=height, width=width, kind=kind, held_out=held_out)
        yield render(scene, frames, height, width, central_square(height, width) if cropped else None)


def central_square(height: int, width: int) -> Crop:
    """The largest square in the middle, as training at one fixed size would cut it."""
    side = min(height, width)
    return (height - side) // 2, (width - side) // 2, side, side
