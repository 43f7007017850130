"""From scores to metrics with intervals, and to the series that figures are drawn from.

Intervals resample languages, not sentences: those of one language share its book.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nonmun.intervals import Interval, bootstrap, paired
from nonmun.runner import Metric

from .book import DOSES
from .measure import CHANCE, Scored, World, page
from .rows import DIRECTIONS, INTO

Array = NDArray[np.float64]
TITLES = {
    "none": ("책 없음", "no book"), "half": ("절반", "half"), "full": ("전체", "full book"),
    "shuffled": ("짝을 뒤섞은 책", "pairs shuffled"), "wrong": ("다른 언어의 책", "another language's book"),
    CHANCE: ("우연", "chance"),
}  # fmt: skip
DIRECTION = {
    DIRECTIONS[0]: ("영어→만든 언어", "English to the language"), DIRECTIONS[1]: ("만든 언어→영어", "into English"),
}  # fmt: skip
JUDGED = "판정, 둘 중 나쁜 방향 · Judged, the worse of both directions"
BESIDE = "영어→만든 언어, 영어→Kalamang 곁에 · English to the language, beside English to Kalamang"
KALAMANG = {"none": 12.0, "half": 59.1, "full": 59.0, "human": 57.0}  # [1], English to Kalamang, chrF
GAINLESS = 1.0  # points below which there is no gain to take a share of


def metrics(scored: Sequence[Scored]) -> list[Metric]:
    """What is judged first, then Kalamang's table, then everything."""
    return [*_judged(scored), *_beside(scored), *_tables(scored)]


def series(
    scored: Sequence[Scored], tested: Sequence[World], curve: Mapping[str, Any], trained: Mapping[str, Any]
) -> dict[str, Any]:
    """`curve` is the loss of each dose by step, `trained` what is known of the weights."""
    return {
        "chrf": {
            _short(direction): {dose: _mean(_chrf(scored, dose, direction)) for dose in (*DOSES, CHANCE)}
            for direction in DIRECTIONS
        },
        "exact": {
            _short(direction): {dose: _exact(scored, dose, direction) for dose in DOSES} for direction in DIRECTIONS
        },
        "kalamang": KALAMANG,
        "languages": len(scored),
        "pages": [page(world, own) for world, own in zip(tested[:3], scored[:3], strict=True)],
        "curve": {dose: list(points) for dose, points in curve.items()},
        "trained": dict(trained),
    }


def share(scored: Sequence[Scored], dose: str, direction: str) -> tuple[float, Interval]:
    """What part of the full book's gain over no book another book gives.

    Where the full book gives none there is no such part: then what would be wrong, 0 for half and 1 for controls.
    """
    gainless = 0.0 if dose == "half" else 1.0

    def statistic(own: Array, none: Array, full: Array) -> Array:
        gain = full.mean(-1) - none.mean(-1)
        part: Array = np.where(gain < GAINLESS, gainless, (own.mean(-1) - none.mean(-1)) / np.maximum(gain, GAINLESS))
        return part

    return bootstrap(statistic, *(_chrf(scored, one, direction) for one in (dose, "none", "full")))


def _judged(scored: Sequence[Scored]) -> Iterator[Metric]:
    over = [paired(_chrf(scored, "none", one), _chrf(scored, CHANCE, one)) for one in DIRECTIONS]
    value, ci95 = max(over)
    label = "chrF, 책 없음 − 우연 · chrF, no book − chance"
    yield Metric("none_over_chance", value, label, "points", "lower", ci95, 0.0, JUDGED)
    value, ci95 = min(paired(_chrf(scored, "full", one), _chrf(scored, "none", one)) for one in DIRECTIONS)
    label = "chrF, 전체 − 책 없음 · chrF, full book − no book"
    yield Metric("full_gain", value, label, "points", "higher", ci95, 0.0, JUDGED)
    for dose, worst, better in (("half", min, "higher"), ("shuffled", max, "lower"), ("wrong", max, "lower")):
        value, ci95 = worst(share(scored, dose, one) for one in DIRECTIONS)
        korean, english = TITLES[dose]
        label = f"전체 책이 준 이득에서 차지하는 몫, {korean} · part of the full book's gain, {english}"
        yield Metric(f"{dose}_share", value, label, "", better, ci95, 1.0 if dose == "half" else 0.0, JUDGED)


def _beside(scored: Sequence[Scored]) -> Iterator[Metric]:
    for dose in ("none", "half", "full"):
        value, ci95 = _mean(_chrf(scored, dose, INTO))
        korean, english = TITLES[dose]
        label = f"chrF, {korean} (비교: Kalamang) · chrF, {english} (compared: Kalamang)"
        yield Metric(f"beside/{dose}", value, label, "", "higher", ci95, KALAMANG[dose], BESIDE)


def _tables(scored: Sequence[Scored]) -> Iterator[Metric]:
    for direction in DIRECTIONS:
        group, short = " · ".join(DIRECTION[direction]), _short(direction)
        base = {"chrf": _mean(_chrf(scored, "none", direction))[0], "exact": _exact(scored, "none", direction)[0]}
        for dose in (*DOSES, CHANCE):
            value, ci95 = _mean(_chrf(scored, dose, direction))
            korean, english = TITLES[dose]
            label = f"chrF, {korean} · chrF, {english}"
            yield Metric(f"chrf/{short}/{dose}", value, label, "", "higher", ci95, base["chrf"], group)
        for dose in DOSES:
            value, ci95 = _exact(scored, dose, direction)
            korean, english = TITLES[dose]
            label = f"완전 일치, {korean} · exact match, {english}"
            yield Metric(f"exact/{short}/{dose}", value, label, "%", "higher", ci95, base["exact"], group)
        known = [one.known[direction] for one in scored]
        if any(known):
            value, ci95 = _percent([one.known_right[direction] for one in scored], known)
            label = "완전 일치, 절반, 낱말이 모두 실린 문장만 · exact match, half, where it tells every word"
            yield Metric(f"exact/{short}/half_known", value, label, "%", "higher", ci95, base["exact"], group)


def _chrf(scored: Sequence[Scored], dose: str, direction: str) -> list[float]:
    return [one.chrf[dose][direction] for one in scored]


def _mean(values: Sequence[float]) -> tuple[float, Interval]:
    return bootstrap(lambda own: own.mean(-1), values)


def _exact(scored: Sequence[Scored], dose: str, direction: str) -> tuple[float, Interval]:
    return _percent([one.right[dose][direction] for one in scored], [one.asked for one in scored])


def _percent(right: Sequence[float], asked: Sequence[float]) -> tuple[float, Interval]:
    """Of all questions together; 0 for a draw of languages none of whose questions count."""
    return bootstrap(lambda a, b: 100 * a.sum(-1) / np.maximum(b.sum(-1), 1), right, asked)


def _short(direction: str) -> str:
    return "into" if direction == INTO else "from"
