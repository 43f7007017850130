import numpy as np
import pytest
import torch

from runners.long_context.haystack import ASKED, LENGTH, NAME_AT, VOCABULARY
from runners.long_context.reading import Queries, mixed
from runners.long_context.training import batch, context, loss_of, train

from .conftest import untrained


def test_a_second_mention_repeats_the_first_and_there_is_no_third():
    ids, again, new = context(np.random.default_rng(0), 2048, 0.5)
    said = {}
    for place in sorted(again + new):
        fact = ids[place : place + LENGTH].tolist()
        name = fact[NAME_AT]
        assert fact == VOCABULARY.fact(
            name - VOCABULARY.first["name"], [n - VOCABULARY.first["number"] for n in fact[6:8]]
        )
        said.setdefault(name, []).append(fact)
    assert len(again) > 20
    assert all(len(facts) <= 2 and facts[0] == facts[-1] for facts in said.values())
    assert sum(len(facts) == 2 for facts in said.values()) == len(again)


def test_queries_stand_before_the_tokens_of_numbers():
    ids, places = batch(np.random.default_rng(1), 3, 512, 0.5, 16)
    assert ids.shape == (3, 512) and places.shape == (3, 16)
    first, count = VOCABULARY.first["number"], VOCABULARY.count["number"]
    answers = ids.gather(1, places + 1)
    assert ((answers >= first) & (answers < first + count)).all()


def test_the_loss_is_that_of_attention_written_out(model):
    ids, places = batch(np.random.default_rng(2), 2, 128, 0.5, 5)
    loss, _ = loss_of(model, ids, places, 1.5)
    for row, own in enumerate(places.tolist()):
        states = model.states(ids[row : row + 1])[0]
        keys = model.keys(states)
        for column, place in enumerate(own):
            logits = 1.5 * np.log(place) * (keys[:place] @ keys[place])
            pointer = torch.zeros(model.vocabulary).index_add_(0, ids[row, 1 : place + 1], logits.softmax(0))
            last = states[place : place + 1]
            queries = Queries(keys[place : place + 1], torch.tensor([place]), model.unread(last), model.trust(last))
            wanted = ids[row, place + 1]
            expected = -mixed(pointer[None], queries)[0, wanted].log()
            assert loss[row, column].item() == pytest.approx(expected.item(), rel=1e-4)


def test_training_lowers_the_loss_and_is_the_same_for_the_same_seed():
    ids, places = batch(np.random.default_rng(90), 4, 512, 0.5, 24)  # which training does not see

    def loss_after(steps, seed=7):
        model = untrained(5, width=32, dims=16)
        if steps:
            train(
                model, seed, steps=steps, contexts=2, length=512, queries=24, facts=0.5, rate=1e-2, scale=1.5,
            )  # fmt: skip
        with torch.no_grad():
            return loss_of(model, ids, places, 1.5)[0].mean().item()

    after = loss_after(40)
    assert after == loss_after(40)
    assert after != loss_after(40, seed=8)
    assert after < 0.8 * loss_after(0)


def test_what_is_asked_for_has_been_said_where_it_is_known():
    ids, places = batch(np.random.default_rng(3), 2, 1024, 0.5, 200)
    known = 0
    for text, own in zip(ids, places, strict=True):
        for place in own.tolist():
            at = place - (ASKED - 1) if text[place] == VOCABULARY.words.index("is:") else place - ASKED
            known += bool((text[:at] == text[at + NAME_AT]).any())
    assert 0.85 < known / places.numel() < 1
