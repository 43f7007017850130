"""Fine-tunes tenants of one base, compresses each to one bit per weight, and serves them together.

What is claimed, what is asked for, what must hold. tenant.py measures one fine-tune, resident.py memory and decoding,
summary.py turns both into metrics.
"""

from __future__ import annotations

from typing import Literal

from nonmun.runner import Criterion, Preset, Progress, Result, RunnerError, setting
from runners.models import ModelSettings, language_model

from . import resident
from .storage import fp16_bytes, linear_weights
from .summary import metrics, series
from .tasks import TASKS
from .tenant import measure_tenant

PAPER = "arXiv:2402.10193"
CLAIM = {
    "ko": "Fine-tuning이 바꾼 weight를 부호 1 bit와 행렬당 scale 하나로 줄여도 fine-tuning의 이득이 거의 그대로 남아, "
    "여러 모델이 base 한 벌을 나누어 쓸 수 있습니다.",
    "en": "One bit per weight and one scale per matrix keep nearly all that fine-tuning gained, so that many "
    "fine-tunes can share one base model.",
}


class Config(ModelSettings):
    """What is fine-tuned, how it is distilled, what is measured."""

    tenants: tuple[Literal["orders", "directory", "translation"], ...] = setting(
        ("orders",), "tasks that the base is fine-tuned for", source="ours: learned in minutes on a CPU", min_length=1
    )
    repeats: int = setting(1, "seeds, from --seed on", source="ours: one in quick", ge=1, le=10)
    steps: int = setting(
        32, "steps of fine-tuning; a task that needs more takes a multiple", source="ours: enough for 'orders'",
        ge=1, le=10_000,
    )  # fmt: skip
    batch: int = setting(8, "examples in a step", source="ours: a second's work", ge=1, le=256)
    rate: float = setting(1e-4, "learning rate of fine-tuning", source="ours: larger ones harm the base", gt=0, le=0.1)
    distill_batch: int = setting(
        4, "sequences in a step of distillation", source='paper: "4"', ge=2, le=256, multiple_of=2
    )
    distill_steps: int = setting(
        32, "steps of distillation", source="ours: the paper takes 200, at 7B", ge=1, le=10_000
    )
    distill_rate: float = setting(1e-4, "learning rate of the scales", source='paper: "Adam" at 1e-4', gt=0, le=0.1)
    most_bits: int = setting(4, "bits per weight, at most", source="ours: what two to four would buy", ge=1, le=8)
    test: int = setting(48, "test examples of each task", source="ours: 48 of 48 is 93 % or more", ge=2)
    windows: int = setting(4, "windows of plain text to test with", source="ours: 500 tokens", ge=2, le=1000)
    window: int = setting(128, "tokens in a window", source='paper: "128" in distillation', ge=8, le=2048)
    distances: int = setting(
        8, "batches that the logit distance is measured on", source="ours: some 1,000 tokens", ge=1, le=100
    )
    served: tuple[int, ...] = setting((1, 2, 4, 8), "tenants in memory at once", source="ours: up to the criterion's 8")
    copies: tuple[int, ...] = setting((1, 2, 4), "full models in memory at once", source="ours: 4 take 2.2 GB")
    decoded: int = setting(16, "rows decoded together", source="ours: two for each of 8 tenants", ge=1, le=256)
    decode_steps: int = setting(
        5, "decoding steps timed, of which the median counts", source="ours: a few seconds", ge=1
    )


_THREE = ("orders", "directory", "translation")
PRESETS = {
    "quick": Preset(Config(), minutes=4, gib=4, about="one tenant, one seed"),
    "full": Preset(
        Config(tenants=_THREE, repeats=3, served=(1, 2, 4, 8, 16)),
        minutes=30, gib=4, about="three tenants, three seeds",
    ),
    "gpu": Preset(
        Config(tenants=_THREE, repeats=3, steps=128, distill_steps=200, test=256, served=(1, 2, 4, 8, 16)),
        minutes=10, gib=8, needs="cuda", about="longer fine-tunes, the paper's 200 steps of distillation",
    ),
}  # fmt: skip

CRITERIA = (
    Criterion(
        "delta는 fp16 linear weight보다 15.5배 넘게 작다 · the delta is 15.5x smaller than its fp16 linear weights",
        "smaller_than_linear", at_least=15.5, unit="x",
    ),
    Criterion(
        "fp16 모델 전체보다 10배 넘게 작다 (embedding 공유) · 10x smaller than the full fp16 model, embeddings shared",
        "smaller_than_model", at_least=10, unit="x",
    ),
    Criterion(
        "쉬운 과제의 이득을 97 % 넘게 되찾는다 · at least 97 % of the gain on easy tasks is recovered",
        "recovered_distilled", at_least=0.97,
    ),
    Criterion(
        "초기 scale은 그보다 적게 되찾는다 · initial scales recover less",
        "initial_minus_distilled", below=0,
    ),
    Criterion(
        "대조: 무작위 부호로는 되찾지 못한다 · control: random signs recover nothing",
        "recovered_random", at_most=0.1, control=True,
    ),
    Criterion(
        "distillation은 logit 거리를 3배 넘게 줄인다 · distillation lowers the logit distance 3x or more",
        "distance_ratio", at_least=3, unit="x",
    ),
    Criterion(
        "합친 weight와 packed 연산이 같다 · merged weights and the packed product agree",
        "merged_error", at_most=1e-4,
    ),
    Criterion(
        "tenant 8개의 weight가 모델 하나의 1.35배를 넘지 않는다 · the weights of 8 tenants take at most 1.35 models",
        "weights_of_8", at_most=1.35, unit="x",
    ),
    Criterion(
        "실제 상주 메모리가 계산과 맞는다 · resident memory is as computed",
        "resident_gap", at_most=15, unit="%",
    ),
)  # fmt: skip


def run(config: Config, progress: Progress) -> Result:
    """Each tenant and seed by itself, then all of them in one process."""
    base = language_model(config.model, device=config.device, dtype="float32", progress=progress)
    if not linear_weights(base.model):
        raise RunnerError(f"model '{config.model}' has no linear layers in numbered blocks", mend="name a causal LM")
    linear, whole = fp16_bytes(base.model)
    folder, runs = progress.scratch(), []
    for seed in range(config.seed, config.seed + config.repeats):
        for name in config.tenants:
            runs.append(measure_tenant(base.model, base.tokenizer, TASKS[name], seed, config, folder, progress))
    device = base.where.device.type
    where = base.where.name
    del base
    with progress.stage("memory and decoding, in a process of their own"):
        served = resident.measure(
            {
                "model": config.model,
                "device": device,
                "threads": _threads(),
                "files": [str(one.file) for one in runs],
                "tenants": config.served,
                "models": config.copies,
                "batch": config.decoded,
                "prompt": 16,
                "steps": config.decode_steps,
            },
            progress,
        )
    return progress.result(
        metrics=metrics(runs, served, linear, whole), series=series(runs, served, linear, whole), device=where
    )


def _threads() -> int:
    import torch

    return torch.get_num_threads()
