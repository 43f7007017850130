"""Cumulative NLL by position, in texts that say the same of a name whenever it is mentioned, and its power law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from nonmun.runner import Progress

from .haystack import ASKED, LENGTH, NAME_AT, NAMES, VOCABULARY, Ids, document
from .measure import rng_of
from .method import power_law
from .model import RetrievalTransformer
from .reading import ask, read, within
from .store import Store

if TYPE_CHECKING:
    from .demo import Config


@dataclass(frozen=True, slots=True)
class Losses:
    """By the end of each stretch of a text: nats per token of a number, there and on average up to there."""

    position: list[int]
    own: list[float]
    cumulative: list[float]
    law: tuple[float, float, float]  # a, b, c of a x^b + c
    off: float  # root mean square of what the law misses, nats


def measure_losses(model: RetrievalTransformer, config: Config, seed: int, progress: Progress) -> Losses:
    """Facts drawn from stretches of a text that are a factor 1.5 longer each, every one asked for as it comes."""
    ends = [int(end) for end in _edges(model.halo + LENGTH, config.nll_length)]
    sums, counts = np.zeros(len(ends)), np.zeros(len(ends))
    for which in progress.track(range(config.nll_texts), f"seed {seed}: NLL by position", unit="text"):
        rng = rng_of(seed, 6, which)
        ids = document(rng, config.nll_length, config.facts)
        places = _facts(ids, model.halo)
        store = Store(len(ids) - 1, model.dims, device=model.device)
        read(model, ids, store, config.chunk)
        picked = [places[(places >= low) & (places < high)] for low, high in zip([0, *ends[:-1]], ends, strict=True)]
        some = [rng.permutation(own)[: config.nll_facts] for own in picked]
        asked = np.concatenate([np.stack([own, own + 1], axis=1).ravel() for own in some])
        heard = ask(
            store, within(model, ids, asked.tolist()), scale=config.scale, trained=config.trained, chunk=config.chunk
        )
        right = torch.from_numpy(ids[asked + 1]).long()
        nll = -heard.answer_QV.cpu().gather(1, right[:, None]).squeeze(1).clamp(min=1e-12).log().double().numpy()
        stretch = np.repeat(np.arange(len(ends)), [2 * len(own) for own in some])
        sums += np.bincount(stretch, nll, len(ends))
        counts += np.bincount(stretch, minlength=len(ends))
    known = counts > 0
    own = sums[known] / counts[known]
    last = np.array(ends)[known]
    lengths = np.diff(np.array([0, *last]))
    cumulative = np.cumsum(own * lengths) / np.cumsum(lengths)
    law = power_law(torch.from_numpy(last.astype(float)), torch.from_numpy(cumulative))
    a, b, c = law
    off = float(np.sqrt(np.mean((a * last.astype(float) ** b + c - cumulative) ** 2)))
    return Losses(last.tolist(), own.tolist(), cumulative.tolist(), law, off)


def _edges(first: int, last: int) -> list[float]:
    """Ends of stretches, each 1.5 times the one before."""
    found = [float(4 * first)]
    while found[-1] * 1.5 < last:
        found.append(found[-1] * 1.5)
    return [*found[:-1], float(last)] if len(found) > 1 else [float(last)]


def _facts(ids: Ids, least: int) -> NDArray[np.int64]:
    """Where whole facts' answers are asked for: the token before each number's first."""
    name_at = VOCABULARY.first["name"]
    names = np.flatnonzero((ids >= name_at) & (ids < name_at + NAMES))
    asked = names + ASKED - 1 - NAME_AT
    asked = asked[(asked >= least) & (asked < len(ids) - LENGTH)]
    number_at, end = VOCABULARY.first["number"], VOCABULARY.first["sign"]
    whole = (ids[asked + 1] >= number_at) & (ids[asked + 2] >= number_at) & (ids[asked + 3] == end)
    found: NDArray[np.int64] = asked[whole]
    return found
