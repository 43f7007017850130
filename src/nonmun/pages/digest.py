"""A day's digest: its entries in full, each with the way to its paper's page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nonmun.catalogue import Catalogue, key_of
from nonmun.errors import Fault
from nonmun.model import Digest, DigestForm, Entry, Paper
from nonmun.pages.body import PageText, Section, linked_addresses
from nonmun.pages.plan import PagePlan, page
from nonmun.pages.templates import Templates
from nonmun.pages.view import OutLink, Place, TagChip, face, out_links, short_authors, tag_chip


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry on its day's page."""

    slug: str
    title: str
    href: str
    authors: str
    links: tuple[OutLink, ...]
    tags: tuple[TagChip, ...]
    sections: tuple[Section, ...]
    runners: int
    has_note: bool


def plan(catalogue: Catalogue, templates: Templates) -> list[PagePlan]:
    """One page per day that has a digest."""
    plans: list[PagePlan] = []
    for index, digest in enumerate(catalogue.digests):
        newer = catalogue.digests[index - 1] if index else None
        older = catalogue.digests[index + 1] if index + 1 < len(catalogue.digests) else None
        papers = [
            catalogue.by_slug[catalogue.entry_slugs[part.path, entry.line]]
            for part in digest.parts
            for entry in part.entries
            if (part.path, entry.line) in catalogue.entry_slugs
        ]
        key = key_of(
            str(digest.date),
            [(part.path, part.form, part.preface) for part in digest.parts],
            [catalogue.entry_key(part.path, entry) for part in digest.parts for entry in part.entries],
            [(paper.slug, paper.title, paper.tags, paper.runners, paper.urls, paper.note is None) for paper in papers],
            [face(name, catalogue) for paper in papers for name in paper.tags],
            [
                linked_addresses(links, part.path, catalogue.targets)
                for part in digest.parts
                for links in (part.links, *(entry.links for entry in part.entries))
            ],
            older and older.date,
            newer and newer.date,
        )
        plans.append(_page(digest, older, newer, catalogue, templates, key))
    return plans


def _page(
    digest: Digest, older: Digest | None, newer: Digest | None, catalogue: Catalogue, templates: Templates, key: str
) -> PagePlan:
    place = Place(f"digests/{digest.date}/index.md")

    def values() -> tuple[Mapping[str, Any], tuple[Fault, ...]]:
        slugs = [catalogue.entry_slugs.get((part.path, entry.line)) for part in digest.parts for entry in part.entries]
        anchors = {anchor for slug in slugs if slug for anchor in (slug, f"h-{slug}")}
        text = PageText(place, catalogue.targets, anchors)
        preface: list[Section] = []
        views: list[EntryView] = []
        for part in digest.parts:
            hard = part.form is DigestForm.RAW
            preface += text.sections(part.preface, part.links, part.path, "", hard_breaks=hard)
            for entry in part.entries:
                slug = catalogue.entry_slugs.get((part.path, entry.line))
                if slug is None:
                    continue
                sections = text.sections(entry.blocks, entry.links, part.path, slug, hard_breaks=hard)
                views.append(_view(entry, catalogue.by_slug[slug], tuple(sections), catalogue, place))
        shown = {
            "place": place,
            "link": place.link,
            "date": str(digest.date),
            "preface": preface,
            "entries": views,
            "older": (str(older.date), place.link(f"digests/{older.date}/")) if older else None,
            "newer": (str(newer.date), place.link(f"digests/{newer.date}/")) if newer else None,
        }
        return shown, text.faults()

    return page(place.path, "digest.md.jinja", values, key, templates)


def _view(entry: Entry, paper: Paper, sections: tuple[Section, ...], catalogue: Catalogue, place: Place) -> EntryView:
    return EntryView(
        slug=paper.slug,
        title=entry.title,
        href=place.link(f"notes/{paper.slug}/"),
        authors=short_authors(paper.authors),
        links=tuple(out_links(paper)),
        tags=tuple(tag_chip(catalogue.vocabulary.canonical(use.name), catalogue, place) for use in entry.tags),
        sections=sections,
        runners=len(paper.runners),
        has_note=paper.note is not None,
    )
