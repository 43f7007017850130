from itertools import cycle

import pytest
import torch

from runners.cot_decoding import decoder, tasks
from runners.cot_decoding.decoder import END, build, ids, train, word_tokenizer

WORDS = ["Q:", "A:", "a", "b", "so", "well", "even or odd"]


def test_words_with_spaces_are_one_token_and_the_longest_counts():
    tokenizer = word_tokenizer([*WORDS, "even", "or"])
    assert [tokenizer.decode([one]) for one in ids(tokenizer, "Q: even or odd A: even or b")] == [
        "Q:", "even or odd", "A:", "even", "or", "b",
    ]  # fmt: skip
    assert tokenizer.eos_token == END and tokenizer.bos_token_id is None and tokenizer.pad_token_id is None


@torch.no_grad()
def test_the_loss_is_that_of_the_answers_tokens_alone():
    tokenizer = word_tokenizer(WORDS)
    model = build(len(tokenizer), 16, 1, 0)
    rows = [([1, 3], [5, 0]), ([1, 4, 2], [6, 3, 0])]
    expected = 0.0
    for prompt, answer in rows:
        logits = model(torch.tensor([prompt + answer])).logits[0].log_softmax(-1)
        expected -= sum(logits[len(prompt) + i - 1, token].item() for i, token in enumerate(answer))
    assert decoder._loss(model, rows).item() == pytest.approx(expected, rel=1e-5)


def test_training_learns_what_is_told_and_the_same_seed_learns_the_same():
    tokenizer = word_tokenizer(WORDS)
    pairs = [("Q: a A:", "so b"), ("Q: b A:", "well a")]

    def trained():
        model, losses = build(len(tokenizer), 16, 1, 3), []
        train(model, tokenizer, cycle(pairs), steps=60, batch=4, rate=1e-2, tell=losses.append)
        return model, losses

    (model, losses), (again, _) = trained(), trained()
    assert losses[-1] < 0.2 < losses[0]
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))
    assert not model.training


def test_the_recorded_decoder_has_one_to_five_million_parameters():
    from runners.cot_decoding.demo import Config

    vocabulary = len(word_tokenizer(tasks.words()))
    model = build(vocabulary, Config().width, Config().layers, 0)
    assert 1e6 <= sum(weight.numel() for weight in model.parameters()) <= 5e6
