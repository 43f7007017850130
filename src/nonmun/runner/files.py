"""Several files that belong together, put in place at the end of a run."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from nonmun.runner.cleanup import Cleanup


def put_all(folder: Path, files: Mapping[str, bytes], cleanup: Cleanup) -> None:
    """Write `files` into `folder`, in this order, each whole or not at all; none before all are on the disk."""
    folder.mkdir(parents=True, exist_ok=True)
    drafts = Path(tempfile.mkdtemp(prefix=".nonmun-", dir=folder))
    cleanup.add(lambda: shutil.rmtree(drafts, ignore_errors=True))
    try:
        for name, data in files.items():
            with (drafts / name).open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        for name in files:
            os.replace(drafts / name, folder / name)
    finally:
        shutil.rmtree(drafts, ignore_errors=True)
