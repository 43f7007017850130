"""Commands that only read: `check` and `list`."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from nonmun.catalogue import Catalogue, paper_record
from nonmun.cli.options import Json, Notes, Root, Strict, read_day
from nonmun.cli.output import count, json_line, one_line, out, say, show_faults, show_table
from nonmun.errors import Severity, UsageError
from nonmun.model import Lang, Paper
from nonmun.parse import normal_form
from nonmun.read import find_base, load


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: nonmun check --notes ~/vault/papers")(check)
    app.command("list", epilog="Example: nonmun list --tag quantization --since 2024-01-01 --json")(list_papers)


def check(root: Root = None, notes: Notes = None, json: Json = False, strict: Strict = False) -> None:
    """Report every fault of every file in one run, as `file:line: message; how to mend it`.

    Ends with 1 where there are errors (with --strict: or warnings).
    """
    from nonmun.build.pipeline import check_base

    found = check_base(find_base(root, notes or ()))
    show_faults(found.faults, as_json=json)
    errors = sum(fault.severity is Severity.ERROR for fault in found.faults)
    warnings = len(found.faults) - errors
    if not json:
        style = "red" if errors else "yellow" if warnings else "green"
        say(
            f"{count(found.papers, 'paper')}, {count(found.files, 'file')}: "
            f"{count(errors, 'error')}, {count(warnings, 'warning')}",
            style,
        )
    if errors or (strict and warnings):
        raise typer.Exit(1)


def list_papers(
    root: Root = None,
    notes: Notes = None,
    json: Json = False,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            metavar="T",
            help="Only papers with this tag (any of its spellings). Repeatable: all of them.",
            show_default=False,
        ),
    ] = None,
    runner: Annotated[
        str | None, typer.Option(metavar="R", help="Only papers that this runner demonstrates.", show_default=False)
    ] = None,
    lang: Annotated[
        Lang | None, typer.Option(help="Only papers with text in this language.", show_default=False)
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="D", help="Only papers of this day or later.", show_default=False)
    ] = None,
) -> None:
    """List papers, newest first."""
    first = read_day(since, "--since")
    catalogue = load(find_base(root, notes or ())).catalogue
    wanted = {_known_tag(name, catalogue) for name in tag or ()}
    if runner is not None:
        _check_runner(runner, catalogue)
    papers = [
        paper
        for paper in catalogue.papers
        if wanted <= set(paper.tags)
        and (runner is None or runner in paper.runners)
        and (lang is None or lang in paper.langs)
        and (first is None or (paper.date is not None and paper.date >= first))
    ]
    if json:
        for paper in papers:
            json_line(paper_record(paper))
    elif out.is_terminal:
        _show_table(papers)
    else:
        for paper in papers:
            say("\t".join(one_line(cell) for cell in _cells(paper)))


def _known_tag(spelled: str, catalogue: Catalogue) -> str:
    """The canonical name of a tag as someone types it."""
    form = normal_form(spelled)
    name = catalogue.vocabulary.canonical(form)
    if name not in catalogue.tags:
        near = catalogue.vocabulary.suggest(form)
        mend = f"did you mean '{near}'?" if near else "name one that a note has, or one of notes/tags.yml"
        raise UsageError(f"no tag '{spelled}'", mend=mend)
    return name


def _check_runner(name: str, catalogue: Catalogue) -> None:
    known = {*catalogue.runners, *(used for paper in catalogue.papers for used in paper.runners)}
    if name not in known:
        near = get_close_matches(name, known, n=1)
        mend = f"did you mean '{near[0]}'?" if near else "name a folder of runners/"
        raise UsageError(f"no runner '{name}'", mend=mend)


def _cells(paper: Paper) -> tuple[str, ...]:
    tags = " ".join(f"#{name}" for name in paper.tags)
    return str(paper.date or "-"), paper.title, tags, f"{paper.path}:{paper.line}"


def _show_table(papers: list[Paper]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column, style in (("date", "cyan"), ("title", ""), ("tags", "green"), ("file", "dim")):
        table.add_column(column, style=style, overflow="fold")
    for paper in papers:
        table.add_row(*(Text(one_line(cell)) for cell in _cells(paper)))
    show_table(table)
    say(count(len(papers), "paper"), "dim")
