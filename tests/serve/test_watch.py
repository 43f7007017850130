from pathlib import Path

import pytest

from nonmun.read import Base
from nonmun.serve.watch import is_source, watched

NOTES = Path("/base/notes")


@pytest.mark.parametrize("name", ["a.md", "그림.png", "folder", "deep/er/a.md", "tags.yml", ""])
def test_files_of_the_base_are_sources(name: str) -> None:
    assert is_source(NOTES, NOTES / name)


@pytest.mark.parametrize(
    "name", [".a.md.swp", "a.md~", "4913", ".obsidian/workspace.json", "__pycache__/demo.pyc", "x/.git/index", "a.tmp"]
)
def test_what_editors_and_tools_leave_behind_is_not(name: str) -> None:
    assert not is_source(NOTES, NOTES / name)


def test_other_folders_are_none_of_ours() -> None:
    assert not is_source(NOTES, Path("/base/build/docs/a.md"))


def test_the_folders_that_are_there_are_watched_and_the_root_is_not(base: Path, tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    vault.mkdir()
    folders = set(watched(Base(base, (vault, tmp_path / "gone"))))
    assert {base / "notes", base / "digests", base / "runners", vault} <= folders
    assert base not in folders and tmp_path / "gone" not in folders


def test_a_folder_that_was_replaced_is_another_one(base: Path) -> None:
    before = watched(Base(base))
    (base / "notes").rename(base / "old")
    (base / "notes").mkdir()
    assert watched(Base(base)) != before
