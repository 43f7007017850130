import math

import pytest
import torch

from nonmun.runner import RunnerError
from runners.long_context.rope import frequencies, stretched

BASE, DIMS, TRAINED = 100_000.0, 64, 8192


def test_without_scaling_pairs_turn_as_they_did():
    found, sharper = frequencies("none", 4, DIMS, BASE, TRAINED)
    assert found.tolist() == pytest.approx([BASE ** (-2 * i / DIMS) for i in range(DIMS // 2)])
    assert sharper == 1


def test_ntk_leaves_the_fastest_pair_and_slows_the_slowest_by_the_factor():
    plain, _ = frequencies("none", 1, DIMS, BASE, TRAINED)
    found, sharper = frequencies("ntk", 2, DIMS, BASE, TRAINED)
    assert found[0] == plain[0]
    assert (plain[-1] / found[-1]).item() == pytest.approx(2, rel=1e-5)
    assert sharper == 1


def test_yarn_agrees_with_its_definition_pair_by_pair():
    found, sharper = frequencies("yarn", 4, DIMS, BASE, TRAINED)
    for i, value in enumerate(found.tolist()):
        theta = BASE ** (-2 * i / DIMS)
        turns = TRAINED * theta / (2 * math.pi)
        kept = min(1.0, max(0.0, (turns - 1) / 31))
        assert value == pytest.approx((1 - kept) * theta / 4 + kept * theta, rel=1e-5)
    assert sharper == pytest.approx(0.1 * math.log(4) + 1)


def test_an_unknown_scaling_is_one_line():
    with pytest.raises(RunnerError, match="no scaling 'linear'"):
        frequencies("linear", 2, DIMS, BASE, TRAINED)


def test_positions_are_as_before_afterwards_and_otherwise_meanwhile(tiny):
    ids = torch.arange(1, 40)[None]
    with torch.no_grad():
        before = tiny(ids).logits
        with stretched(tiny, "ntk", 4.0):
            assert not torch.equal(tiny(ids).logits, before)
        assert torch.equal(tiny(ids).logits, before)


def test_a_model_without_rotary_positions_is_one_line():
    with pytest.raises(RunnerError, match="no rotary positions"), stretched(torch.nn.Linear(2, 2), "yarn", 2.0):
        pass
