"""A language's book: grammar statements, a word list, example sentences; and what of it a model is given.

Doses
    full        all of it
    half        half of each section
    none        nothing
    shuffled    all of it, each word beside another word's meaning, in list and examples alike
    wrong       the full book of another language
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from .language import ADJECTIVES, NOUNS, VERBS, Language, Sentence, Tokens, text

DOSES = ("none", "half", "full", "shuffled", "wrong")
OPEN, STOP, IS = "<book>", ";", "="


@dataclass(frozen=True, slots=True)
class Book:
    """Statements such as ("SOV", "order"), pairs of a word and its meaning, sentences with glosses and translation.

    A meaning always follows what it is the meaning of: in statements, in the list and in glosses alike.
    """

    grammar: tuple[tuple[str, str], ...]
    words: tuple[tuple[str, str], ...]
    examples: tuple[tuple[tuple[tuple[str, str], ...], Tokens], ...]  # (token, gloss) …, English

    @property
    def tokens(self) -> list[str]:
        found = [OPEN]
        for pair in (*self.grammar, *self.words):
            found += pair
        for glossed, english in self.examples:
            found += [part for pair in glossed for part in pair] + [IS, *english, STOP]
        return found


def write(language: Language, rng: random.Random, examples: int) -> tuple[Book, set[Sentence]]:
    """The full book, its items in random order, and the sentences in it, which nothing else may ask for."""
    grammar = [
        (language.order, "order"), (language.adjective, "adjective"), (language.plural, "plural"),
        (language.mark, language.marking),
    ]  # fmt: skip
    words = [(foreign, english) for english, foreign in language.words.items()]
    rng.shuffle(grammar)
    rng.shuffle(words)
    shown: dict[Sentence, None] = {}
    for _ in range(20 * examples):  # a small language has few sentences
        if len(shown) < examples:
            shown[language.sentence(rng)] = None
    glossed = tuple((tuple(language.glossed(one)), one.english) for one in shown)
    return Book(tuple(grammar), tuple(words), glossed), set(shown)


def halved(book: Book, rng: random.Random) -> Book:
    """Half of the statements, of the words and of the examples."""

    def half(items: tuple) -> tuple:
        return tuple(rng.sample(items, (len(items) + 1) // 2))

    return Book(half(book.grammar), half(book.words), half(book.examples))


EMPTY = Book((), (), ())


def shuffled(book: Book, rng: random.Random) -> Book:
    """No word keeps its meaning; each gets that of another of its kind where there is one, else of any other."""
    meanings = dict(book.words)
    swapped: dict[str, str] = {}
    for kind in (NOUNS, VERBS, ADJECTIVES):
        own = [foreign for foreign, english in meanings.items() if english in kind]
        rng.shuffle(own)
        swapped |= zip(own, own[1:] + own[:1], strict=True)
    words = tuple((swapped[foreign], english) for foreign, english in book.words)
    examples = tuple(
        (tuple((swapped.get(token, token), gloss) for token, gloss in glossed), english)
        for glossed, english in book.examples
    )
    return replace(book, words=words, examples=examples)


def told(book: Book) -> set[str]:
    """The English words, and the names of affixes, that the book says a word for, in list or glosses."""
    return {meaning for _, meaning in (*book.words, *(pair for glossed, _ in book.examples for pair in glossed))}


def shown(book: Book) -> dict[str, list[str]]:
    """For a reader: each section as lines."""
    return {
        "grammar": [f"{name}: {value}" for value, name in book.grammar],
        "words": [f"{foreign} = {english}" for foreign, english in book.words],
        "examples": [f"{text([one for one, _ in glossed])} = {text(english)}" for glossed, english in book.examples],
    }
