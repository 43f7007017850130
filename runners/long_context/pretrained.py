"""A language model on the same test: English text with one needle in it, at each depth in turn.

A text is read once without a needle, and then from each depth on, the deepest first: what stands before a needle is
kept. With depths spread evenly that is half as much reading as a text for each.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from nonmun.runner import Progress, RunnerError
from runners.models import language_model

from .prefill import Reading
from .rope import stretched

if TYPE_CHECKING:
    from .demo import Config

CITIES = (
    "Oslo Rome Paris Busan Lima Cairo Delhi Tokyo Berlin London Madrid Seoul Vienna Athens Dublin Prague Boston Havana "
    "Manila Nairobi Quito Warsaw Lisbon Zurich Geneva Milan Kyoto Hanoi Dakar Tunis"
).split()
NEEDLE = "\nThe special magic {} number is:"
QUESTION = "\n\nWhat is the special magic {} number?\n\nThe special magic {} number is:"
Random = random.Random


@dataclass(slots=True)
class Row:
    """One length with one scaling of positions; an entry for each needle of each text, which it was alone in."""

    length: int
    rope: str
    depth: list[float] = field(default_factory=list)
    hit: list[bool] = field(default_factory=list)
    probability: list[float] = field(default_factory=list)  # of the number
    empty: list[bool] = field(default_factory=list)  # asked the same without the needle
    other: list[bool] = field(default_factory=list)  # asked for another city: whether this needle's number is said
    off_depth: int = 0
    seconds: list[float] = field(default_factory=list)  # to read each text, without a needle


@dataclass(frozen=True, slots=True)
class Asked:
    """What the language model answered; `nll` by position: tokens read, and nats per token on average up to there."""

    rows: list[Row] = field(default_factory=list)
    nll: list[tuple[int, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Planted:
    """A needle's city, the tokens of its number, all its tokens, the depth asked for and where it is put."""

    city: str
    answer: list[int]
    ids: list[int]
    depth: float
    at: int


def measure_pretrained(config: Config, progress: Progress) -> Asked:
    if not config.asked_lengths:
        return Asked()
    loaded = language_model(config.model, device=config.device, progress=progress)
    model, tokenizer = loaded.model, loaded.tokenizer
    depths = np.linspace(0, 1, config.asked_depths).tolist()
    text = _ids(tokenizer, prose())
    found = Asked()
    work = [(length, rope) for length in config.asked_lengths for rope in config.ropes if _wanted(length, rope, model)]
    tokens = config.asked_haystacks * sum(_tokens(length, depth) for length, _ in work for depth in (0, *depths))
    with progress.stage(f"{config.model}: read and ask", tokens, "token") as stage:
        for length, rope in work:
            row = Row(length, rope)
            factor = 2.0 ** math.ceil(math.log2(max(1.0, length / _trained(model))))
            for which in range(config.asked_haystacks):
                rng = Random(f"pretrained/{config.seed}/{length}/{which}")
                stretch, needles = plant(tokenizer, text, length, depths, rng)
                last = length == max(config.asked_lengths) and rope == config.ropes[0] and which == 0
                with stretched(model, rope, factor), torch.inference_mode():
                    for depth in _one(model, tokenizer, stretch, needles, row, rng, found.nll if last else None):
                        stage.advance(_tokens(length, depth), found=f"{sum(row.hit)} of {len(row.hit)}")
            found.rows.append(row)
    return found


def _tokens(length: int, depth: float) -> int:
    """About how many are read again for a needle at a depth."""
    return round((1 - depth) * length)


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
    """`length` tokens from anywhere in the text, and a needle for each depth, which `with_needle` puts into them."""
    if length > len(text):
        raise RunnerError(
            f"the text has {len(text):,} tokens, {length:,} were asked for", mend="ask for shorter --asked-lengths"
        )
    start = rng.randrange(len(text) - length + 1)
    needles, end = [], _ids(tokenizer, ".\n")
    for city, depth in zip(rng.sample(CITIES, len(depths)), depths, strict=True):
        answer = _ids(tokenizer, f" {rng.randint(100_000, 999_999)}")
        ids = _ids(tokenizer, NEEDLE.format(city)) + answer + end
        needles.append(Planted(city, answer, ids, depth, round(depth * (length - len(ids)))))
    if any(needle.at < 0 for needle in needles):
        raise RunnerError(f"a needle does not fit into {length} tokens", mend="ask for longer --asked-lengths")
    return list(text[start : start + length]), needles


def behind(stretch: Sequence[int], needle: Planted) -> list[int]:
    """The needle and what follows it: with the tokens before it, as many in all as the stretch has."""
    return [*needle.ids, *stretch[needle.at : len(stretch) - len(needle.ids)]]


def off_depth(ids: Sequence[int], needle: Planted) -> int:
    """As in haystack.py: tokens between where the needle is found and the one nearest to the depth asked for."""
    own = needle.ids
    places = [at for at in range(len(ids) - len(own) + 1) if ids[at] == own[0] and list(ids[at : at + len(own)]) == own]
    if len(places) != 1:
        raise ValueError(f"the needle stands in {len(places)} places, expected 1")
    return abs(places[0] - round(needle.depth * (len(ids) - len(own))))


def _one(
    model: Any, tokenizer: Any, stretch: list[int], needles: Sequence[Planted], row: Row, rng: Random,
    nll: list[tuple[int, float]] | None,
) -> Iterator[float]:  # fmt: skip
    """One text: without a needle, then with each of them alone. Yields the depth from which on was read."""
    longest = max(len(question(tokenizer, city)) for city in CITIES) + max(len(needle.answer) for needle in needles)
    reading = Reading(model, len(stretch) + longest)
    started = time.perf_counter()
    reading.read(stretch, nll)
    row.seconds.append(time.perf_counter() - started)
    yield 0
    row.empty += [_ask(reading, tokenizer, needle.city, needle.answer)[0] for needle in needles]
    cities = sorted(set(CITIES) - {needle.city for needle in needles})
    for needle in sorted(needles, key=lambda one: -one.at):
        reading.keep(needle.at)  # nothing before it is of another needle: those are deeper
        reading.read(behind(stretch, needle))
        row.off_depth = max(row.off_depth, off_depth(reading.ids, needle))
        hit, probability = _ask(reading, tokenizer, needle.city, needle.answer)
        row.depth.append(needle.depth)
        row.hit.append(hit)
        row.probability.append(probability)
        row.other.append(_ask(reading, tokenizer, rng.choice(cities), needle.answer)[0])
        yield needle.depth


def question(tokenizer: Any, city: str) -> list[int]:
    return _ids(tokenizer, QUESTION.format(city, city))


def _ask(reading: Reading, tokenizer: Any, city: str, answer: list[int]) -> tuple[bool, float]:
    """Whether greedy decoding gives exactly this number, and how probable the number is."""
    logits = reading.behind(question(tokenizer, city), answer)
    right = torch.tensor(answer, device=logits.device)
    said = logits.float().log_softmax(-1)
    return bool((said.argmax(-1) == right).all()), said.gather(1, right[:, None]).sum().exp().item()
