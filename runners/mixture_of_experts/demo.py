"""Trains a small transformer with sparse and with dense feed-forward layers on the same text, and looks at the experts.

What is claimed, what is asked for, what must hold. corpus.py reads the text, training.py trains, measure.py measures,
summary.py turns that into metrics.
"""

from __future__ import annotations

from typing import Literal

from nonmun.runner import Criterion, Preset, Progress, Result, Settings, setting
from runners.models import choose

from . import corpus
from .measure import measure
from .model import KINDS
from .summary import metrics, series
from .timing import layer_seconds
from .training import Job, shape_of, train_all

PAPER = "arXiv:2403.05530"
CLAIM = {
    "ko": "Token마다 expert 둘만 골라 계산하는 sparse 모델은 token당 연산량이 같은 dense 모델보다 loss가 낮고, "
    "그러려면 expert를 고르게 쓰게 하는 보조 loss가 필요합니다.",
    "en": "A sparse model that runs two experts per token reaches a lower loss than a dense one with the same compute "
    "per token, and needs an auxiliary loss to keep its experts in use.",
}


class Config(Settings):
    """What is read, what is trained, what is measured."""

    device: Literal["auto", "cpu", "cuda", "mps"] = setting(
        "auto", "where to compute; auto takes a GPU if there is one", source="ours: whatever is there"
    )
    repeats: int = setting(3, "seeds, from --seed on", source="ours: as the criteria ask", ge=1, le=20)
    once: tuple[Literal["dense_total", "frozen"], ...] = setting(
        (), "variants of the first seed alone", source="ours: to save time in quick"
    )
    bytes: int = setting(400_000, "bytes read of each kind of text", source="ours: seen about once", ge=20_000)
    length: int = setting(96, "longest passage, in bytes", source="ours: two lines of code", ge=16, le=4096)
    steps: int = setting(300, "steps of training", source="ours: what quick has time for", ge=1, le=1_000_000)
    batch: int = setting(24, "passages in a step", source="ours: some 1,700 bytes", ge=4, le=4096, multiple_of=4)
    rate: float = setting(5e-3, "highest learning rate", source="ours: usual for such a width", gt=0, le=0.1)
    layers: int = setting(2, "layers", source="ours: attention to copy and to look up", ge=1, le=48)
    width: int = setting(64, "width of the model", source="ours: a CPU's minute", ge=8, le=4096, multiple_of=8)
    heads: int = setting(4, "heads of attention", source="ours: 16 dimensions each", ge=1, le=64)
    experts: int = setting(8, "experts in a layer", source="ours: as Mixtral has", ge=2, le=256, multiple_of=2)
    hidden: int = setting(128, "hidden width of an expert", source="ours: twice that of the model", ge=4, le=16384)
    k: int = setting(2, "experts for each token", source="ours: as Mixtral has; Gemini's is undisclosed", ge=1, le=8)
    alpha: float = setting(0.01, "weight of the auxiliary loss", source="ours: that of Switch Transformers", gt=0, le=1)
    capacity: float = setting(
        2.0, "assignments an expert takes in training, in even loads", source="ours: Switch tries 1 to 2", ge=1, le=256
    )
    test: int = setting(200, "validation passages of each kind", source="ours: 14,000 bytes", ge=2, le=100_000)
    rounds: int = setting(30, "rounds of timing", source="ours: of which the fastest counts", ge=1, le=10_000)


PRESETS = {
    "quick": Preset(Config(), minutes=4, gib=1.5, about="three seeds"),
    "full": Preset(Config(steps=1000, bytes=800_000), minutes=15, gib=2, about="three seeds, longer"),
    "gpu": Preset(
        Config(steps=150, batch=64, width=256, heads=8, hidden=256, length=256, bytes=800_000, rate=2e-3),
        minutes=2, gib=4, needs="cuda", about="a wider model",
    ),
}  # fmt: skip

CRITERIA = (
    Criterion(
        "활성 FLOP이 같으면 sparse의 검증 loss가 더 낮다 · at equal active FLOPs sparse has the lower validation loss",
        "sparse_minus_dense", below=0, interval=True, unit="nats/byte",
    ),
    Criterion(
        "대조: 보조 loss를 빼면 모든 seed에서 부하가 무너진다 · control: without the auxiliary loss the load collapses "
        "in every seed",
        "entropy_gap", below=0, control=True,
    ),
    Criterion(
        "보조 loss는 token별 반복문과 같다 · the auxiliary loss equals a loop over tokens",
        "aux_error", at_most=1e-6,
    ),
    Criterion(
        "Sparse 층은 활성 FLOP이 같은 dense 층의 1.5배 시간 안에 계산된다 · a sparse layer takes at most 1.5 times "
        "as long as a dense one of equal active FLOPs",
        "time_ratio", at_most=1.5, unit="x",
    ),
    Criterion(
        "무작위로 고정한 router는 학습한 router보다 나쁘다 · a router frozen at random is worse than the learned one",
        "frozen_minus_sparse", above=0, interval=True, unit="nats/byte",
    ),
)  # fmt: skip


def run(config: Config, progress: Progress) -> Result:
    """The text, the layers' time, then every variant of every seed."""
    where = choose(config.device, "float32")
    with progress.stage("read"):
        text = corpus.read(config.bytes, config.length)
    shape = shape_of(config)
    with progress.stage("time a layer"):
        seconds = layer_seconds(shape, config.batch * config.length, config.rounds, where.device)
    trained = train_all(jobs(config), text, config, where.device, progress)
    found = [measure(one, text, config.test, where.device) for one in progress.track(trained, "measure", unit="model")]
    return progress.result(
        metrics=metrics(found, shape, seconds), series=series(found, text, shape, seconds), device=where.name
    )


def jobs(config: Config) -> list[Job]:
    seeds = range(config.seed, config.seed + config.repeats)
    return [(kind, seed) for seed in seeds for kind in KINDS if seed == config.seed or kind not in config.once]
