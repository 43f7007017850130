"""What is coloured is found where it is, as large as it is, in its colour; grey is nothing."""

import pytest
import torch

from runners.spacetime_diffusion import world
from runners.spacetime_diffusion.blobs import blobs, nearest_colour
from runners.spacetime_diffusion.scene import radius


def test_the_object_of_any_clip_is_found_by_its_colour():
    for clip in world.draw(100, 40, [(9, 24, 24), (9, 16, 32), (9, 24, 40)]):
        found = blobs(clip.video_TCHW[None])
        visible = clip.labels.visible_TO[:, 0] > 0.98
        assert torch.equal(found.seen_NT[0, visible], torch.ones(int(visible.sum()), dtype=torch.bool))
        away = (found.centre_NT2[0] - clip.labels.centre_TO2[:, 0]).norm(dim=-1)[visible]
        box = radius(clip.scene.things[0].size, *clip.video_TCHW.shape[2:])
        assert away.max() < 0.5 + (box / 3 if clip.scene.things[0].shape == "triangle" else 0)  # below its box's middle
        names = {world.COLOURS[index] for index in nearest_colour(found.rgb_NT3[0, visible]).tolist()}
        assert names == {clip.scene.things[0].colour}


def test_grey_of_any_pattern_and_a_hidden_object_are_nothing():
    for clip in world.draw(100, 10, [(17, 16, 32)], mix=(0, 1, 0)):
        hidden = clip.labels.visible_TO[:, 0] < 0.01
        found = blobs(clip.video_TCHW[None])
        assert not found.seen_NT[0, hidden].any()
        assert found.centre_NT2[0, hidden].tolist() == [[16, 8]] * int(hidden.sum())


def test_a_pale_colour_keeps_its_name():
    red = torch.tensor([[0.9, 0.15, 0.15]])
    for amount in (1.0, 0.5, 0.2):
        assert world.COLOURS[int(nearest_colour(0.5 + amount * (red - 0.5)))] == "red"


def test_the_area_is_that_of_the_shape():
    clip = world.render(
        world.Scene(
            (world.Thing("square", "blue", "large", (0.5, 0.5), (0.0, 0.0)),),
            next(world.draw(100, 1)).scene.ground, None, (0.0, 0.0), 1,
        ), 1, 50, 50,
    )  # fmt: skip
    side = 2 * 0.9 * radius("large", 50, 50)
    assert float(blobs(clip.video_TCHW[None]).area_NT) == pytest.approx(side**2, rel=0.1)
