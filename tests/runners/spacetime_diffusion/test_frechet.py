"""The Fréchet distance: what is known in closed form, and a naive reference."""

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nonmun.runner import RunnerError
from runners.spacetime_diffusion.frechet import frechet


def features(count, width, seed=100):
    return torch.randn((count, width), generator=torch.Generator().manual_seed(seed))


@given(count=st.integers(20, 60), width=st.integers(1, 6), seed=st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_it_is_the_root_of_the_product_by_the_book(count, width, seed):
    one, other = features(count, width, seed), 2 * features(count + 5, width, seed + 1) + 0.3
    first, second = (np.atleast_2d(np.cov(x.double().numpy().T)) for x in (one, other))
    root = np.real(scipy.linalg.sqrtm(first @ second))
    between = ((one.double().mean(0) - other.double().mean(0)) ** 2).sum().item()
    assert frechet(one, other) == pytest.approx(between + np.trace(first + second - 2 * root), rel=1e-5, abs=1e-8)


def test_the_same_features_have_no_distance_and_a_shift_has_its_square():
    one = features(50, 4)
    assert frechet(one, one) == pytest.approx(0, abs=1e-9)
    assert frechet(one, one + 3) == pytest.approx(36, rel=1e-5)


def test_it_is_symmetric_and_finite_where_features_are_fewer_than_their_width_or_constant():
    one, other = features(5, 30), features(7, 30, 101)
    assert frechet(one, other) == pytest.approx(frechet(other, one), rel=1e-6)
    assert frechet(torch.zeros(5, 8), torch.zeros(6, 8)) == 0


def test_fewer_samples_make_it_larger_so_that_only_equal_counts_compare():
    few, many = (
        np.mean([frechet(features(n, 8, seed), features(n, 8, seed + 50)) for seed in range(20)]) for n in (32, 256)
    )
    assert few > 4 * many


def test_one_clip_is_no_distribution():
    with pytest.raises(RunnerError, match="1 and 5 features; measure at least two"):
        frechet(features(1, 3), features(5, 3))
