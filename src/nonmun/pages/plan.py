"""Which files the site has: its pages, and what is read by other programs than browsers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nonmun.catalogue import Catalogue
from nonmun.citations import plan_citations
from nonmun.errors import Fault
from nonmun.feeds import plan_feeds
from nonmun.model import Site
from nonmun.pages.templates import Templates
from nonmun.planned import Made, PagePlan

__all__ = ["Made", "PagePlan", "page", "plan_site"]


def page(
    path: str,
    template: str,
    values: Callable[[], tuple[Mapping[str, Any], tuple[Fault, ...]]],
    key: str,
    templates: Templates,
) -> PagePlan:
    """A plan that renders `template` with what `values` gives, when asked to."""

    def make() -> Made:
        found, faults = values()
        return Made(templates.render(template, found), faults)

    return PagePlan(path, key, make)


def plan_site(catalogue: Catalogue, templates: Templates, site: Site) -> list[PagePlan]:
    """Every file that is made of the catalogue, each once, in a fixed order; `.md` are pages, the others final."""
    from nonmun.pages import archive, digest, home, note, runner, search, tag

    plans: list[PagePlan] = []
    for room in (home, note, digest, archive, tag, runner, search):
        plans += room.plan(catalogue, templates)
    plans += plan_citations(catalogue)
    plans += plan_feeds(catalogue, site, [plan.path for plan in plans if plan.path.endswith(".md")])
    return _unique(plans)


def _unique(plans: Iterable[PagePlan]) -> list[PagePlan]:
    return list({plan.path: plan for plan in plans}.values())
