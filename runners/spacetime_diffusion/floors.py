"""Clips that are wrong on purpose: what a measure must tell from real ones, and what a model must do better than."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from .rendering import Clip, render
from .scene import COLOURS, Scene


def random_motion(clip: Clip, seed: int) -> Tensor:
    """The same object somewhere else in every frame, and under a pan the ground as well: everything but movement."""
    rng = np.random.default_rng([seed, 21])
    frames, _, height, width = clip.video_TCHW.shape
    shown = []
    for _ in range(frames):
        things = tuple(replace(thing, start=tuple(rng.random(2))) for thing in clip.scene.things)
        phase = tuple(rng.random(2)) if clip.scene.kind == "pan" else clip.scene.ground.phase
        ground = replace(clip.scene.ground, phase=phase)
        shown.append(render(replace(clip.scene, things=things, ground=ground), 1, height, width).video_TCHW)
    return torch.cat(shown)


def frozen(clip: Clip) -> Tensor:
    """The first frame, again and again."""
    return clip.video_TCHW[:1].expand_as(clip.video_TCHW).clone()


def forgotten(clip: Clip) -> Tensor:
    """Of an occlusion: once hidden, the first object is gone for good."""
    return _after(clip, replace(clip.scene, things=clip.scene.things[1:]))


def recoloured(clip: Clip) -> Tensor:
    """Of an occlusion: the first object comes out in another colour."""
    thing = clip.scene.things[0]
    other = COLOURS[(COLOURS.index(thing.colour) + 1) % len(COLOURS)]
    return _after(clip, replace(clip.scene, things=(replace(thing, colour=other), *clip.scene.things[1:])))


def displaced(clip: Clip) -> Tensor:
    """Of an occlusion: the first object comes out of the other end of the wall's edge, half the frame away."""
    thing = clip.scene.things[0]
    x, y = thing.start
    start = (x, (y + 0.5) % 1) if thing.velocity[0] else ((x + 0.5) % 1, y)
    return _after(clip, replace(clip.scene, things=(replace(thing, start=start), *clip.scene.things[1:])))


def _after(clip: Clip, scene: Scene) -> Tensor:
    """The clip until its first object is hidden most, then what `scene` shows."""
    frames, _, height, width = clip.video_TCHW.shape
    hidden = int(clip.labels.visible_TO[:, 0].argmin())
    return torch.cat((clip.video_TCHW[:hidden], render(scene, frames, height, width).video_TCHW[hidden:]))
