"""The command line: `nonmun COMMAND`. It only translates; every command's work is a function elsewhere.

Exit codes: 0 all is well, 1 faults were found or something failed, 2 the command was asked for what cannot be.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import typer

import nonmun
from nonmun.cli import building, reading, running, searching, writing
from nonmun.cli.output import error_line, flush, say
from nonmun.errors import NonmunError, UsageError

app = typer.Typer(
    name="nonmun",
    help="Tagged Korean/English paper notes and digests, as a static site in which every method can be run.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for room in (writing, reading, running, searching, building):
    room.register(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        say(f"nonmun {nonmun.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and leave.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Tagged Korean/English paper notes and digests, as a static site in which every method can be run."""


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line. Nothing a user can do shows a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that knows no Korean is no reason to stop
    code = _run(args)
    try:
        flush()
    except typer.Exit:
        code = 0
    if args is None:  # to take thousands of parsed notes apart, one by one, is a twentieth of a build's time
        os._exit(code)
    sys.exit(code)


def _run(args: Sequence[str] | None) -> int:
    try:
        app(args)
    except SystemExit as ending:
        return ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except typer.Exit as ending:
        return ending.exit_code
    except NonmunError as error:
        return _say(str(error), 2 if isinstance(error, UsageError) else 1)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        return _say(f"{error.strerror or error}{where}; correct that and run the command again", 1)
    return 0


def _say(text: str, code: int) -> int:
    with suppress(typer.Exit):  # nobody is there to hear it
        error_line(text)
    return code
