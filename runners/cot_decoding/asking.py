"""The other way of the paper to find an answer, where it is neither a number nor an option: ask the model for it."""

from __future__ import annotations

from typing import Any

import torch

from .answers import Finder, Found, number
from .decoding import ends, prompt_ids, room
from .method import decode, greedy


def by_asking(model: Any, tokenizer: Any, prompt: str, *, phrase: str = " So the answer is", steps: int = 16) -> Finder:
    """A finder for `cot_decode(find=...)`: goes on greedily from path and phrase, and looks the answer up in the path.

    What the model says, up to the end of its line, is aligned to the path by its characters: to the last place of as
    many of its first words as stand there together. None where not even the first word does, or no room is left.
    """

    def find(text: str) -> Found | None:
        ids = prompt_ids(model, tokenizer, f"{prompt}{text.rstrip()}{phrase}")
        (row,) = decode(
            model,
            torch.tensor([ids], device=next(model.parameters()).device),
            first=greedy,
            steps=min(steps, room(model, len(ids))),
            ends=ends(model, tokenizer),
        )
        return aligned(tokenizer.decode(row.ids.tolist(), skip_special_tokens=True), text)

    return find


def aligned(said: str, text: str) -> Found | None:
    """Where the answer that was said stands in the text."""
    lines = said.strip().splitlines() or [""]
    words = lines[0].split(" ")
    for count in range(len(words), 0, -1):
        answer = " ".join(words[:count]).strip(" .,:;!?\"'()")
        if answer and (start := text.rfind(answer)) >= 0:
            return (start, start + len(answer)), number(answer)
    return None
