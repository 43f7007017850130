"""Walk folders of notes: every markdown file, every file a note may embed, and what cannot be read."""

from __future__ import annotations

import errno
import os
import stat
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from nonmun.errors import Fault

MARKDOWN = (".md", ".markdown")
EMBEDDABLE = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".avif", ".pdf", ".mp4", ".webm", ".mp3", ".wav")
MAX_BYTES = 4 * 1024 * 1024  # of one note; the longest known by an author is under 200 KB
KEPT_BYTES = 64 * 1024  # of a longer one, which is no note but something that fell in between them
SKIPPED_FOLDERS = {"node_modules", "__pycache__"}
_JOINERS = "\u200c\u200d"  # of Indic letters and of emoji: invisible, and part of what they join

Identity = tuple[int, int]  # of a folder, whatever it is called: its device and inode


@dataclass(frozen=True, slots=True)
class Found:
    """One file: its path as shown (NFC, relative), where it is, and what tells whether it changed."""

    path: str
    place: str
    stamp: tuple[int, ...]  # size, mtime and ctime in ns, inode

    @property
    def file(self) -> Path:
        return Path(self.place)


@dataclass(slots=True)
class Scan:
    """What a walk found. `others` are files that are neither notes nor anything a note may embed."""

    notes: list[Found] = field(default_factory=list)
    attachments: list[Found] = field(default_factory=list)
    others: list[Found] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def scan(folder: Path, prefix: str, seen: set[Identity] | None = None) -> Scan:
    """Walk `folder`, each folder in it once, however many links lead there. Paths are shown under `prefix`.

    `seen` holds the folders that were read before, here or in other walks; those are passed over.
    """
    walk = _Walk(Scan(), set() if seen is None else seen)
    if os.path.isdir(folder):
        walk.folders.append((str(folder), prefix))
    elif os.path.lexists(folder):
        walk.result.faults.append(not_a_folder(prefix))
    # A folder's own place comes before the links that lead to it: its files are shown where they are.
    while walk.folders or walk.links:
        walk.read(*(walk.folders or walk.links).pop())
    for found in (walk.result.notes, walk.result.attachments, walk.result.others):
        found.sort(key=lambda one: (one.path, one.place))
    return walk.result


def not_a_folder(shown: str) -> Fault:
    """The fault for what bears the name of a folder and is none, such as a link to itself."""
    return Fault(
        shown, 1, "not-a-folder", "something that should be a folder", f"put a folder {shown}/ there, or nothing"
    )


@dataclass(slots=True)
class _Walk:
    """A walk under way. It keeps lists and does not call itself: folders may be nested deeper than calls may."""

    result: Scan
    seen: set[Identity]
    folders: list[tuple[str, str]] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)

    def read(self, folder: str, shown: str) -> None:
        try:
            identity = _identity(folder)
            if identity in self.seen:
                return
            self.seen.add(identity)
            with os.scandir(folder) as entries:
                for entry in entries:
                    if not entry.name.startswith("."):
                        self._sort_in(entry, _shown(f"{shown}/{entry.name}" if shown else entry.name))
        except OSError as error:
            self._fault(shown or folder, "unreadable", f"a folder that cannot be read ({error.strerror})", _mend(error))

    def _sort_in(self, entry: os.DirEntry[str], path: str) -> None:
        try:
            info = entry.stat()
        except OSError as error:
            found = "a link that leads nowhere" if entry.is_symlink() else "a file that cannot be read"
            self._fault(path, "unreadable", f"{found} ({error.strerror})", _mend(error))
            return
        if stat.S_ISDIR(info.st_mode):
            self._enter(entry, path)
            return
        suffix = os.path.splitext(path)[1].casefold()
        known = suffix in MARKDOWN or suffix in EMBEDDABLE
        if stat.S_ISREG(info.st_mode):
            stamp = (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)
            self._kind(suffix).append(Found(path, entry.path, stamp))
        elif known:
            self._fault(path, "not-a-file", "something that is no plain file", "put a plain file there, or delete it")

    def _kind(self, suffix: str) -> list[Found]:
        if suffix in MARKDOWN:
            return self.result.notes
        return self.result.attachments if suffix in EMBEDDABLE else self.result.others

    def _enter(self, entry: os.DirEntry[str], path: str) -> None:
        if entry.name in SKIPPED_FOLDERS:
            return
        if entry.is_symlink():
            if Path(entry.path).parent.resolve().is_relative_to(os.path.realpath(entry.path)):
                self._fault(path, "symlink-loop", "a link to a folder above itself", "delete the link")
            self.links.append((entry.path, path))
            return
        if entry.name.casefold().endswith(MARKDOWN):
            self._fault(
                path,
                "note-is-a-folder",
                "a folder with the name of a note",
                "rename it without .md; the notes inside it are read",
            )
        self.folders.append((entry.path, path))

    def _fault(self, path: str, code: str, found: str, mend: str) -> None:
        self.result.faults.append(Fault(path, 1, code, found, mend))


