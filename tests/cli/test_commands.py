import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

KEYS = ["slug", "title", "authors", "arxiv", "urls", "date", "tags", "langs", "runners", "path", "line"]
COMMANDS = ["init", "new", "import", "check", "list", "search", "run", "build", "serve", "doctor"]


def nonmun(*arguments: object, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nonmun", *map(str, arguments)]
    source = str(Path(__file__).resolve().parents[2] / "src")
    env = {**os.environ, "PYTHONPATH": source, **environment}
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, env=env)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command: str) -> None:
    found = nonmun(command, "--help", COLUMNS="200")
    assert found.returncode == 0
    assert "Example: nonmun" in found.stdout
    assert "\x1b" not in found.stdout


def test_a_new_base_checks_clean_lists_and_builds(tmp_path: Path) -> None:
    assert nonmun("init", tmp_path / "b").returncode == 0
    checked = nonmun("check", "--strict", "--root", tmp_path / "b")
    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout
    records = [json.loads(line) for line in nonmun("list", "--json", "--root", tmp_path / "b").stdout.splitlines()]
    assert records and all(list(record) == KEYS for record in records)
    built = nonmun("build", "--strict", cwd=tmp_path / "b")
    assert built.returncode == 0, built.stdout + built.stderr
    assert (tmp_path / "b/build/site/notes/attention-is-all-you-need/index.html").is_file()


def test_init_writes_nothing_where_a_file_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "mkdocs.yml").write_text("mine")
    found = nonmun("init", tmp_path)
    assert found.returncode == 1
    assert "nothing was written" in found.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mkdocs.yml"]


def test_check_names_file_line_and_mend_and_ends_with_one(base: Path) -> None:
    (base / "notes/bad.md").write_text(
        "---\ntitle: x\ndate: 2024-02-30\ntags: [atention]\n---\n본문 [[nowhere]]\n", "utf-8"
    )
    found = nonmun("check", "--root", base)
    assert found.returncode == 1
    lines = found.stdout.splitlines()
    assert any(line.startswith("notes/bad.md:3: date '2024-02-30'") and "; " in line for line in lines)
    assert any(line.startswith("notes/bad.md:4: unknown tag 'atention'; did you mean 'attention'?") for line in lines)
    assert any(line.startswith("notes/bad.md:6: link to 'nowhere'") for line in lines)


def test_folders_given_with_notes_are_read_in_place_and_left_untouched(base: Path, tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    vault.mkdir()
    (vault / "200122 FixMatch.md").write_text("https://arxiv.org/abs/2001.07685\n\n글\n\n#semi\n", "utf-8")
    before = [(path, path.stat().st_mtime_ns) for path in vault.rglob("*")]
    found = nonmun("list", "--root", base, "--notes", vault)
    assert "FixMatch" in found.stdout
    assert [(path, path.stat().st_mtime_ns) for path in vault.rglob("*")] == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["list", "--since", "yesterday"],
        ["list", "--tag", "no-such-tag"],
        ["frobnicate"],
        ["check", "--root", "/nonexistent"],
        ["import", "/nonexistent"],
    ],
)
def test_what_cannot_be_ends_with_two_and_without_a_traceback(base: Path, arguments: list[str]) -> None:
    found = nonmun(*arguments, cwd=base)
    assert found.returncode == 2
    assert "Traceback" not in found.stderr


def test_korean_reaches_a_terminal_that_only_knows_ascii(base: Path) -> None:
    found = nonmun("check", "--root", base, LC_ALL="C", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert found.returncode == 0
    assert "Traceback" not in found.stderr
