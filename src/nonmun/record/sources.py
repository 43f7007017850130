"""Which code made a record: a hash of each of its files."""

from __future__ import annotations

import hashlib
from pathlib import Path

_SHARED = "models.py"  # in runners/, where every runner gets its models from


def source_hashes(folder: Path) -> dict[str, str]:
    """The sha256 of each file of code in a runner's folder, and of runners/models.py, by its path in runners/.

    Over the text with plain line ends, which some checkouts change. OSError where a file cannot be read.
    """
    files = [
        file for file in folder.rglob("*.py") if not {"__pycache__", "results"} & set(file.relative_to(folder).parts)
    ]
    shared = folder.parent / _SHARED
    files += [shared] if shared.is_file() else []
    return {file.relative_to(folder.parent).as_posix(): _sha256(file) for file in sorted(files)}


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
