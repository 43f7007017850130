"""From what was measured to metrics with intervals, and to the series that figures are drawn from."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import Any

import numpy as np

from nonmun.intervals import Interval, bootstrap, student
from nonmun.runner import Metric
from runners.selection.samplers import kendall, spearman

from . import skew
from .measure import Found

NAMES = {  # 한국어, English
    "everything": ("전체", "everything"),
    "random": ("무작위", "random"),
    "density": ("density, p ∝ 1/S", "density, p ∝ 1/S"),
    "printed": ("인쇄된 대로 p ∝ S", "as printed, p ∝ S"),
    "wide": ("지나치게 넓은 칸", "cells far too wide"),
    "perplexity_low": ("낮은 perplexity", "low perplexity"),
    "perplexity_middle": ("중간 perplexity", "middle perplexity"),
    "perplexity_high": ("높은 perplexity", "high perplexity"),
    "semdedup": ("SemDeDup", "SemDeDup"),
    "prototypes": ("prototypes", "prototypes"),
}
SKETCH, SHARE = (
    "Sketch",
    f"10 % 표본에서 가장 큰 주제의 비중 · Share of the dominant topic ({skew.DOMINANT}) in the sample",
)
LOSS = "작은 LM의 loss · Loss of the small LM"
SETS = {"same": ("원래 분포", "in-distribution"), "good": ("고품질", "high-quality")}
POINTS = 250  # of the scatter plot


def metrics(found: Found) -> list[Metric]:
    return [*_sketch(found), *_shares(found), *_rare(found), *_losses(found)]


def _sketch(found: Found) -> Iterator[Metric]:
    ranks = [_ranks(found.S_N), _ranks(found.exact_N)]
    _, ci95 = bootstrap(_pearson, *ranks, resamples=500)
    value = spearman(found.S_N, found.exact_N)
    label = "순위 상관, 정확한 kernel 밀도와 · rank correlation with exact kernel density"
    yield Metric(
        "rank_correlation", value, label, "", "higher", (min(ci95[0], value), max(ci95[1], value)), group=SKETCH
    )
    ratio = float(found.S_N.max() / found.S_N.min())
    yield Metric("S_ratio", ratio, "S의 최대와 최소의 비 · S_max / S_min", "x", group=SKETCH)
    ratio = float(found.wide_N.max() / found.wide_N.min())
    yield Metric("S_ratio_wide", ratio, "같은 비, 지나치게 넓은 칸 · the same, cells far too wide", "x", group=SKETCH)


def _shares(found: Found) -> Iterator[Metric]:
    for name, drawn in found.drawn.items():
        values = [one[skew.DOMINANT] for one in drawn]
        value, ci95 = _mean(values)
        korean, english = NAMES[name]
        yield Metric(
            f"share_{name}", value, f"{korean} · {english}" if korean != english else english, "", "", ci95,
            skew.SHARES[skew.DOMINANT], SHARE,
        )  # fmt: skip


def _rare(found: Found) -> Iterator[Metric]:
    """The worst of all draws counts: a topic that is missing once is missing."""
    there = {topic for topic in skew.RARE if topic in found.topics}
    for name in ("density", "random"):
        least = min(sum(one[topic] > 0 for topic in there) / len(there) for one in found.drawn[name])
        korean, english = NAMES[name]
        label = f"드문 주제 가운데 표본에 있는 몫, {korean} · share of rare topics in the sample, {english}"
        group = f"가장 나쁜 표본 · Worst of {len(found.drawn[name])} samples ({', '.join(sorted(there))})"
        yield Metric(f"rare_{name}", least, label, "", "higher", group=group)


def _losses(found: Found) -> Iterator[Metric]:
    gaps = [end(one, "same") - end(other, "same") for one, other in _pairs(found, "density", "everything")]
    mean, (low, high) = student(gaps)
    half = max((high - low) / 2, 1e-9)
    label = f"전체와의 loss 차이 ÷ 그 95 % 구간의 반 ({mean:+.3f} ± {half:.3f})"
    label += " · loss gap to everything over half its 95 % interval"
    yield Metric("loss_gap_over_noise", mean / half, label, "x", "lower", group=LOSS)
    for name in found.trained.curves:
        for which, (korean, english) in SETS.items():
            value, ci95 = student([end(curve, which) for curve in found.trained.curves[name]])
            base = fmean(end(curve, which) for curve in found.trained.curves["everything"])
            ours, theirs = NAMES[name]
            label = f"{korean}, {ours} · {english}, {theirs}"
            yield Metric(f"loss_{which}/{name}", value, label, "nats/token", "lower", ci95, base, LOSS)
        if name != "everything":
            gaps = [end(one, "same") - end(other, "same") for one, other in _pairs(found, name, "everything")]
            value, ci95 = student(gaps)
            label = f"원래 분포, 전체와의 차이: {NAMES[name][0]} · in-distribution, gap to everything: {NAMES[name][1]}"
            yield Metric(f"gap_same/{name}", value, label, "nats/token", "lower", ci95, 0.0, LOSS)


def _pairs(found: Found, one: str, other: str) -> zip[tuple[Any, Any]]:
    """Curves of the same seed."""
    return zip(found.trained.curves[one], found.trained.curves[other], strict=True)


def end(curve: Any, which: str) -> float:
    return curve.losses[which][-1]


def _mean(values: Sequence[float]) -> tuple[float, Interval | None]:
    """Its interval where there is more than one, and they differ."""
    return student(values) if len(values) > 1 else (values[0], None)


def _ranks(values: Any) -> Any:
    from scipy.stats import rankdata

    return rankdata(values)


def _pearson(one: Any, other: Any) -> Any:
    a, b = (x - x.mean(-1, keepdims=True) for x in (one, other))
    return (a * b).sum(-1) / np.sqrt((a * a).sum(-1) * (b * b).sum(-1))


def series(found: Found) -> dict[str, Any]:
    """All that the figures need."""
    shown = np.linspace(0, len(found.S_N) - 1, min(POINTS, len(found.S_N))).astype(int)
    names = list(found.score)
    ranked = {name: _direction(name, found.score[name]) for name in names if len(set(found.score[name])) > 1}
    return {
        "S": [round(float(found.S_N[i]), 3) for i in shown],
        "exact": [round(float(found.exact_N[i]), 3) for i in shown],
        "topic": [found.topics[i] for i in shown],
        "rank_correlation": spearman(found.S_N, found.exact_N),
        "histogram": _histogram(found),
        "shares": {
            name: {topic: fmean(one[topic] for one in drawn) for topic in skew.SHARES}
            for name, drawn in found.drawn.items()
        },
        "corpus": skew.shares(found.topics),
        "keep": found.keep,
        "curves": {
            name: [{"tokens": curve.tokens, **{k: [round(x, 4) for x in v] for k, v in curve.losses.items()}}
                   for curve in curves]
            for name, curves in found.trained.curves.items()
        },
        "by_share": found.trained.by_share(),
        "parameters": found.trained.parameters,
        "tau": {
            "names": list(ranked),
            "values": [[round(kendall(ranked[a], ranked[b]), 3) for b in ranked] for a in ranked],
        },
    }  # fmt: skip


def _direction(name: str, score_N: Any) -> Any:
    """Turned so that what is kept first is largest."""
    if name in {"density", "wide", "perplexity_low"}:
        return -score_N
    return -np.abs(score_N - np.median(score_N)) if name == "perplexity_middle" else score_N


def _histogram(found: Found) -> dict[str, list[float]]:
    """log10 of S, of the dominant topic and of the others."""
    log = np.log10(found.S_N)
    edges = np.linspace(0, max(0.1, math.ceil(10 * float(log.max())) / 10), 31)
    mask = np.array([topic == skew.DOMINANT for topic in found.topics])
    return {
        "edges": [round(float(edge), 3) for edge in edges],
        "dominant": np.histogram(log[mask], edges)[0].tolist(),
        "others": np.histogram(log[~mask], edges)[0].tolist(),
    }
