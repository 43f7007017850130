import numpy as np
import pytest
import torch
from drawn_again import drawn_again

from nonmun.runner import RunnerError, rehearse
from nonmun.runner.figures import drawn
from runners.long_context import demo, measure, plots, pretrained, summary

SMALL = {
    "lengths": (256, 512, 1024), "depths": 3, "haystacks": 1, "trained_haystacks": 2, "trained": 256, "many": (1, 4),
    "many_lengths": (512,), "many_asked": 4, "controls": 6, "control_length": 512, "train_steps": 12, "contexts": 2,
    "queries": 8, "width": 16, "heads": 2, "layers": 2, "window": 8, "dims": 8, "chunk": 128, "nll_length": 1024,
    "nll_texts": 1, "nll_facts": 4, "device": "cpu",
}  # fmt: skip
TIMED = ("memory_ratio", "time_exponent", "prefill_rate")  # differ from run to run


def small(**changes) -> demo.Config:
    return demo.Config(**{**SMALL, **changes})


@pytest.fixture(autouse=True)
def _at_a_small_length(monkeypatch):
    monkeypatch.setattr(measure, "CHECKED", 512)


@pytest.fixture(scope="module")
def result():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measure, "CHECKED", 512)
        return rehearse(demo, small(seed=100, in_memory=600))


def steady(result):
    return [metric for metric in result.metrics if metric.name not in TIMED]


def test_the_same_seed_gives_the_same_metrics_wherever_keys_are_kept(result):
    assert steady(rehearse(demo, small(seed=100))) == steady(result)
    assert steady(rehearse(demo, small(seed=101))) != steady(result)


def test_the_record_can_be_read_again_and_drawn(result):
    assert set(drawn_again(plots, result)) == {"heatmap", "collapse", "margin", "cost", "nll", "needles"}


def test_a_model_that_has_learned_nothing_reproduces_nothing(result):
    assert result.verdict != "reproduced"
    assert result.metric("recall").value < 0.9
    assert result.metric("depth_off").value == 0
    assert result.metric("chunked_error").value <= 1e-5
    assert result.metric("recall_local").value == 0


def test_every_criterion_of_quick_but_the_collapse_has_a_value(result):
    unmeasured = {check.metric for check in result.checks if "not measured" in check.value}
    assert unmeasured <= {"collapse_ratio"}  # without a margin there is nothing to collapse


def test_lengths_have_to_hold_the_trained_one():
    with pytest.raises(RunnerError, match="add 256"):
        rehearse(demo, small(lengths=(512, 1024)))


def test_heads_have_to_divide_the_width():
    with pytest.raises(RunnerError, match="do not divide"):
        rehearse(demo, small(heads=3))


def test_needles_that_do_not_fit_are_one_line():
    with pytest.raises(RunnerError, match="overlap"):
        rehearse(demo, small(depths=60))


# --- what the criteria are held against ---


def cells(length: int, margin: float, mode: str = "fixed", many: int = 40) -> measure.Cells:
    """Needles that all have this margin, and the probability that follows."""
    p = 1 / (1 + (length - 1) * np.exp(-margin))
    one = measure.Cells(length)
    one.margin[mode] = [[margin, margin]] * many
    one.probability[mode] = [p * p] * many
    return one


def test_collapse_is_found_where_the_formula_says_when_margins_stay():
    rows = [cells(2**power * 1024, 10.5) for power in range(1, 8)]
    measured, predicted = summary.lengths_of_collapse(rows, 2048)
    assert measured[0] / predicted[0] == pytest.approx(1, abs=0.1)
    assert 2048 < measured[0] < 131072


def test_collapse_elsewhere_than_predicted_shows():
    rows = [cells(2048, 10.5), *(cells(2**power * 1024, 9.0) for power in range(2, 8))]
    measured, predicted = summary.lengths_of_collapse(rows, 2048)
    assert measured[0] / predicted[0] < 0.5


def test_without_a_collapse_there_is_no_ratio():
    measured, _ = summary.lengths_of_collapse([cells(2048, 20.0), cells(4096, 20.0)], 2048)
    assert np.isnan(measured).all()


def test_crossings_lie_on_straight_lines_in_the_logarithm():
    lengths = np.array([100.0, 10_000.0, 1e6])
    means = np.array([[0.9, 0.1, 0.0], [0.9, 0.8, 0.2], [0.9, 0.8, 0.7]])
    found = summary.crossing(lengths, means)
    assert found[:2] == pytest.approx([1000.0, 100_000.0])
    assert np.isnan(found[2])


def test_exact_recall_wants_every_token_of_the_number():
    from runners.long_context.haystack import Needle

    needles = [Needle(3, (10, 20)), Needle(4, (30, 40))]
    wanted = measure._wanted(needles)
    answers = torch.zeros(4, 4000)
    answers[torch.arange(4), wanted.flatten()] = 0.6
    assert measure._hits(answers, needles) == [True, True]
    assert measure._probabilities(answers, needles) == pytest.approx([0.36, 0.36])
    answers[3, 0] = 0.7  # the second number's second token
    assert measure._hits(answers, needles) == [True, False]


def test_the_language_model_is_asked_and_drawn_beside(monkeypatch, tiny, tokenizer):
    from types import SimpleNamespace

    text = "One sentence follows another here. " * 60
    monkeypatch.setattr(pretrained, "prose", lambda: text)
    where = SimpleNamespace(name="cpu")
    loaded = SimpleNamespace(model=tiny, tokenizer=tokenizer, where=where)
    monkeypatch.setattr(pretrained, "language_model", lambda *named, **more: loaded)
    config = small(seed=103, asked_lengths=(400, 700), asked_depths=3, asked_haystacks=2, ropes=("none", "ntk", "yarn"))
    found = rehearse(demo, config)
    rows = found.series["pretrained"]
    assert [(row["length"], row["rope"]) for row in rows] == [
        (400, "none"), (700, "none"), (700, "ntk"), (700, "yarn"),
    ]  # fmt: skip
    assert all(len(row["probability"]) == 3 and max(row["probability"]) < 0.01 for row in rows)
    assert all(row["asked"] == 6 and len(row["seconds"]) == 2 for row in rows)
    assert found.metric("pretrained/yarn/700/recall").value == found.metric("pretrained/none/400/empty").value == 0
    assert found.series["pretrained_nll"][-1][0] == 700
    assert found.metric("depth_off").value == 0
    figures = plots.draw(found)
    assert "smollm2" in figures
    assert "NTK" in drawn(figures["smollm2"], "smollm2").alt
