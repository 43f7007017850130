"""One measured number, and the error of all that is no valid record."""

from __future__ import annotations

import math
from dataclasses import dataclass

BETTER = ("", "higher", "lower")


class RecordError(ValueError):
    """Something that is no valid record; the message names the key, what was found there and what was expected."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One measured number.

    `name` is what criteria and plots call it; `label` what a page shows, `한국어 · English`. `baseline` is the number
    that it is to be compared with, in the same unit. Metrics of one `group` stand together, under that heading.
    """

    name: str
    value: float
    label: str = ""
    unit: str = ""
    better: str = ""  # "higher", "lower" or, where neither is, ""
    ci95: tuple[float, float] | None = None
    baseline: float | None = None
    group: str = ""

    def __post_init__(self) -> None:
        where = f"metric '{self.name}'"
        if self.better not in BETTER:
            raise RecordError(f"{where}: better is {self.better!r}, expected 'higher', 'lower' or ''")
        for key, number in (("value", self.value), ("baseline", self.baseline), *_ends(self.ci95)):
            if number is not None and not math.isfinite(number):
                raise RecordError(f"{where}: {key} is {number}, expected a finite number")
        if self.ci95 is not None and self.ci95[0] > self.ci95[1]:
            raise RecordError(f"{where}: ci95 is {self.ci95}, expected its lower end first")

    @property
    def shown(self) -> str:
        """Value, unit and interval with three digits each."""
        value = with_unit(f"{self.value:.3g}", self.unit)
        return value if self.ci95 is None else f"{value} [{self.ci95[0]:.3g}, {self.ci95[1]:.3g}]"


def _ends(ci95: tuple[float, float] | None) -> list[tuple[str, float]]:
    return [] if ci95 is None else [("ci95[0]", ci95[0]), ("ci95[1]", ci95[1])]


def with_unit(number: str, unit: str) -> str:
    return f"{number}{unit}" if unit == "x" else f"{number} {unit}".rstrip()
