from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nonmun.search import Index, Options, parse_query, search
from nonmun.search.query import MAX_TERMS, Query, tag_form

pieces = st.sampled_from(
    ["학습", '"사전 학습"', "-gan", "tag:", "tag:gan", '-tag:"vision', "year:..", "year:2020..", "lang:ko", "has:runner",
     "arxiv:2402.10193", "author:", "#", "-", '"', ":", "GPT-4o", "ㅎ", "\ud800", "🙂", "<b>", "(", "\\", "\0", "\u1112"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(pieces).map(" ".join)))
@example("학습 " * 5_000)
@example('"' * 10_000)
@example("-" * 10_000)
@example("tag:" * 3_000)
def test_any_text_is_a_query_and_has_an_answer(text: str) -> None:
    query = parse_query(text)
    assert len(query.terms) <= MAX_TERMS


@given(st.one_of(st.text(max_size=60), st.lists(pieces, max_size=8).map(" ".join)))
def test_any_query_is_answered_and_loses_no_letter_of_what_it_shows(files: dict[str, bytes], text: str) -> None:
    found = search(Index(files.__getitem__), parse_query(text), Options(facets=True))
    for hit in found.hits:
        assert "".join(piece for piece, _ in hit.title) == hit.record.title
        shown = "".join(piece for piece, _ in hit.snippet.pieces).strip("…")
        assert any(shown in text.text for text in hit.record.texts) or not hit.record.texts


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a  b", ["b"]),
        ('"open quote', ["open quote"]),
        ('x"y z"', ["x", "y z"]),
        ("“curly quotes”", ["curly quotes"]),
        ("-not yes", ["yes"]),
        ("unknown:field", ["unknown:field"]),
        ("https://example.org/a", ["https://example.org/a"]),
        ("같은 같은 끝", ["같은", "끝"]),
    ],
)
def test_words_and_phrases_are_told_apart(text: str, shown: list[str]) -> None:
    assert [term.shown for term in parse_query(text).terms] == shown


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("year:2024", (2024, 2024)),
        ("year:2020..2022", (2020, 2022)),
        ("year:2022-2020", (2020, 2022)),
        ("연도:2021..", (2021, 9999)),
        ("year:..2019", (0, 2019)),
    ],
)
def test_years_are_read_as_ranges(text: str, years: tuple[int, int]) -> None:
    assert parse_query(text).years == (years,)


@pytest.mark.parametrize("text", ["year:", "year:abc", "year:2024x", "lang:fr", "has:wings", "arxiv:x", "-year:2024"])
def test_a_filter_that_says_nothing_is_a_problem_and_filters_nothing(text: str) -> None:
    query = parse_query(f"{text} 학습")
    assert [term.shown for term in query.terms] == ["학습"]
    assert query.years == () and query.langs == () and query.arxiv == ()


def test_only_the_last_word_is_still_being_typed() -> None:
    assert [term.typing for term in parse_query("one two thr").terms] == [False, False, True]
    assert [term.typing for term in parse_query("one two ").terms] == [False, False]
    assert [term.typing for term in parse_query('"one two"').terms] == [False]


def test_spellings_of_a_tag_are_one() -> None:
    assert tag_form(" #Object_Detection ") == tag_form("object detection") == "object-detection"


def test_an_empty_query_says_so() -> None:
    assert parse_query('  - " ㅎ').empty
    assert not parse_query("학").empty
    assert Query().empty
