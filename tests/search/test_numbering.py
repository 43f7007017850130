from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nonmun.search.numbering import FREE, number_notes

rows = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("12")), unique_by=lambda row: row[0])


@given(st.lists(rows, min_size=2, max_size=5))
def test_over_any_changes_notes_keep_their_numbers_and_what_changed_is_told(steps: list[list[tuple[str, str]]]) -> None:
    there = steps[0]
    for now in steps[1:]:
        found = number_notes(there, now)
        assert [found.rows[number] for number in found.order] == now
        assert sum(row != FREE for row in found.rows) == len(now)
        before = {slug: number for number, (slug, _) in enumerate(there) if slug}
        for number, (slug, _) in zip(found.order, now, strict=True):
            assert before.get(slug, number) == number
        kept = [row for number, row in enumerate(there) if number not in found.changed]
        assert kept == [row for number, row in enumerate(found.rows) if number not in found.changed]
        there = list(found.rows)


def test_a_new_note_takes_the_number_of_one_that_is_gone() -> None:
    found = number_notes([("a", "1"), ("b", "1"), ("c", "1")], [("a", "1"), ("x", "1"), ("c", "1")])
    assert (list(found.order), list(found.changed)) == ([0, 1, 2], [1])
