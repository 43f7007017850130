"""Where links between notes lead: every name under which a page or a file can be meant."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import PurePosixPath

from rapidfuzz import fuzz, process

from nonmun.errors import Fault, Severity
from nonmun.model import Digest, Paper, WikiLink

SUGGESTION_CUTOFF = 75
MAX_NAMES_COMPARED = 20_000
_UPWARDS = re.compile(r"^(?:\.\./)+")
# The folders of the site: an address of it can be written into a link, `/tags/gan/`, as well.
_PLACES = ("notes/", "digests/", "tags/", "runners/")


def target_key(text: str) -> str:
    """The form in which two spellings of a link's target are one: NFC, any case, no `.md`, no slashes around it."""
    key = unicodedata.normalize("NFC", text).strip().casefold()
    return key.removeprefix("./").strip("/").removesuffix(".md").removesuffix(".markdown")


def find_target(target: str, path: str, targets: Mapping[str, str]) -> str | None:
    """The address that `target` means in the file at `path`: a file beside it, else a page or file of that name.

    A path that goes upwards means that one file, or an address of the site.
    """
    key = target_key(target)
    here = target_key(path)
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(here), key))
    within = beside.startswith((here.partition("/")[0] + "/", *_PLACES))  # what lies above is not read
    if within and (address := targets.get(beside)) is not None:
        return address
    if not key.startswith("../"):
        return targets.get(key)
    key = _UPWARDS.sub("", key)
    return targets.get(key) if key.startswith(_PLACES) else None


def index_targets(
    papers: Iterable[Paper],
    digests: Iterable[Digest],
    attachments: Iterable[str],
    runners: Iterable[str] = (),
    tags: Iterable[str] = (),
) -> dict[str, str]:
    """Name → address relative to the site's root. Earlier kinds win: file names, paths, slugs, titles, days, files,
    and addresses as such. `tags` are the tags' slugs.
    """
    papers = list(papers)
    targets: dict[str, str] = {}
    for paper in papers:
        if paper.note:
            _add_paths(targets, paper.note.path, f"notes/{paper.slug}/")
    for paper in papers:
        targets.setdefault(paper.slug, f"notes/{paper.slug}/")
        targets.setdefault(target_key(paper.title), f"notes/{paper.slug}/")
    for digest in digests:
        for part in digest.parts:
            targets.setdefault(target_key(part.path), f"digests/{digest.date}/")
        targets.setdefault(f"{digest.date}", f"digests/{digest.date}/")
    for attachment in attachments:
        _add_paths(targets, attachment, f"files/{attachment}")
    for runner in runners:
        targets.setdefault(target_key(f"runners/{runner}/README.md"), f"runners/{runner}/")
    addresses = [f"notes/{paper.slug}/" for paper in papers] + [f"digests/{digest.date}/" for digest in digests]
    for address in (*addresses, *(f"runners/{name}/" for name in runners), *(f"tags/{slug}/" for slug in tags)):
        targets.setdefault(target_key(address), address)
    return targets


def _add_paths(targets: dict[str, str], path: str, address: str) -> None:
    """Its whole path, and every end of it."""
    parts = PurePosixPath(target_key(path)).parts
    for start in range(len(parts)):
        targets.setdefault("/".join(parts[start:]), address)


def suggest_target(target: str, targets: Iterable[str]) -> str | None:
    """The nearest name that leads somewhere, or None where none is near."""
    names = list(islice(targets, MAX_NAMES_COMPARED))
    wanted = _UPWARDS.sub("", target_key(target))
    nearest = process.extractOne(wanted, names, scorer=fuzz.ratio, score_cutoff=SUGGESTION_CUTOFF)
    return str(nearest[0]) if nearest else None


def broken_link(path: str, link: WikiLink, targets: Iterable[str]) -> Fault:
    """The fault for a link that leads nowhere, with the nearest name that leads somewhere."""
    nearest = suggest_target(link.target, targets)
    mend = f"did you mean '{nearest}'?" if nearest else "write the note it should lead to, or take the brackets away"
    found = f"{'embed' if link.embed else 'link'} to '{link.target}', which does not exist"
    expected = "the name or path of a note, or of a file that a note may embed"
    return Fault(path, link.line, "broken-link", found, mend, expected, Severity.WARNING)
