"""One model on one set of questions: every way to choose an answer, and what each path was like."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import baselines
from .answers import Finder
from .decoding import cot_decode_all
from .method import Path, aggregate, max_path

_CHAIN = re.compile(r"\d|=")


@dataclass(frozen=True, slots=True)
class Item:
    """A question as the model reads it, its answer in normal form, and where it belongs."""

    prompt: str
    answer: str
    group: str
    steps: int


@dataclass(frozen=True, slots=True)
class Group:
    """What the questions of a group have in common: how an answer is found, and what ends a path."""

    find: Finder
    marks: tuple[str, ...] = ()


@dataclass(slots=True)
class Answered:
    """One question, decoded. `right` by choice; `by_k` the same for fewer branches; `sampled` counts sampled paths."""

    item: Item
    paths: list[Path]
    right: dict[str, bool]
    by_k: dict[int, dict[str, bool]]
    tokens: int
    sampled: int = 0
    later: dict[int, bool] = field(default_factory=dict)  # aggregated, branching at a later step


CHOICES: dict[str, Callable[[Sequence[Path]], str | None]] = {
    "greedy": baselines.greedy_answer,
    "aggregated": aggregate,
    "aggregated_signed": lambda paths: aggregate(paths, "signed"),
    "max": max_path,
    "max_signed": lambda paths: max_path(paths, "signed"),
    "majority": baselines.majority,
    "shuffled": lambda paths: aggregate(baselines.with_shuffled_delta(paths)),
    "log_prob": baselines.by_log_prob,
    "log_prob_per_token": lambda paths: baselines.by_log_prob(paths, per_token=True),
}
SWEPT = ("aggregated", "max", "majority")


def shows_chain(path: Path) -> bool:
    """Whether there is something to reckon with before the answer: another number, or an equals sign."""
    return path.span is not None and _CHAIN.search(path.text[: path.span[0]]) is not None


def measure(
    model: Any,
    tokenizer: Any,
    items: Sequence[Item],
    groups: Mapping[str, Group],
    *,
    k: int,
    sweep: Sequence[int],
    steps: int,
    temperature: float,
    seed: int,
    together: int,
    later: Sequence[int] = (),
    sample: bool = True,
    tell: Callable[[int], object] = lambda questions: None,
) -> list[Answered]:
    """Each question once. `tell` hears of those that are done, in halves: decoded, and sampled.

    Paths are decoded for the largest of `sweep`; every choice but a swept one sees the first `k` alone. Sampling gets
    as many tokens as those k took.
    """
    found = []
    for name, group in groups.items():
        own = [item for item in items if item.group == name]
        prompts = [item.prompt for item in own]
        common: dict[str, Any] = {"find": group.find, "marks": group.marks, "steps": steps, "together": together}
        every = cot_decode_all(model, tokenizer, prompts, max(k, *sweep), tell=tell, **common)
        answered = [_answered(item, paths, k, sweep) for item, paths in zip(own, every, strict=True)]
        if sample:
            budgets = [one.tokens for one in answered]
            drawn = baselines.sample_paths(
                model, tokenizer, prompts, budgets, temperature=temperature, seed=seed, draw=k, tell=tell, **common
            )
            for one, paths in zip(answered, drawn, strict=True):
                one.right["self_consistency"] = baselines.majority(paths) == one.item.answer
                one.sampled = len(paths)
        for at in later:
            branched = cot_decode_all(model, tokenizer, prompts, k, at=at, **common)
            for one, paths in zip(answered, branched, strict=True):
                one.later[at] = aggregate(paths) == one.item.answer
        found += answered
    return found


def _answered(item: Item, paths: list[Path], k: int, sweep: Sequence[int]) -> Answered:
    first = [path for path in paths if path.branch < k]
    right = {name: choose(first) == item.answer for name, choose in CHOICES.items()}
    right["last_branch"] = baselines.branch_answer(first, k - 1) == item.answer
    right["oracle"] = baselines.oracle(first, item.answer)
    by_k = {}
    for most in sweep:
        some = [path for path in paths if path.branch < most]
        by_k[most] = {name: CHOICES[name](some) == item.answer for name in SWEPT}
        by_k[most] |= {
            "oracle": baselines.oracle(some, item.answer),
            "branch": baselines.branch_answer(some, most - 1) == item.answer,
        }
    return Answered(item, first, right, by_k, sum(len(path.ids) for path in first))
