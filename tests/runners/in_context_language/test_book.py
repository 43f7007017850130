import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.in_context_language import measure, training
from runners.in_context_language.book import EMPTY, halved, shown, shuffled, told, write
from runners.in_context_language.language import ADJECTIVES, NOUNS, VERBS, Language

SEEDS = st.integers(0, 10_000)


def book_of(seed: int, examples: int = 6):
    rng = random.Random(seed)
    language = Language.draw(rng)
    return language, *write(language, rng, examples), rng


@given(SEEDS)
def test_full_book_says_every_word_and_the_whole_grammar(seed):
    language, book, shown_sentences, _ = book_of(seed)
    assert {english: foreign for foreign, english in book.words} == language.words
    assert {name for _, name in book.grammar} == {"order", "adjective", "plural", language.marking}
    assert len(book.examples) == len(shown_sentences) == 6


@given(SEEDS)
def test_half_book_is_half_of_each_section(seed):
    _, book, _, rng = book_of(seed)
    half = halved(book, rng)
    for own, whole in ((half.grammar, book.grammar), (half.words, book.words), (half.examples, book.examples)):
        assert len(own) == (len(whole) + 1) // 2
        assert set(own) <= set(whole)


@given(SEEDS)
def test_in_a_shuffled_book_no_word_has_its_meaning_and_each_one_of_its_kind(seed):
    language, book, _, rng = book_of(seed)
    other = shuffled(book, rng)
    wrong = {meaning: foreign for foreign, meaning in other.words}
    for english, foreign in language.words.items():
        assert wrong[english] != foreign
        meant = next(word for word, own in language.words.items() if own == wrong[english])
        assert any(english in kind and meant in kind for kind in (NOUNS, VERBS, ADJECTIVES))
    for (glossed, english), (before, same) in zip(other.examples, book.examples, strict=True):
        assert english == same
        assert [gloss for _, gloss in glossed] == [gloss for _, gloss in before]
        assert all(wrong[gloss] == token for token, gloss in glossed if gloss in wrong)  # the list and they agree
    assert len(other.tokens) == len(book.tokens)


def test_empty_book_has_nothing_but_its_beginning():
    assert EMPTY.tokens == ["<book>"]


@given(SEEDS)
def test_nothing_asked_stands_in_the_book(seed):
    rng = random.Random(seed)
    language = Language.draw(rng, 0.2)
    book, used = write(language, rng, 6)
    asked = training.questions(language, rng, used, 6)
    written = {english for _, english in book.examples}
    for question in asked:
        assert (question.asked if question.direction == "<into>" else question.answer) not in written


def test_languages_of_the_test_are_in_no_training():
    tested = {frozenset(world.language.words.items()) for world in measure.worlds(100, 20, 2, 1)}
    trained = {frozenset(Language.draw(random.Random(f"train/100/{step}")).words.items()) for step in range(500)}
    assert not tested & trained


def test_a_reader_sees_words_joined():
    _, book, _, _ = book_of(1)
    assert all(" -" not in line for line in shown(book)["examples"])
    assert shown(book)["words"][0] == f"{book.words[0][0]} = {book.words[0][1]}"


@given(SEEDS)
def test_what_a_book_tells_is_in_its_list_or_its_glosses(seed):
    language, book, _, rng = book_of(seed)
    assert told(book) >= set(language.words)
    half = halved(book, rng)
    for word in language.words:
        listed = word in {meaning for _, meaning in half.words}
        glossed = any(word in english for _, english in half.examples)
        assert (word in told(half)) == (listed or glossed)
    assert told(EMPTY) == set()


@pytest.mark.parametrize("dose", ["full", "shuffled"])
def test_wrong_and_shuffled_books_are_as_long_as_the_right_one(dose):
    worlds = measure.worlds(100, 3, 4, 1)
    assert worlds[0].books["wrong"] == worlds[1].books["full"]
    assert len(worlds[0].books[dose].tokens) == len(worlds[0].books["full"].tokens)
