"""`sitemap.xml`, and `robots.txt` which names it. Both want absolute addresses, so there are none without a `site_url`.

Without `lastmod`: a note's date says when it was written and not when its page changed, and builds read no clock.
"""

from __future__ import annotations

from collections.abc import Sequence

from nonmun.feeds.address import address
from nonmun.feeds.xml import escaped
from nonmun.model import Site

MOST = 50_000  # addresses, by the protocol


def sitemap(site: Site, pages: Sequence[str]) -> str:
    """The addresses of `pages`, which are paths such as `notes/bitdelta/index.md`; the first 50,000 of them."""
    found = (escaped(address(site, page.removesuffix("index.md"))) for page in pages[:MOST])
    return "\n".join(
        [
            '<?xml version="1.0" encoding="utf-8"?>',
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
            *(f"<url><loc>{one}</loc></url>" for one in found),
            "</urlset>\n",
        ]
    )


def robots(site: Site) -> str:
    return f"User-agent: *\nAllow: /\n\nSitemap: {address(site, 'sitemap.xml')}\n"
