"""A result and its figures, written beside the runner or where --out says."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from nonmun.record import (
    PAST_FILE,
    Clip,
    Figure,
    Past,
    RecordError,
    Result,
    from_json,
    in_short,
    past_from_json,
    past_json,
    to_json,
)
from nonmun.runner.cleanup import Cleanup
from nonmun.runner.contract import Contract
from nonmun.runner.errors import RunnerError
from nonmun.runner.files import put_all
from nonmun.runner.flags import Asked


@dataclass(frozen=True, slots=True)
class Written:
    """What was written, in one line; and what kept the figures from being drawn, if anything did."""

    line: str
    fault: RunnerError | None = None


def write(contract: Contract, wish: Asked, result: Result, cleanup: Cleanup) -> Written:
    """The record and its figures. Figures that cannot be drawn do not cost the record: they can be drawn again."""
    folder = wish.out or contract.folder / "results"
    try:
        drawn, fault = _draw(contract, result), None
    except Exception as error:  # whatever plots.py does wrong, minutes or hours have been spent on the result
        why = f"{type(error).__name__}: {error}" if not isinstance(error, RunnerError) else error.message
        again = f"python -m {contract.package} --redraw --preset {wish.preset}"
        drawn, fault = (
            Drawn(),
            RunnerError(f"recorded, but its figures could not be drawn ({why})", mend=f"then: {again}"),
        )
    result = replace(result, figures=drawn.figures, clips=drawn.clips)
    files = _put(folder, result, drawn, _past(folder, wish.preset), cleanup)
    bare = "" if _can_draw() else "; no figures, because matplotlib is not installed: pip install 'nonmun[runners]'"
    return Written(f"written: {', '.join(files)} in {folder}{bare}", fault)


def redraw(contract: Contract, wish: Asked, cleanup: Cleanup) -> str:
    """Draw the figures of a record anew. Its sources stay those that measured it, but for plots.py."""
    folder = wish.out or contract.folder / "results"
    path = folder / f"{wish.preset}.json"
    if not path.is_file():
        raise RunnerError(
            f"no record {path}", mend=f"make it: python -m {contract.package} --preset {wish.preset} --record"
        )
    result = from_json(path.read_bytes())
    plots = f"{contract.folder.name}/plots.py"
    sources = {**result.sources, **{name: sha for name, sha in contract.sources.items() if name == plots}}
    drawn = _draw(contract, result)
    result = replace(result, sources=sources, figures=drawn.figures, clips=drawn.clips)
    return f"drawn: {', '.join(_put(folder, result, drawn, (), cleanup))} in {folder}"


def _can_draw() -> bool:
    return importlib.util.find_spec("matplotlib") is not None


@dataclass(frozen=True, slots=True)
class Drawn:
    """What plots.py draws, and the files of it by name."""

    figures: tuple[Figure, ...] = ()
    clips: tuple[Clip, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)


def _draw(contract: Contract, result: Result) -> Drawn:
    made = contract.draw(result) if _can_draw() else {}
    if not made:
        return Drawn()
    from nonmun.runner.figures import drawn
    from nonmun.runner.moving import MAX_ALL, Moving, encoded

    figures: list[Figure] = []
    clips: list[Clip] = []
    files: dict[str, bytes] = {}
    for name, one in made.items():
        stem = f"{result.preset}-{name}"
        if isinstance(one, Moving):
            found = encoded(one, name)
            files |= {f"{stem}.webp": found.moving, f"{stem}-still.webp": found.still}
            hashes = [hashlib.sha256(data).hexdigest() for data in (found.moving, found.still)]
            sides = found.width, found.height
            clips.append(Clip(name, f"{stem}.webp", f"{stem}-still.webp", one.title, one.alt, *sides, *hashes))
        else:
            picture = drawn(one, name)
            files[f"{stem}.svg"] = data = picture.svg.encode()
            sha256 = hashlib.sha256(data).hexdigest()
            figures.append(Figure(name, f"{stem}.svg", picture.title, picture.alt, sha256))
    if (size := sum(len(data) for file, data in files.items() if file.endswith(".webp"))) > MAX_ALL:
        raise RunnerError(
            f"clips of {size // 1000} KB in all, expected at most {MAX_ALL // 1000}", mend="show fewer, or shorter ones"
        )
    return Drawn(tuple(figures), tuple(clips), files)


def _past(folder: Path, preset: str) -> tuple[Past, ...]:
    """The former runs with the one about to be replaced; nothing where there is none, or the list is damaged."""
    try:
        replaced = in_short(from_json((folder / f"{preset}.json").read_bytes()))
    except (OSError, RecordError):
        return ()
    try:
        return replaced, *past_from_json((folder / PAST_FILE).read_bytes())
    except FileNotFoundError:
        return (replaced,)
    except (OSError, RecordError):
        return ()  # left as it is; `nonmun check` reports it, and a run's result is worth more than the list


def _put(folder: Path, result: Result, drawn: Drawn, past: tuple[Past, ...], cleanup: Cleanup) -> list[str]:
    """Pictures first: a record never names one that is not there. Those of an earlier run go."""
    files = dict(drawn.files)
    files |= {PAST_FILE: past_json(past).encode()} if past else {}
    files[f"{result.preset}.json"] = to_json(result).encode()
    put_all(folder, files, cleanup)
    for ending in ("svg", "webp"):
        for old in folder.glob(f"{result.preset}-*.{ending}"):
            if old.name not in files:
                old.unlink()
    return list(files)
