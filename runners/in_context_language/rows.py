"""From books and sentences to the tensors that the model reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .book import IS, OPEN, STOP, Book
from .language import AFFIXES, ENGLISH, MARKINGS, ORDERS, PLACES, PLURAL, STEMS
from .language import Tokens as Words
from .method import ASKED, Tokens

INTO, FROM, END = "<into>", "<from>", "<end>"  # into the language, from it into English
DIRECTIONS = (INTO, FROM)
WORDS = (
    "<pad>", END, INTO, FROM, OPEN, STOP, IS, "order", "adjective", "plural", *MARKINGS, *ORDERS, *PLACES, PLURAL,
    *ENGLISH, *AFFIXES, *STEMS,
)  # fmt: skip
IDS = {word: place for place, word in enumerate(WORDS)}


@dataclass(frozen=True, slots=True)
class Question:
    """A sentence to translate, or part of one, and the right answer."""

    direction: str
    asked: Words
    answer: Words

    @staticmethod
    def of(pair: tuple[Words, Words], direction: str) -> Question:
        """From the same in English and in the language."""
        return Question(direction, *(pair if direction == INTO else pair[::-1]))

    @property
    def english(self) -> Words:
        return self.asked if self.direction == INTO else self.answer


@dataclass(frozen=True, slots=True)
class Rows:
    """See method.py; `wanted_BS` is the next token where that is an answer's, `last_BQ` where a question ends."""

    tokens: Tokens
    wanted_BS: Tensor
    last_BQ: Tensor

    def packed(self) -> Tensor:
        """Tokens and what is wanted as one small tensor, which one process can hand to another."""
        return torch.stack([*self.tokens, self.wanted_BS]).to(torch.int16)


def unpacked(packed: Tensor, device: torch.device) -> tuple[Tokens, Tensor]:
    """The tokens and what is wanted, on `device`."""
    *tokens, given_BS, wanted_BS = packed.to(device).long()
    return Tokens(*tokens, given_BS.bool()), wanted_BS


def rows(books: Sequence[Book], questions: Sequence[Sequence[Question]], *, answered: bool) -> Rows:
    """One row a book, with equally many questions behind it; their answers too where `answered`."""
    lines = [_line(book.tokens, own, answered) for book, own in zip(books, questions, strict=True)]
    longest = max(len(line[0]) for line in lines)
    fills = (0, 0, 0, -1, 0, 0, -100)
    padded = [
        torch.tensor([line[which] + [fill] * (longest - len(line[which])) for line in lines])
        for which, fill in enumerate(fills)
    ]
    *tokens, given, wanted = padded
    return Rows(Tokens(*tokens, given.bool()), wanted, torch.tensor([line[-1] for line in lines]))


def _line(book: list[str], questions: Sequence[Question], answered: bool) -> tuple[list[int], ...]:
    """id, before, after, part, place, given and wanted of a row, and where its questions end."""
    ids = [IDS[word] for word in book]
    size = len(ids)
    befores, afters = [0, *ids[:-1]], [*ids[1:], 0]
    parts, places, givens, wanted, last = [0] * size, list(range(size)), [1] * size, [-100] * size, []
    for number, question in enumerate(questions, start=1):
        given = [IDS[word] for word in (question.direction, *question.asked, IS)]
        right = [IDS[word] for word in (*question.answer, END)] if answered else []
        own = given + right[:-1]
        last.append(len(ids) + len(given) - 1)
        ids += own
        befores += [0, *own[:-1]]
        afters += [*given[1:], *[0] * (len(own) - len(given) + 1)]
        parts += [number] * len(own)
        places += range(ASKED, ASKED + len(own))
        givens += [1] * len(given) + [0] * (len(own) - len(given))
        wanted += [-100] * (len(given) - 1) + (right or [-100])
    return ids, befores, afters, parts, places, givens, wanted, last
