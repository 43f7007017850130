"""`nonmun import`: a raw digest, a note or a vault into a knowledge base. Lossless, idempotent, never over a file.

Notes are copied byte for byte: their form is theirs. A raw digest is the one thing that is rewritten (canonical.py).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date as Date
from enum import StrEnum
from pathlib import Path

from nonmun.errors import Fault, NonmunError, UsageError
from nonmun.model import Boundary, Digest, DigestForm
from nonmun.parse import parse_digest, parse_note
from nonmun.parse.dates import date_from_name
from nonmun.read.base import Base
from nonmun.read.scan import EMBEDDABLE, MARKDOWN, Found, apart, identity, read_text, scan
from nonmun.write.canonical import canonical_text, missing_lines
from nonmun.write.files import Content, Outcome, outcome, place_in, put_new

MAX_NUL_SHARE = 0.01


class Kind(StrEnum):
    """What a file is imported as."""

    DIGEST = "digest"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Planned:
    """One file to be written: from where, to where (relative to the base), what, and what would become of it."""

    source: Path
    target: str
    content: Content
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Import:
    """What an import would do, or did: its files, the boundaries it inferred, the faults it saw, what it left alone."""

    files: tuple[Planned, ...]
    boundaries: tuple[Boundary, ...] = ()
    faults: tuple[Fault, ...] = ()
    left_alone: tuple[str, ...] = field(default=())

    @property
    def conflicts(self) -> tuple[Planned, ...]:
        return tuple(planned for planned in self.files if planned.outcome is Outcome.CONFLICT)


def plan_import(source: Path, base: Base, *, day: Date | None = None, kind: Kind | None = None) -> Import:
    """Understand `source` and say what importing it into `base` would write; nothing is written yet."""
    _refuse_own(source, base)
    if source.is_dir():
        if kind is Kind.DIGEST:
            raise UsageError(f"{source} is a folder", mend="import digests one file at a time")
        return _plan_vault(source, base)
    if not source.is_file():
        what = "is no plain file" if source.exists() else "does not exist"
        raise UsageError(f"{source} {what}", mend="name a file or a folder")
    kind = kind or _guess(source)
    return _plan_digest(source, base, day) if kind is Kind.DIGEST else _plan_note(source, base)


def write_import(plan: Import, base: Base) -> Import:
    """Carry a plan out; each file's outcome is what really became of it."""
    done = tuple(
        replace(planned, outcome=put_new(place_in(base.root, planned.target), planned.content))
        if planned.outcome is Outcome.WRITTEN
        else planned
        for planned in plan.files
    )
    return replace(plan, files=done)


def _refuse_own(source: Path, base: Base) -> None:
    place = source.resolve()
    if source.is_dir() and base.root.is_relative_to(place):
        raise UsageError(f"{source} holds the knowledge base itself", mend="import another folder")
    for own in (base.notes, base.digests):
        if place.is_relative_to(own.resolve()):
            raise UsageError(f"{source} is in the knowledge base already", mend=f"what lies in {own.name}/ is read")


def _guess(source: Path) -> Kind:
    """A markdown file is a note unless its whole name is a date; any other text is a digest as mailed."""
    day, _ = date_from_name(source.name)
    named_for_a_day = day is not None and source.stem == str(day)
    return Kind.NOTE if source.suffix.casefold() in MARKDOWN and not named_for_a_day else Kind.DIGEST


def _plan(files: Iterable[tuple[Path, str, Content]], base: Base) -> tuple[Planned, ...]:
    planned: list[Planned] = []
    taken: set[str] = set()
    for source, target, content in files:
        name = unicodedata.normalize("NFC", target)
        found = outcome(place_in(base.root, target), content)
        # A second spelling of one name: the first of the two will have taken it by then.
        planned.append(Planned(source, target, content, Outcome.CONFLICT if name in taken else found))
        taken.add(name)
    return tuple(planned)


def _plan_note(source: Path, base: Base) -> Import:
    text = _text(source)
    name = source.name if source.suffix.casefold() in MARKDOWN else f"{source.stem}.md"
    _, faults = parse_note(text, name)
    return Import(_plan([(source, f"notes/{name}", source)], base), faults=tuple(faults))


def _plan_vault(source: Path, base: Base) -> Import:
    root = identity(base.root)
    found = scan(source, "", {root} if root else None)
    notes, name_faults = apart(found.notes, set())
    faults = [*found.faults, *name_faults]
    for note in notes:
        text, problems = read_text(note)
        faults += [*problems, *parse_note(text, note.path)[1]]
    files = [
        (one.file, f"notes/{one.file.relative_to(source).as_posix()}", one.file)
        for one in (*found.notes, *found.attachments)
    ]
    return Import(_plan(files, base), faults=tuple(faults), left_alone=tuple(one.path for one in found.others))


def _plan_digest(source: Path, base: Base, day: Date | None) -> Import:
    text = _text(source)
    digest, faults = parse_digest(text, source.name)
    day = day or digest.date
    if day is None:
        raise UsageError(f"{source.name} does not say which day it is of", mend="add --date 2024-02-16")
    if not digest.entries:
        raise UsageError(
            f"no entry found in {source.name}", mend="write '## ' before each title, or import it with --as note"
        )
    target = f"digests/{day.year:04}/{day}.md"
    content = source if digest.form is DigestForm.CANONICAL else _rewritten(text, digest, day, source)
    _refuse_other_day(content, target, day, source)
    faults = [fault for fault in faults if fault.code != "no-date"]
    return Import(_plan([(source, target, content)], base), digest.boundaries, tuple(faults))


def _rewritten(text: str, digest: Digest, day: Date, source: Path) -> bytes:
    canonical = canonical_text(text, digest, day)
    missing: Sequence[str] = missing_lines(text, canonical)
    if missing:
        raise NonmunError(
            f"importing {source.name} would lose {len(missing)} line(s), the first {missing[0][:60]!r}",
            mend="nothing was written; please report this file",
        )
    return canonical.encode("utf-8", "surrogateescape")


def _refuse_other_day(content: Content, target: str, day: Date, source: Path) -> None:
    """The day inside a digest wins over the name of its file, so the two must not differ."""
    data = content if isinstance(content, bytes) else content.read_bytes()
    written, _ = parse_digest(data.decode("utf-8", "surrogateescape"), target)
    if written.date != day:
        raise UsageError(
            f"{source.name} is of {written.date or 'no day'} by its own 'date:', not of {day}",
            mend="leave --date away, or correct the file",
        )


def _text(source: Path) -> str:
    """The text of one file, bytes that are no UTF-8 as lone surrogates."""
    text, faults = read_text(Found(source.name, str(source), ()))
    if faults:
        raise UsageError(f"{source}: {faults[0].message}", mend=faults[0].mend.partition(";")[0])
    # A stray NUL is survived; where many are, it is a document of some program, or UTF-16.
    if source.suffix.casefold() in EMBEDDABLE or text.count("\0") > MAX_NUL_SHARE * len(text):
        raise UsageError(f"{source} is no text", mend="import the text itself, or the folder of notes that embeds it")
    return text
