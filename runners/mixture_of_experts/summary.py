"""From what was measured to metrics with intervals, and to the series that figures are drawn from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from torch import Tensor

from nonmun.intervals import Interval, student
from nonmun.runner import Metric

from .corpus import CLASSES, TITLES, Corpus
from .measure import Measured, told_by_expert
from .method import load_entropy
from .model import KINDS, Shape, active_multiplications, dense_hidden, parameters

NAMES = {  # 한국어, English
    "sparse": ("top-2 sparse", "top-2 sparse"),
    "dense": ("dense, 활성 FLOP이 같음", "dense, equal active FLOPs"),
    "dense_total": ("dense, 전체 parameter가 같음", "dense, equal total parameters"),
    "no_aux": ("sparse, 보조 loss 없음", "sparse, no auxiliary loss"),
    "frozen": ("sparse, 무작위로 고정한 router", "sparse, router frozen at random"),
}
ROUTED = ("sparse", "no_aux", "frozen")
JUDGED, LOSS = "seed 전체 · Over all seeds", "검증 loss · Validation loss"
ROUTING, SIZE = "부하와 버려진 token · Load and dropped tokens", "크기와 연산 · Size and compute"
IDLE = 0.1  # an expert with less than this part of an even load is not in use
LAST = 10  # the last tenth of training


def metrics(found: Sequence[Measured], shape: Shape, seconds: Mapping[str, float]) -> list[Metric]:
    by_kind = {kind: own for kind in KINDS if (own := [one for one in found if one.trained.kind == kind])}
    return [*_judged(by_kind, seconds), *_losses(by_kind), *_routing(by_kind), *_sizes(by_kind, shape)]


def over_seeds(values: Sequence[float]) -> tuple[float, Interval | None]:
    """The mean, with Student's interval where there are seeds enough for one."""
    return student(values) if len(values) > 1 else (values[0], None)


def _less(ours: Sequence[Measured], theirs: Sequence[Measured]) -> list[float]:
    """Loss minus loss, of the seeds that both have."""
    other = {one.trained.seed: one.loss for one in theirs}
    return [one.loss - other[one.trained.seed] for one in ours if one.trained.seed in other]


def entropy_of(one: Measured) -> float:
    """Mean over layers of the entropy of the load on all validation text, 1 where it is even."""
    assert one.by_text is not None
    return fmean(load_entropy(load_E) for load_E in one.by_text.sum(1))


def _judged(by_kind: Mapping[str, Sequence[Measured]], seconds: Mapping[str, float]) -> Iterator[Metric]:
    value, ci95 = over_seeds(_less(by_kind["sparse"], by_kind["dense"]))
    label = "검증 loss, sparse − dense, 같은 활성 FLOP · validation loss, sparse − dense at equal active FLOPs"
    yield Metric("sparse_minus_dense", value, label, "nats/byte", "lower", ci95, 0.0, JUDGED)
    if "frozen" in by_kind:
        value, ci95 = over_seeds(_less(by_kind["frozen"], by_kind["sparse"]))
        label = "검증 loss, 고정한 router − 학습한 router · validation loss, frozen − learned router"
        yield Metric("frozen_minus_sparse", value, label, "nats/byte", "higher", ci95, 0.0, JUDGED)
    gaps = [
        entropy_of(without) - entropy_of(own) for without, own in zip(by_kind["no_aux"], by_kind["sparse"], strict=True)
    ]
    label = "부하의 entropy, 보조 loss 없이 − 있이, 가장 큰 seed · load entropy, without − with, largest of the seeds"
    yield Metric("entropy_gap", max(gaps), label, "", "lower", baseline=0.0, group=JUDGED)
    error = max(one.aux_error for own in by_kind.values() for one in own if one.aux_error is not None)
    label = "보조 loss와 token별 반복문의 상대 오차 · auxiliary loss against a loop over tokens, relative error"
    yield Metric("aux_error", error, label, "", "lower", group=JUDGED)
    label = "층의 계산 시간, sparse / dense, 같은 활성 FLOP · time of a layer, sparse / dense at equal active FLOPs"
    yield Metric("time_ratio", seconds["sparse"] / seconds["dense"], label, "x", "lower", baseline=1.0, group=JUDGED)


def _losses(by_kind: Mapping[str, Sequence[Measured]]) -> Iterator[Metric]:
    """All text together, then each kind of it; the baseline is dense at equal active FLOPs, on the same seeds."""
    for text in (None, *TITLES):
        group = LOSS if text is None else f"{LOSS}, {TITLES[text]}"
        for kind, own in by_kind.items():
            seeds = {one.trained.seed for one in own}
            base = [_nats(one, text) for one in by_kind["dense"] if one.trained.seed in seeds]
            value, ci95 = over_seeds([_nats(one, text) for one in own])
            korean, english = NAMES[kind]
            label = f"{korean} · {english}" + (f" ({len(own)} seed)" if len(own) < len(by_kind["dense"]) else "")
            name = f"loss/{kind}" if text is None else f"loss/{text}/{kind}"
            yield Metric(name, value, label, "nats/byte", "lower", ci95, fmean(base), group)


def _nats(one: Measured, text: str | None) -> float:
    return one.loss if text is None else one.nats[text]


