"""A corpus whose topics are known and badly out of balance: one of them, written by a program, is four fifths of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from random import Random

from nonmun.runner import RunnerError
from runners.selection import noise, prose

DOMINANT = "weather"
SHARES = {
    DOMINANT: 0.80, "language": 0.06, "graphs": 0.05, "science": 0.04, "plotting": 0.02, "algebra": 0.013,
    "arrays": 0.01, "learning": 0.007,
}  # fmt: skip
RARE = tuple(topic for topic, share in SHARES.items() if share < 0.015)
DUPLICATES = 0.1  # of each topic's documents: another one of them, slightly changed
EACH = 30  # documents of each real topic in the set of high quality


@dataclass(frozen=True, slots=True)
class Skewed:
    """Texts and their topics; and two sets that nothing is chosen from."""

    texts: list[str]
    topics: list[str]
    same: list[str]  # of the same distribution
    good: list[str]  # real prose, each topic alike


def build(documents: int, held: int, seed: int) -> Skewed:
    """Everything from the seed. RunnerError where a topic has not enough paragraphs for so many documents."""
    rng = Random(f"skew {seed}")  # noqa: S311 - a corpus, not a secret
    pools = {topic: rng.sample(prose.paragraphs(topic), len(prose.paragraphs(topic))) for topic in prose.TOPICS}
    good = [pools[topic].pop() for topic in prose.TOPICS for _ in range(EACH)]
    texts, topics = _mixture(documents, pools, rng)
    same, _ = _mixture(held, pools, rng)
    return Skewed(texts, topics, same, good)


def _mixture(documents: int, pools: dict[str, list[str]], rng: Random) -> tuple[list[str], list[str]]:
    found = []
    for topic, share in SHARES.items():
        count = round(share * documents)
        copies = round(DUPLICATES * count)
        if topic == DOMINANT:
            own = [noise.weather(rng) for _ in range(count - copies)]
        elif len(pools[topic]) < count - copies:
            raise RunnerError(
                f"{len(pools[topic])} paragraphs of '{topic}' are left, expected {count - copies}",
                mend="ask for fewer documents with --set documents=N",
            )
        else:
            own = [pools[topic].pop() for _ in range(count - copies)]
        own += [noise.near_duplicate(rng.choice(own), rng) for _ in range(copies)] if own else []
        found += [(text, topic) for text in own]
    rng.shuffle(found)
    return [text for text, _ in found], [topic for _, topic in found]


def shares(topics: list[str]) -> dict[str, float]:
    counts = Counter(topics)
    return {topic: counts[topic] / len(topics) for topic in SHARES}
