"""The numbers of notes in an index that goes on from another: each keeps its own, a new one takes a free one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count

Row = tuple[str, str]  # a note's slug, and what changes with all that the index holds of it
FREE: Row = ("", "")


@dataclass(frozen=True, slots=True)
class Numbered:
    """The number of each note in the order given, the notes by number, and the numbers whose note is another now."""

    order: Sequence[int]
    rows: Sequence[Row]  # FREE where no note has the number
    changed: Sequence[int]


def number_notes(before: Sequence[Row], now: Sequence[Row]) -> Numbered:
    """Number the notes of `now`. `before` are those of the index that is there, by number."""
    slugs = {slug for slug, _ in now}
    number_of = {slug: number for number, (slug, _) in enumerate(before) if slug in slugs}
    free = chain((number for number, (slug, _) in enumerate(before) if slug not in slugs), count(len(before)))
    order = [number_of[slug] if slug in number_of else next(free) for slug, _ in now]
    rows = [FREE] * max(len(before), max(order, default=-1) + 1)
    for number, row in zip(order, now, strict=True):
        rows[number] = row
    changed = [number for number, row in enumerate(rows) if number >= len(before) or row != before[number]]
    return Numbered(order, rows, changed)
