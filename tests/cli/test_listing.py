"""`nonmun list`: the keys that programs rely on, every filter, plain lines off a terminal."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

KEYS = ["slug", "title", "authors", "arxiv", "urls", "date", "tags", "langs", "runners", "path", "line"]


@pytest.fixture
def listed(base: Path, nonmun: Callable) -> Callable[..., list[dict[str, Any]]]:
    (base / "notes/full.md").write_text(
        '---\ntitle: "Full\\tNote"\nauthors: [A Kim, B Lee]\nurl: https://arxiv.org/abs/2402.10193v2\ndate: 2024-02-16\n'
        "tags: [Attention, seq2seq]\nrunners: [scaled_attention]\n---\n한국어 글입니다.\n\nEnglish prose is here as well.\n",
        "utf-8",
    )
    (base / "notes/bare.md").write_text("한 줄입니다.\n", "utf-8")

    def run(*arguments: object) -> list[dict[str, Any]]:
        found = nonmun("list", "--json", "--root", base, *arguments)
        assert (found.code, found.err) == (0, "")
        return [json.loads(line) for line in found.out.splitlines()]

    return run


def test_each_line_is_an_object_with_all_keys_in_one_order(listed: Callable) -> None:
    records = {record["slug"]: record for record in listed()}
    assert all(list(record) == KEYS for record in records.values())
    assert records["full"] == {
        "slug": "full",
        "title": "Full Note",
        "authors": ["A Kim", "B Lee"],
        "arxiv": "2402.10193v2",
        "urls": ["https://arxiv.org/abs/2402.10193v2"],
        "date": "2024-02-16",
        "tags": ["attention", "seq2seq"],
        "langs": ["ko", "en"],
        "runners": ["scaled_attention"],
        "path": "notes/full.md",
        "line": 2,
    }
    assert records["bare"] == {
        "slug": "bare",
        "title": "bare",
        "authors": [],
        "arxiv": None,
        "urls": [],
        "date": None,
        "tags": [],
        "langs": ["ko"],
        "runners": [],
        "path": "notes/bare.md",
        "line": 1,
    }
    dates = [record["date"] or "" for record in listed()]
    assert dates == sorted(dates, reverse=True)


def test_filters_narrow_the_list_and_go_together(listed: Callable) -> None:
    def slugs(*arguments: str) -> set[str]:
        return {record["slug"] for record in listed(*arguments)}

    everything = slugs()
    assert slugs("--tag", "attention") >= {"full", "attention-is-all-you-need"}
    assert slugs("--tag", "어텐션") == slugs("--tag", "#Attention") == slugs("--tag", "attention")
    assert slugs("--tag", "attention", "--tag", "seq2seq") <= slugs("--tag", "attention")
    assert slugs("--since", "2024-02-16") == {"full"}
    assert slugs("--since", "2024-02-17") == set()
    assert "bare" not in slugs("--lang", "en") and "bare" in slugs("--lang", "ko")
    assert slugs("--runner", "scaled_attention") == {"full", "attention-is-all-you-need"}
    assert slugs("--runner", "scaled_attention", "--since", "2024-01-01") == {"full"}
    assert everything >= {"full", "bare", "attention-is-all-you-need"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--tag", "atention"], "no tag 'atention'; did you mean 'attention'?"),
        (["--runner", "scaled_atention"], "no runner 'scaled_atention'; did you mean 'scaled_attention'?"),
        (["--since", "2024-02-30"], "--since 2024-02-30 is no date; write it as 2024-02-16"),
        (["--lang", "fr"], "'fr'"),
        (["--notes", "/nowhere"], "--notes /nowhere is no folder; name a folder that holds markdown notes"),
        (["--root", "/nowhere"], "/nowhere is no folder; run 'nonmun init /nowhere'"),
        (["--nonsense"], "--nonsense"),
        (["surplus"], "surplus"),
    ],
)
def test_what_cannot_be_ends_with_two_and_says_what_could(
    base: Path, nonmun: Callable, arguments: list[str], said: str
) -> None:
    root = [] if "--root" in arguments else ["--root", base]
    found = nonmun("list", *root, *arguments)
    assert (found.code, found.out) == (2, "")
    assert said in found.err


def test_lines_off_a_terminal_are_plain_and_have_four_columns(listed: Callable, base: Path, nonmun: Callable) -> None:
    lines = nonmun("list", "--root", base).out.splitlines()
    assert len(lines) == len(listed())
    assert all(len(line.split("\t")) == 4 for line in lines)
    assert "2024-02-16\tFull Note\t#attention #seq2seq\tnotes/full.md:2" in lines
    assert not [line for line in lines if "\x1b" in line]


@pytest.mark.skipif(os.name != "posix", reason="no terminals to pretend")
@pytest.mark.parametrize("piped", [False, True])
def test_colour_is_for_terminals_only(base: Path, piped: bool) -> None:
    theirs, ours = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"}
    environment.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "nonmun", "list", "--root", str(base)]
    out = subprocess.PIPE if piped else ours
    ended = subprocess.run(command, stdout=out, stderr=ours, stdin=ours, env=environment, check=True)
    os.close(ours)
    shown = ended.stdout if piped else os.read(theirs, 65536)
    os.close(theirs)
    assert (b"\x1b[" in shown) is not piped
    assert b"Attention Is All You Need" in shown


def test_a_reader_that_leaves_early_is_no_error(base: Path) -> None:
    for number in range(300):
        (base / f"notes/n{number}.md").write_text("긴 목록을 만드는 글입니다.\n" * 3, "utf-8")
    command = f"{sys.executable} -m nonmun list --json --root '{base}' | head -n 1"
    ended = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert list(json.loads(ended.stdout)) == KEYS


def test_the_nearest_base_above_is_taken_without_a_root(
    base: Path, nonmun: Callable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(base / "notes")
    assert "Attention Is All You Need" in nonmun("list").out
    monkeypatch.chdir(tmp_path)
    found = nonmun("list")
    assert found.code == 2
    assert "no knowledge base here or above; run 'nonmun init .'" in found.err


@pytest.mark.parametrize("command", ["check", "list", "build", "doctor", "new", "import"])
def test_every_command_takes_a_root(base: Path, tmp_path: Path, nonmun: Callable, command: str) -> None:
    (tmp_path / "n.md").write_text("글입니다.\n", "utf-8")
    more = {"new": ["A Title"], "import": [tmp_path / "n.md"]}.get(command, [])
    assert nonmun(command, *more, "--root", base).code == 0
    gone = nonmun(command, *more, "--root", tmp_path / "gone")
    assert gone.code == (1 if command == "doctor" else 2)  # doctor says so among the rest
    assert "Traceback" not in gone.err


def test_check_is_strict_about_warnings_only_when_asked(base: Path, nonmun: Callable) -> None:
    (base / "notes/n.md").write_text("글입니다. [[nowhere]]\n", "utf-8")
    assert nonmun("check", "--root", base).code == 0
    assert nonmun("check", "--strict", "--root", base).code == 1
    assert nonmun("build", "--root", base).code == 0
    assert nonmun("build", "--strict", "--root", base).code == 1
