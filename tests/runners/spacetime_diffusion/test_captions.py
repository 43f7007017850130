"""Captions say what is so, in words that the vocabulary has; of any other text it is said what was not understood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonmun.runner import RunnerError
from runners.spacetime_diffusion import captions, world
from runners.spacetime_diffusion.scene import Ground

DRAWN = [clip.scene for clip in world.draw(100, 200, [(17, 8, 8), (17, 8, 12), (1, 8, 8)])]


def truth(scene):
    thing = scene.things[0]
    return {
        "size": thing.size, "colour": thing.colour, "shape": thing.shape, "direction": scene.direction,
        "tone": scene.ground.tone, "pattern": scene.ground.pattern, "camera": scene.camera,
        "wall": "wall" if scene.wall else "none",
    }  # fmt: skip


def test_a_descriptive_caption_says_everything_and_nothing_else():
    for scene in DRAWN:
        said = captions.attributes(captions.descriptive(scene))
        assert said.items() <= truth(scene).items()
        missing = set(truth(scene)) - set(said)
        if scene.frames == 1:
            assert missing == {"direction", "camera", "wall"}
        elif scene.kind == "pan":
            assert missing == {"direction", "wall"}
        else:
            assert missing == ({"camera"} if scene.kind == "occluded" else {"camera", "wall"})


def test_a_short_caption_says_the_shape_and_one_thing_more_and_over_many_scenes_all_of_them():
    said_of_any = set()
    for scene in DRAWN:
        text = captions.short(scene)
        said = captions.attributes(text)
        assert said.items() <= truth(scene).items()
        assert 1 <= len(said) <= 3
        assert len(said) < len(captions.attributes(captions.descriptive(scene)))
        assert text == captions.short(scene)
        said_of_any |= set(said)
    assert said_of_any == set(captions.ATTRIBUTES)


def test_every_caption_is_known_word_for_word_and_fits():
    assert len(set(captions.VOCABULARY)) == len(captions.VOCABULARY)
    for scene in DRAWN:
        for text in (captions.descriptive(scene), captions.short(scene)):
            assert captions.unknown(text) == []
            codes = captions.encode(text)
            assert codes.shape == (captions.LENGTH,)
            assert " ".join(captions.VOCABULARY[code] for code in codes if code) == text


def test_bounces_are_said_where_there_are_any():
    bounced = 0
    for clip in world.draw(100, 90, [(17, 12, 12)], mix=(1, 0, 0)):
        text = captions.descriptive(clip.scene)
        assert ("bounces" in text) == bool(clip.labels.bounced_TO.any())
        bounced += "bounces" in text
    assert 20 < bounced < 70


def test_two_objects_are_both_told_and_the_first_is_the_one_that_attributes_mean():
    first = world.Thing("circle", "red", "small", (0.1, 0.5), (0.1, 0.0))
    second = world.Thing("square", "blue", "large", (0.5, 0.9), (0.0, -0.2))
    text = captions.descriptive(world.Scene((first, second), Ground("dark", "plain"), None, (0.0, 0.0), 9))
    assert text == (
        "a small red circle moves right and a large blue square moves up and bounces on a dark plain background"
    )
    assert captions.attributes(text)["colour"] == "red"
    assert captions.attributes(text)["direction"] == "right"


def test_an_empty_caption_is_the_dropped_one():
    assert not captions.encode("").any()
    assert not captions.encode(" ...!").any()
    assert captions.VOCABULARY[captions.NONE] == "<none>"


def test_words_of_no_caption_are_named_and_become_unknown():
    text = "a small turquoise Circle, moves LEFT; a 오리"
    assert captions.unknown(text) == ["turquoise", "오리"]
    codes = captions.encode(text).tolist()
    assert codes.count(captions.UNKNOWN) == 2
    assert captions.VOCABULARY[codes[3]] == "circle"


def test_a_caption_that_is_too_long_is_one_clear_line():
    with pytest.raises(RunnerError, match="a caption of 21 words, expected at most 20; say it shorter"):
        captions.encode("red " * 21)


@given(st.text(max_size=200))
def test_any_text_is_encoded_or_refused_in_one_line(text):
    try:
        codes = captions.encode(text)
    except RunnerError as error:
        assert "\n" not in str(error)
    else:
        assert codes.count_nonzero() == len(captions.words(text))
    captions.attributes(text)
