"""How progress is shown: bars on a terminal, JSON lines for programs, nothing where nobody looks."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

MODES = ("auto", "json", "none")
INTERVAL = 0.5  # s between two JSON lines of one stage


@dataclass(slots=True)
class State:
    """How far a stage is."""

    name: str
    total: int | None = None
    unit: str = ""
    done: int = 0
    values: dict[str, float | str] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    end: float | None = None

    @property
    def ended(self) -> bool:
        return self.end is not None

    @property
    def rate(self) -> float | None:
        """Steps per second since it began."""
        elapsed = (time.monotonic() if self.end is None else self.end) - self.began
        return self.done / elapsed if self.done and elapsed > 0 else None

    @property
    def left(self) -> float | None:
        """Seconds until its end, at the rate so far."""
        rate = self.rate
        return None if self.total is None or rate is None else max(self.total - self.done, 0) / rate


class Reporter(Protocol):
    """Where a run's progress goes."""

    def begin(self, state: State) -> None: ...
    def show(self, state: State) -> None: ...
    def end(self, state: State) -> None: ...
    def say(self, text: str) -> None: ...
    def close(self) -> None: ...


class Quiet:
    """Says nothing."""

    def begin(self, state: State) -> None: ...
    def show(self, state: State) -> None: ...
    def end(self, state: State) -> None: ...
    def say(self, text: str) -> None: ...
    def close(self) -> None: ...


class Lines:
    """One JSON object a line: `{"event": "stage", "stage": "distil", "done": 3, "total": 200, "left": 41.2, …}`."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._shown: dict[int, float] = {}

    def begin(self, state: State) -> None:
        self._write(state)

    def show(self, state: State) -> None:
        if time.monotonic() - self._shown.get(id(state), 0.0) >= INTERVAL:
            self._write(state)

    def end(self, state: State) -> None:
        self._write(state)
        self._shown.pop(id(state), None)

    def say(self, text: str) -> None:
        self.event({"event": "say", "text": text})

    def close(self) -> None: ...

    def event(self, what: Mapping[str, Any]) -> None:
        self._stream.write(json.dumps(what) + "\n")
        self._stream.flush()

    def _write(self, state: State) -> None:
        self._shown[id(state)] = time.monotonic()
        self.event(
            {
                "event": "stage",
                "stage": state.name,
                "done": state.done,
                "total": state.total,
                "unit": state.unit,
                "rate": _digits(state.rate),
                "left": _digits(state.left),
                "ended": state.ended,
                "values": state.values,
            }
        )


def _digits(number: float | None) -> float | None:
    return None if number is None else float(f"{number:.3g}")


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        state: State = task.fields["state"]
        rate = state.rate
        shown = "" if rate is None else f"{rate:.3g} {state.unit or 'steps'}/s"
        return Text(shown, style="dim")


class _Values(ProgressColumn):
    def render(self, task: Task) -> Text:
        state: State = task.fields["state"]
        pairs = (
            f"{key} {value:.3g}" if isinstance(value, float) else f"{key} {value}"
            for key, value in state.values.items()
        )
        return Text("  ".join(pairs), style="cyan")


class Bars:
    """Bars on a terminal, with rate and time left."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        columns = (TextColumn("{task.description}", markup=False), BarColumn(24), TextColumn("{task.fields[count]}"))
        self._bars = Progress(*columns, _Rate(), TimeRemainingColumn(), _Values(), console=self._console)
        self._tasks: dict[int, TaskID] = {}

    def begin(self, state: State) -> None:
        self._bars.start()
        count = self._count(state)
        self._tasks[id(state)] = self._bars.add_task(state.name, total=state.total, state=state, count=count)

    def show(self, state: State) -> None:
        self._bars.update(self._tasks[id(state)], completed=state.done, count=self._count(state))

    def end(self, state: State) -> None:
        task = self._tasks.pop(id(state))
        self._bars.update(task, completed=state.done, total=state.total or state.done or 1, count=self._count(state))
        self._bars.stop_task(task)

    def say(self, text: str) -> None:
        self._console.print(text, markup=False)

    def close(self) -> None:
        self._bars.stop()

    @staticmethod
    def _count(state: State) -> str:
        return f"{state.done}/{state.total}" if state.total is not None else str(state.done)


def reporter_for(mode: str) -> Reporter:
    """`auto`: bars on a terminal, nothing in CI, JSON lines elsewhere. All of it on standard error."""
    if mode == "json":
        return Lines(sys.stderr)
    if mode == "none" or os.environ.get("CI", "").lower() not in ("", "0", "false"):
        return Quiet()
    return Bars() if sys.stderr.isatty() else Lines(sys.stderr)
