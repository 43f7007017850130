"""The runner gallery, and for each runner its page, its figures as files, and its notebook."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from nonmun.catalogue import Catalogue, key_of
from nonmun.errors import Fault
from nonmun.markup import plain_text
from nonmun.markup.svg import as_file, inline
from nonmun.pages.archive import list_key
from nonmun.pages.body import PageText, linked_addresses
from nonmun.pages.facing import facing
from nonmun.pages.method import highlighted, legend
from nonmun.pages.notebook import notebook
from nonmun.pages.plan import Made, PagePlan, page
from nonmun.pages.templates import Templates
from nonmun.pages.view import Place, face, rows
from nonmun.parse.links import collect_links
from nonmun.parse.text import split_lines
from nonmun.recorded import Clip, Figure, Result, Runner

_TITLE = re.compile(r"\A\s*# +(?P<title>.+?) *\n")
_PARAGRAPH = re.compile(r"^(?![#>|`\-*\d])[^\n]+(?:\n(?![#>|`\-*\n])[^\n]+)*", re.MULTILINE)
_CHOICE = "--"  # figures named `tree--one`, `tree--two` are alternatives, of which a page shows one at a time
_HANGUL = re.compile(r"[\uac00-\ud7a3]")


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure on a page: in <img> from one of two files, or, where `markup` is, inside the page."""

    title: str
    alt: str
    light: str
    dark: str
    markup: str = ""


@dataclass(frozen=True, slots=True)
class MovingPicture:
    """A clip on a page, and the still that stands for it where less motion is asked for; shown at this size."""

    title: str
    alt: str
    moving: str
    still: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class RunnerCard:
    """A runner in short: its title, its claim in both languages, the verdict of its last recorded run.

    `command` is empty where there is no code to run yet.
    """

    name: str
    title: str
    claim_ko: str
    claim_en: str
    href: str
    verdict: str
    date: str
    stale: bool
    took: str
    command: str
    picture: Picture | None
    papers: int


@dataclass(frozen=True, slots=True)
class Record:
    """One recorded run on its runner's page. Of the pictures of one group, the reader chooses which to look at."""

    result: Result
    took: str
    memory: str
    command: str
    groups: tuple[tuple[Picture, ...], ...]
    clips: tuple[MovingPicture, ...]


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


def runner_card(runner: Runner, catalogue: Catalogue, place: Place) -> RunnerCard:
    korean, english = claims(runner.readme)
    result = runner.latest
    return RunnerCard(
        name=runner.name,
        title=split_readme(runner.readme)[0] or runner.name,
        claim_ko=korean,
        claim_en=english,
        href=place.link(f"runners/{runner.name}/"),
        verdict=result.verdict if result else "",
        date=result.started[:10] if result else "",
        stale=result.stale if result else False,
        took=duration(result.seconds) if result else "",
        command=f"nonmun run {runner.name}" if runner.runnable else "",
        picture=_picture(runner, result.figures[0], place) if result and result.figures else None,
        papers=len(catalogue.papers_with_runner(runner.name)),
    )


def card_keys(catalogue: Catalogue) -> dict[str, str]:
    """For each runner the key of all that its card shows."""
    return {name: key_of(one, len(catalogue.papers_with_runner(name))) for name, one in catalogue.runners.items()}


def duration(seconds: float) -> str:
    """`0.5 s`, `41 s`, `2 min 41 s`, `1 h 5 min`."""
    if seconds < 60:
        return f"{seconds:.2g} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _record(runner: Runner, result: Result, place: Place) -> tuple[Record, list[Fault]]:
    groups: dict[str, list[Picture]] = {}
    faults = []
    for figure in result.figures:
        markup = inline(figure.svg, prefix=f"{result.preset}-{figure.name}", label=figure.alt)
        if markup is None:
            mend = f"draw it again: python -m runners.{runner.name} --redraw --preset {result.preset}"
            faults.append(Fault(figure.path, 1, "bad-figure", "a figure with more in it than figures have", mend))
        else:
            groups.setdefault(figure.name.partition(_CHOICE)[0], []).append(_picture(runner, figure, place, markup))
    command = f"nonmun run {runner.name} --preset {result.preset} --seed {result.seed}"
    memory = f"{result.peak_memory / 2**30:.2g} GiB" if result.peak_memory else ""
    clips = tuple(_moving(runner, clip, place) for clip in result.clips)
    return Record(result, duration(result.seconds), memory, command, tuple(map(tuple, groups.values())), clips), faults


