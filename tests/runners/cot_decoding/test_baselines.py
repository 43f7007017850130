from dataclasses import replace

import pytest
import torch

from runners.cot_decoding import baselines
from runners.cot_decoding.method import Path

from .conftest import tiny_model


def path(answer, log_prob=0.0, length=1, branch=0):
    return Path("", "", tuple(range(length)), branch, answer is not None, answer, None, 0.5, 0.5, log_prob)


PATHS = [
    path("1", -4.0, 2, 0),
    path("2", -5.0, 10, 1),
    path("3", -3.9, 1, 2),
    path("2", -9.0, 3, 3),
    path(None, 0.0, 1, 4),
]


def test_each_choice_is_by_its_own_rule():
    assert baselines.greedy_answer(PATHS) == "1"
    assert baselines.branch_answer(PATHS, 3) == "2"
    assert baselines.majority(PATHS) == "2"
    assert baselines.by_log_prob(PATHS) == "3"
    assert baselines.by_log_prob(PATHS, per_token=True) == "2"
    assert baselines.oracle(PATHS, "3") and not baselines.oracle(PATHS, "4")


def test_what_is_not_there_is_no_answer():
    assert baselines.branch_answer(PATHS, 4) is None
    assert baselines.branch_answer(PATHS, 99) is None
    for choose in (baselines.greedy_answer, baselines.majority, baselines.by_log_prob):
        assert choose([path(None)]) is None


def test_of_equally_many_votes_the_first_counts():
    assert baselines.majority([path("b"), path("a"), path("a"), path("b")]) == "b"


def test_shuffling_gives_each_delta_to_some_path_with_an_answer_and_to_none_without():
    paths = [replace(one, literal=place / 10, signed=-place / 10) for place, one in enumerate(PATHS[:-1])] + PATHS[-1:]
    found = baselines.with_shuffled_delta(paths)
    assert sorted(one.literal for one in found[:-1]) == sorted(one.literal for one in paths[:-1])
    assert all(one.signed == -one.literal for one in found[:-1])
    assert [one.answer for one in found] == [one.answer for one in paths]
    assert found[-1] == paths[-1]
    assert found == baselines.with_shuffled_delta(paths)


def sample(model, tokenizer, budgets, **changes):
    settings = {"temperature": 1.0, "seed": 3, "steps": 6, "draw": 4} | changes
    return baselines.sample_paths(model, tokenizer, ["ab", "cd", "a"][: len(budgets)], budgets, **settings)


def test_sampling_takes_as_many_paths_as_the_tokens_pay_for(model, tokenizer):
    found = sample(model, tokenizer, [30, 6, 65])
    assert [len(paths) for paths in found] == [5, 1, 10]  # of six tokens each
    assert all(sum(len(one.ids) for one in paths) <= budget for paths, budget in zip(found, [30, 6, 65], strict=True))


def test_a_budget_that_pays_for_none_gets_one(model, tokenizer):
    assert [len(paths) for paths in sample(model, tokenizer, [2])] == [1]


def test_short_paths_leave_tokens_for_more(tokenizer):
    model = tiny_model(vocabulary=256, eos_token_id=list(range(0, 256, 2)))
    (paths,) = sample(model, tokenizer, [60])
    assert len(paths) > 10
    assert 54 < sum(len(one.ids) for one in paths) <= 60


def test_the_same_seed_draws_the_same_paths_and_another_seed_others(model, tokenizer):
    one, again, other = (sample(model, tokenizer, [60], seed=seed) for seed in (3, 3, 4))
    assert one == again
    assert one != other


def test_sampling_draws_by_the_probabilities_at_that_temperature():
    logits = torch.tensor([[0.0, 1.0, 2.0]])
    choose = baselines.sampling(0.5, 40_000, torch.Generator().manual_seed(0))
    shares = torch.bincount(choose(logits)[0], minlength=3) / 40_000
    assert shares.tolist() == pytest.approx((logits[0] / 0.5).softmax(-1).tolist(), abs=0.01)
