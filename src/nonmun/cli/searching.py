"""The command that finds: `search`, with the same index, words and ranking as the site's own search."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated, Any

import typer
from rich.text import Text

from nonmun.cli.options import Json, Notes, Root
from nonmun.cli.output import count, error_line, json_line, one_line, out, printable, say, show_text
from nonmun.errors import UsageError
from nonmun.read import find_base
from nonmun.search import Hit, Index, Options, Result, add_filters, parse_query, search
from nonmun.search.query import tag_form


def register(app: typer.Typer) -> None:
    app.command("search", epilog='Example: nonmun search "사전학습 -gan year:2020.." --tag nlp')(search_notes)


def search_notes(
    query: Annotated[
        str,
        typer.Argument(
            metavar="QUERY",
            help='Words, "phrases", -not, tag: -tag: author: year:2020..2022 lang:ko has:runner arxiv:2402.10193.',
        ),
    ],
    tag: Annotated[
        list[str] | None,
        typer.Option(
            metavar="T", help="Only notes with this tag or one below it. Repeatable: all of them.", show_default=False
        ),
    ] = None,
    not_tag: Annotated[
        list[str] | None,
        typer.Option(metavar="T", help="Only notes without this tag. Repeatable.", show_default=False),
    ] = None,
    any_tag: Annotated[bool, typer.Option("--any", help="Notes with any of the tags instead of all.")] = False,
    exact: Annotated[bool, typer.Option("--exact", help="Without the other spellings of a tag's name.")] = False,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="At most so many notes.")] = 10,
    json: Json = False,
    root: Root = None,
    notes: Notes = None,
) -> None:
    """Find notes, best first: the same that the site's search box finds.

    Ends with 1 where nothing is found.
    """
    from nonmun.build.indexing import open_index

    index = open_index(find_base(root, notes or ()))
    for spelled in (*(tag or ()), *(not_tag or ())):
        _check_tag(spelled, index)
    asked = add_filters(parse_query(query), tags=tag or (), without_tags=not_tag or ())
    found = search(index, asked, Options(any_tag=any_tag, widen=not exact, limit=limit))
    for hit in found.hits:
        if json:
            json_line(hit_record(hit))
        elif out.is_terminal:
            _show(hit)
        else:
            cells = (hit.record.date or "-", hit.record.title, _tags(hit), f"notes/{hit.record.slug}/", _passage(hit))
            say("\t".join(one_line(cell) for cell in cells))
    for problem in found.problems:
        error_line(f"'{problem}' says nothing; see nonmun search --help for what can be written")
    if not json and out.is_terminal:
        _sum_up(found)
    if not found.hits:
        raise typer.Exit(1)


def _check_tag(spelled: str, index: Index) -> None:
    known = {form: label.name for label in index.labels for form in label.spellings}
    form = tag_form(spelled)
    if form not in known:
        near = get_close_matches(form, known, n=1)
        mend = f"did you mean '{known[near[0]]}'?" if near else "name one that a note has, or one of notes/tags.yml"
        raise UsageError(f"no tag '{spelled}'", mend=mend)


def hit_record(hit: Hit) -> dict[str, Any]:
    """One hit for programs; the same keys always."""
    record = hit.record
    return {
        "slug": record.slug,
        "title": record.title,
        "date": record.date or None,
        "authors": list(record.authors),
        "arxiv": record.arxiv or None,
        "tags": list(record.tags),
        "langs": list(record.langs),
        "runner": record.runner,
        "score": round(hit.score, 6),
        "snippet": {"lang": hit.snippet.lang or None, "pieces": [list(piece) for piece in hit.snippet.pieces]},
    }


def _tags(hit: Hit) -> str:
    return " ".join(f"#{name}" for name in hit.record.tags)


def _passage(hit: Hit) -> str:
    return "".join(text for text, _ in hit.snippet.pieces)


def _show(hit: Hit) -> None:
    """Title, facts and passage, with what matched in bold."""
    title = Text()
    for text, marked in hit.title:
        title.append(printable(text), "bold green" if marked else "bold")
    passage = Text("  ")
    for text, marked in hit.snippet.pieces:
        passage.append(printable(text), "bold green" if marked else "")
    show_text(title)
    say(f"  {hit.record.date or '-'}  {_tags(hit)}  notes/{hit.record.slug}/", "dim")
    show_text(passage)


def _sum_up(found: Result) -> None:
    for wider in found.wider:
        if wider.spellings:
            say(f"'{wider.shown}' also as {', '.join(wider.spellings)}; --exact leaves them out", "dim")
    more = f", the best {len(found.hits)} shown" if found.total > len(found.hits) else ""
    say(f"{count(found.total, 'note')}{more}", "dim")
