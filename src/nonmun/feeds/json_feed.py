"""JSON Feed 1.1: the entries and addresses of the Atom feed; where they are relative, its `user_comment` says so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from nonmun.feeds.address import address
from nonmun.feeds.atom import RELATIVE
from nonmun.feeds.item import Item
from nonmun.feeds.xml import escaped
from nonmun.model import Site
from nonmun.parse.language import has_hangul
from nonmun.parse.text import without_surrogates


def json_feed(site: Site, path: str, title: str, items: Sequence[Item]) -> str:
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": title,
        "home_page_url": address(site, ""),
        "feed_url": address(site, path),
        "description": site.description,
        "user_comment": "" if site.url else RELATIVE,
        "language": "ko",
        "authors": [{"name": site.name}] if site.name else [],
        "items": [_item(item) for item in items],
    }
    present = {name: value for name, value in feed.items() if value or name in ("title", "items")}
    return without_surrogates(json.dumps(present, ensure_ascii=False, indent=1)) + "\n"


def _item(item: Item) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": item.id,
        "url": item.address,
        "external_url": item.source,
        "title": item.title,
        "content_html": "\n".join(f'<p lang="{lang.value}">{escaped(text)}</p>' for lang, text in item.paragraphs),
        "date_published": f"{item.date}T00:00:00Z",
        "authors": [{"name": name} for name in item.authors],
        "tags": [name for name, _ in item.tags],
        "language": "" if has_hangul(item.title) else "en",
    }
    return {name: value for name, value in found.items() if value or name in ("title", "content_html")}
