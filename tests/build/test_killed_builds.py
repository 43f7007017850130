"""Builds as processes: killed at any moment, or two at once. Readers see one whole site, and the next build succeeds."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import nonmun as package
from nonmun.build.lock import BuildLock
from nonmun.build.pipeline import build
from nonmun.read import Base
from nonmun.search import Index, Options, parse_query, search
from nonmun.write.starting import start_base

pytestmark = pytest.mark.skipif(os.name != "posix", reason="SIGKILL is a POSIX signal")
KILLS = 50
STATES = 4
Site = Mapping[str, bytes]


def put(root: Path, state: int) -> None:
    """Sources of one state: pages come and go, a file takes the place of a folder, the look changes."""
    for number in range(STATES):
        file = root / f"notes/n{number}.md"
        if number == state:
            file.unlink(missing_ok=True)
        else:
            file.write_text(f"상태 {state}입니다. [[n{(number + 1) % STATES}]] #t{state}\n", "utf-8")
    (root / "site/assets").mkdir(parents=True, exist_ok=True)
    (root / "site/assets/state.css").write_text(f"/* {state % 2} */", "utf-8")


def tree(site: Path) -> Site:
    """All files but those of the search index, which says the same in other places after an edit, and what it says;
    and without the stamp, which is made of the names of all of them.
    """
    files = {path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*") if path.is_file()}
    index = Index(lambda path: files[f"search/{path}"])
    found = sorted(hit.record.slug for hit in search(index, parse_query("상태"), Options(limit=100)).hits)
    pages = {path: data for path, data in files.items() if not path.startswith("search/") or path.endswith(".html")}
    pages["build.json"] = " ".join(found).encode()
    return pages


def start(root: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(Path(package.__file__).parents[1])}
    command = [sys.executable, "-m", "nonmun", "build", "--root", str(root)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)


def good_sites(tmp_path: Path) -> list[Site]:
    """The site of each state as a build from nothing makes it."""
    sites = []
    for state in range(STATES):
        root = tmp_path / f"cold{state}"
        start_base(root)
        put(root, state)
        build(Base(root))
        sites.append(tree(root / "build/site"))
    return sites


@pytest.mark.slow
def test_a_build_killed_at_any_moment_leaves_a_good_site(tmp_path: Path) -> None:
    good, dice = good_sites(tmp_path), random.Random(1)
    root, live, seen = tmp_path / "base", 0, set()
    start_base(root)
    put(root, live)
    started = time.monotonic()
    first = start(root)
    assert first.communicate() and first.returncode == 0
    whole = time.monotonic() - started
    for kill in range(KILLS):
        state = dice.choice([number for number in range(STATES) if number != live])
        put(root, state)
        process = start(root)
        time.sleep(dice.uniform(0.2, 1.1) * whole)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        found = tree(root / "build/site")
        assert found in (good[live], good[state]), f"kill {kill}: neither the site before nor the one after"
        seen.add(found == good[state])
        live = state if found == good[state] else live
        if kill % 10 == 9:
            process = start(root)
            said = process.communicate()
            assert process.returncode in (0, 1), said  # 1 where a link of this state leads nowhere
            assert tree(root / "build/site") == good[state]
            live = state
    assert seen == {True, False}, "the kills came all too early or all too late"


@pytest.mark.slow
def test_two_builds_at_once_do_not_harm_each_other(tmp_path: Path) -> None:
    good, root = good_sites(tmp_path), tmp_path / "base"
    start_base(root)
    for state in (0, 1, 2):
        put(root, state)
        builds = [start(root) for _ in range(2)]
        said = [process.communicate() for process in builds]
        refused = [err for (_, err) in said if err]
        assert len(refused) < 2
        assert all(b"another build (" in err and b"wait for it to end" in err for err in refused), refused
        assert tree(root / "build/site") == good[state]


def test_a_build_beside_another_says_which_and_ends_with_one(base: Path, nonmun: Callable) -> None:
    with BuildLock(base / "build", "nonmun serve"):
        found = nonmun("build", "--root", base)
    assert (found.code, found.out) == (1, "")
    assert f"another build (pid {os.getpid()}, since 20" in found.err
    assert "'nonmun serve') is writing" in found.err
    assert "; wait for it to end, or stop it, and build again" in found.err
    assert nonmun("build", "--root", base).code == 0
