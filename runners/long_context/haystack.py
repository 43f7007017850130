"""What is read: prose of made-up sentences, half of them facts, with needles at exact depths. Tokens are whole words.

    The special magic Rimo number is: 417 902 .

is a fact, and a needle is a fact about a city that the rest does not mention. So every other fact is a distractor of
the needle's own form; numbers have two tokens out of a thousand each. A needle is put where its depth says and
cuts what stood there; so that this is nothing new, some facts are cut anywhere.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int16]
Rng = np.random.Generator
Random = random.Random

NAMES, NUMBERS = 2048, 1000
FACT = "The special magic {} number is: {} {} ."
KINDS = {
    "D": "the a this every one that another no",
    "A": "old quiet narrow bright heavy distant wooden broken cold gentle green hollow idle late modest pale round "
    "sharp slow tall uneven warm young careful double early foreign golden hidden local",
    "N": "harbour lantern river bridge garden letter window mountain baker clock market ship teacher stone village "
    "road candle kitchen orchard painter soldier tower valley winter blanket carpenter door evening farmer glass "
    "hammer island journal kettle ladder mirror ocean pencil quarry roof sailor table uncle voice wagon yard "
    "apple barrel cellar drawer engine field",
    "V": "keeps carries follows watches leaves finds paints mends crosses holds covers opens hears guards passes joins "
    "warms lifts sells remembers",
    "P": "near behind under above beside beyond across within",
    "R": "slowly often again quietly seldom always twice tomorrow together gladly",
}
PROSE = ("DANVDN.", "DNVDANPDN.", "DNVDNR.", "RDNVDN.", "DANPDNVDAN.", "DNRVDAN.", "PDANDNVDN.", "DNV.")


def _names() -> list[str]:
    """Names of two or three syllables, no two alike."""
    rng = Random("names")
    syllables = [consonant + vowel for consonant in "bdfghjklmnprstvz" for vowel in "aeiou"]
    found: dict[str, None] = {}
    while len(found) < NAMES:
        found["".join(rng.choices(syllables, k=rng.choice((2, 3)))).capitalize()] = None
    return list(found)


@dataclass(frozen=True)
class Vocabulary:
    """Every word there is, and where each kind of word begins."""

    words: tuple[str, ...]
    first: dict[str, int]  # of a kind of word, of names and of numbers
    count: dict[str, int]

    @staticmethod
    def made() -> Vocabulary:
        kinds = {"sign": [".", *FACT.replace("{}", "").replace(".", "").split()]}
        kinds |= {kind: words.split() for kind, words in KINDS.items()}
        kinds |= {"name": _names(), "number": [f"{number:03}" for number in range(NUMBERS)]}
        words: list[str] = []
        first, count = {}, {}
        for kind, own in kinds.items():
            first[kind], count[kind] = len(words), len(own)
            words += own
        return Vocabulary(tuple(words), first, count)

    def __len__(self) -> int:
        return len(self.words)

    def fact(self, name: int, number: tuple[int, int]) -> list[int]:
        """A fact's tokens: about the name of this rank, with this number."""
        said = [self.words.index(word) if word != "{}" else -1 for word in FACT.split()]
        given = iter((self.first["name"] + name, *(self.first["number"] + part for part in number)))
        return [next(given) if token < 0 else token for token in said]

    def text(self, ids: Sequence[int]) -> str:
        return " ".join(self.words[token] for token in ids)


VOCABULARY = Vocabulary.made()
LENGTH = len(FACT.split())  # tokens of a fact
ASKED = 6  # of which a question is the first
NAME_AT = FACT.split().index("{}")
CUT = 0.1  # share of facts that lack a beginning or an end, as what stands beside a needle does
_LONGEST = max(LENGTH, *(len(one) for one in PROSE))
_PAD = -1
_KIND = {kind: -2 - place for place, kind in enumerate(KINDS)}  # how a template says that a word of a kind stands there


def _templates() -> NDArray[np.int16]:
    """The fact, then each form of prose, as tokens, kinds and padding."""
    table = np.full((1 + len(PROSE), _LONGEST), _PAD, dtype=np.int16)
    table[0, :LENGTH] = VOCABULARY.fact(0, (0, 0))
    for row, form in enumerate(PROSE, start=1):
        table[row, : len(form)] = [_KIND.get(kind, VOCABULARY.first["sign"]) for kind in form]
    return table


_TABLE = _templates()


