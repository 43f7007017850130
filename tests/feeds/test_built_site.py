"""Files of the site that no engine renders: feeds, citations, redirects, the API."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urljoin
from xml.etree import ElementTree

import pytest
from paper_samples import catalogue_of, note

from nonmun.build.pipeline import Report, build
from nonmun.build.project import read_project
from nonmun.citations import bibtex, citation_keys
from nonmun.model import Site
from nonmun.pages import Templates
from nonmun.pages.note import plan as plan_notes
from nonmun.read import find_base

NOTE = "notes/attention-is-all-you-need.md"


def built(base: Path) -> Report:
    report = build(find_base(base, ()))
    assert not report.failed, report.faults
    return report


def test_a_site_has_them_beside_its_pages_and_pages_lead_there(base: Path) -> None:
    settings = base / "mkdocs.yml"
    settings.write_text(settings.read_text("utf-8") + "\nsite_url: https://example.org/kb\n", "utf-8")
    built(base)
    site = base / "build/site"
    for path in ("feed.json", "notes.bib", "api/notes.json", "api/tags.json", "api/notes.csl.json", "llms.txt"):
        assert (site / path).read_text("utf-8").strip(), path
    assert 'href="https://example.org/kb/notes/attention-is-all-you-need/"' in (
        site / "arxiv/1706.03762/index.html"
    ).read_text("utf-8")
    addresses = [one.text for one in ElementTree.parse(site / "sitemap.xml").iter() if one.tag.endswith("loc")]
    assert {*addresses} == {
        "https://example.org/kb/" + page.relative_to(site).as_posix().removesuffix("index.html")
        for page in site.rglob("index.html")
        if "arxiv" not in page.parts
    }
    for page in (site / "index.html", *site.glob("tags/*/index.html"), site / "archive/index.html"):
        html = page.read_text("utf-8")
        named = re.findall(
            r'<link rel="alternate feed" type="application/(?:atom\+xml|feed\+json)" href="([^"]+)"', html
        )
        here = f"https://x/{page.relative_to(site).as_posix()}"
        assert len(named) == (3 if page.parent.parent.name == "tags" else 2), page
        assert all((site / urljoin(here, href).removeprefix("https://x/")).is_file() for href in named), named
        if page.parent != site:
            assert re.search(r'<a href="[./]*feed\.xml"', html), page


def test_only_what_an_edit_changed_is_made(base: Path) -> None:
    built(base)
    assert built(base).changed == ()
    text = (base / NOTE).read_text("utf-8")
    (base / NOTE).write_text(f"{text.rstrip()}\n\n새 문단입니다.\n", "utf-8")
    changed = set(built(base).changed)
    assert {"feed.xml", "feed.json"} <= changed
    assert not {path for path in changed if path.startswith(("arxiv/", "api/", "notes.bib", "llms.txt"))}
    (base / NOTE).unlink()
    (base / "digests/2017/2017-06-13.md").unlink()
    built(base)
    assert not (base / "build/site/arxiv/1706.03762").exists()


def test_a_page_carries_its_entry_where_its_head_leads() -> None:
    templates = {
        path.name: path.read_text("utf-8") for path in Path(__file__).parents[2].joinpath("site/templates").iterdir()
    }
    catalogue = catalogue_of(note(title="A <b> & {c}", authors=("김민수",)))
    (plan,) = plan_notes(catalogue, Templates(templates))
    html = plan.make().text.partition("\n---\n")[2]
    assert '<a href="#nm-bibtex">BibTeX</a>' in html
    shown = re.search(
        r'<details[^>]*>.*?<pre id="nm-bibtex"[^>]*><code>(.*?)</code></pre>\n</details>', html, re.DOTALL
    )
    entry = bibtex(catalogue.papers[0], citation_keys(catalogue)["bitdelta"])
    assert shown and shown[1] == entry.replace("&", "&amp;")
    assert "<b>" not in html


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ("site_url: https://example.org/kb", "https://example.org/kb/"),
        ("site_url: https://example.org/", "https://example.org/"),
        ("site_url: !ENV SITE_URL", ""),
        ("site_url: example.org", ""),
        ("site_url: [1]", ""),
        ("", ""),
    ],
)
def test_the_sites_address_is_read_from_the_settings(tmp_path: Path, settings: str, url: str) -> None:
    file = tmp_path / "mkdocs.yml"
    file.write_text(f"site_name: '논문'\nnav: []\n{settings}\n", "utf-8")
    assert read_project(file).site == Site("논문", "", url)
