"""Which files are sources of the site, and how their changes are noticed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from pathlib import Path

from watchfiles import Change, awatch

from nonmun.errors import NonmunError, SetupError
from nonmun.read.base import Base
from nonmun.read.scan import Identity, identity
from nonmun.serve.changes import Changes

# Changes are gathered until there has been none for so long, but not for longer than the second; in ms.
QUIET_MS, PATIENCE_MS = 20, 200
SETTLED_SECONDS = 0.05
LOOK_AROUND_MS = 1000  # how often to see whether a whole folder has come or gone

_LEFTOVERS = ("~", ".swp", ".swx", ".pyc", ".tmp", ".part", "4913")  # of editors, and of what runners write on the way

Folders = Mapping[Path, Identity | None]


async def watch(base: Base, changes: Changes, told: Callable[[NonmunError], None]) -> None:
    """Tell `changes` whenever a source may be another than before; until cancelled."""
    polling: bool | None = None  # None leaves it to watchfiles, which knows where the system tells of nothing
    while True:
        folders = watched(base)
        moved = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_look_around(base, folders, changes, moved, polling))
                if folders:
                    group.create_task(_follow(folders, changes, moved, polling))
                await asyncio.sleep(SETTLED_SECONDS)  # until both look: what they are told of begins then
                changes.add_unknown()  # what happened before anyone looked
        except* (OSError, RuntimeError) as errors:
            if not polling and all(folder.is_dir() for folder in folders):
                told(_cannot_watch(errors.exceptions[0]))
                polling = True
            await asyncio.sleep(LOOK_AROUND_MS / 1000)


def watched(base: Base) -> Folders:
    """The folders whose changes matter, each with what tells it from another one of the same name.

    The base's root is not among them: it would bring every change of build/ along.
    """
    return {folder: identity(folder) for folder in _possible(base) if folder.is_dir()}


def _possible(base: Base) -> list[Path]:
    return [base.notes, base.digests, base.runners, base.root / "site", *base.more_notes]


async def _follow(folders: Folders, changes: Changes, moved: asyncio.Event, polling: bool | None) -> None:
    def is_wanted(change: Change, path: str) -> bool:
        return any(is_source(folder, Path(path)) for folder in folders)

    watching = awatch(
        *folders,
        watch_filter=is_wanted,
        debounce=PATIENCE_MS,
        step=QUIET_MS,
        stop_event=moved,
        force_polling=polling,
        ignore_permission_denied=True,
    )
    async with aclosing(watching):
        async for found in watching:
            changes.add(path for _, path in found)


async def _look_around(
    base: Base, folders: Folders, changes: Changes, moved: asyncio.Event, polling: bool | None
) -> None:
    """Notice changes of mkdocs.yml, and end the watch of `folders` where they are no longer those to be watched.

    mkdocs.yml is watched by its folder: an editor that saves it puts another file in its place.
    """
    wanted = {base.config, *_possible(base)}  # also those that are not there: they may come, and go again
    watching = awatch(
        base.root,
        watch_filter=lambda change, path: Path(path) in wanted,
        debounce=PATIENCE_MS,
        step=QUIET_MS,
        rust_timeout=LOOK_AROUND_MS,
        yield_on_timeout=True,
        recursive=False,
        force_polling=polling,
    )
    async with aclosing(watching):
        async for found in watching:
            if found:
                changes.add_unknown()
            # A folder that was put back may look like the one that was taken away, and is watched no more.
            replaced = any(change is not Change.modified and Path(path) != base.config for change, path in found)
            if replaced or watched(base) != folders:
                moved.set()
                return


def is_source(folder: Path, path: Path) -> bool:
    """Whether a changed file in a watched folder can change the site; hidden and left-over ones cannot."""
    if not path.is_relative_to(folder):
        return False
    parts = path.relative_to(folder).parts
    if not parts:
        return True
    return not (any(part.startswith(".") or part == "__pycache__" for part in parts) or parts[-1].endswith(_LEFTOVERS))


def _cannot_watch(error: BaseException) -> SetupError:
    return SetupError(
        f"this system does not tell of changed files ({error}), so they are looked at again and again",
        mend="on Linux, allow more: sysctl fs.inotify.max_user_watches=524288",
    )
