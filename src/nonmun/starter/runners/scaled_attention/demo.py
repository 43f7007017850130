"""Measures the reason [1] gives for its scale: dot products grow with d_k, and the softmax suffers.

The criteria stand before anything is measured, and the verdict follows from them alone.
[1] is the paper that method.py names.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Sequence

from pydantic import field_validator

from nonmun.intervals import student
from nonmun.runner import Criterion, Metric, Preset, Progress, Result, Settings, setting

from .method import attention_weights, dot_products, entropy, jacobian_norm

PAPER = "arXiv:1706.03762"
CLAIM = {
    "ko": "내적의 분산은 d_k에 비례해 커지고 softmax의 gradient는 거의 사라진다. √d_k로 나누면 막을 수 있다.",
    "en": "The variance of dot products grows with d_k until softmax passes hardly any gradient; "
    "dividing by √d_k prevents it.",
}
SCALES: dict[str, Callable[[int], float]] = {"1": lambda d_k: 1.0, "√d_k": math.sqrt, "d_k": float}


class Config(Settings):
    """What is drawn. Components have mean 0 and variance 1, as footnote 4 of [1] assumes."""

    sizes: tuple[int, ...] = setting(
        (4, 8, 16, 32, 64, 128, 256, 512, 1024), "d_k, in rising order", source="ours: [1] uses 64", min_length=2
    )
    keys: int = setting(64, "keys that each query is compared with", source="ours: a short sentence", ge=2)
    queries: int = setting(16, "queries in each replicate", source="ours: enough for a median", ge=1)
    replicates: int = setting(16, "independent draws, from which the intervals come", source="ours: few seconds", ge=4)
    correlation: float = setting(
        0.5, "between the components of one vector, in the control", source="ours: clearly not independent", ge=0, le=1
    )

    @field_validator("sizes")
    @classmethod
    def _rising(cls, sizes: tuple[int, ...]) -> tuple[int, ...]:
        if min(sizes) < 1 or sorted(set(sizes)) != list(sizes):
            raise ValueError(f"sizes {sizes}, expected positive sizes in rising order")
        return sizes


PRESETS = {
    "quick": Preset(Config(), minutes=0.1, gib=0.1),
    "full": Preset(Config(queries=32, replicates=64), minutes=0.6, gib=0.1),
}

CRITERIA = (
    Criterion(
        "q·k의 분산은 d_k에 비례한다 · Var(q·k) is proportional to d_k",
        metric="slope",
        at_least=0.95,
        at_most=1.05,
        interval=True,
    ),
    Criterion(
        "나누지 않으면 gradient가 사라진다 · undivided, the gradient vanishes",
        metric="gradient_unscaled",
        at_most=0.1,
        interval=True,
        unit="x",
    ),
    Criterion(
        "√d_k로 나누면 gradient가 유지된다 · divided by √d_k, it stays",
        metric="gradient_scaled",
        at_least=0.8,
        at_most=1.25,
        interval=True,
        unit="x",
    ),
    Criterion(
        "그러면서도 key를 가려 본다 · and attention still selects",
        metric="entropy_scaled",
        at_least=0.5,
        at_most=0.95,
        interval=True,
    ),
    Criterion(
        "대조: d_k로 나누면 모든 key를 고르게 본다 · control: divided by d_k, attention is uniform",
        metric="entropy_overscaled",
        at_least=0.99,
        interval=True,
        control=True,
    ),
    Criterion(
        "대조: 성분이 독립이 아니면 비례하지 않는다 · control: without independence no proportion",
        metric="slope_correlated",
        at_least=1.05,
        interval=True,
        control=True,
    ),
)

Draws = dict[str, list[list[float]]]  # quantity → size → replicate


def run(config: Config, progress: Progress) -> Result:
    """Measure, and hold the criteria against it. The same config and seed give the same result."""
    draws: Draws = {}
    for replicate in progress.track(range(config.replicates), "draw", unit="replicate"):
        for index, d_k in enumerate(config.sizes):
            rng = random.Random(f"{config.seed}/{replicate}/{d_k}")  # noqa: S311 - each draw its own, whatever the order
            for name, value in _draw(rng, d_k, config).items():
                draws.setdefault(name, [[] for _ in config.sizes])[index].append(value)
    means = {name: [statistics.fmean(values) for values in rows] for name, rows in draws.items()}
    return progress.result(metrics=summarize(draws, config), series={"d_k": list(config.sizes), **means})


def _draw(rng: random.Random, d_k: int, config: Config) -> dict[str, float]:
    """One replicate at one size."""
    q_MxD = _normal(rng, config.queries, d_k)
    k_NxD = _normal(rng, config.keys, d_k)
    dots_MxN = dot_products(q_MxD, k_NxD)
    found = {"variance": _mean_square(dots_MxN)}
    for name, scale in SCALES.items():
        p_MxN = attention_weights(dots_MxN, scale(d_k))
        norms = [jacobian_norm(p_N) for p_N in p_MxN]
        found[f"entropy, {name}"] = statistics.fmean(map(entropy, p_MxN)) / math.log(config.keys)
        found[f"median gradient, {name}"] = statistics.median(norms)
        found[f"mean gradient, {name}"] = statistics.fmean(norms)
    q_MxD = _correlate(rng, q_MxD, config.correlation)
    k_NxD = _correlate(rng, k_NxD, config.correlation)
    return found | {"variance, correlated": _mean_square(dot_products(q_MxD, k_NxD))}


def _normal(rng: random.Random, rows: int, columns: int) -> list[list[float]]:
    return [[rng.gauss(0.0, 1.0) for _ in range(columns)] for _ in range(rows)]


def _correlate(rng: random.Random, rows: Sequence[Sequence[float]], correlation: float) -> list[list[float]]:
    """Give the components of each vector a common part; each keeps mean 0 and variance 1."""
    own, common = math.sqrt(1 - correlation), math.sqrt(correlation)
    shifts = [common * rng.gauss(0.0, 1.0) for _ in rows]
    return [[own * value + shift for value in row] for row, shift in zip(rows, shifts, strict=True)]


def _mean_square(dots_MxN: Sequence[Sequence[float]]) -> float:
    """The variance of the dot products, whose mean is 0 by construction."""
    return statistics.fmean(value * value for dots_N in dots_MxN for value in dots_N)


def summarize(draws: Draws, config: Config) -> list[Metric]:
    """The metrics, over replicates. A ratio is that of the largest d_k to the smallest, a geometric mean."""
    slope, slope_ci = _slope(config.sizes, draws["variance"])
    correlated, correlated_ci = _slope(config.sizes, draws["variance, correlated"])
    scaled, scaled_ci = _ratio(draws["median gradient, √d_k"])
    median, median_ci = _ratio(draws["median gradient, 1"])
    mean, mean_ci = _ratio(draws["mean gradient, 1"])
    entropies = {name: student(draws[f"entropy, {name}"][-1]) for name in SCALES}
    selective = entropies["√d_k"][0]

    def spread(name: str, scale: str, baseline: float | None) -> Metric:
        value, ci95 = entropies[scale]
        label = f"최대 d_k의 entropy / ln N, scale {scale} · entropy at the largest d_k, scale {scale}"
        return Metric(name, value, label, ci95=ci95, baseline=baseline)

    ratio = "gradient {}의 비, scale {} · ratio of {} gradients, scale {}".format
    return [
        Metric("slope", slope, "기울기 · slope of log Var(q·k) on log d_k", ci95=slope_ci, baseline=1.0),
        Metric(
            "slope_correlated",
            correlated,
            "기울기, 성분 상관 · slope with correlated components",
            ci95=correlated_ci,
            baseline=slope,
        ),
        Metric("gradient_unscaled", median, ratio("중앙값", 1, "median", 1), "x", ci95=median_ci, baseline=scaled),
        Metric("gradient_unscaled_mean", mean, ratio("평균", 1, "mean", 1), "x", ci95=mean_ci, baseline=scaled),
        Metric("gradient_scaled", scaled, ratio("중앙값", "√d_k", "median", "√d_k"), "x", ci95=scaled_ci, baseline=1.0),
        spread("entropy_scaled", "√d_k", None),
        spread("entropy_unscaled", "1", selective),
        spread("entropy_overscaled", "d_k", selective),
    ]


def _slope(sizes: Sequence[int], variances: Sequence[Sequence[float]]) -> tuple[float, tuple[float, float]]:
    """Of log variance against log d_k, fitted in each replicate."""
    x = [math.log(size) for size in sizes]
    rows = ([math.log(value) for value in row] for row in zip(*variances, strict=True))
    return student([statistics.linear_regression(x, y).slope for y in rows])


def _ratio(by_size: Sequence[Sequence[float]]) -> tuple[float, tuple[float, float]]:
    """The last size's values over the first's."""
    tiny = math.ulp(0.0)  # a gradient that has underflowed counts as the smallest number there is
    pairs = zip(by_size[0], by_size[-1], strict=True)
    logs = [math.log(max(last, tiny)) - math.log(max(first, tiny)) for first, last in pairs]
    mean, (low, high) = student(logs)
    return math.exp(mean), (math.exp(low), math.exp(high))
