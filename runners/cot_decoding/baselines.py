"""What CoT-decoding is held against: other choices among the same paths, and sampling at the same number of tokens."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

import torch
from torch import Tensor

from .answers import Finder, last_number
from .decoding import batches, ends, room, stopping
from .method import Path, decode, read

Random = random.Random
OVERDRAWN = 1.25  # times the paths that the budgets should pay for: few prompts are then left for another round


def greedy_answer(paths: Sequence[Path]) -> str | None:
    return branch_answer(paths, 0)


def branch_answer(paths: Sequence[Path], branch: int) -> str | None:
    """The answer of one branch alone; None where it is not there, or has none."""
    return next((path.answer for path in paths if path.branch == branch), None)


def majority(paths: Sequence[Path]) -> str | None:
    """The answer of most paths; of equally many, the one that came first."""
    votes = Counter(path.answer for path in paths if path.answer is not None)
    return max(votes, key=lambda answer: votes[answer], default=None)


def by_log_prob(paths: Sequence[Path], *, per_token: bool = False) -> str | None:
    """The answer of the most probable path that has one; `per_token` divides by its length."""
    answered = [path for path in paths if path.answer is not None]
    key = (lambda path: path.log_prob / len(path.ids)) if per_token else (lambda path: path.log_prob)
    return max(answered, key=key).answer if answered else None


def with_shuffled_delta(paths: Sequence[Path]) -> list[Path]:
    """The same paths, each with the Delta of another: what choosing by Delta gives where it tells nothing.

    The permutation follows from the texts of the paths, so that the same paths are always shuffled alike.
    """
    answered = [place for place, path in enumerate(paths) if path.answer is not None]
    givers = Random("\n".join(path.text for path in paths)).sample(answered, len(answered))
    found = list(paths)
    for place, giver in zip(answered, givers, strict=True):
        found[place] = replace(paths[place], literal=paths[giver].literal, signed=paths[giver].signed)
    return found


def oracle(paths: Sequence[Path], right: str) -> bool:
    """Whether any path is right: a ceiling, which no method reaches that does not know the answer."""
    return any(path.answer == right for path in paths)


def sampling(temperature: float, count: int, generator: torch.Generator) -> Callable[[Tensor], Tensor]:
    """`count` tokens for each row, drawn with replacement from softmax(logits / temperature)."""

    def choose(logits_RV: Tensor) -> Tensor:
        shares = (logits_RV / temperature).softmax(-1)
        return torch.multinomial(shares, count, replacement=True, generator=generator)

    return choose


def sample_paths(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[str],
    budgets: Sequence[int],
    *,
    temperature: float,
    seed: int,
    steps: int,
    find: Finder = last_number,
    marks: Sequence[str] = (),
    together: int = 1,
    draw: int = 16,
    tell: Callable[[int], object] = lambda prompts: None,
) -> list[list[Path]]:
    """Sampled paths of each prompt, as many as its budget of tokens pays for, and one at least: self-consistency's.

    At first `draw` of each, never more than twice as many at a time. A path that would go over the budget is left out,
    and ends it.
    """
    generator = torch.Generator(device=next(model.parameters()).device).manual_seed(seed)
    ended, stop = ends(model, tokenizer), stopping(tokenizer, marks)
    found: list[list[Path]] = [[] for _ in prompts]
    left = list(budgets)
    open_ = list(range(len(prompts)))
    one = sampling(temperature, 1, generator)
    drawn, spent = 0, 0  # paths so far, and their tokens: their mean length tells how many can be paid for
    while open_:
        closed = set()
        for places, ids_PS in batches(model, tokenizer, [prompts[place] for place in open_], together):
            own = [left[open_[place]] for place in places]
            count = min(2 * draw, math.ceil(OVERDRAWN * fmean(own) * drawn / spent)) if spent else draw
            # A path that is longer than any budget is left out anyway.
            enough = max(own) + 1 if all(found[open_[place]] for place in places) else steps
            rows = decode(
                model,
                ids_PS,
                first=sampling(temperature, count, generator),
                then=one,
                steps=min(steps, enough, room(model, ids_PS.shape[1])),
                ends=ended,
                stop=stop,
            )
            drawn, spent = drawn + len(rows), spent + sum(len(row.ids) for row in rows)
            for row in rows:
                place = open_[places[row.prompt]]
                if place in closed:
                    continue
                left[place] -= len(row.ids)
                if left[place] >= 0 or not found[place]:
                    found[place].append(read(row, tokenizer, find, marks))
                if left[place] <= 0:
                    closed.add(place)
                    tell(1)
        open_ = [place for place in open_ if place not in closed]
    return found
