"""What there is in a clip, as values: objects, ground, occluder, camera. No pixels; rendering.py has those.

Lengths are shares, so that one scene can be shown at any size: an object's place is a share of the way from one edge
to the other that keeps it whole inside the frame, its radius a share of sqrt(height · width). The only colours are the
objects'; grounds and the occluder are grey. So where an object is can be read off the pixels, without a network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nonmun.runner import RunnerError

SHAPES = ("circle", "square", "triangle", "cross")
COLOURS = ("red", "green", "blue", "yellow", "purple", "cyan")
SIZES = ("small", "large")
DIRECTIONS = ("left", "right", "up", "down")
TONES = ("dark", "light")
PATTERNS = ("plain", "striped", "checked")
KINDS = ("plain", "occluded", "pan")

RADIUS = {"small": 0.14, "large": 0.21}  # of sqrt(height · width)
LARGEST = 0.4  # of the shorter side: an object fits into any frame, however narrow
UNIT = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}  # y grows downwards
SPEED = (0.03, 0.055)  # of the way, a frame: 17 frames cross half of it or more
HIDDEN = 0.32  # of an occluded clip's frames, where there is room for it: 5 of 17
SHORT = 12  # frames; a shorter clip of an occlusion shows only a part of the crossing

Kind = Literal["plain", "occluded", "pan"]


@dataclass(frozen=True, slots=True)
class Thing:
    """One object: what it is, where it starts (x, y in [0, 1]), the share of the way it goes in a frame, its layer."""

    shape: str
    colour: str
    size: str
    start: tuple[float, float]
    velocity: tuple[float, float]
    layer: int = 0


@dataclass(frozen=True, slots=True)
class Ground:
    """What is behind everything, fixed in the world: a tone, a pattern, and where the pattern begins (in periods)."""

    tone: str
    pattern: str
    phase: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Wall:
    """An occluder before everything: from `start` to `end`, in shares of the width, or of the height if `across`."""

    start: float
    end: float
    across: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """All there is to know. `pan` is the camera's way in a frame, in shares of the frame's width and height."""

    things: tuple[Thing, ...]
    ground: Ground
    wall: Wall | None
    pan: tuple[float, float]
    frames: int

    @property
    def kind(self) -> Kind:
        return "pan" if any(self.pan) else "occluded" if self.wall else "plain"

    @property
    def camera(self) -> str:
        """Where the camera goes, one of DIRECTIONS; `still` where it stands."""
        return heading(self.pan) or "still"

    @property
    def direction(self) -> str:
        """Where the first object is seen to go at first; a camera that pans left shows a still one going right."""
        (du, dv), (px, py) = self.things[0].velocity, self.pan
        return heading((du - px, dv - py)) or DIRECTIONS[0]


def heading(way: tuple[float, float]) -> str:
    """The one of DIRECTIONS that a way goes most along; nothing where it goes nowhere."""
    if not any(way):
        return ""
    return max(DIRECTIONS, key=lambda name: UNIT[name][0] * way[0] + UNIT[name][1] * way[1])


def is_held_out(shape: str, colour: str, direction: str) -> bool:
    """Whether a combination is kept from training: 16 of 96, and none of a pair of its parts is new in them."""
    total = SHAPES.index(shape) + COLOURS.index(colour) + DIRECTIONS.index(direction)
    return total % len(COLOURS) == 0


def radius(size: str, height: int, width: int) -> float:
    """Half the side of the box that an object fills, in pixels."""
    return min(RADIUS[size] * math.sqrt(height * width), LARGEST * min(height, width))


def sample(
    rng: np.random.Generator, *, frames: int, height: int, width: int, kind: Kind = "plain", held_out: bool = False
) -> Scene:
    """A scene for clips of this size, with a combination that training has (or, `held_out`, has not).

    `plain`: an object crosses, and bounces off the edge in a third of the scenes. `occluded`: it passes behind a wall
    along the longer side and is hidden whole for about a third of the clip. `pan`: it stands in the world and the
    camera passes; it stays in view. RunnerError where there is no frame or no pixel.
    """
    check_size(frames, height, width)
    if kind not in KINDS:
        raise RunnerError(f"scenes of kind '{kind}', expected one of {', '.join(KINDS)}", mend="name one of these")
    along = DIRECTIONS
    if kind == "occluded" and height != width:
        along = DIRECTIONS[:2] if width > height else DIRECTIONS[2:]
    shape, colour, direction = _combination(rng, along, held_out)
    ground = Ground(_one(rng, TONES), _one(rng, PATTERNS), (float(rng.random()), float(rng.random())))
    if kind == "plain":
        return Scene((_crossing(rng, shape, colour, direction, frames),), ground, None, (0.0, 0.0), frames)
    if kind == "occluded":
        thing, wall = _hiding(rng, shape, colour, direction, frames, height, width)
        return Scene((thing,), ground, wall, (0.0, 0.0), frames)
    if ground.pattern == "plain" or (ground.pattern == "striped" and UNIT[direction][1]):
        ground = Ground(ground.tone, "checked", ground.phase)  # a pan along the stripes cannot be seen
    thing, pan = _passing(rng, shape, colour, direction, frames, height, width)
    return Scene((thing,), ground, None, pan, frames)


def check_size(frames: int, height: int, width: int) -> None:
    """RunnerError where a clip would have no frame or no pixel."""
    if min(frames, height, width) < 1:
        raise RunnerError(
            f"clips of {frames} frames of {height}x{width} pixels", mend="ask for at least one frame and one pixel"
        )


def _combination(rng: np.random.Generator, along: tuple[str, ...], held_out: bool) -> tuple[str, str, str]:
    while True:
        found = _one(rng, SHAPES), _one(rng, COLOURS), _one(rng, along)
        if is_held_out(*found) == held_out:
            return found


def _one(rng: np.random.Generator, names: tuple[str, ...]) -> str:
    return names[int(rng.integers(len(names)))]


def _crossing(rng: np.random.Generator, shape: str, colour: str, direction: str, frames: int) -> Thing:
    speed, drift = rng.uniform(*SPEED), rng.uniform(-0.006, 0.006)
    way = speed * (frames - 1)
    if rng.random() < 1 / 3:
        first = 1 - way * rng.uniform(0.55, 0.85)  # so the edge comes in the clip's second half
    else:
        first = rng.random() * (1 - way)
    first = min(max(first, 0.0), 0.95)
    return Thing(shape, colour, _one(rng, SIZES), *_course(direction, first, rng.uniform(0.05, 0.95), speed, drift))


def _course(
    direction: str, first: float, beside: float, speed: float, drift: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Start and velocity of a way that begins at the share `first` of its axis, seen in its direction."""
    x, y = UNIT[direction]
    first = first if x + y > 0 else 1 - first
    return ((first, beside), (x * speed, drift)) if x else ((beside, first), (drift, y * speed))


