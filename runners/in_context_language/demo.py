"""A small transformer that has practised on other languages translates into and from ones it meets in a book.

What is claimed, what is asked for, what must hold. language.py and book.py make languages and their books, training.py
practises, measure.py asks, summary.py turns answers into metrics; keeping.py keeps weights, checkpoint.py reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from nonmun.runner import Criterion, Preset, Progress, Result, RunnerError, Settings, setting
from runners.models import choose

if TYPE_CHECKING:
    from .method import Reader

PAPER = "arXiv:2403.05530"
CLAIM = {
    "ko": "처음 보는 언어라도 문법 설명과 단어 목록, 예문을 담은 책을 문맥에 넣어 주면, 학습을 더 하지 않고도 "
    "그 언어를 오가는 번역을 할 수 있습니다.",
    "en": "Given a book in its context, with grammar, word list and example sentences, a model translates to and from "
    "a language it has never seen, without any further training.",
}


class Config(Settings):
    """What is practised, and what is asked. The shape is that of the recorded weights."""

    device: Literal["auto", "cpu", "cuda", "mps"] = setting(
        "auto", "where to compute; auto takes a GPU if there is one", source="ours: whatever is there"
    )
    steps: int = setting(0, "steps of meta-training; 0 takes the recorded weights", source="ours: quick cannot", ge=0)
    books: int = setting(12, "languages in a step", source="ours: half a second's work", ge=1, le=4096)
    asked: int = setting(
        16, "questions of each in training", source="ours: one reading serves all", ge=4, multiple_of=4
    )
    rate: float = setting(2e-3, "highest learning rate", source="ours: usual for such a width", gt=0, le=0.1)
    warm: float = setting(0.5, "part of training until languages are whole", source="ours: small first", ge=0, le=1)
    width: int = setting(192, "width of the model", source="ours: 2 million parameters", ge=6, multiple_of=6)
    layers: int = setting(6, "layers", source="ours: look up, sort by role, find, copy; and room", ge=1, le=48)
    heads: int = setting(6, "heads of attention", source="ours: 32 dimensions each", ge=3, multiple_of=3)
    examples: int = setting(8, "example sentences in a book", source="ours: Kalamang's has 400", ge=1, le=20)
    languages: int = setting(100, "unseen languages", source="ours: intervals of a few points", ge=3, le=10_000)
    tested: int = setting(8, "sentences of each, in each direction", source="ours: 1,600 in all", ge=1, le=32)
    together: int = setting(10, "languages answered together", source="ours: fits a cache", ge=1, le=4096)


PRESETS = {
    "quick": Preset(Config(), minutes=3, gib=2, about="the recorded weights, 100 unseen languages"),
    "full": Preset(
        Config(steps=4000, rate=3e-3, width=96, layers=5, heads=3), minutes=20, gib=3, about="smaller, from nothing"
    ),
    "gpu": Preset(
        Config(device="cuda", steps=6000, books=64, rate=1e-3, warm=0.3, languages=200, together=100),
        minutes=4, gib=4, needs="cuda", about="the model of quick, trained from nothing",
    ),
}  # fmt: skip

CRITERIA = (
    Criterion(
        "대조: 책이 없으면 우연 수준이다 · control: without a book it is at chance",
        "none_over_chance", at_most=5, interval=True, control=True, unit="points",
    ),
    Criterion(
        "책 전체를 주면 두 방향 모두 chrF가 30점 넘게 오른다 · the full book adds 30 points of chrF in both directions",
        "full_gain", at_least=30, interval=True, unit="points",
    ),
    Criterion(
        "책의 절반은 책 없음보다 전체에 가깝다 · half the book is nearer to all of it than to none",
        "half_share", above=0.5, interval=True,
    ),
    Criterion(
        "대조: 짝을 뒤섞은 책은 그 이득의 1/3을 넘지 않는다 · control: shuffled pairs give at most a third of the gain",
        "shuffled_share", at_most=1 / 3, interval=True, control=True,
    ),
    Criterion(
        "대조: 다른 언어의 책은 그 이득의 1/3을 넘지 않는다 · control: another language's book gives at most a third",
        "wrong_share", at_most=1 / 3, interval=True, control=True,
    ),
)  # fmt: skip


KEPT = ("command", "record", "seed", "started", "seconds", "device", "sha256", "bytes")  # said of recorded weights


def run(config: Config, progress: Progress) -> Result:
    """Practise, or take the recorded weights; then every unseen language at every dose."""
    if config.steps:
        model, curve = practise(config, progress)
        return ask(config, progress, model, curve, {})
    from . import checkpoint, training

    _check(config)
    model = training.build(config.width, config.layers, config.heads, config.seed)
    about = checkpoint.load(model)
    return ask(config, progress, model.to(choose(config.device, "float32").device), about.pop("curve", {}), about)


def practise(config: Config, progress: Progress) -> tuple[Reader, dict[str, list[list[float]]]]:
    """A model trained from nothing, its weights rounded as they would be kept, and its loss by dose and step."""
    from . import training

    _check(config)
    device = choose(config.device, "float32").device
    model = training.build(config.width, config.layers, config.heads, config.seed).to(device)
    practice = training.Practice(
        config.seed, config.steps, config.books, config.asked, config.examples, config.rate, config.warm
    )
    with progress.stage("practise", config.steps, "step") as stage:
        curve = training.train(model, practice, device, lambda steps, full: stage.advance(steps, full=round(full, 3)))
    return model.half().float(), curve


def ask(
    config: Config, progress: Progress, model: Reader, curve: dict[str, list[list[float]]], about: Mapping[str, Any]
) -> Result:
    """Every unseen language at every dose. `about` is what made the weights, where they were not made just now."""
    from . import measure, summary

    where = choose(config.device, "float32")
    tested = measure.worlds(config.seed, config.languages, config.examples, config.tested)
    with progress.stage("ask", 5 * len(tested), "book") as stage:
        scored = measure.measure(model, tested, where.device, config.together, stage.advance)
    size = sum(weight.numel() for weight in model.parameters())
    made = {"parameters": size, "steps": config.steps, **{name: about[name] for name in KEPT if name in about}}
    return progress.result(
        metrics=summary.metrics(scored), series=summary.series(scored, tested, curve, made), device=where.name
    )


def _check(config: Config) -> None:
    from .measure import check_scorer

    check_scorer()
    if config.width % (2 * config.heads):
        raise RunnerError(
            f"--width {config.width} is no multiple of 2 x {config.heads} heads", mend="make it one, or change --heads"
        )
