import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.ask_llm import summary
from runners.selection.training import Curve

SCORES = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40).filter(
    lambda rows: len({good for _, good in rows}) == 2
)


@given(SCORES)
def test_auc_is_the_share_of_pairs_in_the_right_order(rows):
    pairs = [(a > b) + 0.5 * (a == b) for a, good in rows if good for b, other in rows if not other]
    score, good = np.array([a for a, _ in rows], float), [b for _, b in rows]
    assert summary.auc(score, good) == pytest.approx(np.mean(pairs))
    value, (low, high) = summary.auc_interval(score, good, resamples=50)
    assert value == pytest.approx(np.mean(pairs))
    assert 0 <= low <= high <= 1


def curve(*losses: float) -> Curve:
    return Curve([100, 200, 300, 400], {"good": list(losses)})


def test_saving_is_against_the_last_loss_of_everything():
    theirs = curve(5, 4.5, 4.2, 4.0)
    assert summary.saving(curve(4.5, 4.0, 3.9, 3.8), theirs) == pytest.approx((50, -0.2))
    assert summary.saving(theirs, theirs) == pytest.approx((0, 0))
    assert summary.saving(curve(5, 4.8, 4.6, 4.4), theirs) == pytest.approx((0, 0.4))
