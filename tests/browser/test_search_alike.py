"""The search of browsers and that of Python give the same: units, stems, queries, whole lists of results."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from local_server import serving
from playwright.sync_api import Browser, Page

from nonmun.search import (
    Facts,
    Files,
    Index,
    Options,
    Record,
    Result,
    build_index,
    document_of,
    edit_index,
    facts_of,
    in_order,
    labels_of,
    parse_query,
    record_of,
    search,
)
from nonmun.search.ranking import log
from nonmun.search.tokens import ENDINGS, STOP_WORDS, ending_of, normal, open_forms, stem, units

sys.path.append(str(Path(__file__).resolve().parents[1] / "search"))
from search_cases import CASES, labels, records

pytestmark = pytest.mark.browser
REPOSITORY = Path(__file__).resolve().parents[2]


def alike(result: Result) -> dict[str, Any]:
    """A result as JavaScript gives it."""
    return {
        "total": result.total,
        "order": list(result.order),
        "hits": [
            {
                "slug": hit.record.slug,
                "score": hit.score,
                "title": [list(piece) for piece in hit.title],
                "snippet": {"lang": hit.snippet.lang, "pieces": [list(piece) for piece in hit.snippet.pieces]},
            }
            for hit in result.hits
        ],
        "wider": [{"shown": one.shown, "tag": one.tag, "spellings": list(one.spellings)} for one in result.wider],
        "facets": {
            "tags": [list(pair) for pair in result.facets.tags.items()],
            "years": [list(pair) for pair in result.facets.years.items()],
            "langs": [list(pair) for pair in result.facets.langs.items()],
            "runner": result.facets.runner,
        },
        "problems": list(result.problems),
    }


IN_BROWSER = """async ([queries, options]) => {
  const [{ openIndex }, { parseQuery }, { search }] = await Promise.all(
    ["reader", "query", "engine"].map((name) => import(`/assets/search/${name}.js`)));
  const index = await openIndex(new URL("/search/", location));
  const found = [];
  for (const [query, more] of queries) {
    const result = await search(index, parseQuery(query), { ...options, ...more });
    found.push({ ...result, hits: result.hits.map(({ record, score, title, snippet }) => ({ slug: record.slug, score, title, snippet })) });
  }
  return found;
}"""  # fmt: skip


def write_site(folder: Path, files: Files) -> None:
    shutil.copytree(REPOSITORY / "site" / "assets", folder / "assets")
    (folder / "index.html").write_text("<!doctype html><title>search</title>", "utf-8")
    for path, data in files.items():
        (folder / "search" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "search" / path).write_bytes(data)


def found_in_browser(browser: Browser, folder: Path, asked: list[list[Any]]) -> list[dict[str, Any]]:
    """What the scripts find for these queries, each with options of its own, in the site in `folder`."""
    with serving(folder) as address:
        page = browser.new_page()
        page.goto(address)
        found: list[dict[str, Any]] = page.evaluate(IN_BROWSER, [asked, {"limit": 12, "facets": True}])
        page.close()
    return found


@pytest.fixture(scope="module")
def case_files() -> Files:
    return build_index(map(document_of, records()), labels())


@pytest.fixture(scope="module")
def page(browser: Browser, case_files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("cases")
    write_site(folder, case_files)
    with serving(folder) as address:
        page = browser.new_page()
        page.goto(address)
        yield page
        page.close()


def test_table_of_cases_holds_in_the_browser(page: Page) -> None:
    asked = [
        [case["q"], {"widen": case.get("widen", True), "anyTag": case.get("any_tag", False)}]
        for case in CASES["queries"]
    ]
    found = page.evaluate(IN_BROWSER, [asked, {"limit": 100}])
    for case, result in zip(CASES["queries"], found, strict=True):
        slugs = [hit["slug"] for hit in result["hits"]]
        if not case.get("any"):
            assert sorted(slugs) == sorted(case["finds"]), case["q"]
            assert result["problems"] == case.get("problems", []), case["q"]
        if "first" in case:
            assert slugs[0] == case["first"], case["q"]


def test_whole_results_of_the_table_are_the_same(page: Page, case_files: Files) -> None:
    """Its notes have letters beyond the first plane, and tags below others."""
    asked = [[case["q"], {"anyTag": case.get("any_tag", False)}] for case in CASES["queries"]]
    found = page.evaluate(IN_BROWSER, [asked, {"limit": 12, "facets": True}])
    index = Index(case_files.__getitem__)
    for (query, more), theirs in zip(asked, found, strict=True):
        ours = search(index, parse_query(query), Options(any_tag=more["anyTag"], facets=True, limit=12))
        assert theirs == alike(ours), query


def test_an_index_whose_notes_went_and_came_is_read_the_same(
    browser: Browser, case_files: Files, tmp_path: Path
) -> None:
    now: dict[int, Record] = dict(enumerate(records()))
    del now[7]
    now[12] = replace(now[12], date="2031-01-01")
    now[len(records())] = replace(now[3], slug="between", date="2018-01-01")
    changed = {note: now.get(note) for note in (7, 12, len(records()))}
    facts = [facts_of(now[note]) if note in now else Facts(0, 0, ()) for note in range(len(records()) + 1)]
    order = sorted(now, key=lambda note: (now[note].date, now[note].slug))
    edited = edit_index(case_files.__getitem__, changed, facts, order, labels())
    files = {**case_files, **edited.files}
    write_site(tmp_path, files)
    asked = [[case["q"], {}] for case in CASES["queries"]]
    found = found_in_browser(browser, tmp_path, asked)
    index = Index(files.__getitem__)
    assert json.loads(files["index.json"])["ranks"] and json.loads(files["index.json"])["free"] == [7]
    for (query, _), theirs in zip(asked, found, strict=True):
        assert theirs == alike(search(index, parse_query(query), Options(facets=True, limit=12))), query


def test_tokens_are_the_same(page: Page) -> None:
    script = """async ([texts, words]) => {
      const t = await import("/assets/search/tokens.js");
      return {
        units: texts.map((text) => t.units(t.normal(text)).map((unit) => unit.text)),
        stems: words.map((word) => t.stem(word)),
        endings: words.map((word) => t.endingOf(word)),
        open: words.map((word) => t.openForms(word[0])),
        all: [...t.ENDINGS].sort(), stop: [...t.STOP_WORDS].sort(),
      };
    }"""
    texts = [text for text, _ in CASES["units"]]
    words = [word for word, _ in CASES["stems"] + CASES["endings"]]
    found = page.evaluate(script, [texts, words])
    assert found["units"] == [[unit.text for unit in units(normal(text))] for text in texts]
    assert found["units"] == [expected for _, expected in CASES["units"]]
    assert found["stems"] == [stem(word) for word in words]
    assert found["endings"] == [ending_of(word) for word in words]
    assert found["open"] == [open_forms(word[0]) if word[0] >= "\uac00" else [] for word in words]
    assert set(found["all"]) == ENDINGS
    assert set(found["stop"]) == STOP_WORDS


def test_logarithms_are_the_same_to_the_last_bit(page: Page) -> None:
    values = [1.0, 1.5, 2.0, 2.718281828, 7.0, 695.5 / 1.5, 5_000.0, 1e6 / 3]
    script = """async (values) => values.map((await import("/assets/search/ranking.js")).log)"""
    assert page.evaluate(script, values) == [log(value) for value in values]


def test_whole_lists_of_results_are_the_same(browser: Browser, tmp_path: Path) -> None:
    from nonmun.read import Base, load

    vault = REPOSITORY.parent / "shared" / "samples" / "vault"
    base = Base(REPOSITORY, (vault,) if vault.is_dir() else ())
    catalogue = load(base).catalogue
    files = build_index(map(document_of, map(record_of, in_order(catalogue))), labels_of(catalogue))
    write_site(tmp_path, files)
    queries = json.loads((REPOSITORY / "tests" / "search" / "queries.json").read_text("utf-8"))
    assert len(queries) >= 200
    asked = [[query, {"widen": number % 5 != 4}] for number, query in enumerate(queries)]
    found = found_in_browser(browser, tmp_path, asked)
    index = Index(files.__getitem__)
    for (query, more), theirs in zip(asked, found, strict=True):
        ours = alike(search(index, parse_query(query), Options(widen=more["widen"], facets=True, limit=12)))
        assert theirs["order"] == ours["order"], query
        assert theirs == ours, query
