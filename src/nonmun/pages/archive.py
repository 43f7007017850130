"""All papers by year and month. A small base is listed whole on one page; a large one has a page a month."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nonmun.catalogue import Catalogue, key_of
from nonmun.errors import Fault
from nonmun.model import Paper
from nonmun.pages.plan import PagePlan, page
from nonmun.pages.templates import Templates
from nonmun.pages.view import Place, rows

LISTED_WHOLE = 200  # papers; more of them on one page is more than anyone scrolls, and slow to load on a phone


def months_of(catalogue: Catalogue) -> dict[str, list[Paper]]:
    """`2024-02` → its papers, newest month first; papers without a date under the empty name, last."""
    months: dict[str, list[Paper]] = {}
    for paper in catalogue.papers:
        months.setdefault(str(paper.date)[:7] if paper.date else "", []).append(paper)
    return months


def list_key(papers: list[Paper]) -> list[tuple[Any, ...]]:
    """All that a list shows of its papers."""
    return [
        (paper.slug, paper.title, str(paper.date), paper.authors, paper.tags, paper.langs, len(paper.runners))
        for paper in papers
    ]


def plan(catalogue: Catalogue, templates: Templates) -> list[PagePlan]:
    """The archive's front page and a page for each month."""
    months = months_of(catalogue)
    labels = key_of([(tag.name, tag.ko, tag.en, tag.known) for tag in catalogue.tags.values()])
    whole = len(catalogue.papers) <= LISTED_WHOLE
    counts = {name: len(papers) for name, papers in months.items()}
    front_key = key_of(
        counts, whole, labels, [list_key(papers) for papers in months.values()] if whole else len(catalogue.digests)
    )
    names = list(months)
    plans = [_front(catalogue, months, templates, front_key, whole)]
    for index, (name, papers) in enumerate(months.items()):
        newer = names[index - 1] if index else None
        older = names[index + 1] if index + 1 < len(names) else None
        key = key_of(list_key(papers), labels, newer, older)
        plans.append(_month(name, papers, newer, older, catalogue, templates, key))
    return plans


def month_address(name: str) -> str:
    return f"archive/{name or 'undated'}/"


def _front(
    catalogue: Catalogue, months: Mapping[str, list[Paper]], templates: Templates, key: str, whole: bool
) -> PagePlan:
    place = Place("archive/index.md")

    def values() -> tuple[Mapping[str, Any], tuple[Fault, ...]]:
        years: dict[str, list[dict[str, Any]]] = {}
        for name, papers in months.items():
            month = {
                "name": name,
                "month": name[5:],
                "count": len(papers),
                "href": place.link(month_address(name)),
                "rows": rows(papers, catalogue, place) if whole else [],
            }
            years.setdefault(name[:4], []).append(month)
        shown = {
            "place": place,
            "link": place.link,
            "total": len(catalogue.papers),
            "years": [
                {"year": year, "count": sum(m["count"] for m in found), "months": found}
                for year, found in years.items()
            ],
            "whole": whole,
            "digests": [
                (str(digest.date), place.link(f"digests/{digest.date}/"), len(digest.entries))
                for digest in catalogue.digests
            ],
        }
        return shown, ()

    return page(place.path, "archive.md.jinja", values, key, templates)


def _month(
    name: str,
    papers: list[Paper],
    newer: str | None,
    older: str | None,
    catalogue: Catalogue,
    templates: Templates,
    key: str,
) -> PagePlan:
    place = Place(f"{month_address(name)}index.md")

    def values() -> tuple[Mapping[str, Any], tuple[Fault, ...]]:
        shown = {
            "place": place,
            "link": place.link,
            "name": name,
            "rows": rows(papers, catalogue, place),
            "older": (older or "–", place.link(month_address(older))) if older is not None else None,
            "newer": (newer or "–", place.link(month_address(newer))) if newer is not None else None,
        }
        return shown, ()

    return page(place.path, "month.md.jinja", values, key, templates)
