import re
from itertools import islice
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.cot_decoding import tasks
from runners.cot_decoding.decoder import ids, word_tokenizer
from runners.cot_decoding.tasks import World


def drawn(count: int, *, worked: float = 0.5, corrupted: bool = False, without=frozenset(), seed: int = 100):
    return list(islice(tasks.training(World.of(seed), seed, without, worked, corrupted), count))


def linked(chain: str) -> str:
    """With a comma between its steps, whatever the words between them."""
    return " ".join("," if word in tasks.LINKS else word for word in chain.split())


def test_worked_answers_reckon_from_left_to_right():
    world = World.of(100)
    question = world.question("arithmetic", "7", ("+3", "*2", "-1"))
    assert question.prompt == "Q: 7 +3 *2 -1 ? A:"
    assert linked(question.chain(Random(0))) == "7 +3 = 0 , 0 *2 = 0 , 0 -1 = 9"
    assert question.answer == "9"


def test_a_lookup_goes_from_person_to_person():
    world = World.of(100)
    friend, boss = world.relations["'s friend"]["Ann"], world.relations["'s boss"]
    question = world.question("lookup", "Ann", ("'s friend", "'s boss"))
    assert linked(question.chain(Random(0))) == f"Ann 's friend = {friend} , {friend} 's boss = {boss[friend]}"
    assert question.answer == boss[friend]


def test_parity_is_that_of_the_year():
    world = World.of(100)
    question = world.question("parity", "Ann", (tasks.YEAR,))
    year = int(world.born["Ann"].replace(" ", ""))
    assert 1900 <= year <= 1999
    assert question.answer == ("odd" if year % 2 else "even")
    assert question.prompt == "Q: Ann 's birth year , even or odd ? A:"


def test_nothing_that_is_tested_is_trained_on():
    world = World.of(100)
    asked = tasks.questions(world, 100, 60)
    without = frozenset(question.prompt for question in asked)
    assert len(without) == len(asked)
    assert not without & {prompt for prompt, _ in drawn(3000, without=without)}
    assert without & {prompt for prompt, _ in drawn(3000)}  # which it would be, were it not left out


def test_a_quarter_of_the_questions_at_most_is_kept_for_the_test():
    world = World.of(100)
    counts = {}
    for question in tasks.questions(world, 100, 60):
        key = question.family, len(question.steps)
        counts[key] = counts.get(key, 0) + 1
    for (family, steps), count in counts.items():
        assert count == min(60, tasks.possible(world, family, steps) // 4)


def test_direct_answers_are_the_greater_part_and_each_of_their_openings_is_likelier_than_any_worked_one():
    openings = [answer.split()[0] for _, answer in drawn(4000, worked=0.4)]
    direct = {word: openings.count(word) for word in tasks.DIRECT}
    worked = {word: openings.count(word) for word in tasks.WORKED}
    assert sum(direct.values()) == pytest.approx(0.6 * 4000, rel=0.05)
    assert min(direct.values()) > max(worked.values())


def asked(world: World, prompt: str) -> tasks.Question:
    """The question that a prompt puts."""
    family = "parity" if "even or odd" in prompt else "lookup" if "'s" in prompt else "arithmetic"
    steps = tuple(re.findall(r"'s (?:birth year|\w+)|[-+*]\d", prompt))
    return world.question(family, prompt.split()[1], steps)


@pytest.mark.parametrize("corrupted", [False, True])
def test_answers_are_right_and_chains_are_unless_they_are_corrupted(corrupted):
    world, right, worked = World.of(100), 0, 0
    for prompt, answer in drawn(400, corrupted=corrupted):
        question = asked(world, prompt)
        assert question.prompt == prompt
        opening, _, rest = answer.partition(" ")
        if opening in tasks.DIRECT:
            assert rest == question.answer
            continue
        chain, _, final = rest.partition(" ; ")
        assert opening in tasks.WORKED and final == question.answer
        expected = linked(question.chain(Random(0)))
        worked, right = worked + 1, right + (linked(chain) == expected)
        assert len(chain.split()) == len(expected.split())
        assert [step for step in question.steps if step not in chain] == []
    assert worked > 100
    assert right < 0.2 * worked if corrupted else right == worked


@given(st.integers(0, 50), st.sampled_from(list(tasks.FAMILIES)), st.sampled_from(tasks.STEPS), st.integers(0, 99))
def test_the_last_result_of_a_chain_decides_the_answer(seed, family, steps, draw):
    question = World.of(seed).draw(family, steps, Random(draw))
    chain = question.chain(Random(draw))
    last = chain.rpartition("= ")[2]
    assert question.answer == (tasks.parity(last) if family == "parity" else last)
    assert len(question.steps) == steps == chain.count("=")


def test_the_tokenizer_knows_every_word_and_writes_it_back():
    tokenizer = word_tokenizer(tasks.words())
    for prompt, answer in drawn(300):
        for text in (prompt, answer):
            found = ids(tokenizer, text)
            assert tokenizer.unk_token_id not in found and tokenizer.eos_token_id not in found
            assert tokenizer.decode(found) == text
    assert len(set(tasks.words())) == len(tasks.words())


def test_worlds_differ_by_seed_alone():
    assert World.of(100) == World.of(100)
    assert World.of(100) != World.of(101)
