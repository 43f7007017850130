"""Keys: what is equal has one, what differs has another, whatever objects hold it."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonmun.catalogue import key_of

_plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters()) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4).map(tuple) | st.lists(inner, max_size=4),
    max_leaves=12,
)


@dataclass(frozen=True)
class Entry:
    title: str
    day: date | None = None


@given(_plain)
def test_copies_have_the_key_of_the_original(value: object) -> None:
    assert key_of(value) == key_of(copy.deepcopy(value)) == key_of(pickle.loads(pickle.dumps(value)))


@given(_plain, _plain)
def test_values_of_one_key_are_equal(one: object, other: object) -> None:
    assert key_of(one) != key_of(other) or repr(one) == repr(other)


def test_it_does_not_matter_which_strings_are_one_object() -> None:
    word = "".join(("양", "자", "화"))
    assert key_of([word, word], "tag") == key_of(["양자화", "".join(("양", "자화"))], "".join(("t", "ag")))


def test_a_list_is_no_tuple_and_joined_words_are_not_the_words() -> None:
    assert len({key_of(["a", "b"]), key_of(("a", "b")), key_of("a", "b"), key_of(["ab"]), key_of("ab")}) == 5


@pytest.mark.parametrize("value", [Entry("a"), Entry("\udcff"), [Entry("a", date(2024, 2, 16))], date(2024, 2, 16)])
def test_our_own_values_and_lone_surrogates_have_keys(value: object) -> None:
    assert key_of(value) == key_of(copy.deepcopy(value))
    assert key_of(value) != key_of(value, value)
