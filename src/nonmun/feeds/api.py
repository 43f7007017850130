"""The site as data: `api/notes.json` and `api/tags.json`, an array each."""

from __future__ import annotations

from nonmun.catalogue import Catalogue, as_json, paper_record, used_tags
from nonmun.feeds.address import address
from nonmun.model import Site


def notes_json(catalogue: Catalogue, site: Site) -> str:
    """Every paper, newest first: the fields of `nonmun list --json`, and the address of its page."""
    return as_json(
        [paper_record(paper) | {"address": address(site, f"notes/{paper.slug}/")} for paper in catalogue.papers]
    )


def tags_json(catalogue: Catalogue, site: Site) -> str:
    """Every tag that has a page, most used first: labels, broader tags, how many papers have it, and its address."""
    return as_json(
        [
            {
                "name": name,
                "ko": catalogue.tags[name].ko,
                "en": catalogue.tags[name].en,
                "broader": list(catalogue.tags[name].broader),
                "count": len(catalogue.by_tag.get(name, ())),
                "address": address(site, f"tags/{catalogue.tag_slugs[name]}/"),
            }
            for name in used_tags(catalogue)
        ]
    )
