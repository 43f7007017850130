"""Sketches a corpus of known topics, draws from it in every way there is, and trains a small LM on what was drawn.

What is claimed, what is asked for, what must hold. skew.py makes the corpus, measure.py measures, summary.py turns that
into metrics; corpus.py does the same for a corpus of one's own.
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
    "ko": "Embedding 공간의 밀도를 hash sketch로 어림하고 그 역수에 비례해 뽑으면, 큰 주제의 비중은 줄고 드문 "
    "주제는 남아 적은 표본으로도 전체를 고르게 덮습니다.",
    "en": "A hashing sketch estimates how crowded each text's neighbourhood is; sampling by the inverse shrinks the "
    "dominant topics and keeps the rare ones, so that a small sample still covers the whole.",
}


class Config(CorpusSettings):
    """What is sketched, how, and what is trained on a draw."""

    documents: int = setting(2000, "documents of the corpus", source="ours: embedded in a minute", ge=200, le=6000)
    rows: int = setting(1000, "rows of the sketch", source='paper: "R = 1000"', ge=1, le=100_000)
    buckets: int = setting(20_000, "buckets in a row", source='paper: "B = 20,000"', ge=2, le=2**24)
    power: int = setting(4, "hashes concatenated in a row", source="ours: one has heavy tails", ge=1, le=8)
    width: float = setting(0.6, "width of a cell", source="ours: the distance within a topic", gt=0.001, le=30)
    wide: float = setting(20.0, "width of the control", source="ours: far too large", gt=0.001, le=30)
    embed: Literal["minilm", "words"] = setting(
        "minilm", "embeddings: MiniLM's, or hashed words (fast, no model)", source="ours: MiniLM runs on a CPU"
    )
    draws: int = setting(20, "samples that are drawn", source="ours: for an interval", ge=2, le=1000)
    clusters: int = setting(50, "clusters of SemDeDup and prototypes", source="ours: some 50 documents each", ge=1)
    repeats: int = setting(3, "training seeds, from --seed on", source="ours: for an interval", ge=2, le=20)
    ratios: tuple[Annotated[float, Field(gt=0, le=1)], ...] = setting(
        (), "further shares that are trained on", source="ours: below and above --set keep"
    )
    trained: tuple[str, ...] = setting(
        ("everything", "density", "random"), "what small LMs are trained on", source="ours: the claim's three",
        min_length=3,
    )  # fmt: skip
    tokens: int = setting(100_000, "tokens of each training", source="ours: half a pass", ge=2000, le=10**8)
    vocabulary: int = setting(2048, "tokens of the small LM", source="ours: for a small corpus", ge=300, le=50_000)
    lm_width: int = setting(128, "width of the small LM", source="ours: 0.6 million parameters", ge=8, multiple_of=8)


_MORE = (
    "everything", "density", "random", "printed", "wide", "perplexity_low", "perplexity_middle", "perplexity_high",
    "semdedup", "prototypes",
)  # fmt: skip
PRESETS = {
    "quick": Preset(Config(), minutes=4, gib=2, about="2,000 documents, a small LM three times on three choices"),
    "full": Preset(
        Config(documents=5000, tokens=200_000, trained=_MORE, ratios=(0.05, 0.3), clusters=100),
        minutes=25, gib=3,
        about="5,000 documents, a small LM three times on ten choices, nine of them at three shares",
    ),
}  # fmt: skip

CRITERIA = (
    Criterion(
        "Sketch의 순위가 정확한 kernel 밀도와 같다 · the sketch ranks as exact kernel density does",
        "rank_correlation", at_least=0.99,
    ),
    Criterion(
        "p ∝ 1/S이면 가장 큰 주제의 비중이 0.80에서 줄어든다 · with p ∝ 1/S the dominant topic shrinks from 0.80",
        "share_density", at_most=0.25,
    ),
    Criterion(
        "드문 주제가 모두 표본에 있다 · all rare topics are in the sample",
        "rare_density", at_least=1,
    ),
    Criterion(
        "표본으로 학습한 LM의 원래 분포 loss가 전체와 잡음 안에서 같다 · "
        "trained on the sample, the in-distribution loss is within noise of everything",
        "loss_gap_over_noise", at_most=1, unit="x",
    ),
    Criterion(
        "대조: 인쇄된 대로 p ∝ S이면 비중이 커진다 · control: as printed, p ∝ S, the share rises",
        "share_printed", above=0.80, control=True,
    ),
    Criterion(
        "대조: 칸이 지나치게 넓으면 무작위와 같아진다 · control: cells far too wide are no better than random",
        "share_wide", at_least=0.75, control=True,
    ),
)  # fmt: skip


def run(config: Config, progress: Progress) -> Result:
    """The corpus, its sketch, the samples, the models trained on them."""
    found = measure(config, progress)
    return progress.result(metrics=metrics(found), series=series(found), device="cpu")
