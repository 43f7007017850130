from __future__ import annotations

import json
from datetime import date
from html.parser import HTMLParser
from urllib.parse import urljoin
from xml.etree import ElementTree

import pytest
from hypothesis import given
from paper_samples import NOWHERE, SITE, catalogue_of, hostile_texts, note

from nonmun.catalogue import paper_record
from nonmun.feeds import plan_feeds
from nonmun.feeds.redirect import redirect_page
from nonmun.model import Site


def files(*notes, site=SITE, pages=()):
    return {plan.path: plan.make().text for plan in plan_feeds(catalogue_of(*notes), site, pages)}


def shown(text: str) -> str:
    """A text as it can be written: what was no UTF-8 is U+FFFD."""
    return "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text)


@given(title=hostile_texts, author=hostile_texts, body=hostile_texts)
def test_json_of_any_text_is_read_back_as_it_was(title, author, body) -> None:
    made = files(note("a", title, authors=(author,), korean=body), site=Site(title, body))
    made["api/notes.json"].encode()
    (record,) = json.loads(made["api/notes.json"])
    assert (record["title"], record["authors"]) == (shown(title), [shown(author)])
    made["feed.json"].encode()
    (item,) = json.loads(made["feed.json"])["items"]
    assert (item["title"], item["authors"]) == (shown(title), [{"name": shown(author)}])


def test_the_json_feed_has_what_its_version_requires() -> None:
    feed = json.loads(files(note(), note("sora", "Sora", arxiv="2402.1", authors=()))["feed.json"])
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"] == SITE.name and feed["feed_url"] == "https://example.org/kb/feed.json"
    for item in feed["items"]:
        assert isinstance(item["id"], str) and "content_html" in item
        assert item["date_published"] == "2024-02-16T00:00:00Z"
    assert "user_comment" not in feed
    assert "site_url" in json.loads(files(note(), site=NOWHERE)["feed.json"])["user_comment"]


def test_the_api_gives_the_fields_of_the_command_line_and_the_address() -> None:
    paper = note("논문", day=None)
    (record,) = json.loads(files(paper)["api/notes.json"])
    address = record.pop("address")
    assert record == paper_record(catalogue_of(paper).papers[0])
    assert address == "https://example.org/kb/notes/%EB%85%BC%EB%AC%B8/"


def test_the_api_counts_the_papers_of_each_tag() -> None:
    tags = json.loads(files(note(), note("b", "B", arxiv=None, tags=("quantization", "video")))["api/tags.json"])
    assert [(tag["name"], tag["count"]) for tag in tags] == [("quantization", 2), ("video", 1)]
    assert set(tags[0]) == {"name", "ko", "en", "broader", "count", "address"}


class Redirect(HTMLParser):
    """Where a page sends its reader, by each of its means; and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.refresh = self.canonical = self.link = ""
        self.tags: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag, attrs) -> None:
        found = dict(attrs)
        self.tags.add(tag)
        if found.get("http-equiv") == "refresh":
            self.refresh = found["content"].partition("url=")[2]
        if found.get("rel") == "canonical":
            self.canonical = found["href"]
        if tag == "a":
            self.link = found["href"]


@pytest.mark.parametrize("arxiv", ["2402.10193", "cs/0112017", "math.GT/0309136"])
def test_an_arxiv_id_leads_to_its_note_whatever_its_version(arxiv) -> None:
    path = f"arxiv/{arxiv}/index.html"
    page = Redirect(files(note(arxiv=arxiv, version=3))[path])
    address = f"https://example.org/kb/arxiv/{arxiv}/"
    assert not page.refresh.startswith(("/", "http"))
    assert urljoin(address, page.refresh) == urljoin(address, page.link) == page.canonical
    assert page.canonical == "https://example.org/kb/notes/bitdelta/"
    assert "script" not in page.tags


def test_of_two_notes_about_a_paper_the_older_keeps_the_redirect() -> None:
    older, newer = note("z-older", day=date(2020, 1, 1)), note("a-newer", day=date(2024, 1, 1))
    for notes in ((older,), (older, newer), (newer, older)):
        assert Redirect(files(*notes)["arxiv/2402.10193/index.html"]).canonical.endswith("/notes/z-older/")


@given(title=hostile_texts, slug=hostile_texts)
def test_a_redirect_holds_no_tag_that_a_text_brought(title, slug) -> None:
    page = Redirect(redirect_page("arxiv/1/index.html", title, f"notes/{shown(slug)}/", NOWHERE))
    assert page.tags == {"html", "meta", "title", "link", "p", "a"}
    assert page.refresh == page.link == page.canonical


@given(title=hostile_texts, tag=hostile_texts)
def test_llms_txt_has_one_line_for_each_note(title, tag) -> None:
    text = files(note("a", title, tags=(tag,)), note("b", "B", arxiv=None))["llms.txt"]
    text.encode()
    lines = text.partition("## Notes\n\n")[2].removesuffix("\n").split("\n")
    assert len(lines) == 2
    assert sum("(https://example.org/kb/notes/a/)" in line for line in lines) == 1


def test_the_sitemap_names_every_page_and_robots_names_the_sitemap() -> None:
    made = files(note(), pages=["index.md", "notes/논문/index.md"])
    found = [
        element.text
        for element in ElementTree.fromstring(made["sitemap.xml"].encode()).iter()
        if element.tag.endswith("loc")
    ]
    assert found == ["https://example.org/kb/", "https://example.org/kb/notes/%EB%85%BC%EB%AC%B8/"]
    assert "Sitemap: https://example.org/kb/sitemap.xml\n" in made["robots.txt"]


def test_without_a_site_url_there_is_neither_sitemap_nor_robots() -> None:
    assert not {"sitemap.xml", "robots.txt"} & files(note(), site=NOWHERE, pages=["index.md"]).keys()
