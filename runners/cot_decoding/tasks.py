"""Questions for the decoder that is trained here: a made-up world, three families, one to four steps.

    arithmetic   7 +3 *2 ?                                         the last digit, worked from left to right
    lookup       Ann 's friend 's boss ?                           a person
    parity       Ann 's friend 's birth year , even or odd ?       even or odd

A worked answer takes the steps one by one and ends in the answer; a direct one states the answer at once. Who is whose
friend, and who was born when, differs from seed to seed, and is nowhere but in the training text.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

NAMES = ("Ann Ben Cho Dan Eva Fay Gil Han Ida Jun Kai Lee Mia Nam Oda Pia Quy Roy Sue Tom Uma Val Woo Yun").split()
RELATIONS = tuple(f"'s {word}" for word in "friend boss teacher neighbour".split())
YEAR = "'s birth year"
OPERATIONS = "+1 +2 +3 -1 -2 -3 *2".split()
PARITY = ("even", "odd")
FAMILIES = {"arithmetic": 5, "lookup": 3, "parity": 3}  # and how often each is asked in training
TITLES = {
    "arithmetic": "계산 · arithmetic",
    "lookup": "관계 찾기 · lookup",
    "parity": "연도 홀짝 · year parity",
}
STEPS = (1, 2, 3, 4)
DIRECT = {"so": 5, "surely": 4, "probably": 4, "maybe": 4, "just": 3}  # openings before an answer alone, and how often
WORKED = {"first": 4, "well": 3, "let": 3, "now": 3, "see": 3, "okay": 2, "hmm": 2}  # and before a worked one
LINKS = (",", "then", "and", "next")  # a worked answer can be put in many ways, as in any language

Random = random.Random


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: where it starts and what is done to it step by step; and the result of each step."""

    family: str
    start: str
    steps: tuple[str, ...]
    results: tuple[str, ...]

    @property
    def prompt(self) -> str:
        asked = f"{self.start} {' '.join(self.steps)}"
        return f"Q: {asked} , even or odd ? A:" if self.family == "parity" else f"Q: {asked} ? A:"

    @property
    def answer(self) -> str:
        """The year's parity, where that is asked; the last step's result elsewhere."""
        last = self.results[-1]
        return parity(last) if self.family == "parity" else last

    def chain(self, rng: Random, results: tuple[str, ...] | None = None) -> str:
        """The steps written out, with these results in the place of the right ones where they are given."""
        text, before = "", self.start
        for step, result in zip(self.steps, results or self.results, strict=True):
            text += f" {rng.choice(LINKS)} " if text else ""
            text += f"{before} {step} = {result}"
            before = result
        return text


def parity(year: str) -> str:
    return PARITY[int(year[-1]) % 2]


@dataclass(frozen=True)
class World:
    """Who is whose friend, boss, …: each a permutation of all names; and when each was born, digit by digit."""

    relations: dict[str, dict[str, str]]
    born: dict[str, str]

    @staticmethod
    def of(seed: int, names: int = len(NAMES)) -> World:
        rng = Random(f"world/{seed}")
        people = list(NAMES[:names])
        relations = {relation: dict(zip(people, rng.sample(people, names), strict=True)) for relation in RELATIONS}
        return World(relations, {name: " ".join(str(rng.randint(1900, 1999))) for name in people})

    def question(self, family: str, start: str, steps: tuple[str, ...]) -> Question:
        results, now = [], start
        for step in steps:
            now = self.take(now, step)
            results.append(now)
        return Question(family, start, steps, tuple(results))

    def take(self, now: str, step: str) -> str:
        """One step: an operation on a digit, a person's friend, a person's year."""
        if step in self.relations:
            return self.relations[step][now]
        if step == YEAR:
            return self.born[now]
        digit, other = int(now), int(step[1:])
        return str({"+": digit + other, "-": digit - other, "*": digit * other}[step[0]] % 10)

    def draw(self, family: str, steps: int, rng: Random) -> Question:
        if family == "arithmetic":
            return self.question(family, str(rng.randint(0, 9)), tuple(rng.choice(OPERATIONS) for _ in range(steps)))
        hops = tuple(rng.choice(RELATIONS) for _ in range(steps - (family == "parity")))
        return self.question(family, rng.choice(list(self.born)), hops + ((YEAR,) if family == "parity" else ()))

    def any_result(self, step: str, rng: Random) -> str:
        """Some result that a step of this kind could have: what a corrupted chain holds."""
        if step == YEAR:
            return self.born[rng.choice(list(self.born))]
        return rng.choice(list(self.born)) if step in self.relations else str(rng.randint(0, 9))


def questions(world: World, seed: int, each: int) -> list[Question]:
    """`each` different test questions of every family and number of steps, or a quarter of those that there are."""
    rng, found = Random(f"test/{seed}"), []
    for family in FAMILIES:
        for steps in STEPS:
            own: dict[Question, None] = {}
            most = min(each, possible(world, family, steps) // 4)
            while len(own) < most:
                own[world.draw(family, steps, rng)] = None
            found += own
    return found


def possible(world: World, family: str, steps: int) -> int:
    """How many questions there are."""
    if family == "arithmetic":
        return int(10 * len(OPERATIONS) ** steps)
    return int(len(world.born) * len(RELATIONS) ** (steps - (family == "parity")))


def training(
    world: World, seed: int, without: frozenset[str], worked: float, corrupted: bool
) -> Iterator[tuple[str, str]]:
    """Prompts and answers without end; `worked` of them are worked, none is asked in `without`.

    A corrupted chain has the same form and the same length, and each result is drawn at random; the answer after it is
    the right one.
    """
    rng = Random(f"train/{seed}")
    while True:
        question = world.draw(rng.choices(list(FAMILIES), list(FAMILIES.values()))[0], rng.choice(STEPS), rng)
        if question.prompt in without:
            continue
        kinds = WORKED if rng.random() < worked else DIRECT
        opening = rng.choices(list(kinds), list(kinds.values()))[0]
        if kinds is WORKED:
            results = tuple(world.any_result(step, rng) for step in question.steps) if corrupted else None
            yield question.prompt, f"{opening} {question.chain(rng, results)} ; {question.answer}"
        else:
            yield question.prompt, f"{opening} {question.answer}"


def words() -> list[str]:
    """All tokens of all questions and answers."""
    signs = ["Q:", "A:", "?", "=", ";", ", even or odd"]
    digits = [str(digit) for digit in range(10)]
    return [*signs, *LINKS, *DIRECT, *WORKED, *digits, *OPERATIONS, *RELATIONS, YEAR, *PARITY, *NAMES]
