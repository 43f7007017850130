"""The catalogue → what the index says of tags, and the documents in the order of the index."""

from __future__ import annotations

from nonmun.catalogue import Catalogue
from nonmun.model import Paper
from nonmun.search.index import Label
from nonmun.search.query import tag_form


def labels_of(catalogue: Catalogue) -> list[Label]:
    """Every tag that is known or used, the most used first."""
    labels = []
    for name, tag in catalogue.tags.items():
        spellings = dict.fromkeys(
            form for written in (name, tag.en, tag.ko, *tag.aliases) if (form := tag_form(written))
        )
        own = [form for form in spellings if catalogue.vocabulary.canonical(form) == name]
        count = len(catalogue.by_tag.get(name, ()))
        labels.append(Label(name, tag.ko, tag.en, tuple(own), count, catalogue.tag_slugs[name]))
    return sorted(labels, key=lambda label: (-label.count, label.name))


def in_order(catalogue: Catalogue) -> list[Paper]:
    """The papers as the index numbers them: the undated first, then by date, and by slug within a day."""
    return sorted(catalogue.papers, key=lambda paper: (str(paper.date or ""), paper.slug))
