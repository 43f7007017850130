import threading
import time

import pytest
import torch
from drawn_again import drawn_again

from nonmun.runner import RunnerError, rehearse
from runners.mixture_of_experts import corpus, demo, measure, plots, summary, timing, training
from runners.mixture_of_experts.method import MixtureOfExperts

SMALL = {
    "bytes": 20_000, "length": 48, "steps": 12, "batch": 8, "layers": 2, "width": 16, "heads": 2, "experts": 4,
    "hidden": 8, "test": 8, "rounds": 2, "device": "cpu",
}  # fmt: skip


def small(**changes) -> demo.Config:
    return demo.Config(**{**SMALL, **changes})


@pytest.fixture(scope="module")
def result():
    return rehearse(demo, small(seed=100, repeats=2))


def untimed(result):
    return [metric for metric in result.metrics if metric.name != "time_ratio"]


def test_the_same_seed_gives_the_same_metrics_on_any_number_of_threads():
    threads = torch.get_num_threads()
    one = rehearse(demo, small(seed=105, repeats=1))
    try:
        torch.set_num_threads(1)
        other = rehearse(demo, small(seed=105, repeats=1))
    finally:
        torch.set_num_threads(threads)
    assert untimed(one) == untimed(other)
    assert untimed(one) != untimed(rehearse(demo, small(seed=106, repeats=1)))


def test_every_criterion_is_measured(result):
    names = {metric.name for metric in result.metrics}
    assert {criterion.metric for criterion in demo.CRITERIA} <= names
    assert result.metric("sparse_minus_dense").ci95 is not None
    assert result.metric("aux_error").value <= 1e-6


def test_the_record_can_be_read_again_and_drawn(result):
    assert set(drawn_again(plots, result)) == {"loss", "learning", "load", "experts--text", "experts--character"}


def test_loads_count_every_assignment_of_every_layer(result):
    for kind in summary.ROUTED:
        by_text, by_class = result.series["by_text"][kind], result.series["by_class"][kind]
        for text, chars in zip(by_text, by_class, strict=True):
            assert [sum(column) for column in zip(*text, strict=True)] == [
                sum(column) for column in zip(*chars, strict=True)
            ]
    assert result.series["by_text"]["dense"] == []
    layers = [sum(map(sum, layer)) for layer in result.series["by_text"]["sparse"]]
    assert len(layers) == 2 and layers[0] == layers[1] > 0


def test_variants_asked_for_once_are_of_the_first_seed_alone():
    config = small(seed=100, repeats=2, once=("frozen",))
    assert demo.jobs(config).count(("frozen", 100)) == 1
    assert ("frozen", 101) not in demo.jobs(config)
    assert ("dense_total", 101) in demo.jobs(config)


# --- what the criteria are held against ---


def measured(kind, seed, loss, load=(1, 1, 1, 1)):
    trained = training.Trained(kind, seed, None, [1.0], [1.0], [0.0])
    routed = kind not in ("dense", "dense_total")
    by_text = torch.tensor([[load]]) if routed else None
    return measure.Measured(trained, {"prose": loss}, by_text, by_text, 0.0 if routed else None)


def judged(found):
    by_kind = {}
    for one in found:
        by_kind.setdefault(one.trained.kind, []).append(one)
    return {metric.name: metric for metric in summary._judged(by_kind, {"sparse": 3.0, "dense": 2.0})}


def test_losses_are_compared_seed_by_seed():
    found = judged(
        [measured("sparse", seed, 1 + seed) for seed in range(3)]
        + [measured("no_aux", seed, 1.0) for seed in range(3)]
        + [measured("dense", seed, 1.5 + seed) for seed in range(3)]
    )
    assert found["sparse_minus_dense"].value == pytest.approx(-0.5)
    assert found["sparse_minus_dense"].ci95 == pytest.approx((-0.5, -0.5))  # though the seeds differ by more
    assert found["time_ratio"].value == 1.5


