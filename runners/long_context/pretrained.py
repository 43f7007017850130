"""A language model on the same test: English text with a needle at each depth. Each haystack is read once."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from nonmun.runner import Progress, RunnerError
from runners.models import language_model

from .rope import stretched

if TYPE_CHECKING:
    from .demo import Config

CITIES = (
    "Oslo Rome Paris Busan Lima Cairo Delhi Tokyo Berlin London Madrid Seoul Vienna Athens Dublin Prague Boston Havana "
    "Manila Nairobi Quito Warsaw Lisbon Zurich Geneva Milan Kyoto Hanoi Dakar Tunis"
).split()
NEEDLE = "\nThe special magic {} number is:"
QUESTION = "\n\nWhat is the special magic {} number?\n\nThe special magic {} number is:"
BLOCK = 512  # tokens read at a time
Random = random.Random


@dataclass(slots=True)
class Row:
    """One length with one scaling of positions: for each needle its depth, whether it was found, its probability."""

    length: int
    rope: str
    depth: list[float] = field(default_factory=list)
    hit: list[bool] = field(default_factory=list)
    probability: list[float] = field(default_factory=list)
    absent: list[bool] = field(default_factory=list)  # asked of a city that no needle is about
    seconds: list[float] = field(default_factory=list)
    off_depth: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """What the language model answered; `nll` by position: tokens read, and nats per token on average up to there."""

    rows: list[Row] = field(default_factory=list)
    nll: list[tuple[int, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Planted:
    """A needle's city and the tokens of its number; where it stands."""

    city: str
    answer: list[int]
    depth: float
    at: int
    ids: list[int]


def measure_pretrained(config: Config, progress: Progress) -> Asked:
    if not config.asked_lengths:
        return Asked()
    loaded = language_model(config.model, device=config.device, progress=progress)
    model, tokenizer = loaded.model, loaded.tokenizer
    depths = np.linspace(0, 1, config.asked_depths).tolist()
    text = _ids(tokenizer, prose())
    found = Asked()
    work = [(length, rope) for length in config.asked_lengths for rope in config.ropes if _wanted(length, rope, model)]
    with progress.stage(f"{config.model}: read and ask", sum(length for length, _ in work), "token") as stage:
        for length, rope in work:
            row = Row(length, rope)
            factor = 2.0 ** math.ceil(math.log2(max(1.0, length / _trained(model))))
            rng = Random(f"pretrained/{config.seed}/{length}")
            ids, needles = plant(tokenizer, text, length, depths, rng)
            with stretched(model, rope, factor), torch.inference_mode():
                last = length == max(config.asked_lengths) and rope == config.ropes[0]
                _row(model, tokenizer, ids, needles, row, rng, found.nll if last else None)
            found.rows.append(row)
            stage.advance(length, found=f"{np.mean(row.hit):.0%}")
    return found


def _trained(model: Any) -> int:
    return int(model.config.get_text_config().max_position_embeddings)


def _wanted(length: int, rope: str, model: Any) -> bool:
    """Positions are scaled beyond the trained length alone: by 2 up to twice that, by 4 up to four times."""
    return rope == "none" or length > _trained(model)


def prose() -> str:
    """English that comes with Python: what `help()` knows of the language, without its tables of syntax."""
    from pydoc_data.topics import topics

    paragraphs = [part for name in sorted(topics) for part in topics[name].split("\n\n")]
    return "\n".join(" ".join(one.split()) for one in paragraphs if len(one) > 200 and "::=" not in one)


def _ids(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False).input_ids)


