"""A few notes edited, added or taken away → the files of the index that change; all others stay as they are.

What comes out answers as what `build_index` would give. It is other in the numbers of notes, in where the postings are
cut into shards, in which syllables count as heavy, and in the dictionary: all stay as they were when the index was last
built as a whole.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Mapping, MutableSequence, Sequence
from dataclasses import dataclass
from typing import Any

from nonmun.search.coding import read_shard, unpack, unpack_beside, write_shard
from nonmun.search.documents import Document, Record, document_of
from nonmun.search.index import (
    MANIFEST,
    Facts,
    Files,
    Label,
    Notes,
    Shelves,
    Terms,
    length_class,
    put,
    put_manifest,
    put_shelf,
    split_names,
)
from nonmun.search.reader import unpack_record
from nonmun.search.splicing import Row, change_block

Read = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Edited:
    """The files to write, and those that no longer belong to the index."""

    files: Files
    gone: frozenset[str]


def edit_index(
    old: Read,
    records: Mapping[int, Record | None],
    facts: Sequence[Facts],
    order: Sequence[int],
    labels: Sequence[Label],
) -> Edited:
    """Bring an index up to date whose notes numbered in `records` have become these, or are no more (None).

    `old` reads its files; `facts` are those of all numbers as they are now, `order` the numbers in use, oldest first.
    """
    manifest = json.loads(old(MANIFEST))
    files: Files = {}
    gone = {
        f"{folder}/{manifest[name]}.bin" for folder, name in (("l", "lengths"), ("v", "vocabulary"), ("r", "ranks"))
    }
    gone.update(f"c/{name}.bin" for name in split_names(manifest["columns"]["names"]))
    lengths = _lengths(unpack(old(f"l/{manifest['lengths']}.bin")), manifest["notes"])
    lengths += [0] * (len(facts) - len(lengths))
    after = {note: document_of(record) for note, record in records.items() if record}
    for note in records:
        lengths[note] = length_class(after[note].length) if note in after else 0
    shelves = _Shelves(old, manifest)
    before = shelves.change(records, files, gone)
    names = split_names(manifest["terms"]["names"])
    firsts = manifest["terms"]["firsts"]
    _edit_terms(old, files, gone, firsts, names, _differences(before, after))
    terms = Terms(firsts, names, manifest["heavy"])
    put_manifest(files, Notes(facts, lengths, order), labels, shelves.now(), terms)
    return Edited(files, frozenset(gone - files.keys()))


def _lengths(halves: bytes, notes: int) -> list[int]:
    return [halves[note >> 1] >> 4 * (note & 1) & 15 for note in range(notes)]


class _Shelves:
    """The files of records of an index that is being changed."""

    def __init__(self, old: Read, manifest: Any) -> None:
        self._old = old
        self._size: int = manifest["records"]["size"]
        self._names = split_names(manifest["records"]["names"])
        self._dictionary_name: str = manifest["records"]["dictionary"]
        self._dictionary = unpack(old(f"d/{self._dictionary_name}.bin"))

    def now(self) -> Shelves:
        return Shelves(self._size, self._names, self._dictionary_name)

    def change(self, records: Mapping[int, Record | None], files: Files, gone: set[str]) -> dict[int, Document]:
        """Put the records where their numbers are; the documents that stood there before."""
        before: dict[int, Document] = {}
        for shelf in sorted({note // self._size for note in records}):
            there = shelf < len(self._names)
            rows = json.loads(self._read("n", self._names[shelf])) if there else []
            kept = [row and self._whole(row) for row in rows]
            own = sorted(note for note in records if note // self._size == shelf)
            kept += [None] * (own[-1] % self._size + 1 - len(kept))
            for note in own:
                at = note % self._size
                if was := kept[at]:
                    before[note] = document_of(was)
                    gone.update(f"x/{text[3]}.bin" for text in rows[at][8] if len(text) > 3)
                kept[at] = records[note]
            if there:
                gone.add(f"n/{self._names[shelf]}.bin")
            self._names[shelf : shelf + 1] = [put_shelf(files, self._dictionary, kept)]
        return before

    def _read(self, folder: str, name: str) -> bytes:
        return unpack_beside(self._dictionary, self._old(f"{folder}/{name}.bin"))

    def _whole(self, row: Any) -> Record:
        """A record with its long texts, which have files of their own."""
        texts = [[*text[:2], self._read("x", text[3]).decode()] if len(text) > 3 else text for text in row[8]]
        return unpack_record([*row[:8], texts])


def _differences(
    before: Mapping[int, Document], after: Mapping[int, Document]
) -> dict[str, dict[int, dict[int, Row | None]]]:
    """By key, zone and note the postings that are other than before."""
    found: dict[str, dict[int, dict[int, Row | None]]] = {}
    for note in sorted(before.keys() | after.keys()):
        was = before[note].postings if note in before else {}
        now = after[note].postings if note in after else {}
        for key in was.keys() | now.keys():
            if was.get(key) != (row := now.get(key)):
                found.setdefault(key[:-1], {}).setdefault(int(key[-1]), {})[note] = row
    return found


def _edit_terms(
    old: Read,
    files: Files,
    gone: set[str],
    firsts: Sequence[str],
    names: MutableSequence[str],
    changes: Mapping[str, Mapping[int, Mapping[int, Row | None]]],
) -> None:
    by_shard: dict[int, list[str]] = {}
    for key in changes:
        by_shard.setdefault(max(0, bisect_right(firsts, key) - 1), []).append(key)
    for shard, keys in by_shard.items():
        blocks = dict(read_shard(unpack(old(f"t/{names[shard]}.bin"))))
        for key in keys:
            blocks[key] = change_block(blocks.get(key, b""), changes[key])
        gone.add(f"t/{names[shard]}.bin")
        names[shard] = put(files, "t", write_shard(sorted((key, block) for key, block in blocks.items() if block)))
