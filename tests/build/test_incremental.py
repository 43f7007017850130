"""Whatever was edited since, a build makes the site that a build from nothing would make: every file, byte for byte."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
from clip_samples import record_clip
from edits import EDITS, begin

from nonmun.build.pipeline import Session, build
from nonmun.errors import Fault
from nonmun.read import Base

SOURCES = ("notes", "digests", "runners", "site", "mkdocs.yml")


def tree(folder: Path) -> dict[str, bytes]:
    """All files but those of the search index: edited, it says the same in other places (tests/search/test_editing.py).

    The stamp of a site, build.json, is made of the names of all its files.
    """
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {
        path: file.read_bytes()
        for path, file in files.items()
        if path != "build.json" and not (path.startswith("search/") and path.endswith((".bin", ".json")))
    }


def cold(root: Path, place: Path) -> tuple[dict[str, bytes], tuple[Fault, ...]]:
    """What a build of the same sources makes that has never seen them."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for name in SOURCES:
        if (root / name).is_dir():
            shutil.copytree(root / name, place / name)
        elif (root / name).exists():
            shutil.copy(root / name, place / name)
    report = build(Base(place))
    return tree(place / "build/site"), report.faults


def differences(one: dict[str, bytes], other: dict[str, bytes]) -> list[str]:
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


def follow(tmp_path: Path, seed: int, rounds: int, edits_a_round: int) -> None:
    root, dice = tmp_path / "base", random.Random(seed)
    begin(root)
    session = Session(Base(root))
    session.build()
    done: list[str] = []
    for _ in range(rounds):
        for edit in dice.choices(EDITS, k=edits_a_round):
            edit(root, dice)
            done.append(edit.__name__)
        # By turns in one process that remembers, and as a command that knows only what is on the disk.
        report = session.build() if dice.random() < 0.5 else build(Base(root))
        expected, faults = cold(root, tmp_path / "cold")
        assert differences(tree(root / "build/site"), expected) == [], done
        assert report.faults == faults, done
        assert tree(root / "build/docs") == tree(tmp_path / "cold/build/docs"), done


def test_a_few_edits_at_once_are_as_a_build_from_nothing(tmp_path: Path) -> None:
    follow(tmp_path, seed=1, rounds=2, edits_a_round=6)


def test_a_clip_and_its_still_are_in_the_site_as_they_were_recorded_and_go_with_the_record(tmp_path: Path) -> None:
    pytest.importorskip("PIL")
    root = tmp_path / "base"
    begin(root)
    files = record_clip(root)
    build(Base(root))
    folder = root / "build/site/runners/scaled_attention"
    assert {name: (folder / name).read_bytes() for name in files} == files
    assert "quick-turn.webp" in (folder / "index.html").read_text("utf-8")
    file = root / "runners/scaled_attention/results/quick.json"
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | {"clips": []}), "utf-8")
    build(Base(root))
    assert not any((folder / name).exists() for name in files)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2, 8))
def test_any_edits_in_any_order_are_as_a_build_from_nothing(tmp_path: Path, seed: int) -> None:
    follow(tmp_path, seed, rounds=8, edits_a_round=2)


@pytest.mark.slow
@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_each_kind_of_edit_is_as_a_build_from_nothing(tmp_path: Path, edit) -> None:
    root, dice = tmp_path / "base", random.Random(edit.__name__)
    begin(root)
    build(Base(root))
    for _ in range(3):
        edit(root, dice)
        build(Base(root))
        assert differences(tree(root / "build/site"), cold(root, tmp_path / "cold")[0]) == []
