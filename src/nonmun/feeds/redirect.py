"""`arxiv/<id>/`: the way from a paper's arXiv id to its note, for those who know nothing but the id.

A page of its own that needs no script and no engine. Ids are taken without their version.
"""

from __future__ import annotations

from nonmun.catalogue import Catalogue, key_of
from nonmun.feeds.address import address, from_file
from nonmun.feeds.xml import escaped
from nonmun.model import Site
from nonmun.planned import PagePlan, text_file


def plan_redirects(catalogue: Catalogue, site: Site) -> list[PagePlan]:
    """One for each arXiv id; where two notes are about one paper, it leads to the older one, and will in future."""
    slugs: dict[str, str] = {}
    for paper in catalogue.oldest_first():
        if paper.arxiv:
            slugs.setdefault(paper.arxiv.id, paper.slug)
    return [_redirect(arxiv, slug, site) for arxiv, slug in slugs.items()]


def _redirect(arxiv: str, slug: str, site: Site) -> PagePlan:
    """Straight into the site: a folder and a file for each paper are as much work for a disk as the papers' pages."""
    path = f"arxiv/{arxiv}/index.html"

    def make() -> str:
        return redirect_page(path, f"arXiv {arxiv}", f"notes/{slug}/", site)

    return text_file(path, key_of(slug, site.url), make, straight=True)


def redirect_page(path: str, title: str, target: str, site: Site) -> str:
    """The HTML of a page at `path` that sends its reader on to `target`, both seen from the site's root."""
    href = escaped(from_file(path, target))
    canonical = escaped(address(site, target)) if site.url else href
    return f"""<!doctype html>
<html lang="ko">
<meta charset="utf-8">
<title>{escaped(title)}</title>
<meta name="robots" content="noindex">
<meta http-equiv="refresh" content="0; url={href}">
<link rel="canonical" href="{canonical}">
<p><a href="{href}">{escaped(title)} → 노트 · Note</a></p>
</html>
"""
