"""The results, a section for each part: machine, versions, figures; printed, and kept in benchmarks/results.md."""

from __future__ import annotations

import os
import platform
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

RESULTS = Path(__file__).parent / "results.md"
HEAD = "# Benchmarks\n\nWritten by `make bench`. Ratios hold from machine to machine; seconds do not.\n"
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


def write_results(parts: Mapping[str, Sequence[Row]], vault: Path, notes: int, *, record: bool) -> None:
    """Print a section for each part that was run; record them in the place of those that stand there."""
    sections = {name: _section(name, rows, vault, notes) for name, rows in parts.items()}
    print("\n".join(sections.values()))
    if record:
        RESULTS.write_text(merged(RESULTS.read_text("utf-8") if RESULTS.exists() else "", sections), "utf-8")


def merged(text: str, sections: Mapping[str, str]) -> str:
    """The record `text` with these sections, new ones after those that it has."""
    _, *old = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    found = {section.removeprefix("## ").partition("\n")[0]: section.rstrip() + "\n" for section in old}
    return "\n".join((HEAD, *{**found, **sections}.values()))


def _section(name: str, rows: Sequence[Row], vault: Path, notes: int) -> str:
    memory = psutil.virtual_memory().total / 2**30
    lines = [
        f"## {name}",
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
    return "\n".join(lines) + "\n"
