"""What has to be done however a run ends."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


class Cleanup:
    """Callbacks, the last one first, each once. May be run from any thread."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[], object]] = []
        self._lock = threading.Lock()

    def add(self, callback: Callable[[], object]) -> None:
        with self._lock:
            self._callbacks.append(callback)

    def scratch(self) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="nonmun-run-"))
        self.add(lambda: shutil.rmtree(folder, ignore_errors=True))
        return folder

    def run(self) -> None:
        """One that fails does not keep the others from their turn."""
        while True:
            with self._lock:
                if not self._callbacks:
                    return
                callback = self._callbacks.pop()
            with suppress(Exception):
                callback()
