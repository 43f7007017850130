"""`llms.txt`: what this site is and how to read it, in markdown, for a reader that is a language model."""

from __future__ import annotations

import re

from nonmun.catalogue import Catalogue
from nonmun.feeds.address import address
from nonmun.model import Paper, Site
from nonmun.parse.text import without_surrogates

_SYNTAX = re.compile(r"([\\\[\]<>`*_#|])")
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")


def llms_txt(catalogue: Catalogue, site: Site) -> str:
    """A heading, a summary, the ways in, and a line for each paper, newest first."""
    ways = (
        ("api/notes.json", "every note's facts: title, authors, arXiv id, date, tags, languages, address"),
        ("api/tags.json", "the tags, with Korean and English labels, broader tags and counts"),
        ("notes.bib", "citations of all papers in BibTeX"),
        ("api/notes.csl.json", "the same in CSL-JSON"),
        ("feed.xml", "the newest notes, in Atom"),
    )
    lines = [
        f"# {_text(site.name) or 'nonmun'}",
        "",
        f"> {_text(site.description) or 'Paper notes in Korean and English'}",
        "",
        "Notes on papers and daily digests of them, in Korean and English; each block of a page has its language in",
        "`lang`. A note is at `notes/<slug>/`, a day's digest at `digests/<yyyy-mm-dd>/`, a tag at `tags/<tag>/`, and",
        "`arxiv/<id>/` leads to the note about that paper. Notes are comments by their authors, not the papers' own",
        "text: cite the paper for what it claims. Titles below are quoted from the papers.",
        "",
        "## Data",
        "",
        *(f"- [{path}]({address(site, path)}): {what}" for path, what in ways),
        "",
        "## Notes",
        "",
        *(_line(paper, site) for paper in catalogue.papers),
    ]
    return without_surrogates("\n".join(lines)) + "\n"


def _line(paper: Paper, site: Site) -> str:
    tags = " ".join(f"#{name}" for name in paper.tags)
    facts = ", ".join(filter(None, (str(paper.date or ""), " ".join(map(str, paper.langs)), _text(tags, escape=False))))
    return f"- [{_text(paper.title)}]({address(site, f'notes/{paper.slug}/')})" + (f": {facts}" if facts else "")


def _text(text: str, *, escape: bool = True) -> str:
    """One line, in which nothing is markdown."""
    text = " ".join(_CONTROLS.sub(" ", text).split())
    return _SYNTAX.sub(r"\\\1", text) if escape else text