def _routing(by_kind: Mapping[str, Sequence[Measured]]) -> Iterator[Metric]:
    for kind in ROUTED:
        if kind not in by_kind:
            continue
        own, (korean, english) = by_kind[kind], NAMES[kind]
        value, ci95 = over_seeds([entropy_of(one) for one in own])
        label = f"부하의 entropy, {korean} · load entropy, {english}"
        yield Metric(f"entropy/{kind}", value, label, "", "higher", ci95, 1.0, ROUTING)
        value, ci95 = over_seeds([experts_in_use(one) for one in own])
        label = f"쓰이는 expert, {korean} · experts in use, {english}"
        yield Metric(f"in_use/{kind}", value, label, "", "higher", ci95, float(_experts(own[0])), ROUTING)
        value, ci95 = over_seeds([100 * fmean(one.trained.dropped) for one in own])
        label = f"학습에서 버려진 몫, {korean} · dropped in training, {english}"
        yield Metric(f"dropped/{kind}", value, label, "%", "lower", ci95, group=ROUTING)
        value, ci95 = over_seeds([100 * fmean(tail(one.trained.dropped)) for one in own])
        label = f"마지막 10분의 1에서 버려진 몫, {korean} · dropped in its last tenth, {english}"
        yield Metric(f"dropped_last/{kind}", value, label, "%", "lower", ci95, group=ROUTING)
        for what, korean_what, english_what, counts in (
            ("text", "글의 종류", "text", [one.by_text for one in own]),
            ("class", "문자의 종류", "character", [one.by_class for one in own]),
        ):
            told = [fmean(told_by_expert(load_CE) for load_CE in load) for load in counts if load is not None]
            value, ci95 = over_seeds([100 * one for one in told])
            label = f"expert가 알려 주는 {korean_what}, {korean} · kind of {english_what} told by the expert, {english}"
            yield Metric(f"told_{what}/{kind}", value, label, "%", "", ci95, 0.0, ROUTING)


def _experts(one: Measured) -> int:
    assert one.by_text is not None
    return one.by_text.shape[-1]


def experts_in_use(one: Measured) -> float:
    """Mean over layers."""
    assert one.by_text is not None
    load_LE = one.by_text.sum(1).double()
    even = load_LE.sum(1, keepdim=True) / load_LE.shape[1]
    return (load_LE >= IDLE * even).sum(1).double().mean().item()


def tail(values: Sequence[float]) -> Sequence[float]:
    return values[-max(1, len(values) // LAST) :]


def _sizes(by_kind: Mapping[str, Sequence[Measured]], shape: Shape) -> Iterator[Metric]:
    base = active_multiplications(shape, "dense")
    for kind, own in by_kind.items():
        if kind in ("sparse", "dense", "dense_total"):
            korean, english = NAMES[kind]
            label = f"parameter 수, {korean} · parameters, {english}"
            yield Metric(f"parameters/{kind}", parameters(own[0].trained.model) / 1e6, label, "M", group=SIZE)
            label = f"token당 FFN 곱셈, {korean} · multiplications of a token in FFN layers, {english}"
            cost = active_multiplications(shape, kind) / 1e3
            yield Metric(f"active/{kind}", cost, label, "k", baseline=base / 1e3, group=SIZE)


def series(found: Sequence[Measured], corpus: Corpus, shape: Shape, seconds: Mapping[str, float]) -> dict[str, Any]:
    """All that the figures need, and what was read."""
    first = {one.trained.kind: one for one in reversed(found)}
    return {
        "corpus": {
            kind: {"bytes": corpus.size[kind], "sha256": corpus.sha256[kind], "train": len(corpus.train[kind]),
                   "valid": len(corpus.valid[kind])}
            for kind in corpus.size
        },
        "experts": shape.experts,
        "hidden": {"sparse": shape.hidden, **{kind: dense_hidden(shape, kind) for kind in ("dense", "dense_total")}},
        "loss": {kind: [one.loss for one in found if one.trained.kind == kind] for kind in first},
        "seeds": {kind: [one.trained.seed for one in found if one.trained.kind == kind] for kind in first},
        "curves": {
            kind: [_thin(one.trained.losses) for one in found if one.trained.kind == kind] for kind in first
        },
        "entropy": {
            kind: [_thin(one.trained.entropies) for one in found if one.trained.kind == kind]
            for kind in first if kind in ROUTED
        },
        "dropped": {
            kind: [_thin(one.trained.dropped) for one in found if one.trained.kind == kind]
            for kind in first if kind in ROUTED
        },
        "steps": len(found[0].trained.losses),
        "texts": list(TITLES.values()),
        "classes": list(CLASSES),
        "by_text": {kind: _counts(one.by_text) for kind, one in first.items()},
        "by_class": {kind: _counts(one.by_class) for kind, one in first.items()},
        "layer_ms": {name: 1e3 * value for name, value in seconds.items()},
    }  # fmt: skip


def _counts(load: Tensor | None) -> list[Any]:
    return [] if load is None else load.tolist()


def _thin(values: Sequence[float], points: int = 60) -> list[list[float]]:
    """Means of equal stretches: the middle step of each, and the mean."""
    size = max(1, len(values) // points)
    parts = [(start, values[start : start + size]) for start in range(0, len(values), size)]
    return [[round(start + len(part) / 2, 1), round(fmean(part), 4)] for start, part in parts]
