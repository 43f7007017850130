"""The folders of runners/: each one's README and method, and the results recorded beside them."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from nonmun.errors import Fault, Severity
from nonmun.read.base import Base
from nonmun.read.records import read_past, read_results
from nonmun.recorded import Runner

MAX_NAME_BYTES = 200  # its page is a file of that name and a suffix, which file systems bound at 255
MAX_CODE_BYTES = 256 * 1024
_RESERVED = {"index"}  # the page of all runners


def read_runners(base: Base) -> tuple[dict[str, Runner], list[Fault]]:
    """Every folder of runners/ with a README.md, by name. A record that cannot be read is a fault, and not shown."""
    runners: dict[str, Runner] = {}
    faults: list[Fault] = []
    try:
        folders = sorted(base.runners.iterdir()) if base.runners.is_dir() else []
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
            readme = _text(folder / "README.md")
            method = _text(folder / "method.py")
        except OSError as error:
            faults.append(_unreadable(f"{shown}/{Path(error.filename or '').name}", error))
            continue
        runnable = (folder / "__main__.py").is_file()
        if readme is not None:
            runners[name] = Runner(
                name,
                f"{shown}/README.md",
                readme,
                tuple(read_results(folder, shown, faults)),
                tuple(read_past(folder, shown, faults)),
                runnable,
                method or "",
                tuple(sorted(file.name for file in folder.glob("*.py"))) if runnable else (),
            )
        elif runnable:
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


def _text(file: Path) -> str | None:
    """The file's beginning, which is all of it but for files that nobody wrote; None where there is none."""
    if not file.is_file():
        return None
    with file.open("rb") as stream:
        return stream.read(MAX_CODE_BYTES).decode("utf-8", "replace").replace("\r\n", "\n")


def _unreadable(path: str, error: OSError) -> Fault:
    what = f"something that cannot be read ({error.strerror})"
    return Fault(path, 1, "unreadable", what, "correct its permissions")