def _hiding(
    rng: np.random.Generator, shape: str, colour: str, direction: str, frames: int, height: int, width: int
) -> tuple[Thing, Wall]:
    """A way from edge to edge at even speed, and a wall that hides as much of it as leaves both ends in sight."""
    speed = 0.98 / (max(frames, SHORT) - 1)
    course = _course(direction, 0.01, rng.uniform(0.1, 0.9), speed, 0.0)
    side, r = (width if UNIT[direction][0] else height), radius("small", height, width)
    reach = side - 2 * r
    step = speed * reach
    hides = 2 * r + HIDDEN * (max(frames, SHORT) - 1) * step
    room = reach - 2 * r - 2.5 * step  # beyond that not even the first two frames would show the object whole
    share = max(min(hides, room), 2.2 * r) / side
    middle = 0.5 + rng.uniform(-0.02, 0.02)
    wall = Wall(middle - share / 2, middle + share / 2, across=not UNIT[direction][0])
    return Thing(shape, colour, "small", *course), wall


def _passing(
    rng: np.random.Generator, shape: str, colour: str, direction: str, frames: int, height: int, width: int
) -> tuple[Thing, tuple[float, float]]:
    """An object that stands, seen to go in `direction` because the camera goes the other way."""
    size = _one(rng, SIZES)
    x, y = UNIT[direction]
    side = width if x else height
    reach = (side - 2 * radius(size, height, width)) / side
    speed = min(rng.uniform(0.025, 0.04), 0.95 * reach / max(frames - 1, 1))
    way = speed * (frames - 1) / reach
    start, _ = _course(direction, rng.random() * (1 - way), rng.uniform(0.05, 0.95), 0.0, 0.0)
    return Thing(shape, colour, size, start, (0.0, 0.0)), (-x * speed, -y * speed)
