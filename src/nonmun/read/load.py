"""Read a knowledge base: scan, parse what changed since the last time, bring all of it together."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import nonmun
from nonmun import model
from nonmun.catalogue import Catalogue, Sources, assemble, key_of
from nonmun.catalogue.related import count_terms
from nonmun.cores import Note, on_all_cores
from nonmun.errors import Fault
from nonmun.parse import parse_digest, parse_note
from nonmun.read.base import Base
from nonmun.read.cache import Packed, ParseCache, Parsed
from nonmun.read.runners import read_runners
from nonmun.read.scan import Found, Scan, apart, identity, read_text, scan
from nonmun.vocabulary import Vocabulary, read_vocabulary

# Two writes within one tick of a file system's clock look alike; ticks are 4 to 16 ms long.
TICK_NS = 50_000_000

# Below this many files a second process saves less than its start, and the sending of what it parsed, cost.
FILES_PER_PROCESS = 500

Parse = Callable[[str, str], tuple[model.Note | model.Digest, list[Fault]]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A knowledge base as read: the catalogue, how many files it took, all faults, notes and what they may embed."""

    catalogue: Catalogue
    files: int
    faults: tuple[Fault, ...]
    notes: tuple[Found, ...]
    attachments: tuple[Found, ...]


def parse_cache(base: Base, *, patience: int = 0) -> ParseCache:
    """The cache of this base's parsed files, as the same version of nonmun left it."""
    return ParseCache(base.cache / "parsed.pickle", code_version(), patience=patience)


@dataclass(frozen=True, slots=True)
class ReadFiles:
    """What the files of a base say, each by itself."""

    base: Base
    parsed: Mapping[str, Parsed]
    notes: Scan
    digests: Scan


def load(base: Base, cache: ParseCache | None = None) -> Loaded:
    """Read everything. Total: what cannot be read is a fault, never an exception.

    Without a `cache` of its own it uses the one on disk; `cache` is for those who read again and again.
    """
    return bring_together(read_files(base, cache))


def read_files(base: Base, cache: ParseCache | None = None) -> ReadFiles:
    """The first half of `load`, on all cores: every file, parsed."""
    notes, digests = _scan_all(base)
    tasks = [*_tasks("note", notes, parse_note), *_tasks("digest", digests, parse_digest)]
    return ReadFiles(base, _parse_changed(tasks, cache or parse_cache(base)), notes, digests)


def bring_together(read: ReadFiles) -> Loaded:
    """The second half of `load`: one catalogue of all that was read."""
    parsed, notes = read.parsed.values(), read.notes
    vocabulary, vocabulary_faults = _vocabulary(read.base)
    runners, runner_faults = read_runners(read.base)
    catalogue, faults = assemble(
        Sources(
            notes=[one.value for one in parsed if isinstance(one.value, model.Note)],
            digests=[one.value for one in parsed if isinstance(one.value, model.Digest)],
            vocabulary=vocabulary,
            runners=runners,
            attachments=[found.path for found in notes.attachments],
            terms={(one.value.path, line): terms for one in parsed for line, terms in one.terms.items()},
            keys={(one.value.path, line): key for one in parsed for line, key in one.keys.items()},
        ),
    )
    faults += [*notes.faults, *read.digests.faults, *vocabulary_faults, *runner_faults]
    faults += [fault for one in parsed for fault in one.faults]
    return Loaded(catalogue, len(parsed), sort_faults(faults), tuple(notes.notes), tuple(notes.attachments))


