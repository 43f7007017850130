"""Pictures that move: frames → an animated WebP that loops, and a still for those who asked for less motion.

Pixels are kept as they are and shown enlarged, so that a small clip is a small file. What lies between panels is
transparent, and so is right on a light and on a dark page.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from nonmun.runner.errors import RunnerError

MAX_BYTES = 400_000  # of one clip
MAX_ALL = 3_000_000  # of the clips of a record


@dataclass(frozen=True, slots=True)
class Moving:
    """A clip as plots.py makes it: frames T, H, W of RGB or RGBA in uint8, with its finding and what it shows in words.

    Shown at `scale` CSS pixels for each of its own, `seconds` a frame; of its frames, `still` stands for them all.
    """

    frames: NDArray[np.uint8]
    title: str
    alt: str
    seconds: float = 0.12
    scale: int = 4
    still: int = 0


@dataclass(frozen=True, slots=True)
class Encoded:
    """The two files of a clip, and the size in CSS pixels at which it is shown."""

    moving: bytes
    still: bytes
    width: int
    height: int


def encoded(clip: Moving, name: str) -> Encoded:
    """A clip as files, without loss. RunnerError where it has no words, is no picture, or is larger than MAX_BYTES."""
    from PIL import Image

    frames, words = np.asarray(clip.frames), (clip.title.strip(), clip.alt.strip())
    if not all(words):
        raise RunnerError(f"clip '{name}' has no title or no alternative text", mend='make it with Moving(…, alt="…")')
    if frames.ndim != 4 or frames.shape[-1] not in (3, 4) or not frames.size or frames.dtype != np.uint8:
        raise RunnerError(
            f"clip '{name}' is {frames.dtype} of {frames.shape}, expected uint8 of (frames, height, width, 3 or 4)",
            mend="make it of at least one frame of one pixel",
        )
    if not (0 <= clip.still < len(frames) and clip.scale >= 1 and clip.seconds >= 0.01):
        raise RunnerError(
            f"clip '{name}' has still {clip.still}, scale {clip.scale}, {clip.seconds:g} seconds a frame",
            mend="name one of its frames, a whole scale of 1 or more, and at least 0.01 seconds",
        )
    images = [Image.fromarray(frame) for frame in frames]
    moving, still = BytesIO(), BytesIO()
    images[clip.still].save(still, "WEBP", lossless=True, quality=80)
    wait = round(1000 * clip.seconds)
    images[0].save(
        moving, "WEBP", lossless=True, quality=80, save_all=True, append_images=images[1:], duration=wait, loop=0
    )
    if (size := len(moving.getvalue())) > MAX_BYTES:
        raise RunnerError(
            f"clip '{name}' has {size // 1000} KB, expected at most {MAX_BYTES // 1000}",
            mend="show fewer frames, or smaller ones at a larger scale",
        )
    height, width = (clip.scale * side for side in frames.shape[1:3])
    return Encoded(moving.getvalue(), still.getvalue(), width, height)
