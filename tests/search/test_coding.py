from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonmun.search.coding import (
    UNORDERED,
    Postings,
    number,
    pack,
    read_block,
    read_number,
    read_numbers,
    read_shard,
    unpack,
    write_block,
    write_shard,
)

rising = st.lists(st.integers(0, 70_000), min_size=1, max_size=5, unique=True).map(sorted)
zone_postings = st.dictionaries(st.integers(0, 60_000), rising, min_size=1, max_size=8)


@st.composite
def blocks(draw: st.DrawFn) -> dict[int, Postings]:
    zones = {}
    for zone, notes in draw(st.dictionaries(st.integers(0, UNORDERED), zone_postings, max_size=4)).items():
        ordered = sorted(notes.items())
        places = [place for _, some in ordered for place in some] if zone < UNORDERED else []
        zones[zone] = Postings([note for note, _ in ordered], [len(some) for _, some in ordered], places)
    return zones


@given(st.integers(0, 2**53))
def test_a_number_comes_back_with_where_it_ends(value: int) -> None:
    assert read_number(b"\x01" + number(value) + b"\x7f", 1) == (value, 1 + len(number(value)))


@given(st.lists(st.integers(0, 2**40)))
def test_numbers_come_back_in_order(values: list[int]) -> None:
    data = b"".join(map(number, values))
    assert read_numbers(data, 0, len(data)) == values


@given(blocks())
def test_a_block_says_what_was_written(zones: dict[int, Postings]) -> None:
    assert read_block(write_block(zones)) == zones


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), st.binary(max_size=300)))
def test_a_shard_gives_back_its_keys_and_blocks(found: dict[str, bytes]) -> None:
    ordered = sorted(found.items())
    assert list(read_shard(write_shard(ordered))) == ordered


@given(st.binary(max_size=500))
def test_packing_is_undone_and_says_the_same_every_time(data: bytes) -> None:
    assert unpack(pack(data)) == data
    assert pack(data) == pack(data)


def test_a_file_cut_short_is_told() -> None:
    with pytest.raises(ValueError, match="damaged"):
        unpack(pack(b"postings" * 100)[:-9])


def test_what_a_server_unpacked_on_its_way_is_taken_as_it_is() -> None:
    assert unpack(b"\x03abc") == b"\x03abc"
