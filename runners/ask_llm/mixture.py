"""A corpus of known quality, the texts that a rater is tuned on, and those that it is tested on: no text twice.

What a rater sees while it is tuned is of other topics and of other kinds of noise than what it is tested on, and than
what the corpus holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from nonmun.runner import RunnerError
from runners.selection import noise, prose

TUNING_TOPICS = ("science", "algebra")
TOPICS = tuple(topic for topic in prose.TOPICS if topic not in TUNING_TOPICS)
CLEAN, COPY = "clean", "near_duplicate"
SHARES = {CLEAN: 0.35, COPY: 0.1, "boilerplate": 0.15, "empty": 0.15, "questions": 0.1, "repetition": 0.15}


@dataclass(frozen=True, slots=True)
class Labelled:
    """Texts and what each is: `clean`, or a kind of noise."""

    texts: list[str]
    kinds: list[str]

    @property
    def worth(self) -> list[bool]:
        return [kind == CLEAN for kind in self.kinds]


@dataclass(frozen=True, slots=True)
class Mixture:
    """All texts of a run. `same` is a validation set like the corpus, `good` one of clean texts."""

    corpus: Labelled
    tuning: Labelled
    test: Labelled
    same: list[str]
    good: list[str]


def build(documents: int, tuning: int, each: int, held: int, seed: int) -> Mixture:
    """Everything from the seed. RunnerError where there is not enough real prose for so much."""
    rng = Random(f"mixture {seed}")  # noqa: S311 - a corpus, not a secret
    pool = [text for topic in TOPICS for text in prose.paragraphs(topic)]
    other = [text for topic in TUNING_TOPICS for text in prose.paragraphs(topic)]
    rng.shuffle(pool)
    rng.shuffle(other)
    need = 2 * each + held + round(SHARES[CLEAN] * documents) + round(SHARES[CLEAN] * held)
    if need > 0.9 * len(pool) or tuning // 2 > 0.9 * len(other):
        raise RunnerError(
            f"{need} clean texts and {tuning // 2} for tuning are wanted, there are {len(pool)} and {len(other)}",
            mend="ask for fewer with --set documents=N",
        )
    test = Labelled([pool.pop() for _ in range(2 * each)], [CLEAN] * (2 * each))
    for kind, make in noise.UNSEEN.items():
        # Noise that is made from a text takes one that is nowhere else: the last tenth of the pool is for that.
        test.texts.extend(make(rng.choice(pool[: len(pool) // 10]), rng) for _ in range(each))
        test.kinds.extend([kind] * each)
    good = [pool.pop() for _ in range(held)]
    corpus = _mixture(documents, pool, rng)
    return Mixture(corpus, _tuning(tuning, other, rng), test, _mixture(held, pool, rng).texts, good)


def _mixture(documents: int, pool: list[str], rng: Random) -> Labelled:
    spare = pool[: len(pool) // 10]
    found = [(pool.pop(), CLEAN) for _ in range(round(SHARES[CLEAN] * documents))]
    clean = [text for text, _ in found]
    for kind, share in SHARES.items():
        if kind != CLEAN:
            make = noise.near_duplicate if kind == COPY else noise.UNSEEN[kind]
            source = clean if kind == COPY else spare
            found += [(make(rng.choice(source), rng), kind) for _ in range(round(share * documents))]
    rng.shuffle(found)
    return Labelled([text for text, _ in found], [kind for _, kind in found])


def _tuning(count: int, other: list[str], rng: Random) -> Labelled:
    """Half clean, half noise of the kinds that may be seen, each alike."""
    half = count // 2
    made = list(noise.SEEN.items())
    bad = [
        (made[n % len(made)][1](other[-1 - n % (len(other) // 2)], rng), made[n % len(made)][0]) for n in range(half)
    ]
    pairs = [(text, CLEAN) for text in other[:half]] + bad
    return Labelled([text for text, _ in pairs], [kind for _, kind in pairs])
