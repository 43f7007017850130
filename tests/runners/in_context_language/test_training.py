import random

import pytest
import torch

from nonmun.runner import RunnerError
from runners.in_context_language import training
from runners.in_context_language.book import EMPTY
from runners.in_context_language.method import answer_loss
from runners.in_context_language.rows import rows, unpacked
from runners.in_context_language.training import Lessons, Practice

PRACTICE = Practice(seed=100, steps=6, books=3, asked=4, examples=3, rate=1e-3, warm=0.5)
CPU = torch.device("cpu")


def test_a_step_is_the_same_whoever_makes_it_and_no_two_steps_are():
    first, again = Lessons(PRACTICE), Lessons(PRACTICE)
    later = [first[step] for step in range(6)]
    for step in reversed(range(6)):
        doses, packed = again[step]
        assert doses == later[step][0] and torch.equal(packed, later[step][1])
    assert len({packed.numpy().tobytes() for _, packed in later}) == 6


def test_languages_grow_from_small_to_whole():
    practice = Practice(seed=100, steps=40, books=1, asked=4, examples=8, rate=1e-3, warm=0.5)

    def words(step):
        book = Lessons(practice)[step][1][3].eq(0)  # part 0
        return int(book.sum())

    full = [step for step in range(0, 40, 2) if Lessons(practice)[step][0] == ["full"]]
    early, late = [words(step) for step in full if step < 8], [words(step) for step in full if step >= 20]
    assert max(early) < min(late)


def test_every_dose_is_drawn_and_none_is_an_empty_book():
    rng = random.Random(1)
    seen = {}
    for _ in range(60):
        dose, book, asked = training.draw(rng, 4, 4, 0.5)
        seen.setdefault(dose, []).append(book)
        assert [question.direction for question in asked] == ["<into>", "<from>"] * 2
    assert set(seen) == set(training.DOSES)
    assert all(book == EMPTY for book in seen["none"])
    assert EMPTY not in seen["full"] + seen["half"]


def test_training_lowers_the_loss_on_what_it_has_not_seen_and_tells_each_dose():
    practice = Practice(seed=100, steps=40, books=4, asked=4, examples=2, rate=5e-3, warm=4)
    tested = Lessons(Practice(seed=101, steps=1, books=16, asked=4, examples=2, rate=1, warm=1))[0][1]
    tokens, wanted = unpacked(tested, CPU)
    model = training.build(24, 2, 3, 100)

    def loss():
        with torch.no_grad():
            return float(answer_loss(model(tokens)[0], wanted).mean())

    before = loss()
    told = []
    curve = training.train(model, practice, CPU, lambda steps, full: told.append((steps, full)))
    assert loss() < before - 0.5
    assert [steps for steps, _ in told] == [20, 20]
    assert told[-1][1] == pytest.approx(curve["full"][-1][1], abs=1e-3)
    assert {step for points in curve.values() for step, _ in points} == {20, 40}


def test_rate_rises_and_falls():
    rates = [training.share_of_rate(step, 1000) for step in range(1000)]
    assert max(rates) == pytest.approx(1, abs=0.01) and rates.index(max(rates)) == pytest.approx(50, abs=2)
    assert rates[0] == pytest.approx(0.02) and rates[-1] < 0.03
    assert rates[60:] == sorted(rates[60:], reverse=True)


def test_loss_that_is_no_number_is_one_line():
    practice = Practice(seed=100, steps=4, books=2, asked=4, examples=2, rate=float("inf"), warm=1)
    with pytest.raises(RunnerError, match="the loss is no number"):
        training.train(training.build(12, 1, 3, 1), practice, CPU, lambda steps, full: None)


def test_rows_of_one_step_are_alike_in_length():
    own = Lessons(Practice(seed=100, steps=2, books=8, asked=4, examples=4, rate=1, warm=0))[0]
    tokens, _ = unpacked(own[1], CPU)
    lengths = [int((row >= 0).sum()) for row, dose in zip(tokens.part_BS, own[0], strict=True) if dose == "full"]
    assert min(lengths) > 0.7 * max(lengths)
    assert rows([EMPTY], [[]], answered=True).tokens.id_BS.shape == (1, 1)
