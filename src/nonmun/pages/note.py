"""A paper's page: what its note says, what digests said, its runners, and the ways onward."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nonmun.catalogue import Catalogue, key_of
from nonmun.citations import bibtex, citation_keys
from nonmun.errors import Fault
from nonmun.markup import Heading, plain_text
from nonmun.model import DigestForm, Entry, Lang, NoteForm, Paper, Role
from nonmun.pages.archive import list_key
from nonmun.pages.body import SECTION_LEVEL, PageText, Section, linked_addresses
from nonmun.pages.plan import PagePlan, page
from nonmun.pages.runner import RunnerCard, card_keys, runner_card
from nonmun.pages.templates import Templates
from nonmun.pages.view import MAX_AUTHORS_SHOWN, Place, face, out_links, row, tag_chip

DESCRIPTION_LENGTH = 160
# A Hangul syllable is twice as wide as a Latin letter: both come to two or three lines of a list.
SHORT_LENGTH = {Lang.KO: 90, Lang.EN: 150}
MIN_CONTENTS = 4  # headings; fewer are seen at a glance


@dataclass(frozen=True, slots=True)
class Mentioned:
    """What one digest said about the paper."""

    date: str
    href: str
    sections: tuple[Section, ...]


def plan(catalogue: Catalogue, templates: Templates) -> list[PagePlan]:
    """One page per paper; its key holds all that the page shows of other papers, too."""
    neighbours = catalogue.neighbours()
    raw_digests = _raw_digests(catalogue)
    cards = card_keys(catalogue)
    cited_as = citation_keys(catalogue)
    faces = {name: face(name, catalogue) for name in catalogue.tags}
    shown = {one.slug: key_of(list_key([one]), [faces[name] for name in one.tags]) for one in catalogue.papers}
    plans: list[PagePlan] = []
    for paper in catalogue.papers:
        older, newer = neighbours[paper.slug]
        texts = [(mention.entry, mention.path) for mention in paper.mentions]
        texts += [(paper.note.entry, paper.note.path)] if paper.note else []
        key = key_of(
            paper.slug,
            paper.tags,
            str(paper.date),
            [(path, catalogue.entry_key(path, entry)) for entry, path in texts],
            [str(mention.date) for mention in paper.mentions],
            paper.note and paper.note.form,
            [other and shown[other.slug] for other in (older, newer)],
            [shown[slug] for slug in catalogue.related.get(paper.slug, ())],
            [shown[slug] for slug in catalogue.backlinks.get(paper.slug, ())],
            [(faces[name], len(catalogue.by_tag[name])) for name in paper.tags],
            [cards.get(name) for name in paper.runners],
            [(path in raw_digests, linked_addresses(entry.links, path, catalogue.targets)) for entry, path in texts],
            cited_as[paper.slug],
        )
        plans.append(_page(paper, older, newer, catalogue, templates, key, raw_digests))
    return plans


def drafts(papers: Iterable[Paper], catalogue: Catalogue, templates: Templates) -> list[PagePlan]:
    """The pages of papers which may say other things than the catalogue's own papers of these slugs."""
    neighbours, raw = catalogue.neighbours(), _raw_digests(catalogue)
    return [_page(paper, *neighbours[paper.slug], catalogue, templates, "", raw) for paper in papers]


def _raw_digests(catalogue: Catalogue) -> frozenset[str]:
    parts = [part for digest in catalogue.digests for part in digest.parts]
    return frozenset(part.path for part in parts if part.form is DigestForm.RAW)


