"""The runner gallery and a page for each runner: its README, its recorded runs, the papers it demonstrates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nonmun.catalogue import Catalogue, key_of
from nonmun.errors import Fault
from nonmun.markup import plain_text
from nonmun.model import Result, Runner
from nonmun.pages.archive import list_key
from nonmun.pages.body import PageText, linked_addresses
from nonmun.pages.facing import facing
from nonmun.pages.plan import PagePlan, page
from nonmun.pages.templates import Templates
from nonmun.pages.view import Place, face, rows
from nonmun.parse.links import collect_links
from nonmun.parse.text import split_lines

_TITLE = re.compile(r"\A\s*# +(?P<title>.+?) *\n")
_PARAGRAPH = re.compile(r"^(?![#>|`\-*\d])[^\n]+(?:\n(?![#>|`\-*\n])[^\n]+)*", re.MULTILINE)
_HANGUL = re.compile(r"[\uac00-\ud7a3]")


@dataclass(frozen=True, slots=True)
class RunnerCard:
    """A runner in short: its title, its claim in both languages, the verdict of its last recorded run."""

    name: str
    title: str
    claim_ko: str
    claim_en: str
    href: str
    verdict: str
    date: str
    command: str
    papers: int


def split_readme(readme: str) -> tuple[str, str]:
    """The README's title and the text under it."""
    found = _TITLE.match(readme)
    return (found["title"], readme[found.end() :]) if found else ("", readme)


def claims(readme: str) -> tuple[str, str]:
    """The first Korean and the first English paragraph: the claim, in both languages."""
    korean = english = ""
    for paragraph in _PARAGRAPH.findall(split_readme(readme)[1]):
        text = plain_text(" ".join(paragraph.split()))
        if _HANGUL.search(text):
            korean = korean or text
        else:
            english = english or text
    return korean, english


def latest(runner: Runner) -> Result | None:
    return max(runner.results, key=lambda result: result.started, default=None)


def runner_card(runner: Runner, catalogue: Catalogue, place: Place) -> RunnerCard:
    korean, english = claims(runner.readme)
    result = latest(runner)
    return RunnerCard(
        name=runner.name,
        title=split_readme(runner.readme)[0] or runner.name,
        claim_ko=korean,
        claim_en=english,
        href=place.link(f"runners/{runner.name}/"),
        verdict=result.verdict if result else "",
        date=result.started[:10] if result else "",
        command=f"python -m runners.{runner.name}",
        papers=len(catalogue.papers_with_runner(runner.name)),
    )


def card_keys(catalogue: Catalogue) -> dict[str, str]:
    """For each runner the key of all that its card shows."""
    return {name: key_of(one, len(catalogue.papers_with_runner(name))) for name, one in catalogue.runners.items()}


def plan(catalogue: Catalogue, templates: Templates) -> list[PagePlan]:
    """The gallery and the page of each runner."""
    users = {name: [paper for paper in catalogue.papers if name in paper.runners] for name in catalogue.runners}
    keys = {name: key_of(runner, list_key(users[name])) for name, runner in catalogue.runners.items()}
    labels = key_of([(name, face(name, catalogue)) for name in catalogue.tags])
    links = {name: collect_links(split_lines(runner.readme)) for name, runner in catalogue.runners.items()}
    led = {
        name: linked_addresses(links[name], runner.path, catalogue.targets)
        for name, runner in catalogue.runners.items()
    }
    plans = [_gallery(catalogue, templates, key_of(sorted(keys.items())))]
    return plans + [
        _runner(runner, catalogue, templates, key_of(keys[name], labels, led[name]))
        for name, runner in catalogue.runners.items()
    ]


def _gallery(catalogue: Catalogue, templates: Templates, key: str) -> PagePlan:
    place = Place("runners/index.md")

    def values() -> tuple[Mapping[str, Any], tuple[Fault, ...]]:
        cards = [runner_card(runner, catalogue, place) for runner in catalogue.runners.values()]
        return {"place": place, "link": place.link, "cards": cards}, ()

    return page(place.path, "runners.md.jinja", values, key, templates)


def _runner(runner: Runner, catalogue: Catalogue, templates: Templates, key: str) -> PagePlan:
    place = Place(f"runners/{runner.name}/index.md")

    def values() -> tuple[Mapping[str, Any], tuple[Fault, ...]]:
        title, text = split_readme(runner.readme)
        first_line = 1 + runner.readme[: len(runner.readme) - len(text)].count("\n")
        page_text = PageText(place, catalogue.targets)
        rendered = page_text.html(text, runner.path, first_line)
        claim, heading, readme = facing(rendered.html).partition("<h2")
        shown = {
            "place": place,
            "link": place.link,
            "runner": runner,
            "card": runner_card(runner, catalogue, place),
            "title": title or runner.name,
            "claim": claim,
            "readme": heading + readme,
            "results": sorted(runner.results, key=lambda result: result.started, reverse=True),
            "rows": rows(catalogue.papers_with_runner(runner.name), catalogue, place),
        }
        return shown, page_text.faults()

    return page(place.path, "runner.md.jinja", values, key, templates)
