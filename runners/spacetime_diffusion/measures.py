"""What is measured of a video beside its features: permanence, smooth motion, the camera, nearness to training clips.

All but shapes are read off the pixels, without a network. Each is one number a clip, so that intervals can be had; real
clips and the wrong ones of floors.py say what the numbers mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from nonmun.runner import RunnerError

from .blobs import blobs, nearest_colour
from .captions import ATTRIBUTES
from .judge import Judge, read
from .rendering import Clip
from .scene import COLOURS, UNIT, radius

WHOLE, GONE = 0.9, 0.2  # visible shares: the object counts as in sight, and as hidden
NEAR = 1.0  # radii; as far from where it must be an object is still in its place
SPEEDS = torch.arange(1, 25) / 400  # of a frame's side, a frame: the pans that are tried
APART = 2  # frames that are compared: a pan is then some pixels, and well under half a period of any ground
FLAT = 1e-5  # mean squared change of a pixel, below which nothing has changed


@dataclass(frozen=True, slots=True)
class Permanence:
    """Of N occlusions: 1 where the object is back with the colour, the shape, in the place it must have; else 0."""

    colour_N: Tensor
    shape_N: Tensor
    place_N: Tensor

    @property
    def score_N(self) -> Tensor:
        """The share of the three, of each clip."""
        return (self.colour_N + self.shape_N + self.place_N) / 3


def permanence(judge: Judge, videos: Sequence[Tensor], clips: Sequence[Clip]) -> Permanence:
    """Videos that go on as `clips` begin, an object passing behind a wall: is it the same when it comes out?

    `clips` are the truth; they are looked at where the object is in sight again. A video without an object there has
    none of the three. Colour and place are the majority's of these frames, the shape is that of them all. RunnerError
    where a clip has no occlusion that ends.
    """
    colour, shape, place, after = [], [], [], []
    for video, clip in zip(videos, clips, strict=True):
        frames = emerged(clip)
        later, thing = video[frames], clip.scene.things[0]
        found = blobs(later[None])
        seen_T = found.seen_NT[0]
        away_T = (found.centre_NT2[0] - clip.labels.centre_TO2[frames, 0]).norm(dim=-1)
        near = NEAR * radius(thing.size, *video.shape[2:])
        right_T = nearest_colour(found.rgb_NT3[0]) == COLOURS.index(thing.colour)
        colour.append(float((right_T & seen_T).float().mean() > 0.5))
        place.append(float(((away_T < near) & seen_T).float().mean() > 0.5))
        shape.append(float(seen_T.float().mean() > 0.5))
        after.append(later)
    names = ATTRIBUTES["shape"]
    said_N = torch.tensor([names.index(clip.scene.things[0].shape) for clip in clips])
    right_N = (read(judge, after).values["shape"] == said_N).float()
    return Permanence(torch.tensor(colour), torch.tensor(shape) * right_N, torch.tensor(place))


def emerged(clip: Clip) -> Tensor:
    """The frames in which the first object is in sight again. RunnerError where it never is."""
    visible_T = clip.labels.visible_TO[:, 0]
    hidden = torch.nonzero(visible_T < GONE).flatten()
    frames = torch.nonzero(visible_T >= WHOLE).flatten()
    frames = frames[frames > hidden.max()] if len(hidden) else frames[:0]
    if not len(frames):
        shape = "x".join(str(side) for side in (len(visible_T), *clip.video_TCHW.shape[2:]))
        raise RunnerError(f"a clip of {shape} with no object that hides and comes back", mend="take longer clips")
    return frames


def smoothness(videos: Sequence[Tensor]) -> Tensor:
    """Of each video the share of its steps that are like the one before: by at most a pixel, or a turn back.

    Only steps between frames that show an object count; a video with none of them, or with one that does not move in
    any, has 0.
    """
    found = []
    for video in videos:
        seen = blobs(video[None])
        step_S2 = seen.centre_NT2[0].diff(dim=0)
        both_S = seen.seen_NT[0, 1:] & seen.seen_NT[0, :-1]
        two_S = both_S[1:] & both_S[:-1]
        moved = bool(both_S.any()) and float(step_S2[both_S].abs().sum(-1).mean()) > 0.05
        like_S = (step_S2[1:].abs() - step_S2[:-1].abs()).abs().amax(-1) <= 1
        small_S = step_S2[1:].abs().amax(-1) <= 4
        found.append(float((like_S & small_S)[two_S].float().mean()) if moved and two_S.any() else 0.0)
    return torch.tensor(found)


def pan_consistency(videos: Sequence[Tensor], ways: Sequence[str]) -> Tensor:
    """Of each video the share of its change that one steady pan in the direction said explains, 0 to 1.

    The picture is moved back by the best of SPEEDS, the same in all frames, and what is left of the change between
    frames is set against all of it. A video in which nothing changes explains nothing: 0.
    """
    return torch.tensor([_explained(video, way) for video, way in zip(videos, ways, strict=True)])


def _explained(video_TCHW: Tensor, way: str) -> float:
    apart = min(APART, len(video_TCHW) - 1)
    if not apart:
        return 0.0
    before, after = video_TCHW[:-apart], video_TCHW[apart:]
    change = float((after - before).square().mean())
    if change < FLAT:
        return 0.0
    shift_K2 = apart * SPEEDS[:, None] * torch.tensor(UNIT[way], dtype=torch.float32)
    left = [_left(before, after, float(x), float(y)) for x, y in shift_K2]
    return max(0.0, 1 - min(left) / change)


def _left(before_SCHW: Tensor, after_SCHW: Tensor, x: float, y: float) -> float:
    """The mean squared difference of the frames after and the frames before as a pan by (x, y) would show them."""
    theta_S23 = torch.tensor([[1.0, 0.0, 2 * x], [0.0, 1.0, 2 * y]]).expand(len(before_SCHW), 2, 3)
    grid_SHW2 = F.affine_grid(theta_S23, list(before_SCHW.shape), align_corners=False)
    moved = F.grid_sample(before_SCHW, grid_SHW2, mode="bicubic", align_corners=False)
    known = (grid_SHW2.abs() <= 1).all(-1)[:, None]  # what the camera sees for the first time cannot be foretold
    return float(((after_SCHW - moved).square() * known).sum() / (known.sum() * before_SCHW.shape[1]).clamp(min=1))


def nearest(videos: Sequence[Tensor], training: Sequence[Tensor]) -> Tensor:
    """Of each video the distance to the nearest training clip of its size: the root mean square over its pixels.

    RunnerError where no training clip has the size. A blurred video is near to many: read it beside sharp real ones.
    """
    sizes = {tuple(clip.shape): [] for clip in training}
    for clip in training:
        sizes[tuple(clip.shape)].append(clip.flatten())
    found = torch.zeros(len(videos))
    stacks = {size: torch.stack(flat) for size, flat in sizes.items() if size in {tuple(v.shape) for v in videos}}
    for index, video in enumerate(videos):
        if tuple(video.shape) not in stacks:
            shape = "x".join(str(side) for side in (len(video), *video.shape[2:]))
            raise RunnerError(
                f"no training clip of {shape}", mend="compare with clips of the sizes that were trained on"
            )
        away_M = torch.cdist(video.flatten()[None], stacks[tuple(video.shape)])[0]
        found[index] = away_M.min() / video.numel() ** 0.5
    return found
