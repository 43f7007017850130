"""The folders of runners/: each one's README, and the results recorded beside it."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nonmun.errors import Fault, Severity
from nonmun.model import Check, Metric, Result, Runner
from nonmun.parse.text import undecodable
from nonmun.read.base import Base
from nonmun.read.scan import Found, not_a_folder, read_text

VERDICTS = ("reproduced", "partly", "not reproduced")
MAX_NAME_BYTES = 200  # its page is a file of that name and a suffix, which file systems bound at 255
MAX_RECORD_BYTES = 4 * 1024 * 1024
_RESERVED = {"index"}  # the page of all runners


def read_runners(base: Base) -> tuple[dict[str, Runner], list[Fault]]:
    """Every folder of runners/ with a README.md, by name. A record that cannot be read is a fault, and not shown."""
    runners: dict[str, Runner] = {}
    faults: list[Fault] = []
    try:
        folders = sorted(base.runners.iterdir())
    except FileNotFoundError:
        return runners, []
    except NotADirectoryError:
        return runners, [not_a_folder("runners")]
    except OSError as error:
        return runners, [_unreadable("runners", error)]
    for folder in folders:
        name = unicodedata.normalize("NFC", folder.name)
        if name.startswith((".", "_")) or not folder.is_dir():
            continue
        shown = f"runners/{name.encode('utf-8', 'replace').decode()}"
        if (fault := _name_fault(name, shown)) is not None:
            faults.append(fault)
            continue
        try:
            readme = _readme(folder, f"{shown}/README.md", faults)
        except OSError as error:
            faults.append(_unreadable(f"{shown}/README.md", error))
            continue
        if readme is not None:
            results = tuple(_results(folder, shown, faults))
            runners[name] = Runner(name, f"{shown}/README.md", readme, results)
        elif (folder / "__main__.py").is_file():
            what = f"runner '{name}' without a README.md, so it has no page"
            faults.append(
                Fault(shown, 1, "no-readme", what, "write its claim into README.md", severity=Severity.WARNING)
            )
    return runners, faults


def _name_fault(name: str, shown: str) -> Fault | None:
    """A runner is started as `python -m runners.NAME`, and has the page /runners/NAME/."""
    if name.isidentifier() and name not in _RESERVED and len(name.encode()) <= MAX_NAME_BYTES:
        return None
    wanted = "a name of letters, digits and underscores that Python can import, other than 'index'"
    return Fault(shown, 1, "bad-runner-name", "a runner's folder of that name", "rename it", wanted)


def _readme(folder: Path, shown: str, faults: list[Fault]) -> str | None:
    file = folder / "README.md"
    if not file.is_file():
        return None
    text, problems = read_text(Found(shown, str(file), ()))
    faults += [*problems, *undecodable(text, shown)]
    return text if text or not problems else None


def _results(folder: Path, shown: str, faults: list[Fault]) -> Iterator[Result]:
    for file in sorted((folder / "results").glob("*.json")):
        try:
            yield _record(file)
        except (OSError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError, RecursionError) as error:
            faults.append(
                Fault(
                    f"{shown}/results/{file.name.encode('utf-8', 'replace').decode()}",
                    1,
                    "bad-result",
                    f"a record that cannot be read ({type(error).__name__}: {str(error)[:120]})",
                    f"record it again: python -m runners.{folder.name}",
                    "a result of schema 1",
                )
            )


def _record(file: Path) -> Result:
    if not file.is_file():
        raise OSError("no plain file")
    if file.stat().st_size > MAX_RECORD_BYTES:
        raise ValueError(f"more than {MAX_RECORD_BYTES // 2**20} MiB")
    return _result(json.loads(file.read_bytes()))


def _result(found: dict[str, Any]) -> Result:
    verdict = str(found["verdict"])
    if verdict not in VERDICTS:
        raise ValueError(f"verdict {verdict!r}, expected one of {', '.join(VERDICTS)}")
    return Result(
        preset=str(found["preset"]),
        verdict=verdict,
        started=str(found["started"]),
        seconds=float(found["seconds"]),
        metrics=tuple(_metric(metric) for metric in found.get("metrics", ())),
        checks=tuple(
            Check(str(check["claim"]), str(check["criterion"]), str(check["value"]), bool(check["passed"]))
            for check in found.get("checks", ())
        ),
    )


def _metric(found: dict[str, Any]) -> Metric:
    ci95 = found.get("ci95")
    baseline = found.get("baseline")
    return Metric(
        name=str(found["name"]),
        value=float(found["value"]),
        unit=str(found.get("unit", "")),
        baseline=None if baseline is None else float(baseline),
        ci95=(float(ci95[0]), float(ci95[1])) if ci95 else None,
    )


def _unreadable(path: str, error: OSError) -> Fault:
    what = f"something that cannot be read ({error.strerror})"
    return Fault(path, 1, "unreadable", what, "correct its permissions")
