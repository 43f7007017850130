"""Starting runners. They are processes of their own, `python -m runners.NAME`, and nothing of theirs is imported here.

command, environment      how one is started, for any knowledge base and from any folder
run                       one, in the foreground; Ctrl-C and SIGTERM go through to it
describe                  what each says of itself, asked for once per state of its code
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import FrameType
from typing import Any

import nonmun
from nonmun.errors import UsageError
from nonmun.read.base import Base
from nonmun.record import source_hashes
from nonmun.recorded import Runner

STOPPED = 130
PATIENCE = 120  # s for a runner to describe itself: on a cold disk, importing torch takes most of a minute
_AT_ONCE = 2


def command(name: str, arguments: Sequence[str] = ()) -> list[str]:
    """What starts a runner. With -P no other `runners`, such as one in the current folder, comes before the base's."""
    return [sys.executable, "-P", "-m", f"runners.{name}", *arguments]


def environment(base: Base) -> dict[str, str]:
    """The base and nonmun itself first on Python's path; the current folder stays what paths are relative to."""
    before = os.environ.get("PYTHONPATH", "")
    places = [str(base.root), str(Path(nonmun.__file__).resolve().parents[1])]
    places += [str(Path(place).resolve()) for place in before.split(os.pathsep) if place]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(dict.fromkeys(places)), "PYTHONUNBUFFERED": "1"}


def find_runner(name: str, runners: dict[str, Runner]) -> Runner:
    """The runner of that name, which has code. UsageError with the nearest name where there is none."""
    if name not in runners:
        near = get_close_matches(name.replace("-", "_"), runners, n=1, cutoff=0.5)
        mend = f"did you mean '{near[0]}'?" if near else "'nonmun run --list' shows those that there are"
        raise UsageError(f"no runner '{name}'", mend=mend)
    if not runners[name].runnable:
        mend = "its README says what it will measure; 'nonmun run --list' shows those that can be run"
        raise UsageError(f"runner '{name}' has no code yet", mend=mend)
    return runners[name]


def run(base: Base, name: str, arguments: Sequence[str]) -> int:
    """Run it to its end; its exit code. Both signals are passed on, and it has its own two seconds to end in."""
    child: subprocess.Popen[bytes] | None = None
    stopped = False

    def forward(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        stopped = True
        if child is not None and child.poll() is None:
            child.send_signal(number)

    before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
        child = subprocess.Popen(command(name, arguments), env=environment(base))
        code = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return STOPPED if stopped or code in (-signal.SIGINT, -signal.SIGTERM) else abs(code)


@dataclass(frozen=True, slots=True)
class Described:
    """What a runner says of itself; `error` where it could not, `card` then being empty."""

    card: dict[str, Any]
    error: str = ""


def describe(base: Base, runners: Iterable[Runner]) -> dict[str, Described]:
    """By name. Importing one may take seconds, so that what it said is kept until its code changes."""
    store = base.cache / "runners.json"
    kept = _read(store)
    names = [runner.name for runner in runners if runner.runnable]
    keys = {name: _key(base.runners / name) for name in names}
    missing = [name for name in names if kept.get(name, {}).get("key") != keys[name]]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = dict(zip(missing, pool.map(lambda name: _ask(base, name), missing), strict=True))
    for name, described in found.items():
        if not described.error:
            kept[name] = {"key": keys[name], "card": described.card}
    if any(not described.error for described in found.values()):
        _write(store, kept)
    return {name: found.get(name) or Described(kept[name]["card"]) for name in names}


def _key(folder: Path) -> dict[str, str]:
    return {"nonmun": nonmun.__version__, **source_hashes(folder)}


def _ask(base: Base, name: str) -> Described:
    try:
        asked = subprocess.run(
            command(name, ["--describe"]), env=environment(base), capture_output=True, timeout=PATIENCE, check=False
        )
        if asked.returncode == 0:
            return Described(json.loads(asked.stdout))
        lines = asked.stderr.decode("utf-8", "replace").strip().splitlines()
        return Described({}, lines[-1] if lines else f"exit code {asked.returncode}")
    except subprocess.TimeoutExpired:
        return Described({}, f"no answer within {PATIENCE} s")
    except ValueError:
        return Described({}, "its --describe is no JSON; see nonmun.runner for what __main__.py holds")


def _read(store: Path) -> dict[str, Any]:
    try:
        found = json.loads(store.read_bytes())
        return {name: one for name, one in found.items() if "card" in one} if isinstance(found, dict) else {}
    except (OSError, ValueError, TypeError):
        return {}


def _write(store: Path, kept: dict[str, Any]) -> None:
    new = store.with_name(f"{store.name}.{os.getpid()}")
    try:
        store.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(json.dumps(kept), "utf-8")
        new.replace(store)
    except OSError:
        new.unlink(missing_ok=True)  # it is asked again the next time; a read-only base can be listed all the same
