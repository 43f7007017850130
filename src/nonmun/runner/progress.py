"""What a run says while it goes on, and the Result it ends with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from nonmun.record import Metric, Result, judge
from nonmun.runner.cleanup import Cleanup
from nonmun.runner.environment import Environment
from nonmun.runner.reporting import Quiet, Reporter, State

if TYPE_CHECKING:
    from nonmun.runner.contract import Contract
    from nonmun.runner.settings import Settings

Item = TypeVar("Item")


class Stage:
    """One part of a run, of `total` steps (None where nobody knows)."""

    def __init__(self, state: State, reporter: Reporter) -> None:
        self._state = state
        self._reporter = reporter

    def advance(self, steps: int = 1, **values: float | str) -> None:
        """So many steps more are done; `values` are shown beside them (a loss, a rate)."""
        self._state.done += steps
        self._state.values.update(values)
        self._reporter.show(self._state)


class Progress:
    """Handed to `run(config, progress)`; see nonmun.runner."""

    def __init__(
        self,
        contract: Contract,
        config: Settings,
        *,
        preset: str,
        reporter: Reporter | None = None,
        cleanup: Cleanup | None = None,
    ) -> None:
        self._contract = contract
        self._config = config
        self._preset = preset
        self._reporter = reporter or Quiet()
        self._cleanup = cleanup or Cleanup()
        self._environment = Environment.now()
        self._clock = time.perf_counter()

    @property
    def seed(self) -> int:
        return self._config.seed

    @contextmanager
    def stage(self, name: str, total: int | None = None, unit: str = "") -> Iterator[Stage]:
        """A named part of the run. Stages follow one another or stand inside one another."""
        state = State(name, total, unit)
        self._reporter.begin(state)
        try:
            yield Stage(state, self._reporter)
        finally:
            state.end = time.monotonic()
            self._reporter.end(state)

    def track(self, items: Iterable[Item], name: str, total: int | None = None, unit: str = "") -> Iterator[Item]:
        """`items` one by one, as a stage."""
        known = len(items) if total is None and isinstance(items, Sized) else total
        with self.stage(name, known, unit) as stage:
            for item in items:
                yield item
                stage.advance()

    def say(self, text: str) -> None:
        """One line for whoever watches."""
        self._reporter.say(text)

    def scratch(self) -> Path:
        """A new folder for files that nobody needs after the run; it is removed however the run ends."""
        return self._cleanup.scratch()

    def on_exit(self, callback: Callable[[], object]) -> None:
        """To be called however the run ends: normally, by an error, by Ctrl-C or SIGTERM. The last one goes first."""
        self._cleanup.add(callback)

    def result(
        self,
        *,
        metrics: Iterable[Metric],
        series: Mapping[str, Any] | None = None,
        device: str = "cpu",
    ) -> Result:
        """The Result of this run: the criteria are held against `metrics`, and what was run on is written down."""
        measured: Sequence[Metric] = tuple(metrics)
        contract = self._contract
        seconds = time.perf_counter() - self._clock
        return Result(
            runner=contract.name,
            preset=self._preset,
            paper=contract.paper,
            claim=contract.claim,
            config=self._config.model_dump(mode="json", exclude={"seed"}),
            seed=self.seed,
            device=device,
            **self._environment.fields(),
            sources=dict(contract.sources),
            seconds=round(seconds, 2),
            metrics=tuple(measured),
            checks=judge(contract.criteria, measured, preset=self._preset),
            series=dict(series or {}),
            config_schema=contract.schema,
        )
