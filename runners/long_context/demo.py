"""Trains a small retrieval transformer on 2k tokens and looks for needles in contexts 64 to 5,000 times as long.

What is claimed, what is asked for, what must hold. training.py trains, measure.py hides needles and asks for them,
losses.py follows the NLL, resident.py the memory, pretrained.py asks SmolLM2; summary.py turns all of it into metrics.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from nonmun.runner import Criterion, Preset, Progress, Result, RunnerError, setting
from runners.models import ModelSettings, choose

if TYPE_CHECKING:
    from .model import RetrievalTransformer

PAPER = "arXiv:2403.05530"
CLAIM = {
    "ko": "짧은 문맥으로 학습한 작은 검색용 transformer도 attention의 logit을 길이의 로그에 맞추어 키우면, "
    "훨씬 긴 문맥에서 문장 하나를 거의 빠짐없이 찾아냅니다.",
    "en": "A small retrieval transformer trained on short contexts goes on finding one sentence in vastly longer ones, "
    "provided its attention logits grow with the logarithm of the length.",
}

Rope = Literal["none", "ntk", "yarn"]
K = 1024


class Config(ModelSettings):
    """What is trained, how long the contexts are, and what is asked of which model."""

    lengths: tuple[int, ...] = setting(
        tuple(2**power * K for power in range(1, 8)), "tokens of a context", source="ours: 2k to 128k", min_length=2
    )
    depths: int = setting(11, "depths of needles, evenly spaced", source="paper: linear from 0 to 100 %", ge=2, le=100)
    haystacks: int = setting(4, "haystacks of each length", source="ours: 44 needles a length", ge=1, le=1000)
    trained_haystacks: int = setting(
        16, "haystacks of the trained length, which the prediction is made from", source="ours: 176 needles", ge=1
    )
    many: tuple[int, ...] = setting((10, 100), "needles in one haystack", source='paper: "100 needles"; ours: 10')
    many_lengths: tuple[int, ...] = setting((8 * K, 32 * K, 128 * K), "and its tokens", source="ours: a few")
    many_asked: int = setting(
        20, "needles asked for, at least, where there are fewer in one", source="ours: a few", ge=1
    )
    controls: int = setting(100, "questions without a needle", source="ours: 1 % is one of them", ge=1, le=1000)
    control_length: int = setting(32 * K, "tokens of the haystack without one", source="ours: a middle one", ge=64)
    facts: float = setting(0.5, "share of sentences that are facts", source="ours: as needles are", gt=0, le=1)
    scale: float = setting(1.6, "s: logits are s ln(N) cos", source="ours: margins then grow as ln N does", gt=0, le=20)
    trained: int = setting(2 * K, "tokens of a context in training", source="ours: short", ge=256, multiple_of=128)
    train_steps: int = setting(200, "steps of training", source="ours: a minute, more gain little", ge=1, le=100_000)
    contexts: int = setting(4, "contexts in a step", source="ours: 8k tokens", ge=1, le=256)
    queries: int = setting(64, "queries of each context", source="ours: most facts that there are twice", ge=1)
    rate: float = setting(3e-3, "highest learning rate", source="ours: higher ones gain nothing", gt=0, le=0.1)
    width: int = setting(128, "width of the states", source="ours: 0.7 million parameters", ge=8, multiple_of=4)
    heads: int = setting(4, "heads of a local layer", source="ours: 32 dimensions each", ge=1, le=16)
    layers: int = setting(2, "local layers", source="ours: the city, then what stands beside it", ge=1, le=12)
    window: int = setting(16, "tokens that a local layer sees", source="ours: a fact has 9", ge=2, le=1024)
    dims: int = setting(64, "dimensions of a key", source="ours: 128 bytes in bfloat16", ge=2, le=1024)
    chunk: int = setting(4 * K, "tokens read at a time", source="ours: fits a cache", ge=64)
    in_memory: int = setting(4 * K * K, "longer contexts have their keys in a file", source="ours: 0.5 GB", ge=1)
    nll_length: int = setting(128 * K, "tokens of a text for the NLL by position", source="ours: the longest", ge=1024)
    nll_texts: int = setting(4, "such texts", source="ours: a few", ge=1, le=1000)
    nll_facts: int = setting(40, "facts asked for in each stretch of a text", source="ours: a few", ge=1)
    asked_lengths: tuple[int, ...] = setting((), "tokens that the language model reads", source="ours: none in quick")
    asked_depths: int = setting(
        11, "depths of its needles, each alone in the text", source="ours: as above; read from there on", ge=2, le=20
    )
    asked_haystacks: int = setting(3, "texts of each length", source="ours: 33 needles a length", ge=1, le=100)
    ropes: tuple[Rope, ...] = setting(
        ("none",), "scalings of its positions, beyond its trained length", source="ours: none within it", min_length=1
    )

    def haystacks_of(self, length: int) -> int:
        return max(self.haystacks, self.trained_haystacks) if length == self.trained else self.haystacks


_MILLION = (*(2**power * K for power in range(1, 8)), 256 * K, 512 * K, K * K)
_PRETRAINED = Config(
    lengths=(2 * K, 8 * K), many=(), control_length=8 * K, nll_length=8 * K, asked_lengths=(4 * K, 8 * K, 12 * K),
    asked_depths=5, asked_haystacks=1, ropes=("none", "ntk", "yarn"),
)  # fmt: skip
PRESETS = {
    "quick": Preset(Config(), minutes=4, gib=2, about="to 128k tokens"),
    "full": Preset(
        Config(
            lengths=_MILLION, many_lengths=(8 * K, 128 * K, K * K), nll_length=K * K, nll_texts=2,
            train_steps=600, asked_lengths=(K, 2 * K, 4 * K),
        ),
        minutes=20, gib=4, about="to a million tokens, trained for longer; SmolLM2 to 4k",
    ),
    "ten_million": Preset(
        Config(
            lengths=(*_MILLION, 10_000_000), haystacks=2, many=(100,), many_lengths=(10_000_000,), nll_length=K * K,
            nll_texts=1, train_steps=600,
        ),
        minutes=40, gib=6, about="to ten million tokens, keys in a file",
    ),
    "gpu": Preset(
        Config(
            lengths=(*_MILLION, 10_000_000), haystacks=3, many_lengths=(8 * K, 128 * K, K * K, 10_000_000),
            nll_length=K * K, nll_texts=4, train_steps=600, chunk=64 * K, in_memory=100_000_000,
        ),
        minutes=2, gib=8, needs="cuda", about="to ten million tokens",
    ),
    "smollm2_8k": Preset(_PRETRAINED, minutes=40, gib=4, about="SmolLM2 at 8k and, its positions scaled, at 12k"),
}  # fmt: skip

_TO_128K, _LONGER = ("quick", "smollm2_8k"), ("full", "ten_million", "gpu")
_TIMED = ("quick", "full", "ten_million")
CRITERIA = (
    Criterion(
        "어느 길이에서도 바늘을 찾는다, 128k까지 · needles are found at every length to 128k",
        "recall", at_least=0.99, presets=_TO_128K,
    ),
    Criterion(
        "어느 길이에서도 바늘을 찾는다, 1M 이상까지 · needles are found at every length, to 1M and beyond",
        "recall", at_least=0.97, presets=_LONGER,
    ),
    Criterion(
        "log N 보정이 없으면 식이 예측한 길이에서 재현율이 무너진다 · "
        "without log-N scaling recall collapses at the length that the formula predicts",
        "collapse_ratio", at_least=0.5, at_most=2, unit="x", presets=(*_TIMED, "gpu"),
    ),
    Criterion(
        "메모리는 보관할 KV의 1.1배를 넘지 않는다 · memory per token is at most 1.1 times the KV to be kept",
        "memory_ratio", at_most=1.1, unit="x", presets=_TIMED,
    ),
    Criterion(
        "prefill 시간은 길이에 비례한다 · prefill time is linear in the length",
        "time_exponent", at_most=1.1, presets=_TIMED,
    ),
    Criterion(
        "요청한 깊이에 바늘이 놓인다 · needles stand at the depth asked for, to the nearest token",
        "depth_off", at_most=0, unit="tokens",
    ),
    Criterion(
        "나누어 계산한 attention은 통째로 계산한 것과 같다, 8k · chunked attention equals dense at 8k",
        "chunked_error", at_most=1e-5,
    ),
    Criterion(
        "대조: 바늘이 없으면 찾지 못한다 · control: nothing is found without a needle",
        "recall_empty", at_most=0.01, control=True,
    ),
    Criterion(
        "대조: 다른 도시의 바늘만 있으면 찾지 못한다 · control: nothing is found where needles are for other cities",
        "recall_decoy", at_most=0.01, control=True,
    ),
    Criterion(
        "대조: 전체를 보는 층을 끄면 찾지 못한다 · control: nothing is found with the global layer off",
        "recall_local", at_most=0.01, control=True,
    ),
)  # fmt: skip


def run(config: Config, progress: Progress) -> Result:
    """Train; hide, read and ask; then the language model."""
    from . import losses, measure, pretrained, resident, summary

    _check(config)
    model, log = _trained(config, progress)
    found = measure.measure(model, config, config.seed, progress)
    nll = losses.measure_losses(model, config, config.seed, progress)
    on_cpu = model.device.type == "cpu"  # elsewhere the process's memory and the wall clock say little
    memory = resident.measure_memory(model, config, progress) if on_cpu else []
    where = choose(config.device, "float32").name
    del model
    asked = pretrained.measure_pretrained(config, progress)
    everything = summary.Everything(config, found, nll, memory, asked, log)
    return progress.result(metrics=summary.metrics(everything), series=summary.series(everything), device=where)


def _check(config: Config) -> None:
    if config.trained not in config.lengths:
        raise RunnerError(
            f"--lengths {','.join(map(str, config.lengths))} lack the trained length, from which is predicted",
            mend=f"add {config.trained} to them",
        )
    if config.width % config.heads:
        raise RunnerError(f"{config.heads} heads do not divide --width {config.width}", mend="make it a multiple")


def _trained(config: Config, progress: Progress) -> tuple[RetrievalTransformer, list[float]]:
    from . import model as models
    from . import training
    from .haystack import VOCABULARY

    where = choose(config.device, "float32")
    model, log = models.built(len(VOCABULARY), config, config.seed).to(where.device), []
    with progress.stage("train", config.train_steps, "step") as stage:

        def tell(loss: float, right: float) -> None:
            log.append(loss)
            stage.advance(loss=round(loss, 3), found=f"{right:.0%}")

        training.train(
            model, config.seed, steps=config.train_steps, contexts=config.contexts, length=config.trained,
            queries=config.queries, facts=config.facts, rate=config.rate, scale=config.scale, tell=tell,
        )  # fmt: skip
    return model, log
