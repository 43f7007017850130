"""Text that is generated, and prose that is found."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonmun.runner import RunnerError
from runners.selection import noise, prose

CLEAN = (
    "The method returns the first element of the sorted list, and raises an error where the list has no element at all."
)


@pytest.mark.parametrize("name", [*noise.SEEN, *noise.UNSEEN])
def test_noise_is_the_same_for_the_same_seed_and_other_for_another(name):
    make = (noise.SEEN | noise.UNSEEN)[name]
    assert make(CLEAN, Random(1)) == make(CLEAN, Random(1))
    assert len({make(CLEAN, Random(seed)) for seed in range(20)}) > 10
    assert "{" not in make(CLEAN, Random(2))


def test_what_a_rater_may_see_and_what_it_is_tested_on_have_nothing_in_common():
    assert not set(noise.SEEN) & set(noise.UNSEEN)


@given(st.integers(0, 1000))
def test_a_near_duplicate_keeps_nearly_all_words(seed):
    words = noise.near_duplicate(CLEAN, Random(seed)).split()
    assert words != CLEAN.split()
    assert abs(len(words) - len(CLEAN.split())) <= 2
    assert len(set(CLEAN.split()) - set(words)) <= 2


def test_forecasts_are_filled_in_and_differ():
    rng = Random(0)
    found = [noise.weather(rng) for _ in range(200)]
    assert len(set(found)) == 200
    assert not any("{" in text for text in found)


@given(st.integers(1, 30))
def test_nothing_is_picked_twice_while_there_are_others(count):
    found = noise.pick("abcdefgh", count, Random(count))
    assert len(found) == count
    assert max(found.count(one) for one in "abcdefgh") <= -(-count // 8)


def test_prose_is_whole_sentences_of_words():
    assert prose.is_prose(f"{CLEAN} {CLEAN}")
    for text in (
        CLEAN,
        f"{CLEAN} {CLEAN}"[:-1],
        f"{CLEAN} {CLEAN} >>> run().",
        "a " * 40 + ".",
        f"1 2 3 4 5 6 7 8 {CLEAN} {CLEAN}",
    ):
        assert not prose.is_prose(text)


def test_the_language_reference_is_found_without_its_marks():
    found = prose.paragraphs("language")
    assert len(found) > 200
    assert all(prose.is_prose(text) for text in found)
    assert len(set(found)) == len(found)
    assert not any("`" in text or "*" in text for text in found)


def test_a_package_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setitem(prose.PLACES, "nothing", ("no_such_package", ("*.py",)))
    with pytest.raises(RunnerError, match="no_such_package is not installed"):
        prose.paragraphs("nothing")
