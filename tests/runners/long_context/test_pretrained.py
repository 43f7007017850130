import random

import pytest
import torch

from nonmun.runner import RunnerError
from runners.long_context import pretrained

TEXT = list(("The quick brown fox jumps over the lazy dog. " * 200).encode())


@pytest.mark.parametrize("length", [400, 1111, 2048])
def test_depth_reached_is_depth_asked_to_the_nearest_token(tokenizer, length):
    depths = [0.0, 0.25, 0.5, 0.75, 1.0]
    ids, needles = pretrained.plant(tokenizer, TEXT, length, depths, random.Random(0))
    assert len(ids) == length
    for needle, depth in zip(needles, depths, strict=True):
        assert needle.depth == depth
        assert pretrained.off_depth(ids, needle) == 0
        assert abs(needle.at - depth * (length - len(needle.ids))) <= 0.5
        assert (
            bytes(needle.ids).decode()
            == f"\nThe special magic {needle.city} number is:{bytes(needle.answer).decode()}.\n"
        )


def test_needles_that_overlap_and_texts_that_are_too_short_are_one_line(tokenizer):
    with pytest.raises(RunnerError, match="overlap"):
        pretrained.plant(tokenizer, TEXT, 120, [0.0, 0.25, 0.5, 0.75, 1.0], random.Random(0))
    with pytest.raises(RunnerError, match="the text has"):
        pretrained.plant(tokenizer, TEXT, len(TEXT) + 1, [0.5], random.Random(0))


def test_a_needle_that_is_not_whole_is_noticed(tokenizer):
    ids, (needle,) = pretrained.plant(tokenizer, TEXT, 400, [0.5], random.Random(0))
    ids[needle.at + 3] ^= 1
    with pytest.raises(ValueError, match="0 places"):
        pretrained.off_depth(ids, needle)


@torch.inference_mode()
def test_reading_in_blocks_is_reading_at_once(tiny):
    ids, nll = TEXT[:150], []
    cache = pretrained.prefill(tiny, ids, nll, block=64)
    logits = tiny(torch.tensor([ids])).logits[0]
    loss = torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(ids[1:])).item()
    assert [position for position, _ in nll] == [64, 128, 150]
    assert nll[-1][1] == pytest.approx(loss, rel=1e-5)
    more = torch.tensor([TEXT[150:160]])
    behind = tiny(more, past_key_values=cache).logits
    torch.testing.assert_close(behind[0], tiny(torch.tensor([TEXT[:160]])).logits[0, 150:], atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_a_question_is_answered_as_if_all_were_read_again_and_leaves_the_cache_alone(tiny, tokenizer):
    ids = TEXT[:100]
    cache = pretrained.prefill(tiny, ids)
    answer = list(b" 123456")
    first = pretrained._ask(tiny, tokenizer, cache, "Oslo", answer)
    assert cache.get_seq_length() == 100
    assert pretrained._ask(tiny, tokenizer, cache, "Oslo", answer) == first
    question = list(pretrained.QUESTION.format("Oslo", "Oslo").encode())
    whole = torch.tensor([ids + question + answer])
    said = tiny(whole).logits[0, len(ids) + len(question) - 1 : -1].log_softmax(-1)
    expected = said.gather(1, torch.tensor(answer)[:, None]).sum().exp().item()
    assert first[1] == pytest.approx(expected, rel=1e-3)


def test_the_text_is_prose_and_long_enough():
    text = pretrained.prose()
    assert len(text) > 100_000 and "::=" not in text
