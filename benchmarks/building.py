"""A cold build against plain Material for MkDocs on the same notes, in turns; its growth; its memory."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from statistics import median

from benchmarks.corpus import make_base, make_plain
from benchmarks.processes import Run, nonmun, peak_memory, run
from benchmarks.record import Row

ROUNDS = 3
RATIO_GOAL = 0.6
GROWTH_GOAL = 5.5
MEMORY_GOAL = 600  # MB
WITHOUT_SEARCH = [sys.executable, str(Path(__file__).with_name("without_search.py")), "build"]
MKDOCS = [sys.executable, "-m", "mkdocs", "build", "--quiet"]


def measure(vault: Path, count: int, scratch: Path) -> list[Row]:
    ours = make_base(vault, count, scratch / "ours")
    aside = make_base(vault, count, scratch / "aside")
    small = make_base(vault, count // 5, scratch / "small")
    plain = make_plain(vault, count, scratch / "plain")
    bare = make_plain(vault, count, scratch / "bare", search=False)
    runs: dict[str, list[Run]] = {"ours": [], "aside": [], "small": [], "plain": [], "bare": []}
    for _ in range(ROUNDS):
        runs["plain"].append(_cold(plain, MKDOCS, "site"))
        runs["aside"].append(_cold(aside, WITHOUT_SEARCH, "build"))
        runs["ours"].append(_cold(ours, nonmun("build"), "build"))
        runs["bare"].append(_cold(bare, MKDOCS, "site"))
        runs["small"].append(_cold(small, nonmun("build"), "build"))
    wall = {name: median(run.wall for run in found) for name, found in runs.items()}
    cpu = {name: median(run.cpu for run in found) for name, found in runs.items()}
    ratio = _ratio(runs["aside"], runs["plain"])
    growth = wall["ours"] / wall["small"]
    _put_aside(ours, "build")
    memory = peak_memory(nonmun("build"), ours) / 1e6

    def took(name: str) -> str:
        return f"{wall[name]:.1f} s wall, {cpu[name]:.1f} s CPU"

    return [
        Row(f"cold build, {count:,} notes", took("ours")),
        Row("the same without our search index", took("aside")),
        Row("plain mkdocs-material, explicit nav", took("plain")),
        Row("the same without its search plugin", took("bare")),
        Row(
            f"ours without the search index / plain, wall (median of {ROUNDS} pairs)",
            f"{ratio:.2f}",
            f"≤ {RATIO_GOAL}",
            ratio <= RATIO_GOAL,
        ),
        Row("ours with everything / plain, wall", f"{_ratio(runs['ours'], runs['plain']):.2f}"),
        Row("both without search, wall", f"{_ratio(runs['aside'], runs['bare']):.2f}"),
        Row(
            f"growth from {count // 5:,} to {count:,} notes",
            f"{growth:.1f}x",
            f"≤ {GROWTH_GOAL}x",
            growth <= GROWTH_GOAL,
        ),
        Row("peak memory, all processes (PSS)", f"{memory:.0f} MB", f"≤ {MEMORY_GOAL} MB", memory <= MEMORY_GOAL),
    ]


def _ratio(ours: list[Run], theirs: list[Run]) -> float:
    return median(one.wall / other.wall for one, other in zip(ours, theirs, strict=True))


def _cold(root: Path, command: list[str], output: str) -> Run:
    """Build from nothing."""
    _put_aside(root, output)
    return run(command, root)


def _put_aside(root: Path, output: str) -> None:
    """Move away what was built before. It is deleted after all rounds, not before this one: ext4 is slow to give out
    inodes while many have just been freed.
    """
    if (root / output).exists():
        (root / output).rename(root.parent / f"{root.name}-{secrets.token_hex(4)}")
