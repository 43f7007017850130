import json

import pytest
import torch
from drawn_again import drawn_again

from nonmun.record import from_json, to_json
from nonmun.runner import RunnerError, main, rehearse
from runners.in_context_language import checkpoint, demo, keeping, measure, plots, summary, training
from runners.in_context_language.book import DOSES, told
from runners.in_context_language.language import ENGLISH, text

SMALL = {
    "steps": 4, "books": 2, "asked": 4, "width": 24, "layers": 2, "heads": 3, "examples": 2, "languages": 4, "tested": 2,
    "device": "cpu",
}  # fmt: skip


def small(**changes) -> demo.Config:
    return demo.Config(**{**SMALL, **changes})


@pytest.fixture(scope="module")
def result():
    return rehearse(demo, small(seed=100))


def test_the_same_seed_gives_the_same_metrics(result):
    again = rehearse(demo, small(seed=100))
    assert (again.metrics, again.series) == (result.metrics, result.series)
    assert rehearse(demo, small(seed=101)).series["curve"] != result.series["curve"]


def test_every_criterion_is_measured_and_an_untrained_model_meets_none_of_the_claims(result):
    assert {criterion.metric for criterion in demo.CRITERIA} <= {metric.name for metric in result.metrics}
    assert not any(check.passed for check in result.checks if check.metric in ("full_gain", "half_share"))


def test_the_record_can_be_read_again_and_drawn(result):
    pictures = drawn_again(plots, result)
    assert set(pictures) == {"book--1", "book--2", "book--3", "dose", "learning"}
    assert all(len(picture.alt) > 100 for picture in pictures.values())


# --- what the criteria are held against ---


def scored(none, half, full, shuffled=0.0, wrong=0.0, chance=0.0, count=6):
    both = {"none": none, "half": half, "full": full, "shuffled": shuffled, "wrong": wrong, "chance": chance}
    one = {dose: dict.fromkeys(("<into>", "<from>"), float(value)) for dose, value in both.items()}
    right = {dose: dict.fromkeys(("<into>", "<from>"), 0) for dose in both}
    few = dict.fromkeys(("<into>", "<from>"), 1)
    return [measure.Scored(one, right, 2, few, few) for _ in range(count)]


def judged(found):
    return {metric.name: metric for metric in summary._judged(found)}


def holds(found) -> dict[str, bool]:
    metrics = judged(found)
    return {criterion.metric: criterion.holds(metrics[criterion.metric]) for criterion in demo.CRITERIA}


def test_all_criteria_hold_where_the_book_is_what_helps():
    assert all(holds(scored(10, 60, 90, 20, 12, 9)).values())


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({"full": 35}, "full_gain"),
        ({"half": 45}, "half_share"),
        ({"shuffled": 40}, "shuffled_share"),
        ({"wrong": 40}, "wrong_share"),
        ({"chance": 2}, "none_over_chance"),
    ],
)
def test_each_criterion_fails_where_it_should(changes, broken):
    values = {"none": 10, "half": 60, "full": 90, "shuffled": 20, "wrong": 12, "chance": 9} | changes
    assert not holds(scored(**values))[broken]


def test_without_a_gain_neither_half_nor_controls_hold():
    found = holds(scored(10, 10, 10, 10, 10))
    assert not any(found[name] for name in ("full_gain", "half_share", "shuffled_share", "wrong_share"))


def test_right_answers_score_a_hundred_and_chance_far_less():
    world = measure.worlds(100, 2, 2, 8)[0]
    best = [text(question.answer) for question in world.asked]
    found = measure.score(world, dict.fromkeys(DOSES, best))
    for direction in ("<into>", "<from>"):
        assert found.chrf["full"][direction] == pytest.approx(100)
        assert found.right["full"][direction] == 8
        assert found.chrf["chance"][direction] < 60


def test_known_questions_are_those_whose_words_the_half_book_tells():
    world = measure.worlds(100, 2, 2, 16)[0]
    best = [text(question.answer) for question in world.asked]
    found = measure.score(world, dict.fromkeys(DOSES, best))
    half = told(world.books["half"])
    for direction in ("<into>", "<from>"):
        own = [one for one in world.asked if one.direction == direction]
        known = sum(all(word in half for word in one.english if word in ENGLISH) for one in own)
        assert found.known[direction] == found.known_right[direction] == known < 16


