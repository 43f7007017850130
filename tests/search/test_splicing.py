"""A block changed in place is the block written anew."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from test_coding import blocks

from nonmun.search.coding import UNORDERED, Postings, position_bytes, read_block, write_block
from nonmun.search.splicing import Row, change_block

places = st.lists(st.integers(0, 70_000), min_size=1, max_size=5, unique=True).map(sorted)
changes = st.dictionaries(
    st.integers(0, UNORDERED),
    st.dictionaries(st.integers(0, 60_000), st.one_of(st.none(), places), max_size=5),
    max_size=4,
)


@given(blocks(), changes, st.data())
def test_changed_notes_are_as_wanted_and_all_others_as_before(
    zones: dict[int, Postings], wanted: dict[int, dict[int, list[int] | None]], data: st.DataObject
) -> None:
    for zone, postings in zones.items():  # some of those that are there, too
        some = data.draw(st.lists(st.sampled_from(postings.notes), max_size=3))
        wanted.setdefault(zone, {}).update((note, data.draw(st.one_of(st.none(), places))) for note in some)
    rows: dict[int, dict[int, Row | None]] = {
        zone: {note: _row(zone, some) for note, some in notes.items()} for zone, notes in wanted.items()
    }
    expected: dict[int, dict[int, tuple[int, list[int]]]] = {}
    for zone, postings in zones.items():
        at = 0
        for note, count in zip(postings.notes, postings.counts, strict=True):
            expected.setdefault(zone, {})[note] = count, list(postings.positions[at : at + count])
            at += count
    for zone, notes in wanted.items():
        for note, some in notes.items():
            expected.setdefault(zone, {}).pop(note, None)
            if some is not None:
                expected[zone][note] = len(some), some if zone < UNORDERED else []
    found = change_block(write_block(zones), rows)
    assert read_block(found) == {
        zone: Postings(sorted(notes), [notes[note][0] for note in sorted(notes)],
                       [place for note in sorted(notes) for place in notes[note][1]])
        for zone, notes in expected.items() if notes
    }  # fmt: skip
    assert found == write_block(read_block(found))


def _row(zone: int, some: list[int] | None) -> Row | None:
    return None if some is None else (len(some), position_bytes(some) if zone < UNORDERED else b"")
