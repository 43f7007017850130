"""What has to hold, what did, and the verdict that follows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nonmun.record.metrics import Metric, RecordError, with_unit

VERDICTS = ("reproduced", "partly", "not reproduced")


@dataclass(frozen=True, slots=True)
class Criterion:
    """What has to hold of one metric for `claim` to stand; with `control`, for the whole experiment to mean anything.

    `interval` asks it of the whole 95 % interval instead of the value. `unit` is that of the metric, for the text.
    `presets` are those that measure it; without any, all do.
    """

    claim: str
    metric: str
    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None
    below: float | None = None
    interval: bool = False
    control: bool = False
    unit: str = ""
    presets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if all(bound is None for bound in (self.at_least, self.at_most, self.above, self.below)):
            raise RecordError(f"criterion on '{self.metric}': no bound, expected at_least, at_most, above or below")

    @property
    def text(self) -> str:
        """`≥ 15.5x`, `95 % CI > 0`, `0.95 ≤ 95 % CI ≤ 1.05`."""
        low = [(self.at_least, "≥", "≤"), (self.above, ">", "<")]
        high = [(self.at_most, "≤"), (self.below, "<")]
        lows = [(bound, *signs) for bound, *signs in low if bound is not None]
        highs = [f"{sign} {with_unit(f'{bound:g}', self.unit)}" for bound, sign in high if bound is not None]
        middle = "95 % CI" if self.interval else ""
        if lows and highs:
            before = f"{lows[0][0]:g} {lows[0][2]} {middle or 'value'}"
            return " ".join([before, *highs])
        texts = [f"{sign} {with_unit(f'{bound:g}', self.unit)}" for bound, sign, _ in lows] + highs
        return f"{middle} {' '.join(texts)}".lstrip()

    def holds(self, metric: Metric) -> bool:
        if self.interval and metric.ci95 is None:
            return False
        low, high = metric.ci95 if self.interval and metric.ci95 else (metric.value, metric.value)
        return (
            (self.at_least is None or low >= self.at_least)
            and (self.above is None or low > self.above)
            and (self.at_most is None or high <= self.at_most)
            and (self.below is None or high < self.below)
        )


@dataclass(frozen=True, slots=True)
class Check:
    """One criterion of a run: what is claimed, what was asked of which metric, what was measured, whether it holds."""

    claim: str
    criterion: str
    value: str
    passed: bool
    control: bool = False
    metric: str = ""


def judge(criteria: Iterable[Criterion], metrics: Iterable[Metric], *, preset: str = "") -> tuple[Check, ...]:
    """Hold each criterion against its metric. One whose metric was not measured does not hold."""
    by_name = {metric.name: metric for metric in metrics}
    checks = []
    for criterion in criteria:
        if preset and criterion.presets and preset not in criterion.presets:
            continue
        metric = by_name.get(criterion.metric)
        value = metric.shown if metric else "재지 못함 · not measured"
        passed = metric is not None and criterion.holds(metric)
        checks.append(Check(criterion.claim, criterion.text, value, passed, criterion.control, criterion.metric))
    return tuple(checks)


def verdict(checks: Sequence[Check]) -> str:
    """From the checks alone. Where a control does not come out as it must, the other checks prove nothing."""
    claims = [check.passed for check in checks if not check.control]
    if not any(claims) or not all(check.passed for check in checks if check.control):
        return "not reproduced"
    return "reproduced" if all(claims) else "partly"
