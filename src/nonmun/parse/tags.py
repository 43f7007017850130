"""Tags in running text: `#like-this`, and their normal form."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from nonmun.errors import Fault
from nonmun.model import TagUse
from nonmun.parse.text import Line, without_code

MAX_TAGS = 64  # on one note; more is a list pasted by mistake, and each tag would become a page

# After white space or at the start of a line. Not `C#`, not `page#anchor` or `[x](#anchor)`, not a heading (`# x`), not
# an issue number (`#12`), a rank (`#1위`) or a colour (`#ffcc00`).
_TAG = re.compile(r"(?<![^\s(\u3000])(?<!\]\()#(?P<tag>(?!\d+(?:[\uac00-\ud7a3]|(?![\w-])))(?:\w[\w/.+-]*))")
_COLOUR = re.compile(r"(?=.*\d)[0-9a-fA-F]{6}")
_TRAILING_TAGS = re.compile(r"(?:(?:^|\s+)#\w[\w/.+-]*[,;]?)+\s*$")
_SEPARATORS = re.compile(r"[\s_]+")


def normal_form(spelling: str) -> str:
    """`Object_Detection` → `object-detection`: the form in which two spellings are one tag."""
    name = unicodedata.normalize("NFC", spelling).strip().lstrip("#").casefold()
    return _SEPARATORS.sub("-", name.strip()).strip("-./")


def find_tags(line: Line) -> list[TagUse]:
    """The tags of one line, in order."""
    if line.code or "#" not in line.text or line.text.startswith(("    ", "\t")):
        return []
    found: list[TagUse] = []
    for match in _TAG.finditer(without_code(line.text)):
        spelling = match["tag"].rstrip("./-")
        name = normal_form(spelling)
        if name and not _COLOUR.fullmatch(spelling):
            found.append(TagUse(name, spelling, line.number))
    return found


def is_tag_line(line: Line) -> bool:
    """Whether the line holds tags and nothing else."""
    stripped = line.text.strip()
    return stripped.startswith("#") and bool(find_tags(line)) and not without_trailing_tags(stripped)


def without_trailing_tags(text: str) -> str:
    """The line without the tags that close it; a tag inside a sentence stays, it is part of the sentence."""
    return _TRAILING_TAGS.sub("", text).rstrip() if "#" in text else text


def unique_tags(uses: Iterable[TagUse], path: str) -> tuple[tuple[TagUse, ...], list[Fault]]:
    """Each tag once, first mention first; more than MAX_TAGS is a fault and the rest is left unused."""
    unique: dict[str, TagUse] = {}
    for use in uses:
        unique.setdefault(use.name, use)
    tags = tuple(unique.values())
    if len(tags) <= MAX_TAGS:
        return tags, []
    fault = Fault(
        path,
        tags[MAX_TAGS].line,
        "too-many-tags",
        f"{len(tags)} tags on one note",
        f"keep the ones a reader would look under; those after '{tags[MAX_TAGS - 1].found}' are not used until then",
        f"at most {MAX_TAGS}",
    )
    return tags[:MAX_TAGS], [fault]
