import pytest
import torch

from runners.bitdelta import storage, training
from runners.bitdelta.tasks import TASKS, Example
from runners.models import language_model


@pytest.fixture
def loaded(tiny):
    return language_model(str(tiny), device="cpu")


EXAMPLES = [Example("ab:", " xy"), Example("a longer prompt:", " q"), Example("c:", " the answer")]


def test_answers_are_measured_as_a_naive_loop_would(loaded):
    nats, right = training.answer(loaded.model, training.batches(loaded.tokenizer, EXAMPLES, 2))
    for example, nat, hit in zip(EXAMPLES, nats, right, strict=True):
        prompt = loaded.tokenizer(example.prompt).input_ids
        wanted = loaded.tokenizer(example.answer + "\n").input_ids
        losses, written = [], list(prompt)
        for token in wanted:
            with torch.no_grad():
                logits = loaded.model(input_ids=torch.tensor([prompt + wanted[: len(losses)]])).logits[0, -1]
                greedy = loaded.model(input_ids=torch.tensor([written])).logits[0, -1].argmax().item()
            losses.append(-logits.log_softmax(-1)[token].item())
            written.append(greedy)
        assert nat == pytest.approx(sum(losses) / len(losses), rel=1e-4)
        assert hit == (written[len(prompt) :] == wanted)


def test_fine_tuning_moves_the_named_weights_alone_and_learns(loaded):
    model = loaded.model
    names = list(storage.linear_weights(model))
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    data = training.batches(loaded.tokenizer, TASKS["orders"].examples(0, 64, 1)[0], 8)
    losses = []
    training.fine_tune(model, names, data, 1e-2, losses.append)
    moved = {name for name, parameter in model.named_parameters() if not torch.equal(parameter, before[name])}
    assert moved == set(names)
    assert losses[-1] < 0.8 * losses[0]
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_greedy_answers_that_were_learned_are_right(loaded):
    data = training.batches(loaded.tokenizer, [Example("ab:", " x")] * 4, 4)
    training.fine_tune(loaded.model, list(storage.linear_weights(loaded.model)), data * 80, 1e-2, lambda loss: None)
    assert training.answer(loaded.model, data)[1] == [True] * 4
    other = training.batches(loaded.tokenizer, [Example("ab:", " x"), Example("ab:", " y")], 2)
    nats, right = training.answer(loaded.model, other)
    assert right == [True, False]
    assert nats[0] < nats[1]


def test_windows_have_their_length_and_come_from_all_of_a_text(loaded):
    text = "".join(chr(97 + place * 26 // 40_000) for place in range(40_000))
    found = training.windows(loaded.tokenizer, text, 5, 16)
    assert found.shape == (5, 16)
    letters = [loaded.tokenizer.decode(row)[0] for row in found]
    assert letters[0] == "a"
    assert letters == sorted(letters)
    assert letters[-1] == "z"


def test_text_nll_is_that_of_the_whole_sequence(loaded):
    ids = torch.arange(60).view(3, 20) + 5
    with torch.no_grad():
        logits = loaded.model(input_ids=ids).logits[:, :-1].log_softmax(-1)
    expected = -logits.gather(-1, ids[:, 1:, None]).squeeze(-1).mean(1)
    assert training.text_nll(loaded.model, ids) == pytest.approx(expected.tolist(), rel=1e-5)
