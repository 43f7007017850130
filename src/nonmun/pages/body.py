"""The texts of a page as sections of safe HTML, each with its language and role."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from nonmun.catalogue.targets import find_target, suggest_target, target_key
from nonmun.errors import Fault, Severity
from nonmun.markup import Heading, Jump, Rendered, Target, heading_slug, render
from nonmun.model import Block, Lang, Role, WikiLink
from nonmun.pages.view import Place

_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]", re.MULTILINE)
_UNDERLINED = re.compile(r"^[^\n]+\n {0,3}(=+|-+)[ \t]*$", re.MULTILINE)
SECTION_LEVEL = 3  # h1 is the page's title, h2 names a language or an entry


@dataclass(frozen=True, slots=True)
class Section:
    """One block as shown."""

    lang: Lang
    role: Role
    html: str
    headings: tuple[Heading, ...] = ()


class PageText:
    """Renders the texts of one page, one after another: their anchors are unique, and may lead from one to another.

    `anchors` are those that the page has besides. `slug` is that of the paper a text is about, if it is about one.
    """

    def __init__(self, place: Place, targets: Mapping[str, str], anchors: Collection[str] = ()) -> None:
        self._place = place
        self._targets = targets
        self._ids = set(anchors)
        self._faults: list[Fault] = []
        self._jumps: list[tuple[str, Jump]] = []

    def sections(
        self,
        blocks: Iterable[Block],
        links: Iterable[WikiLink],
        path: str,
        slug: str,
        *,
        hard_breaks: bool,
        quiet: bool = False,
    ) -> list[Section]:
        """The blocks of one entry, whose links are `links`; `quiet` where another page tells what is wrong with it."""
        reported = {target_key(link.target) for link in links}  # by the catalogue, with a did-you-mean
        sections: list[Section] = []
        for block in blocks:
            rendered = self.html(
                block.text,
                path,
                block.line,
                slug,
                hard_breaks=hard_breaks,
                shift=_shift(block),
                reported=reported,
                quiet=quiet,
            )
            sections.append(Section(block.lang, block.role, rendered.html, rendered.headings))
        return sections

    def html(
        self,
        text: str,
        path: str,
        line: int,
        slug: str = "",
        *,
        hard_breaks: bool = False,
        shift: int = 0,
        reported: Collection[str] = (),
        quiet: bool = False,
    ) -> Rendered:
        """One text that begins at `line` of the file at `path`; absent targets among `reported` are no news."""

        def resolve(target: str, anchor: str) -> Target | None:
            own = f"notes/{slug}/" if slug else self._place.address
            address = find_target(target, path, self._targets) if target else own
            if address is None:
                return None
            fragment = f"#{heading_slug(anchor)}" if anchor else ""
            return Target(self._place.link(address + fragment), here=address == self._place.address)

        rendered = render(
            text,
            path=path,
            line=line,
            resolve=resolve,
            hard_breaks=hard_breaks,
            heading_shift=shift,
            taken_ids=self._ids,
            suggest=lambda target: suggest_target(target, self._targets),
            reported=lambda target: target_key(target) in reported,
        )
        if not quiet:
            self._faults += rendered.faults
            self._jumps += [(path, jump) for jump in rendered.jumps]
        return rendered

    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with the texts so far; to be asked when all of them are rendered."""
        return (*self._faults, *(_lost(path, jump, self._ids) for path, jump in self._jumps if not self._has(jump)))

    def _has(self, jump: Jump) -> bool:
        return jump.anchor in self._ids


def _lost(path: str, jump: Jump, anchors: Iterable[str]) -> Fault:
    nearest = get_close_matches(jump.anchor, sorted(anchors), n=1)
    mend = f"did you mean '#{nearest[0]}'?" if nearest else "correct it, or write that heading"
    found = f"link to '#{jump.written}', a heading that this text does not have"
    return Fault(path, jump.line, "broken-anchor", found, mend, severity=Severity.WARNING)


def _shift(block: Block) -> int:
    """How far headings move down so that the highest of the block is an h3."""
    levels = [len(marks) for marks in _HEADING.findall(block.text)] if "#" in block.text else []
    if "\n=" in block.text or "\n-" in block.text:
        levels += [1 if marks[0] == "=" else 2 for marks in _UNDERLINED.findall(block.text)]
    return max(0, SECTION_LEVEL - min(levels)) if levels else 0


def linked_addresses(links: Iterable[WikiLink], path: str, targets: Mapping[str, str]) -> tuple[str | None, ...]:
    """Where the links of a text in the file at `path` lead now: part of what its page is made from."""
    return tuple(find_target(link.target, path, targets) for link in links if link.target)
