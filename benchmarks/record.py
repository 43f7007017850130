"""The table of results: machine, versions, figures; printed, and recorded in benchmarks/results.md."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

RESULTS = Path(__file__).parent / "results.md"
PACKAGES = ("mkdocs", "mkdocs-material", "zensical", "markdown-it-py", "jinja2")


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement: what, the figure with its unit, the goal it is held against, and whether it was reached."""

    what: str
    figure: str
    goal: str = ""
    reached: bool | None = None


def _file_system(folder: Path) -> str:
    """What kind of disk the notes and sites lay on: ext4, tmpfs, …"""
    mounts = {Path(one.mountpoint): one.fstype for one in psutil.disk_partitions(all=True)}
    return next((mounts[place] for place in (folder, *folder.parents) if place in mounts), "an unknown disk")


def write_results(rows: Sequence[Row], vault: Path, notes: int, *, record: bool) -> None:
    """Print the table; record it where every benchmark was run."""
    memory = psutil.virtual_memory().total / 2**30
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`. Ratios hold from machine to machine; seconds do not.",
        "",
        f"- {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GiB, "
        f"{platform.system()}, Python {platform.python_version()}",
        f"- files on {_file_system(Path(tempfile.gettempdir()))}",
        "- " + ", ".join(f"{package} {version(package)}" for package in PACKAGES),
        f"- {notes:,} notes, copied with changed words from {sum(1 for _ in vault.rglob('*.md')):,} in `{vault.name}`",
        "",
        "| what | figure | goal | reached |",
        "|---|---|---|---|",
    ]
    marks = {True: "yes", False: "**no**", None: ""}
    lines += [f"| {row.what} | {row.figure} | {row.goal} | {marks[row.reached]} |" for row in rows]
    text = "\n".join(lines) + "\n"
    print(text)
    if record:
        RESULTS.write_text(text, "utf-8")
