"""Rates texts of known worth in three ways, chooses from a corpus of known quality, trains a small LM on the choice.

What is claimed, what is asked for, what must hold. mixture.py makes the texts, measure.py measures, summary.py turns
that into metrics; corpus.py rates a corpus of one's own.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nonmun.runner import Criterion, Preset, Progress, Result, setting
from runners.selection.command import CorpusSettings

from .measure import measure
from .summary import metrics, series

PAPER = "arXiv:2402.09668"
CLAIM = {
    "ko": "글이 pre-training에 도움이 되겠느냐고 언어 모델에게 묻고 yes의 확률이 높은 것만 남기면, 전체로 학습할 "
    "때보다 적은 token으로 같은 품질에 이를 수 있습니다.",
    "en": 'Ask a language model whether a text is worth training on and keep what gets the most probable "yes": a '
    "model trained on that reaches the same quality with fewer tokens.",
}


class Config(CorpusSettings):
    """What is rated, by what, and what is trained on the choice."""

    documents: int = setting(1000, "documents of the corpus", source="ours: rated in a minute", ge=100, le=6000)
    each: int = setting(
        16, "texts of each kind that raters are tested on", source="ours: for an interval", ge=4, le=200
    )
    prompt: Literal["paper", "short"] = setting(
        "short", "the question, on a corpus of your own", source="ours: the paper's fails at this size"
    )
    layers: int = setting(6, "layers of the rater that is tuned", source="ours: of 30; it is fast", ge=1, le=100)
    tune_steps: int = setting(40, "steps of its tuning", source="ours: briefly", ge=1, le=10_000)
    tune_batch: int = setting(8, "texts in a step", source="ours: half of them clean", ge=2, le=256, multiple_of=2)
    tune_rate: float = setting(2e-4, "its highest learning rate", source="ours: usual for so few steps", gt=0, le=0.1)
    tuning: int = setting(360, "texts that it is tuned on", source="ours: few are seen twice", ge=36, le=2000)
    together: int = setting(
        512, "tokens that are rated together; a GPU takes more", source="ours: fits a CPU's caches", ge=1, le=2**20
    )
    chosen: float = setting(0.15, "share that is trained on", source="ours: within 10-20 %", gt=0, le=1)
    ratios: tuple[Annotated[float, Field(gt=0, le=1)], ...] = setting(
        (), "further shares that are trained on", source="ours: below and above the claim's"
    )
    trained: tuple[str, ...] = setting(
        ("everything", "ask_llm", "perplexity_low"), "what small LMs are trained on",
        source="ours: the claim's, and a rival",
        min_length=2,
    )  # fmt: skip
    repeats: int = setting(3, "training seeds, from --seed on", source="ours: for an interval", ge=2, le=20)
    tokens: int = setting(60_000, "tokens of each training", source="ours: one pass", ge=2000, le=10**8)
    points: int = setting(12, "how often the loss is measured in a training", source="ours: a smooth curve", ge=2)
    held_out: int = setting(100, "documents in each validation set", source="ours: read in a second", ge=10, le=2000)
    vocabulary: int = setting(2048, "tokens of the small LM", source="ours: for a small corpus", ge=300, le=50_000)
    lm_width: int = setting(128, "width of the small LM", source="ours: 0.6 million parameters", ge=8, multiple_of=8)
    clusters: int = setting(50, "clusters of SemDeDup and prototypes", source="ours: some 50 documents each", ge=1)


_MORE = (
    "everything", "ask_llm", "random", "density", "semdedup", "prototypes", "perplexity_low", "perplexity_middle",
    "perplexity_high",
)  # fmt: skip
PRESETS = {
    "quick": Preset(Config(), minutes=4, gib=3, about="1,000 documents, a small LM three times on three choices"),
    "full": Preset(
        Config(documents=4000, each=40, tune_steps=120, tuning=720, tokens=160_000, trained=_MORE,
            ratios=(0.05, 0.4), points=8, held_out=200,
        ),
        minutes=25, gib=4,
        about="4,000 documents, a small LM three times on nine choices, eight of them at three shares",
    ),
}  # fmt: skip

CRITERIA = (
    Criterion(
        "Fine-tuned 평가 모델은 처음 보는 종류의 잡음을 가려낸다 · the tuned rater tells unseen kinds of noise apart",
        "auc_tuned", at_least=0.85,
    ),
    Criterion(
        "Ask-LLM이 고른 글로 학습하면 전체의 고품질 loss에 적은 token으로 이른다 · "
        "trained on Ask-LLM's choice, the high-quality loss of everything is reached with fewer tokens",
        "tokens_saved", at_least=30, unit="%",
    ),
    Criterion(
        "대조: 낮은 perplexity는 반복과 상투 문구를 깨끗한 글보다 좋아한다 · "
        "control: low perplexity prefers repetition and boilerplate to clean text",
        "auc_perplexity_low_fooled", at_most=0.5, control=True,
    ),
    Criterion(
        "대조: 논문의 프롬프트는 이 크기에서 통하지 않는다 · control: the paper's prompt fails at this size",
        "auc_paper", below=0.85, control=True,
    ),
)  # fmt: skip


def run(config: Config, progress: Progress) -> Result:
    """Raters on the test texts, the tuned one on the corpus, small LMs on what is chosen."""
    found = measure(config, progress)
    return progress.result(metrics=metrics(found), series=series(found), device=found.where)
