import random

from hypothesis import given
from hypothesis import strategies as st

from runners.in_context_language.language import ENGLISH, STEMS, Language, Sentence, text

SEEDS = st.integers(0, 10_000)
SENTENCE = Sentence("dog", "saw", "cat", ("big", None), (True, False))


def kalo(**changes) -> Language:
    words = {"dog": "kalo", "cat": "mitu", "saw": "bera", "big": "suno"}
    grammar = {"order": "SOV", "adjective": "after", "marking": "object", "plural": "-ik", "mark": "-ot"}
    return Language(words, **{**grammar, **changes})


def test_english_is_written_as_it_is_read():
    assert text(SENTENCE.english) == "big dogs saw cat"


def test_word_order_and_place_of_adjectives_follow_the_grammar():
    assert text(kalo().both(SENTENCE)[1]) == "kaloik suno mituot bera"
    assert text(kalo(order="VSO", adjective="before").both(SENTENCE)[1]) == "bera suno kaloik mituot"


def test_agreement_marks_a_plural_subject_on_the_verb_and_case_the_object():
    assert text(kalo(marking="verb").both(SENTENCE)[1]) == "kaloik suno mitu beraot"
    alone = Sentence("dog", "saw", "cat")
    assert text(kalo(marking="verb").both(alone)[1]) == "kalo mitu bera"
    assert text(kalo().both(alone)[1]) == "kalo mituot bera"


@given(SEEDS, st.floats(0.1, 1))
def test_sentences_use_the_language_s_own_words_and_no_two_words_are_alike(seed, share):
    rng = random.Random(seed)
    language = Language.draw(rng, share)
    assert len(set(language.words.values())) == len(language.words)
    sentence = language.sentence(rng)
    assert sentence.subject != sentence.object
    for token, gloss in language.glossed(sentence):
        if gloss in ENGLISH:
            assert language.words[gloss] == token
        else:
            assert token == {"plural": language.plural, "object": language.mark, "verb": language.mark}[gloss]


@given(SEEDS)
def test_a_translation_tells_every_word_of_the_sentence(seed):
    rng = random.Random(seed)
    language = Language.draw(rng)
    sentence = language.sentence(rng)
    glosses = [gloss for _, gloss in language.glossed(sentence)]
    assert sorted(gloss for gloss in glosses if gloss in ENGLISH) == sorted(
        word for word in sentence.english if word in ENGLISH
    )
    assert glosses.count("plural") == sum(sentence.plural)


def test_stems_are_distinct():
    assert len(set(STEMS)) == len(STEMS) == 400
