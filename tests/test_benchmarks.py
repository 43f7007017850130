"""The record of benchmarks keeps the parts that were not run again."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))
from benchmarks.record import HEAD, RESULTS, merged


def test_a_part_takes_the_place_of_its_last_run_and_others_stay() -> None:
    first = merged("", {"parsing": "## parsing\n\n| a |\n", "search": "## search\n\n| b |\n"})
    assert first == f"{HEAD}\n## parsing\n\n| a |\n\n## search\n\n| b |\n"
    again = merged(first, {"parsing": "## parsing\n\n| c |\n", "weight": "## weight\n\n| d |\n"})
    assert again == f"{HEAD}\n## parsing\n\n| c |\n\n## search\n\n| b |\n\n## weight\n\n| d |\n"


def test_the_record_in_the_repository_is_of_that_form() -> None:
    text = RESULTS.read_text("utf-8")
    assert merged(text, {}) == text
