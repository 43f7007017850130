"""From what was measured to metrics with intervals, and to the series that figures are drawn from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import Any

import numpy as np

from nonmun.intervals import Interval, student
from nonmun.runner import Metric
from runners.selection import noise
from runners.selection.samplers import kendall
from runners.selection.training import Curve, tokens_to

from .measure import FRACTIONS, Array, Found
from .mixture import CLEAN, SHARES

RATERS = {  # 한국어, English
    "tuned": ("fine-tuned 평가 모델", "tuned rater"),
    "short": ("짧은 프롬프트", "short prompt"),
    "paper": ("논문의 프롬프트", "the paper's prompt"),
    "perplexity_low": ("낮은 perplexity", "low perplexity"),
    "perplexity_middle": ("중앙값에 가까운 perplexity", "perplexity near the median"),
}
CHOICES = {
    "everything": ("전체", "everything"), "ask_llm": ("Ask-LLM", "Ask-LLM"), "random": ("무작위", "random"),
    "density": ("density", "density"), "semdedup": ("SemDeDup", "SemDeDup"), "prototypes": ("prototypes", "prototypes"),
    "perplexity_low": ("낮은 perplexity", "low perplexity"),
    "perplexity_middle": ("중간 perplexity", "middle perplexity"),
    "perplexity_high": ("높은 perplexity", "high perplexity"),
}  # fmt: skip
SETS = {"good": ("고품질", "high-quality"), "same": ("원래 분포", "in-distribution")}
AUC, MASS = "처음 보는 잡음에 대한 AUC · AUC on unseen noise", "yes와 no의 확률 · Probability of yes and no"
CHOICE, TRAINING = "고른 글 · What is chosen", "작은 LM · The small LM"
FOOLING = ("repetition", "boilerplate")  # what low perplexity is expected to prefer


def metrics(found: Found) -> list[Metric]:
    return [*_raters(found), *_mass(found), *_saved(found), *_choices(found), *_losses(found)]


def auc(score_N: Array, good_N: Sequence[bool] | Any) -> float:
    """The share of pairs of a good text and another in which the good one scores higher; ties count half."""
    from scipy.stats import rankdata

    good = np.asarray(good_N, bool)
    yes, no = int(good.sum()), int((~good).sum())
    return float((rankdata(score_N)[good].sum() - yes * (yes + 1) / 2) / (yes * no))


def auc_interval(score_N: Array, good_N: Any, resamples: int = 2000) -> tuple[float, Interval]:
    """Both groups are drawn anew, each by itself."""
    good = np.asarray(good_N, bool)
    a, b = score_N[good], score_N[~good]
    wins = (a[:, None] > b) + 0.5 * (a[:, None] == b)
    rng = np.random.default_rng(0)
    found = [
        wins[np.ix_(rng.integers(0, len(a), len(a)), rng.integers(0, len(b), len(b)))].mean() for _ in range(resamples)
    ]
    low, high = np.quantile(found, [0.025, 0.975])
    return auc(score_N, good), (float(low), float(high))


def _raters(found: Found) -> Iterator[Metric]:
    kinds = np.array(found.kinds)
    for name, (korean, english) in RATERS.items():
        value, ci95 = auc_interval(found.scores[name], kinds == CLEAN)
        yield Metric(f"auc_{name}", value, f"모든 종류, {korean} · all kinds, {english}", "", "higher", ci95, 0.5, AUC)
    for name, (korean, english) in RATERS.items():
        for kind in noise.UNSEEN:
            value, ci95 = auc_interval(*_of(found, name, (kind,)))
            yield Metric(f"auc_{name}/{kind}", value, f"{kind}, {korean} · {english}", "", "higher", ci95, 0.5, AUC)
    value, ci95 = auc_interval(*_of(found, "perplexity_low", FOOLING))
    label = f"{' + '.join(FOOLING)}, 낮은 perplexity · low perplexity"
    yield Metric("auc_perplexity_low_fooled", value, label, "", "", ci95, 0.5, AUC)
    worse = [
        kind for kind in noise.UNSEEN
        if auc(*_of(found, "tuned", (kind,)))
        > max(auc(*_of(found, f"perplexity_{side}", (kind,))) for side in ("low", "middle"))
    ]  # fmt: skip
    label = "perplexity의 두 형태 모두 더 못 가려내는 종류 · kinds that both forms of perplexity rank worse"
    label += f": {', '.join(worse)}" if worse else ""
    yield Metric("perplexity_worse_kinds", len(worse), label, "", group=AUC)


def _of(found: Found, name: str, kinds: Sequence[str]) -> tuple[Array, Any]:
    """Scores of clean texts and of these kinds, and which are clean."""
    every = np.array(found.kinds)
    mask = np.isin(every, [CLEAN, *kinds])
    return found.scores[name][mask], every[mask] == CLEAN


def _mass(found: Found) -> Iterator[Metric]:
    for name, mass_N in found.mass.items():
        korean, english = RATERS[name]
        value, ci95 = student((100 * mass_N).tolist())
        yield Metric(f"mass_{name}", value, f"{korean} · {english}", "%", "", ci95, group=MASS)


def _saved(found: Found) -> Iterator[Metric]:
    """Against the high-quality loss that random draws from everything end with, seed by seed."""
    saved, gaps = [], []
    for ours, theirs in zip(found.trained.curves["ask_llm"], found.trained.curves["everything"], strict=True):
        share, gap = saving(ours, theirs)
        saved.append(share)
        gaps.append(gap)
    value, ci95 = student(saved)
    reached = sum(gap <= 0 for gap in gaps)
    label = (
        f"덜 드는 token, seed {reached}/{len(gaps)}개가 이름 · tokens saved, reached by {reached} of {len(gaps)} seeds"
    )
    yield Metric("tokens_saved", value, label, "%", "higher", ci95, 0.0, TRAINING)
    value, ci95 = student(gaps)
    label = "고품질 loss, Ask-LLM − 전체 · high-quality loss, Ask-LLM − everything"
    yield Metric("gap_good", value, label, "nats/token", "lower", ci95, 0.0, TRAINING)
    cost = found.rater_flop / found.train_flop
    label = "채점에 든 연산, 학습 한 번을 1로 · compute of rating the corpus, in trainings of the small LM"
    yield Metric("rating_cost", cost, label, "x", "lower", group=TRAINING)
    mean = fmean(saved) / 100
    if mean > 0:
        label = (
            "채점이 본전이 되는 학습 크기, 이 학습의 배수 · size of training at which rating pays, in units of this one"
        )
        yield Metric("pays_at", cost / mean, label, "x", "lower", group=TRAINING)


def saving(ours: Curve, theirs: Curve, which: str = "good") -> tuple[float, float]:
    """Per cent of tokens saved to reach their last loss, 0 where it is not reached; and our last loss minus theirs."""
    goal = theirs.losses[which][-1]
    needed = tokens_to(ours, which, goal)
    share = 0.0 if needed is None else 100 * (1 - needed / theirs.tokens[-1])
    return share, ours.losses[which][-1] - goal


def _choices(found: Found) -> Iterator[Metric]:
    base = 100 * fmean(kind == CLEAN for kind in found.corpus_kinds)
    for name, values in found.chosen_clean.items():
        korean, english = CHOICES[name]
        label = f"깨끗한 글의 몫, {korean} · share of clean texts, {english}"
        ci95 = student([100 * value for value in values])[1] if len(set(values)) > 1 else None
        yield Metric(f"clean_{name}", 100 * fmean(values), label, "%", "higher", ci95, base, CHOICE)


def _losses(found: Found) -> Iterator[Metric]:
    for which, (korean, english) in SETS.items():
        base = fmean(curve.losses[which][-1] for curve in found.trained.curves["everything"])
        for name, curves in found.trained.curves.items():
            value, ci95 = student([curve.losses[which][-1] for curve in curves])
            ours, theirs = CHOICES[name]
            label = f"{korean} loss, {ours} · {english} loss, {theirs}"
            yield Metric(f"loss_{which}/{name}", value, label, "nats/token", "lower", ci95, base, TRAINING)


def series(found: Found) -> dict[str, Any]:
    """All that the figures need."""
    curves = found.trained.curves
    ranked = {name: _direction(name, score_N) for name, score_N in found.score.items() if len(set(score_N)) > 1}
    return {
        "auc": {
            name: {kind: auc(*_of(found, name, (kind,))) for kind in noise.UNSEEN}
            | {"all": auc(found.scores[name], np.array(found.kinds) == CLEAN)}
            for name in RATERS
        },
        "shares": SHARES,
        "fractions": FRACTIONS,
        "kept": found.kept,
        "clean": fmean(kind == CLEAN for kind in found.corpus_kinds),
        "curves": {
            name: [{"tokens": curve.tokens, **{k: [round(x, 4) for x in v] for k, v in curve.losses.items()}}
                   for curve in own]
            for name, own in curves.items()
        },
        "saved": fmean(
            saving(a, b)[0] for a, b in zip(curves["ask_llm"], curves["everything"], strict=True)
        ),
        "rating_tokens": found.rater_flop / (6 * found.trained.parameters),
        "by_share": found.trained.by_share(),
        "parameters": found.trained.parameters,
        "tuning": [round(loss, 4) for loss in found.losses],
        "tau": {
            "names": list(ranked),
            "values": [[round(kendall(ranked[a], ranked[b]), 3) for b in ranked] for a in ranked],
        },
    }  # fmt: skip


def _direction(name: str, score_N: Array) -> Array:
    """Turned so that what is kept first is largest."""
    if name in {"density", "perplexity_low"}:
        return -score_N
    return -np.abs(score_N - np.median(score_N)) if name == "perplexity_middle" else score_N
