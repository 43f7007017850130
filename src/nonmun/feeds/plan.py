"""Which of these files the site has, each with the key of what goes into it, so that only what changed is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from weakref import WeakKeyDictionary

from nonmun.catalogue import Catalogue, key_of, used_tags
from nonmun.feeds.api import notes_json, tags_json
from nonmun.feeds.atom import atom_entry, atom_feed
from nonmun.feeds.item import item, newest, tag_label
from nonmun.feeds.json_feed import json_feed
from nonmun.feeds.llms import llms_txt
from nonmun.feeds.redirect import plan_redirects
from nonmun.feeds.sitemap import robots, sitemap
from nonmun.model import Paper, Site
from nonmun.planned import PagePlan, text_file


def plan_feeds(catalogue: Catalogue, site: Site, pages: Sequence[str]) -> list[PagePlan]:
    """Every file of this room; `pages` are the paths of the site's pages, for the sitemap."""
    plans = [*_feeds(catalogue, site), *_lists(catalogue, site), *plan_redirects(catalogue, site)]
    if site.url:
        plans.append(text_file("sitemap.xml", key_of(site.url, pages), lambda: sitemap(site, pages)))
        plans.append(text_file("robots.txt", key_of(site.url), lambda: robots(site)))
    return plans


def _feeds(catalogue: Catalogue, site: Site) -> list[PagePlan]:
    shown: dict[str, tuple[object, ...]] = {}
    tags = used_tags(catalogue)
    labels = {name: tag_label(name, catalogue) for name in tags}

    def key(papers: Sequence[Paper], *others: str) -> str:
        for paper in papers:
            if paper.slug not in shown:
                shown[paper.slug] = _shown(paper, catalogue, labels)
        return key_of(site, [shown[paper.slug] for paper in papers], others)

    all_papers = newest(catalogue.papers)
    title = site.name or "nonmun"
    plans = [
        _atom("feed.xml", "", title, all_papers, key(all_papers), catalogue, site),
        text_file(
            "feed.json",
            key(all_papers),
            lambda: json_feed(site, "feed.json", title, [item(paper, catalogue, site) for paper in all_papers]),
        ),
    ]
    for name in tags:  # whether papers have it or only narrower ones: all tags' pages are alike, and so is their head
        home = f"tags/{catalogue.tag_slugs[name]}/"
        named = f"#{name} · {labels[name]} - {title}"
        papers = newest(catalogue.by_tag.get(name, ()))
        plans.append(_atom(f"{home}feed.xml", home, named, papers, key(papers, named), catalogue, site))
    return plans


def _shown(paper: Paper, catalogue: Catalogue, labels: Mapping[str, str]) -> tuple[object, ...]:
    """All that feeds show of a paper, or what stands for it."""
    entries = [(mention.path, mention.entry) for mention in paper.mentions]
    if paper.note:
        entries.append((paper.note.path, paper.note.entry))
    keys = [catalogue.entry_key(path, entry) for path, entry in entries]
    return paper.slug, str(paper.date), keys, [(name, labels[name]) for name in paper.tags]


def _atom(
    path: str, home: str, title: str, papers: Sequence[Paper], key: str, catalogue: Catalogue, site: Site
) -> PagePlan:
    def make() -> str:
        latest = str(papers[0].date) if papers else ""
        return atom_feed(site, path, home, title, latest, [_entry(paper, catalogue, site) for paper in papers])

    return text_file(path, key, make)


def _entry(paper: Paper, catalogue: Catalogue, site: Site) -> str:
    """The paper's entry, which all feeds share: with a handful of tags each, most papers stand in several."""
    made = _ENTRIES.setdefault(catalogue, {})
    found = made.get((paper.slug, site))
    if found is None:
        found = made[paper.slug, site] = atom_entry(item(paper, catalogue, site))
    return found


_ENTRIES: WeakKeyDictionary[Catalogue, dict[tuple[str, Site], str]] = WeakKeyDictionary()


def _lists(catalogue: Catalogue, site: Site) -> list[PagePlan]:
    """The files that name every paper or tag; none of them shows a note's text."""
    facts = key_of(
        site,
        [
            (
                *(paper.slug, paper.title, paper.authors, str(paper.arxiv), paper.urls, str(paper.date), paper.tags),
                *(paper.langs, paper.runners, paper.path, paper.line),
            )
            for paper in catalogue.papers
        ],
    )
    tags = key_of(
        site,
        [
            (name, tag.ko, tag.en, tag.broader, len(catalogue.by_tag.get(name, ())))
            for name in used_tags(catalogue)
            for tag in (catalogue.tags[name],)
        ],
    )
    return [
        text_file("api/notes.json", facts, lambda: notes_json(catalogue, site)),
        text_file("api/tags.json", tags, lambda: tags_json(catalogue, site)),
        text_file("llms.txt", facts, lambda: llms_txt(catalogue, site)),
    ]
