"""Search, compared with Material's own and with Pagefind on the same notes: what is found, how soon, at what size."""

from __future__ import annotations

from pathlib import Path

from benchmarks.record import Row
from benchmarks.search import recall, size, speed


def measure(vault: Path, count: int, scratch: Path) -> list[Row]:
    return [
        *recall.measure(vault, scratch / "recall"),
        *size.measure(vault, count, scratch / "size"),
        *speed.measure(vault, count, scratch / "speed"),
    ]
