"""The catalogue → what the index says of tags, and the documents in the order of the index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date as Date
from functools import lru_cache

from nonmun.catalogue import Catalogue
from nonmun.model import Paper
from nonmun.search.index import Label
from nonmun.search.query import tag_form

_form = lru_cache(maxsize=16_384)(tag_form)  # a server asks again after every edit


def labels_of(catalogue: Catalogue) -> list[Label]:
    """Every tag that is known or used, the most used first."""
    labels = []
    below = catalogue.vocabulary.narrower()
    for name, tag in catalogue.tags.items():
        spellings = dict.fromkeys(form for written in (name, tag.en, tag.ko, *tag.aliases) if (form := _form(written)))
        own = [form for form in spellings if catalogue.vocabulary.canonical(form) == name]
        count = len(catalogue.by_tag.get(name, ()))
        narrower = tuple(other for other in _all_below(name, below) if other in catalogue.by_tag)
        labels.append(Label(name, tag.ko, tag.en, tuple(own), count, catalogue.tag_slugs[name], narrower))
    return sorted(labels, key=lambda label: (-label.count, label.name))


def _all_below(name: str, below: Mapping[str, Sequence[str]]) -> list[str]:
    """Every tag below one, each once; what is broader than itself by mistake ends nowhere."""
    found: dict[str, None] = {}
    waiting = list(below.get(name, ()))
    while waiting:
        other = waiting.pop()
        if other not in found and other != name:
            found[other] = None
            waiting += below.get(other, ())
    return sorted(found)


def in_order(catalogue: Catalogue) -> list[Paper]:
    """The papers as the index numbers them: the undated first, then by date, and by slug within a day."""
    return sorted(catalogue.papers, key=lambda paper: (paper.date or Date.min, paper.slug))
