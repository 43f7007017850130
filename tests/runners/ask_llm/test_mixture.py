from collections import Counter

import pytest

from nonmun.runner import RunnerError
from runners.ask_llm import mixture
from runners.ask_llm.mixture import CLEAN, SHARES
from runners.selection import noise, prose


@pytest.fixture(autouse=True)
def few_paragraphs(monkeypatch):
    """The reference of the language for every topic, a slice each: nothing else has to be read."""
    texts = prose.paragraphs("language")
    slices = {topic: texts[place :: len(prose.TOPICS)] for place, topic in enumerate(prose.TOPICS)}
    monkeypatch.setattr(prose, "paragraphs", slices.__getitem__)


def test_the_corpus_holds_what_it_says():
    found = mixture.build(200, 40, 5, 40, 3)
    counts = Counter(found.corpus.kinds)
    assert {kind: counts[kind] for kind in SHARES} == {kind: round(share * 200) for kind, share in SHARES.items()}
    assert sum(found.corpus.worth) == counts[CLEAN]
    assert Counter(found.test.kinds) == {CLEAN: 10, **dict.fromkeys(noise.UNSEEN, 5)}
    assert len(found.good) == 40


def test_clean_texts_are_in_one_place_alone():
    found = mixture.build(200, 40, 5, 40, 3)
    clean = [
        [text for text, kind in zip(own.texts, own.kinds, strict=True) if kind == CLEAN]
        for own in (found.corpus, found.test, found.tuning)
    ]
    every = [*(text for own in clean for text in own), *found.good]
    assert len(set(every)) == len(every)


def test_a_rater_is_tuned_on_other_kinds_and_topics_than_it_is_tested_on():
    found = mixture.build(200, 40, 5, 40, 3)
    assert set(found.tuning.kinds) - {CLEAN} <= set(noise.SEEN)
    assert not (set(found.tuning.kinds) & set(found.corpus.kinds)) - {CLEAN}
    assert Counter(found.tuning.worth) == {True: 20, False: 20}
    topics = {text for topic in mixture.TUNING_TOPICS for text in prose.paragraphs(topic)}
    assert not topics & set(found.corpus.texts)


def test_the_seed_decides():
    assert mixture.build(200, 40, 5, 40, 3) == mixture.build(200, 40, 5, 40, 3) != mixture.build(200, 40, 5, 40, 4)


def test_more_than_there_is_is_one_line():
    with pytest.raises(RunnerError, match="clean texts and 20 for tuning are wanted, there are"):
        mixture.build(5000, 40, 5, 40, 0)
