"""Search as a person meets it: the box in the header, the page with its facets, and what happens when things go wrong."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from local_server import serving
from playwright.sync_api import Browser, Page, expect

from nonmun.build.pipeline import build
from nonmun.read import Base

pytestmark = pytest.mark.browser
expect.set_options(timeout=20_000)
REPOSITORY = Path(__file__).resolve().parents[2]
BOX = ".nm-header .nm-find input[type=search]"
HOSTILE = {
    "long": "학습 " * 4_000,
    "letters": "x" * 10_000,
    "regular expression": ".*+?^${}()|[]\\ (?=x)",
    "open quote": '"열린 따옴표',
    "emoji": "🙂👩‍👩‍👧 학습",
    "decomposed": "\u1112\u1161\u11a8\u1109\u1173\u11b8",
    "lone surrogate": "\ud800 학습 \udfff",
    "html": "<img src=x onerror=window.hit=1> <script>window.hit=2</script>",
}


def make_site(root: Path, features: str = "[]") -> Path:
    for name in ("notes", "digests", "runners"):
        shutil.copytree(REPOSITORY / name, root / name)
    config = (REPOSITORY / "mkdocs.yml").read_text("utf-8").replace("features: []", f"features: {features}")
    (root / "mkdocs.yml").write_text(config, "utf-8")
    for number in range(30):
        text = f"제목 {number} <b>굵게</b> (A Kim)\n\n사전 학습 문장 {number}. <img src=x onerror=window.hit=3> 낱말모음\n\n"
        tags = "#pretraining" + (" #vision" if number % 3 else "") + (" #gan" if number % 2 else "")
        (root / "notes" / f"{190101 + number} n{number}.md").write_text(text + tags + "\n", "utf-8")
    build(Base(root))
    return root / "build" / "site"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_site(tmp_path_factory.mktemp("search"))


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with serving(site) as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert problems == []


def found(page: Page) -> list[str]:
    expect(page.locator(".nm-results__status")).not_to_be_empty()
    expect(page.locator(".nm-search:not([aria-busy])")).to_be_visible()
    return page.locator(".nm-results__list .nm-paper").all_inner_texts()


def requests_of_search(page: Page) -> list[str]:
    """The addresses under the index's folder that the page asks for from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.partition("/search/")[2]))
    return asked


def of_index(asked: list[str]) -> set[str]:
    return {path.partition("/")[0] for path in asked if path.endswith((".bin", "index.json"))}


def test_before_someone_goes_to_the_box_only_what_every_search_needs_is_fetched(page: Page, address: str) -> None:
    asked = requests_of_search(page)
    page.goto(f"{address}notes/bitdelta/")
    page.wait_for_load_state("networkidle")
    assert of_index(asked) == {"index.json", "v", "l", "d"}  # no postings, no records
    with page.expect_request("**/search/t/*.bin"):
        page.locator(BOX).focus()


def test_nothing_of_search_is_fetched_unasked_where_data_are_to_be_saved(page: Page, address: str) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'connection', { value: { saveData: true } })")
    asked = requests_of_search(page)
    page.goto(f"{address}notes/bitdelta/")
    page.wait_for_load_state("networkidle")
    assert asked == [""] * len(asked)
    page.locator(BOX).focus()
    page.keyboard.insert_text("낱말모음")
    expect(page.locator(".nm-header [role=option]").first).to_contain_text("제목 29")


def test_what_the_next_key_needs_is_there_before_it_comes(page: Page, address: str) -> None:
    asked = requests_of_search(page)
    page.goto(f"{address}notes/bitdelta/")
    page.locator(BOX).focus()
    page.keyboard.insert_text("낱말모")
    expect(page.locator(".nm-header [role=option]").first).to_contain_text("제목 29")
    before = -1
    while len(asked) > before:  # until nothing more is foreseen
        before = len(asked)
        page.wait_for_timeout(500)
    page.context.set_offline(True)
    page.keyboard.insert_text("음")
    expect(page.locator(".nm-header [role=option] mark").first).to_have_text("낱말모음")


@pytest.mark.parametrize("keys", ["/", "Control+k", "Meta+k"])
def test_keys_go_to_the_box_and_arrows_and_enter_to_a_note(page: Page, address: str, keys: str) -> None:
    page.goto(f"{address}notes/sora/")
    page.keyboard.press(keys)
    expect(page.locator(BOX)).to_be_focused()
    page.keyboard.insert_text("낱말모음")
    options = page.locator(".nm-header [role=option]")
    expect(options.first).to_contain_text("제목 29")
    expect(page.locator(BOX)).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    active = page.locator(BOX).get_attribute("aria-activedescendant")
    assert active is not None
    expect(page.locator(f"#{active}")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".nm-header [role=status]")).to_contain_text("30편을 찾았습니다")
    page.keyboard.press("Enter")
    page.wait_for_url("**/notes/190129-n28/")


