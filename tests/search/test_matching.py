"""Found is what a naive look through the texts finds, for any notes and any query."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nonmun.search import Index, Options, Record, build_index, document_of, parse_query, search
from nonmun.search.documents import Text, Zone
from nonmun.search.tokens import STOP_WORDS

syllables = st.text("학습사전데이터를는", min_size=1, max_size=5)
words = st.one_of(syllables, st.sampled_from(["gan", "BERT", "gpt4", "x", "gan1a", "gan3"]))
sentences = st.lists(words, max_size=12).map(" ".join)


def index_of(texts: list[str]) -> Index:
    records = [
        Record(f"n{number}", "제목", f"2020-01-{number + 1:02}", langs=("ko",), texts=(Text(Zone.KO, "ko", text),))
        for number, text in enumerate(texts)
    ]
    files = build_index(map(document_of, records), [])
    return Index(files.__getitem__)


def found(texts: list[str], query: str) -> set[int]:
    result = search(index_of(texts), parse_query(query), Options(limit=100))
    return {int(hit.record.slug[1:]) for hit in result.hits}


@given(st.lists(sentences, max_size=6), st.text("학습사전데이터", min_size=1, max_size=2))
def test_one_and_two_syllables_are_found_inside_words(texts: list[str], query: str) -> None:
    assert found(texts, f'"{query}"') == {number for number, text in enumerate(texts) if query in text}


@given(st.lists(sentences, max_size=6), st.text("학습사전데이터", min_size=3, max_size=4))
def test_longer_runs_are_found_across_the_spaces_between_runs_of_hangul(texts: list[str], query: str) -> None:
    def stands(text: str) -> bool:
        foreign = "".join("|" if char.isascii() and char != " " else char for char in text)
        return query in foreign.replace(" ", "")

    assert found(texts, f'"{query}"') == {number for number, text in enumerate(texts) if stands(text)}


@given(st.lists(sentences, max_size=6), st.sampled_from(["gan", "bert", "gpt4"]))
def test_words_are_found_whole_in_any_case(texts: list[str], query: str) -> None:
    assert found(texts, f'"{query}"') == {number for number, text in enumerate(texts) if query in text.lower().split()}


@given(st.lists(sentences, max_size=6), st.lists(syllables, min_size=2, max_size=3))
def test_words_together_find_what_each_of_them_finds(texts: list[str], several: list[str]) -> None:
    quoted = [f'"{word}"' for word in several]
    assert found(texts, " ".join(quoted)) == set.intersection(*(found(texts, word) for word in quoted))


@given(st.lists(sentences, max_size=6), syllables, syllables)
def test_a_word_taken_out_takes_out_what_it_finds(texts: list[str], wanted: str, unwanted: str) -> None:
    assert found(texts, f'"{wanted}" -"{unwanted}"') == found(texts, f'"{wanted}"') - found(texts, f'"{unwanted}"')


def test_a_word_in_title_and_text_is_found_in_both_whatever_words_with_digits_follow_it() -> None:
    notes = [("gan", "x"), ("x", "gan"), ("gan3", "gan1a gan2 gan4")]
    records = [
        Record(f"n{number}", title, langs=("en",), texts=(Text(Zone.EN, "en", text),))
        for number, (title, text) in enumerate(notes)
    ]
    index = Index(build_index(map(document_of, records), []).__getitem__)
    assert {hit.record.slug for hit in search(index, parse_query('"gan"')).hits} == {"n0", "n1"}


def test_stop_words_take_their_place_in_a_phrase_and_are_not_kept() -> None:
    assert found(["state of the art", "state art", "the art of state"], '"state of the art"') == {0}
    assert {"of", "the"} <= STOP_WORDS
