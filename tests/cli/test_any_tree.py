"""Whatever lies in the folders, commands end with what they found, never with a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from any_tree import Step, contents, grown, trees
from hypothesis import HealthCheck, Phase, given, settings

SHARED = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to make a tree smaller takes minutes
)
Tree = dict[str, Sequence[Step]]


def assert_well_ended(found, codes: Sequence[int] = (0, 1)) -> None:
    assert found.code in codes, found
    assert "Traceback" not in found.out + found.err
    assert "please report" not in found.out + found.err
    assert found.out.isprintable() or not any(ord(char) < 32 and char not in "\n\t" for char in found.out)


@settings(SHARED, max_examples=8)
@given(tree=trees)
def test_any_tree_is_checked_and_listed(tree: Tree, nonmun: Callable, permissions_count: None) -> None:
    with grown(tree) as (base, vault):
        where = ("--root", base, "--notes", vault)
        checked = nonmun("check", *where)
        assert_well_ended(checked)
        as_json = nonmun("check", "--json", *where)
        assert_well_ended(as_json)
        assert_well_ended(nonmun("list", *where), codes=(0,))
        # Every fault stands on one line, and says where it is and what to do.
        faults = [json.loads(line) for line in as_json.out.splitlines()]
        lines = checked.out.splitlines()[:-1]
        assert len(lines) == len(faults)
        assert all(f":{fault['line']}: " in line and "; " in line for fault, line in zip(faults, lines, strict=True))
        assert all(fault["path"] and fault["found"] and fault["mend"] for fault in faults)


@settings(SHARED, max_examples=3)
@given(tree=trees)
def test_any_tree_is_built(tree: Tree, nonmun: Callable, permissions_count: None) -> None:
    build_twice(tree, nonmun)


@pytest.mark.slow
@settings(SHARED, max_examples=25)
@given(tree=trees)
def test_many_trees_are_checked_and_built(tree: Tree, nonmun: Callable, permissions_count: None) -> None:
    build_twice(tree, nonmun)


def build_twice(tree: Tree, nonmun: Callable) -> None:
    with grown(tree) as (base, vault):
        where = ("--root", base, "--notes", vault)
        checked = nonmun("check", *where)
        built = nonmun("build", *where)
        assert_well_ended(built)
        assert built.err == ""
        assert built.code == checked.code
        assert (base / "build/site/index.html").is_file()
        again = nonmun("build", *where)
        assert (again.code, again.err) == (built.code, "")
        assert "nothing to render" in again.out


@pytest.mark.slow
@settings(SHARED, max_examples=4)
@given(tree=trees)
def test_any_tree_is_checked_and_built_by_real_processes_and_by_zensical(tree: Tree) -> None:
    with grown(tree) as (base, vault):
        for command in (["check"], ["build"], ["build", "--engine", "zensical"]):
            arguments = [sys.executable, "-m", "nonmun", *command, "--root", str(base), "--notes", str(vault)]
            ended = subprocess.run(arguments, capture_output=True, check=False, env={**os.environ, "LC_ALL": "C"})
            assert ended.returncode in (0, 1), ended.stderr
            assert b"Traceback" not in ended.stderr


@settings(SHARED, max_examples=8)
@given(content=contents)
def test_any_bytes_may_stand_in_any_file(content: bytes, nonmun: Callable, tmp_path_factory) -> None:
    with grown(dict.fromkeys(("notes", "digests", "runners", "vault"), ())) as (base, _):
        for path in ("notes/n.md", "digests/2024-02-16.md", "notes/tags.yml", "runners/scaled_attention/README.md"):
            (base / path).write_bytes(content)
        (base / "runners/scaled_attention/results/quick.json").write_bytes(content)
        assert_well_ended(nonmun("check", "--root", base))
        assert_well_ended(nonmun("list", "--json", "--root", base), codes=(0,))
        (base / "mkdocs.yml").write_bytes(content)
        assert_well_ended(nonmun("doctor", "--root", base))


def test_a_command_that_writes_nothing_leaves_nothing_behind(base: Path, nonmun: Callable) -> None:
    before = {path for path in base.rglob("*") if "build" not in path.relative_to(base).parts}
    for command in ("check", "list", "build", "doctor"):
        nonmun(command, "--root", base)
    assert {path for path in base.rglob("*") if "build" not in path.relative_to(base).parts} == before
