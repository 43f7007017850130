"""Dates in file names and front matter."""

from __future__ import annotations

import re
from datetime import date as Date

from nonmun.errors import Fault

_NAME = re.compile(
    r"(?P<yy>\d{2})(?P<mm>\d{2})(?P<dd>\d{2})(?=[ _-]|$)"
    r"|(?P<year>\d{4})[-.]?(?P<month>\d{2})[-.]?(?P<day>\d{2})(?=[ _-]|$)"
)
_SUFFIXES = (".md", ".markdown", ".txt")
_WRITTEN = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?:[T ].*)?")


def split_name(path: str) -> tuple[tuple[int, int, int] | None, str]:
    """The date and the rest of a file's name: `200122 FixMatch.md` → ((2020, 1, 22), 'FixMatch')."""
    stem = path.rpartition("/")[2]
    if stem.endswith(_SUFFIXES):
        stem = stem.rpartition(".")[0]
    found = _NAME.match(stem)
    if found is None:
        return None, stem
    if found["yy"]:
        parts = (2000 + int(found["yy"]), int(found["mm"]), int(found["dd"]))
    else:
        parts = (int(found["year"]), int(found["month"]), int(found["day"]))
    return parts, stem[found.end() :].strip(" _-")


def date_from_name(path: str) -> tuple[Date | None, list[Fault]]:
    """The date that a file's name begins with, if it begins with one."""
    parts, _ = split_name(path)
    if parts is None:
        return None, []
    try:
        return Date(*parts), []
    except ValueError:
        written = "{:04}-{:02}-{:02}".format(*parts)
        return None, [
            _fault(path, 1, f"the file name begins with {written}, a day that does not exist", "rename the file")
        ]


def read_date(text: str, path: str, line: int) -> tuple[Date | None, list[Fault]]:
    """Read a date as people write it (`2024-02-16`, `2024.2.16`, with or without a time)."""
    found = _WRITTEN.fullmatch(text.strip())
    try:
        if found:
            return Date(int(found[1]), int(found[2]), int(found[3])), []
    except ValueError:
        return None, [_fault(path, line, f"date '{text[:40]}', a day that does not exist", "correct it")]
    return None, [_fault(path, line, f"date '{text[:40]}'", "write it as 2024-02-16")]


def _fault(path: str, line: int, found: str, mend: str) -> Fault:
    return Fault(path, line, "bad-date", found, mend, "a date of the calendar, as yyyy-mm-dd")
