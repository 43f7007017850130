import threading
import time
from pathlib import Path

import pytest
import torch
from drawn_again import drawn_again

from nonmun.runner import RunnerError, rehearse
from runners.cot_decoding import demo, measure, plots, summary, trained
from runners.cot_decoding.answers import last_number

from .conftest import byte_tokenizer, tiny_model

SMALL = {"train_steps": 60, "batch": 32, "rate": 1e-2, "width": 32, "layers": 1, "each": 6, "k": 4, "sweep": (1, 4, 6)}


def small(**changes) -> demo.Config:
    return demo.Config(device="cpu", **{**SMALL, **changes})


@pytest.fixture(scope="module")
def result(tiny: Path):
    config = small(repeats=2, seed=100, tasks=("multiplication", "parity"), asked=6, model=str(tiny), length=20)
    return rehearse(demo, config)


def test_the_same_seed_gives_the_same_metrics():
    one, other = (rehearse(demo, small(seed=105)) for _ in range(2))
    assert one.metrics == other.metrics
    assert one.series == other.series
    assert one.metrics != rehearse(demo, small(seed=106)).metrics


def test_the_record_can_be_read_again_and_drawn(result):
    assert set(drawn_again(plots, result)) >= {
        "k",
        "auroc",
        "steps",
        "families",
        "smollm2",
        "tree--lookup-3",
        "tree--smollm2-multiplication",
    }


def test_every_criterion_is_measured_and_the_pretrained_ones_in_full_alone(result):
    assert [check.metric for check in result.checks] == [
        "gain_second", "gain_second", "auroc_correct", "corrupted_gain", "smollm2_gain", "smollm2_p",
    ] or {check.metric for check in result.checks} == {
        "gain_second", "auroc_correct", "corrupted_gain",
    }  # fmt: skip
    names = {metric.name for metric in result.metrics}
    assert {"gain_second", "corrupted_gain", "gain_over_self_consistency", "smollm2_gain", "smollm2_p"} <= names


def test_every_choice_is_reported_with_an_interval(result):
    pretrained = ("smollm2/multiplication/question", "smollm2/multiplication/q", "smollm2/parity/question")
    names = {metric.name for metric in result.metrics}
    for prefix in ("arithmetic", "lookup", "parity", *pretrained):
        for choice in summary.NAMES:
            if choice == "self_consistency" and prefix in pretrained[1:]:  # it samples where the criterion is
                assert f"{prefix}/{choice}" not in names
            else:
                assert result.metric(f"{prefix}/{choice}").ci95 is not None
    assert "ceiling" in result.metric("lookup/oracle").label


def test_oracle_is_a_ceiling(result):
    for prefix in ("arithmetic", "lookup", "parity", "smollm2/multiplication/q"):
        most = result.metric(f"{prefix}/oracle").value
        assert all(
            result.metric(f"{prefix}/{choice}").value <= most for choice in ("greedy", "aggregated", "max", "majority")
        )


def test_trees_hold_every_branch_of_the_first_questions_drawn(result):
    trees = {tree["name"]: tree for tree in result.series["trees"]}
    assert len(trees) == 9 + 1
    assert all(len(tree["paths"]) == 4 for tree in trees.values())
    assert all(tree["asked"].startswith("Q") for tree in trees.values())


# --- what the criteria are held against ---


def answered(family: str, steps: int, greedy: bool, ours: bool, sampled: bool = False) -> measure.Answered:
    right = dict.fromkeys(summary.NAMES, False) | {
        "greedy": greedy, "aggregated": ours, "self_consistency": sampled, "oracle": greedy or ours,
    }  # fmt: skip
    return measure.Answered(measure.Item("Q", "1", family, steps), [], right, {}, 0)


def seed_of(gains: dict[str, int], corrupted: int = 0) -> trained.Seed:
    """In each family, so many of 20 questions are answered by CoT-decoding alone."""
    rows = [answered(family, 1, False, i < count) for family, count in gains.items() for i in range(20)]
    broken = [answered("lookup", 1, False, i < corrupted) for i in range(20)]
    return trained.Seed(0, 0, rows, broken, {})


