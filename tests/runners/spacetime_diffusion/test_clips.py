"""Videos are kept as text and set side by side, pixel for pixel."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nonmun.runner import RunnerError
from nonmun.runner.moving import Moving, encoded

pytest.importorskip("PIL", reason="Pillow is not installed: make runners")
from runners.spacetime_diffusion import clips, world


def video(frames=3, height=4, width=5, value=None):
    if value is not None:
        return torch.full((frames, 3, height, width), value)
    return torch.rand((frames, 3, height, width), generator=torch.Generator().manual_seed(1)) * 2 - 1


@given(frames=st.integers(1, 4), height=st.integers(1, 9), width=st.integers(1, 9))
def test_what_is_unpacked_is_what_was_packed_to_eight_bits(frames, height, width):
    one = video(frames, height, width)
    back = clips.unpacked(json.loads(json.dumps(clips.packed(one))))
    assert back.shape == one.shape
    assert (back - one).abs().max() <= 1 / 255 + 1e-6
    assert clips.packed(back) == clips.packed(one)


def test_a_clip_of_the_world_is_some_kilobytes_of_text():
    lengths = [len(clips.packed(clip.video_TCHW)) for clip in world.draw(100, 12)]
    assert sum(lengths) < 5000 * len(lengths)
    assert max(lengths) < 20_000


@given(st.text(max_size=60))
def test_any_other_text_is_one_clear_line(text):
    with pytest.raises(RunnerError, match="a video that cannot be read") as caught:
        clips.unpacked(text)
    assert "\n" not in str(caught.value)


def test_a_count_that_does_not_divide_the_rows_is_refused():
    with pytest.raises(RunnerError, match="cannot be read"):
        clips.unpacked("7" + clips.packed(video())[1:])


def test_panels_of_any_size_play_together_in_the_middle_of_their_place():
    small, large = video(2, 2, 2, value=1.0), video(4, 4, 6, value=-1.0)
    shown = clips.grid([[small, large]], gap=1)
    assert shown.shape == (4, 4, 2 + 1 + 6, 4)
    assert np.array_equal(shown[3, 1:3, :2, :3], np.full((2, 2, 3), 255))  # waiting at its last frame
    assert (shown[0, :, 2, 3] == 0).all() and (shown[0, 0, :2, 3] == 0).all()
    assert (shown[:, :, 3:] == [0, 0, 0, 255]).all()


def test_rows_may_be_of_different_lengths():
    shown = clips.grid([[video(1, 2, 3, value=0.0)] * 3, [video(1, 5, 2, value=0.0)]], gap=2)
    assert shown.shape == (1, 2 + 2 + 5, 3 * 3 + 2 * 2, 4)


def test_a_strip_is_its_frames_from_left_to_right():
    one = video(5, 3, 2)
    shown = clips.strip(one, every=2, gap=1)
    assert shown.shape == (3, 3 * 2 + 2, 4)
    for place, frame in enumerate((0, 2, 4)):
        assert np.array_equal(shown[:, 3 * place : 3 * place + 2, :3], clips.pixels(one)[frame])


def test_what_has_no_picture_is_refused():
    with pytest.raises(RunnerError, match=r"a video of \(0, 3, 4, 4\)"):
        clips.packed(torch.zeros(0, 3, 4, 4))
    with pytest.raises(RunnerError, match="a grid with an empty row"):
        clips.grid([[video()], []])


def test_a_grid_is_a_moving_picture_of_a_page():
    found = encoded(Moving(clips.grid([[video(), video()]]), "제목 · title", "two videos"), "two")
    assert (found.width, found.height) == (4 * 12, 4 * 4)
