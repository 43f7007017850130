import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runners.density_sampling.method import Hashes
from runners.selection import clusters, samplers
from runners.selection.samplers import Docs


def crowd(seed: int = 0) -> np.ndarray:
    """Eighty points in a crowd, twenty that are far apart."""
    rng = np.random.default_rng(seed)
    near = rng.standard_normal(16) + 0.1 * rng.standard_normal((80, 16))
    x = np.concatenate([near, rng.standard_normal((20, 16))]).astype(np.float32)
    return x / np.linalg.norm(x, axis=1, keepdims=True)


DOCS = Docs([str(n) for n in range(100)], crowd(), np.linspace(1, 5, 100), np.linspace(0, 1, 100))
HASHES = Hashes(16, 200, 1000, 2, 0.5)
EVERY = [
    samplers.random(), samplers.density(HASHES), samplers.density(HASHES, power=1), samplers.perplexity("low"),
    samplers.perplexity("middle"), samplers.perplexity("high"), samplers.semantic("semdedup", 5),
    samplers.semantic("prototypes", 5), samplers.ask_llm(),
]  # fmt: skip


@pytest.mark.parametrize("sampler", EVERY, ids=lambda one: one.name)
@given(fraction=st.floats(0.001, 1), seed=st.integers(0, 2**32 - 1))
def test_a_choice_is_of_the_size_asked_for_in_order_and_holds_nothing_twice(sampler, fraction, seed):
    chosen = sampler.select(sampler.score(DOCS), fraction, seed)
    assert len(chosen) == max(1, round(fraction * 100))
    assert (np.diff(chosen) > 0).all()
    assert chosen[0] >= 0 and chosen[-1] < 100
    assert np.array_equal(chosen, sampler.select(sampler.score(DOCS), fraction, seed))


@pytest.mark.parametrize("sampler", EVERY, ids=lambda one: one.name)
def test_the_seed_matters_where_it_is_said_to(sampler):
    score = sampler.score(DOCS)
    assert sampler.draws != np.array_equal(sampler.select(score, 0.1, 0), sampler.select(score, 0.1, 1))


def in_the_crowd(sampler: samplers.Sampler) -> float:
    score = sampler.score(DOCS)
    return float(np.mean([np.mean(sampler.select(score, 0.2, seed) < 80) for seed in range(30)]))


def test_density_thins_the_crowd_random_leaves_it_and_as_printed_it_grows():
    random, density, printed = EVERY[:3]
    assert in_the_crowd(density) < 0.3
    assert 0.72 < in_the_crowd(random) < 0.88
    assert in_the_crowd(printed) > 0.95


def test_perplexity_takes_the_ends_and_the_middle():
    low, middle, high = EVERY[3:6]
    nats = DOCS.nats_N
    assert low.select(nats, 0.1).tolist() == list(range(10))
    assert high.select(nats, 0.1).tolist() == list(range(90, 100))
    assert middle.select(nats, 0.1).tolist() == list(range(45, 55))


def test_what_a_sampler_needs_and_is_not_there_is_named():
    with pytest.raises(ValueError, match="these documents have no embeddings"):
        EVERY[1].score(Docs(["a"]))
    with pytest.raises(ValueError, match="1 scores are not numbers"):
        EVERY[3].select(np.array([1.0, np.nan]), 0.5)
    with pytest.raises(ValueError, match="expected 0 < fraction ≤ 1"):
        EVERY[0].select(np.ones(3), 0.0)


# --- clusters ---


def naive_novelty(x: np.ndarray) -> list[float]:
    return [2.0 if not n else 1 - max(float(x[n] @ x[m]) for m in range(n)) for n in range(len(x))]


@pytest.mark.parametrize("together", [1, 7, 1000])
def test_novelty_agrees_with_a_double_loop(together):
    x = crowd(1)[60:]
    assert clusters._novelty(x, together) == pytest.approx(naive_novelty(x), abs=1e-5)


def test_semdedup_puts_copies_last_and_works_in_every_cluster():
    x = np.repeat(crowd(2)[70:], 2, axis=0)
    score = clusters.semdedup(x, 4, 0)
    copies = np.minimum(score[::2], score[1::2])
    assert copies == pytest.approx(np.zeros(30), abs=1e-5)
    assert np.maximum(score[::2], score[1::2]).min() > 1e-4


def test_prototypes_keep_what_is_far_from_its_centre():
    x = crowd(3)
    labels, centres = clusters.cluster(x, 3, 0)
    expected = [1 - float(x[n] @ centres[labels[n]]) for n in range(100)]
    assert clusters.prototypes(x, 3, 0) == pytest.approx(expected, abs=1e-5)


def test_more_clusters_than_documents_are_as_many_as_documents():
    assert len(clusters.semdedup(crowd()[:3], 50, 0)) == 3


def test_rank_correlations_are_one_for_the_same_order_and_less_for_another():
    rng = np.random.default_rng(0)
    a = rng.standard_normal(50)
    assert samplers.spearman(a, np.exp(a)) == pytest.approx(1)
    assert samplers.kendall(a, -a) == pytest.approx(-1)
    pairs = [(i, j) for i in range(50) for j in range(i)]
    b = rng.standard_normal(50)
    naive = np.mean([np.sign(a[i] - a[j]) * np.sign(b[i] - b[j]) for i, j in pairs])
    assert samplers.kendall(a, b) == pytest.approx(naive)
