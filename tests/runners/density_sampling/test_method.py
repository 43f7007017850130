import hashlib
import math
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from runners.density_sampling import method
from runners.density_sampling.method import A_UNIT, X_UNIT, Hashes, Kernel, Sketch, keys, largest, noise


def unit(count: int, dimensions: int = 12, seed: int = 0) -> torch.Tensor:
    x = torch.from_numpy(np.random.default_rng(seed).standard_normal((count, dimensions))).float()
    return torch.nn.functional.normalize(x, dim=1)


HASHES = Hashes(12, rows=7, buckets=11, power=2, width=0.6, seed=3)


def naive_buckets(hashes: Hashes, x: torch.Tensor) -> list[list[int]]:
    """In whole numbers of any size, one at a time."""
    a, b, c = hashes._a_RPD.tolist(), hashes._b_RP.tolist(), hashes._c_PR.tolist()
    found = []
    for r in range(hashes.rows):
        row = []
        for point in x.tolist():
            mixed = c[hashes.power][r]
            for p in range(hashes.power):
                dot = sum(int(w) * round(v * X_UNIT) for w, v in zip(a[r][p], point, strict=True))
                mixed += c[p][r] * math.floor((dot + int(b[r][p])) * np.float32(1 / hashes.cell))
            row.append(((mixed % 2**64) >> 32) % hashes.buckets)
        found.append(row)
    return found


def buckets(hashes: Hashes, x: torch.Tensor) -> torch.Tensor:
    """Of all rows, which come block by block."""
    rows, found = zip(*hashes.buckets_of(x), strict=True)
    assert torch.equal(torch.cat([torch.arange(hashes.rows)[one] for one in rows]), torch.arange(hashes.rows))
    return torch.cat(found)


def test_buckets_agree_with_whole_numbers_one_at_a_time():
    x = unit(40)
    assert buckets(HASHES, x).tolist() == naive_buckets(HASHES, x)


def test_buckets_of_several_blocks_of_rows_are_those_of_one(monkeypatch):
    x = unit(40)
    whole = buckets(HASHES, x)
    monkeypatch.setattr(method, "ROWS", 3)
    assert torch.equal(buckets(HASHES, x), whole)


def test_a_bucket_is_never_negative_and_always_there():
    bucket = buckets(Hashes(12, rows=50, buckets=3, power=3, width=0.01, seed=1), -unit(100))
    assert bucket.min() >= 0 and bucket.max() < 3
    assert len(bucket.unique()) == 3


def test_counts_and_density_agree_with_a_loop():
    x = unit(60, seed=1)
    sketch = Sketch.empty(HASHES).add(x)
    buckets = naive_buckets(HASHES, x)
    counts = [[row.count(bucket) for bucket in range(HASHES.buckets)] for row in buckets]
    assert sketch.counts_RB.tolist() == counts
    expected = [np.mean([counts[r][buckets[r][n]] for r in range(HASHES.rows)]) for n in range(60)]
    assert sketch.density(x) == pytest.approx(expected, rel=1e-12)


@given(cuts=st.lists(st.integers(0, 90), max_size=4), threads=st.sampled_from([1, 2]))
def test_any_division_of_the_work_gives_the_same_sketch_and_density(cuts, threads):
    x = unit(90, seed=2)
    whole = Sketch.empty(HASHES).add(x)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        places = [0, *sorted(cuts), 90]
        parts = [Sketch.empty(HASHES).add(x[a:b]) for a, b in pairwise(places)]
        merged = sum(parts[1:], parts[0])
        assert torch.equal(merged.counts_RB, whole.counts_RB)
        assert merged.documents == 90
        pieces = [whole.density(x[a:b]) for a, b in pairwise(places)]
        assert np.array_equal(np.concatenate(pieces), whole.density(x))
    finally:
        torch.set_num_threads(before)


@given(st.permutations(range(3)))
def test_merging_is_associative_and_does_not_mind_the_order(order):
    parts = [Sketch.empty(HASHES).add(unit(20, seed=seed)) for seed in range(3)]
    one = (parts[order[0]] + parts[order[1]]) + parts[order[2]]
    other = parts[0] + (parts[1] + parts[2])
    assert torch.equal(one.counts_RB, other.counts_RB)
    assert one.documents == other.documents == 60


def test_a_sketch_is_the_one_it_has_always_been():
    """Sketches are kept and added up later: what a document counts in must never change."""
    x = torch.from_numpy(np.random.default_rng(0).integers(-900, 900, (200, 24)) / X_UNIT).half()
    sketch = Sketch.empty(Hashes(24, rows=150, buckets=31, power=3, width=0.6, seed=5)).add(x)
    found = hashlib.sha256(sketch.counts_RB.numpy().astype("<i4").tobytes()).hexdigest()
    assert found == "71716e4bbf260df7fc967559ea1a125c528c852476bb8aab5fc77de53c3b4a26"


def test_sketches_of_other_hashes_do_not_merge():
    with pytest.raises(ValueError, match="expected equal hashes"):
        Sketch.empty(HASHES) + Sketch.empty(Hashes(12, rows=7, buckets=11, power=2, width=0.6, seed=4))