def _picture(runner: Runner, figure: Figure, place: Place, markup: str = "") -> Picture:
    light, dark = (place.link(_figure_path(runner, figure, dark=dark)) for dark in (False, True))
    return Picture(figure.title, figure.alt, light, dark, markup)


def _moving(runner: Runner, clip: Clip, place: Place) -> MovingPicture:
    moving, still = (place.link(clip_path(runner.name, path)) for path in (clip.path, clip.still))
    return MovingPicture(clip.title, clip.alt, moving, still, clip.width, clip.height)


def clip_path(name: str, path: str) -> str:
    """Where in the site a clip's file stands, which lies at `path` in the base."""
    return f"runners/{name}/{path.rpartition('/')[2]}"


def _figure_path(runner: Runner, figure: Figure, *, dark: bool) -> str:
    stem = figure.path.rpartition("/")[2].removesuffix(".svg")
    return f"runners/{runner.name}/{stem}{'-dark' if dark else ''}.svg"


def plan(catalogue: Catalogue, templates: Templates) -> list[PagePlan]:
    """The gallery; and of each runner the page, the figures, the notebook."""
    users = {name: [paper for paper in catalogue.papers if name in paper.runners] for name in catalogue.runners}
    keys = {name: key_of(runner, list_key(users[name])) for name, runner in catalogue.runners.items()}
    labels = key_of([(name, face(name, catalogue)) for name in catalogue.tags])
    links = {name: collect_links(split_lines(runner.readme)) for name, runner in catalogue.runners.items()}
    led = {
        name: linked_addresses(links[name], runner.path, catalogue.targets)
        for name, runner in catalogue.runners.items()
    }
    plans = [_gallery(catalogue, templates, key_of(sorted(keys.items())))]
    for name, runner in catalogue.runners.items():
        plans.append(_runner(runner, catalogue, templates, key_of(keys[name], labels, led[name])))
        plans += _files(runner)
    return plans


def _files(runner: Runner) -> Iterator[PagePlan]:
    """What stands beside the page: its figures for <img>, one for each ground, and the notebook."""
    for result in runner.results:
        for figure in result.figures:
            for dark in (False, True):
                make = partial(_figure_file, figure, dark=dark)
                yield PagePlan(_figure_path(runner, figure, dark=dark), key_of(figure), make)
    if runner.runnable:
        path = f"runners/{runner.name}/{runner.name}.ipynb"
        title = split_readme(runner.readme)[0] or runner.name
        key = key_of(runner.name, runner.readme, runner.code)
        yield PagePlan(path, key, lambda: Made(notebook(runner, title, claims(runner.readme))))


def _figure_file(figure: Figure, *, dark: bool) -> Made:
    """One that cannot be shown is an empty picture here; its fault is the page's."""
    return Made(as_file(figure.svg, dark=dark) or '<svg xmlns="http://www.w3.org/2000/svg"/>\n')


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
        by_date = sorted(runner.results, key=lambda result: result.started, reverse=True)
        records = [_record(runner, result, place) for result in by_date]
        shown = {
            "place": place,
            "link": place.link,
            "runner": runner,
            "card": runner_card(runner, catalogue, place),
            "title": title or runner.name,
            "claim": claim,
            "readme": heading + readme,
            "records": [record for record, _ in records],
            "legend": legend(runner.method),
            "method": highlighted(runner.method) if runner.runnable and runner.method else "",
            "notebook": place.link(f"runners/{runner.name}/{runner.name}.ipynb") if runner.runnable else "",
            "rows": rows(catalogue.papers_with_runner(runner.name), catalogue, place),
        }
        return shown, (*page_text.faults(), *(fault for _, faults in records for fault in faults))

    return page(place.path, "runner.md.jinja", values, key, templates)
