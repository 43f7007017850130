"""A block of postings in which a few notes have changed, without reading those of all others."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nonmun.search.coding import UNORDERED, number, read_heads, read_number

Row = tuple[int, bytes]  # how often a note has a key, and where, as `position_bytes` writes it


@dataclass(slots=True)
class _Zone:
    """A zone within a block: its notes, and its heads and positions as they are written."""

    notes: list[int]
    counts: list[int]
    heads: bytes
    positions: bytes


def change_block(block: bytes, changes: Mapping[int, Mapping[int, Row | None]]) -> bytes:
    """A block in which, by zone and note, one has other postings, or None.

    What is written of other notes is moved as it is, which is what makes an edit quick.
    """
    zones = dict(_zones(block))
    for zone, rows in changes.items():
        kept = zones.setdefault(zone, _Zone([], [], b"", b""))
        for note, row in rows.items():
            _change(kept, note, row)
    return b"".join(
        b"".join((number(len(kept.notes) << 3 | zone), kept.heads, kept.positions))
        for zone, kept in sorted(zones.items())
        if kept.notes
    )


def _zones(block: bytes) -> Iterator[tuple[int, _Zone]]:
    at = 0
    while at < len(block):
        head, start = read_number(block, at)
        notes, counts, middle = read_heads(block, start, head >> 3)
        at = _after(block, middle, sum(counts)) if head & 7 < UNORDERED else middle
        yield head & 7, _Zone(notes, counts, block[start:middle], block[middle:at])


def _change(zone: _Zone, note: int, row: Row | None) -> None:
    at = bisect_left(zone.notes, note)
    there = at < len(zone.notes) and zone.notes[at] == note
    if not there and row is None:
        return
    before = zone.notes[at - 1] if at else 0
    begin = _after(
        zone.heads, 0, 2 * at - zone.counts[:at].count(1)
    )  # a second number where it is there more than once
    end = _after(zone.heads, begin, 2 if zone.counts[at] > 1 else 1) if there else begin
    heads = _head(note - before, row[0]) if row else b""
    following = at + there
    if following < len(zone.notes):
        heads += _head(zone.notes[following] - (note if row else before), zone.counts[following])
        end = _after(zone.heads, end, 2 if zone.counts[following] > 1 else 1)
    zone.heads = zone.heads[:begin] + heads + zone.heads[end:]
    if zone.positions or (row and row[1]):
        first = _after(zone.positions, 0, sum(zone.counts[:at]))
        last = _after(zone.positions, first, zone.counts[at]) if there else first
        zone.positions = zone.positions[:first] + (row[1] if row else b"") + zone.positions[last:]
    zone.notes[at:following] = [note] if row else []
    zone.counts[at:following] = [row[0]] if row else []


def _head(distance: int, count: int) -> bytes:
    return number(distance << 1 | 1) + number(count) if count > 1 else number(distance << 1)


def _after(data: bytes, start: int, numbers: int) -> int:
    """Where so many numbers from `start` on end. By halves, because bytes are counted far quicker than read."""
    ends = data[start : start + 8 * numbers].translate(_ENDS)
    low, high = numbers, len(ends)
    while low < high:
        middle = (low + high) // 2
        if ends.count(1, 0, middle) < numbers:
            low = middle + 1
        else:
            high = middle
    return start + low


_ENDS = bytes(byte < 0x80 for byte in range(0x100))
