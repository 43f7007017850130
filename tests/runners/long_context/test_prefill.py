import random

import pytest
import torch

from runners.long_context import prefill

TEXT = list(("The quick brown fox jumps over the lazy dog. " * 20).encode())


def logits(model, ids):
    return model(torch.tensor([ids])).logits[0]


@pytest.fixture
def reading(tiny):
    with torch.inference_mode():
        yield prefill.Reading(tiny, 300, block=64)


def test_reading_in_blocks_is_reading_at_once(tiny, reading):
    ids, nll = TEXT[:150], []
    last = reading.read(ids, nll)
    whole = logits(tiny, ids)
    torch.testing.assert_close(last, whole[-1], atol=1e-5, rtol=1e-4)
    for position, found in nll:
        loss = torch.nn.functional.cross_entropy(whole[: position - 1], torch.tensor(ids[1:position])).item()
        assert found == pytest.approx(loss, rel=1e-5)
    assert [position for position, _ in nll] == [64, 128, 150]
    more = reading.read(TEXT[150:160])
    torch.testing.assert_close(more, logits(tiny, TEXT[:160])[-1], atol=1e-5, rtol=1e-4)


def test_text_is_read_on_from_wherever_it_was_cut_back_to(tiny, reading):
    draw = random.Random(0)
    reading.read(TEXT[:200])
    for kept in (200, 131, 64, 63, 1, 0):
        reading.keep(kept)
        other = [draw.randrange(256) for _ in range(77)]
        last = reading.read(other)
        assert reading.ids == TEXT[:kept] + other
        assert reading.cache.get_seq_length() == kept + 77
        torch.testing.assert_close(last, logits(tiny, TEXT[:kept] + other)[-1], atol=1e-5, rtol=1e-4)
        reading.keep(kept)


def test_an_answer_is_weighed_without_a_trace(tiny, reading):
    reading.read(TEXT[:100])
    asked, answer = list(b"Which number?"), list(b" 123456")
    first = reading.behind(asked, answer)
    assert reading.cache.get_seq_length() == len(reading.ids) == 100
    assert torch.equal(reading.behind(asked, answer), first)
    whole = logits(tiny, TEXT[:100] + asked + answer)[-len(answer) - 1 : -1]
    torch.testing.assert_close(first, whole, atol=1e-5, rtol=1e-4)


def test_what_was_not_read_cannot_be_kept_and_room_has_an_end(reading):
    reading.read(TEXT[:100])
    with pytest.raises(ValueError, match="expected at most the 100"):
        reading.keep(101)
    with pytest.raises(ValueError, match="make more room"):
        reading.read(TEXT[:201])


def test_keys_stay_where_they_were_put(tiny, reading):
    reading.read(TEXT[:64])
    layer = reading.cache.layers[0]
    first = layer.keys.data_ptr()
    reading.read(TEXT[64:200])
    assert layer.keys.data_ptr() == first


def test_a_model_that_is_not_plain_is_read_with_its_own_attention(tiny, reading, monkeypatch):
    ours = reading.read(TEXT[:130])
    monkeypatch.setattr(prefill, "PLAIN", ())
    monkeypatch.setattr(prefill, "two_parts", None)  # which would fail if it were called
    theirs = prefill.Reading(tiny, 300, block=64).read(TEXT[:130])
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-4)
    assert tiny.config._attn_implementation == "sdpa"


@pytest.mark.parametrize("past", [0, 1, 40])
def test_two_parts_are_the_softmax_of_all(past):
    torch.manual_seed(past)
    queries, heads, groups, dims = 9, 6, 2, 8
    q = torch.randn(1, heads, queries, dims) * 3
    k, v = (torch.randn(1, groups, past + queries, dims) for _ in range(2))
    hidden = torch.arange(past + queries) > torch.arange(past, past + queries)[:, None]
    logits = q @ k.repeat_interleave(3, 1).transpose(-1, -2) * 0.5
    plain = logits.masked_fill(hidden, -torch.inf).softmax(-1) @ v.repeat_interleave(3, 1)
    torch.testing.assert_close(prefill.two_parts(q, k, v, 0.5), plain, atol=1e-6, rtol=1e-5)
