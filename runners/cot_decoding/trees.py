"""Questions whose tree of first tokens is recorded. Which ones is settled before any is answered: the first drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .measure import Answered, shows_chain
from .method import Path
from .pretrained import Asked

SHOWN_STEPS = (3, 2, 1)
TASKS = ("multiplication/question", "two_step/question")
LONGEST = 92  # characters of a path that a figure has room for


def trees(answered: Sequence[Answered], asked: Asked) -> list[dict[str, Any]]:
    """The first test question of each family with three, two and one steps; and the first of two of SmolLM2's tasks."""
    found = []
    for steps in SHOWN_STEPS:
        for family in ("lookup", "parity", "arithmetic"):
            own = [one for one in answered if one.item.group == family and one.item.steps == steps]
            found += [_tree(one, f"{family}-{steps}") for one in own[:1]]
    for name in TASKS:
        found += [_tree(one, f"smollm2-{name.partition('/')[0]}") for one in asked.answered.get(name, ())[:1]]
    return found


def _tree(one: Answered, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "asked": one.item.prompt,
        "answer": one.item.answer,
        "right": {choice: one.right[choice] for choice in ("greedy", "aggregated", "max")},
        "paths": [_path(path, one.item.answer) for path in one.paths],
    }


def printed(text: str) -> str:
    """On one line, and without what XML does not take."""
    return "".join(char if char.isprintable() else "·" for char in " ".join(text.split()))


def _path(path: Path, right: str) -> dict[str, Any]:
    text = printed(path.text)
    return {
        "token": printed(path.token),
        "text": text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…",
        "answer": path.answer,
        "delta": path.literal,
        "correct": path.answer == right,
        "chain": shows_chain(path),
        "ended": path.ended,
        "branch": path.branch,
    }
