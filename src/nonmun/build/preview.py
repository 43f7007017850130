"""The page of a note that was just edited, before the rest of the site has followed.

A build after an edit brings thousands of papers together again: whose lists change, whose neighbour this is, what is
related to it now. What its own page says of it is known in a hundredth of that time. So it is made by itself, among
the papers of the last build, and is shown until the next build has ended, whose page takes its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from nonmun.build.framing import Frames
from nonmun.build.making import make_pages
from nonmun.build.project import site_path
from nonmun.catalogue import Catalogue, paper_of
from nonmun.errors import NonmunError
from nonmun.model import Paper
from nonmun.pages import Templates, drafts
from nonmun.parse import parse_note
from nonmun.read.load import Loaded
from nonmun.read.scan import Found, read_text


def preview(changed: Iterable[Path], last: Loaded, templates: Templates, frames: Frames) -> Mapping[str, bytes]:
    """The pages of the notes in these files, by their paths in the site.

    Whatever cannot be said of a note alone is left to the build: a file that was no note, a tag that is new, an error.
    """
    places = {found.place: found for found in last.notes}
    papers = {paper.note.path: paper for paper in last.catalogue.papers if paper.note}
    found = [places[str(file)] for file in changed if str(file) in places]
    plans = drafts(_edited(found, papers, last.catalogue), last.catalogue, templates)
    texts: dict[str, str] = {}
    try:
        make_pages(plans, texts.__setitem__, lambda done: None)
    except NonmunError:  # which the build will meet, too, and say
        return {}
    framed = ((path, frames.page(path, text)) for path, text in texts.items())
    return {site_path(path): page.encode() for path, page in framed if page is not None}


def _edited(found: Iterable[Found], papers: Mapping[str, Paper], catalogue: Catalogue) -> Iterator[Paper]:
    for one in found:
        before = papers.get(one.path)
        text, faults = read_text(one)
        if before is None or faults or not text:
            continue
        note = replace(parse_note(text, one.path)[0], slug=before.slug)
        paper = paper_of(before.slug, note, before.mentions, catalogue.vocabulary)
        if catalogue.by_tag.keys() >= set(paper.tags):
            yield paper