def test_escape_closes_the_list_and_enter_opens_the_page_of_search(page: Page, address: str) -> None:
    page.goto(f"{address}notes/sora/")
    page.locator(BOX).fill("학습")
    expect(page.locator(".nm-header .nm-found")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".nm-header .nm-found")).to_be_hidden()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/search/?q={quote('학습')}")


def test_marks_are_marks_and_text_stays_text(page: Page, address: str) -> None:
    page.goto(f"{address}search/?q={quote('onerror 낱말모음')}")
    expect(page.locator(".nm-results__list mark").first).to_be_visible()
    assert "<img src=x" in page.locator(".nm-results__text").first.inner_text()
    assert "<b>굵게</b>" in found(page)[0]
    assert page.locator(".nm-results img, .nm-results script, .nm-results b").count() == 0
    assert page.evaluate("window.hit") is None


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_queries_throw_nothing_and_inject_nothing(page: Page, address: str, kind: str) -> None:
    page.goto(f"{address}search/")
    found(page)
    page.evaluate(
        """(text) => { const box = document.querySelector(".nm-search input[type=search]"); box.value = text;
        box.dispatchEvent(new InputEvent("input", { bubbles: true })); }""",
        HOSTILE[kind],
    )
    page.wait_for_timeout(300)
    found(page)
    assert page.evaluate("window.hit") is None
    assert page.locator(".nm-results__status").inner_text()


def test_facets_count_and_their_clicks_are_addresses_that_lead_back(page: Page, address: str) -> None:
    page.goto(f"{address}search/?q={quote('낱말모음')}")
    gan = page.locator(".nm-facet", has_text="#gan")
    expect(gan.locator("small")).to_have_text("15")
    expect(page.locator(".nm-results__count")).to_contain_text("30")
    gan.click()
    expect(page.locator(".nm-results__count")).to_contain_text("15")
    expect(page.locator(".nm-facet", has_text="#vision").locator("small")).to_have_text("10")
    assert parse_qs(urlsplit(page.url).query) == {"q": ["낱말모음"], "tag": ["gan"]}
    page.locator(".nm-facet", has_text="#vision").click()
    expect(page.locator(".nm-results__count")).to_contain_text("10")
    page.locator(".nm-facets__mode button", has_text="하나라도").click()
    expect(page.locator(".nm-results__count")).to_contain_text("25")
    assert parse_qs(urlsplit(page.url).query)["any"] == ["1"]
    page.go_back()
    expect(page.locator(".nm-results__count")).to_contain_text("10")
    page.go_back()
    page.locator(".nm-facet", has_text="#gan").click()
    expect(page.locator(".nm-results__count")).to_contain_text("15")
    assert parse_qs(urlsplit(page.url).query) == {"q": ["낱말모음"], "not": ["gan"]}
    page.locator(".nm-facet", has_text="#gan").click()
    expect(page.locator(".nm-results__count")).to_contain_text("30")
    page.go_back()
    expect(page.locator(".nm-results__count")).to_contain_text("15")
    page.go_forward()
    expect(page.locator(".nm-results__count")).to_contain_text("30")


def test_an_address_alone_brings_the_same_results(page: Page, address: str) -> None:
    page.goto(f"{address}search/?tag=gan&tag=vision&year=2019&lang=ko&q={quote('낱말모음')}")
    expect(page.locator(".nm-results__count")).to_contain_text("10")
    assert page.locator(".nm-facet[aria-pressed=true]").count() == 4
    page.locator(".nm-facets__clear button").click()
    expect(page.locator(".nm-results__count")).to_contain_text("30")


def test_other_spellings_are_shown_and_can_be_left_out(page: Page, address: str) -> None:
    page.goto(f"{address}search/?q=pretraining")
    expect(page.locator(".nm-results__wider")).to_contain_text("사전학습")
    with_them = len(found(page))
    page.locator(".nm-results__wider button").click()
    page.wait_for_url("**exact=1**")
    expect(page.locator(".nm-results__wider")).to_have_count(0)
    assert 0 < len(found(page)) <= with_them


def test_syllables_in_the_making_keep_what_was_found(page: Page, address: str) -> None:
    page.goto(f"{address}notes/sora/")
    box = page.locator(BOX)
    box.focus()
    session = page.context.new_cdp_session(page)
    for text in ("낱", "낱ㅁ", "낱마", "낱말", "낱말ㅁ"):
        session.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})
        expect(page.locator(".nm-header [role=option]").first).to_contain_text("제목 29")


def test_the_front_page_offers_examples_that_find_something(page: Page, address: str) -> None:
    page.goto(address)
    links = [link.get_attribute("href") for link in page.locator(".nm-examples a").all()]
    assert len(links) == 3
    for link in links:
        page.goto(f"{address}{link}")
        assert found(page), link


