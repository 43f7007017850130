"""A day's digest: its entries in full, each with the way to its paper's page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nonmun.catalogue import Catalogue, key_of
from nonmun.errors import Fault
from nonmun.model import Digest, DigestForm, Entry, Paper
from nonmun.pages.body import Section, linked_addresses, render_body
from nonmun.pages.plan import PagePlan, page
from nonmun.pages.templates import Templates
from nonmun.pages.view import OutLink, Place, TagChip, out_links, short_authors, tag_chip


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
            catalogue.by_slug[catalogue.entry_slugs[digest.path, entry.line]]
            for entry in digest.entries
            if (digest.path, entry.line) in catalogue.entry_slugs
        ]
        key = key_of(
            (digest.path, digest.form, str(digest.date), digest.preface),
            [catalogue.entry_key(digest.path, entry) for entry in digest.entries],
            [(paper.slug, paper.title, paper.tags, paper.runners, paper.urls, paper.note is None) for paper in papers],
            [catalogue.tags[name] for paper in papers for name in paper.tags],
            [linked_addresses(entry, catalogue.targets) for entry in digest.entries],
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
        taken: set[str] = set()
        faults: list[Fault] = []
        views: list[EntryView] = []
        hard = digest.form is DigestForm.RAW
        preface_entry = Entry(title=str(digest.date), line=1, blocks=digest.preface)
        preface, found = render_body(
            preface_entry, digest.path, place, catalogue.targets, "", hard_breaks=hard, taken_ids=taken
        )
        faults += found
        for entry in digest.entries:
            slug = catalogue.entry_slugs.get((digest.path, entry.line))
            if slug is None:
                continue
            sections, found = render_body(
                entry, digest.path, place, catalogue.targets, slug, hard_breaks=hard, taken_ids=taken
            )
            faults += found
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
        return shown, tuple(faults)

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
