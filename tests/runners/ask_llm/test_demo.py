import json
from pathlib import Path

import pytest
from drawn_again import drawn_again

from nonmun.runner import RunnerError, main, rehearse
from runners.ask_llm import corpus, demo, plots
from runners.ask_llm.rating import rate
from runners.selection import prose

from .conftest import tiny_model
from .test_method import wordy_tokenizer

pytest.importorskip("sklearn", reason="scikit-learn is not installed: make runners")

SMALL = {
    "documents": 100, "each": 4, "layers": 1, "tune_steps": 6, "tuning": 36, "repeats": 2, "tokens": 3000, "vocabulary": 400,
    "lm_width": 16, "clusters": 8, "ratios": (0.3,),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def few_paragraphs():
    texts = prose.paragraphs("language")
    slices = {topic: texts[place :: len(prose.TOPICS)] for place, topic in enumerate(prose.TOPICS)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prose, "paragraphs", slices.__getitem__)
        yield


@pytest.fixture(scope="module")
def rater(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rater")
    tiny_model(max_position_embeddings=1024, initializer_range=0.2).save_pretrained(folder)
    wordy_tokenizer().save_pretrained(folder)
    return folder


def small(rater: Path, **changes) -> demo.Config:
    return demo.Config(device="cpu", model=str(rater), **{**SMALL, **changes})


@pytest.fixture(scope="module")
def result(rater):
    return rehearse(demo, small(rater, seed=100))


def test_the_same_seed_gives_the_same_metrics(rater, result):
    again = rehearse(demo, small(rater, seed=100))
    assert result.metrics == again.metrics
    assert result.series == again.series
    assert result.metrics != rehearse(demo, small(rater, seed=101)).metrics


def test_the_record_can_be_read_again_and_drawn(result):
    assert set(drawn_again(plots, result)) == {"auc", "kept", "loss", "fractions", "tau"}


def test_every_criterion_is_measured_and_the_mass_always(result):
    names = {metric.name for metric in result.metrics}
    assert {criterion.metric for criterion in demo.CRITERIA} <= names
    assert {"mass_paper", "mass_short", "mass_tuned", "gap_good", "rating_cost"} <= names
    assert {
        f"auc_{rater}/{kind}" for rater in ("tuned", "paper", "perplexity_low") for kind in ("empty", "repetition")
    } <= names


def test_what_is_trained_on_must_be_known(rater):
    with pytest.raises(RunnerError, match="nothing is called 'best'"):
        rehearse(demo, small(rater, trained=("everything", "ask_llm", "best")))


def test_the_command_keeps_what_the_model_says_yes_to(rater, tmp_path):
    from runners.models import language_model

    texts = [f"text number {n} " + "abc " * (n % 5) for n in range(20)]
    (tmp_path / "c.jsonl").write_text(
        "".join(json.dumps({"id": n, "text": text}) + "\n" for n, text in enumerate(texts))
    )
    given = [
        "--set",
        f"input={tmp_path / 'c.jsonl'}",
        "--set",
        f"model={rater}",
        "--set",
        "keep=0.25",
        "--set",
        "device=cpu",
    ]
    assert (
        main("runners.ask_llm", [*given, "--out", str(tmp_path / "kept"), "--progress", "none"], tools=[corpus.TOOL])
        == 0
    )
    found = [json.loads(line) for line in (tmp_path / "kept" / "scores.jsonl").read_text().splitlines()]
    loaded = language_model(str(rater), device="cpu")
    expected = rate(loaded.model, loaded.tokenizer, texts).score["short"]
    assert [one["score"] for one in found] == pytest.approx(expected.tolist(), abs=1e-6)
    assert {int(one["id"]) for one in found if one["kept"]} == set(expected.argsort()[-5:].tolist())
    report = json.loads((tmp_path / "kept" / "report.json").read_text())
    assert 0 < report["mass"] < 1
