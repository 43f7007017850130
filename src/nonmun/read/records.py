"""The records beside a runner: results/PRESET.json, its figures, and results/past.json."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nonmun import record
from nonmun.errors import Fault, Severity
from nonmun.recorded import Clip, Figure, Metric, Parameter, PastRun, Result

MAX_RECORD_BYTES = 4 * 1024 * 1024
MAX_FIGURE_BYTES = 200 * 1024
MAX_CLIP_BYTES = 400_000
_BOUNDS = {"minimum": "≥ {}", "exclusiveMinimum": "> {}", "maximum": "≤ {}", "exclusiveMaximum": "< {}"}


def read_results(folder: Path, shown: str, faults: list[Fault]) -> Iterator[Result]:
    """The recorded runs of the runner in `folder`, each with whether its code has changed since."""
    files = [file for file in sorted((folder / "results").glob("*.json")) if file.name != record.PAST_FILE]
    now = _sources(folder, shown, faults) if files else {}
    for file in files:
        path = f"{shown}/results/{_name(file)}"
        try:
            found = record.from_json(_bytes(file, MAX_RECORD_BYTES))
        except (OSError, ValueError) as error:
            faults.append(_bad(path, error, f"record it again: python -m runners.{folder.name} --record"))
            continue
        if found.runner != folder.name:
            why = ValueError(f"runner is '{found.runner}', expected '{folder.name}'")
            faults.append(_bad(path, why, f"record it again: python -m runners.{folder.name} --record"))
            continue
        pictures = tuple(_figures(found, file.parent, shown, faults)), tuple(_clips(found, file.parent, shown, faults))
        yield _view(found, *pictures, stale=dict(found.sources) != now)


def read_past(folder: Path, shown: str, faults: list[Fault]) -> Iterator[PastRun]:
    """The runs that were on record before."""
    file = folder / "results" / record.PAST_FILE
    if not file.exists():
        return
    try:
        runs = record.past_from_json(_bytes(file, MAX_RECORD_BYTES))
    except (OSError, ValueError) as error:
        faults.append(_bad(f"{shown}/results/{file.name}", error, "put it back, or delete it"))
        return
    for run in runs:
        yield PastRun(run.preset, run.started, run.verdict, run.seconds, run.device)


def _sources(folder: Path, shown: str, faults: list[Fault]) -> dict[str, str]:
    try:
        return record.source_hashes(folder)
    except OSError as error:
        what = f"code that cannot be read ({error.strerror})"
        faults.append(Fault(shown, 1, "unreadable", what, "correct its permissions", severity=Severity.WARNING))
        return {}


def _bytes(file: Path, most: int) -> bytes:
    if not file.is_file():
        raise ValueError("no plain file")
    if file.stat().st_size > most:
        raise ValueError(f"more than {most // 2**10:,} KiB")
    return file.read_bytes()


def _bad(path: str, error: Exception, mend: str) -> Fault:
    why = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return Fault(path, 1, "bad-result", f"a record that cannot be read ({why[:200]})", mend, "a result of schema 1")


def _figures(found: record.Result, results: Path, shown: str, faults: list[Fault]) -> Iterator[Figure]:
    """The pictures that belong to this record: those with the hash that it names."""
    for figure in found.figures:
        path = f"{shown}/results/{figure.file}"
        again = f"python -m runners.{found.runner} --redraw --preset {found.preset}"
        try:
            data = _bytes(results / figure.file, MAX_FIGURE_BYTES)
            if hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest() != figure.sha256:
                raise ValueError("it is not the one that the record names")
            yield Figure(figure.name, path, figure.title, figure.alt, data.decode("utf-8"))
        except (OSError, ValueError) as error:
            faults.append(_not_shown(path, "figure", error, again))


def _clips(found: record.Result, results: Path, shown: str, faults: list[Fault]) -> Iterator[Clip]:
    """The moving pictures that belong to this record, with their stills; one without its still is not shown."""
    for clip in found.clips:
        path = f"{shown}/results/{clip.file}"
        again = f"python -m runners.{found.runner} --redraw --preset {found.preset}"
        try:
            for file, sha256 in ((clip.file, clip.sha256), (clip.still, clip.still_sha256)):
                data = _bytes(results / file, MAX_CLIP_BYTES)
                if hashlib.sha256(data).hexdigest() != sha256:
                    raise ValueError(f"{file} is not the one that the record names")
                if (data[:4], data[8:12]) != (b"RIFF", b"WEBP"):
                    raise ValueError(f"{file} is no WebP")
            still = f"{shown}/results/{clip.still}"
            yield Clip(clip.name, path, still, clip.title, clip.alt, clip.width, clip.height)
        except (OSError, ValueError) as error:
            faults.append(_not_shown(path, "clip", error, again))


def _not_shown(path: str, kind: str, error: Exception, again: str) -> Fault:
    why = (error.strerror if isinstance(error, OSError) else None) or str(error)
    what = f"a {kind} that cannot be shown ({why[:120]})"
    return Fault(path, 1, f"bad-{kind}", what, f"draw it again: {again}", severity=Severity.WARNING)


def _view(found: record.Result, figures: tuple[Figure, ...], clips: tuple[Clip, ...], *, stale: bool) -> Result:
    return Result(
        preset=found.preset,
        verdict=found.verdict,
        started=found.started,
        seconds=found.seconds,
        paper=found.paper,
        seed=found.seed,
        device=found.device,
        threads=found.threads,
        peak_memory=found.peak_memory,
        versions=tuple(found.versions.items()),
        metrics=tuple(
            Metric(one.label or one.name, one.value, one.unit, one.better, one.baseline, one.ci95, one.group)
            for one in found.metrics
        ),
        checks=found.checks,
        parameters=tuple(_parameters(found.config, found.config_schema)),
        figures=figures,
        clips=clips,
        stale=stale,
    )


def _parameters(config: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Parameter]:
    properties = schema.get("properties")
    for name, value in config.items():
        about = properties.get(name) if isinstance(properties, Mapping) else None
        about = about if isinstance(about, Mapping) else {}
        yield Parameter(
            name,
            _shown(value),
            _shown(about["default"]) if "default" in about else "",
            _bounds(about),
            str(about.get("description", "")),
            str(about.get("source", "")),
        )


def _bounds(about: Mapping[str, Any]) -> str:
    kinds = [about, *(kind for kind in about.get("anyOf") or () if isinstance(kind, Mapping))]
    texts = [text.format(kind[key]) for kind in kinds for key, text in _BOUNDS.items() if key in kind]
    texts += [" | ".join(map(_shown, kind["enum"])) for kind in kinds if isinstance(kind.get("enum"), list)]
    return ", ".join(texts)


def _shown(value: Any) -> str:
    """A setting as one writes it on the command line."""
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _name(file: Path) -> str:
    return file.name.encode("utf-8", "replace").decode()