def identity(folder: Path) -> Identity | None:
    """What tells one folder from another; None where there is none."""
    try:
        return _identity(str(folder))
    except OSError:
        return None


def _identity(folder: str) -> Identity:
    info = os.stat(folder)  # not the entry's own: on Windows that knows no inode
    return info.st_dev, info.st_ino


def apart(found: list[Found], taken: set[str]) -> tuple[list[Found], list[Fault]]:
    """Give every file a path of its own, and a fault to each that had to be given another one.

    Two names may differ in bytes and be shown as one: in their Unicode form, or where they are no Unicode at all.
    """
    kept: list[Found] = []
    faults: list[Fault] = []
    for one in found:
        path = _free(one.path, taken)
        taken.add(path)
        kept.append(one if path == one.path else Found(path, one.place, one.stamp))
        if path != one.path:
            what = f"the name {one.file.name!a}, which reads like that of another file"
            faults.append(Fault(path, 1, "same-name", what, "rename one of the two"))
    return kept, faults


def _free(path: str, taken: set[str]) -> str:
    stem, suffix = os.path.splitext(path)
    number, free = 2, path
    while free in taken:
        number, free = number + 1, f"{stem}~{number}{suffix}"
    return free


def read_text(found: Found) -> tuple[str, list[Fault]]:
    """The file's text, bytes that are no UTF-8 as lone surrogates. A file too long to be a note gives its beginning."""
    try:
        with open(found.place, "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            data = stream.read(min(size, MAX_BYTES) + 1)  # a pipe or a file that grows has no size to go by
            data += stream.read(MAX_BYTES + 1 - len(data)) if len(data) > size else b""
            size = max(len(data), size)
    except OSError as error:
        what = f"a file that cannot be read ({error.strerror})"
        return "", [Fault(found.path, 1, "unreadable", what, _mend(error))]
    if size <= MAX_BYTES:
        return data.decode("utf-8", "surrogateescape"), []
    fault = Fault(
        found.path,
        1,
        "too-large",
        f"a note of {size / 2**20:.0f} MiB",
        f"split it; until then only its first {KEPT_BYTES // 1024} KiB are shown",
        f"at most {MAX_BYTES // 2**20} MiB",
    )
    # A character that is cut in two is not the author's mistake.
    return data[:KEPT_BYTES].decode("utf-8", "ignore"), [fault]


_MENDS: dict[int | None, str] = {
    errno.EACCES: "correct its permissions",
    errno.EPERM: "correct its permissions",
    errno.ENOENT: "delete the link, or put back what it led to",
    errno.ELOOP: "delete the link, or let it lead to a file",
    errno.ENAMETOOLONG: "give the folders above it shorter names",
}


def _mend(error: OSError) -> str:
    return _MENDS.get(error.errno, "see whether the disk it is on is well")


def _shown(path: str) -> str:
    """A path as people read it: NFC, on one line, and never with bytes that no terminal can show."""
    if path.isascii() and path.isprintable():
        return path
    text = unicodedata.normalize("NFC", path.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
    return "".join(char if _can_be_shown(char) else "\ufffd" for char in text)


def _can_be_shown(char: str) -> bool:
    return char.isprintable() or char in _JOINERS or unicodedata.category(char) == "Zs"
