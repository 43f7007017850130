"""The catalogue: papers in order, and the ways to them - by slug, tag, day, name, link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date as Date

from nonmun.model import Digest, Paper, Tag
from nonmun.recorded import Runner
from nonmun.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything known, frozen. `papers` are newest first; undated ones come last, by title."""

    papers: tuple[Paper, ...] = ()
    digests: tuple[Digest, ...] = ()  # newest first, each with a date
    runners: Mapping[str, Runner] = field(default_factory=dict)
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    tags: Mapping[str, Tag] = field(default_factory=dict)  # of the vocabulary, and those unknown tags that papers use
    tag_slugs: Mapping[str, str] = field(default_factory=dict)
    by_slug: Mapping[str, Paper] = field(default_factory=dict)
    by_tag: Mapping[str, tuple[Paper, ...]] = field(default_factory=dict)
    entry_slugs: Mapping[tuple[str, int], str] = field(default_factory=dict)  # (digest path, line) → slug
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

    def papers_with_runner(self, name: str) -> tuple[Paper, ...]:
        return tuple(paper for paper in self.papers if name in paper.runners)

    def digest_of(self, day: Date) -> Digest | None:
        return next((digest for digest in self.digests if digest.date == day), None)
