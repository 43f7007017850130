"""Frames: what an engine puts around the body of a page, taken from one page and put around many.

All papers' pages have the same header, footer and scripts; they differ in title, description, address and body. So
the engine renders one page whose values are marks that no text holds (`probe`), `frame_of` finds where the marks came
out and how they were escaped, and `fill` puts a page's own values there. What cannot be explained in that way is no
frame, and `proof` is a second page, of awkward values, with which a frame is tried before it is used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from markupsafe import escape

from nonmun.build.islands import element, island

_PAGE = re.compile(
    r'---\ntitle: (?P<title>".*")\ndescription: (?P<description>".*")\n(?P<settings>(?:[a-z_]+: .*\n)*)---\n'
)
_ODD = "<&>\"'가"  # what one filter or another would change
_MARK = re.compile(r"nm-(title|description|slug)-9d4e(.*?)-9d4e~?|(<div>nm-body-9d4e</div>)", re.DOTALL)

_WAYS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "escaped": lambda text: str(escape(text)),
    "quoted": quote,
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What a frame is made for: pages in one folder of the site that have the same settings.

    A theme may leave out the element of an empty description, so pages without one are of another kind.
    """

    folder: str
    settings: str  # the lines of front matter behind title and description
    described: bool


ANY_KIND = Kind("notes", "", True)


@dataclass(frozen=True, slots=True)
class PageText:
    """A page of the generated tree, taken apart: its kind, and the values that its frame holds."""

    kind: Kind
    slug: str
    title: str
    description: str
    body: str


@dataclass(frozen=True, slots=True)
class Frame:
    """The text between the marks, and for each mark its value's name and the way it was written."""

    pieces: tuple[str, ...]
    slots: tuple[tuple[str, str], ...]


def stands_alone(path: str) -> bool:
    """Whether no other page of the site can be of the same kind as this one."""
    return path.count("/") != 2 or not path.endswith("/index.md")


def read_page(path: str, text: str) -> PageText | None:
    """The parts of a page such as `notes/bitdelta/index.md`; None for one that stands alone or is not of our making."""
    found = _PAGE.match(text)
    if stands_alone(path) or found is None:
        return None
    folder, slug, _ = path.split("/")
    try:
        title, description = json.loads(found["title"]), json.loads(found["description"])
    except ValueError:
        return None
    kind = Kind(folder, found["settings"], bool(description))
    return PageText(kind, slug, title, description, text[found.end() :]) if title else None


def probe(kind: Kind) -> tuple[str, str]:
    """Path and text of a page of this kind whose values are marks."""
    title, description = (f"nm-{name}-9d4e{_ODD}-9d4e" for name in ("title", "description"))
    slug = "nm-slug-9d4e가-9d4e" + ("" if kind.described else "~")
    return _page(kind, slug, title, description, "<div>nm-body-9d4e</div>")


def proof(kind: Kind) -> tuple[str, str]:
    """Path and text of a page of this kind with awkward values."""
    body = (
        '<article class="nm">\n<h1 id="제목">A &lt;b&gt; &amp; 논문</h1>\n\n<p>{{ x }} $a_b$ *c*<br>\nd</p>\n</article>'
    )
    slug = "시험 (b)" + ("" if kind.described else "~")
    return _page(kind, slug, "</title><b>\"'&amp; 논문 {{ x }}\\n | 'é", 'A "b" <c> & 설명\'s', body)


def _page(kind: Kind, slug: str, title: str, description: str, body: str) -> tuple[str, str]:
    values = {"title": title, "description": description if kind.described else ""}
    head = "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items())
    return f"{kind.folder}/{slug}/index.md", f"---\n{head}{kind.settings}---\n{body}\n"


def frame_of(rendered: str) -> Frame | None:
    """The frame in what an engine made of a probe; None where a value came out in a way we do not know."""
    pieces: list[str] = []
    slots: list[tuple[str, str]] = []
    position = 0
    for mark in _MARK.finditer(rendered):
        name, written, body = mark.groups()
        pieces.append(rendered[position : mark.start()])
        slots.append(("body", "as it is") if body else (name, _way(name, written)))
        position = mark.end()
    pieces.append(rendered[position:])
    one_body = sum(name == "body" for name, _ in slots) == 1
    explained = all(way for _, way in slots) and "9d4e" not in "".join(pieces).lower()
    return Frame(tuple(pieces), tuple(slots)) if one_body and explained else None


def _way(name: str, written: str) -> str:
    value = "가" if name == "slug" else _ODD
    return next((way for way, write in _WAYS.items() if write(value) == written), "")


def fill(frame: Frame, page: PageText, block_level: Collection[str], *, ours: bool) -> str | None:
    """The page as the engine would make it; None where its body is more than HTML that an engine copies.

    `ours` says that our own templates made the body, of which less is left to be found out.
    """
    body = element(page.body, block_level) if ours else island(page.body, block_level)
    if body is None:
        return None
    values = {"title": page.title, "description": page.description, "slug": page.slug, "body": body}
    parts = [frame.pieces[0]]
    for (name, way), piece in zip(frame.slots, frame.pieces[1:], strict=True):
        parts += (_WAYS[way](values[name]), piece)
    return "".join(parts)


def to_json(kind: Kind, frame: Frame | None) -> dict[str, Any]:
    found: dict[str, Any] = {"folder": kind.folder, "settings": kind.settings, "described": kind.described}
    return found | ({"pieces": frame.pieces, "slots": frame.slots} if frame else {})


def from_json(data: Mapping[str, Any]) -> tuple[Kind, Frame | None]:
    """What `to_json` made this of; LookupError, TypeError or ValueError for anything else."""
    kind = Kind(str(data["folder"]), str(data["settings"]), bool(data["described"]))
    if "pieces" not in data:
        return kind, None
    slots = tuple((str(name), str(way)) for name, way in data["slots"])
    frame = Frame(tuple(map(str, data["pieces"])), slots)
    if len(frame.pieces) != len(slots) + 1 or any(way not in _WAYS for _, way in slots):
        raise ValueError("no frame")
    return kind, frame
