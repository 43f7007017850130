"""Run a command and measure it as a whole: wall and CPU time, or the memory of all its processes together."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_EVERY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Run:
    """One finished command, in seconds."""

    wall: float
    cpu: float


def nonmun(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "nonmun", *arguments]


def run(command: Sequence[str], folder: Path) -> Run:
    """Run `command` in `folder`; what it prints is kept from the terminal, and shown where it fails."""
    before = os.times()
    started = time.perf_counter()
    with _running(command, folder):
        pass
    wall = time.perf_counter() - started
    after = os.times()
    cpu = (after.children_user + after.children_system) - (before.children_user + before.children_system)
    return Run(wall, cpu)


def peak_memory(command: Sequence[str], folder: Path) -> int:
    """The largest sum of proportional set sizes seen, in bytes. In a run of its own: looking slows it."""
    with _running(command, folder) as process:
        family = psutil.Process(process.pid)
        peak = Peak(lambda: _shared_out(family), _EVERY_SECONDS)
        process.wait()
    return peak.stop()


@contextmanager
def _running(command: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(command, cwd=folder, stdout=said, stderr=subprocess.STDOUT, text=True, env=environment) as one,
    ):
        yield one
        if one.wait():
            said.seek(0)
            raise SystemExit(f"{' '.join(command)} ended with {one.returncode}:\n{said.read()[-2000:]}")


class Peak:
    """The largest of what `look` sees, every so many seconds until `stop`; what psutil refuses is passed over."""

    def __init__(self, look: Callable[[], int], every: float) -> None:
        self._look, self._every, self._peak = look, every, 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._done.wait(self._every):
            self._see()

    def _see(self) -> None:
        with suppress(psutil.Error):
            self._peak = max(self._peak, self._look())

    def stop(self) -> int:
        self._done.set()
        self._thread.join()
        self._see()
        return self._peak


def _shared_out(top: psutil.Process) -> int:
    """The memory of a process and its children. What two of them share counts once, by halves."""
    total = 0
    for process in [top, *top.children(recursive=True)]:
        with suppress(psutil.Error):
            total += process.memory_full_info().pss
    return total