def test_the_same_settings_are_the_same_hashes():
    again = Hashes(12, rows=7, buckets=11, power=2, width=0.6, seed=3)
    assert again == HASHES
    assert torch.equal(again._a_RPD, HASHES._a_RPD)


@pytest.mark.parametrize("changes", [{"width": 70.0}, {"dimensions": 4000}, {"width": 0.0}, {"rows": 0}])
def test_sums_that_would_not_be_exact_and_sizes_that_are_none_are_refused(changes):
    with pytest.raises(ValueError, match="expected"):
        Hashes(**{"dimensions": 12, "rows": 3, "buckets": 5, "power": 1, "width": 0.5} | changes)


def test_the_longest_vector_a_projection_can_meet_stays_exact():
    hashes = Hashes(384, rows=20, buckets=50, power=1, width=20.0)
    a = hashes._a_RPD.flatten(0, 1)
    x = torch.nn.functional.normalize(a, dim=1)
    dots = (a.double() @ (x.double() * X_UNIT).round().T) + hashes._b_RP.flatten()[:, None]
    assert dots.abs().max() < 2**24
    single = a @ (x * X_UNIT).round().T
    assert torch.equal(single.double(), a.double() @ (x.double() * X_UNIT).round().T)


def test_the_kernel_is_the_share_of_projections_that_do_not_tell_two_points_apart():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal(400_000), rng.random(400_000)
    for c in (0.1, 0.5, 1.3):
        share = np.mean(np.floor(b) == np.floor(a * c / 0.7 + b))
        assert Kernel(0.7, 1)(torch.tensor(c)).item() == pytest.approx(share, abs=4e-3)
        assert Kernel(0.7, 3)(torch.tensor(c)).item() == pytest.approx(share**3, abs=1e-2)
    assert Kernel(0.7, 4)(torch.tensor(0.0)).item() == pytest.approx(1, abs=1e-6)


def test_the_kernel_falls_like_width_over_distance_with_one_projection():
    far = Kernel(0.1, 1)(torch.tensor(20.0)).item()
    assert far == pytest.approx(0.1 / (20 * math.sqrt(2 * math.pi)), rel=0.01)
    assert 1 - 2 * NormalDist().cdf(-0.1 / 20) > far


def test_density_is_that_of_the_kernel_and_gets_nearer_with_rows():
    x = torch.cat([unit(150, 24, 0), torch.nn.functional.normalize(unit(1, 24, 1) + 0.05 * unit(150, 24, 2), dim=1)])
    exact = Kernel(0.5, 2).density(x)
    errors = []
    for rows in (50, 2000):
        found = Sketch.empty(Hashes(24, rows, 20_000, 2, 0.5, seed=5)).add(x).density(x)
        errors.append(np.abs(found / exact - 1).mean())
    assert errors[1] < 0.05  # counts of a row spread by more than their mean, and 2000 rows leave a fortieth of that
    assert errors[1] < errors[0] / 3


def test_exact_density_agrees_with_a_double_loop():
    x = unit(9)
    kernel = Kernel(0.5, 2)
    expected = [sum(kernel((a - b).norm()).item() for b in x) for a in x]
    assert kernel.density(x) == pytest.approx(expected, rel=1e-3)


# --- drawing ---


@given(start=st.integers(0, 10_000), size=st.integers(0, 9000), cut=st.integers(0, 9000))
def test_noise_depends_on_the_document_alone(start, size, cut):
    cut = min(cut, size)
    pieces = np.concatenate([noise(7, start, start + cut), noise(7, start + cut, start + size)])
    assert np.array_equal(pieces, noise(7, start, start + size))
    assert np.isfinite(pieces).all()


def test_draws_follow_the_inverse_of_density():
    density = np.array([1.0, 2.0, 4.0, 8.0])
    first = [int(largest(keys(density, seed), 1)[0]) for seed in range(4000)]
    shares = np.bincount(first, minlength=4) / 4000
    assert shares == pytest.approx(np.array([8, 4, 2, 1]) / 15, abs=0.03)
    printed = [int(largest(keys(density, seed, power=1), 1)[0]) for seed in range(4000)]
    assert np.bincount(printed, minlength=4) / 4000 == pytest.approx(np.array([1, 2, 4, 8]) / 15, abs=0.03)


def test_two_draws_without_replacement_have_the_probabilities_of_one_after_another():
    density, p = np.array([1.0, 2.0, 4.0]), np.array([4, 2, 1]) / 7
    pairs = [tuple(largest(keys(density, seed), 2)) for seed in range(6000)]
    for a, b in ((0, 1), (0, 2), (1, 2)):
        expected = p[a] * p[b] / (1 - p[a]) + p[b] * p[a] / (1 - p[b])
        assert pairs.count((a, b)) / 6000 == pytest.approx(expected, abs=0.03)


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0, -1.0]), min_size=1, max_size=30), st.integers(1, 30))
def test_the_largest_are_in_order_and_of_equal_ones_the_first(values, count):
    count = min(count, len(values))
    ranked = sorted(range(len(values)), key=lambda i: (-values[i], i))[:count]
    assert largest(np.array(values), count).tolist() == sorted(ranked)


def test_units_leave_room_below_exactness():
    assert X_UNIT * A_UNIT * 30 < 2**24
