"""A raw digest in canonical form: a heading above each entry, paragraphs apart, every line kept as it was."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date as Date

from nonmun.model import Digest
from nonmun.parse.entry import authors_line, is_url_line
from nonmun.parse.front_matter import read_front_matter
from nonmun.parse.language import language_of
from nonmun.parse.tags import is_tag_line
from nonmun.parse.text import Line, clean, split_lines

_LINE_END = re.compile(r"\r\n|\r|\n")
_SENTENCE_END = re.compile(r"""[.!?…:][)"'”’\]]*\s*$|[다요죠음함듯까]\s*$""")
_LIST_OR_TABLE = re.compile(r"\s*(?:[-*+>|]|\d+[.)])\s?")
_RULE = re.compile(r"\s*(?:-+|=+)\s*$")  # right below a paragraph, markdown would make a heading of both


def canonical_text(text: str, digest: Digest, day: Date) -> str:
    """`text` with '## ' before each title that `digest` found in it; all else stays, so nothing can be lost.

    A blank line is put between two lines unless the first breaks off in the middle of a sentence, as mail wraps it.
    """
    lines = [
        Line(number, line, marked.code)
        for number, (line, marked) in enumerate(zip(_lines(text), split_lines(clean(text)), strict=True), start=1)
    ]
    head = read_front_matter(split_lines(clean(text)), "")[0].length
    written = [line.text for line in lines[:head]] or ["---", f"date: {day}", "---"]
    for line, starts in _with_headings(lines[head:], digest):
        written += starts
        if line is not None:
            written.append(line.text)
    return "\n".join(written).lstrip("\n") + "\n"


def _with_headings(lines: Sequence[Line], digest: Digest) -> Iterator[tuple[Line | None, list[str]]]:
    """Each line that stays, with what is written above it: nothing, a blank line, or the heading of its entry."""
    starts = {boundary.line: entry.line for boundary, entry in zip(digest.boundaries, digest.entries, strict=True)}
    titles = set(starts.values())
    by_number = {line.number: line for line in lines}
    previous: Line | None = None
    for line in lines:
        if line.number in starts:
            # Addresses above a title belong to it, so they follow its heading.
            yield None, ["", f"## {by_number[starts[line.number]].text.strip()}"]
            previous = None
        if line.number in titles:
            continue
        if line.blank and not line.code:
            previous = None
            continue
        yield line, [] if _continues(previous, line) else [""]
        previous = line


def _continues(before: Line | None, line: Line) -> bool:
    """Whether `line` belongs to the paragraph, list, table or code of the line before it."""
    if before is None:
        return False
    if line.code or before.code:
        return line.code and before.code
    if _LIST_OR_TABLE.match(line.text) and _LIST_OR_TABLE.match(before.text):
        return True
    if any(_stands_alone(one) for one in (before, line)):
        return False
    same_language = language_of(before.text) is language_of(line.text)
    return same_language and not _SENTENCE_END.search(before.text)


def _stands_alone(line: Line) -> bool:
    return bool(is_tag_line(line) or is_url_line(line) or authors_line(line) or _RULE.match(line.text))


def _lines(text: str) -> list[str]:
    return _LINE_END.split(text.removeprefix("\ufeff"))


def missing_lines(text: str, written: str) -> Sequence[str]:
    """The non-blank lines of `text` that do not stand in `written` as often: none, or something is wrong with us."""
    there = Counter(line.strip() for line in _lines(written))
    there += Counter(line.strip().removeprefix("##").strip() for line in _lines(written) if line.startswith("## "))
    return list((Counter(line.strip() for line in _lines(text) if line.strip()) - there).elements())
