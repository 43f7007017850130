"""From what was measured to metrics with intervals, and to the series that figures are drawn from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from nonmun.intervals import Interval, wilson
from nonmun.runner import Metric

from .losses import Losses
from .measure import MODES, Cells, Measured
from .method import collapse, margin_needed
from .pretrained import Asked, Row

if TYPE_CHECKING:
    from .demo import Config

JUDGED = "판정하는 값 · What is judged"
CONTROLS = "대조군 · Controls"
LAW = "재현율이 무너지는 길이 · Where recall collapses"
NAMES = {"log_n": "log N 보정 · log-N scaling", "fixed": "log N 보정 없음 · no log-N scaling"}
LONG = 8192  # from here on time is fitted: below it the fixed cost of a call counts
RESAMPLES = 1000
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Everything:
    """What a run measured."""

    config: Config
    measured: Measured
    losses: Losses
    memory: list[dict[str, int]]
    asked: Asked
    log: list[float]


def metrics(found: Everything) -> list[Metric]:
    cells, measured = found.measured.cells, found.measured
    worst = min(cells, key=lambda one: (fmean(one.hit["log_n"]), -one.length))
    made = [_share("recall", worst.hit["log_n"], f"재현율이 가장 낮은 길이 · lowest recall of any length: "
                   f"{short(worst.length)}", JUDGED)]  # fmt: skip
    made += _collapse(found)
    made += _costs(found)
    off = max([one.off_depth for one in cells] + [row.off_depth for row in found.asked.rows])
    made.append(
        Metric(
            "depth_off", off, "요청한 깊이와의 차이 · depth asked for against reached", "tokens", "lower", group=JUDGED
        )
    )
    label = "확률의 차이, chunked와 dense · difference of probabilities, chunked and dense"
    made.append(Metric("chunked_error", measured.chunked_error, label, "", "lower", group=JUDGED))
    label = "같은 값, key를 bfloat16으로 보관 · the same with keys kept in bfloat16"
    made.append(Metric("stored_error", measured.stored_error, label, "", "lower", group=JUDGED))
    for name, hits, label in (
        ("empty", measured.empty, "바늘 없음 · no needle"),
        ("decoy", [hit for one in cells for hit in one.decoy], "다른 도시의 바늘만 · needles for other cities only"),
        ("local", [hit for one in cells for hit in one.local], "전체를 보는 층을 끔 · global layer off"),
    ):
        made.append(_share(f"recall_{name}", hits, f"재현율, {label} · recall", CONTROLS, "lower"))
    for mode in MODES:
        made += [one for each in cells for one in _length(each, mode)]
    for many, rows in measured.many.items():
        group = f"바늘 {many}개 · {many} needles"
        made += [_share(f"many/{many}/{length}", hits, f"{short(length)}: 재현율 · recall", group)
                 for length, hits in rows.items()]  # fmt: skip
    a, b, c = found.losses.law
    group = "위치에 따른 누적 NLL · Cumulative NLL by position"
    made.append(Metric("nll/exponent", b, f"L(x) = a x^b + c의 b (a = {a:.3g}, c = {c:.3g})", group=group))
    made.append(
        Metric("nll/off", found.losses.off, "식과의 차이, 제곱평균제곱근 · rms distance from it", "nats", group=group)
    )
    made += [one for row in found.asked.rows for one in _row(found.config.model, row)]
    return made


def _share(name: str, hits: Sequence[bool], label: str, group: str, better: str = "higher") -> Metric:
    return Metric(
        name, fmean(hits), f"{label} (n = {len(hits)})", "", better, wilson(sum(hits), len(hits)), group=group
    )


def _length(one: Cells, mode: str) -> Iterator[Metric]:
    yield _share(f"{mode}/recall/{one.length}", one.hit[mode], f"{short(one.length)}: 재현율 · recall", NAMES[mode])
    label = f"{short(one.length)}: 정답 숫자의 확률 · probability of the number"
    values = one.probability[mode]
    yield Metric(
        f"{mode}/probability/{one.length}", fmean(values), label, "", "higher", _spread(values), group=NAMES[mode]
    )
    label = f"{short(one.length)}: margin의 중앙값 · median margin (p = 1/2: {margin_needed(one.length):.1f})"
    yield Metric(f"{mode}/margin/{one.length}", _margin(one, mode), label, "nats", "higher", group=NAMES[mode])


def _margin(one: Cells, mode: str) -> float:
    return median(value for pair in one.margin[mode] for value in pair)


def _spread(values: Sequence[float]) -> Interval | None:
    if len(values) < 2:
        return None
    drawn = np.random.default_rng(0).choice(np.array(values), (RESAMPLES, len(values))).mean(1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def crossing(lengths: Array, means: Array, p: float = 0.5) -> Array:
    """Where means, resamples x lengths, first fall through p: a straight line in ln N between two lengths; else nan."""
    falls = (means[:, :-1] >= p) & (means[:, 1:] < p)
    at = falls.argmax(1)
    row = np.arange(len(means))
    upper, lower, x = means[row, at], means[row, at + 1], np.log(lengths)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        place = x[at] + (upper - p) / (upper - lower) * (x[at + 1] - x[at])
        return np.where(falls.any(1), np.exp(place), np.nan)


def lengths_of_collapse(cells: Sequence[Cells], trained: int) -> tuple[Array, Array]:
    """Measured and predicted, without log-N scaling: the value first, then resamples of the needles of each length.

    Predicted from the margins at the trained length alone.
    """
    rng = np.random.default_rng(0)
    lengths = np.array([one.length for one in cells], dtype=np.float64)
    means = np.stack([_resampled(rng, np.array(one.probability["fixed"])).mean(1) for one in cells], axis=1)
    home = next(one for one in cells if one.length == trained)
    margins = _resampled(rng, np.array(home.margin["fixed"]))  # resamples x needles x tokens
    return crossing(lengths, means), collapse(torch.from_numpy(margins).transpose(1, 2)).numpy()


def _resampled(rng: np.random.Generator, rows: Array) -> Array:
    """The rows themselves, then RESAMPLES draws of as many."""
    picks = np.concatenate([np.arange(len(rows))[None], rng.integers(0, len(rows), (RESAMPLES, len(rows)))])
    return rows[picks]


def _collapse(found: Everything) -> Iterator[Metric]:
    measured, predicted = lengths_of_collapse(found.measured.cells, found.config.trained)
    label = "예측: 2k의 margin을 식에 넣은 길이 · predicted by the formula from margins at the trained length"
    yield Metric("collapse_predicted", float(predicted[0]), label, "tokens", "", _ends(predicted), group=LAW)
    if np.isfinite(measured[0]):
        label = "측정: 정답 숫자의 확률이 1/2이 되는 길이 · measured, where the probability of the number is 1/2"
        yield Metric("collapse_measured", float(measured[0]), label, "tokens", "", _ends(measured), group=LAW)
        label = "측정 / 예측 · measured / predicted"
        ratio = measured / predicted
        yield Metric("collapse_ratio", float(ratio[0]), label, "x", "", _ends(ratio), group=LAW)
    lengths = np.array([one.length for one in found.measured.cells], dtype=np.float64)
    hits = crossing(lengths, np.array([[fmean(one.hit["fixed"]) for one in found.measured.cells]]))
    if np.isfinite(hits[0]):
        label = "greedy 재현율이 1/2이 되는 길이 · where greedy recall is 1/2"
        yield Metric("collapse_greedy", float(hits[0]), label, "tokens", group=LAW)


def _ends(values: Array) -> Interval | None:
    known = values[1:][np.isfinite(values[1:])]
    if len(known) < RESAMPLES / 2:
        return None
    low, high = np.quantile(known, [0.025, 0.975])
    return float(low), float(high)


def _costs(found: Everything) -> Iterator[Metric]:
    memory = found.memory
    if len(memory) > 1:
        slope = _slope([one["length"] for one in memory], [one["peak"] for one in memory])
        kept = memory[-1]["kept"] / memory[-1]["length"]
        label = f"token당 메모리 / 보관할 KV {kept:.0f} byte · memory per token / the {kept:.0f} bytes of KV"
        yield Metric("memory_ratio", slope / kept, label, "x", "lower", group=JUDGED)
    cells = found.measured.cells
    label = "prefill CPU 시간 ~ N^x의 x · x of prefill CPU time ~ N^x"
    yield Metric("time_exponent", _exponent(cells), label, "", "lower", group=JUDGED)
    rate = cells[-1].length / min(cells[-1].seconds)
    label = f"prefill, {short(cells[-1].length)} token · tokens"
    yield Metric("prefill_rate", rate, label, "tokens/CPU s", "higher", group=JUDGED)


def _exponent(cells: Sequence[Cells]) -> float:
    """Of the fastest reading at each length from LONG on, or of all where few are longer."""
    timed = [one for one in cells if one.length >= LONG]
    timed = timed if len(timed) > 1 else list(cells)
    return _slope([float(np.log(one.length)) for one in timed], [float(np.log(min(one.seconds))) for one in timed])


def _slope(x: Sequence[float], y: Sequence[float]) -> float:
    return float(np.polyfit(np.array(x, dtype=np.float64), np.array(y, dtype=np.float64), 1)[0])


def _row(model: str, row: Row) -> Iterator[Metric]:
    scaled = "" if row.rope == "none" else f", {row.rope.upper()}"
    group = f"{model}{scaled}"
    key = f"pretrained/{row.rope}/{row.length}"
    yield _share(f"{key}/recall", row.hit, f"{short(row.length)}: 재현율 · recall", group)
    label = f"{short(row.length)}: 정답 숫자의 확률 · probability of the number"
    yield Metric(
        f"{key}/probability", fmean(row.probability), label, "", "higher", _spread(row.probability), group=group
    )
    label = f"{short(row.length)}: 바늘 없이 · without the needle"
    yield _share(f"{key}/empty", row.empty, label, group, "lower")
    label = f"{short(row.length)}: 다른 도시를 물어도 이 숫자 · this number when asked for another city"
    yield _share(f"{key}/other", row.other, label, group, "lower")


def short(length: int) -> str:
    """2k, 128k, 1M, 10M."""
    for size, unit in ((2**20, "M"), (10**6, "M"), (2**10, "k"), (10**3, "k")):
        if length >= size and length % size == 0:
            return f"{length // size}{unit}"
    return str(length)


def series(found: Everything) -> dict[str, Any]:
    """All that the figures need."""
    cells, config = found.measured.cells, found.config
    measured, predicted = lengths_of_collapse(cells, config.trained)
    one = cells[0]
    return {
        "lengths": [one.length for one in cells],
        "names": [short(one.length) for one in cells],
        "depths": sorted(set(one.depth)),
        "probability": {mode: [_by_depth(one, one.probability[mode]) for one in cells] for mode in MODES},
        "hit": {mode: [_by_depth(one, one.hit[mode]) for one in cells] for mode in MODES},
        "recall": {mode: [fmean(one.hit[mode]) for one in cells] for mode in MODES},
        "mean": {mode: [fmean(one.probability[mode]) for one in cells] for mode in MODES},
        "margin": {mode: [_quartiles(one, mode) for one in cells] for mode in MODES},
        "needed": [margin_needed(one.length) for one in cells],
        "controls": {
            "empty": fmean(found.measured.empty),
            "decoy": fmean(hit for one in cells for hit in one.decoy),
            "local": fmean(hit for one in cells for hit in one.local),
        },
        "asked": {one.length: len(one.depth) for one in cells},
        "trained": config.trained,
        "predicted": float(predicted[0]),
        "measured": float(measured[0]) if np.isfinite(measured[0]) else None,
        "many": {k: {length: fmean(hits) for length, hits in rows.items()} for k, rows in found.measured.many.items()},
        "seconds": [min(one.seconds) for one in cells],
        "exponent": _exponent(cells),
        "memory": found.memory,
        "dense_seconds": found.measured.dense_seconds,
        "nll": {
            "position": found.losses.position, "own": found.losses.own, "cumulative": found.losses.cumulative,
            "law": list(found.losses.law), "off": found.losses.off,
        },
        "pretrained": [
            {
                "length": row.length, "name": short(row.length), "rope": row.rope, "depth": sorted(set(row.depth)),
                "probability": _by_depth(row, row.probability), "hit": _by_depth(row, row.hit), "asked": len(row.hit),
                "seconds": row.seconds, "mean": fmean(row.probability), "recall": fmean(row.hit),
                "other": fmean(row.other),
            }
            for row in found.asked.rows
        ],
        "pretrained_nll": found.asked.nll,
        "model": config.model,
        "losses": found.log[:: max(1, len(found.log) // 100)],
    }  # fmt: skip


def _by_depth(one: Cells | Row, values: Sequence[float]) -> list[float]:
    return [
        fmean(v for v, at in zip(values, one.depth, strict=True) if at == depth) for depth in sorted(set(one.depth))
    ]


def _quartiles(one: Cells, mode: str) -> list[float]:
    return [float(end) for end in np.quantile(np.array(one.margin[mode]).ravel(), [0.05, 0.5, 0.95])]
