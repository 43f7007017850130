"""Commands that build, serve and look after the site: `build`, `serve`, `doctor`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from nonmun.cli.options import Json, Notes, Root, Strict
from nonmun.cli.output import count, err, error_line, flush, json_line, out, say, show_faults
from nonmun.errors import Fault, NonmunError
from nonmun.read import find_base

if TYPE_CHECKING:  # imported where it is used: engines take long to import, and most commands need none
    from nonmun.build.pipeline import Report

PATIENCE = 100  # parsed files that `serve` may leave unwritten: they are parsed again if it is killed


class EngineName(StrEnum):
    """The site engines that read the generated tree."""

    MKDOCS = "mkdocs"
    ZENSICAL = "zensical"


EngineOption = Annotated[EngineName, typer.Option(help="What renders the pages. Both give the same ones.")]


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: nonmun build --strict")(build)
    app.command(epilog="Example: nonmun serve --notes ~/vault/papers --port 8001")(serve)
    app.command(epilog="Example: nonmun doctor")(doctor)


def build(
    root: Root = None, notes: Notes = None, engine: EngineOption = EngineName.MKDOCS, strict: Strict = False
) -> None:
    """Build the site into build/site; only what changed is made again.

    Ends with 1 where a file has an error (with --strict: or a warning); the site is built all the same.
    """
    from nonmun.build.pipeline import build as build_site

    base = find_base(root, notes or ())
    with _progress() as progress:
        report = build_site(base, engine=engine.value, progress=progress)
    show_faults(report.faults)
    for warning in report.warnings:
        error_line(f"{engine.value}: {warning}")
    say(f"{_summary(report)} in {base.build / 'site'}", "green")
    if report.failed or (strict and (report.faults or report.warnings)):
        raise typer.Exit(1)


def serve(
    root: Root = None,
    notes: Notes = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port on this machine; 0 takes any that is free.")
    ] = 8000,
    engine: EngineOption = EngineName.MKDOCS,
) -> None:
    """Build, serve on this machine only, and rebuild and reload as files change. Ctrl-C ends it."""
    from nonmun.build.pipeline import Session
    from nonmun.serve import listen
    from nonmun.serve import serve as serve_site

    base = find_base(root, notes or ())
    listener = listen(port)  # before the build, which a port that is taken should not cost
    session = Session(base, patience=PATIENCE)
    with _progress() as progress:
        report = session.build(engine=engine.value, command="nonmun serve", progress=progress)
    said = _Said()
    said.show(report)

    def told(news: Report | NonmunError) -> None:
        if isinstance(news, NonmunError):
            error_line(str(news))
        else:
            said.show(news)
        flush()

    try:
        serve_site(session, listener, engine=engine.value, told=told, ready=_ready)
    finally:
        session.close()


class _Said:
    """What the last build had to say, so that the next one says only what is new."""

    def __init__(self) -> None:
        self._lines: set[Fault | str] = set()
        self._first = True

    def show(self, report: Report) -> None:
        show_faults([fault for fault in report.faults if fault not in self._lines])
        for warning in report.warnings:
            if warning not in self._lines:
                error_line(warning)
        if self._first or report.changed:
            say(_summary(report), "green")
        self._lines = {*report.faults, *report.warnings}
        self._first = False


def _ready(address: str) -> None:
    say(f"serving {address} on this machine; Ctrl-C ends it", "bold")
    flush()


def doctor(root: Root = None, json: Json = False) -> None:
    """Say what is missing or would be ignored - engines, plugins, fonts, weights - and how to mend it.

    Ends with 1 where something that is needed is missing.
    """
    from nonmun.doctor import examine

    findings = examine(root)
    marks = {"ok": ("✓", "green"), "optional": ("–", "yellow"), "missing": ("✗", "red"), "ignored": ("!", "yellow")}
    for finding in findings:
        if json:
            json_line(
                {"subject": finding.subject, "state": finding.state.value, "found": finding.found, "mend": finding.mend}
            )
        else:
            mark, colour = marks[finding.state.value]
            say(f"{mark} {finding.subject}: {finding.found}" + (f"; {finding.mend}" if finding.mend else ""), colour)
    if any(finding.state.value == "missing" for finding in findings):
        raise typer.Exit(1)


def _summary(report: Report) -> str:
    pages = f"{count(report.rendered, 'page')} of {report.pages:,} rendered" if report.rendered else "nothing to render"
    return f"{count(report.papers, 'paper')}, {pages}, {report.seconds:.1f} s"


_STAGES = {"read": "reading", "pages": "writing pages", "render": "rendering", "publish": "publishing"}


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on a terminal, nothing elsewhere."""
    if not (out.is_terminal and err.is_terminal):
        yield lambda stage, done, total: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description:14}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True, auto_refresh=False) as bar:
        task = bar.add_task("", total=1)

        def show(stage: str, done: int, total: int) -> None:
            bar.update(task, description=_STAGES.get(stage, stage), completed=done, total=max(total, 1), refresh=True)

        yield show
