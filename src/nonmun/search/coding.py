"""Postings as bytes, and shards of them: what `site/assets/search/coding.js` reads in a browser.

number    7 bits a byte, lowest first, the eighth set where more follow
shard     number of keys; for each key: letters shared with the one before, bytes that follow, those bytes,
length of its block; then the blocks
block     for each zone: number of notes x 8 + zone, heads, positions
heads     for each note: (distance from the one before) x 2, + 1 where it is there more than once, and then how often
positions for each note: the first, and the distances to the following ones; none in zones that have no order
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

UNORDERED = 6  # zones from here on say only that a note has something
ZONES = 8


@dataclass(frozen=True, slots=True)
class Postings:
    """The notes that have a key in one zone, and where: as many positions for each note as `counts` says."""

    notes: Sequence[int]
    counts: Sequence[int]
    positions: Sequence[int]


def number(value: int) -> bytes:
    if value < 0x80:
        return _SMALL[value]
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


_SMALL = [bytes([value]) for value in range(0x80)]


def read_number(data: bytes, at: int) -> tuple[int, int]:
    """The number at `at`, and where it ends. Raises IndexError where the data end first."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def read_numbers(data: bytes, start: int, end: int) -> list[int]:
    """All the numbers between two places."""
    found = []
    value = shift = 0
    for byte in data[start:end]:
        if byte < 0x80:
            found.append(value | byte << shift)
            value = shift = 0
        else:
            value |= (byte & 0x7F) << shift
            shift += 7
    return found


class ZoneWriter:
    """The postings of one key in one zone, written note by note in rising order."""

    __slots__ = ("_heads", "_last", "_positions", "notes")

    def __init__(self) -> None:
        self._heads = bytearray()
        self._positions = bytearray()
        self._last = 0
        self.notes = 0

    def add(self, note: int, count: int, positions: bytes) -> None:
        head = (note - self._last) << 1
        if count > 1:
            self._heads += number(head | 1)
            self._heads += number(count)
        else:
            self._heads += number(head)
        self._positions += positions
        self._last = note
        self.notes += 1

    def data(self, zone: int) -> bytes:
        return b"".join((number(self.notes << 3 | zone), self._heads, self._positions))


def position_bytes(positions: Sequence[int]) -> bytes:
    """Rising positions within one note."""
    if len(positions) == 1:
        return number(positions[0])
    last = 0
    found = bytearray()
    for position in positions:
        found += number(position - last)
        last = position
    return bytes(found)


def read_block(block: bytes) -> dict[int, Postings]:
    """The postings of a key by zone."""
    found: dict[int, Postings] = {}
    at = 0
    while at < len(block):
        head, at = read_number(block, at)
        notes, counts, at = read_heads(block, at, head >> 3)
        zone = head & 7
        positions: list[int] = []
        if zone < UNORDERED:
            for count in counts:
                position = 0
                for _ in range(count):
                    value, at = read_number(block, at)
                    position += value
                    positions.append(position)
        found[zone] = Postings(notes, counts, positions)
    return found


def read_heads(block: bytes, at: int, size: int) -> tuple[list[int], list[int], int]:
    """The notes of a zone, how often each has the key, and where the heads end."""
    notes: list[int] = []
    counts: list[int] = []
    note = 0
    for _ in range(size):
        value = block[at]
        at += 1
        if value >= 0x80:
            value, at = read_number(block, at - 1)
        note += value >> 1
        notes.append(note)
        if value & 1:
            value, at = read_number(block, at)
            counts.append(value)
        else:
            counts.append(1)
    return notes, counts, at


def write_block(zones: Mapping[int, Postings]) -> bytes:
    """What `read_block` reads."""
    parts = []
    for zone, postings in sorted(zones.items()):
        writer = ZoneWriter()
        at = 0
        for note, count in zip(postings.notes, postings.counts, strict=True):
            end = at + (count if zone < UNORDERED else 0)
            writer.add(note, count, position_bytes(postings.positions[at:end]) if zone < UNORDERED else b"")
            at = end
        if writer.notes:
            parts.append(writer.data(zone))
    return b"".join(parts)


def write_shard(blocks: Iterable[tuple[str, bytes]]) -> bytes:
    """A shard of keys, in rising order, and their blocks."""
    head = bytearray()
    bodies = []
    before = b""
    for key, block in blocks:
        letters = key.encode("utf-8", "surrogatepass")
        shared = 0
        while shared < min(len(before), len(letters)) and before[shared] == letters[shared]:
            shared += 1
        head += number(shared) + number(len(letters) - shared) + letters[shared:] + number(len(block))
        bodies.append(block)
        before = letters
    return number(len(bodies)) + bytes(head) + b"".join(bodies)


def read_shard(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The keys of a shard and their blocks. Raises ValueError or IndexError for what is no shard."""
    count, at = read_number(data, 0)
    keys = []
    letters = b""
    for _ in range(count):
        shared, at = read_number(data, at)
        length, at = read_number(data, at)
        letters = letters[:shared] + data[at : at + length]
        at += length
        size, at = read_number(data, at)
        keys.append((letters.decode("utf-8", "surrogatepass"), size))
    for key, size in keys:
        yield key, data[at : at + size]
        at += size


def pack(data: bytes) -> bytes:
    """Gzipped here, so that no server has to do it. The same data give the same bytes."""
    return gzip.compress(data, 6, mtime=0)


def unpack(data: bytes) -> bytes:
    """What `pack` packed, or what a server has unpacked on its way. Raises ValueError for damaged data."""
    if data[:2] != b"\x1f\x8b":
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"a damaged file of the index ({error})") from error


def pack_beside(dictionary: bytes, data: bytes) -> bytes:
    """Deflated as if `dictionary` stood before it: small files that say alike things share what they have in common.

    A browser has no such thing, but is given the dictionary, stored, and this after it, which is one deflated stream.
    """
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS, 9, zlib.Z_DEFAULT_STRATEGY, dictionary)
    return packer.compress(data) + packer.flush()


def unpack_beside(dictionary: bytes, data: bytes) -> bytes:
    """What `pack_beside` packed. Raises ValueError for damaged data."""
    reader = zlib.decompressobj(-zlib.MAX_WBITS, dictionary)
    try:
        found = reader.decompress(data)
    except zlib.error as error:
        raise ValueError(f"a damaged file of the index ({error})") from error
    if not reader.eof:
        raise ValueError("a damaged file of the index (it ends too early)")
    return found
