"""Files of a run are put in place whole, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nonmun.runner.cleanup import Cleanup
from nonmun.runner.files import put, put_all


def refuse(*arguments: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_file_replaces_what_was_there(tmp_path: Path):
    put(tmp_path / "a", b"old")
    put(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a"]


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_nothing_else(tmp_path: Path, monkeypatch):
    put(tmp_path / "a", b"old")
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="No space left"):
        put(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_of_several_files_none_is_put_in_place_before_all_are_written(tmp_path: Path, monkeypatch):
    written: list[int] = []

    def second_fails(descriptor: int) -> None:
        written.append(descriptor)
        if len(written) == 2:
            refuse()

    monkeypatch.setattr(os, "fsync", second_fails)
    with pytest.raises(OSError, match="No space left"):
        put_all(tmp_path, {"a": b"1", "b": b"2"}, Cleanup())
    assert os.listdir(tmp_path) == []
