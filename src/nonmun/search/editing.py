"""A few edited or added notes → the files of the index that change; all others stay as they are.

What comes out is what `build_index` would give, but for where the postings are cut into shards and for which syllables
count as heavy: both stay as they were when the index was last built as a whole.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nonmun.search.coding import ZONES, Postings, read_block, read_numbers, read_shard, unpack, write_block, write_shard
from nonmun.search.documents import Document, Record, document_of
from nonmun.search.index import (
    MANIFEST,
    SHELF,
    Facts,
    Files,
    Label,
    Terms,
    length_class,
    put,
    put_manifest,
    put_shelf,
    split_names,
)
from nonmun.search.reader import unpack_record

Read = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Edited:
    """The files to write, and those that no longer belong to the index."""

    files: Files
    gone: frozenset[str]


def edit_index(old: Read, records: Mapping[int, Record], facts: Sequence[Facts], labels: Sequence[Label]) -> Edited:
    """Bring an index up to date whose notes numbered in `records` have become these, or have been added at its end.

    `old` reads its files; `facts` and `labels` are those of all notes as they are now.
    """
    manifest = json.loads(old(MANIFEST))
    files: Files = {}
    gone: set[str] = set()
    lengths = _lengths(unpack(old(f"l/{manifest['lengths']}.bin")), manifest["notes"])
    gone.update(f"{folder}/{manifest[name]}.bin" for folder, name in (("l", "lengths"), ("v", "vocabulary")))
    gone.update(f"c/{name}.bin" for name in split_names(manifest["columns"]["names"]))
    shelves = split_names(manifest["records"]["names"])
    before: dict[int, Document] = {}
    after = {note: document_of(record) for note, record in sorted(records.items())}
    for shelf in sorted({note // SHELF for note in records}):
        rows = json.loads(unpack(old(f"n/{shelves[shelf]}.bin"))) if shelf < len(shelves) else []
        kept = [_whole(row, old) for row in rows]
        for at, row in enumerate(rows):
            if shelf * SHELF + at in records:
                before[shelf * SHELF + at] = document_of(kept[at])
                gone.update(f"x/{text[3]}.bin" for text in row[8] if len(text) > 3)
        for note in sorted(note for note in records if note // SHELF == shelf):
            kept[note % SHELF : note % SHELF + 1] = [records[note]]
            lengths[note : note + 1] = [length_class(after[note].length)]
        if shelf < len(shelves):
            gone.add(f"n/{shelves[shelf]}.bin")
        shelves[shelf : shelf + 1] = [put_shelf(files, kept)]
    names = split_names(manifest["terms"]["names"])
    firsts = manifest["terms"]["firsts"]
    _edit_terms(old, files, gone, firsts, names, before, after)
    put_manifest(files, facts, lengths, labels, shelves, Terms(firsts, names, manifest["heavy"]))
    return Edited(files, frozenset(gone - files.keys()))


def _lengths(halves: bytes, notes: int) -> list[int]:
    return [halves[note >> 1] >> 4 * (note & 1) & 15 for note in range(notes)]


def _whole(row: Any, old: Read) -> Record:
    """A record with its long texts, which have files of their own."""
    texts = [[*text[:2], unpack(old(f"x/{text[3]}.bin")).decode()] if len(text) > 3 else text for text in row[8]]
    return unpack_record([*row[:8], texts])


def _edit_terms(
    old: Read,
    files: Files,
    gone: set[str],
    firsts: Sequence[str],
    names: list[str],
    before: Mapping[int, Document],
    after: Mapping[int, Document],
) -> None:
    changes: dict[int, dict[str, list[int]]] = {}
    for note, document in after.items():
        was = before[note].postings if note in before else {}
        for key in was.keys() | document.postings.keys():
            if was.get(key) != document.postings.get(key):
                shard = max(0, bisect_right(firsts, key[:-1]) - 1)
                changes.setdefault(shard, {}).setdefault(key, []).append(note)
    for shard, keys in changes.items():
        blocks = dict(read_shard(unpack(old(f"t/{names[shard]}.bin"))))
        for key in {key[:-1] for key in keys}:
            zones: dict[int, Postings] = dict(read_block(blocks.get(key, b"")))
            for zone in range(ZONES):
                for note in sorted(keys.get(f"{key}{zone}", ())):
                    zones[zone] = replaced(zones.get(zone), note, after[note].postings.get(f"{key}{zone}"))
            blocks[key] = write_block(zones)
        gone.add(f"t/{names[shard]}.bin")
        names[shard] = put(files, "t", write_shard(sorted((key, block) for key, block in blocks.items() if block)))


def replaced(postings: Postings | None, note: int, new: tuple[int, bytes] | None) -> Postings:
    """Postings in which one note has what is new, or nothing."""
    rows: list[tuple[int, int, Sequence[int]]] = []
    at = 0
    for other, count in zip(postings.notes, postings.counts, strict=True) if postings else ():
        if other != note:
            rows.append((other, count, postings.positions[at : at + count] if postings else ()))
        at += count
    if new is not None:
        place = 0
        places = [place := place + distance for distance in read_numbers(new[1], 0, len(new[1]))]
        rows.append((note, new[0], places))
    rows.sort(key=lambda row: row[0])
    return Postings(
        [row[0] for row in rows], [row[1] for row in rows], [position for row in rows for position in row[2]]
    )
