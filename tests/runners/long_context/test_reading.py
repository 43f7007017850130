import numpy as np
import pytest
import torch

from runners.long_context import dense
from runners.long_context.haystack import ASKED, VOCABULARY, hide
from runners.long_context.reading import SLOTS, ask, margins, questions, read, within
from runners.long_context.store import Store

from .conftest import untrained

SCALE, TRAINED = 1.5, 256


def read_into(model, ids, chunk, dtype=torch.float32, **named):
    store = Store(len(ids) - 1, model.dims, dtype=dtype, **named)
    read(model, ids, store, chunk)
    return store


def asked(model, haystack, chunk, log_n=True, **named):
    store = read_into(model, haystack.ids, chunk, **named)
    queries = questions(model, haystack.ids, haystack.needles)
    return store, queries, ask(store, queries, scale=SCALE, trained=TRAINED, chunk=chunk, log_n=log_n)


def dense_answers(model, haystack):
    rows = []
    for needle in haystack.needles:
        whole = torch.cat([torch.from_numpy(haystack.ids).long(), torch.tensor(needle.ids[: ASKED + SLOTS - 1])])
        rows.append(dense.answers(model, whole, torch.arange(len(whole) - SLOTS, len(whole)), SCALE))
    return torch.cat(rows)


@pytest.mark.parametrize("chunk", [16, 100, 333, 10_000])
def test_chunks_of_any_size_give_the_keys_of_the_whole(model, chunk):
    ids = hide(np.random.default_rng(0), 600, [0.5], 0.5).ids
    with torch.inference_mode():
        whole = model.keys(model.states(torch.from_numpy(ids)[None].long()))[0, :-1]
    store = read_into(model, ids, chunk)
    assert store.filled == 599
    torch.testing.assert_close(store.key(torch.arange(599)), whole, atol=1e-5, rtol=0)
    assert torch.cat([value for _, _, value in store.chunks(100)]).tolist() == ids[1:].tolist()


@pytest.mark.parametrize("length", [60, 700])
def test_chunked_answers_equal_dense_ones(model, length):
    haystack = hide(np.random.default_rng(1), length, [0.0, 0.4, 1.0], 0.5)
    _, _, heard = asked(model, haystack, 128)
    torch.testing.assert_close(heard.answer_QV.double(), dense_answers(model, haystack), atol=1e-6, rtol=1e-4)


@pytest.mark.slow
def test_chunked_equals_dense_to_a_hundred_thousandth_at_8k():
    model = untrained(1)
    haystack = hide(np.random.default_rng(2), 8192, [0.0, 1.0], 0.5)
    _, _, heard = asked(model, haystack, 1000)
    assert (heard.answer_QV - dense_answers(model, haystack)).abs().max() <= 1e-5


def test_answers_are_probabilities(model):
    haystack = hide(np.random.default_rng(3), 400, [0.5], 0.5)
    _, _, heard = asked(model, haystack, 64)
    torch.testing.assert_close(heard.pointer_QV.sum(1), torch.ones(2))
    torch.testing.assert_close(heard.answer_QV.sum(1), torch.ones(2))


def test_margins_agree_with_the_attention_that_the_needle_gets(model):
    haystack = hide(np.random.default_rng(4), 500, [0.1, 0.8], 0.5)
    store, queries, heard = asked(model, haystack, 64)
    found = margins(store, queries, heard, haystack.needles)
    assert found.shape == (SLOTS, 2)
    keys = torch.cat([key for _, key, _ in store.chunks(10_000)]).double()
    for place, needle in enumerate(haystack.needles):
        for slot in range(SLOTS):
            row = place * SLOTS + slot
            seen = torch.cat([keys, queries.own_QJD[row, : queries.own_seen_Q[row]].double()])
            logits = seen @ queries.vector_QD[row].double() * heard.temperature_Q[row].double()
            at = needle.at + ASKED - 1 + slot
            others = torch.cat([logits[:at], logits[at + 1 :]])
            expected = logits[at] - others.exp().mean().log()
            assert found[slot, place].item() == pytest.approx(expected.item(), abs=1e-3)


def test_a_query_within_a_text_sees_what_stands_before_it_alone(model):
    ids = hide(np.random.default_rng(5), 600, [0.5], 0.5).ids
    places = [40, 299, 300, 598]
    store = read_into(model, ids, 128)
    heard = ask(store, within(model, ids, places), scale=SCALE, trained=TRAINED, chunk=128)
    expected = dense.answers(model, torch.from_numpy(ids).long(), torch.tensor(places), SCALE)
    torch.testing.assert_close(heard.answer_QV.double(), expected, atol=1e-6, rtol=1e-4)


def test_a_query_before_the_first_whole_window_is_refused(model):
    ids = hide(np.random.default_rng(6), 200, [0.5], 0.5).ids
    with pytest.raises(ValueError, match="ask later"):
        within(model, ids, [3])


def test_without_log_n_scaling_the_temperature_is_that_of_training(model):
    haystack = hide(np.random.default_rng(7), 700, [0.5], 0.5)
    _, _, on = asked(model, haystack, 64)
    _, _, off = asked(model, haystack, 64, log_n=False)
    assert on.temperature_Q[0].item() == pytest.approx(SCALE * np.log(700 + 5))
    assert off.temperature_Q.tolist() == pytest.approx([SCALE * np.log(TRAINED)] * 2)


def test_keys_in_a_file_give_the_same_answers(model, tmp_path):
    haystack = hide(np.random.default_rng(8), 500, [0.5], 0.5)
    _, _, in_memory = asked(model, haystack, 64, dtype=torch.bfloat16)
    store, _, mapped = asked(model, haystack, 64, dtype=torch.bfloat16, folder=tmp_path)
    assert torch.equal(in_memory.answer_QV, mapped.answer_QV)
    assert (tmp_path / "keys").stat().st_size == 499 * model.dims * 2
    store.close()
    assert not list(tmp_path.iterdir())


def test_a_question_is_the_beginning_of_the_needle(model):
    needle = hide(np.random.default_rng(9), 100, [0.5], 0.5).needles[0]
    assert VOCABULARY.text(needle.ids[:ASKED]).endswith("number is:")
    assert all(word.isdigit() for word in VOCABULARY.text(needle.ids[ASKED : ASKED + SLOTS]).split())
