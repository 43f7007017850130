"""How much a note is worth to a query: BM25F, in steps.

A term is worth its rarity times (a step + how full of it the note is, below 1). The steps keep the order that a reader
expects whatever the counts: a note that has the word in its title or tags, one that has it in its text, and below both
those that have it in another form only. Every operation is one that browsers and Python do alike, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence

from nonmun.search.documents import Zone

# Robertson, Zaragoza: The Probabilistic Relevance Framework, section 3.5; weights are ours.
WEIGHTS = (5.0, 2.5, 1.0, 1.0, 1.0, 4.0)  # title, authors, abstract, Korean, English, tags
K1, B = 1.2, 0.5
EXACT_STEP, HEAD_STEP = 2.0, 1.0
_HEAD = 1 << Zone.TITLE | 1 << Zone.TAGS
_LN2 = 0.6931471805599453


def worth(counts: Sequence[int], exact: int, length: int, average: float, rarity: float) -> float:
    """What one term gives a note. `exact` has a bit for each field that has it as written."""
    total = 0.0
    fields = 0
    norm = 1 - B + B * length / average
    for zone in range(len(WEIGHTS)):
        if counts[zone]:
            fields |= 1 << zone
            total += WEIGHTS[zone] * counts[zone] / (norm if Zone.ABSTRACT <= zone <= Zone.EN else 1.0)
    step = (EXACT_STEP if exact else 0.0) + (HEAD_STEP if (exact or fields) & _HEAD else 0.0)
    return rarity * (step + total / (K1 + total))


def rarity(notes: int, having: int) -> float:
    """The inverse document frequency, always above 0."""
    return log(1 + (notes - having + 0.5) / (having + 0.5))


def log(value: float) -> float:
    """The natural logarithm of a value of at least 1, by operations that every machine rounds alike."""
    halvings = 0
    while value >= 2:
        value /= 2
        halvings += 1
    ratio = (value - 1) / (value + 1)
    square = ratio * ratio
    total = 0.0
    for power in range(21, 0, -2):
        total = total * square + 1 / power
    return halvings * _LN2 + 2 * ratio * total
