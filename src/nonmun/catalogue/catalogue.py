"""The catalogue: papers in order, and the ways to them - by slug, tag, day, name, link."""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date as Date
from typing import Any

from nonmun.model import Digest, Entry, Paper, Tag
from nonmun.recorded import Runner
from nonmun.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Catalogue:
    """Everything known, frozen, and one of a kind. `papers` are newest first; undated ones come last, by title."""

    papers: tuple[Paper, ...] = ()
    digests: tuple[Digest, ...] = ()  # newest first, each with a date
    runners: Mapping[str, Runner] = field(default_factory=dict)
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    tags: Mapping[str, Tag] = field(default_factory=dict)  # of the vocabulary, and those unknown tags that papers use
    tag_slugs: Mapping[str, str] = field(default_factory=dict)
    by_slug: Mapping[str, Paper] = field(default_factory=dict)
    by_tag: Mapping[str, tuple[Paper, ...]] = field(default_factory=dict)
    entry_slugs: Mapping[tuple[str, int], str] = field(default_factory=dict)  # (digest path, line) → slug
    entry_keys: Mapping[tuple[str, int], str] = field(default_factory=dict)  # the same → what changes with the entry
    targets: Mapping[str, str] = field(default_factory=dict)  # what a wiki link may say → address of a page or file
    embedded: frozenset[str] = frozenset()  # addresses of the files that some text embeds
    backlinks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # slug → slugs that link to it
    related: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # slug → the nearest papers' slugs

    def neighbours(self) -> dict[str, tuple[Paper | None, Paper | None]]:
        """For each slug the paper before (older) and after (newer) in time."""
        newest_first = self.papers
        return {
            paper.slug: (
                newest_first[i + 1] if i + 1 < len(newest_first) else None,
                newest_first[i - 1] if i else None,
            )
            for i, paper in enumerate(newest_first)
        }

    def oldest_first(self) -> list[Paper]:
        """For what a paper keeps when others join it: by day, undated ones last."""
        return sorted(self.papers, key=lambda paper: (paper.date is None, str(paper.date), paper.slug))

    def papers_with_runner(self, name: str) -> tuple[Paper, ...]:
        return tuple(paper for paper in self.papers if name in paper.runners)

    def digest_of(self, day: Date) -> Digest | None:
        return next((digest for digest in self.digests if digest.date == day), None)

    def entry_key(self, path: str, entry: Entry) -> str:
        """Equal for entries that say the same in the same lines."""
        return self.entry_keys.get((path, entry.line)) or key_of(entry)


def key_of(*inputs: Any) -> str:
    """A digest of values: equal keys, equal values.

    Not over pickles, nor over later versions of marshal: those of equal values differ by which of their strings happen
    to be one object. What marshal cannot write, such as our dataclasses, is taken by its `repr`, ten times as slowly.
    """
    try:
        data = marshal.dumps(inputs, 2)
    except ValueError:
        data = repr(inputs).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def used_tags(catalogue: Catalogue) -> list[str]:
    """Tags that get a page: used by a paper, or broader than one that is; most used first."""
    used = set(catalogue.by_tag)
    waiting = list(used)
    while waiting:
        for parent in catalogue.tags[waiting.pop()].broader:
            if parent in catalogue.tags and parent not in used:
                used.add(parent)
                waiting.append(parent)
    return sorted(used, key=lambda name: (-len(catalogue.by_tag.get(name, ())), name))
