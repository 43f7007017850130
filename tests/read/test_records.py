"""What is read beside a runner: its records, their figures, whether they are stale."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from clip_samples import record_clip
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nonmun.read.base import Base
from nonmun.read.runners import read_runners
from nonmun.record import Figure, from_json, in_short, past_json, source_hashes, to_json

RUNNER = "scaled_attention"


def append(file: Path, text: str) -> None:
    file.write_text(file.read_text("utf-8") + text, "utf-8")


@pytest.fixture
def results(base: Path) -> Path:
    return base / "runners" / RUNNER / "results"


def read(base: Path):
    runners, faults = read_runners(Base(base))
    return runners[RUNNER], faults


def test_record_is_read_with_its_figures_parameters_and_environment(base):
    runner, faults = read(base)
    assert faults == []
    result = runner.latest
    assert not result.stale
    assert result.figures[0].svg.startswith("<svg")
    parameters = {parameter.name: parameter for parameter in result.parameters}
    assert parameters["sizes"].value == "4, 8, 16, 32, 64, 128, 256, 512, 1024"
    assert parameters["correlation"].bounds == "≥ 0, ≤ 1"
    assert parameters["keys"].source == "ours: a short sentence"
    assert dict(result.versions)["python"]
    assert runner.runnable and "method.py" in runner.code and "dot_products" in runner.method


@pytest.mark.parametrize("name", ["method.py", "demo.py", "plots.py", "__init__.py"])
def test_any_change_of_its_code_makes_a_record_stale(base, name):
    file = base / "runners" / RUNNER / name
    file.write_text(file.read_text("utf-8") + "\n# changed\n", "utf-8")
    assert read(base)[0].latest.stale


def test_new_file_of_code_and_a_change_of_the_shared_models_make_it_stale_and_texts_do_not(base):
    append(base / "runners" / RUNNER / "README.md", "\nmore\n")
    assert not read(base)[0].latest.stale
    (base / "runners" / "models.py").write_text("")
    assert read(base)[0].latest.stale


def test_figure_that_is_not_the_recorded_one_is_a_fault_and_not_shown(base, results):
    (results / "quick-gradient.svg").write_text("<svg/>")
    runner, faults = read(base)
    assert runner.latest.figures == ()
    assert [fault.code for fault in faults] == ["bad-figure"]
    assert "--redraw" in faults[0].mend
    (results / "quick-gradient.svg").unlink()
    assert [fault.code for fault in read(base)[1]] == ["bad-figure"]


def test_figure_whose_line_ends_a_checkout_changed_is_still_the_recorded_one(base, results):
    file = results / "quick-gradient.svg"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert read(base)[1] == []


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[: len(text) // 2], "no JSON"),
        (lambda text: text.replace('"seconds"', '"minutes"'), "seconds is missing"),
        (lambda text: text.replace('"runner": "scaled_attention"', '"runner": "other"'), "expected 'scaled_attention'"),
        (lambda text: "", "no JSON"),
    ],
)
def test_record_that_cannot_be_read_is_a_fault_that_says_how_to_mend_it(base, results, damage, message):
    file = results / "quick.json"
    file.write_text(damage(file.read_text("utf-8")), "utf-8")
    runner, faults = read(base)
    assert runner.results == ()
    (fault,) = faults
    assert message in fault.message
    assert fault.mend == "record it again: python -m runners.scaled_attention --record"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(content=st.binary(max_size=300))
def test_any_bytes_for_a_record_are_a_fault_and_no_crash(base, content):
    results = base / "runners" / RUNNER / "results"
    (results / "full.json").write_bytes(content)
    (results / "past.json").write_bytes(content)
    runner, faults = read(base)
    assert len(runner.results) == 1
    assert {fault.code for fault in faults} == {"bad-result"}


def test_record_too_large_for_a_page_is_a_fault(base, results):
    (results / "full.json").write_bytes(b" " * (5 * 2**20))
    assert "more than 4,096 KiB" in read(base)[1][0].message


def test_past_runs_are_read_and_are_no_record_of_their_own(base, results):
    before = from_json((results / "quick.json").read_bytes())
    (results / "past.json").write_text(past_json([in_short(before)]), "utf-8")
    runner, faults = read(base)
    assert faults == []
    assert [(past.preset, past.verdict) for past in runner.past] == [("quick", "reproduced")]
    assert len(runner.results) == 1


def test_figure_may_not_lie_elsewhere(base, results):
    record = from_json((results / "quick.json").read_bytes())
    secret = base / "secret.svg"
    secret.write_text("<svg/>")
    sha = hashlib.sha256(b"<svg/>").hexdigest()
    data = json.loads(to_json(replace(record, figures=(Figure("a", "x.svg", "t", "a", sha),))))
    data["figures"][0]["file"] = "../../../secret.svg"
    (results / "quick.json").write_text(json.dumps(data), "utf-8")
    runner, faults = read(base)
    assert runner.results == ()
    assert "figures[0].file" in faults[0].message


def test_hashes_that_are_recorded_are_those_that_are_compared(base):
    folder = base / "runners" / RUNNER
    assert dict(from_json((folder / "results/quick.json").read_bytes()).sources) == source_hashes(folder)


def test_a_clip_is_read_with_its_still(base):
    pytest.importorskip("PIL")
    record_clip(base)
    runner, faults = read(base)
    assert faults == []
    (clip,) = runner.latest.clips
    assert (clip.path, clip.still) == tuple(f"runners/{RUNNER}/results/quick-turn{end}.webp" for end in ("", "-still"))
    assert (clip.width, clip.height) == (320, 128)


@pytest.mark.parametrize("file", ["quick-turn.webp", "quick-turn-still.webp"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"RIFF0000WEBP", "is not the one that the record names"),
        (b" " * 400_001, "more than 390 KiB"),
        (None, "no plain file"),
    ],
)
def test_a_clip_that_is_not_the_recorded_one_is_a_fault_and_not_shown(base, results, file, content, message):
    pytest.importorskip("PIL")
    record_clip(base)
    (results / file).unlink()
    if content is not None:
        (results / file).write_bytes(content)
    runner, faults = read(base)
    assert runner.latest.clips == ()
    assert [fault.code for fault in faults] == ["bad-clip"]
    assert message in faults[0].found
    assert "--redraw" in faults[0].mend


def test_what_calls_itself_a_webp_and_is_none_is_a_fault(base, results):
    pytest.importorskip("PIL")
    hostile = b"<html><script>alert(1)</script>"
    record_clip(base, sha256=hashlib.sha256(hostile).hexdigest())
    (results / "quick-turn.webp").write_bytes(hostile)
    runner, faults = read(base)
    assert runner.latest.clips == ()
    assert "is no WebP" in faults[0].found
