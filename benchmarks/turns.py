"""Timing several ways to do one thing in turns, so that what else the machine does meets them all alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median


def in_turns(
    *works: Callable[[], object], rounds: int, warm: int, clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    """The median seconds of each over so many rounds, after `warm` rounds that do not count."""
    spent: list[list[float]] = [[] for _ in works]
    for turn in range(warm + rounds):
        for work, times in zip(works, spent, strict=True):
            started = clock()
            work()
            if turn >= warm:
                times.append(clock() - started)
    return [median(times) for times in spent]
