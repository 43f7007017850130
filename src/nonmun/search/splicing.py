"""A block of postings in which a few notes have changed, without reading those of all others."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nonmun.search.coding import UNORDERED, number, read_heads, read_number

Row = tuple[int, bytes]  # how often a note has a key, and where, as `position_bytes` writes it


@dataclass(frozen=True, slots=True)
class _Zone:
    """A zone within a block: its notes, and its positions as they are written."""

    notes: list[int]
    counts: list[int]
    positions: bytes


def change_block(block: bytes, changes: Mapping[int, Mapping[int, Row | None]]) -> bytes:
    """A block in which, by zone and note, one has other postings: how often and where, or None for no more.

    Positions of other notes are moved as they are, which is what makes an edit quick.
    """
    zones = dict(_zones(block))
    for zone, rows in changes.items():
        kept = zones.get(zone, _Zone([], [], b""))
        for note, row in sorted(rows.items()):
            kept = _with_row(kept, note, row)
        zones[zone] = kept
    return b"".join(_zone_bytes(zone, kept) for zone, kept in sorted(zones.items()) if kept.notes)


def _zones(block: bytes) -> Iterator[tuple[int, _Zone]]:
    at = 0
    while at < len(block):
        head, at = read_number(block, at)
        notes, counts, at = read_heads(block, at, head >> 3)
        end = _after(block, at, sum(counts)) if head & 7 < UNORDERED else at
        yield head & 7, _Zone(notes, counts, block[at:end])
        at = end


def _with_row(zone: _Zone, note: int, row: Row | None) -> _Zone:
    at = bisect_left(zone.notes, note)
    there = at < len(zone.notes) and zone.notes[at] == note
    after = at + there
    start = _after(zone.positions, 0, sum(zone.counts[:at])) if zone.positions else 0
    end = _after(zone.positions, start, zone.counts[at]) if there and zone.positions else start
    new = ([note], [row[0]], row[1]) if row else ([], [], b"")
    return _Zone(
        [*zone.notes[:at], *new[0], *zone.notes[after:]],
        [*zone.counts[:at], *new[1], *zone.counts[after:]],
        b"".join((zone.positions[:start], new[2], zone.positions[end:])),
    )


def _after(data: bytes, start: int, numbers: int) -> int:
    """Where so many numbers from `start` on end. By halves, because bytes are counted far quicker than read."""
    ends = data[start:].translate(_ENDS)
    low, high = numbers, min(len(ends), 5 * numbers)
    while low < high:
        middle = (low + high) // 2
        if ends.count(1, 0, middle) < numbers:
            low = middle + 1
        else:
            high = middle
    return start + low


_ENDS = bytes(byte < 0x80 for byte in range(0x100))


def _zone_bytes(zone: int, kept: _Zone) -> bytes:
    heads = bytearray(number(len(kept.notes) << 3 | zone))
    last = 0
    for note, count in zip(kept.notes, kept.counts, strict=True):
        head = note - last << 1
        last = note
        if count > 1:
            heads += number(head | 1) + number(count)
        elif head < 0x80:
            heads.append(head)
        else:
            heads += number(head)
    return bytes(heads) + kept.positions
