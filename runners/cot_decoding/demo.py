"""Trains a small decoder on answers that are mostly direct, decodes it both ways, and tries SmolLM2 as it comes.

What is claimed, what is asked for, what must hold. trained.py trains and measures, pretrained.py asks SmolLM2,
summary.py turns both into metrics.
"""

from __future__ import annotations

from typing import Literal

from nonmun.runner import Criterion, Preset, Progress, Result, setting
from runners.models import ModelSettings

from . import pretrained, trained
from .summary import metrics, series

PAPER = "arXiv:2402.10200"
CLAIM = {
    "ko": "첫 token만 상위 k개로 갈라 greedy로 이어 가면 풀이를 거치는 경로가 나오고, "
    "답 token의 1위와 2위 확률 차이(Δ)로 그 경로를 골라낼 수 있습니다.",
    "en": "Branching over the top k first tokens and continuing greedily brings out paths that work the problem out, "
    "and the gap between the two most probable answer tokens, Δ, tells which they are.",
}

Task = Literal["multiplication", "one_step", "two_step", "parity"]
SWEEP = (1, 2, 3, 4, 5, 6, 8, 10)


class Config(ModelSettings):
    """What is trained, what is asked, and of which model."""

    k: int = setting(10, "branches at the first token", source='paper: "k=10"', ge=1, le=100)
    sweep: tuple[int, ...] = setting(SWEEP, "numbers of branches compared", source="ours: up to k", min_length=1)
    later: tuple[int, ...] = setting((1, 2), "later steps to branch at", source="ours: within a direct answer")
    repeats: int = setting(1, "training seeds, from --seed on", source="ours: one in quick", ge=1, le=10)
    train_steps: int = setting(440, "steps of training", source="ours: a minute on two cores", ge=1, le=100_000)
    batch: int = setting(96, "examples in a step", source="ours: so that two cores are busy", ge=2, le=4096)
    rate: float = setting(3e-3, "highest learning rate", source="ours: higher ones diverge", gt=0, le=0.1)
    width: int = setting(192, "width of the decoder", source="ours: 1.2 million parameters", ge=8, multiple_of=8)
    layers: int = setting(2, "layers of the decoder", source="ours: enough to copy and look up", ge=1, le=24)
    worked: float = setting(0.4, "share of worked answers in training", source="ours: a minority", gt=0, lt=0.5)
    each: int = setting(
        60, "test questions of each family and number of steps", source="ours: some 500 in all", ge=2, le=10_000
    )
    length: int = setting(48, "tokens of a path, at most", source="ours: four steps take 33", ge=4, le=4096)
    temperature: float = setting(0.7, "of self-consistency", source="ours: usual for sampling", gt=0, le=5)
    together: int = setting(32, "prompts of equal length decoded together", source="ours: fits a cache", ge=1, le=1024)
    tasks: tuple[Task, ...] = setting((), "what the pretrained model is asked", source="ours: nothing in quick")
    asked: int = setting(100, "questions of each of these tasks", source="ours: what the criterion asks", ge=2)
    asked_together: int = setting(64, "of its prompts decoded together", source="ours: as fits 4 GiB", ge=1, le=256)
    asked_sampled: tuple[Task, ...] = setting(
        ("multiplication",), "of these it samples as well, as Question:/Answer:", source="ours: it doubles the time"
    )


_ALL: tuple[Task, ...] = ("multiplication", "one_step", "two_step", "parity")
PRESETS = {
    "quick": Preset(Config(), minutes=3, gib=2, about="the trained decoder, one seed"),
    "full": Preset(
        Config(repeats=3, sweep=tuple(range(1, 21)), tasks=_ALL),
        minutes=20, gib=4, about="three seeds, k from 1 to 20, SmolLM2 on four tasks in two wordings",
    ),
}  # fmt: skip

_PRETRAINED = ("full",)
CRITERIA = (
    Criterion(
        "둘 이상의 과제군에서 합산이 greedy보다 20점 넘게 높다 · aggregated beats greedy by 20 points on two families",
        "gain_second", at_least=20, unit="points",
    ),
    Criterion(
        "그 차이의 95 % 구간이 모든 seed에서 0보다 크다 · in each seed the 95 % interval of that difference is above 0",
        "gain_second", above=0, interval=True, unit="points",
    ),
    Criterion(
        "Δ는 정답인 경로를 가려낸다 · Δ tells paths that are right from others",
        "auroc_correct", at_least=0.75,
    ),
    Criterion(
        "대조: 풀이가 망가진 decoder는 이득이 없다 · control: corrupted chains gain nothing",
        "corrupted_gain", at_most=3, control=True, unit="points",
    ),
    Criterion(
        "SmolLM2, 곱셈: 합산이 greedy보다 높다 · SmolLM2, multiplication: aggregated beats greedy",
        "smollm2_gain", above=0, unit="points", presets=_PRETRAINED,
    ),
    Criterion(
        "그 차이는 우연이 아니다 (McNemar) · and not by chance (McNemar)",
        "smollm2_p", below=0.05, presets=_PRETRAINED,
    ),
)  # fmt: skip


def run(config: Config, progress: Progress) -> Result:
    """Each seed's decoder and its control, then the pretrained model."""
    seeds = [trained.measure_seed(seed, config, progress) for seed in range(config.seed, config.seed + config.repeats)]
    asked = pretrained.measure_tasks(config, progress) if config.tasks else pretrained.Asked()
    return progress.result(
        metrics=metrics(seeds, asked, config.k), series=series(seeds, asked, config.k), device=asked.where
    )
