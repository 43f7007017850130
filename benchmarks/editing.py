"""One edited note: how long until the local server shows it, against zensical's warm rebuild of the same notes."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.corpus import make_base, make_plain
from benchmarks.processes import nonmun, run
from benchmarks.record import Row
from nonmun.parse import slugify

ROUNDS = 7
GOAL_SECONDS = 1.5
GOAL_RATIO = 1 / 15
PATIENCE_SECONDS = 60.0
ZENSICAL = [sys.executable, "-m", "zensical", "build"]


def measure(vault: Path, count: int, scratch: Path) -> list[Row]:
    served, followed = _edit_to_visible(make_base(vault, count, scratch / "ours"))
    command = _edit_and_build(scratch / "ours")
    peer = _zensical(make_plain(vault, count, scratch / "plain"))
    ratio = served / peer
    return [
        Row(
            f"one edit at {count:,} notes, until its page shows it (median of {ROUNDS})",
            f"{served:.2f} s",
            f"≤ {GOAL_SECONDS} s",
            served <= GOAL_SECONDS,
        ),
        Row(
            "until the whole site has followed: lists, related notes, feeds, search",
            f"{followed:.2f} s",
            f"≤ {GOAL_SECONDS} s",
            followed <= GOAL_SECONDS,
        ),
        Row("the same with the command `nonmun build`", f"{command:.2f} s"),
        Row("zensical's warm rebuild after one edit", f"{peer:.1f} s"),
        Row("until its page shows it / zensical's rebuild", f"1/{1 / ratio:.0f}", "≤ 1/15", ratio <= GOAL_RATIO),
        Row("until the whole site has followed / zensical's rebuild", f"1/{peer / followed:.1f}"),
    ]


def _edit_to_visible(root: Path) -> tuple[float, float]:
    """Seconds from the end of saving until the page shows it, and until another site than before is served."""
    run(nonmun("build"), root)
    with subprocess.Popen(nonmun("serve", "--port", "0"), cwd=root, stdout=subprocess.PIPE, text=True) as server:
        try:
            address = _address(server)
            edits = [_one_edit(root, address, number) for number in range(ROUNDS)]
            return median(shown for shown, _ in edits), median(followed for _, followed in edits)
        finally:
            server.terminate()


def _address(server: subprocess.Popen[str]) -> str:
    assert server.stdout is not None
    for line in server.stdout:
        if found := re.search(r"http://[\d.:]+/", line):
            return found[0]
    raise SystemExit("nonmun serve ended before it said where it serves")


def _one_edit(root: Path, address: str, number: int) -> tuple[float, float]:
    note = sorted((root / "notes").glob("*.md"))[100 + number]
    word = f"편집된단어{number}"
    page = f"{address}notes/{urllib.request.quote(slugify(note.stem))}/"
    time.sleep(1.0)  # let the last rebuild's events pass
    stamp = _get(f"{address}build.json")
    text = f"{note.read_text('utf-8')}\n\n{word} 한 문장을 더 적었다.\n"
    new = note.with_suffix(".tmp")
    new.write_text(text, "utf-8")
    new.replace(note)
    started = time.perf_counter()
    shown = _wait(lambda: word in _get(page), started)
    return shown, _wait(lambda: _get(f"{address}build.json") != stamp and word in _get(page), started)


def _wait(happened: Callable[[], bool], started: float) -> float:
    while (passed := time.perf_counter() - started) < PATIENCE_SECONDS:
        if happened():
            return time.perf_counter() - started
        time.sleep(0.01)
    raise SystemExit(f"an edit did not show within {passed:.0f} s")


def _get(address: str) -> str:
    with urllib.request.urlopen(address) as answer:
        return str(answer.read().decode())


def _edit_and_build(root: Path) -> float:
    note = sorted((root / "notes").glob("*.md"))[50]
    times = []
    for number in range(3):
        note.write_text(f"{note.read_text('utf-8')}\n\n다시 적은 문장 {number}.\n", "utf-8")
        times.append(run(nonmun("build"), root).wall)
    return median(times)


def _zensical(root: Path) -> float:
    run(ZENSICAL, root)
    note = sorted((root / "docs").glob("*.md"))[50]
    times = []
    for number in range(2):
        note.write_text(f"{note.read_text('utf-8')}\n\n다시 적은 문장 {number}.\n", "utf-8")
        times.append(run(ZENSICAL, root).wall)
    return median(times)
