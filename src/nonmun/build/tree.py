"""build/docs on the disk, and the record of what each of its files was made from.

The record is build/.cache/docs.json. It is taken away before the tree is touched and written again when the tree is
whole, so that a build that was killed leaves no tree that claims to be complete. What was written is remembered, too:
a process that builds again and again reads the record once, and once more whenever another process has written it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nonmun.errors import Fault, Severity

SCHEMA = 2


@dataclass(frozen=True, slots=True)
class Grown:
    """One file of the tree: the key of all that it was made from, the faults found meanwhile.

    `stamp` is that of the file it is a copy of, where it is one.
    """

    key: str
    faults: tuple[Fault, ...] = ()
    stamp: tuple[int, ...] = ()


class Tree:
    """The generated tree of one base. To be changed by the holder of the build's lock only."""

    def __init__(self, docs: Path, record: Path) -> None:
        self._docs = docs
        self._record = record
        self._files: dict[str, Grown] = {}
        self._folders: set[str] = set()  # that are there, as far as is known
        self._stamp: tuple[int, ...] | None = None  # of the record that `_files` is the content of

    def files(self) -> Mapping[str, Grown]:
        """What the tree consists of by its record; nothing where no record says that it is whole."""
        stamp = _stamp(self._record)
        if stamp is None or stamp != self._stamp:
            self._files = _read(self._record)
            self._stamp = stamp
        return self._files

    def has(self, path: str) -> bool:
        """Whether a file of the record is still there: somebody may have tidied up."""
        return os.path.isfile(f"{self._docs}/{path}")

    def strangers(self) -> set[str]:
        """Files that no record knows, left by a build that was killed; looked for only where there is no record."""
        found: set[str] = set()
        for folder, _, names in os.walk(self._docs) if not self.files() else ():
            prefix = os.path.relpath(folder, self._docs).replace(os.sep, "/")
            found.update(names if prefix == "." else (f"{prefix}/{name}" for name in names))
        return found

    @contextmanager
    def changing(self) -> Iterator[dict[str, Grown]]:
        """The files, to be brought to what the tree becomes meanwhile. After an error the tree counts as not whole."""
        files = dict(self.files())
        self._record.unlink(missing_ok=True)
        self._stamp = None
        yield files
        _write(self._record, files)
        self._files = files
        self._stamp = _stamp(self._record)

    def put(self, path: str, data: bytes) -> None:
        """Write a file. Not in one step: while the tree is touched, no record says that it is whole."""
        target = f"{self._docs}/{path}"
        folder = target.rpartition("/")[0]
        try:
            if folder not in self._folders:
                with suppress(FileExistsError):
                    os.mkdir(folder)  # most stand in a folder that is there
                self._folders.add(folder)
            _write_new(target, data)
        except OSError:  # more is yet to be made, or something has its place
            self._make_way(Path(target))
            _write_new(target, data)

    def copy(self, path: str, source: Path) -> None:
        target = self._docs / path
        self._make_way(target)
        shutil.copyfile(source, target)

    def remove(self, path: str) -> None:
        file = self._docs / path
        file.unlink(missing_ok=True)
        self._folders.clear()
        for parent in file.parents:
            if parent == self._docs or not parent.is_dir() or any(parent.iterdir()):
                return
            parent.rmdir()

    def _make_way(self, target: Path) -> None:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):  # what was a page has become a folder of pages
            next(parent for parent in target.parents if os.path.lexists(parent) and not parent.is_dir()).unlink()
            target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)  # engines' scratch folders hold links to the old file


def _write_new(target: str, data: bytes) -> None:
    with open(target, "xb") as stream:
        stream.write(data)


def _stamp(record: Path) -> tuple[int, ...] | None:
    try:
        info = record.stat()
    except OSError:
        return None
    return info.st_size, info.st_mtime_ns, info.st_ino


def _write(record: Path, files: Mapping[str, Grown]) -> None:
    data = {path: [one.key, [_pack(fault) for fault in one.faults], one.stamp] for path, one in files.items()}
    record.parent.mkdir(parents=True, exist_ok=True)
    new = record.with_name(f"{record.name}.new")  # one name will do: whoever writes holds the lock
    new.write_text(json.dumps({"schema": SCHEMA, "files": data}), "ascii")
    new.replace(record)


def _read(record: Path) -> dict[str, Grown]:
    """The record, or nothing where there is none or where it is damaged in any way."""
    try:
        data: Any = json.loads(record.read_bytes())
        if data["schema"] != SCHEMA:
            return {}
        return {
            str(path): Grown(str(key), tuple(_unpack(fault) for fault in faults), tuple(stamp))
            for path, (key, faults, stamp) in data["files"].items()
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}


def _pack(fault: Fault) -> list[str | int]:
    return [fault.path, fault.line, fault.code, fault.found, fault.mend, fault.expected, fault.severity.value]


def _unpack(record: Any) -> Fault:
    path, line, code, found, mend, expected, severity = record
    return Fault(str(path), int(line), str(code), str(found), str(mend), str(expected), Severity(severity))
