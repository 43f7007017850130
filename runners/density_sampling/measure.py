"""All that is measured on the corpus of known topics."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from nonmun.runner import Progress, RunnerError
from runners.selection import samplers, training
from runners.selection.comparison import Comparison, Corpus, compare
from runners.selection.samplers import Docs, Sampler

from . import skew
from .corpus import embedding
from .method import Hashes, Kernel

if TYPE_CHECKING:
    from .demo import Config

Array = NDArray[np.float64]
LEARNED = 0.2  # share of the corpus, drawn at random, that the LM behind perplexity is trained on


@dataclass(slots=True)
class Found:
    """What was measured. Samples are topic shares of each draw; curves are by what was trained on and by seed."""

    S_N: Array
    exact_N: Array
    wide_N: Array
    topics: list[str]
    score: dict[str, Array] = field(default_factory=dict)
    drawn: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    trained: Comparison = field(default_factory=lambda: Comparison(1.0))
    keep: float = 0.1


def measure(config: Config, progress: Progress) -> Found:
    if lacking := {"everything", "density", "random"} - set(config.trained):
        raise RunnerError(f"'{min(lacking)}' is not trained on", mend="everything, density and random are needed")
    corpus = skew.build(config.documents, max(200, config.documents // 8), config.seed)
    x_ND = _embed(corpus.texts, config, progress)
    shape = training.Shape(vocabulary=config.vocabulary, width=config.lm_width, tokens=config.tokens)
    rng = np.random.default_rng(config.seed)
    learned = rng.choice(len(corpus.texts), max(50, round(LEARNED * len(corpus.texts))), replace=False)
    tokenizer = training.tokenizer([corpus.texts[place] for place in learned], config.vocabulary)
    encoded = training.encode(tokenizer, corpus.texts)
    judge = _judge(encoded, learned, shape, config, progress)
    docs = Docs(corpus.texts, x_ND, training.loss_of_each(judge, encoded))

    hashes = Hashes(x_ND.shape[1], config.rows, config.buckets, config.power, config.width, config.seed)
    every = {sampler.name: sampler for sampler in _samplers(config, hashes)}
    with progress.stage("score", len(every) + 1, "sampler") as stage:
        score = {}
        for name, sampler in every.items():
            score[name] = sampler.score(docs)
            stage.advance()
        exact_N = Kernel(config.width, config.power).density(torch.from_numpy(x_ND))
        stage.advance()
    found = Found(score["density"], exact_N, score["wide"], corpus.topics, score, keep=config.keep)
    for name, sampler in every.items():
        for draw in range(config.draws if sampler.draws else 1):
            chosen = sampler.select(score[name], config.keep, config.seed + draw)
            found.drawn.setdefault(name, []).append(skew.shares([corpus.topics[place] for place in chosen]))
    sets = {
        "same": training.held_out(training.encode(tokenizer, corpus.same), shape.window),
        "good": training.held_out(training.encode(tokenizer, corpus.good), shape.window),
    }
    shares, seeds = (config.keep, *config.ratios), range(config.seed, config.seed + config.repeats)
    found.trained = compare(Corpus(encoded, every, score), config.trained, shares, seeds, shape, sets, progress)
    return found


def _embed(texts: list[str], config: Config, progress: Progress) -> NDArray[np.float32]:
    embed = embedding(config.embed, config.device)
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))  # little padding
    found: list[NDArray[np.float32]] = [np.zeros(0, np.float32)] * len(texts)
    with progress.stage("embed", len(texts), "document") as stage:
        for start in range(0, len(order), 128):
            places = order[start : start + 128]
            for place, row in zip(places, embed([texts[place] for place in places]), strict=True):
                found[place] = row
            stage.advance(len(places))
    return np.stack(found).astype(np.float32)


def _judge(
    encoded: list[training.Tokens],
    learned: NDArray[np.int64],
    shape: training.Shape,
    config: Config,
    progress: Progress,
) -> object:
    """The LM whose perplexity is looked at: like the others, trained on random draws from everything."""
    run = training.Run("judge", config.seed + 1_000_000, [encoded[place] for place in learned])
    return training.train_all([run], shape, {}, progress, "train the LM behind perplexity")[0][2]


def _samplers(config: Config, hashes: Hashes) -> list[Sampler]:
    wide = Hashes(hashes.dimensions, config.rows, config.buckets, config.power, config.wide, config.seed)
    too_wide = samplers.density(wide)
    return [
        samplers.random(),
        samplers.density(hashes),
        samplers.density(hashes, power=1),
        Sampler("wide", too_wide.score, too_wide.key, draws=True),
        samplers.perplexity("low"),
        samplers.perplexity("middle"),
        samplers.perplexity("high"),
        samplers.semantic("semdedup", config.clusters, config.seed),
        samplers.semantic("prototypes", config.clusters, config.seed),
    ]


def mean_share(found: Found, name: str, topic: str = skew.DOMINANT) -> float:
    return fmean(one[topic] for one in found.drawn[name])
