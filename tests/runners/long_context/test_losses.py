from itertools import pairwise

import numpy as np
import pytest

from runners.long_context import losses
from runners.long_context.haystack import VOCABULARY, document

from .conftest import untrained
from .test_demo import small


def test_numbers_are_asked_for_right_before_they_stand():
    ids = document(np.random.default_rng(0), 5000, 0.5)
    places = losses._facts(ids, 40)
    assert len(places) > 100
    assert {VOCABULARY.words[token] for token in ids[places]} == {"is:"}
    assert min(places) >= 40


@pytest.mark.parametrize(("first", "last"), [(41, 1000), (41, 100), (41, 131072)])
def test_stretches_grow_and_end_with_the_text(first, last):
    ends = losses._edges(first, last)
    assert ends[-1] == last
    assert all(a < b for a, b in pairwise(ends))


class Silent:
    def track(self, items, *named, **more):
        return items


def test_the_cumulative_loss_is_the_mean_of_what_came_before_weighted_by_length():
    config = small(nll_length=2048, nll_texts=1)
    found = losses.measure_losses(untrained(2), config, 3, Silent())
    total, before = 0.0, 0
    for end, own, cumulative in zip(found.position, found.own, found.cumulative, strict=True):
        total += own * (end - before)
        before = end
        assert cumulative == pytest.approx(total / end)
    assert found.position[-1] == 2048
