"""Papers as CSL-JSON, which Zotero, Pandoc and the like read."""

from __future__ import annotations

from typing import Any

from nonmun.catalogue.elsewhere import source_url
from nonmun.citations.dates import published
from nonmun.citations.names import Name, split_name
from nonmun.model import Paper


def csl_record(paper: Paper, key: str) -> dict[str, Any]:
    """One item. `article` is what CSL calls a preprint; the others are known by their address at most."""
    url = source_url(paper)
    record: dict[str, Any] = {"id": key, "type": "article" if paper.arxiv else "webpage" if url else "document"}
    record["title"] = " ".join(paper.title.split())
    if paper.authors:
        record["author"] = [_author(split_name(author)) for author in paper.authors]
    if date := published(paper):
        record["issued"] = {"date-parts": [list(date)]}
    if paper.arxiv:
        record |= {"publisher": "arXiv", "number": f"arXiv:{paper.arxiv.id}"}
    if url:
        record["URL"] = url
    return record


def _author(name: Name) -> dict[str, str]:
    if name.whole:
        return {"literal": name.family}
    particle = {"non-dropping-particle": name.particle} if name.particle else {}
    return {"family": name.family, "given": name.given, **particle}
