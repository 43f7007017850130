import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.long_context.haystack import LENGTH, NAMES, VOCABULARY, document, hide, off_depth, prose

NAME, NUMBER = VOCABULARY.first["name"], VOCABULARY.first["number"]


def facts(ids):
    """The name and number of each whole fact, and where it stands."""
    for at in np.flatnonzero((ids >= NAME) & (ids < NAME + NAMES)):
        if at >= 3 and at + LENGTH - 3 <= len(ids):
            own = ids[at - 3 : at - 3 + LENGTH].tolist()
            if own == VOCABULARY.fact(own[3] - NAME, [number - NUMBER for number in own[6:8]]):
                yield int(at) - 3, own[3] - NAME, tuple(own[6:8])


def test_words_are_all_different():
    assert len(set(VOCABULARY.words)) == len(VOCABULARY)
    assert VOCABULARY.text(VOCABULARY.fact(5, (417, 902))).endswith("number is: 417 902 .")


@given(seed=st.integers(0, 2**20), length=st.integers(1, 5000))
def test_prose_has_the_length_asked_for_and_holds_words_alone(seed, length):
    ids = prose(np.random.default_rng(seed), length, facts=0.5, names=np.arange(NAMES))
    assert ids.dtype == np.int16
    assert len(ids) == length
    assert ids.min() >= 0 and ids.max() < len(VOCABULARY)


def test_half_of_the_sentences_are_facts_and_a_tenth_of_those_is_cut():
    ids = prose(np.random.default_rng(0), 50_000, facts=0.5, names=np.arange(NAMES))
    sentences = int((ids == VOCABULARY.words.index(".")).sum())
    assert len(list(facts(ids))) / sentences == pytest.approx(0.45 / 0.95, abs=0.03)
    begun = int((ids == VOCABULARY.words.index("special")).sum())
    assert 0.9 < len(list(facts(ids))) / begun < 0.98  # some were cut before that word


@given(seed=st.integers(0, 2**20), length=st.integers(200, 4000), many=st.integers(1, 11))
def test_off_depth_is_depth_asked_to_the_nearest_token(seed, length, many):
    depths = np.linspace(0, 1, many).tolist()
    haystack = hide(np.random.default_rng(seed), length, depths, 0.5, absent=3)
    assert len(haystack.ids) == length
    for needle, depth in zip(haystack.needles, depths, strict=True):
        assert needle.depth == depth
        assert off_depth(haystack.ids, needle) == 0
        assert abs(needle.at - depth * (length - LENGTH)) <= 0.5


def test_a_needle_is_the_only_fact_about_its_city_and_absent_ones_have_none():
    haystack = hide(np.random.default_rng(1), 20_000, [0.0, 0.5, 1.0], 0.5, absent=4)
    about = [name for _, name, _ in facts(haystack.ids)]
    assert [about.count(needle.name) for needle in haystack.needles] == [1, 1, 1]
    assert [about.count(needle.name) for needle in haystack.absent] == [0, 0, 0, 0]


def test_needles_that_overlap_are_refused():
    with pytest.raises(ValueError, match="overlap"):
        hide(np.random.default_rng(0), 50, np.linspace(0, 1, 11).tolist(), 0.5)
    with pytest.raises(ValueError, match="overlap"):
        hide(np.random.default_rng(0), 5, [0.0], 0.5)


def test_a_needle_that_is_gone_or_there_twice_is_noticed():
    haystack = hide(np.random.default_rng(2), 500, [0.5], 0.5)
    needle = haystack.needles[0]
    twice = haystack.ids.copy()
    twice[:LENGTH] = needle.ids
    with pytest.raises(ValueError, match="2 places"):
        off_depth(twice, needle)
    moved = np.roll(haystack.ids, 7)
    assert off_depth(moved, needle) == 7
    gone = haystack.ids.copy()
    gone[needle.at + 6] -= 1
    with pytest.raises(ValueError, match="0 places"):
        off_depth(gone, needle)


def test_the_same_seed_gives_the_same_haystack_and_another_one_another():
    one, same, other = (hide(np.random.default_rng(seed), 3000, [0.2], 0.5) for seed in (3, 3, 4))
    assert (one.ids == same.ids).all() and one.needles == same.needles
    assert (one.ids != other.ids).any()


def test_a_document_says_the_same_of_a_name_each_time_and_names_some_often():
    ids = document(np.random.default_rng(5), 30_000, 0.5)
    said: dict[int, set] = {}
    count: dict[int, int] = {}
    for _, name, number in facts(ids):
        said.setdefault(name, set()).add(number)
        count[name] = count.get(name, 0) + 1
    assert max(map(len, said.values())) == 1
    ranked = sorted(count.values(), reverse=True)
    assert ranked[0] > 4 * ranked[9] > 0  # by 1 / rank: ten times as often, give or take chance
