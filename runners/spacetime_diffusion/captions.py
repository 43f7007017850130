"""One grammar, two captions: all that a scene shows, or the little that captions found on the web say.

A short caption names the shape and one thing more. Its words are those of the descriptive ones, so that what a model
trained on either is later asked for is no news to it; only how much each caption said differs.
"""

from __future__ import annotations

import re
import zlib
from itertools import pairwise

import torch
from torch import Tensor

from nonmun.runner import RunnerError

from .scene import COLOURS, DIRECTIONS, PATTERNS, SHAPES, SIZES, TONES, Scene, Thing, heading

NONE, UNKNOWN = 0, 1
VOCABULARY: tuple[str, ...] = (
    "<none>", "<unknown>", *SIZES, *COLOURS, *SHAPES, *DIRECTIONS, *TONES, *PATTERNS,
    *"a and background behind bounces camera grey moves on over pans the wall".split(),
)  # fmt: skip
LENGTH = 20  # words; a descriptive caption of one object has 15 at most
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "size": SIZES, "colour": COLOURS, "shape": SHAPES, "direction": DIRECTIONS, "tone": TONES, "pattern": PATTERNS,
    "camera": ("still", *DIRECTIONS), "wall": ("none", "wall"),
}  # fmt: skip
_INDEX = {word: index for index, word in enumerate(VOCABULARY)}
_WORD = re.compile(r"[^\W_]+")


def descriptive(scene: Scene) -> str:
    """Everything: each object's size, colour, shape and way, the wall or the camera, the ground."""
    first, *others = (f"a {thing.size} {thing.colour} {thing.shape}" for thing in scene.things)
    ways = [_way(scene, thing) for thing in scene.things]
    rest = "".join(f" and {other}{way}" for other, way in zip(others, ways[1:], strict=True))
    ground = f" on a {scene.ground.tone} {scene.ground.pattern} background"
    return f"{_camera(scene)}{first}{ways[0]}{_wall(scene)}{rest}{ground}"


def short(scene: Scene) -> str:
    """The first object's shape, and one of colour, size, way, ground; which of them follows from the scene alone."""
    thing = scene.things[0]
    texts = [f"a {thing.colour} {thing.shape}", f"a {thing.size} {thing.shape}"]
    texts.append(f"{_camera(scene)}a {thing.shape}{_way(scene, thing)}{_wall(scene)}")
    texts.append(f"a {thing.shape} on a {scene.ground.tone} {scene.ground.pattern} background")
    return texts[zlib.crc32(repr(scene).encode()) % len(texts)]


def _way(scene: Scene, thing: Thing) -> str:
    way = heading(thing.velocity)
    if not way or scene.frames == 1:
        return ""
    ends = (start + velocity * (scene.frames - 1) for start, velocity in zip(thing.start, thing.velocity, strict=True))
    return f" moves {way}{' and bounces' if any(not 0 <= end <= 1 for end in ends) else ''}"


def _wall(scene: Scene) -> str:
    return " behind a grey wall" if scene.wall else ""


def _camera(scene: Scene) -> str:
    return f"the camera pans {scene.camera} over " if scene.kind == "pan" and scene.frames > 1 else ""


def words(text: str) -> list[str]:
    """A caption's words in lower case, without what is neither letter nor digit."""
    return [word.lower() for word in _WORD.findall(text)]


def unknown(text: str) -> list[str]:
    """The words that no caption of this world has, each once, in the order of the text."""
    return list(dict.fromkeys(word for word in words(text) if word not in _INDEX))


def encode(text: str) -> Tensor:
    """Indices of words, LENGTH of them, the rest 0; an empty caption is all 0. RunnerError where it is longer."""
    found = words(text)
    if len(found) > LENGTH:
        raise RunnerError(f"a caption of {len(found)} words, expected at most {LENGTH}", mend="say it shorter")
    codes = [_INDEX.get(word, UNKNOWN) for word in found]
    return torch.tensor(codes + [NONE] * (LENGTH - len(codes)), dtype=torch.long)


def attributes(text: str) -> dict[str, str]:
    """What a caption says of its first object, the camera, the wall and the ground; only what it says."""
    said = words(text)
    found = {}
    for name in ("size", "colour", "shape", "tone", "pattern"):
        if here := [word for word in said if word in ATTRIBUTES[name]]:
            found[name] = here[0]
    for name, verb in (("direction", "moves"), ("camera", "pans")):
        after = [second for first, second in pairwise(said) if first == verb]
        if after and after[0] in DIRECTIONS:
            found[name] = after[0]
    if "wall" in said:
        found["wall"] = "wall"
    return found
