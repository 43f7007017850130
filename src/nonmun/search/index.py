"""Documents → the files of the index.

    index.json        what there is: the names of all other files, by their content
    t/<hash>.bin      postings: the keys in order, cut into shards of about one size
    n/<hash>.bin      records: a shelf of them each, by number
    d/<hash>.bin      what many records say, beside which they and long texts are packed
    c/<hash>.bin      columns for filters and facets, COLUMN notes each
    x/<hash>.bin      a text too long to stand beside its record
    l/<hash>.bin      how long each note is, in half a byte
    r/<hash>.bin      ranks: the place of each note in time, where that is not its number
    v/<hash>.bin      the vocabulary: tags, labels, spellings, narrower tags

Notes are numbered oldest first. A note that comes later takes a free number, and the rest keep theirs.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nonmun.search.coding import ZoneWriter, number, pack, pack_beside, write_shard
from nonmun.search.documents import Document, Record

FORMAT = 2
MANIFEST = "index.json"
SHELF = 8  # records in one file, for the first 5,000 notes; grows with the root of the number
COLUMN = 8_192
SHARD_BYTES = 6_000  # of postings before they are packed, for the first 5,000 notes; grows with the root of the number
HASH_LETTERS = 10
DICTIONARY, SAMPLE = 32_768, 360  # bytes: as far as deflate looks back; what each of some records gives
HEAVY_AT_LEAST, HEAVY_SHARE = 400, 0.125  # a syllable that ends as many words is a particle, and joins none
LONG_TEXT, HEAD = 4_000, 800  # letters, from which a text has a file of its own; how many stay with the record
LENGTHS = (0, 16, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1_024, 2_048, 4_096, 8_192)

Files = dict[str, bytes]  # by their path under the index's folder


@dataclass(frozen=True, slots=True)
class Facts:
    """What a note can be filtered by: its year (0 without a date), languages and runner as bits, its tags."""

    year: int
    flags: int
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """The shards of postings: the first key and the name of each; and the syllables that join no words."""

    firsts: Sequence[str]
    names: Sequence[str]
    heavy: Sequence[str]


@dataclass(frozen=True, slots=True)
class Shelves:
    """The files of records: how many records each has, their names, and that of the dictionary."""

    size: int
    names: Sequence[str]
    dictionary: str


@dataclass(frozen=True, slots=True)
class Notes:
    """What is known of notes by number, and the numbers in use in the order of time, oldest first."""

    facts: Sequence[Facts]
    lengths: Sequence[int]
    order: Sequence[int]


@dataclass(frozen=True, slots=True)
class Label:
    """A tag as the index knows it: its labels, every spelling that leads to it, how many notes have it."""

    name: str
    ko: str
    en: str
    spellings: tuple[str, ...]
    count: int
    slug: str
    narrower: tuple[str, ...] = ()  # the names of all tags below it


def build_index(documents: Iterable[Document], labels: Sequence[Label]) -> Files:
    """All files of the index of `documents`, which come oldest first."""
    writers: dict[str, ZoneWriter] = {}
    files: Files = {}
    records: list[Record] = []
    facts: list[Facts] = []
    lengths: list[int] = []
    for note, document in enumerate(documents):
        for key, (count, places) in document.postings.items():
            writer = writers.get(key)
            if writer is None:
                writer = writers[key] = ZoneWriter()
            writer.add(note, count, places)
        records.append(document.record)
        facts.append(facts_of(document.record))
        lengths.append(length_class(document.length))
    shelves = put_shelves(files, records)
    heavy = heavy_keys({key: writer.notes for key, writer in writers.items()}, len(facts))
    firsts, names = [], []
    for shard in _cut(_blocks(writers), shard_bytes(len(facts))):
        firsts.append(shard[0][0])
        names.append(put(files, "t", write_shard(shard)))
    put_manifest(files, Notes(facts, lengths, range(len(facts))), labels, shelves, Terms(firsts, names, heavy))
    return files


def shard_bytes(notes: int) -> int:
    return int(SHARD_BYTES * _growth(notes))


def _growth(notes: int) -> float:
    return float(max(1.0, (notes / 5_000) ** 0.5))


def heavy_keys(notes_of: Mapping[str, int], notes: int) -> list[str]:
    """The single syllables that so many words end in, of those another word follows."""
    limit = max(HEAVY_AT_LEAST, notes * HEAVY_SHARE)
    totals: dict[str, int] = {}
    for key, count in notes_of.items():
        if len(key) == 2 and key[0] >= "\uac00":  # a syllable and its zone
            totals[key[0]] = totals.get(key[0], 0) + count
    return sorted(key for key, count in totals.items() if count > limit)


def _blocks(writers: Mapping[str, ZoneWriter]) -> Iterator[tuple[str, bytes]]:
    """The keys in order, each with its zones one after another."""
    key = ""
    parts: list[bytes] = []
    # By key first: the digit of a zone must not decide between r and r2d.
    for name in sorted(writers, key=lambda name: (name[:-1], name[-1])):
        if name[:-1] != key:
            if parts:
                yield key, b"".join(parts)
            key, parts = name[:-1], []
        parts.append(writers[name].data(int(name[-1])))
    if parts:
        yield key, b"".join(parts)


def _cut(blocks: Iterable[tuple[str, bytes]], target: int) -> Iterator[list[tuple[str, bytes]]]:
    shard: list[tuple[str, bytes]] = []
    size = 0
    for key, block in blocks:
        if shard and size + len(block) > target:
            yield shard
            shard, size = [], 0
        shard.append((key, block))
        size += len(block) + len(key) + 4
    if shard:
        yield shard


def facts_of(record: Record) -> Facts:
    """What columns hold of a record."""
    flags = ("ko" in record.langs) | ("en" in record.langs) << 1 | record.runner << 2
    return Facts(int(record.date[:4] or 0), flags, record.tags)


def length_class(units: int) -> int:
    return bisect_right(LENGTHS, units) - 1


def put_shelves(files: Files, records: Sequence[Record]) -> Shelves:
    """Add the files of all records, and the dictionary beside which they are packed."""
    size = int(SHELF * _growth(len(records)))
    dictionary = _dictionary(records)
    name = put(files, "d", dictionary)
    names = [put_shelf(files, dictionary, records[start : start + size]) for start in range(0, len(records), size)]
    return Shelves(size, names, name)


def put_shelf(files: Files, dictionary: bytes, records: Sequence[Record | None]) -> str:
    """Add a file of records, with nothing for a number that is free; its name."""
    rows = [record and _pack_record(files, dictionary, record) for record in records]
    return put_beside(files, dictionary, "n", to_json(rows))


def _dictionary(records: Sequence[Record]) -> bytes:
    """The beginnings of records from all times."""
    some = records[:: len(records) * SAMPLE // DICTIONARY + 1]
    return b"".join(to_json(_pack_record({}, b"", record))[:SAMPLE] for record in some)[:DICTIONARY]


def _pack_record(files: Files, dictionary: bytes, record: Record) -> list[Any]:
    texts = []
    for one in record.texts:
        whole = len(one.text) <= LONG_TEXT
        row = [int(one.zone), one.lang, one.text if whole else one.text[:HEAD]]
        texts.append(row if whole else [*row, put_beside(files, dictionary, "x", one.text.encode())])
    facts = [record.slug, record.title, record.date, record.tags, record.authors, record.arxiv]
    return [*facts, record.langs, int(record.runner), texts]


def put_manifest(files: Files, notes: Notes, labels: Sequence[Label], shelves: Shelves, terms: Terms) -> None:
    """Add the columns, the lengths, the ranks, the vocabulary, and the manifest that names everything."""
    facts, lengths = notes.facts, notes.lengths
    number_of = {label.name: at for at, label in enumerate(labels)}
    columns = []
    for start in range(0, len(facts), COLUMN):
        part = facts[start : start + COLUMN]
        data = bytearray()
        for values in ([one.year for one in part], [one.flags for one in part]):
            for value in values:
                data += number(value)
        for one in part:
            data += number(len(one.tags))
            for tag in one.tags:
                data += number(number_of[tag])
        columns.append(put(files, "c", bytes(data)))
    pairs = [*lengths, 0]
    halves = bytes(pairs[at] | pairs[at + 1] << 4 for at in range(0, len(lengths), 2))
    rows = [[one.name, one.ko, one.en, one.spellings, one.count, one.slug, one.narrower] for one in labels]
    live = sorted(notes.order)
    manifest = {
        "format": FORMAT,
        "notes": len(facts),
        "free": sorted(set(range(len(facts))).difference(live)),
        "ranks": put(files, "r", _rank_bytes(notes.order)) if list(notes.order) != live else "",
        "length": round(sum(LENGTHS[lengths[note]] for note in live) / len(live), 3) if live else 0,
        "records": {"size": shelves.size, "names": "".join(shelves.names), "dictionary": shelves.dictionary},
        "columns": {"size": COLUMN, "names": "".join(columns)},
        "lengths": put(files, "l", halves),
        "vocabulary": put(files, "v", to_json(rows)),
        "terms": {"firsts": terms.firsts, "names": "".join(terms.names)},
        "heavy": terms.heavy,
    }
    files[MANIFEST] = to_json(manifest)


def _rank_bytes(order: Sequence[int]) -> bytes:
    """How far each note, by rank, is from where its number would have it: mostly the same for many in a row."""
    return b"".join(
        number(2 * (note - rank) if note >= rank else 2 * (rank - note) - 1) for rank, note in enumerate(order)
    )


def read_ranks(values: Sequence[int]) -> list[int]:
    """The numbers of the notes by rank, from what `_rank_bytes` wrote."""
    return [rank - (value + 1) // 2 if value & 1 else rank + value // 2 for rank, value in enumerate(values)]


def split_names(joined: str) -> list[str]:
    return [joined[at : at + HASH_LETTERS] for at in range(0, len(joined), HASH_LETTERS)]


def to_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def put(files: Files, folder: str, data: bytes) -> str:
    """Add a file under the name that its content gives it."""
    name = _hash(data)
    files[f"{folder}/{name}.bin"] = pack(data)
    return name


def put_beside(files: Files, dictionary: bytes, folder: str, data: bytes) -> str:
    """The same for a file packed beside the dictionary, without which it cannot be read."""
    packed = pack_beside(dictionary, data)
    name = _hash(packed)
    files[f"{folder}/{name}.bin"] = packed
    return name


def _hash(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=HASH_LETTERS // 2).hexdigest()
