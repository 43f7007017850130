"""A paper → what the index holds of it: a record to show, and the postings of its words by field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from nonmun.markup import plain_text
from nonmun.model import Entry, Lang, Paper, Role
from nonmun.parse.text import without_surrogates
from nonmun.search.coding import position_bytes
from nonmun.search.tokens import STOP_WORDS, camel_parts, fold, inflected_words, normal, runs

MAX_UNITS = 60_000  # of one field of one note; positions stay below 2^16
BETWEEN = 8  # units left free between two texts of a field, across which nothing matches

_URL = re.compile(r"(?:https?://|www\.)\S+")


class Zone(IntEnum):
    """The fields, as postings tell them apart. FACT holds tags and arXiv ids whole, WORD what is known as a word."""

    TITLE = 0
    AUTHORS = 1
    ABSTRACT = 2
    KO = 3
    EN = 4
    TAGS = 5
    FACT = 6
    WORD = 7


@dataclass(frozen=True, slots=True)
class Text:
    """What is said of a paper in one field and one language."""

    zone: Zone
    lang: str
    text: str


@dataclass(frozen=True, slots=True)
class Record:
    """All that the index knows of a paper: what a hit shows, and what its words are counted in."""

    slug: str
    title: str
    date: str = ""
    tags: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    arxiv: str = ""
    langs: tuple[str, ...] = ()
    runner: bool = False
    texts: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A record and its words. `postings` maps a key and the digit of its zone to how often and where it stands."""

    record: Record
    length: int  # units of abstract and text
    postings: dict[str, tuple[int, bytes]]


def record_of(paper: Paper) -> Record:
    """What the index will know of a paper."""
    return Record(
        slug=paper.slug,
        title=_clean(plain_text(paper.title)) or paper.slug,
        date=str(paper.date or ""),
        tags=tuple(map(_clean, paper.tags)),
        authors=tuple(map(_clean, paper.authors)),
        arxiv=paper.arxiv.id.lower() if paper.arxiv else "",
        langs=tuple(lang.value for lang in paper.langs),
        runner=bool(paper.runners),
        texts=tuple(_texts(paper)),
    )


def document_of(record: Record) -> Document:
    """The record with the places of its words."""
    found: dict[str, list[int]] = {}
    _count(found, Zone.TITLE, [record.title])
    _count(found, Zone.AUTHORS, record.authors)
    length = sum(
        _count(found, zone, [one.text for one in record.texts if one.zone is zone])
        for zone in (Zone.ABSTRACT, Zone.KO, Zone.EN)
    )
    _count(found, Zone.TAGS, record.tags)
    postings = {key: (len(places) or 1, position_bytes(places) if places else b"") for key, places in found.items()}
    facts = [f"#{tag}" for tag in record.tags] + ([f"@{record.arxiv}"] if record.arxiv else [])
    postings.update((f"{fact}{Zone.FACT:d}", (1, b"")) for fact in facts)
    return Document(record, length, postings)


def _texts(paper: Paper) -> Iterator[Text]:
    """The texts of all that is said about a paper, each run of one field and language as one."""
    entries: list[Entry] = ([paper.note.entry] if paper.note else []) + [mention.entry for mention in paper.mentions]
    grouped: dict[tuple[Zone, str], list[str]] = {}
    for entry in entries:
        for block in entry.blocks:
            zone = Zone.ABSTRACT if block.role is Role.ABSTRACT else Zone.KO if block.lang is Lang.KO else Zone.EN
            if text := _clean(_URL.sub(" ", plain_text(block.text))):
                grouped.setdefault((zone, block.lang.value), []).append(text)
    for (zone, lang), parts in sorted(grouped.items()):
        yield Text(zone, lang, " ¶ ".join(parts))


def _clean(text: str) -> str:
    return without_surrogates(normal(" ".join(text.split())))


def _count(found: dict[str, list[int]], zone: Zone, texts: Iterable[str]) -> int:
    """Note the place of every unit of the texts under its keys; how many units there were."""
    mark = f"{zone:d}"
    word_mark = f"{Zone.WORD:d}"
    place = units = 0
    for text in texts:
        before: tuple[int, str, int] | None = None  # a run of Hangul, its end, the place of its last syllable
        for run in runs(text):
            if place > MAX_UNITS:
                return units
            word = run.text
            if before is not None:
                joined = run.hangul and text[before[0] : run.start].isspace()
                found.setdefault(f"{before[1]}{'' if joined else '.'}{mark}", []).append(before[2])
                before = None
            if run.hangul:
                size = len(word)
                for offset in range(size - 1):
                    found.setdefault(word[offset : offset + 2] + mark, []).append(place + offset)
                place += size
                units += size
                before = run.end, word[-1], place - 1
                if size > 3:
                    for known in inflected_words(word):
                        found[known + word_mark] = []
                continue
            folded = fold(word)
            if folded and folded not in STOP_WORDS:
                found.setdefault(folded + mark, []).append(place)
                for part in camel_parts(word):
                    if part != folded and part not in STOP_WORDS:
                        found.setdefault(part + mark, []).append(place)
            place += 1
            units += 1
        if before is not None:
            found.setdefault(f"{before[1]}.{mark}", []).append(before[2])
        place += BETWEEN
    return units
