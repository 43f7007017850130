"""The page of search, /search/, and the queries that the front page offers as examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from nonmun.catalogue import Catalogue, key_of
from nonmun.errors import Fault
from nonmun.pages.plan import PagePlan, page
from nonmun.pages.templates import Templates
from nonmun.pages.view import Place

HOW_TO = (
    (
        "사전학습 데이터",
        "두 낱말이 모두 있는 글",
        "notes with both words",
    ),
    ('"강화 학습"', "이어서 나오는 말", "words one after another"),
    ("양자화 -gan", "gan이 없는 글", "notes without gan"),
    (
        "tag:nlp -tag:gan",
        "태그가 있는 글, 없는 글. 그 아래의 좁은 태그도 함께 봅니다",
        "with one tag and without another; tags below them count as well",
    ),
    ("author:he year:2020..2022", "저자와 연도", "by author and years"),
    ("lang:en has:runner", "언어, 실행할 수 있는 글", "by language; with a runner"),
    ("arxiv:2402.10193", "arXiv 번호", "by arXiv id"),
)


def plan(catalogue: Catalogue, templates: Templates) -> list[PagePlan]:
    """The one page of this room. What it finds is up to the reader's browser."""
    place = Place("search/index.md")

    def values() -> tuple[Mapping[str, Any], tuple[Fault, ...]]:
        return {"place": place, "link": place.link, "howto": HOW_TO}, ()

    return [page(place.path, "search.md.jinja", values, key_of(HOW_TO), templates)]


def examples(catalogue: Catalogue) -> list[str]:
    """Three queries of different kinds, each of which finds something in these notes."""
    used = sorted(catalogue.by_tag, key=lambda name: (-len(catalogue.by_tag[name]), name))
    korean = [catalogue.tags[name].ko for name in used if catalogue.tags[name].ko != name]
    found = korean[:1]
    english = [name for name in used if name.isascii() and catalogue.tags[name].ko not in found]
    if english:
        name = english[0]
        years = [paper.date.year for paper in catalogue.by_tag[name] if paper.date]
        found.append(f"tag:{name} year:{max(years)}" if years else f"tag:{name}")
    if any(paper.runners for paper in catalogue.papers):
        found.append("has:runner")
    elif catalogue.papers:
        found.append(f"lang:{catalogue.papers[0].langs[0]}" if catalogue.papers[0].langs else "")
    return [query for query in found if query]


def search_link(place: Place, query: str = "", **filters: str) -> str:
    """The way from a page to a search."""
    asked = {name: value for name, value in {"q": query, **filters}.items() if value}
    return f"{place.link('search/')}?{urlencode(asked)}"
