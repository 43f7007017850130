import re

import pytest

from runners.cot_decoding import wordings
from runners.cot_decoding.answers import last_number


@pytest.mark.parametrize("task", wordings.TASKS)
def test_questions_differ_and_are_the_same_in_either_wording(task):
    one, other = (wordings.items(task, wording, 100, 100) for wording in ("question", "q"))
    assert len({item.prompt for item in one}) == len(one) == 100
    assert [item.answer for item in one] == [item.answer for item in other]
    assert all(item.prompt.startswith("Question: ") and item.prompt.endswith("\nAnswer:") for item in one)
    assert all(item.prompt.startswith("Q: ") and item.prompt.endswith("\nA:") for item in other)
    assert wordings.items(task, "q", 101, 100) != other


def numbers(text: str) -> list[int]:
    return [int(found) for found in re.findall(r"\d+", text)]


def test_answers_are_what_the_questions_ask_for():
    for item in wordings.items("multiplication", "q", 100, 50):
        a, b = numbers(item.prompt)
        assert item.answer == str(a * b)
    for item in wordings.items("one_step", "q", 100, 80):
        a, b = numbers(item.prompt)
        kinds = {"buys": a + b, "away": a - b, "boxes": a * b, "shares": a // b}
        (value,) = [value for word, value in kinds.items() if word in item.prompt]
        assert item.answer == str(value)
    for item in wordings.items("two_step", "q", 100, 80):
        a, b, c = numbers(item.prompt)
        assert item.answer == str(a * b + c if "boxes" in item.prompt else a - b + c)
    for item in wordings.items("parity", "q", 100, 50):
        (year,) = numbers(item.prompt)
        assert item.answer == ("odd" if year % 2 else "even")


@pytest.mark.parametrize("task", wordings.TASKS)
def test_every_answer_is_in_the_form_in_which_it_is_looked_for(task):
    for item in wordings.items(task, "question", 100, 30):
        find = wordings.group(task, "question").find
        assert find(f"The answer is {item.answer}.")[1] == item.answer
    assert last_number("7") is not None


def test_fewer_are_given_where_there_are_no_more():
    assert 100 < len(wordings.items("parity", "q", 100, 5000)) <= 8 * 121
