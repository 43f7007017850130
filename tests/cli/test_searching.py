import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nonmun.build.pipeline import build
from nonmun.cli import app
from nonmun.read import Base

KEYS = ["slug", "title", "date", "authors", "arxiv", "tags", "langs", "runner", "score", "snippet"]


def run(base: Path, *arguments: str, code: int = 0) -> list[dict[str, object]]:
    found = CliRunner().invoke(app, ["search", "--root", str(base), "--json", *arguments])
    assert found.exit_code == code, found.output
    return [json.loads(line) for line in found.stdout.splitlines() if line.startswith("{")]


def note(base: Path, name: str, text: str) -> None:
    (base / "notes" / f"{name}.md").write_text(text, "utf-8")


@pytest.fixture
def searched(base: Path) -> Path:
    note(base, "240101 one", "첫째 (A Kim)\n\n사전학습을 다룬 글입니다.\n\n#pretraining #vision\n")
    note(base, "240102 two", "둘째 (B Lee)\n\n사전 학습 비용을 줄입니다.\n\n#pretraining\n")
    return base


def test_hits_are_records_and_the_best_comes_first(searched: Path) -> None:
    hits = run(searched, "사전학습 저자:kim")
    assert [hit["slug"] for hit in hits] == ["240101-one"]
    assert list(hits[0]) == KEYS
    assert ["사전학습", True] in hits[0]["snippet"]["pieces"]  # type: ignore[index]


def test_options_say_what_the_query_could_say(searched: Path) -> None:
    by_query = run(searched, "사전학습 tag:pretraining -tag:vision")
    by_option = run(searched, "사전학습", "--tag", "pretraining", "--not-tag", "vision")
    assert [hit["slug"] for hit in by_option] == [hit["slug"] for hit in by_query] == ["240102-two"]
    either = run(searched, "", "--tag", "vision", "--tag", "pretraining", "--any")
    assert {hit["slug"] for hit in either} == {"240101-one", "240102-two"}
    assert len(run(searched, "사전학습", "--limit", "1")) == 1


def test_the_index_of_a_build_and_one_in_memory_answer_alike(searched: Path) -> None:
    before = run(searched, "학습")
    build(Base(searched))
    assert run(searched, "학습") == before


def test_what_was_written_since_the_build_is_found_and_what_went_is_not(searched: Path) -> None:
    build(Base(searched))
    note(searched, "240103 three", "셋째\n\n방금 적은 낱말\n")
    assert [hit["slug"] for hit in run(searched, "방금 적은")] == ["240103-three"]
    (searched / "notes/240103 three.md").unlink()
    assert run(searched, "방금 적은", code=1) == []


def test_an_unknown_tag_ends_with_a_suggestion_and_nothing_found_with_one(searched: Path) -> None:
    found = CliRunner().invoke(app, ["search", "--root", str(searched), "x", "--tag", "pretrainin"])
    assert "did you mean 'pretraining'" in str(found.exception)
    assert run(searched, "없는낱말", code=1) == []


def test_words_that_say_nothing_are_named(searched: Path) -> None:
    found = CliRunner().invoke(app, ["search", "--root", str(searched), "학습 year:soon"])
    assert "'year:soon' says nothing" in found.stderr
    assert found.exit_code == 0
