"""A result as runners write it, to be changed by tests."""

from nonmun.record import Clip, Criterion, Figure, Metric, Result, judge

CRITERIA = (
    Criterion("되찾는다 · it recovers", "recovered", at_least=0.97, interval=True),
    Criterion("대조 · control", "random", at_most=0.1, control=True),
)
METRICS = (
    Metric("recovered", 0.99, "되찾은 비율 · recovered", better="higher", ci95=(0.98, 1.0), baseline=0.9),
    Metric("random", -0.2, unit="x", group="대조군 · controls"),
)


def sample(metrics=METRICS, criteria=CRITERIA, **changes) -> Result:
    fields = {
        "runner": "bitdelta",
        "preset": "quick",
        "paper": "arXiv:2402.10193",
        "claim": {"ko": "주장", "en": "claim"},
        "config": {"steps": 32, "tasks": ["쉬움", "hard"], "model": None},
        "seed": 7,
        "device": "cpu",
        "threads": 2,
        "versions": {"python": "3.11.7"},
        "sources": {"bitdelta/demo.py": "0" * 64},
        "started": "2024-02-16T09:30:00+00:00",
        "seconds": 161.5,
        "peak_memory": 2**30,
        "metrics": metrics,
        "checks": judge(criteria, metrics),
        "series": {"loss": [1.0, 0.5, None], "by": {"a": [1, 2]}},
        "config_schema": {"properties": {"steps": {"default": 32, "minimum": 1, "description": "steps"}}},
        "figures": (Figure("loss", "quick-loss.svg", "제목 · title", "a line that falls", "1" * 64),),
        "clips": (Clip("run", "quick-run.webp", "quick-run-still.webp", "t", "a", 96, 64, "2" * 64, "3" * 64),),
    }
    return Result(**{**fields, **changes})
