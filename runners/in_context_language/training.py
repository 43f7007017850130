"""Meta-training: every step sees languages that no other step has seen."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from nonmun.runner import RunnerError

from .book import EMPTY, Book, halved, write
from .language import Language, Sentence
from .method import Reader, answer_loss
from .rows import DIRECTIONS, WORDS, Question, rows, unpacked

Tell = Callable[[int, float], None]
DOSES = {"full": 0.6, "half": 0.3, "none": 0.1}  # how often a book is given in training
DRILLS = 0.5  # of what is asked in training: words and phrases, from which looking up is learned first
LOOKED = 20  # steps between looks at the loss, each of which waits for the device
SMALLEST = 0.2  # of a language at the beginning, and later now and then


@dataclass(frozen=True, slots=True)
class Practice:
    """What is practised, for how long. `warm` is the part of it in which languages grow from small to whole."""

    seed: int
    steps: int
    books: int
    asked: int
    examples: int
    rate: float
    warm: float


def build(width: int, layers: int, heads: int, seed: int) -> Reader:
    torch.manual_seed(seed)
    return Reader(len(WORDS), width, layers, heads)


def draw(rng: random.Random, examples: int, asked: int, share: float) -> tuple[str, Book, list[Question]]:
    """A language's book at some dose; drills, and sentences that are not in the book, in both directions."""
    language = Language.draw(rng, share)
    book, shown = write(language, rng, max(1, round(share * examples)))
    dose = rng.choices(list(DOSES), list(DOSES.values()))[0]
    given = book if dose == "full" else halved(book, rng) if dose == "half" else EMPTY
    drills = [Question.of(language.drill(rng), DIRECTIONS[place % 2]) for place in range(round(DRILLS * asked))]
    return dose, given, drills + questions(language, rng, shown, asked - len(drills))


def questions(language: Language, rng: random.Random, without: set[Sentence], count: int) -> list[Question]:
    """Half in each direction, on sentences that are in no example."""
    found: list[Question] = []
    while len(found) < count:
        sentence = language.sentence(rng)
        if sentence not in without:
            found.append(Question.of(language.both(sentence), DIRECTIONS[len(found) % 2]))
    return found


class Lessons(Dataset[tuple[list[str], Tensor]]):
    """The books and questions of each step, by its number alone: whoever makes them, in whatever order."""

    def __init__(self, practice: Practice) -> None:
        self.practice = practice

    def __len__(self) -> int:
        return self.practice.steps

    def __getitem__(self, step: int) -> tuple[list[str], Tensor]:
        """Languages of one step are alike in size, which saves padding: every other step as large as they come yet."""
        own = self.practice
        rng = random.Random(f"train/{own.seed}/{step}")  # noqa: S311 - languages, no secrets
        grown = min(1.0, step / max(1.0, own.warm * own.steps))
        most = SMALLEST + (1 - SMALLEST) * grown
        share = rng.uniform(SMALLEST, most) if step % 2 else most
        drawn = [draw(rng, own.examples, own.asked, share) for _ in range(own.books)]
        doses = [dose for dose, _, _ in drawn]
        return doses, rows([book for _, book, _ in drawn], [asked for *_, asked in drawn], answered=True).packed()


def lessons(practice: Practice, device: torch.device) -> Iterable[tuple[list[str], Tensor]]:
    """In the order of steps. A GPU is faster than one process makes them, so that there all cores do."""
    workers = min(14, (os.cpu_count() or 2) - 2) if device.type == "cuda" else 0
    return DataLoader(Lessons(practice), batch_size=None, num_workers=max(0, workers))


def train(model: Reader, practice: Practice, device: torch.device, tell: Tell) -> dict[str, list[list[float]]]:
    """AdamW; the rate rises over a twentieth of the steps and falls along a cosine. By dose the [step, loss in nats].

    RunnerError where the loss is no number.
    """
    optimizer = torch.optim.AdamW(model.parameters(), practice.rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: share_of_rate(step, practice.steps))
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high")  # TF32: several times as fast, and as good here
    curve: dict[str, list[list[float]]] = {dose: [] for dose in DOSES}
    ahead: list[tuple[list[str], Tensor]] = []
    model.train()
    for step, (doses, packed) in enumerate(lessons(practice, device), start=1):
        tokens, wanted_BS = unpacked(packed, device)
        z_BSV, _ = model(tokens)
        loss_B = answer_loss(z_BSV, wanted_BS)
        optimizer.zero_grad(set_to_none=True)
        loss_B.mean().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        ahead.append((doses, loss_B.detach()))
        if len(ahead) == LOOKED or step == practice.steps:
            told = _by_dose(ahead)
            for dose, nats in told.items():
                curve[dose].append([step, round(nats, 4)])
            tell(len(ahead), told.get("full", math.nan))
            ahead = []
    model.eval()
    return curve


def _by_dose(seen: list[tuple[list[str], Tensor]]) -> dict[str, float]:
    """Mean loss of each dose that there was."""
    found: dict[str, list[float]] = {}
    for doses, loss_B in seen:
        for dose, nats in zip(doses, loss_B.tolist(), strict=True):
            if not math.isfinite(nats):
                raise RunnerError("the loss is no number", mend="train it with a lower --rate")
            found.setdefault(dose, []).append(nats)
    return {dose: sum(values) / len(values) for dose, values in found.items()}


def share_of_rate(step: int, steps: int) -> float:
    """Of the highest rate: 1 after a twentieth of the steps, a fiftieth at the end."""
    rise = max(1, min(500, steps // 20))
    return min((step + 1) / rise, 0.02 + 0.49 * (1 + math.cos(math.pi * step / steps)))
