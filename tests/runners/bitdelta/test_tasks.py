import pytest

from runners.bitdelta.tasks import TASKS, general_text


@pytest.mark.parametrize("name", TASKS)
def test_the_same_seed_gives_the_same_examples_and_another_seed_others(name):
    task = TASKS[name]
    assert task.examples(3, 20, 10) == task.examples(3, 20, 10)
    assert task.examples(3, 20, 10) != task.examples(4, 20, 10)


@pytest.mark.parametrize("name", [name for name, task in TASKS.items() if not task.recall])
def test_no_test_example_is_trained_on(name):
    train, test = TASKS[name].examples(0, 300, 48)
    assert (len(train), len(test)) == (300, 48)
    assert not {one.prompt for one in train} & {one.prompt for one in test}
    assert len(set(train)) == 300


def test_what_is_to_be_recalled_has_been_trained_equally_often():
    train, test = TASKS["directory"].examples(0, 96, 48)
    assert len(test) == 48
    assert sorted(map(train.count, test)) == [2] * 48


@pytest.mark.parametrize("name", TASKS)
def test_a_prompt_has_one_answer(name):
    train, test = TASKS[name].examples(1, 400, 40)
    answers = {}
    for example in [*train, *test]:
        assert answers.setdefault(example.prompt, example.answer) == example.answer


def test_the_words_of_a_made_up_language_differ():
    train, _ = TASKS["translation"].examples(0, 500, 1)
    lexicon = {}
    for example in train:
        _, quality, one, verb, _, other = example.prompt.split("\n")[0].removeprefix("English: ").split()
        for word, there in zip((one, quality, other, verb), example.answer.split(), strict=True):
            assert lexicon.setdefault(word, there) == there
    assert len(set(lexicon.values())) == len(lexicon)


def test_text_to_distil_with_and_text_to_test_with_share_no_paragraph():
    first, second = general_text(0)
    assert min(len(first), len(second)) > 50_000
    assert not set(first.split("\n\n")) & set(second.split("\n\n"))
    assert general_text(0) == (first, second) != general_text(1)


@pytest.mark.parametrize("name", TASKS)
def test_more_than_a_task_has_begins_again(name):
    train, test = TASKS[name].examples(0, 20_000, 16)
    assert len(train) == 20_000
    assert 16 < len(set(train)) < 20_000
    assert TASKS[name].recall or not set(train) & set(test)
