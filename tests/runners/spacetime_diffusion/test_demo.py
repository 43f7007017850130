import pytest
import torch
from drawn_again import drawn_again

from nonmun.runner import RunnerError, rehearse
from nonmun.runner.moving import Encoded
from runners.spacetime_diffusion import demo, gallery, measure, networks, plots, summary
from runners.spacetime_diffusion.measure import Measured, Rung

SMALL = {
    "device": "cpu", "networks": "train", "clips": 24, "steps": 32, "batch": 6, "width": 24, "heads": 2, "layers": 1,
    "expansion": 2, "text_width": 8, "text_layers": 1, "code_width": 8, "code_steps": 3, "judge_steps": 3,
    "judge_clips": 32, "sample_steps": 2, "compared": 12, "asked": 8, "rounds": 1,
}  # fmt: skip
CLOCK = ("packing_speed", "matmul_share", "step")


def small(**changes) -> demo.Config:
    return demo.Config(**{**SMALL, **changes})


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(networks, "CHECKPOINTS", folder)
        found = rehearse(demo, small(seed=100, keep=True, repeats=1))
    return found, folder


def untimed(found):
    return [metric for metric in found.metrics if metric.name not in CLOCK]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_metrics(result):
    again = rehearse(demo, small(seed=100, repeats=1))
    assert untimed(result[0]) == untimed(again)
    assert untimed(again) != untimed(rehearse(demo, small(seed=101, repeats=1)))


def test_every_criterion_is_measured(result):
    names = {metric.name for metric in result[0].metrics}
    assert {criterion.metric for criterion in demo.CRITERIA} <= names
    assert result[0].metric("permanence_gain").ci95 is not None


def test_the_record_can_be_read_again_and_drawn(result):
    found = drawn_again(plots, result[0])
    clips = {name for name, one in found.items() if isinstance(one, Encoded)}
    assert clips == {"shapes-moving", "hidden-moving", "tasks-moving"}
    assert set(found) - clips == {"distance", "ladder", "shapes", "hidden", "compared", "tasks"}
    assert all(len(one.alt) > 100 for name, one in found.items() if name not in clips)


def test_where_nothing_is_trained_otherwise_nothing_is_compared():
    found = rehearse(demo, small(variants=(), repeats=1))
    names = {metric.name for metric in found.metrics}
    assert not names & {"subject_gain", "attribute_gain", "permanence_gain", "permanence_off"}
    assert {criterion.metric for criterion in demo.CRITERIA if not criterion.presets} <= names
    assert "compared" not in drawn_again(plots, found)


def test_kept_networks_are_loaded_again_and_others_refused(result, monkeypatch):
    found, folder = result
    monkeypatch.setattr(networks, "CHECKPOINTS", folder)
    assert set(found.series["checkpoints"]) == {"autoencoder", "judge", "native", "equal", "crop", "short", "frames"}
    again = rehearse(demo, small(seed=100, networks="recorded", repeats=1))
    assert again.series["checkpoints"] == found.series["checkpoints"]
    for name in ("psnr", "distance/real", "judge/colour"):
        assert again.metric(name).value == found.metric(name).value
    with pytest.raises(RunnerError, match=r"native.*width 24, expected 32"):
        rehearse(demo, small(networks="recorded", width=32))
    (folder / "crop.safetensors").unlink()
    with pytest.raises(RunnerError, match=r"no checkpoint crop\.safetensors in .*; train: --set networks=train"):
        rehearse(demo, small(networks="recorded"))


@pytest.mark.parametrize("size", ["17x24", "0x24x24", "17x24x0", "a x b x c", "17x24x-1"])
def test_a_size_that_cannot_be_is_one_line(size):
    with pytest.raises(RunnerError, match="expected frames x height x width; write it as 17x24x24"):
        networks.sizes_of(small(sizes=(size,)))


def test_running_out_of_memory_is_one_line():
    config = small()
    for error in (torch.OutOfMemoryError("CUDA"), MemoryError(), RuntimeError("can't allocate memory: 8 TB")):
        with (
            pytest.raises(RunnerError, match=r"out of .*memory; ask for a smaller --set batch"),
            networks.memory_told(config),
        ):
            raise error
    with pytest.raises(RuntimeError, match="another"), networks.memory_told(config):
        raise RuntimeError("another")


def test_variants_see_the_same_clips_and_the_ladder_has_a_seed_each(monkeypatch):
    seen = []
    monkeypatch.setattr(networks, "train_all", lambda jobs, *rest: seen.extend(jobs) or list(jobs))
    networks._train_denoisers(
        small(repeats=2, steps=32, shown_steps=50), ("native",), ("cropped",), 32, torch.device("cpu"), None
    )
    told = [(job.kind, job.seed, job.shelves[0], job.rungs, job.shape.temporal) for job in seen]
    assert told == [
        ("native", 0, "native", (1, 4, 32, 50), True), ("native", 1, "native", (1, 4, 32), True),
        ("crop", 0, "cropped", (32,), True), ("short", 0, "native", (32,), True), ("frames", 0, "native", (50,), False),
    ]  # fmt: skip


