import json
from dataclasses import asdict
from pathlib import Path

import pytest

from nonmun.record import from_json, to_json
from nonmun.runner import rehearse
from runners.bitdelta import demo, plots

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
    return rehearse(demo, small(tiny, tenants=("orders", "directory"), repeats=2, rate=1e-2))


def test_every_criterion_is_measured(result):
    assert [check.value for check in result.checks if "not measured" in check.value] == []
    assert len(result.checks) == len(demo.CRITERIA)


def test_the_record_can_be_read_again_and_drawn(result):
    again = from_json(to_json(result))
    assert asdict(again) == json.loads(json.dumps(asdict(result))) | {
        "metrics": asdict(again)["metrics"],
        "checks": asdict(again)["checks"],
        "figures": (),
    }
    figures = plots.draw(again)
    assert set(figures) == {"gain", "bytes", "distillation", "memory"}
