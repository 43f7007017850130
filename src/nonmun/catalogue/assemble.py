"""Notes, digests, vocabulary and runners → one frozen catalogue, and the faults that only show in company."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date as Date

from rapidfuzz import fuzz, process

from nonmun.catalogue.catalogue import Catalogue
from nonmun.catalogue.related import count_paper, relate
from nonmun.catalogue.targets import broken_link, find_target, index_targets
from nonmun.errors import Fault, Severity
from nonmun.model import Digest, Entry, Lang, Mention, Note, Paper, Tag, WikiLink
from nonmun.parse.slugs import slugify
from nonmun.recorded import Runner
from nonmun.vocabulary import Vocabulary, unknown_tag

_SCHEME = re.compile(r"^https?://(?:www\.)?")


@dataclass(frozen=True, slots=True)
class Sources:
    """All that was read: parsed notes and digests, the vocabulary, the runners, the other files of the vaults."""

    notes: Sequence[Note] = ()
    digests: Sequence[Digest] = ()
    vocabulary: Vocabulary = field(default_factory=Vocabulary)
    runners: Mapping[str, Runner] = field(default_factory=dict)
    attachments: Sequence[str] = ()
    terms: Mapping[tuple[str, int], bytes] = field(default_factory=dict)  # counted before, by (path, line)
    keys: Mapping[tuple[str, int], str] = field(default_factory=dict)  # of the entries, by the same


def assemble(sources: Sources) -> tuple[Catalogue, list[Fault]]:
    """Bring everything together. Nothing is dropped: what conflicts gets an address of its own and a fault."""
    notes, faults = _distinct_slugs(sources.notes)
    digests, day_faults = _distinct_days(sources.digests)
    faults += day_faults
    papers, entry_slugs, entry_faults = _papers(notes, digests, sources.vocabulary)
    faults += entry_faults
    by_slug = {paper.slug: paper for paper in papers}
    by_tag = _group_by_tag(papers)
    tags = {**sources.vocabulary.tags, **{name: sources.vocabulary.tag(name) for name in by_tag}}
    tag_slugs = _tag_slugs(tags)
    targets = index_targets(papers, digests, sources.attachments, sources.runners, tag_slugs.values())
    backlinks, embedded, link_faults = _follow_links(papers, digests, targets)
    faults += link_faults + _check_tags(papers, sources.vocabulary) + _check_runners(papers, sources.runners)
    catalogue = Catalogue(
        papers=papers,
        digests=digests,
        runners=sources.runners,
        vocabulary=sources.vocabulary,
        tags=tags,
        tag_slugs=tag_slugs,
        by_slug=by_slug,
        by_tag=by_tag,
        entry_slugs=entry_slugs,
        entry_keys=sources.keys,
        targets=targets,
        embedded=embedded,
        backlinks=backlinks,
        related=relate({paper.slug: count_paper(paper, sources.terms) for paper in papers}),
    )
    return catalogue, faults


def _distinct_slugs(notes: Sequence[Note]) -> tuple[list[Note], list[Fault]]:
    taken: dict[str, Note] = {}
    faults: list[Fault] = []
    for note in sorted(notes, key=lambda note: note.path):
        slug = _free(note.slug, taken)
        if slug != note.slug:
            faults.append(
                Fault(
                    note.path,
                    1,
                    "slug-conflict",
                    f"the address /notes/{note.slug}/, which {taken[note.slug].path} has already",
                    f"rename one of the two files; until then this one is at /notes/{slug}/",
                    "an address of its own",
                )
            )
        taken[slug] = replace(note, slug=slug)
    return list(taken.values()), faults


def _free(slug: str, taken: Iterable[str]) -> str:
    names = taken if isinstance(taken, (set, dict)) else set(taken)
    number = 2
    free = slug
    while free in names:
        free = f"{slug}-{number}"
        number += 1
    return free


def _distinct_days(digests: Sequence[Digest]) -> tuple[tuple[Digest, ...], list[Fault]]:
    by_day: dict[Date, Digest] = {}
    faults: list[Fault] = []
    for digest in sorted(digests, key=lambda digest: digest.path):
        if digest.date is None:
            continue  # reported by the parser
        if digest.date in by_day:
            first = by_day[digest.date]
            faults.append(
                Fault(
                    digest.path,
                    1,
                    "day-conflict",
                    f"a second digest of {digest.date}, after {first.path}",
                    "put both into one file; until then its entries follow those of the first",
                    "one digest a day",
                )
            )
            by_day[digest.date] = replace(first, continued=(*first.continued, digest))
        else:
            by_day[digest.date] = digest
    return tuple(sorted(by_day.values(), key=lambda digest: str(digest.date), reverse=True)), faults


def _papers(
    notes: Sequence[Note], digests: Sequence[Digest], vocabulary: Vocabulary
) -> tuple[tuple[Paper, ...], dict[tuple[str, int], str], list[Fault]]:
    """Notes and entries about one paper meet: by arXiv id, else by URL, else by title."""
    drafts: dict[str, tuple[Note | None, list[Mention]]] = {note.slug: (note, []) for note in notes}
    known: dict[str, str] = {}
    for note in notes:
        for key in _identities(note.entry):
            known.setdefault(key, note.slug)
    entry_slugs: dict[tuple[str, int], str] = {}
    faults: list[Fault] = []
    for digest in sorted(digests, key=lambda digest: str(digest.date)):
        assert digest.date is not None  # _distinct_days keeps none without
        for path, entry in [(part.path, entry) for part in digest.parts for entry in part.entries]:
            keys = _identities(entry)
            slug = next((known[key] for key in keys if key in known), None)
            if slug is None:
                wanted = slugify(entry.title)
                slug = _free(wanted, drafts)
                if slug != wanted:
                    faults.append(
                        Fault(
                            path,
                            entry.line,
                            "slug-conflict",
                            f"an entry whose address /notes/{wanted}/ is another paper's",
                            f"give both the same URL if they are one paper; until then this one is at /notes/{slug}/",
                            severity=Severity.WARNING,
                        )
                    )
                drafts[slug] = (None, [])
            for key in keys:
                known.setdefault(key, slug)
            drafts[slug][1].append(Mention(digest.date, path, entry))
            entry_slugs[path, entry.line] = slug
    papers = [paper_of(slug, note, tuple(mentions), vocabulary) for slug, (note, mentions) in drafts.items()]
    papers.sort(key=lambda paper: (paper.title.casefold(), paper.slug))
    papers.sort(key=lambda paper: str(paper.date or ""), reverse=True)
    return tuple(papers), entry_slugs, faults


def _identities(entry: Entry) -> list[str]:
    """What makes two entries one paper, strongest first."""
    keys = [f"arxiv:{entry.arxiv.id}"] if entry.arxiv else []
    if entry.urls and not entry.arxiv:
        keys.append(f"url:{_SCHEME.sub('', entry.urls[0].url).rstrip('/')}")
    keys.append(f"title:{' '.join(entry.title.casefold().split())}")
    return keys


def paper_of(slug: str, note: Note | None, mentions: tuple[Mention, ...], vocabulary: Vocabulary) -> Paper:
    """What a note and the mentions of one paper say together."""
    entries = ([note.entry] if note else []) + [mention.entry for mention in mentions]
    main = entries[0]
    tags = dict.fromkeys(vocabulary.canonical(use.name) for entry in entries for use in entry.tags)
    langs = {lang for entry in entries for lang in entry.langs}
    return Paper(
        slug=slug,
        title=main.title,
        authors=next((entry.authors for entry in entries if entry.authors), ()),
        urls=tuple(dict.fromkeys(url.url for entry in entries for url in entry.urls)),
        arxiv=next((entry.arxiv for entry in entries if entry.arxiv), None),
        date=(note.entry.date if note else None) or (mentions[0].date if mentions else None),
        tags=tuple(tags),
        runners=tuple(dict.fromkeys(use.name for entry in entries for use in entry.runners)),
        langs=tuple(lang for lang in Lang if lang in langs),
        note=note,
        mentions=mentions,
    )


def _entries(paper: Paper) -> list[tuple[str, Entry]]:
    own = [(paper.note.path, paper.note.entry)] if paper.note else []
    return own + [(mention.path, mention.entry) for mention in paper.mentions]


def _follow_links(
    papers: Sequence[Paper], digests: Sequence[Digest], targets: Mapping[str, str]
) -> tuple[dict[str, tuple[str, ...]], frozenset[str], list[Fault]]:
    """Which papers lead to which, which files are embedded, and the links that lead nowhere."""
    backlinks: dict[str, dict[str, None]] = {}
    embedded: set[str] = set()
    faults: list[Fault] = []
    for slug, path, link in _links(papers, digests):
        address = find_target(link.target, path, targets) if link.target else f"notes/{slug}/"
        if address is None:
            faults.append(broken_link(path, link, targets))
        elif address.startswith("files/"):
            embedded.add(address)
        elif slug and address.startswith("notes/") and (other := address.removeprefix("notes/").strip("/")) != slug:
            backlinks.setdefault(other, {})[slug] = None
    return {slug: tuple(sources) for slug, sources in backlinks.items()}, frozenset(embedded), faults


def _links(papers: Sequence[Paper], digests: Sequence[Digest]) -> Iterator[tuple[str, str, WikiLink]]:
    """Every link with the paper whose text it stands in, if it does, and the file."""
    for paper in papers:
        for path, entry in _entries(paper):
            for link in entry.links:
                yield paper.slug, path, link
    for digest in digests:
        for part in digest.parts:
            for link in part.links:
                yield "", part.path, link


def _group_by_tag(papers: Iterable[Paper]) -> dict[str, tuple[Paper, ...]]:
    grouped: dict[str, list[Paper]] = {}
    for paper in papers:
        for tag in paper.tags:
            grouped.setdefault(tag, []).append(paper)
    return {tag: tuple(members) for tag, members in grouped.items()}


def _tag_slugs(tags: Mapping[str, Tag]) -> dict[str, str]:
    taken: dict[str, str] = {}
    for name in sorted(tags):
        taken[_free(slugify(name), taken)] = name
    return {name: slug for slug, name in taken.items()}


def _check_tags(papers: Sequence[Paper], vocabulary: Vocabulary) -> list[Fault]:
    if not vocabulary.tags:
        return []
    return [
        unknown_tag(path, use.line, use.found, use.name, vocabulary)
        for paper in papers
        if not vocabulary.tags.keys() >= set(paper.tags)
        for path, entry in _entries(paper)
        for use in entry.tags
        if vocabulary.canonical(use.name) not in vocabulary.tags
    ]


def _check_runners(papers: Sequence[Paper], runners: Mapping[str, Runner]) -> list[Fault]:
    faults: list[Fault] = []
    for paper in papers:
        for path, entry in _entries(paper):
            for use in entry.runners:
                if use.name not in runners:
                    nearest = process.extractOne(use.name, list(runners), scorer=fuzz.ratio, score_cutoff=70)
                    mend = (
                        f"did you mean '{nearest[0]}'?"
                        if nearest
                        else f"make the folder runners/{use.name}, or take the name out"
                    )
                    faults.append(
                        Fault(
                            path,
                            use.line,
                            "unknown-runner",
                            f"unknown runner '{use.name}'",
                            mend,
                            severity=Severity.WARNING,
                        )
                    )
    return faults
