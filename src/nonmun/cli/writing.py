"""Commands that write into a knowledge base: `init`, `new`, `import`."""

from __future__ import annotations

import shlex
from collections import Counter
from datetime import date as Date
from pathlib import Path
from typing import Annotated

import typer

from nonmun.cli.options import Root, read_day
from nonmun.cli.output import count, error_line, say, show_faults
from nonmun.errors import ConflictError
from nonmun.read import find_base
from nonmun.write import Import, Outcome, plan_import, write_import
from nonmun.write.importing import Kind
from nonmun.write.starting import new_note, start_base


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: nonmun init papers && cd papers && nonmun serve")(init)
    app.command(
        epilog='Example: nonmun new "Attention Is All You Need" --url https://arxiv.org/abs/1706.03762 --tag attention'
    )(new)
    app.command("import", epilog="Example: nonmun import digest.txt --date 2024-02-16 --dry-run")(import_)


def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder that is new or empty, or whose files are none of these.")
    ],
) -> None:
    """Begin a knowledge base, ready to build: one example note, digest and runner."""
    written = start_base(directory)
    for path in written:
        say(f"  {path}", "dim")
    following = f"nonmun serve --root {shlex.quote(str(directory))}"
    say(f"{directory} is ready: {count(len(written), 'file')}. Next: {following}", "green")


def new(
    title: Annotated[str, typer.Argument(help="The paper's title.")],
    root: Root = None,
    url: Annotated[
        str | None, typer.Option(help="The paper's address; arXiv's is understood.", show_default=False)
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(metavar="T", help="A tag. Repeatable.", show_default=False)] = None,
    date: Annotated[
        str | None, typer.Option(metavar="D", help="The note's day. [default: today]", show_default=False)
    ] = None,
) -> None:
    """Write the skeleton of a note into notes/."""
    base = find_base(root)
    path, outcome = new_note(base.root, title, day=read_day(date, "--date") or Date.today(), url=url, tags=tag or ())
    if outcome is Outcome.CONFLICT:
        raise ConflictError(f"{path} exists already", mend="edit that one, or choose another title")
    say(path, "green")


def import_(
    source: Annotated[
        Path,
        typer.Argument(metavar="SRC", help="A raw digest, a note, or a folder of notes such as an Obsidian vault."),
    ],
    root: Root = None,
    date: Annotated[
        str | None,
        typer.Option(metavar="D", help="The digest's day, where its name does not say it.", show_default=False),
    ] = None,
    kind: Annotated[
        Kind | None,
        typer.Option(
            "--as",
            help="What SRC is, where its name would mislead. [default: .md is a note, other text a digest]",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be written, and write nothing.")] = False,
) -> None:
    """Bring a raw digest, a note or a whole vault into the knowledge base.

    Nothing is lost and nothing is overwritten; importing the same thing twice changes nothing.
    """
    base = find_base(root)
    plan = plan_import(source, base, day=read_day(date, "--date"), kind=kind)
    done = plan if dry_run else write_import(plan, base)
    _report(done, dry_run=dry_run)
    if done.conflicts:
        raise typer.Exit(1)


def _report(done: Import, *, dry_run: bool) -> None:
    for boundary in done.boundaries:
        say(f"line {boundary.line}: {boundary.title}  ({boundary.reason})")
    show_faults(done.faults)
    single = len(done.files) <= 10
    for planned in done.files:
        if single or planned.outcome is Outcome.CONFLICT:
            verb = "would be written" if dry_run and planned.outcome is Outcome.WRITTEN else planned.outcome.value
            say(f"{planned.target}: {verb}")
    for planned in done.conflicts:
        error_line(
            f"{planned.target} differs from {planned.source} and was not overwritten; compare them, then move one away"
        )
    if done.left_alone:
        shown = ", ".join(done.left_alone[:8]) + (" …" if len(done.left_alone) > 8 else "")
        say(f"left alone, neither notes nor files a note embeds: {shown}", "dim")
    found = Counter(planned.outcome for planned in done.files)
    parts = [
        f"{found[Outcome.WRITTEN]:,} {'to write' if dry_run else 'written'}",
        f"{found[Outcome.SAME]:,} already there",
        f"{found[Outcome.CONFLICT]:,} differing",
    ]
    entries = f"{count(len(done.boundaries), 'entry')}, " if done.boundaries else ""
    say(f"{entries}{count(len(done.files), 'file')}: {', '.join(parts)}", "red" if done.conflicts else "green")
