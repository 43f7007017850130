"""What a hit shows of a text: the passage that has most of the query, with the matching parts told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nonmun.search.query import Atom, Term
from nonmun.search.tokens import Unit, ending_of, open_forms, stem, units

WIDTH, LEAD = 150, 36  # letters of a passage, and how many of them stand before the first match
SNAP = 16  # letters within which a cut looks for a space

Piece = tuple[str, bool]  # a part of a text, and whether it matches
Mark = tuple[int, int, int]  # where a match begins and ends, and of which term


@dataclass(frozen=True, slots=True)
class Snippet:
    """A passage, and the language of the text it is from ("" where there is no text)."""

    lang: str
    pieces: tuple[Piece, ...]


def marks(text: str, terms: Sequence[Term]) -> list[Mark]:
    """Where the terms stand in a text, in order, none across another."""
    if not terms:
        return []
    row = list(units(text))
    found: list[Mark] = []
    for number, term in enumerate(terms):
        for at in range(len(row)):
            end = _match(row, at, term)
            if end:
                found.append((row[at].start, row[end - 1].end, number))
    found.sort(key=lambda mark: (mark[0], -mark[1], mark[2]))
    apart: list[Mark] = []
    for mark in found:
        if not apart or mark[0] >= apart[-1][1]:
            apart.append(mark)
    return apart


def _match(row: Sequence[Unit], at: int, term: Term) -> int:
    """Where a match of the term that begins at unit `at` ends; 0 where none does."""
    end = 0
    for atom in term.atoms:
        last = atom is term.atoms[-1]
        end = _match_atom(row, at + atom.offset, atom, term, last=last)
        if not end:
            return 0
    return end


def _match_atom(row: Sequence[Unit], at: int, atom: Atom, term: Term, *, last: bool) -> int:
    if at >= len(row):
        return 0
    if not atom.hangul:
        word = row[at].text
        loose = (last or not term.phrase) and not row[at].hangul
        same = word == atom.text or atom.text in row[at].parts
        if same or (loose and (stem(word) == stem(atom.text) or (last and term.typing and word.startswith(atom.text)))):
            return at + 1
        return 0
    length = 0
    while length < len(atom.text) and at + length < len(row) and row[at + length].text == atom.text[length]:
        length += 1
    if length == len(atom.text):
        return at + length
    unfinished = last and term.typing and length == len(atom.text) - 1 and at + length < len(row)
    if unfinished and row[at + length].text in open_forms(atom.text[-1]):
        return at + length + 1
    ending = ending_of(atom.text) if last and not term.phrase else ""
    if ending and length >= len(atom.text) - len(ending):
        return at + len(atom.text) - len(ending)
    return 0


def pieces(text: str, found: Sequence[Mark], start: int = 0, end: int | None = None) -> tuple[Piece, ...]:
    """A part of a text cut at its marks."""
    end = len(text) if end is None else end
    cut: list[Piece] = []
    at = start
    for first, last, _ in found:
        if first < start or last > end:
            continue
        if first > at:
            cut.append((text[at:first], False))
        cut.append((text[first:last], True))
        at = last
    if at < end:
        cut.append((text[at:end], False))
    return tuple(cut)


def snippet(texts: Sequence[tuple[str, str]], terms: Sequence[Term], lang: str) -> Snippet:
    """The best passage of several texts; the beginning of one in `lang` where none has a match."""
    best: tuple[int, int] = (0, 0)
    chosen = None
    for language, text in texts:
        found = marks(text, terms)
        for at in range(len(found)):
            inside = [mark for mark in found[at:] if mark[1] <= found[at][0] + WIDTH - LEAD]
            value = (len({mark[2] for mark in inside}), min(len(inside), 4))
            if value > best:
                best, chosen = value, (language, text, found, found[at][0])
    if chosen is None:
        own = [one for one in texts if one[0] == lang] or list(texts)
        if not own:
            return Snippet("", ())
        chosen = (own[0][0], own[0][1], [], 0)
    language, text, found, first = chosen
    start, end = _passage(text, first)
    cut = pieces(text, found, start, end)
    return Snippet(language, (*_dots(start > 0), *cut, *_dots(end < len(text))))


def _dots(wanted: bool) -> tuple[Piece, ...]:
    return (("…", False),) if wanted else ()


def _passage(text: str, first: int) -> tuple[int, int]:
    """Where a passage around `first` begins and ends, at spaces where there are any near."""
    start = max(0, first - LEAD)
    if start:
        space = text.find(" ", start, min(start + SNAP, first))
        start = space + 1 if space >= 0 else start
    end = min(len(text), start + WIDTH)
    if end < len(text):
        space = text.rfind(" ", end - SNAP, end)
        end = space if space >= 0 else end
    return start, end
