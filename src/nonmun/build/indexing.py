"""The index of search in the generated tree: built as a whole at first, then brought up to date where a note changed.

What stands in the tree is all that is needed to go on; build/.cache/search.json only says which notes it was made of.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nonmun.catalogue import Catalogue, key_of
from nonmun.cores import Note, on_all_cores
from nonmun.model import Lang, Paper
from nonmun.read.base import Base
from nonmun.read.load import TICK_NS, code_version, load
from nonmun.search import (
    MANIFEST,
    Document,
    Facts,
    Index,
    build_index,
    document_of,
    edit_index,
    in_order,
    labels_of,
    record_of,
)
from nonmun.search.numbering import Numbered, number_notes

FOLDER = "search"
EDITS_AT_ONCE = 40  # changed notes, from which a new index costs less
EDITS_IN_ALL = 500  # after which the index is built anew, so that its shards keep their size
NOTES_PER_PROCESS = 400


@dataclass(frozen=True, slots=True)
class Indexed:
    """The index as it shall be: its files by path with their keys, and the content of those that are new.

    `keep` remembers what it was made of, once the tree has it.
    """

    keys: Mapping[str, str]
    data: Mapping[str, bytes]
    keep: Callable[[], None]


@dataclass(slots=True)
class _State:
    """What the index in the tree was made of."""

    version: str = ""
    manifest: str = ""  # the key of its manifest, by which it is known to be the one in the tree
    labels: str = ""
    notes: Sequence[tuple[str, str]] = ()  # slug and key of each, by number
    files: Sequence[str] = ()
    folders: Sequence[str] = ()  # that the notes were read from
    edits: int = 0


def index_notes(base: Base, catalogue: Catalogue, version: str, known: Mapping[str, str]) -> Indexed:
    """The index of all notes. `known` are the keys of the files that stand in the tree."""
    papers = in_order(catalogue)
    labels = labels_of(catalogue)
    record = base.cache / "search.json"
    before = _read(record)
    now = _State(version, "", key_of(labels), [(paper.slug, _key(paper, catalogue)) for paper in papers])
    now.folders = _folders(base)
    data: dict[str, bytes]
    numbered = _numbered(before, now, known)
    if numbered is None:
        data = dict(build_index(_documents(papers), labels))
        now.files = sorted(data)
        return _indexed(record, now, data)
    now.notes, changed = numbered.rows, numbered.changed
    if changed or before.labels != now.labels:

        def old(path: str) -> bytes:
            return (base.docs / FOLDER / path).read_bytes()

        by_number = dict(zip(numbered.order, papers, strict=True))
        records = {note: record_of(by_number[note]) if note in by_number else None for note in changed}
        facts = [_facts(by_number.get(note)) for note in range(len(now.notes))]
        try:
            edited = edit_index(old, records, facts, numbered.order, labels)
        except (OSError, ValueError, LookupError):  # somebody has been at the tree
            return index_notes(base, catalogue, version, {})
        data = dict(edited.files)
        now.files = sorted({*before.files, *data} - edited.gone)
        now.edits = before.edits + len(changed)
    else:
        data = {}
        now.files, now.edits = before.files, before.edits
        now.manifest = before.manifest
    return _indexed(record, now, data)


def _indexed(record: Path, now: _State, data: Mapping[str, bytes]) -> Indexed:
    keys = {f"{FOLDER}/{path}": path for path in now.files}
    if MANIFEST in data:
        now.manifest = _hash(data[MANIFEST])
    keys[f"{FOLDER}/{MANIFEST}"] = now.manifest
    return Indexed(keys, {f"{FOLDER}/{path}": content for path, content in data.items()}, lambda: _write(record, now))


def open_index(base: Base) -> Index:
    """The index of the notes as they are now: that of the last build, or where a note has changed since, one in memory.

    Writes nothing. A change is told by the times of files and folders, which is quicker than reading them.
    """
    record = base.cache / "search.json"
    before = _read(record)
    folder = base.docs / FOLDER

    def built(path: str) -> bytes:
        return (folder / path).read_bytes()

    with suppress(OSError, ValueError, LookupError):
        at = record.stat().st_mtime_ns
        same = before.version == code_version() and list(before.folders) == _folders(base)
        if same and _hash(built(MANIFEST)) == before.manifest and not _newer(base, at):
            return Index(built)
    catalogue = load(base).catalogue
    known = {f"{FOLDER}/{path}": path for path in before.files if (folder / path).is_file()}
    with suppress(OSError):
        known[f"{FOLDER}/{MANIFEST}"] = _hash(built(MANIFEST))
    made = index_notes(base, catalogue, code_version(), known).data

    def fetch(path: str) -> bytes:
        found = made.get(f"{FOLDER}/{path}")
        return built(path) if found is None else found

    return Index(fetch)


def _folders(base: Base) -> list[str]:
    return [str(folder) for folder, _ in base.note_folders()]


def _newer(base: Base, time_ns: int) -> bool:
    """Whether anything that notes are read from was written, added or taken away after that time, or just before."""
    waiting = [str(base.digests), str(base.runners), *_folders(base)]
    while waiting:
        place = waiting.pop()
        with suppress(FileNotFoundError):
            if _changed_at(os.stat(place)) >= time_ns - TICK_NS:
                return True
            with os.scandir(place) as entries:
                for entry in entries:
                    if entry.is_dir():
                        waiting.append(entry.path)
                    elif _changed_at(entry.stat()) >= time_ns - TICK_NS:
                        return True
    return False


def _changed_at(info: os.stat_result) -> int:
    return max(info.st_mtime_ns, info.st_ctime_ns)


def _numbered(before: _State, now: _State, known: Mapping[str, str]) -> Numbered | None:
    """The numbers of the notes in the index that stands in the tree; None where all must be done anew."""
    there = known.get(f"{FOLDER}/{MANIFEST}") == before.manifest and all(
        f"{FOLDER}/{path}" in known for path in before.files
    )
    if not there or not before.files or before.version != now.version:
        return None
    found = number_notes(before.notes, now.notes)
    edits = len(found.changed)
    return found if edits <= EDITS_AT_ONCE and before.edits + edits <= EDITS_IN_ALL else None


def _documents(papers: Sequence[Paper]) -> Iterable[Document]:
    shares = on_all_cores(list(enumerate(papers)), _make, least=NOTES_PER_PROCESS)
    documents = dict(pair for share in shares for pair in share)
    return [documents[note] for note in range(len(papers))]


def _make(papers: Sequence[tuple[int, Paper]], note: Note) -> list[tuple[int, Document]]:
    return [(number, document_of(record_of(paper))) for number, paper in papers]


def _key(paper: Paper, catalogue: Catalogue) -> str:
    """Changes with all that the index holds of a paper."""
    said = "\x1e".join([catalogue.entry_key(one.path, one.entry) for one in (paper.note, *paper.mentions) if one])
    facts = (said, paper.title, str(paper.date), *paper.tags, "\x1e", *paper.authors, "\x1e", *paper.runners)
    text = "\x1f".join(facts) if paper.arxiv is None else "\x1f".join((*facts, "\x1e", str(paper.arxiv)))
    return _hash(text.encode("utf-8", "surrogatepass"))


def _facts(paper: Paper | None) -> Facts:
    if paper is None:
        return Facts(0, 0, ())
    flags = (Lang.KO in paper.langs) | (Lang.EN in paper.langs) << 1 | bool(paper.runners) << 2
    return Facts(paper.date.year if paper.date else 0, flags, paper.tags)


def _hash(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def _read(file: Path) -> _State:
    """What was kept, or nothing where it is damaged in any way."""
    with suppress(OSError, ValueError, LookupError, TypeError):
        data: Any = json.loads(file.read_bytes())
        state = _State(**data)
        state.notes = [(slug, key) for slug, key in state.notes]
        return state
    return _State()


def _write(file: Path, state: _State) -> None:
    data = asdict(state)
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f"{file.name}.new")  # one name will do: whoever writes holds the lock
    new.write_text(json.dumps(data), "utf-8")
    new.replace(file)
