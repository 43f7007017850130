from collections import Counter

import pytest
from drawn_again import drawn_again

from nonmun.runner import RunnerError, rehearse
from runners.density_sampling import demo, plots, skew
from runners.selection import prose

pytest.importorskip("transformers", reason="transformers is not installed: make runners")

SMALL = {
    "documents": 400, "rows": 60, "buckets": 2000, "embed": "words", "draws": 3, "repeats": 2, "tokens": 4000,
    "vocabulary": 400, "lm_width": 16, "clusters": 8, "ratios": (0.3,), "width": 0.9,
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def few_paragraphs():
    """The reference of the language for every topic, a slice each: nothing else has to be read."""
    texts = prose.paragraphs("language")
    slices = {topic: texts[place :: len(prose.TOPICS)] for place, topic in enumerate(prose.TOPICS)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prose, "paragraphs", slices.__getitem__)
        patch.setattr(skew, "EACH", 5)
        yield


def small(**changes) -> demo.Config:
    return demo.Config(device="cpu", **{**SMALL, **changes})


@pytest.fixture(scope="module")
def result():
    return rehearse(demo, small(seed=100, trained=demo._MORE))


def test_the_same_seed_gives_the_same_metrics(result):
    one, other = (rehearse(demo, small(seed=101)) for _ in range(2))
    assert one.metrics == other.metrics
    assert one.series == other.series
    assert one.metrics != rehearse(demo, small(seed=102)).metrics


def test_the_record_can_be_read_again_and_drawn(result):
    assert set(drawn_again(plots, result)) == {"shares", "sketch", "density", "loss", "fractions", "tau"}


def test_every_criterion_is_measured(result):
    names = {metric.name for metric in result.metrics}
    assert {criterion.metric for criterion in demo.CRITERIA} <= names
    assert "S_ratio" in names
    assert {f"loss_{which}/{name}" for which in ("same", "good") for name in demo._MORE} <= names


def test_the_erratum_and_the_control_come_out_as_they_must(result):
    value = {metric.name: metric.value for metric in result.metrics}
    assert value["share_density"] < value["share_random"] < value["share_printed"]
    assert value["share_wide"] > value["share_density"]
    assert value["S_ratio"] > value["S_ratio_wide"]


def test_what_is_trained_on_must_be_known_and_hold_the_claim():
    with pytest.raises(RunnerError, match="nothing is called 'best'"):
        rehearse(demo, small(trained=("everything", "density", "random", "best")))
    with pytest.raises(RunnerError, match="'density' is not trained on"):
        rehearse(demo, small(trained=("everything", "wide", "random")))


def test_the_corpus_has_the_shares_it_says_and_no_text_of_the_other_sets():
    found = skew.build(400, 100, 3)
    counts = Counter(found.topics)
    assert {topic: counts[topic] for topic in skew.SHARES} == {t: round(s * 400) for t, s in skew.SHARES.items()}
    assert not set(found.texts) & set(found.good)
    assert found == skew.build(400, 100, 3) != skew.build(400, 100, 4)


def test_more_documents_than_there_is_prose_for_is_one_line():
    with pytest.raises(RunnerError, match="are left, expected"):
        skew.build(5000, 100, 0)
