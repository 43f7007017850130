"""What nonmun knows, as frozen values: notes, digests and their parts. No behaviour beyond derived properties.

    Note      one markdown file in notes/
    Digest    one day's list of entries, one file in digests/
    Entry     what either of them says about one paper
    Paper     one page of the site: a note, the digest entries about the same paper, or both (made by the catalogue)
    Tag       one entry of the vocabulary, notes/tags.yml

Lines are 1-based everywhere. Text is NFC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date as Date
from enum import StrEnum


class Lang(StrEnum):
    """The language of a block, by its script."""

    KO = "ko"
    EN = "en"


class Role(StrEnum):
    """What a block is for."""

    ABSTRACT = "abstract"
    COMMENTARY = "commentary"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Block:
    """A run of lines in one language with one role; `text` is markdown, without its surrounding blank lines."""

    text: str
    lang: Lang
    role: Role
    line: int


@dataclass(frozen=True, slots=True)
class ArxivId:
    """An arXiv identifier, `2402.10193` or `cs/0112017`, and the version where the link named one."""

    id: str
    version: int | None = None

    @property
    def abs_url(self) -> str:
        return f"https://arxiv.org/abs/{self}"

    @property
    def pdf_url(self) -> str:
        return f"https://arxiv.org/pdf/{self}"

    def __str__(self) -> str:
        return self.id if self.version is None else f"{self.id}v{self.version}"


@dataclass(frozen=True, slots=True)
class Url:
    """A link to the paper or beside it, as written."""

    url: str
    line: int


@dataclass(frozen=True, slots=True)
class TagUse:
    """A tag where it stands: `name` is its normal form (`object-detection`), `found` the author's spelling."""

    name: str
    found: str
    line: int


@dataclass(frozen=True, slots=True)
class WikiLink:
    """`[[target#anchor|label]]`, or with `embed` `![[target]]`."""

    target: str
    line: int
    label: str = ""
    anchor: str = ""
    embed: bool = False


@dataclass(frozen=True, slots=True)
class RunnerUse:
    """A runner that a note names."""

    name: str
    line: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What a note or one section of a digest says about one paper."""

    title: str
    line: int
    authors: tuple[str, ...] = ()
    authors_line: int | None = None
    urls: tuple[Url, ...] = ()
    arxiv: ArxivId | None = None
    date: Date | None = None
    tags: tuple[TagUse, ...] = ()
    blocks: tuple[Block, ...] = ()
    links: tuple[WikiLink, ...] = ()
    runners: tuple[RunnerUse, ...] = ()

    @property
    def langs(self) -> tuple[Lang, ...]:
        """The languages its text is written in, Korean first."""
        found = {block.lang for block in self.blocks}
        return tuple(lang for lang in Lang if lang in found)


class NoteForm(StrEnum):
    FRONT_MATTER = "front-matter"
    AUTHOR_STYLE = "author-style"


class DigestForm(StrEnum):
    CANONICAL = "canonical"
    RAW = "raw"


@dataclass(frozen=True, slots=True)
class Note:
    """One note file: where it is, in which form it was written, and what it says."""

    path: str
    slug: str
    form: NoteForm
    entry: Entry


@dataclass(frozen=True, slots=True)
class Boundary:
    """Where a raw digest was cut, and the evidence for cutting there."""

    line: int
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Digest:
    """One digest file: its day, and its entries in the order they were written."""

    path: str
    form: DigestForm
    date: Date | None
    entries: tuple[Entry, ...]
    preface: tuple[Block, ...] = ()
    boundaries: tuple[Boundary, ...] = ()


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag of the vocabulary, with its labels in both languages."""

    name: str
    ko: str
    en: str
    description_ko: str = ""
    description_en: str = ""
    aliases: tuple[str, ...] = ()
    broader: tuple[str, ...] = ()
    line: int = 1
    known: bool = True


@dataclass(frozen=True, slots=True)
class Mention:
    """A digest entry about a paper: the day, the digest's file and what it said."""

    date: Date
    path: str
    entry: Entry


@dataclass(frozen=True, slots=True)
class Paper:
    """One page of the site. Its facts are those of the note where there is one, else those of the first mention."""

    slug: str
    title: str
    authors: tuple[str, ...]
    urls: tuple[str, ...]
    arxiv: ArxivId | None
    date: Date | None
    tags: tuple[str, ...]  # canonical names, in the author's order
    runners: tuple[str, ...]
    langs: tuple[Lang, ...]
    note: Note | None
    mentions: tuple[Mention, ...] = field(default=())

    @property
    def path(self) -> str:
        """The file a reader would open to edit it."""
        return self.note.path if self.note else self.mentions[0].path

    @property
    def line(self) -> int:
        return self.note.entry.line if self.note else self.mentions[0].entry.line

    @property
    def entry(self) -> Entry:
        return self.note.entry if self.note else self.mentions[0].entry
