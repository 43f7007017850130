"""URLs, arXiv identifiers and wiki links inside text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import unescape
from urllib.parse import unquote

from nonmun.model import ArxivId, Url, WikiLink
from nonmun.parse.text import Line, without_code

# A URL ends at white space, quotes, brackets and Korean: authors write `…/abs/2006.07733)이` without a space.
_URL = re.compile(
    r"""https?://[^\s<>"'`\[\]{}|\\^\uac00-\ud7a3\u3131-\u318e\u3000-\u303f]+|(?<![\w./@-])arxiv\.org/[^\s<>"'`\[\](){}|\\^\uac00-\ud7a3]+"""
)
_TRAILING = ".,;:!?*_~…”’"
_ARXIV = re.compile(
    r"arxiv\.org/(?:abs|pdf|html|ps|format)/"
    r"(?P<id>\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}|[a-z]+(?:-[a-z]+)*(?:\.[A-Z]{2})?/\d{7})(?:v(?P<version>\d{1,3}))?(?!\d)",
    re.IGNORECASE,
)
_BARE_ARXIV = re.compile(
    r"(?:arxiv:\s*)?(\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}|[a-z]+(?:-[a-z]+)*(?:\.[A-Z]{2})?/\d{7})(?:v(\d{1,3}))?",
    re.IGNORECASE,
)
_WIKI = re.compile(
    r"(?P<embed>!?)\[\[(?P<target>[^\[\]|#\n]*)(?:#(?P<anchor>[^\[\]|\n]*))?(?:\|(?P<label>[^\[\]\n]*))?\]\]"
)
# `[[1]](https://…)` is a link whose text is `[1]`; `[[note]](이전 글)` is a wiki link and a remark.
_LINKED = re.compile(r"\((?:https?:|mailto:|[#/<.])", re.IGNORECASE)
# What markdown takes for the end of a link: its address, bare or in angle brackets, and perhaps a title.
_ADDRESS = r"(?:<(?P<angled>[^<>\n]*)>|(?P<bare>[^\s()<>]+(?:\([^\s()<>]*\)[^\s()<>]*)*))"
_TITLE = r"(?:\s+(?:\"[^\"\n]*\"|'[^'\n]*'|\([^()\n]*\)))?\s*"
_LINK = re.compile(r"(?:(?P<embed>!?)\[(?P<label>[^\[\]\n]*))?\]\(\s*" + _ADDRESS + _TITLE + r"\)")
_DEFINITION = re.compile(r"[ >]*\[(?P<label>[^\[\]^][^\[\]]*)\]:\s*" + _ADDRESS + _TITLE + r"$")
_PATH = re.compile(r"/|\.\w")  # `[결론]: 좋음` looks like a definition, and leads nowhere
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def arxiv_id(text: str) -> ArxivId | None:
    """The identifier that an arXiv link in `text` names, if there is one."""
    found = _ARXIV.search(text)
    if found is None:
        return None
    version = found["version"]
    return ArxivId(found["id"].lower() if found["id"][0].isdigit() else found["id"], int(version) if version else None)


def bare_arxiv_id(text: str) -> ArxivId | None:
    """Read `2402.10193`, `2402.10193v2`, `arXiv:2402.10193` or a link; None where `text` is nothing of the kind."""
    found = _BARE_ARXIV.fullmatch(text.strip())
    if found is None:
        return arxiv_id(text)
    return ArxivId(found[1], int(found[2]) if found[2] else None)


def find_urls(text: str) -> Iterator[tuple[int, str]]:
    """Each URL in `text` with its offset; brackets and punctuation around it are left out, a missing scheme put in."""
    if "://" not in text and "arxiv.org" not in text:
        return
    for found in _URL.finditer(text):
        url = _unwrap(found[0])
        if len(url) > len("https://x"):
            yield found.start(), url if "://" in url[:8] else f"https://{url}"


def _unwrap(url: str) -> str:
    """Cut a closing bracket that was never opened inside the URL, and the punctuation of the sentence around it."""
    depth = 0
    for position, char in enumerate(url):
        if char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth < 0:
                url = url[:position]
                break
    return url.rstrip(_TRAILING)


def collect_urls(lines: Iterable[Line]) -> tuple[Url, ...]:
    """All URLs of `lines`, first mention first, each once, none from code."""
    found: dict[str, Url] = {}
    for line in lines:
        if not line.code:
            for _, url in find_urls(without_code(line.text)):
                found.setdefault(url, Url(url, line.number))
    return tuple(found.values())


def collect_links(lines: Iterable[Line]) -> tuple[WikiLink, ...]:
    """All links to other notes and files, in whichever notation, none from code: `[[note]]`, `![[embed]]`,
    `[text](../note.md)`, `![image](beside/the/note.png)`, `[label]: note.md`.
    """
    found: list[WikiLink] = []
    for line in lines:
        if line.code or "]" not in line.text:
            continue
        text = without_code(line.text)
        if "](" in text:
            found += _relative_links(_LINK.finditer(text), line.number)
        if "]:" in text and (definition := _DEFINITION.match(text)) and _PATH.search(definition[0]):
            found += _relative_links([definition], line.number)
        if "[[" in text:
            found += _wiki_links(text, line.number)
    return tuple(found)


def _relative_links(matches: Iterable[re.Match[str]], line: int) -> Iterator[WikiLink]:
    """Those that lead to a file, by its path; others lead out of the site, or to a place of the same page."""
    for match in matches:
        written = unescape(_ESCAPED.sub(r"\1", match["angled"] or match["bare"] or "")).strip()
        if written and not written.startswith(("#", "?", "//")) and not _SCHEME.match(written):
            target, _, anchor = written.partition("#")
            groups = match.groupdict()
            label = (groups.get("label") or "").strip()
            yield WikiLink(unquote(target), line, label, unquote(anchor), bool(groups.get("embed")))


def _wiki_links(text: str, line: int) -> Iterator[WikiLink]:
    for link in _WIKI.finditer(text):
        target, anchor, label = (" ".join((link[name] or "").split()) for name in ("target", "anchor", "label"))
        if (target or anchor) and not _LINKED.match(text, link.end()):
            yield WikiLink(target, line, label, anchor, bool(link["embed"]))
