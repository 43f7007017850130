"""Where a paper itself is to be had, outside this site."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from nonmun.model import Paper

_KEPT = "/?#[]@!$&'()*+,;=:%~"  # beside letters, digits and `-._`: all that a URL may hold as it is


def source_url(paper: Paper) -> str:
    """The paper's address on the web, safe in any format that takes a URL: ArXiv's, or else the first one it has.

    ASCII, without blanks, quotes, brackets of markup, backslashes or braces; empty where there is none of http(s).
    """
    if paper.arxiv:
        return f"https://arxiv.org/abs/{paper.arxiv.id}"
    return next(filter(None, map(_web_address, paper.urls)), "")


def _web_address(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return ""
    return quote(url, safe=_KEPT, errors="replace") if parts.scheme in ("http", "https") and host else ""
