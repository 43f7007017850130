"""Runners as pages show them: what their folders hold, and what their recorded runs found. Frozen values only.

`nonmun.record` is the file; this is the view of it, with what only a reader can know, such as whether it is stale.
"""

from __future__ import annotations

from dataclasses import dataclass

from nonmun.record import Check


@dataclass(frozen=True, slots=True)
class Metric:
    """One measured number of a recorded run, with its interval and what it is compared with where there are any."""

    label: str
    value: float
    unit: str = ""
    better: str = ""
    baseline: float | None = None
    ci95: tuple[float, float] | None = None
    group: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One setting of a recorded run, with what the runner's schema says of it."""

    name: str
    value: str
    default: str = ""
    bounds: str = ""
    description: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One picture of a recorded run: its finding, what it shows in words, and the SVG as it lies in the folder."""

    name: str
    path: str
    title: str
    alt: str
    svg: str


@dataclass(frozen=True, slots=True)
class Clip:
    """A moving picture of a recorded run, and its still: the files as they lie in the folder, shown at this size."""

    name: str
    path: str
    still: str
    title: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run that was on record before, in short."""

    preset: str
    started: str
    verdict: str
    seconds: float
    device: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a page shows of one recorded run. `stale` says that the runner's code has changed since."""

    preset: str
    verdict: str
    started: str
    seconds: float
    paper: str = ""
    seed: int = 0
    device: str = ""
    threads: int = 1
    peak_memory: int | None = None  # bytes
    versions: tuple[tuple[str, str], ...] = ()
    metrics: tuple[Metric, ...] = ()
    checks: tuple[Check, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    figures: tuple[Figure, ...] = ()
    clips: tuple[Clip, ...] = ()
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Runner:
    """One folder of runners/: its README, its code where it has any yet, and its recorded runs."""

    name: str
    path: str  # of its README
    readme: str
    results: tuple[Result, ...] = ()
    past: tuple[PastRun, ...] = ()
    runnable: bool = False
    method: str = ""  # the text of method.py
    code: tuple[str, ...] = ()  # the names of its files of code

    @property
    def latest(self) -> Result | None:
        """The run recorded last."""
        return max(self.results, key=lambda result: result.started, default=None)
