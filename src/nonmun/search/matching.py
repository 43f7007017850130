"""Where a term stands: exactly as written, and as loosely as it may be read.

A run of Hangul is found by its bigrams standing one after another, so that 학습 is found in 사전학습, and across the
spaces between words, so that 사전학습 is found in 사전 학습. What is found is exact: no text need be looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from nonmun.search.documents import Zone
from nonmun.search.query import Atom, Term
from nonmun.search.reader import Index
from nonmun.search.tokens import ending_of, open_forms, stem, stem_prefix

TEXT_ZONES = (Zone.TITLE, Zone.AUTHORS, Zone.ABSTRACT, Zone.KO, Zone.EN, Zone.TAGS)

Places = dict[int, set[int]]  # by note, where in one of its fields


@dataclass(slots=True)
class Found:
    """What a term found in one note: how often in each field, and in which of them exactly as written."""

    counts: list[int] = field(default_factory=lambda: [0] * len(TEXT_ZONES))
    exact: int = 0  # a bit for each zone


def find_term(index: Index, term: Term, zones: Iterable[Zone] = TEXT_ZONES) -> dict[int, Found]:
    """The notes in which a term stands, exactly or loosely."""
    found: dict[int, Found] = {}
    looser = list(_looser(index, term))
    for zone in zones:
        exact = term_places(index, [[atom.text] for atom in term.atoms], term, zone)
        _add(found, exact, zone, exact=True)
        if looser:
            places = term_places(index, looser, term, zone)
            _add(found, {note: some - exact.get(note, set()) for note, some in places.items()}, zone, exact=False)
    if not found and term.typing and term.atoms[-1].hangul:
        return _find_unfinished(index, term, zones)
    return found


def _find_unfinished(index: Index, term: Term, zones: Iterable[Zone]) -> dict[int, Found]:
    """Nothing has this last syllable; it may be one that is still being typed: 학스 on its way to 학습."""
    found: dict[int, Found] = {}
    last = term.atoms[-1].text
    known = {key[-1] for key in index.keys(last[-2])} if len(last) > 1 else set()
    forms = [last[:-1] + form for form in open_forms(last[-1]) if form in known]
    if forms:
        readings = [[atom.text] for atom in term.atoms[:-1]] + [forms]
        for zone in zones:
            _add(found, term_places(index, readings, term, zone), zone, exact=False)
    return found


def _add(found: dict[int, Found], places: Places, zone: Zone, *, exact: bool) -> None:
    for note, some in places.items():
        if some:
            here = found.get(note)
            if here is None:
                here = found[note] = Found()
            here.counts[zone] += len(some)
            if exact:
                here.exact |= 1 << zone


def _looser(index: Index, term: Term) -> Iterator[list[str]]:
    """For each atom all it may be read as; nothing where that is no more than what is written.

    Of a phrase only the last word may have another form: "language model" is also in language models.
    """
    last = term.atoms[-1]
    readings = [
        [atom.text] if term.phrase and atom is not last else _readings(index, atom, typing=term.typing and atom is last)
        for atom in term.atoms
    ]
    if last.hangul and not term.phrase:
        ending = ending_of(last.text)
        if ending and Zone.WORD not in index.places(last.text):
            readings[-1].append(last.text[: -len(ending)])
    if any(len(one) > 1 or one[0] != atom.text for one, atom in zip(readings, term.atoms, strict=True)):
        yield from readings


def _readings(index: Index, atom: Atom, *, typing: bool) -> list[str]:
    if atom.hangul:
        return [atom.text]
    own = stem(atom.text)
    beginnings = [stem_prefix(own)] if len(own) > 2 else []
    if typing and len(atom.text) > 1:
        beginnings.append(atom.text)
    found = {atom.text: None}
    for beginning in beginnings:
        for key in index.keys(beginning):
            if stem(key) == own or (typing and key.startswith(atom.text)):
                found[key] = None
    return list(found)


def term_places(index: Index, readings: list[list[str]], term: Term, zone: Zone) -> Places:
    """Where the term begins, each of its atoms read in one of the given ways."""
    found: Places | None = None
    for atom, texts in zip(term.atoms, readings, strict=True):
        here: Places = {}
        for text in texts:
            for note, places in (_hangul(index, text, zone) if atom.hangul else _word(index, text, zone)).items():
                moved = {place - atom.offset for place in places} if atom.offset else places
                here[note] = here[note] | moved if note in here else moved
        found = here if found is None else _both(found, here)
        # No way out yet where nothing is left: a browser learns here which files all atoms need.
    return found or {}


def _word(index: Index, text: str, zone: Zone) -> Places:
    return {note: set(places) for note, places in index.places(text).get(zone, {}).items()}


def _hangul(index: Index, text: str, zone: Zone) -> Places:
    if len(text) == 1:
        return _beginning_with(index, text, zone)
    # `whole` are beginnings up to a syllable that is sure to be there; `broken` end in a word's last syllable, and what
    # follows is yet to be seen.
    whole: Places | None = None
    broken: Places | None = None
    for at in range(len(text) - 1):
        pairs = index.places(text[at : at + 2]).get(zone, {})
        ends = index.places(text[at]).get(zone, {}) if len(text) > 2 and text[at] not in index.heavy else {}
        before = None if whole is None or broken is None else _either(whole, broken)
        whole, broken = _follow(before, pairs, at), _follow(before, ends, at)
    assert whole is not None and broken is not None
    if broken:
        last = _beginning_with(index, text[-1], zone)
        whole = _either(whole, _follow(broken, last, len(text) - 1))
    return whole


def _follow(before: Places | None, places: dict[int, list[int]] | Places, distance: int) -> Places:
    """The beginnings, among those before, at whose distance something stands."""
    if before is None:
        return {note: set(some) for note, some in places.items()}
    found: Places = {}
    for note, starts in before.items():
        if note in places:
            left = {start for start in starts if start + distance in places[note]}
            if left:
                found[note] = left
    return found


def _beginning_with(index: Index, syllable: str, zone: Zone) -> Places:
    """Every place of a syllable, whatever follows it."""
    found: Places = {}
    for key in index.keys(syllable):
        if len(key) <= 2:  # longer keys are words that are known, and have no places
            for note, places in index.places(key).get(zone, {}).items():
                found.setdefault(note, set()).update(places)
    return found


def _both(one: Places, other: Places) -> Places:
    found = {note: places & other[note] for note, places in one.items() if note in other}
    return {note: places for note, places in found.items() if places}


def _either(one: Places, other: Places) -> Places:
    found = dict(one)
    for note, places in other.items():
        found[note] = found[note] | places if note in found else places
    return found