def sort_faults(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """By file and line, each once."""
    return tuple(sorted(dict.fromkeys(faults), key=lambda fault: (fault.path, fault.line, fault.code, fault.found)))


def _scan_all(base: Base) -> tuple[Scan, Scan]:
    """All notes, and all digests. No two files are shown under one path, so that neither takes the other's place."""
    notes = Scan()
    root = identity(base.root)
    # A vault may hold the base itself, whose README and digests are no notes of the vault.
    seen = {root} if root else set()
    for folder, name in base.note_folders():
        more = scan(folder, name, seen)
        notes.notes += more.notes
        notes.attachments += more.attachments
        notes.faults += more.faults
    digests = scan(base.digests, "digests")
    taken: set[str] = set()
    for one in (notes, digests):
        one.notes, faults = apart(one.notes, taken)
        one.faults += faults
    notes.attachments, faults = apart(notes.attachments, taken)
    notes.faults += faults
    return notes, digests


@dataclass(frozen=True, slots=True)
class _Task:
    key: str
    found: Found
    parse: Parse


def _tasks(kind: str, scanned: Scan, parse: Parse) -> list[_Task]:
    return [_Task(f"{kind}:{found.path}", found, parse) for found in scanned.notes]


def _parse_changed(tasks: Sequence[_Task], cache: ParseCache) -> dict[str, Parsed]:
    """All files, in order; those that are not as the cache has them are parsed, on all cores where they are many."""
    parsed: dict[str, Parsed] = {}
    changed: list[_Task] = []
    for task in tasks:
        before = cache.get(task.key)
        if before is not None and before.stamp == task.found.stamp:
            parsed[task.key] = before
        else:
            changed.append(task)
    shares = on_all_cores(changed, _parse_share, least=FILES_PER_PROCESS)
    for share in shares:
        parsed.update(share.parsed)
    parsed = {task.key: parsed[task.key] for task in tasks}
    cache.keep(parsed, (lambda: [share.packed() for share in shares]) if len(changed) == len(tasks) else None)
    return parsed


def _parse_share(tasks: Sequence[_Task], note: Note) -> Packed:
    return Packed({task.key: _parse(task) for task in tasks})


def _parse(task: _Task) -> Parsed:
    stamp = task.found.stamp if _has_settled(task.found) else ()  # which no file has
    text, faults = read_text(task.found)
    value, more = task.parse(text, task.found.path)
    if faults and not text:  # of what could not be read there is nothing more to say
        more = []
    if isinstance(value, model.Note):
        keys = {value.entry.line: key_of(task.found.path, text)}  # as quickly had as its text
        terms = {value.entry.line: count_terms(value.entry)}
    else:  # of whose entries one may be edited, which leaves the others as they are
        keys = {entry.line: key_of(entry) for entry in value.entries}
        terms = {entry.line: count_terms(entry) for entry in value.entries}
    return Parsed(stamp, value, (*faults, *more), terms, keys)


def _has_settled(found: Found) -> bool:
    """Whether a file that is written once more after this moment is sure to get another stamp."""
    written = found.stamp[1 if os.name == "nt" else 2]  # on Windows ctime is the time of creation
    return abs(time.time_ns() - written) > TICK_NS


def _vocabulary(base: Base) -> tuple[Vocabulary, list[Fault]]:
    try:
        if not stat.S_ISREG(base.vocabulary.stat().st_mode):
            raise OSError(0, "no plain file")
        text = base.vocabulary.read_bytes().decode("utf-8", "surrogateescape")
    except FileNotFoundError:
        return Vocabulary(), []
    except OSError as error:
        what = f"a vocabulary that cannot be read ({error.strerror})"
        return Vocabulary(), [Fault("notes/tags.yml", 1, "unreadable", what, "put a readable file there, or none")]
    vocabulary, faults = _read_vocabulary(text)
    return vocabulary, list(faults)


@lru_cache(maxsize=1)
def _read_vocabulary(text: str) -> tuple[Vocabulary, tuple[Fault, ...]]:
    vocabulary, faults = read_vocabulary(text, "notes/tags.yml")
    return vocabulary, tuple(faults)


@cache
def code_version() -> str:
    """Changes with nonmun's release and with every edit of its code: what other code made is not reused."""
    package = Path(nonmun.__file__).parent
    state = [nonmun.__version__]
    for file in sorted(package.rglob("*.py")):
        info = file.stat()
        state.append(f"{file.relative_to(package).as_posix()}:{info.st_size}:{info.st_mtime_ns}")
    return hashlib.blake2b("\n".join(state).encode(), digest_size=8).hexdigest()
