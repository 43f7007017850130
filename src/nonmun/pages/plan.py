"""Which pages the site has. Planning is cheap; making a page's text is left until someone finds its key has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nonmun.catalogue import Catalogue
from nonmun.errors import Fault
from nonmun.pages.templates import Templates


@dataclass(frozen=True, slots=True)
class Made:
    """A page's text, and the faults found while making it (a formula that cannot be read, a link that is unsafe)."""

    text: str
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class PagePlan:
    """One file of the generated tree: its path in build/docs, the key of all that goes into it, how to make it."""

    path: str
    key: str
    make: Callable[[], Made]


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


def plan_site(catalogue: Catalogue, templates: Templates) -> list[PagePlan]:
    """Every page of the site, each once, in a fixed order."""
    from nonmun.pages import archive, digest, home, note, runner, search, tag

    plans: list[PagePlan] = []
    for room in (home, note, digest, archive, tag, runner, search):
        plans += room.plan(catalogue, templates)
    return _unique(plans)


def _unique(plans: Iterable[PagePlan]) -> list[PagePlan]:
    return list({plan.path: plan for plan in plans}.values())
