"""All that is measured: raters on texts of known worth, choices from a corpus, small LMs trained on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nonmun.runner import Progress
from runners.models import embedder, language_model
from runners.selection import samplers, training
from runners.selection.comparison import Comparison, Corpus, compare
from runners.selection.samplers import Docs, Hashes, Sampler

from . import mixture
from .rating import question, rate, shorten, tune

if TYPE_CHECKING:
    from .demo import Config

Array = NDArray[np.float64]
FRACTIONS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0)
EMBEDDED = {"density", "semdedup", "prototypes"}
SKETCH = {"rows": 1000, "buckets": 20_000, "power": 4, "width": 0.6}  # as in runners/density_sampling


@dataclass(slots=True)
class Found:
    """What was measured. Scores of the test texts are by rater, the larger the better the text should be."""

    kinds: list[str]
    scores: dict[str, Array]
    mass: dict[str, Array]
    corpus_kinds: list[str]
    kept: dict[str, list[float]] = field(default_factory=dict)  # share of clean texts by fraction
    score: dict[str, Array] = field(default_factory=dict)
    trained: Comparison = field(default_factory=lambda: Comparison(1.0))
    chosen_clean: dict[str, list[float]] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)  # of tuning
    rater_flop: float = 0.0  # of rating the corpus
    train_flop: float = 0.0  # of one training
    where: str = "cpu"


def measure(config: Config, progress: Progress) -> Found:
    texts = mixture.build(config.documents, config.tuning, config.each, config.held_out, config.seed)
    loaded = language_model(config.model, device=config.device, dtype="float32", progress=progress)
    found = _zero_shot(loaded, texts, config, progress)
    found.where = loaded.where.name
    rater = _tuned(loaded, texts.tuning, config, progress, found)
    found.scores["tuned"], found.mass["tuned"] = _rated(rater, texts.test.texts, config, progress, "rate: tuned")
    yes_N, _ = _rated(rater, texts.corpus.texts, config, progress, "rate the corpus")
    _choose_and_train(texts, yes_N, config, progress, found)
    found.rater_flop = _rating_flop(loaded, texts.corpus.texts)
    return found


def _zero_shot(loaded: Any, texts: mixture.Mixture, config: Config, progress: Progress) -> Found:
    """Both prompts and the loss from one reading of each text."""
    with progress.stage("rate: as it comes", len(texts.test.texts), "document") as stage:
        rated = rate(
            loaded.model, loaded.tokenizer, texts.test.texts, ("paper", "short"), together=config.together,
            perplexity=True, tell=stage.advance,
        )  # fmt: skip
    assert rated.nats_N is not None
    nats_N = rated.nats_N
    scores = {
        **rated.score,
        "perplexity_low": -nats_N,
        "perplexity_middle": -np.abs(nats_N - np.median(nats_N)),  # of all texts: nobody has said which are clean
    }
    return Found(texts.test.kinds, scores, dict(rated.mass), texts.corpus.kinds)


def _tuned(loaded: Any, texts: mixture.Labelled, config: Config, progress: Progress, found: Found) -> Any:
    model = shorten(loaded.model, config.layers)
    with progress.stage("tune the rater", config.tune_steps, "step") as stage:

        def tell(loss: float) -> None:
            found.losses.append(loss)
            stage.advance(loss=round(loss, 3))

        tune(
            model, loaded.tokenizer, texts.texts, texts.worth, steps=config.tune_steps, batch=config.tune_batch,
            rate=config.tune_rate, seed=config.seed, tell=tell,
        )  # fmt: skip
    return loaded


def _rated(loaded: Any, texts: list[str], config: Config, progress: Progress, title: str) -> tuple[Array, Array]:
    with progress.stage(title, len(texts), "document") as stage:
        rated = rate(loaded.model, loaded.tokenizer, texts, ("short",), together=config.together, tell=stage.advance)
    return rated.score["short"], rated.mass["short"]


def _choose_and_train(texts: mixture.Mixture, yes_N: Array, config: Config, progress: Progress, found: Found) -> None:
    shape = training.Shape(
        vocabulary=config.vocabulary, width=config.lm_width, tokens=config.tokens, points=config.points
    )
    rng = np.random.default_rng(config.seed)
    count = len(texts.corpus.texts)
    learned = rng.choice(count, max(50, count // 5), replace=False)
    tokenizer = training.tokenizer([texts.corpus.texts[place] for place in learned], config.vocabulary)
    encoded = training.encode(tokenizer, texts.corpus.texts)
    judge = training.Run("judge", config.seed + 1_000_000, [encoded[place] for place in learned])
    model = training.train_all([judge], shape, {}, progress, "train the LM behind perplexity")[0][2]
    x_ND = _embedded(texts.corpus.texts, config, progress) if EMBEDDED & set(config.trained) else None
    docs = Docs(texts.corpus.texts, x_ND, training.loss_of_each(model, encoded), yes_N)
    every = {sampler.name: sampler for sampler in _samplers(x_ND, config)}
    found.score = {name: sampler.score(docs) for name, sampler in every.items()}
    worth = np.array(texts.corpus.worth)
    for name, sampler in every.items():
        found.kept[name] = [float(worth[sampler.select(found.score[name], f, config.seed)].mean()) for f in FRACTIONS]
    sets = {
        "same": training.held_out(training.encode(tokenizer, texts.same), shape.window),
        "good": training.held_out(training.encode(tokenizer, texts.good), shape.window),
    }
    corpus, seeds = Corpus(encoded, every, found.score), range(config.seed, config.seed + config.repeats)
    found.trained = compare(corpus, config.trained, (config.chosen, *config.ratios), seeds, shape, sets, progress)
    for name in config.trained:
        found.chosen_clean[name] = [float(worth[corpus.select(name, config.chosen, seed)].mean()) for seed in seeds]
    found.train_flop = 6.0 * found.trained.parameters * shape.steps * shape.window * shape.batch


def _samplers(x_ND: NDArray[np.float32] | None, config: Config) -> list[Sampler]:
    found = [samplers.random(), samplers.ask_llm(), *(samplers.perplexity(side) for side in ("low", "middle", "high"))]
    if x_ND is not None:
        found += [
            samplers.density(Hashes(x_ND.shape[1], seed=config.seed, **SKETCH)),
            samplers.semantic("semdedup", config.clusters, config.seed),
            samplers.semantic("prototypes", config.clusters, config.seed),
        ]
    return found


def _embedded(texts: list[str], config: Config, progress: Progress) -> NDArray[np.float32]:
    minilm = embedder(device=config.device)
    found = []
    for start in progress.track(range(0, len(texts), 64), "embed", unit="batch"):
        found.append(minilm(texts[start : start + 64]).numpy())
    return np.concatenate(found)


def _rating_flop(loaded: Any, texts: list[str]) -> float:
    """2 FLOP for each weight of the layers that are left and each token of documents and question."""
    weights = sum(weight.numel() for weight in loaded.model.base_model.layers.parameters())
    asked = question(loaded.tokenizer, "short")
    tokens = sum(len(loaded.tokenizer(text, add_special_tokens=False).input_ids) for text in texts)
    return 2.0 * weights * (tokens + len(texts) * len(asked.question))
