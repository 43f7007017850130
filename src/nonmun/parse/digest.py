"""A digest file → Digest. Canonical (`## Title` per entry) or raw (boundaries inferred)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date as Date

from nonmun.errors import Fault, Severity
from nonmun.model import Boundary, Digest, DigestForm, Entry
from nonmun.parse.authors import split_title
from nonmun.parse.body import parse_body
from nonmun.parse.dates import date_from_name, read_date
from nonmun.parse.entry import Given, parse_entry
from nonmun.parse.front_matter import FrontMatter, read_front_matter
from nonmun.parse.links import collect_links
from nonmun.parse.raw_digest import infer_boundaries
from nonmun.parse.text import Line, clean, split_lines, unclosed_code, undecodable

_ENTRY_HEADING = re.compile(r"## +(?P<title>.*?)(?: +#+)? *$|##$")


def parse_digest(text: str, path: str) -> tuple[Digest, list[Fault]]:
    """Understand one day's digest. Total: any text gives a Digest, and what is wrong with it beside."""
    faults = undecodable(text, path)
    lines = split_lines(clean(text))
    faults += unclosed_code(lines, path)
    front, front_faults = read_front_matter(lines, path)
    faults += front_faults
    date, date_faults = _date(front, path)
    faults += date_faults
    body = lines[front.length :]
    starts = [i for i, line in enumerate(body) if not line.code and _ENTRY_HEADING.match(line.text)]
    if starts:
        digest, entry_faults = _canonical(body, starts, path, date)
    else:
        digest, entry_faults = _raw(body, path, date)
    faults += entry_faults
    if not digest.entries:
        faults.append(
            Fault(
                path,
                1,
                "empty-digest",
                "a digest without entries",
                "write '## Title' above each",
                "at least one entry",
                Severity.WARNING,
            )
        )
    return digest, faults


def _date(front: FrontMatter, path: str) -> tuple[Date | None, list[Fault]]:
    if (written := front.one("date")) is not None:
        return read_date(written.text, path, written.line)
    date, faults = date_from_name(path)
    if date is None and not faults:
        faults = [
            Fault(
                path,
                1,
                "no-date",
                "a digest without a date",
                "name the file 2024-02-16.md, or write 'date:' in its front matter",
                "a date",
            )
        ]
    return date, faults


def _canonical(body: Sequence[Line], starts: Sequence[int], path: str, date: Date | None) -> tuple[Digest, list[Fault]]:
    faults: list[Fault] = []
    entries: list[Entry] = []
    preface, preface_faults = parse_body(body[: starts[0]], path, by_line=False)
    faults += preface_faults
    for start, end in zip(starts, [*starts[1:], len(body)], strict=True):
        heading = body[start]
        match = _ENTRY_HEADING.match(heading.text)
        written = (match["title"] if match else "") or ""
        title, authors = split_title(written)
        if not title:
            faults.append(
                Fault(
                    path,
                    heading.number,
                    "no-title",
                    "a heading without a title",
                    "write the paper's title after ##",
                    "## Title",
                )
            )
        given = Given(
            title=title or f"{path}:{heading.number}",
            title_line=heading.number,
            authors=authors,
            authors_line=heading.number if authors else None,
            date=date,
        )
        entry, entry_faults = parse_entry(body[start + 1 : end], given, path, by_line=False)
        entries.append(entry)
        faults += entry_faults
    links = collect_links(body[: starts[0]])
    return Digest(path, DigestForm.CANONICAL, date, tuple(entries), preface, links), faults


def _raw(body: Sequence[Line], path: str, date: Date | None) -> tuple[Digest, list[Fault]]:
    faults: list[Fault] = []
    entries: list[Entry] = []
    boundaries = infer_boundaries(body)
    position = {line.number: index for index, line in enumerate(body)}
    starts = [position[boundary.line] for boundary in boundaries]
    before = body[: starts[0]] if starts else body
    preface, preface_faults = parse_body(before, path, by_line=True)
    faults += preface_faults
    for boundary, start, end in zip(boundaries, starts, [*starts[1:], len(body)][: len(starts)], strict=True):
        entry, entry_faults = _raw_entry(body[start:end], boundary, path, date)
        entries.append(entry)
        faults += entry_faults
    links = collect_links(before)
    return Digest(path, DigestForm.RAW, date, tuple(entries), preface, links, tuple(boundaries)), faults


def _raw_entry(lines: Sequence[Line], boundary: Boundary, path: str, date: Date | None) -> tuple[Entry, list[Fault]]:
    """The inferred title is given; the line that holds it is taken out of the text, its authors are kept."""
    title_at = next(i for i, line in enumerate(lines) if split_title(line.text.strip())[0] == boundary.title)
    title, authors = split_title(lines[title_at].text.strip())
    given = Given(
        title=title,
        title_line=lines[title_at].number,
        authors=authors,
        authors_line=lines[title_at].number if authors else None,
        date=date,
    )
    rest = [*lines[:title_at], *lines[title_at + 1 :]]
    return parse_entry(rest, given, path, by_line=True)
