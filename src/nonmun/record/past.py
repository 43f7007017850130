"""Runs that were on record before: one line each in `results/past.json`, so that a verdict leaves a trace."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from nonmun.record.criteria import VERDICTS
from nonmun.record.metrics import RecordError
from nonmun.record.place import Place, is_time
from nonmun.record.result import Result

FILE = "past.json"
KEPT = 50
_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Past:
    """A former record in short; `metrics` are its values by name."""

    preset: str
    started: str
    verdict: str
    seed: int
    device: str
    seconds: float
    metrics: dict[str, float]


def in_short(result: Result) -> Past:
    values = {metric.name: metric.value for metric in result.metrics}
    return Past(result.preset, result.started, result.verdict, result.seed, result.device, result.seconds, values)


def past_json(runs: Iterable[Past]) -> str:
    """The last ones of `runs`, the newest first."""
    kept = sorted(runs, key=lambda run: run.started, reverse=True)[:KEPT]
    return json.dumps({"schema": _SCHEMA, "past": [asdict(run) for run in kept]}, ensure_ascii=False, indent=1) + "\n"


def past_from_json(text: str | bytes) -> tuple[Past, ...]:
    """The runs that such a file holds. RecordError where it is none."""
    try:
        found = Place(json.loads(text), "")
        if found["schema"].whole() != _SCHEMA:
            raise RecordError(f"schema is {found['schema'].value}, expected {_SCHEMA}")
        return tuple(map(_past, found["past"].items()))
    except RecordError:
        raise
    except (ValueError, RecursionError) as error:
        raise RecordError(f"no JSON ({str(error)[:120] or type(error).__name__})") from None


def _past(found: Place) -> Past:
    numbers = found["metrics"].tree()
    return Past(
        preset=found["preset"].text(),
        started=found["started"].text(is_time),
        verdict=found["verdict"].text(VERDICTS),
        seed=found["seed"].whole(),
        device=found["device"].text(),
        seconds=found["seconds"].number(),
        metrics={name: found["metrics"][name].number() for name in numbers},
    )
