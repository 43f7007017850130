"""Three engines over the same notes, each driven in Chromium: for each query the notes that it gives, best first."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Page

from benchmarks.corpus import make_base, make_plain
from benchmarks.processes import nonmun, run
from benchmarks.search.serving import chromium, serving
from nonmun.parse import slugify

Answers = dict[str, list[str]]  # query → slugs of notes
Ask = Callable[[Page, str, Sequence[str]], Answers]

OURS = """async ([queries, widen]) => {
  const [{ openIndex }, { parseQuery }, { search }] = await Promise.all(
    ["reader", "query", "engine"].map((name) => import(`/assets/search/${name}.js`)));
  const index = await openIndex(new URL("/search/", location));
  const found = {};
  for (const query of queries)
    found[query] = (await search(index, parseQuery(query), { limit: 5000, widen })).hits.map((hit) => hit.record.slug);
  return found;
}"""
PAGEFIND = """async (queries) => {
  const pagefind = await import("/pagefind/pagefind.js");
  await pagefind.options({ excerptLength: 5 });
  const found = {};
  for (const query of queries) {
    const { results } = await pagefind.search(query);
    found[query] = await Promise.all(results.map(async (one) => (await one.data()).url));
  }
  return found;
}"""
# What Material's worker answers to its own search box, whole: the box shows ten at a time.
LISTEN = """(() => {
  const Own = window.Worker;
  window.answers = [];
  window.Worker = class extends Own {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", ({ data }) => data.type === 3 && window.answers.push(data.data.items.map((item) => item[0].location)));
    }
  };
})()"""  # noqa: E501


def ask_all(vault: Path, count: int, scratch: Path, queries: Sequence[str]) -> dict[str, Answers]:
    """Build the three sites of `count` notes and ask each of them every query."""
    ours = make_base(vault, count, scratch / "ours")
    run(nonmun("build"), ours)
    material = material_site(vault, count, scratch / "material")
    run(
        [sys.executable, "-m", "pagefind", "--site", str(material / "site"), "--root-selector", "article"],
        scratch,
    )
    return {
        "nonmun": _ask(ours / "build" / "site", queries, _ours),
        "as written": _ask(ours / "build" / "site", queries, _as_written),
        "material": _ask(material / "site", queries, _material),
        "pagefind": _ask(material / "site", queries, _pagefind),
    }


def material_site(vault: Path, count: int, root: Path) -> Path:
    """The notes as plain pages of Material, Korean as it would be set up for them, with its own search."""
    make_plain(vault, count, root)
    config = root / "mkdocs.yml"
    config.write_text(config.read_text("utf-8").replace("  font: false", "  font: false\n  language: ko"), "utf-8")
    run([sys.executable, "-m", "mkdocs", "build", "--quiet"], root)
    return root


def _ask(site: Path, queries: Sequence[str], ask: Ask) -> Answers:
    with serving(site) as address, chromium() as browser:
        page = browser.new_page()
        page.set_default_timeout(60_000)
        return ask(page, address, queries)


def _ours(page: Page, address: str, queries: Sequence[str]) -> Answers:
    page.goto(address)
    found: Answers = page.evaluate(OURS, [list(queries), True])
    return found


def _as_written(page: Page, address: str, queries: Sequence[str]) -> Answers:
    """Ours without the other spellings of tags, which the switch beside the results leaves out."""
    page.goto(address)
    found: Answers = page.evaluate(OURS, [list(queries), False])
    return found


def _pagefind(page: Page, address: str, queries: Sequence[str]) -> Answers:
    page.goto(address)
    found: Answers = page.evaluate(PAGEFIND, list(queries))
    return {query: _slugs(urls) for query, urls in found.items()}


def _material(page: Page, address: str, queries: Sequence[str]) -> Answers:
    page.add_init_script(LISTEN)
    page.goto(address)
    box = page.locator(".md-search__input")
    box.click()
    found: Answers = {}
    for query in queries:
        page.evaluate("window.answers = []")
        box.fill(query)
        box.press("End")  # it listens to keys, not to what they do
        page.wait_for_function("window.answers.length > 0")
        page.wait_for_timeout(60)  # the last answer is that to the whole query
        found[query] = _slugs(page.evaluate("window.answers.at(-1)"))
    return found


def _slugs(addresses: Sequence[str]) -> list[str]:
    """The notes that addresses lead to, each once; the front page is none."""
    stems = (unquote(urlsplit(address).path).strip("/").rpartition("/")[2] for address in addresses)
    return [slug for slug in dict.fromkeys(slugify(stem) for stem in stems if stem) if slug != "untitled"]