def test_control_fails_where_one_seed_does_not_collapse():
    even, one_sided = (1, 1, 1, 1), (9, 1, 1, 1)
    runs = [measured("sparse", seed, 1.0) for seed in range(2)] + [measured("dense", seed, 1.0) for seed in range(2)]
    (control,) = [criterion for criterion in demo.CRITERIA if criterion.control]
    both = judged([*runs, measured("no_aux", 0, 1.0, one_sided), measured("no_aux", 1, 1.0, one_sided)])
    one = judged([*runs, measured("no_aux", 0, 1.0, one_sided), measured("no_aux", 1, 1.0, even)])
    assert control.holds(both["entropy_gap"])
    assert not control.holds(one["entropy_gap"])


def test_experts_in_use_have_a_tenth_of_an_even_load():
    assert summary.experts_in_use(measured("sparse", 0, 1.0, (100, 100, 10, 1))) == 3


def test_expert_tells_the_kind_where_each_kind_has_its_own():
    assert measure.told_by_expert(torch.tensor([[5, 0], [0, 5]])) == pytest.approx(1)
    assert measure.told_by_expert(torch.tensor([[5, 5], [5, 5]])) == pytest.approx(0)
    assert measure.told_by_expert(torch.tensor([[5, 5]])) == 0


# --- training ---


def test_variants_of_a_seed_see_the_same_text():
    text = corpus.read(20_000, 48)
    one, other = (training.draw(text, 8, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(one, other)
    assert one.shape == (8, 49)


def test_rate_rises_then_falls_to_nearly_nought():
    rates = [training.share_of_rate(step, 100) for step in range(100)]
    assert rates[0] == pytest.approx(0.2)
    assert max(rates) == 1
    assert 0 < rates[-1] <= 0.02


def test_load_is_more_even_with_the_auxiliary_loss_than_without():
    text = corpus.read(20_000, 48)
    config = small(steps=60, alpha=0.5, rate=1e-2)
    ours, without = (
        sum(training.train(kind, 100, text, config, torch.device("cpu"), lambda loss: None).entropies[-10:]) / 10
        for kind in ("sparse", "no_aux")
    )
    assert ours > 0.95
    assert without < ours


def test_loss_that_is_no_number_is_one_line():
    text = corpus.read(20_000, 48)
    with pytest.raises(RunnerError, match="no number; train it with a lower --rate"):
        config = small().model_copy(update={"rate": float("inf")})
        training.train("sparse", 100, text, config, torch.device("cpu"), lambda loss: None)


def test_training_that_fails_in_one_variant_stops_the_others(monkeypatch):
    seen = []

    def train(kind, seed, text, config, device, tell):
        seen.append(threading.current_thread())
        if len(seen) == 1:
            raise FloatingPointError("diverged")
        for _ in range(100_000):
            time.sleep(0.001)
            tell(1.0)

    monkeypatch.setattr(training, "train", train)
    before = torch.get_num_threads()
    with pytest.raises(FloatingPointError, match="diverged"):
        rehearse(demo, small())
    assert not any(thread.is_alive() for thread in seen)
    assert torch.get_num_threads() == before


def test_timed_layers_are_of_equal_active_flops(monkeypatch):
    seen = {}
    monkeypatch.setattr(
        timing, "in_turns", lambda steps, rounds, device: seen.update(steps) or dict.fromkeys(steps, 1.0)
    )
    monkeypatch.setattr(timing, "layer_step", lambda layer, x, real: layer)
    shape = training.shape_of(small())
    timing.layer_seconds(shape, 64, 2, torch.device("cpu"))
    sparse, dense = seen["sparse"], seen["dense"]
    assert isinstance(sparse, MixtureOfExperts)
    active = sparse.router_DE.numel() + 2 * (sparse.up_EDH[0].numel() + sparse.down_EHD[0].numel())
    assert active == dense.up_DH.numel() + dense.down_HD.numel()
