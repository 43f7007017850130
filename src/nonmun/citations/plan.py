"""Which citation files the site has: all papers in one file of each format.

Each paper's page carries its own entry. A file for each would be two for every note, at more cost than their pages.
"""

from __future__ import annotations

from collections.abc import Mapping

from nonmun.catalogue import Catalogue, as_json, key_of
from nonmun.citations.bibtex import bibtex
from nonmun.citations.csl import csl_record
from nonmun.citations.keys import citation_keys
from nonmun.planned import PagePlan, text_file


def plan_citations(catalogue: Catalogue) -> list[PagePlan]:
    """`notes.bib` and `api/notes.csl.json`, newest paper first."""
    keys = citation_keys(catalogue)
    cited = key_of(
        [
            (keys[paper.slug], paper.title, paper.authors, paper.urls, str(paper.arxiv), str(paper.date))
            for paper in catalogue.papers
        ]
    )
    return [
        text_file("notes.bib", cited, lambda: _all_bibtex(catalogue, keys)),
        text_file(
            "api/notes.csl.json",
            cited,
            lambda: as_json([csl_record(paper, keys[paper.slug]) for paper in catalogue.papers]),
        ),
    ]


def _all_bibtex(catalogue: Catalogue, keys: Mapping[str, str]) -> str:
    return "".join(f"{bibtex(paper, keys[paper.slug])}\n\n" for paper in catalogue.papers)
