"""Questions for SmolLM2, which it was not trained for here: products, sums, two steps, parity; in two wordings."""

from __future__ import annotations

import random
from collections.abc import Callable

from .answers import last_number, last_of
from .measure import Group, Item
from .tasks import PARITY

THINGS = "pens apples books marbles coins stickers cups shells".split()
PEOPLE = "Mina Tom Sara Jun Nora Paul Yuna Alex".split()
PARAGRAPH = "\n\n"  # an answer is one paragraph; what this model adds is another example, or nothing new
WORDINGS = {  # how it is put, and what begins another question or answer; after "A:" it goes on with "B:"
    "question": ("Question: {}\nAnswer:", ("\nQuestion", "\nAnswer")),
    "q": ("Q: {}\nA:", ("\nQ:", "\nA:", "\nB:")),
}
TITLES = {
    "multiplication": "곱셈 · multiplication",
    "one_step": "한 단계 · one step, mixed",
    "two_step": "두 단계 · two steps",
    "parity": "연도 홀짝 · year parity",
}
TASKS = tuple(TITLES)

Random = random.Random
Drawn = tuple[str, str]  # question, answer


def _multiplication(rng: Random) -> Drawn:
    a, b, thing = rng.randint(3, 12), rng.randint(3, 12), rng.choice(THINGS)
    return f"There are {a} boxes with {b} {thing} in each box. How many {thing} are there in total?", str(a * b)


def _one_step(rng: Random) -> Drawn:
    kind, who, thing = rng.randrange(4), rng.choice(PEOPLE), rng.choice(THINGS)
    a, b = rng.randint(3, 30), rng.randint(3, 30)
    if kind == 0:
        return f"{who} has {a} {thing} and buys {b} more. How many {thing} does {who} have now?", str(a + b)
    if kind == 1:
        return f"{who} has {a + b} {thing} and gives away {b}. How many {thing} are left?", str(a)
    if kind == 2:
        return _multiplication(rng)
    a, b = rng.randint(2, 9), rng.randint(2, 9)
    return f"{who} shares {a * b} {thing} equally among {a} friends. How many {thing} does each friend get?", str(b)


def _two_step(rng: Random) -> Drawn:
    who, thing = rng.choice(PEOPLE), rng.choice(THINGS)
    a, b, c = rng.randint(3, 9), rng.randint(3, 9), rng.randint(2, 8)
    if rng.random() < 0.5:
        asked = f"{who} has {a} boxes with {b} {thing} in each box and buys {c} more {thing}."
        return f"{asked} How many {thing} does {who} have now?", str(a * b + c)
    asked = f"{who} has {a + b} {thing}, gives away {b}, and then finds {c} more."
    return f"{asked} How many {thing} does {who} have now?", str(a + c)


def _parity(rng: Random) -> Drawn:
    who, year = rng.choice(PEOPLE), rng.randint(1900, 2020)
    return f"{who} was born in {year}. Was {who} born in an even or an odd year?", PARITY[year % 2]


_DRAW: dict[str, Callable[[Random], Drawn]] = {
    "multiplication": _multiplication,
    "one_step": _one_step,
    "two_step": _two_step,
    "parity": _parity,
}


def items(task: str, wording: str, seed: int, count: int) -> list[Item]:
    """`count` different questions, the same ones in either wording; fewer where there are no more."""
    rng, found = Random(f"{task}/{seed}"), dict[Drawn, None]()
    for _ in range(50 * count):
        found[_DRAW[task](rng)] = None
        if len(found) == count:
            break
    form = WORDINGS[wording][0]
    return [
        Item(form.format(question), answer, f"{task}/{wording}", 2 if task == "two_step" else 1)
        for question, answer in found
    ]


def group(task: str, wording: str) -> Group:
    return Group(last_of(PARITY) if task == "parity" else last_number, (PARAGRAPH, *WORDINGS[wording][1]))
