"""The tag index and a page for each tag that papers use, or that stands above one they use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nonmun.catalogue import Catalogue, key_of, used_tags
from nonmun.errors import Fault
from nonmun.model import Tag
from nonmun.pages.archive import list_key
from nonmun.pages.plan import PagePlan, page
from nonmun.pages.search import search_link
from nonmun.pages.templates import Templates
from nonmun.pages.view import Place, TagChip, face, rows, tag_chip

MAX_LISTED = 300  # on one page; the month pages hold the rest
MAX_DEPTH = 8  # of tags below tags in the index


def plan(catalogue: Catalogue, templates: Templates) -> list[PagePlan]:
    """The index, and the page of each used tag."""
    used = used_tags(catalogue)
    narrower = {
        name: [child for child in children if child in set(used)]
        for name, children in catalogue.vocabulary.narrower().items()
    }
    counts = [(name, len(catalogue.by_tag.get(name, ()))) for name in used]
    labels = [(name, face(name, catalogue), catalogue.tags[name].broader) for name in used]
    label_key = key_of(labels)
    plans = [_index(used, narrower, catalogue, templates, key_of(counts, labels))]
    for name in used:
        papers = catalogue.by_tag.get(name, ())
        tag = catalogue.tags[name]
        around = [(other, len(catalogue.by_tag.get(other, ()))) for other in (*tag.broader, *narrower.get(name, ()))]
        key = key_of(
            tag.name,
            tag.ko,
            tag.en,
            tag.aliases,
            tag.description_ko,
            tag.description_en,
            list_key(list(papers[:MAX_LISTED])),
            len(papers),
            around,
            label_key,
        )
        plans.append(_tag(tag, narrower.get(name, []), catalogue, templates, key))
    return plans


def _index(
    used: list[str], narrower: Mapping[str, list[str]], catalogue: Catalogue, templates: Templates, key: str
) -> PagePlan:
    place = Place("tags/index.md")

    def chip(name: str) -> TagChip:
        return tag_chip(name, catalogue, place)

    def group(name: str, above: frozenset[str]) -> dict[str, Any]:
        children = [child for child in narrower.get(name, []) if child not in above] if len(above) < MAX_DEPTH else []
        return {"tag": chip(name), "narrower": [group(child, above | {name}) for child in children]}

    def values() -> tuple[Mapping[str, Any], tuple[Fault, ...]]:
        tops = [
            name
            for name in used
            if catalogue.tags[name].known and not any(parent in used for parent in catalogue.tags[name].broader)
        ]
        shown = {
            "place": place,
            "link": place.link,
            "cloud": [chip(name) for name in used if catalogue.by_tag.get(name)],
            "groups": [group(name, frozenset()) for name in sorted(tops) if narrower.get(name)],
            "single": [chip(name) for name in sorted(tops) if not narrower.get(name)],
            "unknown": [chip(name) for name in used if not catalogue.tags[name].known],
            "known_total": len(catalogue.vocabulary.tags),
        }
        return shown, ()

    return page(place.path, "tags.md.jinja", values, key, templates)


def _tag(tag: Tag, narrower: list[str], catalogue: Catalogue, templates: Templates, key: str) -> PagePlan:
    place = Place(f"tags/{catalogue.tag_slugs[tag.name]}/index.md")

    def values() -> tuple[Mapping[str, Any], tuple[Fault, ...]]:
        papers = catalogue.by_tag.get(tag.name, ())
        shown = {
            "place": place,
            "link": place.link,
            "tag": tag,
            "search_href": search_link(place, tag=tag.name),
            "count": len(papers),
            "broader": [tag_chip(parent, catalogue, place) for parent in tag.broader if parent in catalogue.tags],
            "narrower": [tag_chip(child, catalogue, place) for child in narrower],
            "rows": rows(papers[:MAX_LISTED], catalogue, place),
            "left_out": max(0, len(papers) - MAX_LISTED),
        }
        return shown, ()

    return page(place.path, "tag.md.jinja", values, key, templates)
