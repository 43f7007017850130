from __future__ import annotations

import re
from datetime import date
from urllib.parse import urljoin
from xml.etree import ElementTree

import pytest
from hypothesis import given
from paper_samples import NOWHERE, SITE, catalogue_of, hostile_texts, note

from nonmun.feeds import plan_feeds
from nonmun.feeds.item import NEWEST
from nonmun.model import Site

ATOM, XML, XHTML = (
    "{http://www.w3.org/2005/Atom}",
    "{http://www.w3.org/XML/1998/namespace}",
    "{http://www.w3.org/1999/xhtml}",
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def files(*notes, site=SITE, pages=()):
    return {plan.path: plan.make().text for plan in plan_feeds(catalogue_of(*notes), site, pages)}


def feed(*notes, site=SITE, path="feed.xml"):
    return ElementTree.fromstring(files(*notes, site=site)[path].encode())


def one(element, name):
    found = element.findall(f"{ATOM}{name}")
    assert len(found) == 1, (name, len(found))
    return found[0]


def check_required(root) -> None:
    """What RFC 4287 requires in sections 4.1.1 and 4.1.2, and what it forbids to be there twice."""
    assert root.tag == f"{ATOM}feed"
    assert one(root, "id").text and one(root, "title").text
    assert TIME.fullmatch(one(root, "updated").text)
    assert [link.get("href") for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"]
    authors_of_feed = root.findall(f"{ATOM}author")
    ids = []
    for entry in root.findall(f"{ATOM}entry"):
        ids.append(one(entry, "id").text)
        one(entry, "title")
        one(entry, "content")
        assert TIME.fullmatch(one(entry, "updated").text) and TIME.fullmatch(one(entry, "published").text)
        assert entry.findall(f"{ATOM}author") or authors_of_feed
        kinds = [(link.get("rel"), link.get("type")) for link in entry.findall(f"{ATOM}link")]
        assert ("alternate", "text/html") in kinds and len(kinds) == len(set(kinds))
    for author in root.iter(f"{ATOM}author"):
        assert one(author, "name").text
    for category in root.iter(f"{ATOM}category"):
        assert category.get("term") is not None
    assert all(re.match(r"[a-z]+:", identity) for identity in ids) and len(ids) == len(set(ids))


@pytest.mark.parametrize("site", [SITE, NOWHERE, Site()])
def test_a_feed_has_what_the_rfc_requires(site) -> None:
    notes = note(), note("sora", "Sora", authors=(), arxiv=None), note("undated", "Undated", arxiv=None, day=None)
    check_required(feed(*notes, site=site))
    check_required(feed(*notes, site=site, path="tags/quantization/feed.xml"))
    check_required(feed(site=site))


@given(title=hostile_texts, author=hostile_texts, body=hostile_texts, tag=hostile_texts, name=hostile_texts)
def test_any_text_makes_a_well_formed_feed(title, author, body, tag, name) -> None:
    hostile = note("a", title, authors=(author,), korean=body, english=body, tags=(tag,))
    made = files(hostile, site=Site(name, body))
    feeds = [text for path, text in made.items() if path.endswith(".xml")]
    assert len(feeds) == 2
    for text in feeds:
        check_required(ElementTree.fromstring(text.encode()))


@given(text=hostile_texts)
def test_a_title_is_read_back_but_for_what_xml_forbids(text) -> None:
    allowed = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
    entry = feed(note("a", text)).find(f"{ATOM}entry")
    assert " ".join((one(entry, "title").text or "").split()) == " ".join(allowed.split())


def test_an_entry_says_who_when_and_what_in_both_languages() -> None:
    entry = feed(note(korean="## 제목\n\n첫 **문단**.\n\n둘째.", english="First.\n\nSecond.")).find(f"{ATOM}entry")
    assert [author[0].text for author in entry.findall(f"{ATOM}author")] == ["James Liu", "Guangxuan Xiao"]
    assert one(entry, "updated").text == "2024-02-16T00:00:00Z"
    paragraphs = one(entry, "content").findall(f"{XHTML}div/{XHTML}p")
    assert [(p.get(f"{XML}lang"), p.text) for p in paragraphs] == [("ko", "첫 문단."), ("en", "First.")]
    assert one(entry, "category").get("term") == "quantization"


def test_with_a_site_url_every_address_is_absolute_and_an_id_is_the_permalink() -> None:
    root = feed(note("논문"), path="tags/quantization/feed.xml")
    assert all(link.get("href").startswith("https://") for link in root.iter(f"{ATOM}link"))
    assert one(root.find(f"{ATOM}entry"), "id").text == "https://example.org/kb/notes/%EB%85%BC%EB%AC%B8/"
    assert one(root, "id").text == "https://example.org/kb/tags/quantization/feed.xml"


@pytest.mark.parametrize("path", ["feed.xml", "tags/quantization/feed.xml"])
def test_without_a_site_url_links_lead_there_from_wherever_the_site_stands(path) -> None:
    root = feed(note(), site=NOWHERE, path=path)
    base = urljoin(f"https://anywhere.example/deep/{path}", root.get(f"{XML}base"))
    entry = root.find(f"{ATOM}entry")
    alternate = next(link for link in entry.findall(f"{ATOM}link") if link.get("rel") == "alternate")
    assert urljoin(base, alternate.get("href")) == "https://anywhere.example/deep/notes/bitdelta/"
    self_link = next(link for link in root.findall(f"{ATOM}link") if link.get("rel") == "self")
    assert urljoin(base, self_link.get("href")) == f"https://anywhere.example/deep/{path}"
    assert one(entry, "id").text.startswith("urn:uuid:")
    assert "site_url" in one(root, "subtitle").text


def test_ids_are_the_same_in_every_feed_and_every_build() -> None:
    ids = {
        one(feed(note(), site=NOWHERE, path=path).find(f"{ATOM}entry"), "id").text
        for path in ("feed.xml", "tags/quantization/feed.xml")
    }
    assert len(ids) == 1
    assert files(note(), site=NOWHERE) == files(note(), site=NOWHERE)


def test_a_feed_holds_the_newest_with_a_date() -> None:
    notes = [
        note(f"n{day}", f"Paper {day}", arxiv=None, day=date(2024, 1 + day // 28, 1 + day % 28)) for day in range(40)
    ]
    root = feed(*notes, note("undated", "Undated", arxiv=None, day=None))
    titles = [one(entry, "title").text for entry in root.findall(f"{ATOM}entry")]
    assert titles == [f"Paper {day}" for day in range(39, 39 - NEWEST, -1)]
    assert one(root, "updated").text == "2024-02-12T00:00:00Z"


def test_an_edit_changes_the_keys_of_the_feeds_that_show_it_alone() -> None:
    def keys(text):
        papers = note(korean=text), note("sora", "Sora", arxiv="2402.00001", tags=("video",))
        return {plan.path: plan.key for plan in plan_feeds(catalogue_of(*papers), SITE, ())}

    before, after = keys("전입니다."), keys("후입니다.")
    assert {path for path in before if before[path] != after[path]} == {
        "feed.xml",
        "feed.json",
        "tags/quantization/feed.xml",
    }
