"""Videos as pictures that move and as strips of frames, side by side; and small enough to be kept in a record.

A record's series are numbers and texts, and figures are drawn from them alone. So the videos that a page shows are kept
as text: `packed` writes the frames of one below one another as a PNG in base64, a kilobyte or so, `unpacked` reads it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from io import BytesIO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nonmun.runner import RunnerError

Pixels = NDArray[np.uint8]
GAP = 2  # pixels between panels, transparent


def packed(video_TCHW: Tensor) -> str:
    """A video in [-1, 1] as text, to eight bits a colour."""
    from PIL import Image

    frames_THWC = pixels(video_TCHW)
    data = BytesIO()
    Image.fromarray(frames_THWC.reshape(-1, *frames_THWC.shape[2:])).save(data, "PNG", optimize=True)
    return f"{len(frames_THWC)}:{base64.b64encode(data.getvalue()).decode('ascii')}"


def unpacked(text: str) -> Tensor:
    """The video, T, 3, H, W in [-1, 1]. RunnerError where the text is none."""
    from PIL import Image

    count, _, code = text.partition(":")
    try:
        frames = int(count)
        with Image.open(BytesIO(base64.b64decode(code, validate=True)), formats=["PNG"]) as image:
            rows_RWC = np.asarray(image.convert("RGB"))
        frames_THWC = rows_RWC.reshape(frames, -1, *rows_RWC.shape[1:])
    except (ValueError, OSError, binascii.Error, SyntaxError) as error:
        reason = str(error).splitlines()[0][:100]
        raise RunnerError(f"a video that cannot be read ({reason})", mend="record the run again") from error
    return torch.from_numpy(frames_THWC.transpose(0, 3, 1, 2).astype(np.float32)) / 127.5 - 1


def pixels(video_TCHW: Tensor) -> Pixels:
    """T, H, W, 3 in 0..255. RunnerError where there is no frame or no pixel."""
    if video_TCHW.ndim != 4 or not video_TCHW.numel():
        raise RunnerError(f"a video of {tuple(video_TCHW.shape)}", mend="show at least one frame of one pixel")
    frames = (video_TCHW.detach().float().clamp(-1, 1) + 1) * 127.5
    return frames.round().to(torch.uint8).permute(0, 2, 3, 1).contiguous().cpu().numpy()


def grid(rows: Sequence[Sequence[Tensor]], gap: int = GAP) -> Pixels:
    """Videos of any sizes in rows, playing together: T, H, W, 4 in 0..255, transparent where there is none.

    A shorter one waits at its last frame; panels stand in the middle of their row and column.
    """
    panels = [[pixels(video) for video in row] for row in rows]
    if not panels or not all(panels):
        raise RunnerError("a grid with an empty row", mend="give every row a video")
    frames = max(len(panel) for row in panels for panel in row)
    highs = [max(panel.shape[1] for panel in row) for row in panels]
    wides = [max(row[place].shape[2] for row in panels if place < len(row)) for place in range(max(map(len, panels)))]
    height, width = sum(highs) + gap * (len(highs) - 1), sum(wides) + gap * (len(wides) - 1)
    canvas_THW4 = np.zeros((frames, height, width, 4), dtype=np.uint8)
    top = 0
    for row, high in zip(panels, highs, strict=True):
        left = 0
        for panel, wide in zip(row, wides, strict=False):
            y, x = top + (high - panel.shape[1]) // 2, left + (wide - panel.shape[2]) // 2
            there = canvas_THW4[:, y : y + panel.shape[1], x : x + panel.shape[2]]
            there[: len(panel), ..., :3] = panel
            there[len(panel) :, ..., :3] = panel[-1]
            there[..., 3] = 255
            left += wide + gap
        top += high + gap
    return canvas_THW4


def strip(video_TCHW: Tensor, every: int = 1, gap: int = GAP) -> Pixels:
    """Every `every`-th frame beside the one before: H, W, 4 in 0..255, for `Axes.imshow`."""
    return grid([[frame[None] for frame in video_TCHW[::every]]], gap)[0]
