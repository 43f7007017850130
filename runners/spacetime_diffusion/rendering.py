"""Scenes → pixels and what is true of them in each frame. Edges are anti-aliased by their distance in pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nonmun.runner import RunnerError

from .scene import DIRECTIONS, Ground, Scene, Thing, Wall, check_size, heading, radius

RGB = {
    "red": (0.90, 0.15, 0.15), "green": (0.15, 0.72, 0.22), "blue": (0.20, 0.32, 0.95), "yellow": (0.95, 0.85, 0.12),
    "purple": (0.72, 0.20, 0.85), "cyan": (0.12, 0.80, 0.88),
}  # fmt: skip
GREY = {"dark": 0.2, "light": 0.78}
CONTRAST = 0.1  # of a pattern, to either side of its tone
PERIOD = 0.45  # of a pattern, of sqrt(height · width): a frame of a pan is well under half of it
WALL = 0.5

Crop = tuple[int, int, int, int]  # top, left, height, width
Array = np.ndarray


@dataclass(frozen=True, slots=True)
class Labels:
    """What is true, by frame and object (O, in the order of the scene's things); x and y in pixels of the clip.

    `visible` is the share of an object that is seen, neither behind something nor outside the clip; `inside` the share
    that is inside, seen or not. `direction` is an index into DIRECTIONS, -1 for one that stands in view; `bounced`
    whether it has met an edge.
    """

    centre_TO2: Tensor
    visible_TO: Tensor
    inside_TO: Tensor
    direction_TO: Tensor
    bounced_TO: Tensor


@dataclass(frozen=True, slots=True)
class Clip:
    """A video in [-1, 1], what is true of it, and the scene that it shows."""

    video_TCHW: Tensor
    labels: Labels
    scene: Scene


def render(scene: Scene, frames: int, height: int, width: int, crop: Crop | None = None) -> Clip:
    """The scene at this size, or the part of it in `crop` (top, left, height, width).

    RunnerError where there is no frame or no pixel, or the crop is not inside.
    """
    check_size(frames, height, width)
    top, left, high, wide = crop or (0, 0, height, width)
    if not (0 <= top < top + high <= height and 0 <= left < left + wide <= width):
        raise RunnerError(f"a crop {crop} of {height}x{width} pixels", mend="crop inside the frame")
    t_T = np.arange(frames, dtype=np.float32)[:, None]
    x_W, y_H = (np.arange(n, dtype=np.float32)[None, :] + 0.5 for n in (width, height))
    pan_x, pan_y = scene.pan[0] * width * t_T, scene.pan[1] * height * t_T  # T1, pixels

    grey_THW = _ground(scene.ground, x_W + pan_x, y_H + pan_y, math.sqrt(height * width))
    rgb_THWC = np.repeat(grey_THW[..., None], 3, axis=-1)
    found = []
    for thing in scene.things:
        r = radius(thing.size, height, width)
        (x_T, moves_x, met_x), (y_T, moves_y, met_y) = (
            _course(thing.start[axis], thing.velocity[axis], side, r, t_T[:, 0])
            for axis, side in ((0, width), (1, height))
        )
        x_T, y_T = x_T - pan_x[:, 0], y_T - pan_y[:, 0]
        cover_THW = _cover(thing, x_W - x_T[:, None], y_H - y_T[:, None], r)
        way_T2 = np.stack((moves_x * width - scene.pan[0] * width, moves_y * height - scene.pan[1] * height), axis=-1)
        found.append((cover_THW, x_T, y_T, way_T2, met_x | met_y))
    wall_HW = _wall(scene.wall, x_W[0], y_H[0])

    seen_OTHW = [cover for cover, *_ in found]
    order = sorted(range(len(found)), key=lambda index: scene.things[index].layer)
    for place, index in enumerate(order):
        cover_THW = found[index][0][..., None]
        colour_C = np.array(RGB[scene.things[index].colour], dtype=np.float32)
        rgb_THWC = rgb_THWC + cover_THW * (colour_C - rgb_THWC)
        for above in order[place + 1 :]:
            seen_OTHW[index] = seen_OTHW[index] * (1 - found[above][0])
        seen_OTHW[index] = seen_OTHW[index] * (1 - wall_HW)
    if scene.wall:
        rgb_THWC = rgb_THWC + wall_HW[..., None] * (WALL - rgb_THWC)

    part = np.s_[:, top : top + high, left : left + wide]
    whole_O = [np.maximum(cover.sum((1, 2)), 1e-6) for cover, *_ in found]
    labels = Labels(
        _stack([np.stack((x_T - left, y_T - top), axis=-1) for _, x_T, y_T, *_ in found], frames, 2),
        _stack([seen[part].sum((1, 2)) / whole for seen, whole in zip(seen_OTHW, whole_O, strict=True)], frames),
        _stack([one[0][part].sum((1, 2)) / whole for one, whole in zip(found, whole_O, strict=True)], frames),
        _stack([_directions(way_T2) for *_, way_T2, _ in found], frames).long(),
        _stack([met_T for *_, met_T in found], frames).bool(),
    )
    video = torch.from_numpy(np.ascontiguousarray(rgb_THWC[part].transpose(0, 3, 1, 2)))
    return Clip(video.mul_(2).sub_(1).clamp_(-1, 1), labels, scene)


def _stack(arrays_O: list[Array], *shape: int) -> Tensor:
    """T, O, …: also of no object at all."""
    stacked = np.array(arrays_O, dtype=np.float32).reshape(len(arrays_O), *shape)
    return torch.from_numpy(np.ascontiguousarray(stacked.swapaxes(0, 1)))


def _course(start: float, velocity: float, side: int, r: float, t_T: Array) -> tuple[Array, Array, Array]:
    """Along one axis: the centre in pixels, the share of the side that is gone in a frame, whether an edge was met.

    The share of the way is a triangle wave: it goes on as if there were mirrors, and is folded back.
    """
    u_T = start + velocity * t_T
    folds_T = np.floor(u_T)
    back_T = folds_T % 2 == 1
    inside_T = np.where(back_T, folds_T + 1 - u_T, u_T - folds_T)
    reach = side - 2 * r
    moves_T = np.where(back_T, -velocity, velocity) * reach / side
    return (r + inside_T * reach).astype(np.float32), moves_T, folds_T != 0


def _directions(way_T2: Array) -> Array:
    names = [heading((float(x), float(y))) for x, y in way_T2]
    return np.array([DIRECTIONS.index(name) if name else -1 for name in names])


def _cover(thing: Thing, x_TW: Array, y_TH: Array, r: float) -> Array:
    """How much of each pixel the object covers: 1 inside, 0 outside, in between within half a pixel of its edge."""
    x, y = np.abs(x_TW)[:, None, :], y_TH[:, :, None]
    if thing.shape == "circle":
        distance = np.sqrt(x * x + y * y) - r
    elif thing.shape == "square":
        distance = np.maximum(x, np.abs(y)) - 0.9 * r
    elif thing.shape == "triangle":  # point up, as wide as high
        distance = np.maximum(y - r, (2 * x - y - r) / math.sqrt(5))
    else:  # a cross, of two bars a third as wide as long
        y = np.abs(y)
        distance = np.minimum(np.maximum(x - r, y - 0.36 * r), np.maximum(x - 0.36 * r, y - r))
    return np.clip(0.5 - distance, 0, 1)


def _ground(ground: Ground, x_TW: Array, y_TH: Array, scale: float) -> Array:
    """Greys T, H, W. Patterns are waves with flattened tops: anti-aliased, and fixed to the world they stand in."""
    turn = np.float32(2 * math.pi / (PERIOD * scale))
    high, wide = y_TH.shape[1], x_TW.shape[1]
    flat_THW = np.full((len(x_TW), high, wide), GREY[ground.tone], dtype=np.float32)
    if ground.pattern == "plain":
        return flat_THW
    wave_THW = np.sin(x_TW * turn + np.float32(2 * math.pi * ground.phase[0]))[:, None, :]
    if ground.pattern == "checked":
        wave_THW = wave_THW * np.sin(y_TH * turn + np.float32(2 * math.pi * ground.phase[1]))[:, :, None]
    return flat_THW + np.float32(CONTRAST) * np.tanh(2.5 * wave_THW)


def _wall(wall: Wall | None, x_W: Array, y_H: Array) -> Array:
    """How much of each pixel (H, W) the wall covers."""
    if wall is None:
        return np.zeros((len(y_H), len(x_W)), dtype=np.float32)
    along = y_H if wall.across else x_W
    edge = np.clip(along + 0.5 - wall.start * len(along), 0, 1) * np.clip(wall.end * len(along) - along + 0.5, 0, 1)
    shown = edge[:, None] if wall.across else edge[None, :]
    return np.broadcast_to(shown, (len(y_H), len(x_W))).astype(np.float32)
