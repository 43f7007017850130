"""What has changed since somebody last asked: files by name, or no one knows what."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(slots=True)
class Changes:
    """Filled by those who watch, emptied by the one who builds; of one event loop."""

    _files: set[Path] = field(default_factory=set)
    _unknown: bool = False
    _some: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, files: Iterable[str]) -> None:
        """These files are others than before, or gone."""
        self._files.update(map(Path, files))
        self._some.set()

    def add_unknown(self) -> None:
        """Something may have changed, and perhaps everything."""
        self._unknown = True
        self._some.set()

    async def take(self) -> frozenset[Path] | None:
        """The files that changed, as soon as there are any; None where they are not all known."""
        await self._some.wait()
        found = None if self._unknown else frozenset(self._files)
        self._files.clear()
        self._unknown = False
        self._some.clear()
        return found