def test_recorded_networks_leave_only_the_ladder_to_train(monkeypatch):
    seen = []
    monkeypatch.setattr(networks, "train_all", lambda jobs, *rest: seen.extend(jobs) or list(jobs))
    networks._train_denoisers(
        small(networks="recorded", steps=32, shown_steps=50), (), (), 32, torch.device("cpu"), None
    )
    assert {(job.kind, job.rungs) for job in seen} == {("native", (1, 4, 32))} and len(seen) == 3


# --- what the criteria are held against ---


def judged(**changes):
    measured = Measured(
        rungs=[Rung(seed, name, steps, value, 1.0) for seed, own in enumerate(changes.pop("ladders", [[9, 4, 2]] * 3))
               for name, steps, value in zip(("1x", "4x", "32x"), (1, 4, 32), own, strict=True)],
        distance={"real": 0.1, "restored": 0.5, "random": 8.0, "main": 2.0},
        inside={"equal": [1.0, 0.9], "crop": [0.7, 0.8], "real": [1.0, 1.0]}, shapes=["wide", "tall"],
        attributes={kind: [{"colour": hit, "shape": 1.0}] * 2 for kind, hit in (("equal", 1.0), ("short", 0.0), ("real", 1.0))},
        returned={"native": [{"colour": 1.0, "shape": 1.0, "place": one} for one in (1.0, 0.0, 1.0)],
                  "frames": [{"colour": 1.0, "shape": 0.0, "place": 1.0}] * 3},
        nearest={"main": [0.4, 0.6], "real": [0.5, 0.5]},
    )  # fmt: skip
    for name, value in changes.items():
        setattr(measured, name, value)
    everything = summary.Everything(small(), None, measured, None)
    return {metric.name: metric for metric in summary._judged(everything)}


def test_a_seed_falls_only_where_every_rung_is_lower():
    assert judged()["falling_seeds"].value == 3
    assert judged(ladders=[[9, 4, 2], [9, 10, 2], [9, 4, 5]])["falling_seeds"].value == 1
    found = judged(ladders=[[9, 4, 3], [9, 4, 3]])
    assert found["distance_ratio"].value == pytest.approx(1 / 3)
    assert found["above_reconstruction"].value == pytest.approx(6)


def test_gains_are_differences_of_the_same_clips_in_points():
    found = judged()
    assert found["subject_gain"].value == pytest.approx(20)
    assert found["subject_gain"].ci95 == pytest.approx((10, 30))
    assert found["attribute_gain"].value == pytest.approx(50)


def test_an_object_is_back_only_if_all_of_it_is_right():
    found = judged()
    assert found["permanence_gain"].value == pytest.approx(200 / 3)
    assert found["permanence_off"].value == 0


def test_controls_fail_where_they_must():
    floor, off = [criterion for criterion in demo.CRITERIA if criterion.control]
    assert floor.holds(judged()["floor_ratio"])
    assert not floor.holds(judged(distance={"real": 0.1, "restored": 0.5, "random": 1.0, "main": 2.0})["floor_ratio"])
    assert off.holds(judged()["permanence_off"])
    right = [{"colour": 1.0, "shape": 1.0, "place": 1.0}]
    assert not off.holds(judged(returned={"native": right * 3, "frames": right * 3})["permanence_off"])


def test_the_gallery_shows_what_training_has_not():
    for seed in range(20):
        said = gallery.captions.attributes(gallery.caption_of(seed))
        assert gallery.is_held_out(said["shape"], said["colour"], said["direction"])
    assert gallery.shapes_of((17, 24, 24)) == {
        "wide": (17, 16, 32), "tall": (17, 32, 16), "square": (17, 24, 24), "still": (1, 24, 24), "longer": (25, 24, 24),
    }  # fmt: skip


def test_a_large_picture_is_made_small_and_some_frames_are_kept():
    assert summary.some(torch.zeros(49, 3, 64, 90)).shape == (summary.SHOWN, 3, 22, 30)
    assert summary.some(torch.zeros(17, 3, 24, 24)).shape == (17, 3, 24, 24)
    assert summary.some(torch.arange(9.0).view(9, 1, 1, 1), most=3).flatten().tolist() == [0, 4, 8]


def test_given_frames_are_fewer_than_those_that_hide():
    from runners.spacetime_diffusion.world import draw

    for clip in draw([100, measure.HIDDEN], 24, [(17, 16, 32), (17, 32, 16), (17, 24, 40)], mix=measure.OCCLUDED):
        hidden = clip.labels.visible_TO[:, 0] < 0.5
        assert not hidden[: measure.GIVEN].any()
        assert int(hidden.sum()) > measure.GIVEN
