"""Where the colour is: objects are coloured and all else is grey, so that a video says itself where its object is."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .rendering import RGB

FAINT, FULL = 0.12, 0.5  # of the span between a pixel's colours, of 0..1: nothing below the one, all above the other
LEAST = 1.5  # pixels; less colour than that is no object


@dataclass(frozen=True, slots=True)
class Blobs:
    """Of each frame: the centre of what is coloured (x, y in pixels), how many pixels it has, its mean colour in 0..1.

    Where nothing is coloured the area is 0 and the centre the middle of the frame.
    """

    centre_NT2: Tensor
    area_NT: Tensor
    rgb_NT3: Tensor

    @property
    def seen_NT(self) -> Tensor:
        """Whether a frame has an object."""
        return self.area_NT >= LEAST


def blobs(videos_NTCHW: Tensor) -> Blobs:
    """The coloured part of each frame of videos of one size."""
    rgb_NTCHW = (videos_NTCHW + 1) / 2
    span_NTHW = rgb_NTCHW.amax(2) - rgb_NTCHW.amin(2)
    weight_NTHW = ((span_NTHW - FAINT) / (FULL - FAINT)).clamp(0, 1)
    area_NT = weight_NTHW.sum((2, 3))
    high, wide = weight_NTHW.shape[2:]
    x_W, y_H = (torch.arange(side, device=area_NT.device, dtype=area_NT.dtype) + 0.5 for side in (wide, high))
    least_NT = area_NT.clamp(min=1e-6)
    x_NT = (weight_NTHW.sum(2) * x_W).sum(2) / least_NT
    y_NT = (weight_NTHW.sum(3) * y_H).sum(2) / least_NT
    none_NT = area_NT < 1e-3
    centre_NT2 = torch.stack((x_NT.masked_fill(none_NT, wide / 2), y_NT.masked_fill(none_NT, high / 2)), dim=-1)
    rgb_NT3 = torch.einsum("nthw,ntchw->ntc", weight_NTHW, rgb_NTCHW) / least_NT[..., None]
    return Blobs(centre_NT2, area_NT, rgb_NT3)


def nearest_colour(rgb_K3: Tensor) -> Tensor:
    """Of each colour, the index of the object colour whose hue is nearest, however pale or dark it is."""
    known_63 = torch.tensor(list(RGB.values())).to(rgb_K3)
    hue_K3, known_hue_63 = (
        torch.nn.functional.normalize(one - one.mean(-1, keepdim=True), dim=-1) for one in (rgb_K3, known_63)
    )
    return (hue_K3 @ known_hue_63.T).argmax(-1)