def test_the_same_sentences_are_asked_at_every_dose_and_answered_in_order():
    tested = measure.worlds(100, 3, 2, 2)
    model = training.build(24, 2, 3, 1).eval()
    one, other = (measure.measure(model, tested, torch.device("cpu"), together, lambda n: None) for together in (1, 3))
    assert [world.answers for world in one] == [world.answers for world in other]


# --- weights ---


def test_weights_come_back_as_they_were_to_half_precision(tmp_path):
    one, other = (training.build(24, 2, 3, seed) for seed in (1, 2))
    checkpoint.save(one, {"steps": 3}, tmp_path)
    assert checkpoint.load(other, tmp_path)["steps"] == 3
    for name, tensor in one.state_dict().items():
        assert torch.equal(other.state_dict()[name], tensor.half().float()), name
    assert sorted(file.name for file in tmp_path.iterdir()) == ["checkpoint.json", "checkpoint.safetensors"]


def test_weights_that_are_missing_damaged_or_of_another_shape_are_one_line(tmp_path):
    model = training.build(24, 2, 3, 1)
    with pytest.raises(RunnerError, match="cannot be read"):
        checkpoint.load(model, tmp_path)
    checkpoint.save(model, {}, tmp_path)
    with pytest.raises(RunnerError, match="another shape"):
        checkpoint.load(training.build(12, 2, 3, 1), tmp_path)
    file = tmp_path / "checkpoint.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    with pytest.raises(RunnerError, match="has sha256"):
        checkpoint.load(model, tmp_path)
    (tmp_path / "checkpoint.json").write_text("[]")
    with pytest.raises(RunnerError, match="cannot be read"):
        checkpoint.load(model, tmp_path)


def test_recorded_weights_fit_quick_are_small_and_translate_what_they_have_not_seen():
    config = demo.PRESETS["quick"].config
    model = training.build(config.width, config.layers, config.heads, 0)
    about = checkpoint.load(model)
    assert about["bytes"] == (checkpoint.FOLDER / "checkpoint.safetensors").stat().st_size <= 6_000_000
    assert all(about["config"][name] == getattr(config, name) for name in ("width", "layers", "heads", "examples"))
    assert from_json((checkpoint.FOLDER / about["record"]).read_bytes()).started == about["started"]
    tested = measure.worlds(104, 2, config.examples, 4)
    found = measure.measure(model.eval(), tested, torch.device("cpu"), 2, lambda books: None)
    for direction in ("<into>", "<from>"):
        assert sum(one.right["full"][direction] for one in found) >= 6  # of 8
        assert sum(one.right["shuffled"][direction] + one.right["none"][direction] for one in found) == 0


FLAGS = [f"--{name}={value}" for name, value in SMALL.items()]


def test_kept_weights_are_those_that_the_record_beside_them_measured(tmp_path, monkeypatch, capsys):
    asked = ["--preset", "full", "--seed", "100", *FLAGS, "--keep-weights", str(tmp_path)]
    assert main("runners.in_context_language", asked, tools=[keeping.TOOL]) == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "checkpoint.json", "checkpoint.safetensors", "full.json",
    ]  # fmt: skip
    made = from_json((tmp_path / "full.json").read_bytes())
    about = json.loads((tmp_path / "checkpoint.json").read_text())
    assert about["command"].endswith("--preset full --seed 100 --keep-weights DIR")
    assert (about["record"], about["config"]) == ("results/full.json", dict(made.config))
    monkeypatch.setattr(checkpoint, "load", lambda model, load=checkpoint.load: load(model, tmp_path))
    again = rehearse(demo, small(seed=100, steps=0))
    assert again.metrics == made.metrics
    assert again.series["trained"]["sha256"] == about["sha256"]
    figures = plots.draw(from_json(to_json(again)))
    assert about["sha256"][:12] in figures["learning"].get_label()


def test_nothing_is_kept_of_a_preset_that_trains_nothing(tmp_path, capsys):
    kept = tmp_path / "kept"
    assert (
        main("runners.in_context_language", ["--progress", "json", "--keep-weights", str(kept)], tools=[keeping.TOOL])
        == 1
    )
    said = json.loads(capsys.readouterr().err)
    assert said["message"] == "nothing is trained with 0 steps" and said["mend"].startswith("--preset full")
    assert not kept.exists()


def test_heads_that_do_not_fit_the_width_are_one_line():
    with pytest.raises(RunnerError, match="no multiple of 2 x 9 heads"):
        rehearse(demo, small(heads=9))
