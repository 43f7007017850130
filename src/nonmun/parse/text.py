"""Raw file text → numbered lines. Survives CRLF, a byte-order mark, NULs, NFD spelling and undecodable bytes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from nonmun.errors import Fault, Severity

# Pasted from web pages or left by broken programs, never meant; engines use some of them as marks of their own.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff\u200b\u2060\u2028\u2029]")
_BYTES = re.compile(r"[\udc80-\udcff]+")  # as Python reads what is no UTF-8
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file: its 1-based number, its text, and whether it lies inside fenced code."""

    number: int
    text: str
    code: bool = False

    @property
    def blank(self) -> bool:
        return not self.text or self.text.isspace()


def clean(text: str) -> str:
    """NFC, one kind of line end, no invisible characters. Line numbers stay those of the file."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _CONTROL.search(text):
        text = _CONTROL.sub("", text.replace("\x0c", " "))
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def without_surrogates(text: str) -> str:
    """Bytes of a source that were no UTF-8 stay in the source; what is made of it shows U+FFFD."""
    try:
        text.encode()  # quicker than to look for them, and there hardly ever are any
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text)
    return text


def split_lines(text: str) -> list[Line]:
    """Number the lines of cleaned text and mark those inside a code fence (the fences included)."""
    lines: list[Line] = []
    fence = ""
    for number, raw in enumerate(text.split("\n"), start=1):
        mark = _FENCE.match(raw) if "```" in raw or "~~~" in raw else None
        if fence:
            lines.append(Line(number, raw, code=True))
            if mark and mark[1].startswith(fence) and not raw.strip(" `~"):
                fence = ""
        elif mark:
            fence = mark[1]
            lines.append(Line(number, raw, code=True))
        else:
            lines.append(Line(number, raw))
    return lines


def without_code(text: str) -> str:
    """A line without its `code`: what stands there is no tag, no link and no address."""
    return _CODE_SPAN.sub("", text) if "`" in text else text


def unclosed_code(lines: Sequence[Line], path: str) -> list[Fault]:
    """A fault for a code fence that is never closed: it takes the rest of the file for code, its tags and links too."""
    if not lines or not lines[-1].code:
        return []
    opened: tuple[str, int] | None = None
    for line in lines:
        mark = _FENCE.match(line.text) if line.code else None
        if mark and opened is None:
            opened = mark[1], line.number
        elif mark and opened and mark[1].startswith(opened[0]) and not line.text.strip(" `~"):
            opened = None
    if opened is None:
        return []
    mend = f"write {opened[0]} on a line of its own where the code ends"
    return [
        Fault(path, opened[1], "unclosed-code", "a code block that is never closed", mend, severity=Severity.WARNING)
    ]


def undecodable(text: str, path: str) -> list[Fault]:
    """A fault for the first bytes that were not UTF-8 (they arrive as lone surrogates and are kept)."""
    first = _BYTES.search(text)
    if first is None:
        return []
    before = text[: first.start()]
    offset = len(before.encode("utf-8", "surrogateescape"))
    line = before.count("\n") + 1
    total = sum(len(run) for run in _BYTES.findall(text))
    bytes_found = first[0].encode("utf-8", "surrogateescape")[:4].hex(" ")
    return [
        Fault(
            path,
            line,
            "undecodable-bytes",
            f"{total} byte(s) that are not UTF-8, the first at offset {offset} ({bytes_found})",
            "save the file as UTF-8 (for an old Korean file: iconv -f cp949 -t utf-8); the bytes were kept as they are",
            "UTF-8 text",
        )
    ]
