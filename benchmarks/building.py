"""A cold build against plain Material for MkDocs on the same notes, in turns; its growth; its memory."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from statistics import median

from benchmarks.corpus import make_base, make_plain
from benchmarks.processes import Run, nonmun, run
from benchmarks.record import Row

ROUNDS = 3
RATIO_GOAL = 0.6
GROWTH_GOAL = 5.5
MEMORY_GOAL = 600  # MB
MKDOCS = [sys.executable, "-m", "mkdocs", "build", "--quiet"]


def measure(vault: Path, count: int, scratch: Path) -> list[Row]:
    ours = make_base(vault, count, scratch / "ours")
    small = make_base(vault, count // 5, scratch / "small")
    plain = make_plain(vault, count, scratch / "plain")
    bare = make_plain(vault, count, scratch / "bare", search=False)
    runs: dict[str, list[Run]] = {"ours": [], "small": [], "plain": [], "bare": []}
    for _ in range(ROUNDS):
        runs["plain"].append(_cold(plain, MKDOCS, "site"))
        runs["ours"].append(_cold(ours, nonmun("build"), "build"))
        runs["bare"].append(_cold(bare, MKDOCS, "site"))
        runs["small"].append(_cold(small, nonmun("build"), "build"))
    wall = {name: median(run.wall for run in found) for name, found in runs.items()}
    cpu = {name: median(run.cpu for run in found) for name, found in runs.items()}
    ratio = median(ours.wall / plain.wall for ours, plain in zip(runs["ours"], runs["plain"], strict=True))
    bare_ratio = median(ours.wall / bare.wall for ours, bare in zip(runs["ours"], runs["bare"], strict=True))
    growth = wall["ours"] / wall["small"]
    memory = max(run.memory for run in runs["ours"]) / 1e6
    return [
        Row(f"cold build, {count:,} notes", f"{wall['ours']:.1f} s wall, {cpu['ours']:.1f} s CPU"),
        Row("plain mkdocs-material, explicit nav", f"{wall['plain']:.1f} s wall, {cpu['plain']:.1f} s CPU"),
        Row("the same without its search plugin", f"{wall['bare']:.1f} s wall, {cpu['bare']:.1f} s CPU"),
        Row(f"ours / plain, wall (median of {ROUNDS} pairs)", f"{ratio:.2f}", f"≤ {RATIO_GOAL}", ratio <= RATIO_GOAL),
        Row("ours / plain without search, wall", f"{bare_ratio:.2f}"),
        Row(
            f"growth from {count // 5:,} to {count:,} notes",
            f"{growth:.1f}x",
            f"≤ {GROWTH_GOAL}x",
            growth <= GROWTH_GOAL,
        ),
        Row("peak memory, all processes (PSS)", f"{memory:.0f} MB", f"≤ {MEMORY_GOAL} MB", memory <= MEMORY_GOAL),
    ]


def _cold(root: Path, command: list[str], output: str) -> Run:
    """Build from nothing. What was built before is moved aside and deleted after all rounds, not before this one:
    ext4 is slow to give out inodes while many have just been freed.
    """
    if (root / output).exists():
        (root / output).rename(root.parent / f"{root.name}-{secrets.token_hex(4)}")
    return run(command, root)
