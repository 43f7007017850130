from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nonmun.build import shards as shards_module
from nonmun.build.project import read_project
from nonmun.build.shards import Shard, lay_out, split
from nonmun.errors import EngineError


def shard_of(root: Path, pages: list[str], folder: Path) -> Shard:
    project = read_project(root / "mkdocs.yml")
    return lay_out(project, pages, root / "build" / "docs", folder, assets=False, cache=None, texts={})


def test_pages_are_split_into_parts_of_like_weight(tmp_path: Path) -> None:
    sizes = [1000, 900, 10, 20, 800, 30, 700, 40]
    for number, size in enumerate(sizes):
        (tmp_path / f"{number}.md").write_bytes(b"x" * size)
    pages = [f"{number}.md" for number in range(len(sizes))]
    parts = split(pages, tmp_path, 3)
    assert sorted(page for part in parts for page in part) == pages
    assert max(len(part) for part in parts) - min(len(part) for part in parts) <= 1
    assert {sum(1 for page in part if sizes[int(page[0])] >= 700) for part in parts} == {1, 2}
    assert split([], tmp_path, 1) == [[]]


def test_a_shard_holds_its_pages_and_stubs_of_those_in_nav(make_project: Callable[..., Path], tmp_path: Path) -> None:
    root = make_project(notes=3)
    shard = shard_of(root, ["notes/n0001.md", "index.md"], tmp_path / "shard")
    docs = Path(shard.docs)
    assert docs == tmp_path / "shard" / "build" / "docs"
    assert {path.relative_to(docs).as_posix() for path in docs.rglob("*.md")} == {*shard.pages, *shard.stubs}
    assert shard.stubs == ("archive/index.md", "tags/index.md")
    assert (docs / "index.md").read_bytes() == (root / "build" / "docs" / "index.md").read_bytes()
    assert (docs / "archive" / "index.md").read_text("utf-8") == "\n# 보관함\n"
    assert (docs / "tags" / "index.md").read_text("utf-8") == "---\ntitle: '태그 모음'\n---\n"


def test_a_shard_is_told_as_it_is(make_project: Callable[..., Path], tmp_path: Path) -> None:
    shard = shard_of(make_project(notes=1), ["notes/n0000.md"], tmp_path / "shard")
    assert Shard.from_json(shard.to_json()) == shard


@pytest.mark.parametrize("elsewhere", ["/somewhere/docs", "../docs", "."])
def test_folders_outside_of_the_project_are_brought_inside(
    make_project: Callable[..., Path], tmp_path: Path, elsewhere: str
) -> None:
    root = make_project(notes=1)
    config = root / "mkdocs.yml"
    config.write_text(config.read_text("utf-8").replace("docs_dir: build/docs", f"docs_dir: {elsewhere!r}"), "utf-8")
    assert shard_of(root, ["notes/n0000.md"], tmp_path / "shard").docs == str(tmp_path / "shard" / "docs")


def test_without_hard_links_pages_are_copied(
    make_project: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_project(notes=1)

    def refuse(self: Path, target: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(shards_module.Path, "hardlink_to", refuse)
    shard = shard_of(root, ["notes/n0000.md"], tmp_path / "shard")
    assert (Path(shard.docs) / "notes" / "n0000.md").read_bytes() == (root / "build/docs/notes/n0000.md").read_bytes()


def test_a_page_that_is_not_there_or_given_twice_is_named(make_project: Callable[..., Path], tmp_path: Path) -> None:
    root = make_project(notes=1)
    with pytest.raises(EngineError, match=r"notes/none\.md"):
        shard_of(root, ["notes/none.md"], tmp_path / "a")
    with pytest.raises(EngineError, match=r"n0000\.md is given twice"):
        shard_of(root, ["notes/n0000.md", "notes/n0000.md"], tmp_path / "b")