def test_a_tag_page_leads_to_a_search_with_its_facet_set(page: Page, address: str) -> None:
    page.goto(f"{address}tags/gan/")
    page.locator(".nm-find--tag input[type=search]").fill("낱말모음")
    expect(page.locator(".nm-find--tag [role=option]").last).to_contain_text("15편 모두 보기")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=*&tag=gan")
    expect(page.locator(".nm-facet--in")).to_contain_text("#gan")
    page.goto(f"{address}tags/gan/")
    page.locator(".nm-find__narrow").click()
    expect(page.locator(".nm-facet--in")).to_contain_text("#gan")


def test_on_a_phone_facets_come_in_a_sheet_that_closes(browser: Browser, address: str) -> None:
    page = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True).new_page()
    page.goto(f"{address}notes/sora/")
    page.locator(".nm-find__link").click()
    page.wait_for_url("**/search/")
    page.locator(".nm-search input[type=search]").fill("낱말모음")
    expect(page.locator(".nm-results__count")).to_contain_text("30")
    assert not page.locator(".nm-facets").is_visible()
    page.locator(".nm-facets__open").click()
    page.locator(".nm-facet", has_text="#gan").click()
    expect(page.locator(".nm-facets__number")).to_have_text(" 1")
    page.keyboard.press("Escape")
    assert not page.locator(".nm-facets").is_visible()
    expect(page.locator(".nm-results__count")).to_contain_text("15")
    page.context.close()


def test_a_site_rebuilt_under_an_open_page_is_noticed_and_said(browser: Browser, tmp_path: Path) -> None:
    site = make_site(tmp_path)
    with serving(site) as address:
        page = browser.new_page()
        page.goto(f"{address}search/?q={quote('낱말모음')}")
        expect(page.locator(".nm-results__count")).to_contain_text("30")
        (tmp_path / "notes" / "190101 n0.md").write_text("새로운 글 하나입니다. 사전 학습 문장.\n", "utf-8")
        build(Base(tmp_path))
        page.locator(".nm-search input[type=search]").fill("새로운 글")
        expect(page.locator(".nm-results__status")).to_contain_text("사이트가 새로 지어져")
        assert "n0" in found(page)
        page.close()


def test_a_missing_file_of_the_index_is_said_with_what_to_try(browser: Browser, tmp_path: Path) -> None:
    site = make_site(tmp_path)
    folder = tmp_path / "copy"
    shutil.copytree(site, folder)
    shutil.rmtree(folder / "search" / "t")
    with serving(folder) as address:
        page = browser.new_page()
        page.goto(f"{address}search/?q={quote('학습')}")
        expect(page.locator(".nm-results__status")).to_contain_text("빠져 있습니다")
        shutil.copytree(site / "search" / "t", folder / "search" / "t")
        page.locator(".nm-results__status button").click()
        expect(page.locator(".nm-results__count")).to_contain_text("3")
        page.close()


def test_nothing_found_says_what_to_try(page: Page, address: str) -> None:
    page.goto(f"{address}search/?q={quote('없는낱말입니다')}&tag=gan")
    expect(page.locator(".nm-results__status")).to_contain_text("조건을 하나 지우거나")
    page.goto(f"{address}search/?q=year:soon")
    expect(page.locator(".nm-results__status")).to_contain_text("year:soon")


def test_from_a_disk_it_is_said_that_search_needs_a_server(browser: Browser, site: Path) -> None:
    page = browser.new_page()
    page.goto((site / "search" / "index.html").as_uri())
    expect(page.locator(".nm-results__status")).to_contain_text("서버가 있어야")
    page.close()


def test_search_works_with_the_themes_instant_navigation(browser: Browser, tmp_path: Path) -> None:
    site = make_site(tmp_path, "[navigation.instant]")
    # The theme takes over only links that its sitemap names.
    with serving(site) as address:
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        page.goto(f"{address}notes/sora/")
        page.evaluate("window.stayed = 1")
        page.locator(".nm-rooms a", has_text="태그").click()
        page.wait_for_url("**/tags/")
        page.keyboard.press("/")
        page.keyboard.insert_text("낱말모음")
        expect(page.locator(".nm-header [role=option]").first).to_contain_text("제목 29")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/search/"))
        expect(page.locator(".nm-results__count")).to_contain_text("30")
        page.locator(".nm-facet", has_text="#gan").click()
        expect(page.locator(".nm-results__count")).to_contain_text("15")
        page.go_back()
        expect(page.locator(".nm-results__count")).to_contain_text("30")
        page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_opens_while_searching_is_accessible(browser: Browser, address: str, scheme: str) -> None:
    def violations(page: Page) -> list[object]:
        found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]}).response["violations"]
        return [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found]

    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{address}notes/sora/")
    page.locator(BOX).fill("pretraining 낱말모음")
    expect(page.locator(".nm-header [role=option]").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    assert violations(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}search/?q={quote('낱말모음')}&tag=gan&not=vision")
    found(page)
    page.locator(".nm-facets__open").click()
    assert violations(page) == []
    context.close()
