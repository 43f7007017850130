"""A clip becomes an animated WebP and a still, pixel for pixel, or is refused in one line."""

from io import BytesIO

import numpy as np
import pytest

from nonmun.runner import moving
from nonmun.runner.errors import RunnerError
from nonmun.runner.moving import Moving, encoded

Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed: make runners")


def frames(count=5, height=6, width=9, channels=3):
    return np.random.default_rng(0).integers(0, 256, (count, height, width, channels), dtype=np.uint8)


def opened(data):
    image = Image.open(BytesIO(data))
    shown = []
    for index in range(image.n_frames):
        image.seek(index)
        shown.append(np.asarray(image.convert("RGBA")))
    return image, np.stack(shown)


def test_every_pixel_of_every_frame_is_kept_and_it_loops_for_ever():
    found = encoded(Moving(frames(), "a", "b", seconds=0.1, scale=3, still=2), "x")
    image, shown = opened(found.moving)
    assert np.array_equal(shown[..., :3], frames())
    assert (image.info["loop"], image.info["duration"]) == (0, 100)
    assert np.array_equal(opened(found.still)[1][0, ..., :3], frames()[2])
    assert (found.width, found.height) == (27, 18)


def test_what_is_transparent_stays_so():
    clear = frames(channels=4)
    clear[..., 3] = 255
    clear[:, :, 4, 3] = 0
    _, shown = opened(encoded(Moving(clear, "a", "b"), "x").moving)
    assert np.array_equal(shown[..., 3], clear[..., 3])


def test_the_same_frames_give_the_same_bytes():
    assert encoded(Moving(frames(), "a", "b"), "x") == encoded(Moving(frames(), "a", "b"), "x")


def test_one_frame_of_one_pixel_is_a_clip():
    found = encoded(Moving(frames(1, 1, 1), "a", "b", scale=1), "x")
    assert (found.width, found.height) == (1, 1)


@pytest.mark.parametrize(
    ("clip", "message"),
    [
        (Moving(frames(), "a", " "), "clip 'x' has no title or no alternative text"),
        (Moving(frames(), "", "b"), "no title"),
        (Moving(frames(0), "a", "b"), "expected uint8 of"),
        (Moving(frames(2, 0), "a", "b"), "at least one frame of one pixel"),
        (Moving(frames()[0], "a", "b"), "expected uint8 of"),
        (Moving(frames() / 255, "a", "b"), "clip 'x' is float64"),
        (Moving(frames(channels=2), "a", "b"), "expected uint8 of"),
        (Moving(frames(), "a", "b", still=5), "has still 5"),
        (Moving(frames(), "a", "b", scale=0), "scale 0"),
        (Moving(frames(), "a", "b", seconds=0), "0 seconds a frame"),
        (Moving(frames(40, 90, 90), "a", "b"), r"has \d+ KB, expected at most 400"),
    ],
)
def test_what_is_no_clip_for_a_page_is_one_clear_line(clip, message):
    with pytest.raises(RunnerError, match=message) as caught:
        encoded(clip, "x")
    assert "\n" not in str(caught.value)


def test_the_reader_takes_no_larger_clip_than_the_runner_writes():
    from nonmun.read.records import MAX_CLIP_BYTES

    assert MAX_CLIP_BYTES == moving.MAX_BYTES
