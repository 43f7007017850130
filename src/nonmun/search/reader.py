"""The files of an index, read as they are needed: the half of `site/assets/search/reader.js` that a terminal uses."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nonmun.search.coding import read_block, read_number, read_numbers, read_shard, unpack, unpack_beside
from nonmun.search.documents import Record, Text, Zone
from nonmun.search.index import FORMAT, LENGTHS, MANIFEST, Label, read_ranks, split_names

PLACES = 1 << 16  # positions in one field of one note

Fetch = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Columns:
    """By note: its year (0 without a date), its languages and runner as bits, the numbers of its tags."""

    years: list[int]
    flags: list[int]
    tags: list[list[int]]


class Index:
    """An index, by a function that gives its files. Raises ValueError where a file is not what it should be."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        manifest = json.loads(fetch(MANIFEST))
        if manifest.get("format") != FORMAT:
            raise ValueError(f"an index of format {manifest.get('format')}, expected {FORMAT}")
        self._numbers: int = manifest["notes"]
        self._free = frozenset(manifest["free"])
        self.notes = self._numbers - len(self._free)
        self.average: float = manifest["length"] or 1
        self.heavy: frozenset[str] = frozenset(manifest["heavy"])
        self._manifest: dict[str, Any] = manifest
        self._firsts: list[str] = manifest["terms"]["firsts"]
        self._shard_names = split_names(manifest["terms"]["names"])
        self._shards: dict[int, dict[str, bytes]] = {}
        self._places: dict[str, dict[int, dict[int, list[int]]]] = {}
        self._shelves: dict[int, list[Any]] = {}
        self._labels: list[Label] | None = None
        self._columns: Columns | None = None
        self._lengths: bytes | None = None
        self._ranks: dict[int, int] | None = None
        self._dictionary: bytes | None = None

    def _file(self, folder: str, name: str) -> bytes:
        return unpack(self._fetch(f"{folder}/{name}.bin"))

    def _file_beside(self, folder: str, name: str) -> bytes:
        if self._dictionary is None:
            self._dictionary = self._file("d", self._manifest["records"]["dictionary"])
        return unpack_beside(self._dictionary, self._fetch(f"{folder}/{name}.bin"))

    def all_notes(self) -> set[int]:
        return set(range(self._numbers)) - self._free

    def rank(self, note: int) -> int:
        """The place of a note in time; a later one is higher."""
        if self._ranks is None:
            name = self._manifest["ranks"]
            data = self._file("r", name) if name else b""
            self._ranks = {note: rank for rank, note in enumerate(read_ranks(read_numbers(data, 0, len(data))))}
        return self._ranks.get(note, note)

    def _shard(self, number: int) -> dict[str, bytes]:
        found = self._shards.get(number)
        if found is None:
            found = self._shards[number] = dict(read_shard(self._file("t", self._shard_names[number])))
        return found

    def places(self, key: str) -> dict[int, dict[int, list[int]]]:
        """By zone and note the positions of a key; in zones without order a note has none."""
        found = self._places.get(key)
        if found is None:
            number = bisect_right(self._firsts, key) - 1
            block = self._shard(number).get(key, b"") if number >= 0 else b""
            found = self._places[key] = _by_note(block)
        return found

    def keys(self, beginning: str) -> list[str]:
        """The keys that begin so, in order."""
        first = max(0, bisect_right(self._firsts, beginning) - 1)
        found: list[str] = []
        for number in range(first, len(self._firsts)):
            if number > first and not self._firsts[number].startswith(beginning):
                break
            found += [key for key in self._shard(number) if key.startswith(beginning)]
        return found

    def record(self, note: int) -> Record:
        return unpack_record(self._packed(note))

    def long_text(self, note: int, number: int) -> str:
        """A text of a note as a whole, where its record has only the beginning; else what the record has."""
        text = self._packed(note)[8][number]
        return self._file_beside("x", text[3]).decode() if len(text) > 3 else str(text[2])

    def _packed(self, note: int) -> Any:
        size = self._manifest["records"]["size"]
        shelf = note // size
        if shelf not in self._shelves:
            name = split_names(self._manifest["records"]["names"])[shelf]
            self._shelves[shelf] = json.loads(self._file_beside("n", name))
        return self._shelves[shelf][note % size]

    def length(self, note: int) -> int:
        if self._lengths is None:
            self._lengths = self._file("l", self._manifest["lengths"])
        return LENGTHS[self._lengths[note >> 1] >> 4 * (note & 1) & 15]

    @property
    def labels(self) -> list[Label]:
        if self._labels is None:
            rows = json.loads(self._file("v", self._manifest["vocabulary"]))
            self._labels = [Label(row[0], row[1], row[2], tuple(row[3]), row[4], row[5], tuple(row[6])) for row in rows]
        return self._labels

    @property
    def columns(self) -> Columns:
        if self._columns is None:
            self._columns = Columns([], [], [])
            for start, name in enumerate(split_names(self._manifest["columns"]["names"])):
                size = self._manifest["columns"]["size"]
                _add_columns(self._columns, self._file("c", name), min(size, self._numbers - start * size))
        return self._columns


def _by_note(block: bytes) -> dict[int, dict[int, list[int]]]:
    found: dict[int, dict[int, list[int]]] = {}
    for zone, postings in read_block(block).items():
        by_note: dict[int, list[int]] = {}
        at = 0
        for note, count in zip(postings.notes, postings.counts, strict=True):
            by_note[note] = list(postings.positions[at : at + count])
            at += count
        found[zone] = by_note
    return found


def unpack_record(packed: Any) -> Record:
    """A record as its shelf holds it; of a long text the beginning."""
    slug, title, date, tags, authors, arxiv, langs, runner, texts = packed
    return Record(
        slug=slug,
        title=title,
        date=date,
        tags=tuple(tags),
        authors=tuple(authors),
        arxiv=arxiv,
        langs=tuple(langs),
        runner=bool(runner),
        texts=tuple(Text(Zone(text[0]), text[1], text[2]) for text in texts),
    )


def _add_columns(columns: Columns, data: bytes, count: int) -> None:
    at = 0
    for values in (columns.years, columns.flags):
        for _ in range(count):
            value, at = read_number(data, at)
            values.append(value)
    for _ in range(count):
        size, at = read_number(data, at)
        tags = []
        for _ in range(size):
            tag, at = read_number(data, at)
            tags.append(tag)
        columns.tags.append(tags)
