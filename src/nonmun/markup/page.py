"""What is known of the page that a text is rendered for, and what rendering finds out about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from nonmun.errors import Fault, Severity
from nonmun.markup.escape import clip
from nonmun.markup.slugs import slug, unique_slug


@dataclass(frozen=True, slots=True)
class Target:
    """Where a wiki link or an embed leads: an address relative to the page, and the name of what is there."""

    href: str
    title: str = ""
    here: bool = False  # on the page itself


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading as it stands on the page: its level there, its text without markup, its anchor."""

    level: int
    text: str
    id: str


@dataclass(frozen=True, slots=True)
class Jump:
    """A link to a heading of the same page: its line in the file, the anchor it leads to, and how that was written."""

    line: int
    anchor: str
    written: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """Safe HTML without a line end at its end, and what was found on the way."""

    html: str
    faults: tuple[Fault, ...] = ()
    headings: tuple[Heading, ...] = ()
    jumps: tuple[Jump, ...] = ()


Resolve = Callable[[str, str], Target | None]
"""(target, anchor) → where it leads, or None. An empty target is the note itself."""

Suggest = Callable[[str], str | None]
"""A target that leads nowhere → the one that may have been meant."""

Reported = Callable[[str], bool]
"""Whether it is known of a target that it leads nowhere, so that it need not be said again."""


@dataclass(slots=True)
class Page:
    """What one call of `render` was asked for, and what it has gathered."""

    path: str
    line: int
    resolve: Resolve
    suggest: Suggest | None
    hard_breaks: bool
    heading_shift: int
    ids: set[str]
    faults: list[Fault] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    jumps: list[Jump] = field(default_factory=list)
    reported: Reported | None = None

    def add_heading(self, level: int, text: str) -> Heading:
        heading = Heading(min(max(level + self.heading_shift, 1), 6), text, unique_slug(text, self.ids))
        self.headings.append(heading)
        return heading

    def jump(self, line: int, written: str) -> str:
        """Note a link to a heading of this page; the anchor it leads to."""
        self.jumps.append(Jump(self.line + line, slug(written), written))
        return slug(written)

    def broken_link(self, line: int, source: str, target: str) -> None:
        if self.reported and self.reported(target):
            return
        meant = self.suggest(target) if self.suggest and target else None
        mend = f"did you mean '{meant}'? " if meant else ""
        mend += "correct the name, or write that note; until then the page shows plain text"
        expected = "the name of a note, or of a file beside it"
        self._report(line, "broken-link", f"'{clip(source)}' leads nowhere", expected, mend, Severity.ERROR)

    def unsafe_link(self, line: int, href: str) -> None:
        mend = "correct the address or put it in `code`; until then the page shows it as text, not as a link"
        expected = "http:, https:, mailto:, an anchor or a relative path"
        self._report(line, "unsafe-link", f"link to '{clip(href)}'", expected, mend, Severity.ERROR)

    def unreadable_formula(self, line: int, latex: str, problem: str) -> None:
        mend = "mend the formula; until then the page shows its source"
        found = f"formula '{clip(latex, 60)}' can't be read: {problem}"
        self._report(line, "unreadable-math", found, "", mend, Severity.WARNING)

    def unreadable_text(self, line: int, problem: str) -> None:
        mend = "until it is mended the page shows its source"
        self._report(line, "unreadable-markdown", f"text that can't be rendered: {problem}", "", mend, Severity.ERROR)

    def _report(self, line: int, code: str, found: str, expected: str, mend: str, severity: Severity) -> None:
        self.faults.append(Fault(self.path, self.line + line, code, found, mend, expected, severity))
