"""A vault that --notes names is read where it is: nothing in it changes, and nothing in it need be writable."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def vault(tmp_path: Path) -> Path:
    folder = tmp_path / "vault"
    (folder / "그림").mkdir(parents=True)
    (folder / "200122 FixMatch.md").write_text("https://arxiv.org/abs/2001.07685\n\n글 ![[a.png]]\n\n#semi\n", "utf-8")
    (folder / "그림/a.png").write_bytes(b"\x89PNG")
    (folder / "other.txt").write_text("그대로", "utf-8")
    return folder


def test_a_vault_is_not_touched(base: Path, vault: Path, nonmun: Callable, fingerprint: Callable) -> None:
    before = fingerprint(vault)
    for command in (["check"], ["check", "--json"], ["list"], ["list", "--json"], ["build"], ["build"]):
        found = nonmun(*command, "--root", base, "--notes", vault)
        assert found.err == ""
    assert fingerprint(vault) == before
    assert "FixMatch" in nonmun("list", "--root", base, "--notes", vault).out
    assert (base / "build/site/files/vault/그림/a.png").read_bytes() == b"\x89PNG"


def test_a_vault_that_cannot_be_written_is_read(
    base: Path, vault: Path, nonmun: Callable, permissions_count: None
) -> None:
    folders = [vault, vault / "그림"]
    for place in folders:
        place.chmod(0o555)
    try:
        with pytest.raises(PermissionError):
            (vault / "new").touch()
        assert nonmun("build", "--root", base, "--notes", vault).err == ""
        assert "FixMatch" in nonmun("list", "--root", base, "--notes", vault).out
    finally:
        for place in folders:
            place.chmod(0o755)


def test_several_vaults_are_read_each_file_once(base: Path, vault: Path, tmp_path: Path, nonmun: Callable) -> None:
    second = tmp_path / "more" / "vault"
    second.mkdir(parents=True)
    (second / "Second.md").write_text("둘째 글입니다.\n", "utf-8")
    found = nonmun("list", "--json", "--root", base, "--notes", vault, "--notes", second, "--notes", vault)
    paths = [json.loads(line)["path"] for line in found.out.splitlines()]
    assert len(paths) == len(set(paths))
    assert {"vault/200122 FixMatch.md", "more/vault/Second.md"} <= set(paths)


def test_a_base_that_cannot_be_written_is_checked_and_listed(
    base: Path, nonmun: Callable, fingerprint: Callable, permissions_count: None
) -> None:
    base.chmod(0o555)
    try:
        before = fingerprint(base)
        assert nonmun("check", "--strict", "--root", base).code == 0
        assert nonmun("list", "--root", base).code == 0
        assert fingerprint(base) == before
        built = nonmun("build", "--root", base)
        assert (built.code, "Permission denied" in built.err) == (1, True)
    finally:
        base.chmod(0o755)


@pytest.mark.slow
def test_the_sample_vault_is_read_in_place(samples: Path, base: Path, nonmun: Callable, fingerprint: Callable) -> None:
    before = fingerprint(samples / "vault")
    shutil.copy(REPOSITORY / "notes/tags.yml", base / "notes/tags.yml")
    found = nonmun("list", "--json", "--root", base, "--notes", samples / "vault")
    assert len(found.out.splitlines()) > 600
    checked = nonmun("check", "--json", "--root", base, "--notes", samples / "vault")
    assert [line for line in map(json.loads, checked.out.splitlines()) if line["path"].startswith("vault/")] == []
    assert fingerprint(samples / "vault") == before
