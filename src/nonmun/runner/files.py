"""Files put in place whole: one, or several that belong together at the end of a run."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from nonmun.runner.cleanup import Cleanup


def put(path: Path, data: bytes) -> None:
    """Write one file, whole or not at all. OSError says why not; nothing is left behind then."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write_through(draft, data)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def put_all(folder: Path, files: Mapping[str, bytes], cleanup: Cleanup) -> None:
    """Write `files` into `folder`, in this order, each whole or not at all; none before all are on the disk."""
    folder.mkdir(parents=True, exist_ok=True)
    drafts = Path(tempfile.mkdtemp(prefix=".nonmun-", dir=folder))
    cleanup.add(lambda: shutil.rmtree(drafts, ignore_errors=True))
    try:
        for name, data in files.items():
            write_through(drafts / name, data)
        for name in files:
            os.replace(drafts / name, folder / name)
    finally:
        shutil.rmtree(drafts, ignore_errors=True)


def write_through(path: Path, data: bytes) -> None:
    """A new file, and it is on the disk when this returns."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
