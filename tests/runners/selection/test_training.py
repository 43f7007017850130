import numpy as np
import pytest
import torch

from runners.selection import training
from runners.selection.training import Curve, Run, Shape

pytest.importorskip("transformers", reason="transformers is not installed: make runners")

SHAPE = Shape(vocabulary=40, width=16, layers=1, window=8, batch=4, tokens=4 * 8 * 30, points=3)


def docs(seed: int = 0, count: int = 20) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [np.array([*rng.integers(1, 9, rng.integers(3, 12)), 0]) for _ in range(count)]


class Quiet:
    def stage(self, *_):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def advance(self, *_, **__):
        return None


def test_windows_hold_every_token_of_a_pass_before_any_comes_again():
    own = docs()
    total = sum(map(len, own))
    drawn = training.windows(own, 8, 0)
    first = np.concatenate([next(drawn) for _ in range(total // 8)])
    counts = np.bincount(np.concatenate(own), minlength=9)
    assert (np.bincount(first, minlength=9) <= counts).all()
    assert len(first) > total - 8


def test_training_lowers_the_loss_and_is_the_same_however_many_run_together():
    sets = {"own": training.held_out(docs(), 8)}
    runs = [Run("a", 1, docs()), Run("b", 2, docs()), Run("a", 1, docs())]
    found = training.train_all(runs, SHAPE, sets, Quiet(), "train")
    curves = [curve for _, curve, _ in found]
    assert curves[0] == curves[2]
    assert curves[0] != curves[1]
    assert curves[0].tokens == [320, 640, 960]
    assert curves[0].losses["own"][-1] < curves[0].losses["own"][0] < np.log(40)
    alone = training.train_all(runs[1:2], SHAPE, sets, Quiet(), "train")[0][1]
    assert alone == curves[1]


def test_the_loss_of_a_set_is_the_mean_over_its_tokens():
    model = training.build(SHAPE, 0)
    ids = training.held_out(docs(), 8)
    logits = model(input_ids=ids).logits[:, :-1]
    expected = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten()).item()
    assert training.loss_on(model, ids) == pytest.approx(expected, rel=1e-5)


def test_the_loss_of_each_document_is_that_of_reading_it_alone():
    model, own = training.build(SHAPE, 0), docs(1)
    found = training.loss_of_each(model, own)
    for place in (0, 7, 19):
        ids = torch.tensor([[0, *own[place]]])
        logits = model(input_ids=ids).logits[0, :-1]
        expected = torch.nn.functional.cross_entropy(logits, ids[0, 1:]).item()
        assert found[place] == pytest.approx(expected, rel=1e-4)


def test_a_failing_run_stops_the_others_and_gives_the_cores_back(monkeypatch):
    before = torch.get_num_threads()

    def fail(*_):
        raise FloatingPointError("no")

    monkeypatch.setattr(training, "train", fail)
    with pytest.raises(FloatingPointError):
        training.train_all([Run("a", 0, docs()), Run("b", 0, docs())], SHAPE, {}, Quiet(), "train")
    assert torch.get_num_threads() == before


@pytest.mark.parametrize(("goal", "expected"), [(5.0, 100.0), (4.5, 100.0), (4.0, 150.0), (3.0, 300.0), (2.9, None)])
def test_tokens_to_a_loss_lie_on_the_line_between_two_points(goal, expected):
    curve = Curve([100, 200, 300], {"own": [4.5, 3.5, 3.0]})
    assert training.tokens_to(curve, "own", goal) == expected


def test_a_text_is_the_same_tokens_again_and_ends_in_an_end():
    texts = ["the cat sat on the mat", "the dog sat on the log"] * 5
    one, other = (training.tokenizer(texts, 300) for _ in range(2))
    encoded = training.encode(one, texts)
    assert [own.tolist() for own in encoded] == [own.tolist() for own in training.encode(other, texts)]
    assert all(own[-1] == 0 for own in encoded)
    assert one.decode(encoded[0][:-1].tolist()) == texts[0]
