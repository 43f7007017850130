"""A note file → Note. Both forms, by whether it begins with front matter."""

from __future__ import annotations

from pathlib import PurePosixPath

from nonmun.errors import Fault, Severity
from nonmun.model import Note, NoteForm, RunnerUse, TagUse, Url
from nonmun.parse.dates import date_from_name, read_date, split_name
from nonmun.parse.entry import Given, parse_entry
from nonmun.parse.front_matter import FrontMatter, Scalar, read_front_matter
from nonmun.parse.links import bare_arxiv_id, find_urls
from nonmun.parse.slugs import slugify
from nonmun.parse.tags import normal_form
from nonmun.parse.text import clean, split_lines, unclosed_code, undecodable


def parse_note(text: str, path: str) -> tuple[Note, list[Fault]]:
    """Understand one note. Total: any text gives a Note; what is wrong with it comes beside, with its line.

    `path` is the file's path as it should be shown; its name gives the slug, the date and, in need, the title.
    """
    faults = undecodable(text, path)
    lines = split_lines(clean(text))
    faults += unclosed_code(lines, path)
    front, front_faults = read_front_matter(lines, path)
    faults += front_faults
    given, given_faults = _given(front, path)
    faults += given_faults
    form = NoteForm.FRONT_MATTER if front.length else NoteForm.AUTHOR_STYLE
    entry, entry_faults = parse_entry(lines[front.length :], given, path, by_line=form is NoteForm.AUTHOR_STYLE)
    faults += entry_faults
    if not text.strip():
        faults.append(
            Fault(
                path,
                1,
                "empty-note",
                "an empty note",
                "write a title, or delete the file",
                "some text",
                Severity.WARNING,
            )
        )
    return Note(path, slugify(PurePosixPath(clean(path)).stem), form, entry), faults


def _given(front: FrontMatter, path: str) -> tuple[Given, list[Fault]]:
    faults: list[Fault] = []
    title = front.one("title")
    if (written := front.one("date")) is not None:
        date, date_faults = read_date(written.text, path, written.line)
    else:
        date, date_faults = date_from_name(path)
    faults += date_faults
    urls, url_faults = _urls((*front.many("url"), *front.many("urls")), path)
    faults += url_faults
    arxiv = None
    if (written := front.one("arxiv")) is not None:
        arxiv = bare_arxiv_id(written.text)
        if arxiv is None:
            faults.append(
                Fault(
                    path,
                    written.line,
                    "bad-arxiv-id",
                    f"arXiv id '{written.text[:40]}'",
                    "correct it",
                    "an id such as 2402.10193",
                )
            )
        elif not any(bare_arxiv_id(url.url) == arxiv for url in urls):
            urls = (Url(arxiv.abs_url, written.line), *urls)
    authors = front.many("authors")
    given = Given(
        title=" ".join(title.text.split()) if title else "",
        title_line=title.line if title else 1,
        fallback_title=split_name(clean(path))[1] or PurePosixPath(path).stem,
        authors=tuple(name.text for name in authors),
        authors_line=authors[0].line if authors else None,
        urls=urls,
        arxiv=arxiv,
        date=date,
        tags=tuple(_tag(tag) for tag in front.many("tags") if normal_form(tag.text)),
        runners=tuple(RunnerUse(runner.text, runner.line) for runner in front.many("runners")),
    )
    return given, faults


def _tag(written: Scalar) -> TagUse:
    return TagUse(normal_form(written.text), written.text.lstrip("#"), written.line)


def _urls(written: tuple[Scalar, ...], path: str) -> tuple[tuple[Url, ...], list[Fault]]:
    urls: list[Url] = []
    faults: list[Fault] = []
    for scalar in written:
        found = [url for _, url in find_urls(scalar.text)]
        urls += [Url(url, scalar.line) for url in found]
        if not found:
            faults.append(
                Fault(
                    path,
                    scalar.line,
                    "bad-url",
                    f"url '{scalar.text[:60]}'",
                    "write the whole address",
                    "an address that begins with https://",
                )
            )
    return tuple(urls), faults
