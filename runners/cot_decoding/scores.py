"""Numbers about answers: area under the ROC curve with its interval, and McNemar's exact test."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
RESAMPLES = 1000


def auroc(score: ArrayLike, positive: ArrayLike, weight: ArrayLike | None = None) -> float:
    """P(score of a positive > that of a negative), ties counting half. ValueError where there are not both kinds."""
    scores, wanted = np.asarray(score, np.float64), np.asarray(positive, bool)
    weights = np.ones(len(scores)) if weight is None else np.asarray(weight, np.float64)
    found = _areas(scores, wanted, weights[None])[0]
    if math.isnan(found):
        raise ValueError(f"{wanted.sum()} positives of {len(wanted)}, expected both kinds")
    return float(found)


def auroc_interval(
    score: ArrayLike, positive: ArrayLike, question: Sequence[int], *, seed: int = 0
) -> tuple[float, tuple[float, float]]:
    """The area and its percentile interval; whole questions are drawn, since a question's paths belong together.

    Draws that hold one kind only count for nothing.
    """
    scores, wanted = np.asarray(score, np.float64), np.asarray(positive, bool)
    _, own = np.unique(np.asarray(question), return_inverse=True)
    count = int(own.max()) + 1
    picks = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), RESAMPLES)
    areas = np.concatenate([_areas(scores, wanted, part[:, own].astype(np.float64)) for part in np.split(picks, 20)])
    low, high = np.nanquantile(areas, [0.025, 0.975])
    return auroc(scores, wanted), (float(low), float(high))


def _areas(scores: Array, wanted: NDArray[np.bool_], weight_BN: Array) -> Array:
    """One area for each row of weights; NaN where a row holds one kind only."""
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.diff(scores[order], prepend=-np.inf) != 0) if len(order) else np.zeros(0, int)
    yes_BG = np.add.reduceat(np.where(wanted[order], weight_BN[:, order], 0), starts, axis=1)
    no_BG = np.add.reduceat(np.where(wanted[order], 0, weight_BN[:, order]), starts, axis=1)
    below_BG = np.cumsum(no_BG, axis=1) - no_BG
    pairs = yes_BG.sum(1) * no_BG.sum(1)
    area = (yes_BG * (below_BG + no_BG / 2)).sum(1)
    return np.where(pairs > 0, area / np.where(pairs > 0, pairs, 1), np.nan)


def mcnemar(ours: Sequence[bool], theirs: Sequence[bool]) -> tuple[int, int, float]:
    """Questions that ours alone answers, those that theirs alone does, and the exact two-sided p of that split."""
    better = sum(a and not b for a, b in zip(ours, theirs, strict=True))
    worse = sum(b and not a for a, b in zip(ours, theirs, strict=True))
    split = better + worse
    tail = sum(math.comb(split, count) for count in range(min(better, worse) + 1)) / 2**split
    return better, worse, min(1.0, 2 * tail)
