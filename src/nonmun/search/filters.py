"""What narrows a search, and how many of the notes found each further filter would leave.

A filter is known by its dimension, so that a facet can be counted without its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from nonmun.search.documents import Zone
from nonmun.search.index import Label
from nonmun.search.query import Query
from nonmun.search.reader import Index

Notes = set[int]
Filter = tuple[str, Callable[[int], bool]]


@dataclass(frozen=True, slots=True)
class Facets:
    """How many of the notes found have each tag, year and language, and a runner; each without its own filter."""

    tags: Mapping[str, int] = field(default_factory=dict)
    years: Mapping[int, int] = field(default_factory=dict)
    langs: Mapping[str, int] = field(default_factory=dict)
    runner: int = 0


def with_facts(index: Index, facts: Iterable[str]) -> Notes:
    """The notes that have a tag (#name) or an arXiv id (@id) of those given."""
    found: Notes = set()
    for fact in facts:
        found |= index.places(fact).get(Zone.FACT, {}).keys()
    return found


def _tagged(index: Index, label: Label | None) -> Notes:
    """The notes that have a tag, or one below it."""
    return with_facts(index, [f"#{name}" for name in (label.name, *label.narrower)]) if label else set()


def filters_of(
    index: Index, query: Query, spelled: Mapping[str, Label], *, any_tag: bool
) -> tuple[list[Filter], list[str]]:
    """The filters of a query, and those pieces of it that name no tag. `any_tag` asks for one of its tags, not all."""
    filters: list[Filter] = []
    problems: list[str] = []
    wanted: list[Notes] = []
    for form in query.tags:
        label = spelled.get(form)
        if label is None:
            problems.append(f"tag:{form}")
        wanted.append(_tagged(index, label))
    if wanted:
        chosen = set.union(*wanted) if any_tag else set.intersection(*wanted)
        filters.append(("tags" if any_tag else "all tags", chosen.__contains__))
    for form in query.without_tags:
        label = spelled.get(form)
        unwanted = _tagged(index, label)
        filters.append(("without tags", lambda note, unwanted=unwanted: note not in unwanted))  # type: ignore[misc]
    if query.years:
        years = index.columns.years
        filters.append(("years", lambda note: any(first <= years[note] <= last for first, last in query.years)))
    if query.langs:
        bits = sum({"ko": 1, "en": 2}[lang] for lang in set(query.langs))
        flags = index.columns.flags
        filters.append(("langs", lambda note: bool(flags[note] & bits)))
    if query.runner or query.without_runner:
        flags = index.columns.flags
        filters.append(("runner", lambda note: bool(flags[note] & 4) != query.without_runner))
    return filters, problems


def under(notes: Notes, filters: Sequence[Filter], without: str = "") -> Notes:
    """The notes that pass all filters but those of one dimension."""
    tests = [test for dimension, test in filters if dimension != without]
    return {note for note in notes if all(test(note) for test in tests)} if tests else notes


def count_facets(index: Index, notes: Notes, filters: Sequence[Filter]) -> Facets:
    """The facets of the notes that were found before any filter."""
    columns = index.columns
    above = _above(index.labels)
    tags = Counter(
        tag
        for note in under(notes, filters, "tags")
        for tag in {wider for own in columns.tags[note] for wider in above[own]}
    )
    years = Counter(columns.years[note] for note in under(notes, filters, "years"))
    langs = Counter(columns.flags[note] & 3 for note in under(notes, filters, "langs"))
    return Facets(
        tags={index.labels[tag].name: count for tag, count in sorted(tags.items(), key=lambda one: (-one[1], one[0]))},
        years={year: years[year] for year in sorted(years, reverse=True) if year},
        langs={"ko": langs[1] + langs[3], "en": langs[2] + langs[3]},
        runner=sum(bool(columns.flags[note] & 4) for note in under(notes, filters, "runner")),
    )


def _above(labels: Sequence[Label]) -> list[set[int]]:
    """For each tag, by number, itself and all above it: a note counts for all of them, as `tag:` finds it by each."""
    number_of = {label.name: number for number, label in enumerate(labels)}
    above = [{number} for number in range(len(labels))]
    for number, label in enumerate(labels):
        for name in label.narrower:
            if name in number_of:
                above[number_of[name]].add(number)
    return above
