"""Documents → the files of the index.

    index.json        what there is: the names of all other files, by their content
    t/<hash>.bin      postings: the keys in order, cut into shards of about one size
    n/<hash>.bin      records: SHELF of them each, by number
    c/<hash>.bin      columns for filters and facets, COLUMN notes each
    x/<hash>.bin      a text too long to stand beside its record
    l/<hash>.bin      how long each note is, in half a byte
    v/<hash>.bin      the vocabulary: tags, labels, spellings

Notes are numbered oldest first, so that a new one takes the next number and the rest stay as they are.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nonmun.search.coding import ZoneWriter, number, pack, write_shard
from nonmun.search.documents import Document, Record

FORMAT = 1
MANIFEST = "index.json"
SHELF = 16  # records in one file
COLUMN = 8_192
SHARD_BYTES = 7_000  # of postings before they are packed, for the first 5,000 notes; grows with the root of the number
HASH_LETTERS = 10
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
class Label:
    """A tag as the index knows it: its labels, every spelling that leads to it, how many notes have it."""

    name: str
    ko: str
    en: str
    spellings: tuple[str, ...]
    count: int
    slug: str


def build_index(documents: Iterable[Document], labels: Sequence[Label]) -> Files:
    """All files of the index of `documents`, which come oldest first."""
    writers: dict[str, ZoneWriter] = {}
    files: Files = {}
    shelves: list[str] = []
    shelf: list[Record] = []
    facts: list[Facts] = []
    lengths: list[int] = []
    for note, document in enumerate(documents):
        for key, (count, places) in document.postings.items():
            writer = writers.get(key)
            if writer is None:
                writer = writers[key] = ZoneWriter()
            writer.add(note, count, places)
        shelf.append(document.record)
        if len(shelf) == SHELF:
            shelves.append(put_shelf(files, shelf))
            shelf = []
        facts.append(facts_of(document.record))
        lengths.append(length_class(document.length))
    if shelf:
        shelves.append(put_shelf(files, shelf))
    heavy = heavy_keys({key: writer.notes for key, writer in writers.items()}, len(facts))
    firsts, names = [], []
    for shard in _cut(_blocks(writers), shard_bytes(len(facts))):
        firsts.append(shard[0][0])
        names.append(put(files, "t", write_shard(shard)))
    put_manifest(files, facts, lengths, labels, shelves, Terms(firsts, names, heavy))
    return files


def shard_bytes(notes: int) -> int:
    return int(SHARD_BYTES * max(1.0, (notes / 5_000) ** 0.5))


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


def put_shelf(files: Files, records: Sequence[Record]) -> str:
    """Add a file of records; its name."""
    return put(files, "n", to_json([_pack_record(files, record) for record in records]))


def _pack_record(files: Files, record: Record) -> list[Any]:
    texts = []
    for one in record.texts:
        whole = len(one.text) <= LONG_TEXT
        row = [int(one.zone), one.lang, one.text if whole else one.text[:HEAD]]
        texts.append(row if whole else [*row, put(files, "x", one.text.encode())])
    facts = [record.slug, record.title, record.date, record.tags, record.authors, record.arxiv]
    return [*facts, record.langs, int(record.runner), texts]


def put_manifest(
    files: Files,
    facts: Sequence[Facts],
    lengths: Sequence[int],
    labels: Sequence[Label],
    shelves: Sequence[str],
    terms: Terms,
) -> None:
    """Add the columns, the lengths, the vocabulary, and the manifest that names everything."""
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
    rows = [[one.name, one.ko, one.en, one.spellings, one.count, one.slug] for one in labels]
    manifest = {
        "format": FORMAT,
        "notes": len(facts),
        "length": round(sum(LENGTHS[one] for one in lengths) / len(facts), 3) if facts else 0,
        "records": {"size": SHELF, "names": "".join(shelves)},
        "columns": {"size": COLUMN, "names": "".join(columns)},
        "lengths": put(files, "l", halves),
        "vocabulary": put(files, "v", to_json(rows)),
        "terms": {"firsts": terms.firsts, "names": "".join(terms.names)},
        "heavy": terms.heavy,
    }
    files[MANIFEST] = to_json(manifest)


def split_names(joined: str) -> list[str]:
    return [joined[at : at + HASH_LETTERS] for at in range(0, len(joined), HASH_LETTERS)]


def to_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def put(files: Files, folder: str, data: bytes) -> str:
    """Add a file under the name that its content gives it."""
    name = hashlib.blake2b(data, digest_size=HASH_LETTERS // 2).hexdigest()
    files[f"{folder}/{name}.bin"] = pack(data)
    return name
