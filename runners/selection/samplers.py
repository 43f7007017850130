"""Every way to choose, behind one interface: `score(docs) -> scores`, `select(scores, fraction, seed) -> numbers`.

What a score is differs (a density, a loss, a probability, a distance); `select` knows what to do with it. Those that
rank take the best and ignore the seed; those that draw use it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from runners.density_sampling.method import Hashes, Sketch, keys, largest

from .clusters import prototypes, semdedup

Array = NDArray[np.float64]
Chosen = NDArray[np.int64]
Side = Literal["low", "middle", "high"]


@dataclass(frozen=True, slots=True)
class Docs:
    """Documents, and what is known of each. What a sampler does not look at may be missing."""

    texts: Sequence[str]
    x_ND: NDArray[np.float32] | None = None  # embeddings of length 1
    nats_N: Array | None = None  # loss per token under a language model: the log of perplexity
    yes_N: Array | None = None  # Ask-LLM's score


@dataclass(frozen=True)
class Sampler:
    """One way to choose. `select` gives the numbers of the chosen documents, in order, each at most once."""

    name: str
    score: Callable[[Docs], Array]
    key: Callable[[Array, int], Array]  # scores and seed -> what is ranked, the largest being kept
    draws: bool = False  # whether the seed matters

    def select(self, score_N: Array, fraction: float, seed: int = 0) -> Chosen:
        """ValueError where nothing could be chosen, or a score is no number."""
        if not 0 < fraction <= 1 or len(score_N) == 0:
            raise ValueError(
                f"fraction {fraction} of {len(score_N)} documents, expected 0 < fraction ≤ 1 and a document"
            )
        if np.isnan(score_N).any():
            raise ValueError(f"{self.name}: {int(np.isnan(score_N).sum())} scores are not numbers")
        return largest(self.key(score_N, seed), max(1, round(fraction * len(score_N))))


def random() -> Sampler:
    return Sampler("random", lambda docs: np.ones(len(docs.texts)), lambda s, seed: keys(s, seed), draws=True)


def density(hashes: Hashes, power: float = -1) -> Sampler:
    """By the inverse of the sketched density; with `power` 1 as Algorithm 2 is printed."""

    def score(docs: Docs) -> Array:
        x_ND = torch.from_numpy(_known(docs.x_ND, "embeddings"))
        return Sketch.empty(hashes).add(x_ND).density(x_ND)

    name = "density" if power < 0 else "printed"
    return Sampler(name, score, lambda s, seed: keys(s, seed, power=power), draws=True)


def perplexity(side: Side) -> Sampler:
    """The least perplexing, those nearest to the median, or the most perplexing."""

    def key(score_N: Array, seed: int) -> Array:
        if side == "middle":
            return -np.abs(score_N - np.median(score_N))
        return -score_N if side == "low" else score_N

    return Sampler(f"perplexity_{side}", lambda docs: _known(docs.nats_N, "losses"), key)


def semantic(kind: Literal["semdedup", "prototypes"], clusters: int, seed: int = 0) -> Sampler:
    find = {"semdedup": semdedup, "prototypes": prototypes}[kind]
    return Sampler(kind, lambda docs: find(_known(docs.x_ND, "embeddings"), clusters, seed), lambda s, _: s)


def ask_llm() -> Sampler:
    return Sampler("ask_llm", lambda docs: _known(docs.yes_N, "answers of a rater"), lambda s, _: s)


def _known(value: NDArray[np.float64] | NDArray[np.float32] | None, what: str) -> NDArray:
    if value is None:
        raise ValueError(f"these documents have no {what}")
    return value


def kendall(one: Array, other: Array) -> float:
    """Kendall's tau-b of two rankings of the same documents."""
    from scipy.stats import kendalltau

    return float(kendalltau(one, other).statistic)


def spearman(one: Array, other: Array) -> float:
    """Rank correlation, ties sharing their mean rank."""
    from scipy.stats import spearmanr

    return float(spearmanr(one, other).statistic)
