"""Every sampler, share and seed is trained on what that sampler chooses, and on nothing else."""

import numpy as np
import pytest

from nonmun.runner import RunnerError
from runners.selection import training
from runners.selection.comparison import Corpus, compare
from runners.selection.samplers import Docs, perplexity, random

from .test_training import SHAPE, Quiet, docs

pytest.importorskip("transformers", reason="transformers is not installed: make runners")

SETS = {"same": training.held_out(docs(1), SHAPE.window)}


def corpus() -> Corpus:
    encoded = docs(0, 40)
    own = Docs(["text"] * 40, None, np.arange(40.0))
    samplers = {one.name: one for one in (random(), perplexity("low"))}
    return Corpus(encoded, samplers, {name: one.score(own) for name, one in samplers.items()})


@pytest.fixture(scope="module")
def found():
    return compare(corpus(), ("everything", "perplexity_low"), (0.5, 0.1), range(7, 9), SHAPE, SETS, Quiet())


def test_everything_is_trained_on_once_a_seed_and_the_others_at_each_share(found):
    assert {name: len(own) for name, own in found.curves.items()} == {"everything": 2, "perplexity_low": 2}
    assert {name: {share: len(own) for share, own in by.items()} for name, by in found.others.items()} == {
        "perplexity_low": {0.1: 2}
    }


def test_a_curve_is_that_of_the_documents_which_the_sampler_chose(found):
    whole = corpus()
    for share, curve in ((0.5, found.curves["perplexity_low"][1]), (0.1, found.others["perplexity_low"][0.1][1])):
        chosen = sorted(range(40))[: round(40 * share)]  # the lowest scores are the first
        model = training.build(SHAPE, 8)
        alone = training.train(model, [whole.encoded[place] for place in chosen], SHAPE, 8, SETS, lambda loss: None)
        assert curve.tokens == alone.tokens
        assert curve.losses["same"] == pytest.approx(alone.losses["same"], abs=1e-5)


def test_losses_by_share_are_means_over_seeds_in_the_order_of_the_shares(found):
    by_share = found.by_share()
    assert [one["share"] for one in by_share["perplexity_low"]] == [0.1, 0.5]
    assert [one["share"] for one in by_share["everything"]] == [1.0]
    last = [curve.losses["same"][-1] for curve in found.others["perplexity_low"][0.1]]
    own = by_share["perplexity_low"][0]["same"]
    assert own["mean"] == pytest.approx(np.mean(last), abs=1e-4)
    assert own["ci95"][0] <= own["mean"] <= own["ci95"][1]


def test_a_sampler_that_does_not_exist_is_named_before_anything_is_trained():
    with pytest.raises(RunnerError, match="nothing is called 'magic'"):
        compare(corpus(), ("everything", "magic"), (0.5,), range(2), SHAPE, SETS, None)
