"""How commands speak: colour and tables on a terminal, plain lines everywhere else."""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from typing import IO, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from nonmun.errors import Fault, Severity

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

# What JSON leaves as it is, but a terminal would obey or no encoding can carry; all of it stands inside strings.
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_JOINERS = "\u200c\u200d"  # invisible and harmless: Indic letters and emoji are made with them


def say(text: str = "", style: str | None = None) -> None:
    """One line for people. Text is never read as markup."""
    _print(out, Text(printable(text), style=style or ""))


def error_line(text: str) -> None:
    _print(err, Text.assemble(("nonmun: ", "bold red"), printable(text)))


def show_text(text: Text) -> None:
    """One line whose parts are styled, and have been made printable."""
    _print(out, text)


def show_table(table: Table) -> None:
    _print(out, table)


def json_line(value: Mapping[str, Any]) -> None:
    """One JSON object on one line, for programs."""
    line = _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
    try:
        line.encode(sys.stdout.encoding or "utf-8")
    except (UnicodeEncodeError, LookupError):
        line = json.dumps(value)
    _write(sys.stdout, f"{line}\n")


def show_faults(faults: Sequence[Fault], *, as_json: bool = False) -> None:
    """All faults, one a line: `file:line: message; how to mend it`."""
    for fault in faults:
        if as_json:
            json_line(fault_record(fault))
            continue
        colour = "red" if fault.severity is Severity.ERROR else "yellow"
        place, message, mend = (one_line(part) for part in (f"{fault.path}:{fault.line}:", fault.message, fault.mend))
        _print(out, Text.assemble((place, "bold"), " ", (message, colour), f"; {mend}"))


def fault_record(fault: Fault) -> dict[str, Any]:
    return {
        "path": fault.path,
        "line": fault.line,
        "severity": fault.severity.value,
        "code": fault.code,
        "found": fault.found,
        "expected": fault.expected,
        "mend": fault.mend,
    }


def count(number: int, word: str) -> str:
    """`1 note`, `2 notes`."""
    plural = f"{word[:-1]}ies" if word.endswith("y") and word[-2] not in "aeiou" else f"{word}s"
    return f"{number:,} {word if number == 1 else plural}"


def printable(text: str) -> str:
    """Bytes that were no UTF-8 cannot be printed; control characters must not reach a terminal."""
    return text if text.isprintable() else "".join(char if _is_harmless(char) else "\ufffd" for char in text)


def _is_harmless(char: str) -> bool:
    return char.isprintable() or char in "\n\t" or char in _JOINERS or unicodedata.category(char) == "Zs"


def one_line(text: str) -> str:
    """Text without line breaks and tabs, for output that is read line by line."""
    return printable(" ".join(text.split()) if any(char in text for char in "\n\r\t") else text)


def _print(console: Console, shown: Text | Table) -> None:
    """Through rich on a terminal; elsewhere as it is, because rich would expand tabs and take ten times as long."""
    try:
        if isinstance(shown, Text) and not console.is_terminal:
            _write(console.file, f"{shown.plain}\n")
        else:
            console.print(shown)
    except BrokenPipeError:
        leave()


def _write(stream: IO[str], text: str) -> None:
    try:
        stream.write(text)
    except BrokenPipeError:
        leave()


def flush() -> None:
    """Say what is still waiting to be said."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        leave()


def leave() -> NoReturn:
    """The reader of our output has left (`nonmun list | head`); so do we, without complaint."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    raise typer.Exit(0)
