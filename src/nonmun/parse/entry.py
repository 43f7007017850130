"""One entry: URL lines, a title, authors, then the text; the form in which notes and digests alike are written.

Nothing is required. What the caller already knows (from front matter, from a heading) is `Given`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date as Date

from nonmun.errors import Fault
from nonmun.model import ArxivId, Entry, RunnerUse, TagUse, Url
from nonmun.parse.authors import read_authors, split_title
from nonmun.parse.body import parse_body
from nonmun.parse.language import has_hangul
from nonmun.parse.links import arxiv_id, collect_links, collect_urls, find_urls
from nonmun.parse.tags import find_tags, is_tag_line, unique_tags, without_trailing_tags
from nonmun.parse.text import Line

_EMPHASIS = re.compile(r"(?P<mark>\*{1,3}|_{1,3})(?=\S)(?P<text>.+?)(?<=\S)(?P=mark)(?=\s*(?:\(|$))")
_ATX_TITLE = re.compile(r"#{1,6}[ \t]+(?P<text>.+?)(?:[ \t]+#+)?[ \t]*$")
_LINKED = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_URL_TAIL = re.compile(r"[\s:,-]*[(\[]?\s*(?:https?://|(?<![\w./])arxiv\.org/)\S*\s*[)\]]?\s*$")
_NOT_A_TITLE = re.compile(r"\s*(?:[-*+]\s|\d+[.)]\s|[>|]|\[\[|!\[|<|```|\$\$)")
MAX_TITLE = 300
MAX_TITLE_LINES = 3
MANY_PAPERS = 3  # a text that names this many arXiv papers, none of them at its head, is about no single one


@dataclass(frozen=True, slots=True)
class Given:
    """What is known of an entry before its text is read."""

    title: str = ""
    title_line: int = 1
    fallback_title: str = ""
    authors: tuple[str, ...] = ()
    authors_line: int | None = None
    urls: tuple[Url, ...] = ()
    arxiv: ArxivId | None = None
    date: Date | None = None
    tags: tuple[TagUse, ...] = ()
    runners: tuple[RunnerUse, ...] = ()


@dataclass(slots=True)
class _Head:
    """What the first lines of an entry say, and how many of them said it."""

    title: str = ""
    title_line: int = 1
    authors: tuple[str, ...] = ()
    authors_line: int | None = None
    url_lines: list[Line] = field(default_factory=list)
    length: int = 0


def parse_entry(lines: Sequence[Line], given: Given, path: str, *, by_line: bool) -> tuple[Entry, list[Fault]]:
    """Read one entry from its lines. Total: any lines give an Entry; `by_line` marks hard-broken text."""
    head = _read_head(lines, given)
    rest = lines[head.length :]
    blocks, faults = parse_body(rest, path, by_line=by_line)
    urls = _unique((*given.urls, *collect_urls(lines)))
    tags, tag_faults = unique_tags((*given.tags, *(tag for line in lines for tag in find_tags(line))), path)
    title = given.title or head.title or given.fallback_title
    entry = Entry(
        title=title,
        line=given.title_line if given.title else head.title_line,
        authors=given.authors or head.authors,
        authors_line=given.authors_line if given.authors else head.authors_line,
        urls=urls,
        arxiv=given.arxiv or _main_arxiv(given.urls, head, lines, urls),
        date=given.date,
        tags=tags,
        blocks=blocks,
        links=collect_links(rest),
        runners=given.runners,
    )
    return entry, faults + tag_faults


def _read_head(lines: Sequence[Line], given: Given) -> _Head:
    head = _Head(title_line=next((line.number for line in lines if not line.blank), 1))
    position = 0
    while position < len(lines):
        line = lines[position]
        if line.blank and not line.code:
            position += 1
            continue
        if line.code:
            break
        if is_url_line(line):
            head.url_lines.append(line)
        elif not head.authors and not given.authors and (names := authors_line(line)) and (head.title or given.title):
            head.authors, head.authors_line = names, line.number
        elif _repeats(line, given.title):
            pass
        elif not (given.title or head.title) and (used := _read_title(lines, position, head, given)):
            position += used
            head.length = position
            continue
        else:
            break
        position += 1
        head.length = position
    return head


def is_url_line(line: Line) -> bool:
    """Whether the line holds one or more URLs and nothing else."""
    if "://" not in line.text and "arxiv.org" not in line.text:
        return False
    text = _LINKED.sub(r"\1", line.text)
    left = text
    for offset, url in find_urls(text):
        spelled = text[offset : offset + len(url)]
        left = left.replace(spelled if spelled == url else url.removeprefix("https://"), "", 1)
    return left != text and not left.strip(" \t<>()[],")


def authors_line(line: Line) -> tuple[str, ...] | None:
    """The names, where the whole line is an author list in parentheses."""
    text = line.text.strip()
    return read_authors(text[1:-1]) if text.startswith("(") and text.endswith(")") else None


def _repeats(line: Line, title: str) -> bool:
    """Whether the line only says the known title again, as a heading or in emphasis."""
    return bool(title) and line.text.strip().strip("#*_ ").casefold() == title.casefold()


def _read_title(lines: Sequence[Line], position: int, head: _Head, given: Given) -> int:
    """Try to read a title at `position` into `head`; the number of lines it took, or 0."""
    first = lines[position]
    if is_tag_line(first) or _NOT_A_TITLE.match(first.text):
        return 0
    for count in range(1, MAX_TITLE_LINES + 1):
        paragraph = lines[position : position + count]
        if len(paragraph) < count or any(line.blank or line.code for line in paragraph):
            break
        text = " ".join(line.text.strip() for line in paragraph)
        title, authors = split_title(text)
        if authors and title and len(title) <= MAX_TITLE and not _is_korean_sentence(title):
            _set_title(head, title, first.number)
            head.authors, head.authors_line = authors, paragraph[-1].number
            return count
    marked = _EMPHASIS.match(first.text.strip()) or _ATX_TITLE.match(first.text.strip())
    if marked and len(marked["text"]) <= MAX_TITLE:
        _set_title(head, marked["text"], first.number)
        return 1
    return _read_plain_title(lines, position, head, given)


def _read_plain_title(lines: Sequence[Line], position: int, head: _Head, given: Given) -> int:
    """A title without any mark: a short line without Korean; its continuation is indented, as arXiv wraps it."""
    used = 1
    text = lines[position].text.strip()
    while position + used < len(lines) and used < MAX_TITLE_LINES and lines[position + used].text.startswith("  "):
        if lines[position + used].blank:
            break
        text += " " + lines[position + used].text.strip()
        used += 1
    bare = _URL_TAIL.sub("", text)
    if (
        not any(char.isalnum() for char in bare)
        or has_hangul(bare)
        or len(bare) > MAX_TITLE
        or (bare.endswith((".", ":")) and not bare.endswith("vs."))
    ):
        return 0
    if any(True for _ in find_urls(bare)):
        return 0
    if (
        not head.url_lines
        and given.fallback_title
        and len({u.url for u in collect_urls(lines) if arxiv_id(u.url)}) >= MANY_PAPERS
    ):
        return 0  # the first of many papers: the file's name says what the note is about
    _set_title(head, bare, lines[position].number)
    return used


def _is_korean_sentence(text: str) -> bool:
    return has_hangul(text) and (len(text) > 80 or text.rstrip().endswith((".", "다", "요", "음", "듯")))


def _set_title(head: _Head, text: str, line: int) -> None:
    text = without_trailing_tags(text)
    bare = re.sub(r"\s+", " ", _URL_TAIL.sub("", text) or text)
    marked = _EMPHASIS.fullmatch(bare)
    head.title, head.title_line = (marked["text"] if marked else bare).strip(), line


def _main_arxiv(given: Sequence[Url], head: _Head, lines: Sequence[Line], urls: Sequence[Url]) -> ArxivId | None:
    """The paper the entry is about: named at its head, or the only one named at all."""
    for text in (*(url.url for url in given), *(line.text for line in head.url_lines)):
        if found := arxiv_id(text):
            return found
    titled = next((line for line in lines if line.number == head.title_line), None) if head.title else None
    if titled and (found := arxiv_id(titled.text)):
        return found
    first = next((line for line in lines if not line.blank), None)
    if first and (found := arxiv_id(first.text)) and next(find_urls(first.text), (1, ""))[0] == 0:
        return found
    named = {found.id: found for url in urls if (found := arxiv_id(url.url))}
    return next(iter(named.values())) if len(named) == 1 else None


def _unique(urls: Sequence[Url]) -> tuple[Url, ...]:
    found: dict[str, Url] = {}
    for url in urls:
        found.setdefault(url.url, url)
    return tuple(found.values())
