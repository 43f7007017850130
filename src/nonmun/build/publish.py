"""Publication of a site in one step, at the cost of what changed.

Two complete sites lie side by side, and `site` is a link to the live one:

    build/site  ->  .sites/a        what readers see
    build/.sites/a, a.json          the site, and the record of what it holds
    build/.sites/b, b.json

To publish is to bring the other one up to date, record it, and turn the link over, which the system does in
one step. A record is written when its site is complete and deleted before the site is touched again: a site
with a record is complete, whatever was killed and whenever. Files in a site are never changed in place, only
replaced, because the two sites share those that are the same in both. Nothing is forced to the disk, since all
of it can be built again: the promise holds for processes that die, not for a machine that loses power.

A site that somebody else has written since (a plain `mkdocs build`) is not trusted and not built upon.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nonmun.build.manifest import (
    STAMP,
    Manifest,
    Record,
    check_site_paths,
    read_record,
    stamp_of,
    witness,
    write_record,
)
from nonmun.cores import on_all_cores
from nonmun.errors import ConflictError, NonmunError, SetupError

NAMES = ("a", "b")

# What a file system answers that has no hard links, or its fill of them.
_NO_LINKS = frozenset(
    (errno.EPERM, errno.EACCES, errno.EXDEV, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
)

Content = Path | str | bytes  # a file, or what shall be in one
Provide = Callable[[str], Content]

MANY_FILES = 2000  # from which on another process saves more than its start costs


@dataclass(frozen=True, slots=True)
class Published:
    """What one publication did: files that are new, files shared with the site before, files taken away."""

    written: int = 0
    shared: int = 0
    removed: int = 0
    turned: bool = False  # whether readers see another site than before


class SiteStore:
    """The two sites of a build folder. Make one for each build, while holding the build's lock."""

    def __init__(self, build_dir: Path) -> None:
        build_dir = build_dir.absolute()
        self.site = build_dir / "site"
        self.work = build_dir / ".work"
        self._sites = build_dir / ".sites"
        self._live = self._live_name()
        self._records = {name: self._trusted(name) for name in NAMES}
        # The sites share files: where the live one was written by somebody else, so perhaps was the other.
        if self._live is None or self._records[self._live] is None:
            self._records = dict.fromkeys(NAMES)

    def live(self) -> Manifest | None:
        """What readers see now; None where there is no site, or none that can be trusted."""
        record = self._records[self._live] if self._live else None
        return record.manifest if record else None

    def missing(self, wanted: Manifest) -> list[str]:
        """The paths that `publish` would ask for, because neither site holds them with the wanted key."""
        held = [record.manifest.files for record in self._records.values() if record]
        return [path for path, key in wanted.files.items() if all(files.get(path) != key for files in held)]

    def publish(self, wanted: Manifest, provide: Provide) -> Published:
        """Make the site that readers see the wanted one, in one step.

        `provide` is asked for each path of `missing`, and answers with its content: bytes, or a file. A file
        under `.work` is taken as it is (by a hard link, so it must not be written again); any other is copied.
        """
        check_site_paths(wanted.files)
        self._sites.mkdir(parents=True, exist_ok=True)
        self._sweep()
        live = self.live()
        if live and live.id == wanted.id:
            return Published()
        if self.site.exists() and not self.site.is_dir():
            raise ConflictError(f"{self.site} is a file, expected a folder or a link", mend="move it away")
        target = NAMES[1] if self._live == NAMES[0] else NAMES[0]
        try:
            published = self._bring_up_to_date(target, wanted, provide)
        except (NotADirectoryError, IsADirectoryError, FileExistsError):
            # Something is in the way that is in no record. The folder is not live: begin it anew.
            self._records[target] = None
            published = self._bring_up_to_date(target, wanted, provide)
        self._turn_over(target)
        return published

    # The sites on the disk

    def _live_name(self) -> str | None:
        with suppress(OSError):
            link = self.site.readlink()
            return next((name for name in NAMES if link == Path(".sites", name)), None)
        return None

    def _trusted(self, name: str) -> Record | None:
        record = read_record(self._sites / f"{name}.json")
        if record and record.witnesses == witness(self._sites / name):
            with suppress(OSError):
                if (self._sites / name / STAMP).read_bytes() == stamp_of(record.manifest):
                    return record
        return None

    def _forget(self, names: Iterable[str]) -> None:
        for name in names:
            self._records[name] = None
            (self._sites / f"{name}.json").unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Take away what killed builds left: only the two sites and their records belong here."""
        ours = {*NAMES, *(f"{name}.json" for name in NAMES)}
        for entry in list(self._sites.iterdir()):
            if entry.name not in ours:
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry, ignore_errors=True)
                else:
                    entry.unlink(missing_ok=True)

    # Bringing the other site up to date

    def _bring_up_to_date(self, target: str, wanted: Manifest, provide: Provide) -> Published:
        folder = self._sites / target
        had = self._records[target]
        live = self.live()
        # From here on the target is nobody's site, and neither is one that was not trusted.
        self._forget([target, *(name for name, record in self._records.items() if record is None)])
        if had is None:
            self._discard(folder)
        folder.mkdir(exist_ok=True)

        held = had.manifest.files if had else {}
        readers_have = live.files if live else {}
        gone = [path for path in held if path not in wanted.files]
        changed = [path for path, key in wanted.files.items() if held.get(path) != key]
        for path in (*gone, *(path for path in changed if path in held)):
            (folder / path).unlink(missing_ok=True)
        _remove_empty_folders(folder, gone)

        if live is None and had is None:
            on_all_cores(changed, lambda paths, note: _lay_out(folder, paths, self._move, provide), least=MANY_FILES)
            shared = []
        else:
            shared = [path for path in changed if readers_have.get(path) == wanted.files[path]]
            _lay_out(folder, shared, self._share, lambda path: path)
            others = [path for path in changed if readers_have.get(path) != wanted.files[path]]
            _lay_out(folder, others, self._take, provide)
        (folder / STAMP).unlink(missing_ok=True)
        (folder / STAMP).write_bytes(stamp_of(wanted))
        record = Record(wanted, witness(folder))
        write_record(self._sites / f"{target}.json", record)
        self._records[target] = record
        return Published(len(changed) - len(shared), len(shared), len(gone), turned=True)

    def _share(self, path: str, destination: str) -> None:
        source = f"{self._sites}/{self._live}/{path}"
        try:
            _link_or_copy(source, destination)
        except FileNotFoundError as fault:
            # It lost a file and kept its stamp, so it is not what its record says. Do not build on it again.
            self._forget(NAMES)
            raise NonmunError(
                f"{self.site / path} is gone from the published site",
                mend="run the build again: it will start from nothing",
            ) from fault

    def _move(self, content: Content, destination: str) -> None:
        """Like `_take`, for a site that has nothing yet, so that nothing is in the way: nobody will ask again."""
        if not isinstance(content, bytes) and os.fspath(content).startswith(f"{self.work}{os.sep}"):
            os.rename(content, destination)
        else:
            self._take(content, destination)

    def _take(self, content: Content, destination: str) -> None:
        if isinstance(content, bytes):
            with open(destination, "xb") as file:
                file.write(content)
        elif os.fspath(content).startswith(f"{self.work}{os.sep}"):
            _link_or_copy(os.fspath(content), destination)
        else:
            with open(content, "rb") as source, open(destination, "xb") as file:
                shutil.copyfileobj(source, file)

    def _turn_over(self, target: str) -> None:
        link = self._sites / "link"
        try:
            link.symlink_to(Path(".sites", target), target_is_directory=True)
        except OSError as fault:
            raise SetupError(
                f"this system does not allow the link {self.site} ({fault.strerror})",
                mend="allow links (on Windows: turn Developer Mode on), or build on another file system",
            ) from fault
        if self.site.is_dir() and not self.site.is_symlink():
            # A folder, which a plain `mkdocs build` made, cannot be replaced by a link: it steps aside first.
            self._discard(self.site, then=link)
        else:
            link.replace(self.site)
        self._live = target

    def _discard(self, folder: Path, then: Path | None = None) -> None:
        """Take a folder away, out of sight first; put `then` in its place, before the folder is deleted."""
        if os.path.lexists(folder):
            aside = Path(tempfile.mkdtemp(prefix="discarded-", dir=self._sites))
            folder.replace(aside / "site")
            if then:
                then.replace(folder)
            shutil.rmtree(aside, ignore_errors=True)


def _lay_out(folder: Path, paths: Sequence[str], put: Callable[[Any, str], None], provide: Provide) -> None:
    """Put each file in its place. There may be ten thousand: their names stay as they are, without a Path of each."""
    made: set[str] = set()
    for path in paths:
        parent = path.rpartition("/")[0]
        if parent not in made:  # one call for each folder, not for each file
            _make_folder(f"{folder}/{parent}")
            made.add(parent)
        put(provide(path), f"{folder}/{path}")


def _link_or_copy(source: str, destination: str) -> None:
    try:
        os.link(source, destination)
    except OSError as fault:
        if fault.errno not in _NO_LINKS:
            raise
        shutil.copy2(source, destination)


def _make_folder(path: str) -> None:
    try:
        os.mkdir(path)  # most stand in a folder that is there
    except OSError:
        os.makedirs(path, exist_ok=True)


def _remove_empty_folders(folder: Path, paths: Iterable[str]) -> None:
    """Remove the folders that held these paths, and those around them, where nothing is left inside."""
    for parent in sorted({path.rpartition("/")[0] for path in paths}, key=len, reverse=True):
        while parent:
            try:
                (folder / parent).rmdir()
            except FileNotFoundError:
                pass
            except OSError:
                break
            parent = parent.rpartition("/")[0]
