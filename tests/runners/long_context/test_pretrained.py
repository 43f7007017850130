import random

import pytest
import torch

from nonmun.runner import RunnerError
from runners.long_context import pretrained

TEXT = list(("The quick brown fox jumps over the lazy dog. " * 200).encode())


DEPTHS = [0.0, 0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize("length", [400, 1111, 2048])
def test_depth_reached_is_depth_asked_to_the_nearest_token(tokenizer, length):
    stretch, needles = pretrained.plant(tokenizer, TEXT, length, DEPTHS, random.Random(0))
    assert [needle.depth for needle in needles] == DEPTHS
    assert len({needle.city for needle in needles}) == len(DEPTHS)
    for needle in needles:
        ids = stretch[: needle.at] + pretrained.behind(stretch, needle)
        assert len(ids) == length
        assert pretrained.off_depth(ids, needle) == 0
        assert abs(needle.at - needle.depth * (length - len(needle.ids))) <= 0.5
        said = f"\nThe special magic {needle.city} number is:{bytes(needle.answer).decode()}.\n"
        assert bytes(needle.ids).decode() == said
        assert bytes(ids).decode().count("special magic") == 1


def test_texts_that_are_too_short_are_one_line(tokenizer):
    with pytest.raises(RunnerError, match="does not fit into 20 tokens"):
        pretrained.plant(tokenizer, TEXT, 20, [0.0, 1.0], random.Random(0))
    with pytest.raises(RunnerError, match="the text has"):
        pretrained.plant(tokenizer, TEXT, len(TEXT) + 1, [0.5], random.Random(0))


def test_a_needle_that_is_not_whole_is_noticed(tokenizer):
    stretch, (needle,) = pretrained.plant(tokenizer, TEXT, 400, [0.5], random.Random(0))
    ids = stretch[: needle.at] + pretrained.behind(stretch, needle)
    ids[needle.at + 3] ^= 1
    with pytest.raises(ValueError, match="0 places"):
        pretrained.off_depth(ids, needle)


@torch.inference_mode()
def test_every_needle_is_asked_for_as_if_its_text_had_been_read_from_nothing(tiny, tokenizer):
    stretch, needles = pretrained.plant(tokenizer, TEXT, 200, DEPTHS, random.Random(1))
    row = pretrained.Row(200, "none")
    read = list(pretrained._one(tiny, tokenizer, stretch, needles, row, random.Random(2), None))
    assert read == [0, *reversed(DEPTHS)]
    assert row.depth == list(reversed(DEPTHS)) and row.off_depth == 0
    assert len(row.empty) == len(row.other) == len(row.hit) == 5
    for needle, found in zip(reversed(needles), row.probability, strict=True):
        ids = stretch[: needle.at] + pretrained.behind(stretch, needle)
        asked = pretrained.question(tokenizer, needle.city)
        logits = tiny(torch.tensor([ids + asked + needle.answer])).logits[0, len(ids) + len(asked) - 1 : -1]
        said = logits.log_softmax(-1).gather(1, torch.tensor(needle.answer)[:, None]).sum().exp().item()
        assert found == pytest.approx(said, rel=1e-3)


def test_the_text_is_prose_and_long_enough():
    text = pretrained.prose()
    assert len(text) > 100_000 and "::=" not in text
