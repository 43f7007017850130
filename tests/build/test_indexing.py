"""The index in the generated tree: built once, then only what an edit changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from nonmun.build import indexing
from nonmun.build.indexing import index_notes, open_index
from nonmun.build.pipeline import build
from nonmun.read import Base, load
from nonmun.search import parse_query, search


def slugs(base: Path, query: str) -> list[str]:
    return [hit.record.slug for hit in search(open_index(Base(base)), parse_query(query)).hits]


def shards(base: Path) -> set[str]:
    folder = base / "build" / "site" / "search"
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def built(base: Path) -> Path:
    for number in range(60):
        text = f"제목 {number}\n\n낱말{chr(0xAC00 + 600 * (number % 15))} 학습 문장 {number}입니다.\n"
        (base / "notes" / f"2401{number % 28 + 1:02} n{number}.md").write_text(text, "utf-8")
    build(Base(base))
    return base


def test_a_build_without_changes_writes_nothing_new(built: Path) -> None:
    before = shards(built)
    assert build(Base(built)).changed == ()
    assert shards(built) == before


def test_an_edit_replaces_few_files_and_leaves_none_behind(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = shards(built)

    def refused(*_: object) -> None:
        raise AssertionError("the index was built as a whole")

    monkeypatch.setattr(indexing, "build_index", refused)
    file = built / "notes" / "240106 n5.md"
    file.write_text(file.read_text("utf-8") + "\n새로적은낱말 하나.\n", "utf-8")
    build(Base(built))
    after = shards(built)
    assert slugs(built, "새로적은낱말") == ["240106-n5"]
    assert len(after) == len(before)
    assert len(after - before) < len(before) / 2


def test_a_note_that_goes_or_comes_in_between_has_the_index_built_anew(built: Path) -> None:
    (built / "notes" / "240106 n5.md").unlink()
    (built / "notes" / "231231 early.md").write_text("이른 글\n\n끼어든낱말\n", "utf-8")
    build(Base(built))
    assert slugs(built, '"문장 5입니다"') == []
    assert slugs(built, "끼어든낱말") == ["231231-early"]


def test_a_damaged_tree_is_indexed_anew(built: Path) -> None:
    folder = built / "build" / "docs" / "search"
    for file in folder.glob("t/*"):
        file.write_bytes(b"\x1f\x8bdamaged")
    (built / "notes" / "240106 n5.md").write_text("제목\n\n다른글 하나\n", "utf-8")
    build(Base(built))
    assert slugs(built, "다른글") == ["240106-n5"]
    (built / "build" / ".cache" / "search.json").write_text("{", "utf-8")
    build(Base(built))
    assert slugs(built, "다른글") == ["240106-n5"]


def test_the_index_follows_the_vocabulary(built: Path) -> None:
    (built / "notes" / "240130 tagged.md").write_text("글\n\n#quantization\n", "utf-8")
    build(Base(built))
    tags = built / "notes" / "tags.yml"
    tags.write_text(tags.read_text("utf-8") + "\nquantization: {ko: 양자화, en: Quantization}\n", "utf-8")
    build(Base(built))
    assert slugs(built, "tag:양자화") == ["240130-tagged"]


def test_keys_are_those_of_all_files(built: Path) -> None:
    base = Base(built)
    indexed = index_notes(base, load(base).catalogue, "v", {})
    assert indexed.keys.keys() == indexed.data.keys()
