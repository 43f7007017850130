"""A paper as other programs get it: from `nonmun list --json`, and from the site's `api/notes.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from nonmun.model import Paper
from nonmun.parse.text import without_surrogates

_encode = json.JSONEncoder(ensure_ascii=False).encode


def paper_record(paper: Paper) -> dict[str, Any]:
    """One paper for programs; the same keys always, null where something is not known."""
    return {
        "slug": paper.slug,
        "title": paper.title,
        "authors": list(paper.authors),
        "arxiv": str(paper.arxiv) if paper.arxiv else None,
        "urls": list(paper.urls),
        "date": str(paper.date) if paper.date else None,
        "tags": list(paper.tags),
        "langs": [lang.value for lang in paper.langs],
        "runners": list(paper.runners),
        "path": paper.path,
        "line": paper.line,
    }


def as_json(records: Sequence[Mapping[str, Any]]) -> str:
    """One array, an object a line."""
    lines = ",\n".join(map(_encode, records))
    return without_surrogates(f"[\n{lines}\n]\n" if records else "[]\n")