def plant(
    tokenizer: Any, text: Sequence[int], length: int, depths: Sequence[float], rng: Random
) -> tuple[list[int], list[Planted]]:
    """A stretch of the text of `length` tokens with a needle at each depth, exact to the token, as in haystack.py."""
    cities = rng.sample(CITIES, len(depths))
    answers = [_ids(tokenizer, f" {rng.randint(100_000, 999_999)}") for _ in cities]
    end = _ids(tokenizer, ".\n")
    written = [_ids(tokenizer, NEEDLE.format(city)) + own + end for city, own in zip(cities, answers, strict=True)]
    if length > len(text):
        raise RunnerError(
            f"the text has {len(text):,} tokens, {length:,} were asked for", mend="ask for shorter lengths"
        )
    start = rng.randrange(len(text) - length + 1)
    ids, needles = list(text[start : start + length]), []
    for city, answer, depth, own in zip(cities, answers, depths, written, strict=True):
        at = round(depth * (length - len(own)))
        if needles and at < needles[-1].at + len(needles[-1].ids):
            raise RunnerError(f"{len(depths)} needles overlap in {length} tokens", mend="ask for fewer --asked-depths")
        ids[at : at + len(own)] = own
        needles.append(Planted(city, answer, depth, at, own))
    return ids, needles


def off_depth(ids: Sequence[int], needle: Planted) -> int:
    """As in haystack.py: tokens between where the needle is found and the one nearest to the depth asked for."""
    own = needle.ids
    places = [at for at in range(len(ids) - len(own) + 1) if ids[at] == own[0] and list(ids[at : at + len(own)]) == own]
    if len(places) != 1:
        raise ValueError(f"the needle stands in {len(places)} places, expected 1")
    return abs(places[0] - round(needle.depth * (len(ids) - len(own))))


def prefill(model: Any, ids: Sequence[int], nll: list[tuple[int, float]] | None = None, block: int = BLOCK) -> Any:
    """The cache of all these tokens, read in blocks: activations take memory for one block, not for all of them.

    `nll`, if given, is filled with the cumulative NLL at the end of each block.
    """
    from transformers import DynamicCache

    cache, device = DynamicCache(config=model.config), next(model.parameters()).device
    summed, last = 0.0, None
    for start in range(0, len(ids), block):
        part = torch.tensor([ids[start : start + block]], device=device)
        kept = 0 if nll is not None else 1
        state = model(input_ids=part, past_key_values=cache, use_cache=True, logits_to_keep=kept)
        if nll is not None:
            logits = state.logits[0].float()
            before = logits[:-1] if last is None else torch.cat([last, logits[:-1]])
            right = part[0, 1:] if last is None else part[0]
            summed -= before.log_softmax(-1).gather(1, right[:, None]).sum().item()
            last = logits[-1:]
            nll.append((start + part.shape[1], summed / (start + part.shape[1] - 1)))
    return cache


def _row(
    model: Any, tokenizer: Any, ids: list[int], needles: list[Planted], row: Row, rng: Random,
    nll: list[tuple[int, float]] | None,
) -> None:  # fmt: skip
    started = time.perf_counter()
    cache = prefill(model, ids, nll)
    row.seconds.append(time.perf_counter() - started)
    for needle in needles:
        hit, probability = _ask(model, tokenizer, cache, needle.city, needle.answer)
        row.depth.append(needle.depth)
        row.hit.append(hit)
        row.probability.append(probability)
        row.off_depth = max(row.off_depth, off_depth(ids, needle))
    others = rng.sample(sorted(set(CITIES) - {needle.city for needle in needles}), min(5, len(needles)))
    for city in others:
        wrong = _ids(tokenizer, f" {rng.randint(100_000, 999_999)}")
        row.absent.append(_ask(model, tokenizer, cache, city, wrong)[0])


def _ask(model: Any, tokenizer: Any, cache: Any, city: str, answer: list[int]) -> tuple[bool, float]:
    """Whether greedy decoding gives exactly this number, and how probable the number is. The cache stays as it was."""
    question = _ids(tokenizer, QUESTION.format(city, city))
    fed = torch.tensor([question + answer[:-1]], device=next(model.parameters()).device)
    logits: Tensor = model(input_ids=fed, past_key_values=cache, use_cache=True, logits_to_keep=len(answer)).logits[0]
    cache.crop(-fed.shape[1])
    right = torch.tensor(answer, device=logits.device)
    said = logits.float().log_softmax(-1)
    return bool((said.argmax(-1) == right).all()), said.gather(1, right[:, None]).sum().exp().item()