def _page(
    paper: Paper,
    older: Paper | None,
    newer: Paper | None,
    catalogue: Catalogue,
    templates: Templates,
    key: str,
    raw: frozenset[str],
) -> PagePlan:
    place = Place(f"notes/{paper.slug}/index.md")

    def values() -> tuple[Mapping[str, Any], tuple[Fault, ...]]:
        text = PageText(place, catalogue.targets)
        sections: list[Section] = []
        if paper.note:
            hard = paper.note.form is NoteForm.AUTHOR_STYLE
            entry = paper.note.entry
            sections = text.sections(entry.blocks, entry.links, paper.note.path, paper.slug, hard_breaks=hard)
        mentioned: list[Mentioned] = []
        for mention in paper.mentions:
            # The digest's own page reports what is wrong with its text.
            said = text.sections(
                mention.entry.blocks,
                mention.entry.links,
                mention.path,
                paper.slug,
                hard_breaks=mention.path in raw,
                quiet=True,
            )
            mentioned.append(
                Mentioned(str(mention.date), place.link(f"digests/{mention.date}/#{paper.slug}"), tuple(said))
            )
        shown = {
            "place": place,
            "link": place.link,
            "title": paper.title,
            "description": describe(paper),
            "date": str(paper.date or ""),
            "authors": paper.authors[:MAX_AUTHORS_SHOWN],
            "more_authors": paper.authors[MAX_AUTHORS_SHOWN:],
            "links": out_links(paper),
            "bibtex": bibtex(paper, citation_keys(catalogue)[paper.slug]),
            "tags": [tag_chip(name, catalogue, place) for name in paper.tags],
            "cards": _cards(paper, catalogue, place),
            "abstracts": [section for section in sections if section.role is Role.ABSTRACT],
            "texts": _by_language([section for section in sections if section.role is not Role.ABSTRACT]),
            "mentions": mentioned,
            "contents": _contents(sections),
            "related": [
                row(catalogue.by_slug[slug], catalogue, place) for slug in catalogue.related.get(paper.slug, ())
            ],
            "backlinks": [
                row(catalogue.by_slug[slug], catalogue, place) for slug in catalogue.backlinks.get(paper.slug, ())
            ],
            "older": row(older, catalogue, place) if older else None,
            "newer": row(newer, catalogue, place) if newer else None,
        }
        return shown, text.faults()

    return page(place.path, "note.md.jinja", values, key, templates)


def _cards(paper: Paper, catalogue: Catalogue, place: Place) -> list[RunnerCard]:
    return [
        runner_card(catalogue.runners[name], catalogue, place) for name in paper.runners if name in catalogue.runners
    ]


@dataclass(frozen=True, slots=True)
class Text:
    """Neighbouring sections of one language; the first of each language carries the language's heading."""

    lang: Lang
    sections: tuple[Section, ...]
    first: bool


def _contents(sections: list[Section]) -> list[tuple[Lang, list[Heading]]]:
    """The note's own highest headings by language, where there are enough of them to look for one."""
    found: dict[Lang, list[Heading]] = {}
    for section in sections:
        if section.role is not Role.ABSTRACT:
            found.setdefault(section.lang, []).extend(h for h in section.headings if h.level == SECTION_LEVEL)
    enough = sum(map(len, found.values())) >= MIN_CONTENTS
    return [(lang, headings) for lang, headings in found.items() if headings] if enough else []


def _by_language(sections: list[Section]) -> list[Text]:
    """Keep the author's order: Korean, English, Korean again are three texts, and the third needs no heading."""
    texts: list[Text] = []
    seen: set[Lang] = set()
    for section in sections:
        if texts and texts[-1].lang is section.lang:
            texts[-1] = Text(section.lang, (*texts[-1].sections, section), texts[-1].first)
        else:
            texts.append(Text(section.lang, (section,), section.lang not in seen))
            seen.add(section.lang)
    return texts


def describe(paper: Paper) -> str:
    """The first words of the paper's text, for lists, feeds and search engines."""
    entries = [paper.entry, *(mention.entry for mention in paper.mentions)]
    for entry in entries:
        for block in entry.blocks:
            if block.role is not Role.OTHER:
                return _first_words(block.text, DESCRIPTION_LENGTH)
    return ""


def in_short(entry: Entry, lang: Lang) -> str:
    """What an entry says, in two lines of one language; its comment rather than its abstract."""
    blocks = [block for block in entry.blocks if block.lang is lang and block.role is not Role.OTHER]
    blocks.sort(key=lambda block: block.role is Role.ABSTRACT)
    return _first_words(blocks[0].text, SHORT_LENGTH[lang]) if blocks else ""


def _first_words(markdown: str, length: int) -> str:
    text = " ".join(plain_text(markdown[: 4 * length]).split())
    return text if len(text) <= length else text[: length - 1].rsplit(" ", 1)[0] + "…"
