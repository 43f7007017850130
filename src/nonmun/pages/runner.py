"""The runner gallery and a page for each runner: its README, its recorded runs, the papers it demonstrates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nonmun.catalogue import Catalogue, key_of
from nonmun.errors import Fault
from nonmun.markup import Target, plain_text, render
from nonmun.model import Result, Runner
from nonmun.pages.archive import list_key
from nonmun.pages.facing import facing
from nonmun.pages.plan import PagePlan, page
from nonmun.pages.templates import Templates
from nonmun.pages.view import Place, rows

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


def plan(catalogue: Catalogue, templates: Templates) -> list[PagePlan]:
    """The gallery and the page of each runner."""
    users = {name: [paper for paper in catalogue.papers if name in paper.runners] for name in catalogue.runners}
    keys = {name: key_of(runner, list_key(users[name])) for name, runner in catalogue.runners.items()}
    labels = key_of([(tag.name, tag.ko, tag.en) for tag in catalogue.tags.values()])
    plans = [_gallery(catalogue, templates, key_of(sorted(keys.items())))]
    return plans + [
        _runner(runner, catalogue, templates, key_of(keys[name], labels)) for name, runner in catalogue.runners.items()
    ]


def _gallery(catalogue: Catalogue, templates: Templates, key: str) -> PagePlan:
    place = Place("runners/index.md")

    def values() -> tuple[Mapping[str, Any], tuple[Fault, ...]]:
        cards = [runner_card(runner, catalogue, place) for runner in catalogue.runners.values()]
        return {"place": place, "link": place.link, "cards": cards}, ()

    return page(place.path, "runners.md.jinja", values, key, templates)


def _runner(runner: Runner, catalogue: Catalogue, templates: Templates, key: str) -> PagePlan:
    place = Place(f"runners/{runner.name}/index.md")

    def resolve(target: str, anchor: str) -> Target | None:
        address = catalogue.targets.get(target.casefold())
        return Target(place.link(f"{address}#{anchor}" if anchor else address)) if address else None

    def values() -> tuple[Mapping[str, Any], tuple[Fault, ...]]:
        title, text = split_readme(runner.readme)
        first_line = 1 + runner.readme[: len(runner.readme) - len(text)].count("\n")
        rendered = render(text, path=runner.path, line=first_line, resolve=resolve, hard_breaks=False)
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
        return shown, rendered.faults

    return page(place.path, "runner.md.jinja", values, key, templates)
