"""The front page: the latest digest, something to run, tags by weight, the archive by year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nonmun.catalogue import Catalogue, key_of, used_tags
from nonmun.errors import Fault
from nonmun.model import Digest, Entry, Lang, Paper
from nonmun.pages.archive import list_key, months_of
from nonmun.pages.note import in_short
from nonmun.pages.plan import PagePlan, page
from nonmun.pages.runner import card_keys, runner_card
from nonmun.pages.search import examples, search_link
from nonmun.pages.templates import Templates
from nonmun.pages.view import Place, face, row, tag_chip

TAGS_SHOWN = 40
RECENT_SHOWN = 8


def plan(catalogue: Catalogue, templates: Templates) -> list[PagePlan]:
    """The one page of this room."""
    latest = catalogue.digests[0] if catalogue.digests else None
    entries = _entries_of(latest, catalogue) if latest else []
    papers = [paper for paper, _ in entries]
    recent = [paper for paper in catalogue.papers if paper not in papers][:RECENT_SHOWN]
    tags = [name for name in used_tags(catalogue) if catalogue.by_tag.get(name)][:TAGS_SHOWN]
    years = _years(catalogue)
    queries = examples(catalogue)
    key = key_of(
        latest and latest.date,
        list_key(papers),
        [entry.blocks for _, entry in entries],
        list_key(recent),
        [(face(name, catalogue), len(catalogue.by_tag[name]), name) for name in tags],
        [face(name, catalogue) for paper in (*papers, *recent) for name in paper.tags],
        (len(catalogue.papers), len(catalogue.by_tag)),
        card_keys(catalogue),
        years,
        queries,
    )
    place = Place("index.md")

    def values() -> tuple[Mapping[str, Any], tuple[Fault, ...]]:
        shown = {
            "place": place,
            "link": place.link,
            "examples": [(query, search_link(place, query)) for query in queries],
            "digest_date": str(latest.date) if latest else "",
            "digest_href": place.link(f"digests/{latest.date}/") if latest else "",
            "entries": [
                (row(paper, catalogue, place), in_short(entry, Lang.KO), in_short(entry, Lang.EN))
                for paper, entry in entries
            ],
            "recent": [row(paper, catalogue, place) for paper in recent],
            "cards": [runner_card(runner, catalogue, place) for runner in catalogue.runners.values()],
            "tags": [tag_chip(name, catalogue, place) for name in tags],
            "tags_total": len(catalogue.by_tag),
            "years": [(year, count, place.link(f"archive/#y{year}")) for year, count in years],
            "total": len(catalogue.papers),
        }
        return shown, ()

    return [page(place.path, "home.md.jinja", values, key, templates)]


def _entries_of(digest: Digest, catalogue: Catalogue) -> list[tuple[Paper, Entry]]:
    """The papers of a day, each once, with what the day's digest says of them first."""
    found: dict[str, Entry] = {}
    for part in digest.parts:
        for entry in part.entries:
            slug = catalogue.entry_slugs.get((part.path, entry.line))
            if slug is not None:
                found.setdefault(slug, entry)
    return [(catalogue.by_slug[slug], entry) for slug, entry in found.items()]


def _years(catalogue: Catalogue) -> list[tuple[str, int]]:
    years: dict[str, int] = {}
    for name, papers in months_of(catalogue).items():
        if name:
            years[name[:4]] = years.get(name[:4], 0) + len(papers)
    return list(years.items())
