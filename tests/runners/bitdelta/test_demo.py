import math
from pathlib import Path

import pytest
from drawn_again import drawn_again

from nonmun.runner import RunnerError, rehearse
from runners.bitdelta import demo, plots, resident, summary
from runners.bitdelta.tenant import Measured

SMALL = {
    "steps": 2,
    "batch": 4,
    "distill_steps": 2,
    "test": 5,
    "windows": 2,
    "window": 16,
    "distances": 1,
    "most_bits": 2,
    "served": (1, 8),
    "copies": (1, 2),
    "decoded": 3,
    "decode_steps": 1,
}


def small(tiny: Path, **changes) -> demo.Config:
    return demo.Config(model=str(tiny), device="cpu", **{**SMALL, **changes})


@pytest.fixture(scope="module")
def result(tiny):
    return rehearse(demo, small(tiny, tenants=("orders", "translation"), repeats=2, rate=1e-2))


def test_every_criterion_is_measured(result):
    assert [check.value for check in result.checks if "not measured" in check.value] == []
    assert len(result.checks) == len(demo.CRITERIA)


def test_the_record_can_be_read_again_and_drawn(result):
    assert set(drawn_again(plots, result)) == {"gain", "bytes", "distillation", "memory"}


def test_the_same_seed_gives_the_same_metrics(tiny):
    config = small(tiny, seed=5, served=(1,), copies=(1,))
    runs = [rehearse(demo, config) for _ in range(2)]
    timed = {metric.name for metric in runs[0].metrics if metric.group == summary.SERVED}
    one, other = ([metric for metric in run.metrics if metric.name not in timed] for run in runs)
    assert one == other
    assert {name.rpartition("_")[0] for name in timed} >= {"resident", "weights_of", "mixed"}


def test_seeds_and_tenants_are_measured_one_by_one(result):
    tasks = result.series["tasks"]
    assert list(tasks) == ["orders", "translation"]
    assert all(len(task["curves"]) == len(task["distances"]) == 2 for task in tasks.values())
    assert tasks["orders"]["variants"]["bits2"]["bytes"] == 2 * tasks["orders"]["variants"]["distilled"]["bytes"]


def test_the_worst_tenant_and_seed_is_what_a_criterion_is_held_against(result):
    tasks = result.series["tasks"]
    assert result.metric("recovered_distilled").value == min(tasks["orders"]["recovered"]["distilled"])
    assert result.metric("recovered_random").value == max(tasks["orders"]["recovered"]["random"])
    every = [before / after for task in tasks.values() for before, after in task["distances"]]
    assert result.metric("distance_ratio").value == min(every)


def test_recovered_is_nought_for_the_base_and_one_for_the_fine_tune():
    run = Measured("orders", 0, nats={"base": [4.0, 5], "fine": [1.0, 2], "half": [2.5, 3.5]})
    assert [summary.recovered(run, variant)[0] for variant in ("base", "half", "fine")] == [0, 0.5, 1]


def test_nothing_to_recover_is_no_number_without_end():
    run = Measured("orders", 0, nats={"base": [4.0, 5], "fine": [4.0, 5], "worse": [4.0, 6]})
    assert summary.recovered(run, "fine")[0] == 0
    assert math.isfinite(summary.recovered(run, "worse")[0])


def test_a_tenant_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="'orders', 'directory' or 'translation'"):
        demo.Config(tenants=("order",))


def test_a_child_that_fails_is_one_line(tiny):
    class Watcher:
        def on_exit(self, callback) -> None:
            self.callback = callback

    with pytest.raises(RunnerError, match="memory could not be measured") as caught:
        resident.measure({"model": "/nowhere"}, Watcher())
    assert "\n" not in str(caught.value)
