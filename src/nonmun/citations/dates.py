"""When a paper came out, as far as it can be known here."""

from __future__ import annotations

from nonmun.model import Paper


def published(paper: Paper) -> tuple[int, ...]:
    """(year, month) by the paper's arXiv id, which says when it came out; else the date of its note, or nothing."""
    if paper.arxiv:
        digits = paper.arxiv.id.rpartition("/")[2]
        year, month = int(digits[:2]), int(digits[2:4])
        return (1900 + year if year > 90 else 2000 + year, *([month] if 1 <= month <= 12 else []))
    return (paper.date.year, paper.date.month, paper.date.day) if paper.date else ()
