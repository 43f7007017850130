"""Atom 1.0 (RFC 4287). Deterministic: its times are the dates of notes, at midnight UTC, and no clock's.

With a `site_url` all addresses are absolute and an entry's id is its permalink. Without one nobody can know where the
site will stand: links are relative to its root, by an `xml:base` that leads there from where the feed lies, ids are
UUIDs of the site's name and the entry's path, and the subtitle says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from nonmun.feeds.address import address, identity
from nonmun.feeds.item import Item
from nonmun.feeds.xml import escaped
from nonmun.model import Site
from nonmun.parse.language import has_hangul

RELATIVE = (
    "이 피드의 링크는 사이트 안의 상대 주소입니다. mkdocs.yml에 site_url을 적으면 절대 주소가 됩니다. · "
    "Links in this feed are relative to the site; they become absolute with a site_url in mkdocs.yml."
)
NEVER = "1970-01-01"  # a feed must say when it was updated, and an empty one never was


def atom_feed(site: Site, path: str, home: str, title: str, latest: str, entries: Iterable[str]) -> str:
    """The feed at `path` about the page at `home`; `latest` is the newest entry's day, empty where there is none."""
    base = "" if site.url else f' xml:base="{"../" * path.count("/") or "./"}"'
    subtitle = " ".join(filter(None, (site.description, "" if site.url else RELATIVE)))
    head = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="ko"{base}>',
        f"<id>{escaped(identity(site, path))}</id>",
        f"<title>{escaped(title) or 'nonmun'}</title>",
        f"<subtitle>{escaped(subtitle)}</subtitle>" if subtitle else "",
        f"<updated>{_time(latest or NEVER)}</updated>",
        f"<author><name>{escaped(site.name) or 'nonmun'}</name></author>",
        f'<link rel="self" type="application/atom+xml" href="{escaped(address(site, path))}"/>',
        f'<link rel="alternate" type="text/html" href="{escaped(address(site, home))}"/>',
        "<generator>nonmun</generator>",
    ]
    return "\n".join([*filter(None, head), *entries, "</feed>\n"])


def atom_entry(item: Item) -> str:
    """The `<entry>` of a paper, the same in every feed of the site."""
    lang = "" if has_hangul(item.title) else ' xml:lang="en"'
    paragraphs = "".join(f'<p xml:lang="{lang.value}">{escaped(text)}</p>' for lang, text in item.paragraphs)
    lines = [
        "<entry>",
        f"<id>{escaped(item.id)}</id>",
        f"<title{lang}>{escaped(item.title)}</title>",
        f"<published>{_time(item.date)}</published>",
        f"<updated>{_time(item.date)}</updated>",
        *map(_author, item.authors),
        f'<link rel="alternate" type="text/html" href="{escaped(item.address)}"/>',
        f'<link rel="related" href="{escaped(item.source)}"/>' if item.source else "",
        *(_category(name, label) for name, label in item.tags),
        f'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">{paragraphs}</div></content>',
        "</entry>",
    ]
    return "\n".join(filter(None, lines))


@lru_cache(maxsize=1 << 12)
def _author(name: str) -> str:
    name = escaped(name)
    return f"<author><name>{name}</name></author>" if name else ""


@lru_cache(maxsize=1 << 12)
def _category(name: str, label: str) -> str:
    return f'<category term="{escaped(name)}" label="{escaped(label)}"/>'


def _time(day: str) -> str:
    return f"{day}T00:00:00Z"
