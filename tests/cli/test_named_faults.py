"""What goes wrong in real folders: each is one clear fault, and the rest of the base is there all the same."""

from __future__ import annotations

import json
import os
import subprocess
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

NFC, NFD = (unicodedata.normalize(form, "논문.md") for form in ("NFC", "NFD"))


def note(text: str) -> Callable[[Path], None]:
    return lambda notes: (notes / "n.md").write_text(text, "utf-8") and None


def two_of_one_slug(notes: Path) -> None:
    (notes / "old").mkdir()
    (notes / "A b.md").write_text("하나입니다.\n", "utf-8")
    (notes / "old/a_b.md").write_text("둘입니다.\n", "utf-8")


def two_unicode_forms(notes: Path) -> None:
    for name in (NFC, NFD):
        (notes / name).write_text("같은 이름입니다.\n", "utf-8")
    if len({name for name in os.listdir(notes) if name.endswith("문.md") or name == NFD}) < 2:
        pytest.skip("this file system keeps one form of a name only")


def loop(notes: Path) -> None:
    (notes / "sub").mkdir()
    (notes / "sub/up").symlink_to("..")


def bomb(notes: Path) -> None:
    lines = [
        f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    (notes / "n.md").write_text(f"---\na: &a [x, x]\n{''.join(lines)}---\n본문입니다.\n", "utf-8")


CASES: dict[str, tuple[Callable[[Path], None], dict[str, Any]]] = {
    "two notes with one address": (
        two_of_one_slug,
        {"path": "notes/old/a_b.md", "line": 1, "code": "slug-conflict", "severity": "error",
         "found": "the address /notes/a-b/, which notes/A b.md has already", "expected": "an address of its own",
         "mend": "rename one of the two files; until then this one is at /notes/a-b-2/"},
    ),
    "a note that is a folder": (
        lambda notes: (notes / "n.md").mkdir(),
        {"path": "notes/n.md", "line": 1, "code": "note-is-a-folder", "severity": "error",
         "found": "a folder with the name of a note", "expected": "",
         "mend": "rename it without .md; the notes inside it are read"},
    ),
    "a loop of links": (
        loop,
        {"path": "notes/sub/up", "line": 1, "code": "symlink-loop", "severity": "error",
         "found": "a link to a folder above itself", "expected": "", "mend": "delete the link"},
    ),
    "a link to itself": (
        lambda notes: (notes / "n.md").symlink_to("n.md"),
        {"path": "notes/n.md", "line": 1, "code": "unreadable", "severity": "error",
         "found": "a link that leads nowhere (Too many levels of symbolic links)", "expected": "",
         "mend": "delete the link, or let it lead to a file"},
    ),
    "a pipe": (
        lambda notes: os.mkfifo(notes / "n.md"),
        {"path": "notes/n.md", "line": 1, "code": "not-a-file", "severity": "error",
         "found": "something that is no plain file", "expected": "", "mend": "put a plain file there, or delete it"},
    ),
    "a file that may not be read": (
        lambda notes: (notes / "n.md").touch(mode=0),
        {"path": "notes/n.md", "line": 1, "code": "unreadable", "severity": "error",
         "found": "a file that cannot be read (Permission denied)", "expected": "", "mend": "correct its permissions"},
    ),
    "two Unicode forms of one name": (
        two_unicode_forms,
        {"path": "notes/논문~2.md", "line": 1, "code": "same-name", "severity": "error",
         "found": f"the name {sorted((NFC, NFD))[1]!a}, which reads like that of another file", "expected": "",
         "mend": "rename one of the two"},
    ),
    "10,000 tags": (
        note("태그가 많습니다.\n\n" + "".join(f"#t{number}\n" for number in range(10_000))),
        {"path": "notes/n.md", "line": 67, "code": "too-many-tags", "severity": "error",
         "found": "10000 tags on one note", "expected": "at most 64",
         "mend": "keep the ones a reader would look under; those after 't63' are not used until then"},
    ),
    "bytes of CP949": (
        lambda notes: (notes / "n.md").write_bytes("첫 줄\n".encode() + "옛 글\n".encode("cp949")) and None,
        {"path": "notes/n.md", "line": 2, "code": "undecodable-bytes", "severity": "error",
         "found": "4 byte(s) that are not UTF-8, the first at offset 8 (bf be)", "expected": "UTF-8 text",
         "mend": "save the file as UTF-8 (for an old Korean file: iconv -f cp949 -t utf-8); the bytes were kept as they are"},
    ),
    "aliases that stand for millions": (
        bomb,
        {"path": "notes/n.md", "line": 6, "code": "front-matter", "severity": "error",
         "found": "YAML with too many aliases", "expected": "at most 32",
         "mend": "write the values out where they are used"},
    ),
    "YAML deeper than a stack": (
        note("---\na: " + "[" * 300_000 + "\n---\n본문입니다.\n"),
        {"path": "notes/n.md", "line": 2, "code": "front-matter", "severity": "error",
         "found": "YAML nested too deeply", "expected": "at most 32 levels",
         "mend": "write plain text and lists, without brackets in brackets"},
    ),
    "a day that does not exist": (
        note("---\ntitle: x\ndate: 2023-02-29\n---\n"),
        {"path": "notes/n.md", "line": 3, "code": "bad-date", "severity": "error",
         "found": "date '2023-02-29', a day that does not exist", "expected": "a date of the calendar, as yyyy-mm-dd",
         "mend": "correct it"},
    ),
    "a name with a day that does not exist": (
        lambda notes: (notes / "230229 n.md").write_text("글입니다.\n", "utf-8") and None,
        {"path": "notes/230229 n.md", "line": 1, "code": "bad-date", "severity": "error",
         "found": "the file name begins with 2023-02-29, a day that does not exist",
         "expected": "a date of the calendar, as yyyy-mm-dd", "mend": "rename the file"},
    ),
    "a link between notes that leads nowhere": (
        note("글입니다.\n\n[앞](attention-is-all-you-ned.md)\n"),
        {"path": "notes/n.md", "line": 3, "code": "broken-link", "severity": "warning",
         "found": "link to 'attention-is-all-you-ned.md', which does not exist",
         "expected": "the name or path of a note, or of a file that a note may embed",
         "mend": "did you mean 'attention-is-all-you-need'?"},
    ),
    "a link to a heading that is not there": (
        note("글입니다. [아래](#방법)\n\n## 방법론\n\n글입니다.\n"),
        {"path": "notes/n.md", "line": 1, "code": "broken-anchor", "severity": "warning",
         "found": "link to '#방법', a heading that this text does not have", "expected": "",
         "mend": "did you mean '#방법론'?"},
    ),
    "code that never ends": (
        note("글입니다.\n\n```python\n#tag\n"),
        {"path": "notes/n.md", "line": 3, "code": "unclosed-code", "severity": "warning",
         "found": "a code block that is never closed", "expected": "",
         "mend": "write ``` on a line of its own where the code ends"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_case_is_one_clear_fault(case: str, base: Path, nonmun: Callable, permissions_count: None) -> None:
    prepare, expected = CASES[case]
    prepare(base / "notes")
    found = nonmun("check", "--json", "--root", base)
    faults = [json.loads(line) for line in found.out.splitlines()]
    assert [fault for fault in faults if fault["code"] != "unknown-tag"] == [expected]
    assert (found.code, found.err) == (int(expected["severity"] == "error"), "")
    message = expected["found"] + (f", expected {expected['expected']}" if expected["expected"] else "")
    shown = f"{expected['path']}:{expected['line']}: {message}; {expected['mend']}"
    assert shown in nonmun("check", "--root", base).out.splitlines()


def test_tags_that_are_null_are_no_tags_and_no_fault(base: Path, nonmun: Callable) -> None:
    (base / "notes/n.md").write_text(
        "---\ntitle: 없음\ntags: null\nauthors:\nurl:\nrunners: ~\n---\n글입니다.\n", "utf-8"
    )
    assert nonmun("check", "--strict", "--root", base).code == 0
    (record,) = [
        json.loads(line) for line in nonmun("list", "--json", "--root", base).out.splitlines() if "없음" in line
    ]
    assert (record["tags"], record["authors"], record["urls"], record["runners"]) == ([], [], [], [])


def test_a_skeleton_checks_clean(base: Path, nonmun: Callable) -> None:
    assert nonmun("new", "New Paper: With a Colon #1", "--root", base, "--date", "2024-02-16").code == 0
    found = nonmun("check", "--strict", "--root", base)
    assert found.code == 0, found.out


@pytest.mark.slow
def test_a_note_of_50_mb_is_a_fault_and_shows_its_beginning(base: Path, nonmun: Callable) -> None:
    line = "한 줄입니다. " * 20 + "\n\n"
    (base / "notes/n.md").write_text(line * (50 * 2**20 // len(line.encode()) + 1), "utf-8")
    found = nonmun("check", "--root", base)
    assert found.code == 1
    assert found.out.startswith("notes/n.md:1: a note of 50 MiB, expected at most 4 MiB; split it; until then")
    assert nonmun("build", "--root", base).code == 1
    assert (base / "build/site/notes/n/index.html").stat().st_size < 200_000


@pytest.mark.slow
def test_folders_nested_as_deep_as_they_go_are_read(base: Path, nonmun: Callable) -> None:
    place = os.open(base / "notes", os.O_RDONLY)
    for _ in range(1500):  # deeper than any path may be long
        os.mkdir("d" * 8, dir_fd=place)
        inner = os.open("d" * 8, os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(place)
    found = nonmun("check", "--root", base)
    subprocess.run(["rm", "-rf", base], check=True)  # which pytest could not
    assert found.code == 1
    assert "give the folders above it shorter names" in found.out
