"""95 % intervals for what runners measure. Every function is exact about its seed: the same numbers give the same ends.

wilson       a share: successes of trials
student      a mean over few replicates (training seeds), assumed normal
bootstrap    any statistic of rows that belong together (questions, documents), by percentiles
paired       the mean difference of two methods on the same rows
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist, fmean, stdev

import numpy as np
from numpy.typing import ArrayLike, NDArray

Interval = tuple[float, float]
Array = NDArray[np.float64]
_BATCH = 4_000_000  # numbers held at once while resampling


def wilson(successes: int, trials: int) -> Interval:
    """Wilson's score interval of a share (1927). Unlike share ± 2 errors it is never empty and stays within 0 and 1."""
    if not 0 <= successes <= trials or trials == 0:
        raise ValueError(f"{successes} successes of {trials} trials, expected 0 ≤ successes ≤ trials and a trial")
    z = NormalDist().inv_cdf(0.975)
    share = successes / trials
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)) / (1 + z * z / trials)
    return max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half))


def student(values: Sequence[float]) -> tuple[float, Interval]:
    """The mean and its interval by Student's t, over two or more independent values."""
    if len(values) < 2:
        raise ValueError(f"{len(values)} values, expected two or more")
    mean = fmean(values)
    half = student_quantile(len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return mean, (mean - half, mean + half)


def student_quantile(freedom: int) -> float:
    """The 97.5 % quantile of Student's t, by bisection of its distribution, which is a finite sum for whole degrees."""
    low, high = 0.0, 13.0  # 12.706 at one degree is the largest
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < 0.95 else (low, middle)
    return (low + high) / 2


def _within(t: float, freedom: int) -> float:
    """P(|T| < t): Abramowitz and Stegun, 26.7.3 and 26.7.4."""
    theta = math.atan(t / math.sqrt(freedom))
    cosine, sine = math.cos(theta), math.sin(theta)
    odd = freedom % 2
    term, total = (cosine, cosine) if odd else (1.0, 1.0)
    for step in range(3 if odd else 2, freedom - 1, 2):
        term *= cosine * cosine * (step - 1) / step
        total += term
    if odd:
        return 2 / math.pi * (theta + sine * (total if freedom > 1 else 0.0))
    return sine * total


def bootstrap(
    statistic: Callable[..., Array], *samples: ArrayLike, resamples: int = 10_000, seed: int = 0
) -> tuple[float, Interval]:
    """A statistic of one or more samples and its percentile interval.

    The samples have equal length and are drawn together: row i of one belongs to row i of the others.
    `statistic(*samples)` reduces the last axis, e.g. `lambda a, b: a.mean(-1) / b.mean(-1)`.
    """
    columns = [np.asarray(sample, dtype=np.float64) for sample in samples]
    rows = len(columns[0]) if columns else 0
    if rows < 2 or any(column.shape != (rows,) for column in columns):
        raise ValueError(f"samples of shapes {[column.shape for column in columns]}, expected equal ones of 2 or more")
    rng = np.random.default_rng(seed)
    found = []
    for start in range(0, resamples, step := max(1, _BATCH // rows)):
        picks = rng.integers(0, rows, (min(step, resamples - start), rows))
        found.append(np.atleast_1d(statistic(*(column[picks] for column in columns))))
    low, high = np.quantile(np.concatenate(found), [0.025, 0.975])
    return float(statistic(*columns)), (float(low), float(high))


def paired(ours: ArrayLike, theirs: ArrayLike, *, resamples: int = 10_000, seed: int = 0) -> tuple[float, Interval]:
    """The mean of `ours` − `theirs`, row by row, and its bootstrap interval."""
    return bootstrap(lambda a, b: (a - b).mean(-1), ours, theirs, resamples=resamples, seed=seed)
