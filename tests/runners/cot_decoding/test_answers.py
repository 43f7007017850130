import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.cot_decoding import answers
from runners.cot_decoding.answers import cut, last_number, last_of, number, offsets, tokens_of

from .conftest import byte_tokenizer


@pytest.mark.parametrize(
    ("text", "answer", "shown"),
    [
        ("The answer is 42.", "42", "42"),
        ("3 + 4 = 7, so 7 apples", "7", "7"),
        ("It costs $1,234.50 in all", "1234.5", "1,234.50"),
        ("1,234,567", "1234567", "1,234,567"),
        ("1, 2, 3", "3", "3"),
        ("12,34", "34", "34"),
        ("= -3", "-3", "-3"),
        ("-$5", "-5", "-$5"),
        ("10-3", "3", "3"),
        ("(10)-3", "3", "3"),
        ("\u22128", "-8", "\u22128"),
        ("0.50", "0.5", "0.50"),
        ("007", "7", "007"),
        ("-0", "0", "-0"),
        ("답은 1,234원입니다.", "1234", "1,234"),
        ("모두 １２개예요", "12", "１２"),
        ("step2", "2", "2"),
    ],
)
def test_the_last_number_is_found_and_brought_into_one_form(text, answer, shown):
    (start, end), found = last_number(text)
    assert (found, text[start:end]) == (answer, shown)


@pytest.mark.parametrize("text", ["", "no number", "십이"])
def test_where_there_is_no_number_there_is_no_answer(text):
    assert last_number(text) is None


@given(st.integers(-(10**9), 10**9), st.sampled_from(["{}", "{:,}", "{}.0", "{:,}.00", "${}"]))
def test_however_a_number_is_written_its_form_is_the_same(value, form):
    assert number(form.format(value)) == str(value)


@given(st.text())
def test_any_text_has_an_answer_or_none_and_its_span_lies_in_it(text):
    found = last_number(text)
    if found:
        (start, end), answer = found
        assert 0 <= start < end <= len(text)
        assert answer
        assert not any(char.isdigit() and char.isdecimal() for char in text[end:])


def test_text_that_is_no_number_stays_as_it_is():
    assert [number(text) for text in ("even", " 짝수 ", "NaN", "Infinity", "")] == [
        "even",
        "짝수",
        "NaN",
        "Infinity",
        "",
    ]


# --- options ---


def test_the_last_option_counts_in_any_case_and_not_inside_a_word():
    find = last_of(["even", "odd"])
    assert find("odd or Even")[1] == "even"
    assert find("seven, oddly") is None
    assert find("even") == ((0, 4), "even")


def test_korean_options_may_carry_a_particle():
    find = last_of(["짝수", "홀수"])
    (start, end), answer = find("1984는 홀수가 아니라 짝수입니다")
    assert answer == "짝수" and "1984는 홀수가 아니라 짝수입니다"[start:end] == "짝수"


def test_the_longer_of_two_options_that_begin_alike_is_taken():
    assert last_of(["Ann", "Ann Lee"])("so Ann Lee")[1] == "Ann Lee"


# --- marks ---


@given(st.text("aQ:\n", max_size=20), st.lists(st.text("aQ:\n", min_size=1, max_size=3), max_size=3))
def test_what_stands_before_the_first_mark_is_kept(text, marks):
    kept = cut(text, marks)
    assert text.startswith(kept)
    assert not any(mark in kept for mark in marks)
    rest = text[len(kept) :]
    assert rest == "" or any(rest.startswith(mark) for mark in marks)


# --- which tokens wrote what ---

TOKENIZER = byte_tokenizer(eos_token="!")


@given(st.text(st.characters(codec="utf-8", exclude_characters="!\ufffd"), max_size=12))
def test_every_character_was_written_by_as_many_tokens_as_it_has_bytes(text):
    ids = TOKENIZER(text).input_ids
    assert TOKENIZER.decode(ids) == text
    for place, char in enumerate(text):
        own = tokens_of((place, place + 1), ids, TOKENIZER)
        before = len(text[:place].encode())
        assert own == list(range(before, before + len(char.encode())))


def test_an_end_wrote_nothing():
    ids = [*TOKENIZER("답 7").input_ids, TOKENIZER.eos_token_id]
    assert offsets(ids, TOKENIZER)[-2:] == [(2, 3), (3, 3)]
    assert tokens_of((2, 3), ids, TOKENIZER) == [len(ids) - 2]


def test_a_character_that_is_never_finished_belongs_to_no_answer():
    ids = [*TOKENIZER("7").input_ids, *TOKENIZER("답").input_ids[:2]]
    assert tokens_of((0, 1), ids, TOKENIZER) == [0]


def test_whole_words_are_joined_as_the_tokenizer_joins_them():
    from runners.cot_decoding.decoder import word_tokenizer

    tokenizer = word_tokenizer(["so", "Ann", "'s friend", "="])
    ids = tokenizer("so Ann 's friend = Ann").input_ids
    assert offsets(ids, tokenizer) == [(0, 2), (2, 6), (6, 16), (16, 18), (18, 22)]
    assert tokens_of(answers.last_of(["Ann"])("so Ann 's friend = Ann")[0], ids, tokenizer) == [4]
