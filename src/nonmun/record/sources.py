"""Which code made a record: a hash of each of its files."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

_SHARED = "models.py"  # in runners/, where every runner gets its models from
_IMPORT = re.compile(r"^\s*(?:from|import) runners\.([\w.]+)", re.MULTILINE)


def source_hashes(folder: Path) -> dict[str, str]:
    """The sha256 of each file of code in a runner's folder, of runners/models.py, and of what these import by full name
    from rooms that runners share (`from runners.ROOM import …`), by its path in runners/.

    Over the text with plain line ends, which some checkouts change. OSError where a file cannot be read.
    """
    shared = folder.parent / _SHARED
    found: set[Path] = set()
    ahead = [*_code(folder), *([shared] if shared.is_file() else [])]
    while ahead:
        file = ahead.pop()
        if file not in found:
            found.add(file)
            ahead += _imported(file, folder.parent)
    return {file.relative_to(folder.parent).as_posix(): _sha256(file) for file in sorted(found)}


def _code(folder: Path) -> list[Path]:
    return [
        file for file in folder.rglob("*.py") if not {"__pycache__", "results"} & set(file.relative_to(folder).parts)
    ]


def _imported(file: Path, runners: Path) -> list[Path]:
    """What a file imports from runners/ by full name: of a room that runners share all of it, else the one module."""
    found = []
    for name in _IMPORT.findall(file.read_text("utf-8", "replace")):
        room, module = runners / name.partition(".")[0], runners.joinpath(*name.split(".")).with_suffix(".py")
        if room.is_dir() and not (room / "__main__.py").exists():
            found += _code(room)
        elif module.is_file():
            found.append(module)
    return found


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
