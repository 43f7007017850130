"""Addresses of the site: absolute where the settings have a `site_url`, else relative to the site's root."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from nonmun.model import Site


@lru_cache(maxsize=1 << 16)  # each stands in half a dozen files
def address(site: Site, path: str) -> str:
    """`notes/bitdelta/` → `https://example.org/notes/bitdelta/`, percent-encoded."""
    return site.url + quote(path, safe="/.") or "./"


def from_file(path: str, target: str) -> str:
    """A relative link from the file at `path` to `target`, both seen from the site's root."""
    return "../" * path.count("/") + quote(target, safe="/.") or "./"


def identity(site: Site, path: str) -> str:
    """What a feed reader remembers an entry by: its permalink, or without a `site_url` a UUID of site and path."""
    if site.url:
        return address(site, path)
    name = f"nonmun:{site.name}:{path}".encode("utf-8", "replace").decode()
    return uuid5(NAMESPACE_URL, name).urn
