import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonmun.intervals import bootstrap, paired, student, student_quantile, wilson


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_where_the_score_test_stops_rejecting(counted):
    # The ends p solve |share - p| = z sqrt(p (1 - p) / n); found here by walking, not by the formula.
    successes, trials = counted
    share, z = successes / trials, 1.959963984540054
    inside = [p for p in np.linspace(0, 1, 20_001) if abs(share - p) <= z * math.sqrt(p * (1 - p) / trials)]
    low, high = wilson(successes, trials)
    assert low <= share <= high
    if inside:
        assert (low, high) == pytest.approx((min(inside), max(inside)), abs=1e-4)


@pytest.mark.parametrize(("successes", "trials"), [(1, 0), (3, 2), (-1, 5)])
def test_wilson_refuses_what_cannot_be_counted(successes, trials):
    with pytest.raises(ValueError, match="successes"):
        wilson(successes, trials)


@pytest.mark.parametrize(
    ("freedom", "expected"),
    [
        (1, 12.7062),
        (2, 4.30265),
        (3, 3.18245),
        (4, 2.77645),
        (5, 2.57058),
        (15, 2.13145),
        (63, 1.99834),
        (1000, 1.96234),
    ],
)
def test_student_quantile_agrees_with_the_table(freedom, expected):
    assert student_quantile(freedom) == pytest.approx(expected, rel=1e-5)


def test_student_covers_the_mean_about_nineteen_times_in_twenty():
    rng = random.Random(0)
    hits = 0
    for _ in range(2000):
        _, (low, high) = student([rng.gauss(3, 2) for _ in range(4)])
        hits += low <= 3 <= high
    assert hits / 2000 == pytest.approx(0.95, abs=0.015)


def test_bootstrap_agrees_with_a_loop_over_the_same_draws():
    values = [3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0]
    others = [2.0, 7.0, 1.0, 8.0, 2.0, 8.0, 1.0, 8.0]
    found, (low, high) = bootstrap(lambda a, b: a.mean(-1) / b.mean(-1), values, others, resamples=500, seed=3)
    picks = np.random.default_rng(3).integers(0, 8, (500, 8))
    ratios = sorted(sum(values[i] for i in row) / sum(others[i] for i in row) for row in picks)
    assert found == pytest.approx(sum(values) / sum(others))
    assert (low, high) == pytest.approx(tuple(np.quantile(ratios, [0.025, 0.975])))


def test_bootstrap_in_batches_gives_one_resample_for_each_asked_for(monkeypatch):
    monkeypatch.setattr("nonmun.intervals._BATCH", 10)
    sizes = []

    def statistic(a):
        if a.ndim == 2:
            sizes.append(len(a))
        return a.mean(-1)

    bootstrap(statistic, [1.0, 2.0, 3.0], resamples=10)
    assert sum(sizes) == 10
    assert max(sizes) <= 3


def test_paired_is_narrow_where_the_difference_is_the_same_in_every_row():
    rng = np.random.default_rng(0)
    base = rng.normal(0, 100, 50)
    found, (low, high) = paired(base + 1, base)
    assert (found, low, high) == pytest.approx((1, 1, 1))


def test_same_seed_same_interval():
    values = list(range(20))
    assert paired(values, values[::-1], seed=5) == paired(values, values[::-1], seed=5)
    assert paired(values, values[::-1], seed=5) != paired(values, values[::-1], seed=6)


@pytest.mark.parametrize("samples", [[], [[1.0]], [[1.0, 2.0], [1.0]], [[[1.0], [2.0]]]])
def test_samples_that_do_not_belong_together_are_refused(samples):
    with pytest.raises(ValueError, match="expected equal ones"):
        bootstrap(lambda *columns: columns[0].mean(-1), *samples)
