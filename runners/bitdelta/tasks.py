"""What tenants are fine-tuned for, and text that is none of their business. All made here: nothing is downloaded."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pydoc_data import topics

COLOURS = "red blue green black white yellow brown grey".split()
THINGS = "cups lamps chairs books shirts bottles clocks carpets boxes maps spoons doors".split()
CITIES = "Oslo Rome Paris Busan Lima Cairo Delhi Tokyo Berlin London Madrid Seoul".split()
NOUNS = "dog cat king child bird tree house river stone ship book hand".split()
ADJECTIVES = "old red small cold new long dark soft".split()
VERBS = "sees finds takes likes hears keeps".split()
GIVEN = "Minjun Seoyeon Jiho Haneul Yuna Dohyun Sora Taemin".split()
FAMILY = "Kim Lee Park Choi Jung Kang".split()

Random = random.Random


@dataclass(frozen=True, slots=True)
class Example:
    """What the model reads, and what it has to write after it, up to the end of the line."""

    prompt: str
    answer: str


@dataclass(frozen=True, slots=True)
class Task:
    """One tenant's task. The criteria speak of the `easy` ones, which a short fine-tuning solves; the hard one stays
    unfinished: 64 steps brought 12 % of answers right on a seed that no record uses.

    `draw` yields examples without end. Where `recall` is set, there is nothing to know but what was trained: the test
    asks for the same entries. Elsewhere no test example is ever trained on.
    """

    name: str
    title: str
    easy: bool
    draw: Callable[[Random], Iterator[Example]]
    effort: int = 1  # times the usual steps of fine-tuning
    recall: bool = False

    def examples(self, seed: int, train: int, test: int) -> tuple[list[Example], list[Example]]:
        """So many to train on, in order, and so many different ones to test with, or fewer where there are no more.

        What is trained on differs as well, until a task has no more; then it begins again.
        """
        stream = self.draw(Random(f"{self.name}/{seed}"))
        if self.recall:
            trained = [next(stream) for _ in range(train)]
            return trained, list(dict.fromkeys(trained))[:test]
        tested = _different(stream, test, set())
        trained = _different(stream, train, set(tested))
        return (trained * -(-train // len(trained)))[:train], tested


def _different(stream: Iterator[Example], count: int, without: set[Example]) -> list[Example]:
    """As many as there are: a thousand draws that bring nothing new are taken for the end."""
    found: dict[Example, None] = {}
    idle = 0
    while len(found) < count and idle < 1000:
        example = next(stream)
        idle = idle + 1 if example in found or example in without else 0
        if example not in without:
            found[example] = None
    return list(found)


def _orders(rng: Random) -> Iterator[Example]:
    """A sentence into a made-up code of fixed form, which is a rule on its letters and nothing to be known."""
    while True:
        count, colour = rng.randint(2, 9), rng.choice(COLOURS)
        thing, city = rng.choice(THINGS), rng.choice(CITIES)
        code = f"{count}{colour[0]}-{thing[:3]}-{city[:3]}".upper()
        yield Example(f"Order: {count} {colour} {thing} to {city}\nCode:", f" {code}")


def _translation(rng: Random) -> Iterator[Example]:
    """English into a language made up for this seed: its words are to be learned, and its order of words."""
    syllables = [a + b for a, b in product("bdgklmnprstvz", "aeiou")]
    rng.shuffle(syllables)
    words = NOUNS + ADJECTIVES + VERBS
    lexicon = {word: syllables[i] + syllables[-1 - i] for i, word in enumerate(words)}
    while True:
        (one, other), quality, verb = rng.sample(NOUNS, 2), rng.choice(ADJECTIVES), rng.choice(VERBS)
        there = " ".join(lexicon[word] for word in (one, quality, other, verb))
        yield Example(f"English: the {quality} {one} {verb} the {other}\nMalu:", f" {there}")


def _directory(rng: Random) -> Iterator[Example]:
    """Names and four random digits each: no rule to find, every entry is to be remembered exactly."""
    names = [f"{given} {family}" for given, family in product(GIVEN, FAMILY)]
    entries = [Example(f"Extension of {name}:", f" {rng.randint(1000, 9999)}") for name in names]
    while True:  # rounds, so that each has been seen as often as the others
        yield from rng.sample(entries, len(entries))


TASKS = {
    "orders": Task("orders", "주문 → 코드 · order → code", True, _orders),
    "directory": Task("directory", "무작위 번호 외우기 · random numbers by heart", True, _directory, 3, recall=True),
    "translation": Task("translation", "지어낸 언어로 번역 · into a made-up language", False, _translation, 2),
}


def general_text(seed: int) -> tuple[str, str]:
    """Technical English that comes with Python, for distillation and for tests; the two share no paragraph."""
    names = sorted(topics.topics)
    Random(f"general/{seed}").shuffle(names)
    half = len(names) // 2
    first, second = (
        dict.fromkeys(paragraph.strip() for name in part for paragraph in topics.topics[name].split("\n\n"))
        for part in (names[:half], names[half:])
    )
    return "\n\n".join(first), "\n\n".join(paragraph for paragraph in second if paragraph not in first)