def prose(rng: Rng, length: int, *, facts: float, names: NDArray[np.int64], weights: NDArray[np.float64] | None = None,
          numbers: NDArray[np.int64] | None = None) -> Ids:  # fmt: skip
    """`length` tokens, of whose sentences a share `facts` are facts about `names`, drawn by `weights`.

    `numbers`, names x 2, are what is said of each name whenever it is mentioned; without them each fact draws its own.
    """
    found, have = [], 0
    while have < length:
        many = min(1 << 15, (length - have) // 4 + 2)  # the shortest sentence has 4 tokens
        fact = rng.random(many) < facts
        rows = _TABLE[np.where(fact, 0, rng.integers(1, len(_TABLE), many))]
        for kind, code in _KIND.items():
            places = rows == code
            rows[places] = VOCABULARY.first[kind] + rng.integers(0, VOCABULARY.count[kind], int(places.sum()))
        about = rng.choice(len(names), int(fact.sum()), p=weights)
        said = rng.integers(0, NUMBERS, (len(about), 2)) if numbers is None else numbers[about]
        rows[fact, NAME_AT] = VOCABULARY.first["name"] + names[about]
        rows[fact, ASKED : ASKED + 2] = VOCABULARY.first["number"] + said
        rows[fact] = np.where(_kept(rng, len(about)), rows[fact], _PAD)
        found.append(rows[rows != _PAD])
        have += len(found[-1])
    return np.concatenate(found)[:length]


def _kept(rng: Rng, facts: int) -> NDArray[np.bool_]:
    """Which tokens of each fact are there, facts x _LONGEST: all of most, and of a share CUT a stretch somewhere."""
    whole = rng.random((facts, 1)) >= CUT
    ends = np.sort(rng.integers(0, LENGTH + 1, (facts, 2)), axis=1)
    place = np.arange(_LONGEST)
    return whole | ((place >= ends[:, :1]) & (place < ends[:, 1:]))


@dataclass(frozen=True, slots=True)
class Needle:
    """A fact, the depth asked for, from 0 (first) to 1 (last), and the token at which it stands; -1: nowhere."""

    name: int
    number: tuple[int, int]
    depth: float = 0.0
    at: int = -1

    @property
    def ids(self) -> list[int]:
        return VOCABULARY.fact(self.name, self.number)


@dataclass(frozen=True, slots=True)
class Haystack:
    """What is read, the needles in it, and as many that are not in it: their names are never mentioned."""

    ids: Ids
    needles: tuple[Needle, ...]
    absent: tuple[Needle, ...]


def hide(rng: Rng, length: int, depths: Sequence[float], facts: float, absent: int = 0) -> Haystack:
    """A haystack of exactly `length` tokens with a needle at each depth, written over what stood there.

    At depth d a needle begins at token d · (length - its own length), rounded: to the token, wherever a sentence ends.
    ValueError where they do not fit.
    """
    room = length - LENGTH
    places = [round(depth * room) for depth in depths]
    if room < 0 or any(
        after - before < LENGTH for before, after in zip(sorted(places), sorted(places)[1:], strict=False)
    ):
        raise ValueError(
            f"{len(depths)} needles of {LENGTH} tokens in {length} tokens overlap; ask for a longer context"
        )
    order = rng.permutation(NAMES)
    hidden, missing, others = np.split(order, [len(depths), len(depths) + absent])
    ids = prose(rng, length, facts=facts, names=others)
    needles = tuple(
        Needle(int(name), _number(rng), depth, at) for name, depth, at in zip(hidden, depths, places, strict=True)
    )
    for needle in needles:
        ids[needle.at : needle.at + LENGTH] = needle.ids
    return Haystack(ids, needles, tuple(Needle(int(name), _number(rng)) for name in missing))


def _number(rng: Rng) -> tuple[int, int]:
    first, second = (int(part) for part in rng.integers(0, NUMBERS, 2))
    return first, second


def off_depth(ids: Ids, needle: Needle) -> int:
    """Tokens between the one nearest to the depth asked for and the one where the needle is found.

    ValueError where it stands nowhere, or twice.
    """
    name = VOCABULARY.first["name"] + needle.name
    found = [
        int(at) - NAME_AT
        for at in np.flatnonzero(ids == name)
        if ids[max(0, at - NAME_AT) : at - NAME_AT + LENGTH].tolist() == needle.ids
    ]
    if len(found) != 1:
        raise ValueError(f"the needle stands in {len(found)} places, expected 1")
    return abs(found[0] - round(needle.depth * (len(ids) - LENGTH)))


def document(rng: Rng, length: int, facts: float) -> Ids:
    """A text that says the same of a name each time, with names as frequent as words are: the r-th by 1 / r (Zipf)."""
    order = rng.permutation(NAMES)
    weights = 1 / np.arange(1, NAMES + 1)
    numbers = rng.integers(0, NUMBERS, (NAMES, 2))
    return prose(rng, length, facts=facts, names=order, weights=weights / weights.sum(), numbers=numbers)
