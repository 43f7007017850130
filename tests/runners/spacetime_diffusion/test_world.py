"""What a scene says and what its pixels show are the same thing, at any size."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nonmun.runner import RunnerError
from runners.spacetime_diffusion import world
from runners.spacetime_diffusion.rendering import RGB
from runners.spacetime_diffusion.scene import UNIT, Ground, Wall, radius

SIZES = [(17, 24, 24), (17, 16, 32), (17, 32, 16), (17, 24, 40)]
DARK = Ground("dark", "plain")


def scene(*things, wall=None, pan=(0.0, 0.0), ground=DARK, frames=9):
    return world.Scene(things, ground, wall, pan, frames)


def thing(shape="circle", colour="red", start=(0.5, 0.5), velocity=(0.0, 0.0), layer=0, size="large"):
    return world.Thing(shape, colour, size, start, velocity, layer)


def blob(video, colour="red"):
    """Where the colour is, by the naive centroid of what is near to it: x, y and how many pixels, of each frame."""
    away = (video - (2 * torch.tensor(RGB[colour])[:, None, None] - 1)).abs().amax(1)
    found = []
    for one in away:
        y, x = torch.nonzero(one < 0.3, as_tuple=True)
        found.append((float(x.float().mean()) + 0.5, float(y.float().mean()) + 0.5, len(x)))
    return found


def test_the_same_seed_draws_the_same_clips_and_another_seed_others():
    one, again, other = (torch.cat([c.video_TCHW.flatten() for c in world.draw(seed, 8)]) for seed in (100, 100, 101))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


@given(
    frames=st.integers(1, 20),
    height=st.integers(1, 50),
    width=st.integers(1, 50),
    kind=st.sampled_from(world.KINDS),
    seed=st.integers(0, 999),
)
@settings(max_examples=60, deadline=None)
def test_any_size_has_a_clip_with_the_object_whole_in_it(frames, height, width, kind, seed):
    rng = np.random.default_rng(seed)
    clip = world.render(world.sample(rng, frames=frames, height=height, width=width, kind=kind), frames, height, width)
    assert clip.video_TCHW.shape == (frames, 3, height, width)
    assert clip.video_TCHW.abs().max() <= 1
    assert torch.isfinite(clip.labels.centre_TO2).all()
    assert clip.labels.inside_TO.min() > 0.999
    assert (clip.labels.visible_TO <= clip.labels.inside_TO + 1e-5).all()


@pytest.mark.parametrize("size", [(0, 8, 8), (3, 0, 8), (3, 8, 0)])
def test_no_frame_and_no_pixel_are_one_clear_line(size):
    frames, height, width = size
    with pytest.raises(RunnerError, match=f"clips of {frames} frames of {height}x{width} pixels"):
        world.sample(np.random.default_rng(0), frames=frames, height=height, width=width)
    with pytest.raises(RunnerError, match="at least one frame"):
        world.render(scene(thing()), frames, height, width)


def test_an_unknown_kind_and_a_crop_outside_are_refused():
    with pytest.raises(RunnerError, match="kind 'zoom', expected one of plain, occluded, pan"):
        world.sample(np.random.default_rng(0), frames=3, height=8, width=8, kind="zoom")
    with pytest.raises(RunnerError, match="crop inside the frame"):
        world.render(scene(thing()), 3, 8, 8, crop=(4, 0, 8, 8))


@pytest.mark.parametrize("shape", ["circle", "square", "cross"])
def test_the_centre_that_is_said_is_the_centre_that_is_seen(shape):
    clip = world.render(scene(thing(shape, start=(0.1, 0.8), velocity=(0.09, -0.06))), 9, 30, 40)
    for (x, y, _), said in zip(blob(clip.video_TCHW), clip.labels.centre_TO2[:, 0].tolist(), strict=True):
        assert (x, y) == pytest.approx(said, abs=0.5)


def test_an_object_that_meets_the_edge_turns_round_and_both_are_said():
    labels = world.render(scene(thing(start=(0.7, 0.5), velocity=(0.1, 0.0))), 9, 24, 24).labels
    x = labels.centre_TO2[:, 0, 0]
    names = [world.DIRECTIONS[index] for index in labels.direction_TO[:, 0].tolist()]
    assert names == ["right"] * 4 + ["left"] * 5 or names == ["right"] * 3 + ["left"] * 6
    assert labels.bounced_TO[:, 0].tolist() == [name == "left" for name in names]
    assert x.max() <= 24 - radius("large", 24, 24) + 1e-4
    assert x[-1] < x[4]


def test_a_wall_hides_and_the_visible_share_says_how_much():
    wall = Wall(0.4, 0.75)
    clip = world.render(scene(thing(start=(0, 0.5), velocity=(0.1, 0), size="small"), wall=wall), 11, 24, 60)
    bare = world.render(scene(thing(start=(0, 0.5), velocity=(0.1, 0), size="small")), 11, 24, 60)
    visible = clip.labels.visible_TO[:, 0]
    assert visible.min() < 0.01
    assert visible[0] == visible[-1] == 1
    assert bare.labels.visible_TO.min() > 0.999
    assert clip.labels.inside_TO.min() > 0.999
    hidden = clip.video_TCHW[int(visible.argmin())]
    assert (hidden.amax(0) - hidden.amin(0)).max() < 0.05  # nothing coloured is left


def test_of_two_objects_the_upper_layer_is_seen():
    low, high = thing("square", "red", layer=0), thing("circle", "blue", layer=1)
    for order in ((low, high), (high, low)):
        clip = world.render(scene(*order, frames=1), 1, 24, 24)
        shares = dict(zip((one.colour for one in order), clip.labels.visible_TO[0].tolist(), strict=True))
        assert shares["blue"] == pytest.approx(1)
        assert 0 < shares["red"] < 0.3
        assert clip.video_TCHW[0, :, 12, 12].tolist() == pytest.approx([2 * c - 1 for c in RGB["blue"]], abs=1e-5)


def test_a_crop_is_the_part_of_the_whole_and_its_labels_are_those_of_the_part():
    one = scene(thing(start=(0.0, 0.5), velocity=(0.1, 0.0)))
    whole, part = world.render(one, 9, 16, 32), world.render(one, 9, 16, 32, crop=(0, 8, 16, 16))
    assert torch.equal(part.video_TCHW, whole.video_TCHW[..., 8:24])
    assert torch.equal(part.labels.centre_TO2[..., 0], whole.labels.centre_TO2[..., 0] - 8)
    assert part.labels.inside_TO[0, 0] < 0.2
    assert part.labels.inside_TO[5, 0] > 0.9
    cropped = list(world.draw(100, 4, [(3, 16, 32)], cropped=True))
    natural = list(world.draw(100, 4, [(3, 16, 32)]))
    assert [c.scene for c in cropped] == [c.scene for c in natural]
    assert all(torch.equal(c.video_TCHW, n.video_TCHW[..., 8:24]) for c, n in zip(cropped, natural, strict=True))


@pytest.mark.parametrize("way", world.DIRECTIONS)
def test_under_a_pan_ground_and_object_move_together_against_the_camera(way):
    x, y = UNIT[way]
    one = scene(thing(start=(0.5, 0.5)), pan=(x / 20, y / 20), ground=Ground("light", "checked", (0.1, 0.2)))
    clip = world.render(one, 4, 40, 40)
    assert (one.kind, one.camera) == ("pan", way)
    assert one.direction == {"left": "right", "right": "left", "up": "down", "down": "up"}[way]
    step = torch.roll(clip.video_TCHW[0], shifts=(-2 * y, -2 * x), dims=(1, 2))  # two pixels a frame
    assert (step - clip.video_TCHW[1])[:, 4:-4, 4:-4].abs().max() < 1e-4


@pytest.mark.parametrize("size", SIZES)
def test_occlusions_hide_the_whole_object_for_longer_than_it_is_seen_before(size):
    for clip in world.draw(100, 12, [size], mix=(0, 1, 0)):
        visible = clip.labels.visible_TO[:, 0]
        assert (visible[:2] > 0.95).all()
        assert visible[-1] > 0.95
        assert int((visible < 0.2).sum()) >= 4
        assert not clip.labels.bounced_TO.any()


def test_held_out_combinations_are_drawn_only_when_asked_for():
    def combinations(held_out):
        clips = world.draw(100, 400, [(1, 4, 4), (3, 4, 6)], mix=(0.4, 0.3, 0.3), held_out=held_out)
        return {(c.scene.things[0].shape, c.scene.things[0].colour, c.scene.direction) for c in clips}

    seen, held = combinations(False), combinations(True)
    assert not seen & held
    assert len(held) == 16
    for pair in ((0, 1), (0, 2), (1, 2)):  # nothing in them is new but the whole
        assert {(one[pair[0]], one[pair[1]]) for one in held} <= {(one[pair[0]], one[pair[1]]) for one in seen}


def test_directions_said_are_those_of_the_way_in_every_kind():
    for clip in world.draw(100, 60, SIZES):
        x, y = UNIT[clip.scene.direction]
        moved = clip.labels.centre_TO2[1, 0] - clip.labels.centre_TO2[0, 0]
        assert float(moved[0] * x + moved[1] * y) > 0.15
        assert world.DIRECTIONS[int(clip.labels.direction_TO[0, 0])] == clip.scene.direction
