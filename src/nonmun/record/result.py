"""A whole run as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nonmun.record.criteria import Check, verdict
from nonmun.record.metrics import Metric

Text = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Figure:
    """One picture of a result: the file beside the record, its finding, what it shows in words, and its sha256."""

    name: str
    file: str
    title: str
    alt: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Clip:
    """A moving picture of a result: an animated WebP beside the record, and a still of it, another WebP.

    `width` and `height` are those it is shown at, in CSS pixels, which may be a whole multiple of the file's.
    """

    name: str
    file: str
    still: str
    title: str
    alt: str
    width: int
    height: int
    sha256: str
    still_sha256: str


@dataclass(frozen=True, slots=True)
class Result:
    """One run of one runner, whole.

    `config` is what was asked for, `config_schema` the JSON schema of it; `sources` the sha256 of each file of code
    that was run; `started` an ISO time with its zone; `seconds` the run's wall time; `peak_memory` the largest resident
    size of the process in bytes, where the system tells. `series` is what the figures are drawn from.
    """

    runner: str
    preset: str
    paper: str
    claim: Text  # ko, en
    config: Mapping[str, Any]
    seed: int
    device: str
    threads: int
    versions: Text
    sources: Text
    started: str
    seconds: float
    peak_memory: int | None
    metrics: tuple[Metric, ...]
    checks: tuple[Check, ...]
    series: Mapping[str, Any] = field(default_factory=dict)
    config_schema: Mapping[str, Any] = field(default_factory=dict)
    figures: tuple[Figure, ...] = ()
    clips: tuple[Clip, ...] = ()

    @property
    def verdict(self) -> str:
        return verdict(self.checks)

    def metric(self, name: str) -> Metric:
        """The metric of that name; KeyError where it was not measured."""
        return {metric.name: metric for metric in self.metrics}[name]
