"""Every measure tells real clips from wrong ones; what needs a trained judge is in test_judge.py."""

import pytest
import torch

from nonmun.runner import RunnerError
from runners.spacetime_diffusion import floors, world
from runners.spacetime_diffusion.judge import Judge
from runners.spacetime_diffusion.measures import emerged, nearest, pan_consistency, permanence, smoothness

OCCLUDED = list(world.draw(100, 16, [(17, 16, 32), (17, 32, 16), (17, 24, 40)], mix=(0, 1, 0)))
PANS = list(world.draw(100, 16, [(17, 24, 24), (17, 16, 32)], mix=(0, 0, 1)))
PLAIN = list(world.draw(100, 16, [(17, 24, 24), (17, 16, 32)], mix=(1, 0, 0)))
OPPOSITE = {"left": "right", "right": "left", "up": "down", "down": "up"}


def videos(clips):
    return [clip.video_TCHW for clip in clips]


def untrained():
    torch.manual_seed(100)
    return Judge(width=4)


def test_real_occlusions_keep_colour_and_place_and_each_fault_is_found_by_its_own_measure():
    def measured(made):
        found = permanence(untrained(), made, OCCLUDED)
        return float(found.colour_N.mean()), float(found.place_N.mean())

    assert measured(videos(OCCLUDED)) == (1, 1)
    assert measured([floors.recoloured(clip) for clip in OCCLUDED]) == (0, 1)
    colour, place = measured([floors.displaced(clip) for clip in OCCLUDED])
    assert colour == 1
    assert place < 0.3
    assert measured([floors.forgotten(clip) for clip in OCCLUDED]) == (0, 0)
    assert measured([floors.random_motion(clip, 100) for clip in OCCLUDED])[1] < 0.4
    forgotten = permanence(untrained(), [floors.forgotten(clip) for clip in OCCLUDED], OCCLUDED)
    assert forgotten.score_N.tolist() == [0] * len(OCCLUDED)


def test_the_frames_that_count_are_those_after_the_wall():
    for clip in OCCLUDED:
        frames = emerged(clip)
        assert (clip.labels.visible_TO[frames, 0] >= 0.9).all()
        assert frames.min() > clip.labels.visible_TO[:, 0].argmin()
    with pytest.raises(RunnerError, match="a clip of 17x24x24 with no object that hides and comes back"):
        emerged(PLAIN[0])


def test_real_motion_is_smooth_and_random_motion_and_a_frozen_frame_are_not():
    assert smoothness(videos(PLAIN)).mean() > 0.95
    assert smoothness([floors.random_motion(clip, 100) for clip in PLAIN]).mean() < 0.4
    assert smoothness([floors.frozen(clip) for clip in PLAIN]).max() == 0
    assert smoothness([torch.zeros(9, 3, 8, 8), PLAIN[0].video_TCHW[:1]]).tolist() == [0, 0]


def test_a_real_pan_explains_the_change_and_nothing_else_does():
    ways = [clip.scene.camera for clip in PANS]
    assert pan_consistency(videos(PANS), ways).min() > 0.8
    assert pan_consistency(videos(PANS), [OPPOSITE[way] for way in ways]).max() < 0.3
    assert pan_consistency([floors.frozen(clip) for clip in PANS], ways).max() == 0
    assert pan_consistency([floors.random_motion(clip, 100) for clip in PANS], ways).mean() < 0.3
    assert pan_consistency([PANS[0].video_TCHW[:1]], ["left"]).item() == 0


def test_the_nearest_training_clip_is_the_naive_one_and_a_copy_is_at_no_distance():
    queries, training = videos(PLAIN[:4]), videos(PLAIN[4:])
    naive = [
        min(float((one - other).square().mean().sqrt()) for other in training if other.shape == one.shape)
        for one in queries
    ]
    assert nearest(queries, training).tolist() == pytest.approx(naive, rel=1e-4)
    assert nearest(training[:2], training).max() < 1e-2
    with pytest.raises(RunnerError, match="no training clip of 1x24x24"):
        nearest([queries[0][:1]], training)


def test_what_is_wrong_on_purpose_is_right_until_the_object_is_hidden():
    for make in (floors.recoloured, floors.displaced, floors.forgotten):
        for clip in OCCLUDED[:4]:
            hidden = int(clip.labels.visible_TO[:, 0].argmin())
            made = make(clip)
            assert torch.equal(made[:hidden], clip.video_TCHW[:hidden])
            assert not torch.equal(made, clip.video_TCHW)
