"""Result ⇄ JSON. Every value is checked, and an error names the key it stands under, such as `metrics[3].value`."""

from __future__ import annotations

import json
import re
from dataclasses import asdict

from nonmun.record.criteria import VERDICTS, Check, verdict
from nonmun.record.metrics import BETTER, Metric, RecordError
from nonmun.record.place import Place, is_time
from nonmun.record.result import Clip, Figure, Result

SCHEMA = 1
_NAME = re.compile(r"\w[\w.-]*")
_WEBP = re.compile(r"\w[\w.-]*\.webp")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def to_json(result: Result) -> str:
    """The record as JSON. RecordError where it is none that `from_json` would accept."""
    data = {"schema": SCHEMA, **asdict(result), "verdict": result.verdict}
    try:
        text = json.dumps(data, ensure_ascii=False, indent=1)
    except (TypeError, ValueError, RecursionError) as error:
        Place(data, "").tree()  # which names the key, but where an object holds itself
        raise RecordError(f"a result that JSON cannot hold ({error})") from None
    from_json(text)
    return f"{text}\n"


def from_json(text: str | bytes) -> Result:
    """The Result that a record holds."""
    try:
        return _result(Place(json.loads(text, parse_constant=_constant), ""))
    except RecordError:
        raise
    except (ValueError, RecursionError) as error:
        raise RecordError(f"no JSON ({str(error)[:120] or type(error).__name__})") from None


def _constant(name: str) -> float:
    return float(name)  # found again, and named, where a finite number is expected


def _result(found: Place) -> Result:
    if found["schema"].whole() != SCHEMA:
        raise RecordError(f"schema is {found['schema'].value}, expected {SCHEMA}")
    checks = tuple(map(_check, found["checks"].items()))
    if (claimed := found["verdict"].text(VERDICTS)) != verdict(checks):
        raise RecordError(f"verdict is '{claimed}', but '{verdict(checks)}' follows from the checks")
    result = Result(
        runner=found["runner"].text(_NAME),
        preset=found["preset"].text(_NAME),
        paper=found["paper"].text(),
        claim={lang: found["claim"][lang].text() for lang in ("ko", "en")},
        config=found["config"].tree(),
        seed=found["seed"].whole(),
        device=found["device"].text(),
        threads=found["threads"].whole(),
        versions=found["versions"].texts(),
        sources=found["sources"].texts(_SHA256),
        started=found["started"].text(is_time),
        seconds=found["seconds"].number(),
        peak_memory=None if found["peak_memory"].value is None else found["peak_memory"].whole(),
        metrics=tuple(map(_metric, found["metrics"].items())),
        checks=checks,
        series=found.get("series", {}).tree(),
        config_schema=found.get("config_schema", {}).tree(),
        figures=tuple(map(_figure, found.get("figures", []).items())),
        clips=tuple(map(_clip, found.get("clips", []).items())),
    )
    names = [metric.name for metric in result.metrics]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise RecordError(f"metrics holds '{twice}' twice, expected each once")
    return result


def _metric(found: Place) -> Metric:
    ci95, baseline = found.get("ci95", None), found.get("baseline", None)
    ends = None if ci95.value is None else [end.number() for end in ci95.items()]
    if ends is not None and len(ends) != 2:
        raise RecordError(f"{ci95.where} has {len(ends)} items, expected 2")
    return Metric(
        name=found["name"].text(),
        value=found["value"].number(),
        **{key: found.get(key, "").text() for key in ("label", "unit", "group")},
        better=found.get("better", "").text(BETTER),
        ci95=None if ends is None else (ends[0], ends[1]),
        baseline=None if baseline.value is None else baseline.number(),
    )


def _check(found: Place) -> Check:
    claim, criterion, value = (found[key].text() for key in ("claim", "criterion", "value"))
    passed, control = found["passed"].flag(), found.get("control", False).flag()
    return Check(claim, criterion, value, passed, control, found.get("metric", "").text())


def _figure(found: Place) -> Figure:
    name, file = found["name"].text(_NAME), found["file"].text(_NAME)
    return Figure(name, file, found["title"].text(), found["alt"].text(), found["sha256"].text(_SHA256))


def _clip(found: Place) -> Clip:
    name, file, still = found["name"].text(_NAME), found["file"].text(_WEBP), found["still"].text(_WEBP)
    width, height = (found[side].whole() for side in ("width", "height"))
    hashes = (found[key].text(_SHA256) for key in ("sha256", "still_sha256"))
    return Clip(name, file, still, found["title"].text(), found["alt"].text(), width, height, *hashes)
