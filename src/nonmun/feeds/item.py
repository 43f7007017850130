"""What a feed says of a paper, whatever its format."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from nonmun.catalogue import Catalogue
from nonmun.catalogue.elsewhere import source_url
from nonmun.feeds.address import address, identity
from nonmun.markup import plain_text
from nonmun.model import Lang, Paper, Role, Site

NEWEST = 30  # papers in one feed
LONGEST = 600  # characters of a paragraph; what is longer ends in an ellipsis

_GAP = re.compile(r"\n[ \t]*\n")
_HEADING = re.compile(r"\A(?:#{1,6}[ \t][^\n]*(?:\n|\Z)\s*)+")
_NO_PROSE = ("```", "~~~", "$$", "|", "![", "---", "***")


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a feed. `paragraphs` are the first of each language, Korean first, as plain text."""

    id: str
    address: str
    source: str  # the paper itself; empty where it has no address
    title: str
    date: str  # ISO, a day
    authors: tuple[str, ...]
    tags: tuple[tuple[str, str], ...]  # name, and label in both languages
    paragraphs: tuple[tuple[Lang, str], ...]


def newest(papers: Iterable[Paper]) -> list[Paper]:
    """The papers of a feed, of papers that are newest first. One without a date has no place in time, so in no feed."""
    return list(islice((paper for paper in papers if paper.date), NEWEST))


def item(paper: Paper, catalogue: Catalogue, site: Site) -> Item:
    path = f"notes/{paper.slug}/"
    paragraphs = [(lang, first_paragraph(paper, lang)) for lang in Lang]
    return Item(
        id=identity(site, path),
        address=address(site, path),
        source=source_url(paper),
        title=paper.title,
        date=str(paper.date),
        authors=paper.authors,
        tags=tuple((name, tag_label(name, catalogue)) for name in paper.tags),
        paragraphs=tuple((lang, text) for lang, text in paragraphs if text),
    )


def tag_label(name: str, catalogue: Catalogue) -> str:
    """`양자화 · Quantization`, or one of them where both are the same."""
    tag = catalogue.tags[name]
    return " · ".join(dict.fromkeys((tag.ko, tag.en)))


def first_paragraph(paper: Paper, lang: Lang) -> str:
    """The first prose in a language: of the note before its digests', a comment before an abstract."""
    entries = [paper.entry, *(mention.entry for mention in paper.mentions)]
    blocks = [
        block for entry in entries for block in entry.blocks if block.lang is lang and block.role is not Role.OTHER
    ]
    blocks.sort(key=lambda block: block.role is Role.ABSTRACT)
    for block in blocks:
        for part in _GAP.split(block.text):
            prose = _HEADING.sub("", part.strip())
            if prose and not prose.startswith(_NO_PROSE) and (text := plain_text(prose[: 2 * LONGEST])):
                return text if len(text) <= LONGEST else text[: LONGEST - 1].rsplit(" ", 1)[0] + "…"
    return ""
