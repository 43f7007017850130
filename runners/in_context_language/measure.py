"""Unseen languages: the same sentences at every dose of the book, scored by chrF and exact match."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch

from nonmun.runner import RunnerError

from .book import DOSES, EMPTY, Book, halved, shown, shuffled, told, write
from .language import ENGLISH, Language, text
from .method import Reader, answer
from .rows import DIRECTIONS, END, IDS, WORDS, Question, rows
from .training import questions

MOST = 14  # tokens of an answer: the longest right one has 9
CHANCE = "chance"
ByDose = dict[str, dict[str, float]]  # of each direction


@dataclass(frozen=True, slots=True)
class World:
    """One unseen language: the book at every dose, what is asked, and what chance would say."""

    language: Language
    books: dict[str, Book]
    asked: list[Question]
    chance: list[str]


@dataclass(frozen=True, slots=True)
class Scored:
    """One language's `chrf`, 0 to 100, and how many answers were `right` of how many `asked`, by dose and direction.

    `known` are the questions, by direction, whose every word the half book tells, and `known_right` the answers to them
    that are right at half.
    """

    chrf: ByDose
    right: ByDose
    asked: int
    known: dict[str, int]
    known_right: dict[str, int]
    answers: dict[str, list[str]] = field(default_factory=dict)


def check_scorer() -> None:
    """RunnerError where chrF cannot be computed: better before a run than after it."""
    import importlib.util

    if importlib.util.find_spec("sacrebleu") is None:
        raise RunnerError("sacrebleu is not installed", mend="make runners, or pip install 'nonmun[runners]'")


def worlds(seed: int, count: int, examples: int, asked: int) -> list[World]:
    """Whole languages, `asked` sentences in each direction. A wrong book is that of the next language."""
    rng = random.Random(f"test/{seed}")  # noqa: S311 - languages, no secrets
    drawn = []
    for _ in range(count):
        language = Language.draw(rng)
        book, used = write(language, rng, examples)
        drawn.append((language, book, questions(language, rng, used, 2 * asked)))
    found = []
    for place, (language, book, own) in enumerate(drawn):
        other_language, other_book, _ = drawn[(place + 1) % count]
        books = {"none": EMPTY, "half": halved(book, rng), "full": book}
        books |= {"shuffled": shuffled(book, rng), "wrong": other_book}
        others = [other_language.both(other_language.sentence(rng)) for _ in own]
        chance = [text(Question.of(pair, one.direction).answer) for pair, one in zip(others, own, strict=True)]
        found.append(World(language, books, own, chance))
    return found


def measure(
    model: Reader, tested: Sequence[World], device: torch.device, together: int, tell: Callable[[int], object]
) -> list[Scored]:
    """Every world at every dose; the answers come greedily."""
    answers: list[dict[str, list[str]]] = [{} for _ in tested]
    for dose in DOSES:
        for start in range(0, len(tested), together):
            part = tested[start : start + together]
            made = rows([one.books[dose] for one in part], [one.asked for one in part], answered=False)
            said = answer(model, made.tokens.to(device), made.last_BQ.to(device), MOST, IDS[END])
            for place, own in enumerate(said):
                answers[start + place][dose] = [text([WORDS[token] for token in one]) for one in own]
            tell(len(part))
    return [score(world, own) for world, own in zip(tested, answers, strict=True)]


def score(world: World, answers: dict[str, list[str]]) -> Scored:
    """Each direction of each dose as a corpus of its own: chrF2 of characters to 6-grams, as the field computes it."""
    from sacrebleu.metrics import CHRF

    metric = CHRF()
    chrf: ByDose = {}
    right: ByDose = {}
    best = [text(question.answer) for question in world.asked]
    for dose, said in {**answers, CHANCE: world.chance}.items():
        chrf[dose], right[dose] = {}, {}
        for direction in DIRECTIONS:
            own = [place for place, question in enumerate(world.asked) if question.direction == direction]
            chrf[dose][direction] = metric.corpus_score([said[i] for i in own], [[best[i] for i in own]]).score
            right[dose][direction] = sum(said[i] == best[i] for i in own)
    known, known_right = dict.fromkeys(DIRECTIONS, 0), dict.fromkeys(DIRECTIONS, 0)
    half = told(world.books["half"])
    for question, said_half, should in zip(world.asked, answers["half"], best, strict=True):
        if {word for word in question.english if word in ENGLISH} <= half:
            known[question.direction] += 1
            known_right[question.direction] += said_half == should
    return Scored(chrf, right, len(world.asked) // 2, known, known_right, answers)


def page(world: World, scored: Scored, each: int = 1) -> dict[str, object]:
    """A book, its half, the first sentences asked in each direction, and what was said at each dose."""
    picked = [
        place for direction in DIRECTIONS
        for place in [i for i, one in enumerate(world.asked) if one.direction == direction][:each]
    ]  # fmt: skip
    return {
        "book": shown(world.books["full"]),
        "half": shown(world.books["half"]),
        "asked": [
            {
                "direction": world.asked[place].direction,
                "sentence": text(world.asked[place].asked),
                "right": text(world.asked[place].answer),
                "said": {dose: scored.answers[dose][place] for dose in DOSES},
            }
            for place in picked
        ],
    }
