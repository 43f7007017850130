"""The built site, in Chromium: every kind of page, as a person meets it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from clip_samples import record_clip
from local_server import serving
from playwright.sync_api import Browser, Page

from nonmun.build.pipeline import build
from nonmun.read import Base

pytestmark = pytest.mark.browser
REPOSITORY = Path(__file__).resolve().parents[2]
HOSTILE = """제목 <script>window.hit=1</script> (A Kim, B Lee)

한국어 문장입니다. <img src=x onerror="window.hit=2"> [누르지 마세요](javascript:window.hit=3) $\\text{<img src=x onerror=window.hit=4>}$

## 방법 개요

| 표 | 값 |
|---|---|
| a | $x^2$ |

#gan
"""
PAGES = {
    "home": "",
    "note": "notes/bitdelta/",
    "hostile note": "notes/hostile/",
    "digest": "digests/2024-02-16/",
    "archive": "archive/",
    "month": "archive/2024-02/",
    "tags": "tags/",
    "tag": "tags/quantization/",
    "runners": "runners/",
    "runner": "runners/bitdelta/",
    "recorded runner": "runners/scaled_attention/",
    "runner with a choice": "runners/cot_decoding/",
    "search": "search/",
    "search with results": "search/?q=학습&tag=pretraining",
    "404": "no/such/page",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("base")
    for name in ("notes", "digests", "runners"):
        shutil.copytree(REPOSITORY / name, root / name)
    starter = REPOSITORY / "src/nonmun/starter/runners/scaled_attention"
    shutil.copytree(starter, root / "runners/scaled_attention", ignore=shutil.ignore_patterns("__pycache__"))
    record_clip(root)
    shutil.copy(REPOSITORY / "mkdocs.yml", root)
    (root / "notes/hostile.md").write_text(HOSTILE, "utf-8")
    build(Base(root))
    return root / "build" / "site"


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with serving(site) as found:
        yield found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("kind", PAGES)
def test_page_is_accessible_quiet_and_keeps_to_its_origin(
    browser: Browser, address: str, kind: str, width: int, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on(
        "request", lambda request: None if request.url.startswith((address, "data:")) else problems.append(request.url)
    )
    page.goto(address + PAGES[kind])
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    results = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa"]})
    violations = [(v["id"], [node["html"][:120] for node in v["nodes"][:3]]) for v in results.response["violations"]]
    context.close()
    assert violations == []
    assert wide <= 0
    assert [problem for problem in problems if not (kind == "404" and "404" in problem)] == []


def open_page(browser: Browser, url: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(url)
    return page


def test_language_switch_is_remembered_on_the_next_page(browser: Browser, address: str) -> None:
    page = open_page(browser, address + "notes/bitdelta/")
    korean = page.locator(".nm-text[lang=ko]").first
    assert korean.is_visible()
    page.locator(".nm-head button[data-nm-lang=en]").click()
    assert not korean.is_visible()
    page.goto(address + "notes/sora/")
    assert page.evaluate("document.documentElement.dataset.nmLang") == "en"
    assert not page.locator(".nm-text[lang=ko]").first.is_visible()
    assert page.locator(".nm-text[lang=en]").first.is_visible()
    page.context.close()


def test_hostile_text_runs_nothing(browser: Browser, address: str) -> None:
    page = open_page(browser, address + "notes/hostile/")
    page.wait_for_timeout(200)
    assert page.evaluate("window.hit") is None
    assert page.locator("article [onerror], article script, article a[href^=javascript]").count() == 0
    assert "<script>" in page.locator("h1").inner_text()
    page.context.close()


def test_korean_heading_has_an_anchor_and_formulas_are_mathml(browser: Browser, address: str) -> None:
    page = open_page(browser, address + "notes/hostile/#방법-개요")
    assert page.locator("[id='방법-개요']").count() == 1
    assert page.locator("article math").count() >= 1
    page.context.close()


def test_of_figures_to_choose_from_one_is_open_and_the_keyboard_opens_another(browser: Browser, address: str) -> None:
    page = open_page(browser, address + "runners/cot_decoding/")
    choice = page.locator(".nm-choice").first
    pictures = choice.locator("svg")
    assert pictures.count() >= 8
    assert [picture.is_visible() for picture in pictures.all()] == [True] + [False] * (pictures.count() - 1)
    third = choice.locator("summary").nth(2)
    assert third.bounding_box()["height"] >= 44
    third.focus()
    page.keyboard.press("Enter")
    assert [place for place, picture in enumerate(pictures.all()) if picture.is_visible()] == [2]
    page.context.close()


@pytest.mark.parametrize(
    ("motion", "file"), [("no-preference", "quick-turn.webp"), ("reduce", "quick-turn-still.webp")]
)
def test_a_clip_moves_unless_less_motion_is_asked_for_and_can_be_hidden(
    browser: Browser, address: str, motion: str, file: str
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 900}, reduced_motion=motion)
    page = context.new_page()
    page.goto(address + "runners/scaled_attention/")
    clip = page.locator(".nm-clip img")
    clip.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('.nm-clip img').complete")
    assert clip.evaluate("image => image.currentSrc").endswith(f"/{file}")
    assert clip.evaluate("image => image.naturalWidth") > 0
    box = clip.bounding_box()
    assert box["width"] == pytest.approx(2.5 * box["height"], rel=0.02)
    assert page.locator(".nm-clip summary").bounding_box()["height"] >= 44
    page.locator(".nm-clip summary").click()
    assert not clip.is_visible()
    context.close()


def test_keyboard_alone_goes_from_home_to_a_note(browser: Browser, address: str) -> None:
    page = open_page(browser, address)
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('a[href*=\"notes/bitdelta\"]')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/notes/bitdelta/")
    page.context.close()


def test_site_can_be_read_from_a_disk(browser: Browser, site: Path) -> None:
    page = open_page(browser, (site / "index.html").as_uri())
    page.locator("a[href*='notes/bitdelta']").first.click()
    page.wait_for_url("**/notes/bitdelta/index.html")
    assert page.locator("h1").count() == 1
    page.context.close()
