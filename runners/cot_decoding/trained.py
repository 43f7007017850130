"""One seed: a world, a decoder trained on it, the same decoder trained on corrupted chains, and what both answer."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from nonmun.runner import Progress, RunnerError

from . import decoder, tasks
from .answers import last_number, last_of
from .measure import Answered, Group, Item, measure
from .method import DecodingError

if TYPE_CHECKING:
    from .demo import Config

KINDS = ("chains", "corrupted")
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
    models = {name: decoder.build(len(tokenizer), config.width, config.layers, seed) for name in KINDS}
    pairs = {name: tasks.training(world, seed, without, config.worked, corrupted=name == "corrupted") for name in KINDS}
    losses = _train(models, pairs, config, progress, f"seed {seed}: train")
    found = {
        name: _decode(model, tokenizer, items, config, progress, f"seed {seed}: decode, {name}", name == "chains", seed)
        for name, model in models.items()
    }
    parameters = sum(weight.numel() for weight in models["chains"].parameters())
    return Seed(seed, parameters, found["chains"], found["corrupted"], losses)


def _train(
    models: Mapping[str, Any],
    pairs: Mapping[str, decoder.Pairs],
    config: Config,
    progress: Progress,
    title: str,
) -> dict[str, list[float]]:
    """Both decoders at once, each on its share of the cores: matrices this small gain little from a second core.

    Nothing is drawn from torch's generator meanwhile, so the order in which the two take turns changes no number.
    """
    losses: dict[str, list[float]] = {name: [] for name in models}
    cores, lock = torch.get_num_threads(), threading.Lock()
    stopped = threading.Event()
    with progress.stage(title, config.train_steps * len(models), "step") as stage:

        def work(name: str) -> None:
            def tell(loss: float) -> None:
                if stopped.is_set():
                    raise RunnerError("training was stopped", mend="run it again")
                with lock:
                    losses[name].append(loss)
                    stage.advance(**{name: round(loss, 3)})

            steps, batch, rate = config.train_steps, config.batch, config.rate
            tokenizer = decoder.word_tokenizer(tasks.words())  # of its own: they are not made for two threads
            decoder.train(models[name], tokenizer, pairs[name], steps=steps, batch=batch, rate=rate, tell=tell)

        torch.set_num_threads(max(1, cores // len(models)))
        try:
            with ThreadPoolExecutor(len(models)) as pool:
                running = [pool.submit(work, name) for name in models]
                try:
                    done, _ = wait(running, return_when=FIRST_EXCEPTION)
                finally:
                    stopped.set()  # the other, where one has failed, or where the run is ended
            for one in sorted(done, key=running.index):
                one.result()
        finally:
            torch.set_num_threads(cores)
    return losses


def _decode(
    model: Any,
    tokenizer: Any,
    items: list[Item],
    config: Config,
    progress: Progress,
    title: str,
    whole: bool,
    seed: int,
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
