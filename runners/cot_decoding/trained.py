"""One seed: a world, a decoder trained on it, the same decoder trained on corrupted chains, and what both answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nonmun.runner import Progress, RunnerError

from . import decoder, tasks
from .answers import last_number, last_of
from .measure import Answered, Group, Item, measure
from .method import DecodingError

if TYPE_CHECKING:
    from .demo import Config

GROUPS = {
    "arithmetic": Group(last_number),
    "lookup": Group(last_of(tasks.NAMES)),
    "parity": Group(last_of(tasks.PARITY)),
}


@dataclass(frozen=True, slots=True)
class Seed:
    """What one seed gave."""

    seed: int
    parameters: int
    answered: list[Answered]
    corrupted: list[Answered]
    losses: dict[str, list[float]]


def measure_seed(seed: int, config: Config, progress: Progress) -> Seed:
    """Decoding sees prompts alone; answers are compared afterwards."""
    world = tasks.World.of(seed)
    questions = tasks.questions(world, seed, config.each)
    without = frozenset(question.prompt for question in questions)
    items = [Item(one.prompt, one.answer, one.family, len(one.steps)) for one in questions]
    tokenizer = decoder.word_tokenizer(tasks.words())
    found: dict[str, list[Answered]] = {}
    losses: dict[str, list[float]] = {}
    parameters = 0
    for name in ("chains", "corrupted"):
        title = f"seed {seed}, {name}"
        model = decoder.build(len(tokenizer), config.width, config.layers, seed)
        parameters = sum(weight.numel() for weight in model.parameters())
        pairs = tasks.training(world, seed, without, config.worked, corrupted=name == "corrupted")
        losses[name] = _train(model, tokenizer, pairs, config, progress, f"{title}: train")
        found[name] = _decode(model, tokenizer, items, config, progress, f"{title}: decode", seed, name == "chains")
    return Seed(seed, parameters, found["chains"], found["corrupted"], losses)


def _train(
    model: Any, tokenizer: Any, pairs: decoder.Pairs, config: Config, progress: Progress, title: str
) -> list[float]:
    losses: list[float] = []
    with progress.stage(title, config.train_steps, "step") as stage:

        def tell(loss: float) -> None:
            losses.append(loss)
            stage.advance(loss=round(loss, 3))

        decoder.train(
            model, tokenizer, pairs, steps=config.train_steps, batch=config.batch, rate=config.rate, tell=tell
        )
    return losses


def _decode(
    model: Any,
    tokenizer: Any,
    items: list[Item],
    config: Config,
    progress: Progress,
    title: str,
    seed: int,
    whole: bool,
) -> list[Answered]:
    """Of the control only what its criterion and its row of the table need: k branches, no sampling."""
    with progress.stage(title, (2 if whole else 1) * len(items), "question") as stage:
        try:
            return measure(
                model,
                tokenizer,
                items,
                GROUPS,
                k=config.k,
                sweep=config.sweep if whole else (config.k,),
                steps=config.length,
                temperature=config.temperature,
                seed=seed,
                together=config.together,
                later=config.later if whole else (),
                sample=whole,
                tell=stage.advance,
            )
        except DecodingError as error:
            raise RunnerError(str(error), mend="train it with a lower --rate") from error
