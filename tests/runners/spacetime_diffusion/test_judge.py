"""The judge reads clips of any size, learns what is true of them, and knows what it is not shown."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from runners.spacetime_diffusion import captions, floors, world
from runners.spacetime_diffusion.captions import ATTRIBUTES
from runners.spacetime_diffusion.frechet import frechet
from runners.spacetime_diffusion.judge import Judge, accuracy, agreement, features, read, train_judge, truth
from runners.spacetime_diffusion.measures import permanence

SMALL = [(5, 12, 12), (3, 12, 20), (1, 12, 12)]


def judge(width=6):
    torch.manual_seed(100)
    return Judge(width)


@given(frames=st.integers(1, 6), height=st.integers(1, 20), width=st.integers(1, 20))
@settings(max_examples=20, deadline=None)
def test_any_size_is_read(frames, height, width):
    video = torch.rand((frames, 3, height, width)) * 2 - 1
    reading = read(judge(), [video])
    assert reading.features_ND.shape == (1, Judge.FEATURES)
    assert torch.isfinite(reading.features_ND).all()
    assert 0 <= float(reading.inside_N) <= 1
    assert all(reading.value(name, 0) in values for name, values in ATTRIBUTES.items())


def test_a_video_among_others_is_read_as_it_is_alone():
    videos = [clip.video_TCHW for clip in world.draw(100, 9, SMALL)]
    together, alone = features(judge(), videos), torch.cat([features(judge(), [one]) for one in videos])
    assert torch.allclose(together, alone, atol=1e-4)


def test_what_a_clip_does_not_show_is_not_asked_of_it():
    still = next(world.draw(100, 1, [(1, 12, 12)]))
    assert {name for name, value in truth(still).items() if value < 0} == {"direction", "camera"}
    scene = world.Scene(
        (world.Thing("circle", "red", "small", (0.0, 0.5), (0.001, 0.0)),), still.scene.ground, None, (0.0, 0.0), 5
    )
    away = world.render(scene, 5, 12, 40, crop=(0, 28, 12, 12))
    assert {name for name, value in truth(away).items() if value < 0} == {"size", "colour", "shape", "direction"}
    assert away.labels.inside_TO.max() == 0


def test_accuracy_is_over_what_captions_say():
    clips = list(world.draw(100, 6, SMALL))
    reading = read(judge(), [clip.video_TCHW for clip in clips])
    told = [captions.descriptive(clip.scene) for clip in clips]
    found = accuracy(reading, told)
    for name, right in found.items():
        said = [captions.attributes(text).get(name) for text in told]
        naive = [float(reading.value(name, i) == value) for i, value in enumerate(said) if value]
        assert right.tolist() == naive
    assert accuracy(reading, [""] * 6) == {}
    right = [" ".join(reading.value(name, i) for name in ("colour", "shape")) for i in range(6)]
    assert {name: value.tolist() for name, value in accuracy(reading, right).items()} == {
        "colour": [1] * 6, "shape": [1] * 6,
    }  # fmt: skip


def test_training_is_the_same_for_a_seed_and_learns():
    clips = list(world.draw(100, 60, [(5, 12, 12)]))

    def trained():
        losses = []
        return train_judge(judge(), clips, 30, seed=100, batch=8, rate=5e-3, report=losses.append), losses

    (one, losses), (again, _) = trained(), trained()
    for name, value in one.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])


@pytest.mark.slow
def test_a_trained_judge_reads_new_clips_and_its_distance_and_permanence_find_what_is_wrong():
    native = [(9, 16, 24), (9, 24, 16), (9, 16, 16)]
    clips = [*world.draw(100, 1500, native), *world.draw(101, 500, native, cropped=True)]
    one = train_judge(judge(16), clips, 450, seed=100, batch=24, rate=3e-3)
    found = agreement(one, [*world.draw(102, 60, native), *world.draw(103, 60, native, held_out=True)])
    assert min(found[name] for name in ("colour", "tone", "wall")) > 0.95
    assert min(found[name] for name in ("size", "shape", "direction", "pattern", "camera")) > 0.8
    assert found["inside"] < 0.05
    assert agreement(one, list(world.draw(104, 60, native, cropped=True)))["inside"] < 0.12

    real, fresh = (list(world.draw(seed, 120, native)) for seed in (105, 106))
    base = features(one, [clip.video_TCHW for clip in real])
    near = frechet(base, features(one, [clip.video_TCHW for clip in fresh]))
    for broken in (floors.frozen, lambda clip: floors.random_motion(clip, 100)):
        assert frechet(base, features(one, [broken(clip) for clip in fresh])) > 2 * near

    hidden = list(world.draw(107, 40, [(17, 16, 32), (17, 32, 16)], mix=(0, 1, 0)))
    whole = permanence(one, [clip.video_TCHW for clip in hidden], hidden)
    assert whole.score_N.mean() > 0.85
    swapped = [replace(clip.scene.things[0], shape="cross") for clip in hidden]
    made = [
        torch.cat((clip.video_TCHW[:8], world.render(replace(clip.scene, things=(thing,)), *shape).video_TCHW[8:]))
        for clip, thing, shape in zip(hidden, swapped, [(17, 16, 32), (17, 32, 16)] * 20, strict=True)
    ]
    others = torch.tensor([clip.scene.things[0].shape != "cross" for clip in hidden])
    assert permanence(one, made, hidden).shape_N[others].mean() < 0.3
