"""What templates see: small values made from the catalogue, with every link already relative to its page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, TypeVar
from urllib.parse import quote, urlsplit
from weakref import WeakKeyDictionary

from nonmun.catalogue import Catalogue
from nonmun.model import Lang, Paper

MAX_AUTHORS_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands; turns addresses relative to the site's root into links that work from there.

    Every page is the index of its folder. Only so do the engines agree: mkdocs leaves links in HTML alone, zensical
    takes them for relative to the source, and in an index the two are the same.
    """

    path: str  # of the generated file, such as notes/bitdelta/index.md

    @property
    def address(self) -> str:
        """The page's own address: `notes/bitdelta/`, and `` for the home page."""
        return self.path.removesuffix("index.md")

    def link(self, address: str) -> str:
        """A relative link to `address`, percent-encoded; a fragment stays one."""
        return _link(self.path.count("/"), address)


@lru_cache(maxsize=1 << 16)  # a page has dozens of links, and most pages stand equally deep
def _link(depth: int, address: str) -> str:
    page, mark, fragment = address.partition("#")
    return (quote("../" * depth + page, safe="/.") or "./") + mark + quote(fragment)


@dataclass(frozen=True, slots=True, eq=False)
class TagChip:
    """A tag as shown: its name, both labels, where it leads, how many papers have it. Compared as rows are."""

    name: str
    ko: str
    en: str
    href: str
    count: int
    known: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One paper in a list. Compared by identity, so that what a template makes of it is found again at no cost."""

    title: str
    href: str
    date: str
    authors: str
    tags: tuple[TagChip, ...]
    langs: tuple[Lang, ...]
    runners: int


@dataclass(frozen=True, slots=True)
class OutLink:
    """A link that leaves the site."""

    label: str
    href: str


_Value = TypeVar("_Value")


class _Once(Generic[_Value]):
    """Values that lists on many pages show, each made once for a catalogue and for all pages of one depth.

    Most papers stand in a dozen lists: related, mentioned, older, newer, by month, by tag.
    """

    def __init__(self) -> None:
        self._made: WeakKeyDictionary[Catalogue, dict[tuple[str, int], _Value]] = WeakKeyDictionary()

    def get(self, name: str, catalogue: Catalogue, place: Place, make: Callable[[], _Value]) -> _Value:
        key = name, place.path.count("/")
        known = self._made.setdefault(catalogue, {})
        found = known.get(key)
        if found is None:
            found = known[key] = make()
        return found


_CHIPS: _Once[TagChip] = _Once()
_ROWS: _Once[Row] = _Once()


def tag_chip(name: str, catalogue: Catalogue, place: Place) -> TagChip:
    """The tag as lists show it; on pages of one depth the very same value."""
    return _CHIPS.get(name, catalogue, place, lambda: _tag_chip(name, catalogue, place))


def _tag_chip(name: str, catalogue: Catalogue, place: Place) -> TagChip:
    tag = catalogue.tags[name]
    href = place.link(f"tags/{catalogue.tag_slugs[name]}/")
    return TagChip(name, tag.ko, tag.en, href, len(catalogue.by_tag.get(name, ())), tag.known)


def face(name: str, catalogue: Catalogue) -> tuple[object, ...]:
    """What of a tag shows wherever it is named, its address included: for the keys of pages that name it."""
    tag = catalogue.tags[name]
    return catalogue.tag_slugs[name], tag.ko, tag.en, tag.known


def row(paper: Paper, catalogue: Catalogue, place: Place) -> Row:
    """The paper as lists show it. A list on another page of the same depth gets the very same value."""
    return _ROWS.get(paper.slug, catalogue, place, lambda: _row(paper, catalogue, place))


def _row(paper: Paper, catalogue: Catalogue, place: Place) -> Row:
    return Row(
        title=paper.title,
        href=place.link(f"notes/{paper.slug}/"),
        date=str(paper.date or ""),
        authors=short_authors(paper.authors),
        tags=tuple(tag_chip(name, catalogue, place) for name in paper.tags),
        langs=paper.langs,
        runners=len(paper.runners),
    )


def rows(papers: Iterable[Paper], catalogue: Catalogue, place: Place) -> list[Row]:
    return [row(paper, catalogue, place) for paper in papers]


def short_authors(authors: Sequence[str]) -> str:
    """`A, B, C … +5`: enough to recognise a paper by."""
    if len(authors) <= 3:
        return ", ".join(authors)
    return f"{', '.join(authors[:2])} … +{len(authors) - 2}"


def out_links(paper: Paper) -> list[OutLink]:
    """ArXiv's two faces first, then the other addresses by their host; only http and https leave the site."""
    links: list[OutLink] = []
    if paper.arxiv:
        links = [OutLink(f"arXiv {paper.arxiv}", paper.arxiv.abs_url), OutLink("PDF", paper.arxiv.pdf_url)]
    for url in _main_urls(paper):
        host = _host(url)
        if host and not (paper.arxiv and paper.arxiv.id in url):
            links.append(OutLink(host, url))
    return links


def _main_urls(paper: Paper) -> list[str]:
    """The addresses at the paper's head; those inside its text are links there."""
    text = "\n".join(block.text for block in paper.entry.blocks)
    return [url for url in paper.urls if url not in text and url.removeprefix("https://") not in text]


def _host(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return (parts.hostname or "").removeprefix("www.") if parts.scheme in ("http", "https") else ""


Link = Callable[[str], str]
