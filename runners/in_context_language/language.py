"""Constructed languages: random words, one of six word orders, adjectives before or after, case or agreement.

    English      big dogs saw some cat        an adjective now and then, a plural, a verb in the past
    Kalo         dogs-ta kalo-mi saw          subject, object and verb in the language's order

A language marks its object (case), or a plural subject on its verb (agreement); plurals always. A sentence is kept as
tokens: a stem is one, an affix another, and written text joins an affix to the stem before it.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass

NOUNS = tuple("dog cat bird frog girl king farmer bear horse snake".split())  # plurals in -s alone
VERBS = tuple("saw heard found followed feared fed".split())
ADJECTIVES = tuple("big small old young white quiet".split())
ENGLISH = (*NOUNS, *VERBS, *ADJECTIVES)
PLURAL = "-s"  # of English
ORDERS = tuple("".join(order) for order in itertools.permutations("SOV"))
PLACES = ("before", "after")  # of adjectives
MARKINGS = ("object", "verb")  # case on the object, or agreement on the verb

_CONSONANTS, _VOWELS = "bdfghklmnprstvwyz", "aeiou"
_SYLLABLES = tuple(c + v for c in _CONSONANTS for v in _VOWELS)
_PAIRS = [one + other for one in _SYLLABLES for other in _SYLLABLES if one != other]
STEMS = tuple(random.Random("stems").sample(_PAIRS, 400))  # noqa: S311 - words, no secrets
AFFIXES = tuple(f"-{v}{c}" for v in _VOWELS for c in "kmnrt")

Tokens = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """Who did what to whom: nouns with an adjective or none, and whether there are several of them."""

    subject: str
    verb: str
    object: str
    adjectives: tuple[str | None, str | None] = (None, None)
    plural: tuple[bool, bool] = (False, False)

    @property
    def english(self) -> Tokens:
        return (*self.phrase(0), self.verb, *self.phrase(1))

    def phrase(self, which: int) -> Tokens:
        noun = (self.subject, self.object)[which]
        adjective = self.adjectives[which]
        return (*((adjective,) if adjective else ()), noun, *((PLURAL,) if self.plural[which] else ()))


@dataclass(frozen=True)
class Language:
    """A word for each English one, and the grammar."""

    words: dict[str, str]
    order: str
    adjective: str
    marking: str
    plural: str
    mark: str

    @staticmethod
    def draw(rng: random.Random, share: float = 1.0) -> Language:
        """`share` of the English words, at least two nouns, a verb and an adjective, have a word in it."""
        known = [word for kind, least in ((NOUNS, 2), (VERBS, 1), (ADJECTIVES, 1))
                 for word in rng.sample(kind, max(least, round(share * len(kind))))]  # fmt: skip
        plural, mark = rng.sample(AFFIXES, 2)
        words = dict(zip(known, rng.sample(STEMS, len(known)), strict=True))
        return Language(words, rng.choice(ORDERS), rng.choice(PLACES), rng.choice(MARKINGS), plural, mark)

    def sentence(self, rng: random.Random) -> Sentence:
        """Any sentence of its words; subject and object differ."""
        nouns, verbs, adjectives = ([one for one in kind if one in self.words] for kind in (NOUNS, VERBS, ADJECTIVES))
        subject, other = rng.sample(nouns, 2)
        some = [rng.choice(adjectives) if rng.random() < 0.4 else None for _ in range(2)]
        plural = (rng.random() < 0.4, rng.random() < 0.4)
        return Sentence(subject, rng.choice(verbs), other, (some[0], some[1]), plural)

    def drill(self, rng: random.Random) -> tuple[Tokens, Tokens]:
        """A verb, or a noun with what belongs to it: in English, and in this language."""
        sentence, which = self.sentence(rng), rng.randrange(3)
        if which == 2:
            return (sentence.verb,), (self.words[sentence.verb],)
        return sentence.phrase(which), tuple(token for token, _ in self.phrase(sentence, which))

    def glossed(self, sentence: Sentence) -> list[tuple[str, str]]:
        """The sentence in this language, each token with what it stands for: an English word, or an affix's name."""
        parts = {
            "S": self.phrase(sentence, 0),
            "O": self.phrase(sentence, 1) + ([(self.mark, "object")] if self.marking == "object" else []),
            "V": [(self.words[sentence.verb], sentence.verb)]
            + ([(self.mark, "verb")] if self.marking == "verb" and sentence.plural[0] else []),
        }
        return [token for role in self.order for token in parts[role]]

    def phrase(self, sentence: Sentence, which: int) -> list[tuple[str, str]]:
        noun, adjective = (sentence.subject, sentence.object)[which], sentence.adjectives[which]
        own = [(self.words[noun], noun)] + ([(self.plural, "plural")] if sentence.plural[which] else [])
        other = [(self.words[adjective], adjective)] if adjective else []
        return other + own if self.adjective == "before" else own + other

    def both(self, sentence: Sentence) -> tuple[Tokens, Tokens]:
        """In English, and in this language."""
        return sentence.english, tuple(token for token, _ in self.glossed(sentence))


def text(tokens: Tokens | list[str]) -> str:
    """As it is written: affixes join the word before them."""
    return " ".join(tokens).replace(" -", "")