def judged(*seeds):
    return {metric.name: metric for metric in summary._judged(seeds)}


def test_the_second_best_family_in_its_worst_seed_is_judged():
    found = judged(
        seed_of({"arithmetic": 0, "lookup": 20, "parity": 10}), seed_of({"arithmetic": 20, "lookup": 16, "parity": 8})
    )
    assert found["gain_second"].value == pytest.approx(40)  # parity, which is never below 8 of 20
    low, high = found["gain_second"].ci95
    assert low < 40 < high


def test_the_worst_seed_of_the_control_is_judged():
    found = judged(
        seed_of({"arithmetic": 0, "lookup": 0, "parity": 0}, 1), seed_of({"arithmetic": 0, "lookup": 0, "parity": 0}, 4)
    )
    assert found["corrupted_gain"].value == pytest.approx(20)


def test_a_gain_over_self_consistency_that_may_be_nought_is_said_to_be_none():
    won = judged(seed_of({"arithmetic": 20, "lookup": 20, "parity": 20}))["gain_over_self_consistency"]
    level = judged(seed_of({"arithmetic": 0, "lookup": 0, "parity": 1}))["gain_over_self_consistency"]
    assert "(이긴다 · wins)" in won.label and "does not win" in level.label


# --- measuring ---


def test_a_sweep_sees_the_first_branches_of_the_same_paths():
    model, tokenizer = tiny_model(), byte_tokenizer(eos_token="!")
    items = [measure.Item(text, "7", "all", 1) for text in ("ab", "cd", "efg")]
    (one, *_) = measure.measure(
        model, tokenizer, items, {"all": measure.Group(last_number, ("e", "a"))},
        k=3, sweep=(1, 2, 5), steps=10, temperature=1.0, seed=0, together=2,
    )  # fmt: skip
    assert [path.branch for path in one.paths] == [0, 1, 2]
    assert one.by_k[1]["branch"] == one.by_k[1]["aggregated"] == one.by_k[1]["majority"] == one.right["greedy"]
    assert one.tokens == sum(len(path.ids) for path in one.paths)


def test_a_chain_is_something_to_reckon_with_before_the_answer():
    def path(text):
        from runners.cot_decoding import Path

        found = last_number(text)
        return Path(text, "", (), 0, True, found and found[1], found and found[0], 0.5, 0.5, 0.0)

    assert measure.shows_chain(path("first 7 +3 = 0 ; 0"))
    assert measure.shows_chain(path("6 boxes of 7 are 42"))
    assert not measure.shows_chain(path("so 42"))
    assert not measure.shows_chain(path("no number"))


def test_a_model_that_gives_no_numbers_is_one_line(tmp_path):
    model = tiny_model(max_position_embeddings=256)
    with torch.no_grad():
        model.lm_head.weight[0] = torch.nan
    model.save_pretrained(tmp_path)
    byte_tokenizer().save_pretrained(tmp_path)
    with pytest.raises(RunnerError, match="logits of step 0 are not finite") as caught:
        rehearse(demo, small(tasks=("parity",), asked=2, model=str(tmp_path)))
    assert "\n" not in str(caught.value)


def test_a_task_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="'multiplication', 'one_step', 'two_step' or 'parity'"):
        demo.Config(tasks=("sums",))


def test_training_that_fails_in_one_decoder_stops_the_other(monkeypatch):
    seen = []

    def train(model, tokenizer, pairs, *, steps, batch, rate, tell):
        next(pairs)
        seen.append(threading.current_thread())
        if len(seen) == 1:
            raise FloatingPointError("diverged")
        for _ in range(100_000):
            time.sleep(0.001)
            tell(1.0)

    monkeypatch.setattr(trained.decoder, "train", train)
    before = torch.get_num_threads()
    with pytest.raises(FloatingPointError, match="diverged"):
        rehearse(demo, small())
    assert len(seen) == 2
    assert not any(thread.is_alive() for thread in seen)
    assert torch.get_num_threads() == before
