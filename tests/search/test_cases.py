"""The table of cases that Python and JavaScript share; tests/browser runs the same in Chromium."""

from __future__ import annotations

from typing import Any

import pytest
from search_cases import CASES

from nonmun.search import Index, Options, parse_query, search
from nonmun.search.tokens import ending_of, normal, stem, units


@pytest.mark.parametrize("case", CASES["queries"], ids=lambda case: ascii(case["q"]))
def test_query_finds_just_these_notes(index: Index, case: dict[str, Any]) -> None:
    options = Options(widen=case.get("widen", True), any_tag=case.get("any_tag", False), limit=100)
    found = search(index, parse_query(case["q"]), options)
    slugs = [hit.record.slug for hit in found.hits]
    assert found.total == len(slugs)
    if not case.get("any"):
        assert sorted(slugs) == sorted(case["finds"])
        assert list(found.problems) == case.get("problems", [])
    if "first" in case:
        assert slugs[0] == case["first"]


@pytest.mark.parametrize(("text", "expected"), CASES["units"], ids=ascii)
def test_text_is_counted_in_these_units(text: str, expected: list[str]) -> None:
    assert [unit.text for unit in units(normal(text))] == expected


@pytest.mark.parametrize(("word", "expected"), CASES["stems"])
def test_word_has_this_stem(word: str, expected: str) -> None:
    assert stem(word) == expected


@pytest.mark.parametrize(("word", "expected"), CASES["endings"])
def test_run_of_hangul_ends_so(word: str, expected: str) -> None:
    assert ending_of(word) == expected
