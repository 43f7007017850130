"""The command that runs methods: `run`."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from nonmun.cli.options import Json, Root
from nonmun.cli.output import count, error_line, flush, json_line, one_line, out, say, show_faults, show_table
from nonmun.errors import Fault, UsageError
from nonmun.pages.runner import claims
from nonmun.read import Base, find_base
from nonmun.read.runners import read_runners
from nonmun.recorded import Runner
from nonmun.running import STOPPED, Described, describe, find_runner
from nonmun.running import run as run_one

_SETTINGS = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def register(app: typer.Typer) -> None:
    app.command(
        epilog="Example: nonmun run bitdelta --preset quick --seed 0; its own flags: nonmun run bitdelta --help",
        context_settings=_SETTINGS,
    )(run)


def run(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A folder of runners/.", show_default=False)
    ] = None,
    root: Root = None,
    list_: Annotated[
        bool,
        typer.Option("--list", help="Each runner: claim, presets with time and memory, last verdict, stale?"),
    ] = False,
    json: Json = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON schema of NAME's settings.")] = False,
    every: Annotated[
        bool, typer.Option("--all", help="Run every runner, one after another; go on after a failure, and end with 1.")
    ] = False,
    preset: Annotated[
        str | None,
        typer.Option(metavar="P", help="quick, full, or gpu where there is one. [default: quick]", show_default=False),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="One setting of NAME's. Repeatable.", show_default=False),
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option(metavar="N", help="Same seed, same machine: same numbers. [default: 0]", show_default=False),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option("--out", metavar="DIR", help="Write the record and its figures into DIR.", show_default=False),
    ] = None,
    progress: Annotated[
        str | None,
        typer.Option(metavar="MODE", help="auto, json or none. [default: auto]", show_default=False),
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Write them beside NAME, from where its page shows them.")
    ] = False,
    help_: Annotated[bool, typer.Option("--help", help="Show this message, or NAME's own.")] = False,
) -> None:
    """Run a method on a small model, with its baselines and controls; `--record` puts the result on its page.

    The same as `python -m runners.NAME`. Whatever else follows NAME is the runner's own: it has a flag for each of its
    settings, such as --model.

    Exit codes are the runner's: 0 it ran, whatever the verdict; 1 it failed; 2 asked for what cannot be; 130 stopped.
    """
    if help_ and name is None:
        say(context.get_help())
        raise typer.Exit
    chosen = [wish for wish, wanted in (("NAME", name), ("--list", list_), ("--all", every)) if wanted]
    if len(chosen) != 1:
        found = f"{' and '.join(chosen)} together" if chosen else "nothing to run"
        raise UsageError(found, mend="name a runner, or give --list or --all")
    passed = _passed({"preset": preset, "seed": seed, "out": to, "progress": progress}, set_ or [], record=record)
    passed += context.args
    base = find_base(root)
    runners, faults = read_runners(base)
    if name is not None:
        runner = find_runner(name, runners)
        flags = ["--schema"] * schema + ["--help"] * help_ + ["--json"] * json
        raise typer.Exit(run_one(base, runner.name, [*passed, *flags]))
    if list_:
        _list(base, runners, faults, as_json=json)
    else:
        _run_all(base, [runner for runner in runners.values() if runner.runnable], passed)


def _passed(texts: dict[str, str | None], settings: list[str], *, record: bool) -> list[str]:
    """The runner's own flags again, which were taken apart only to be shown in the help."""
    found = [f"--{name}={text}" for name, text in texts.items() if text is not None]
    return [*found, *(f"--set={setting}" for setting in settings), *["--record"] * record]


def _run_all(base: Base, runners: list[Runner], arguments: list[str]) -> None:
    codes: dict[str, int] = {}
    for runner in runners:
        say(f"{runner.name}", "bold")
        flush()
        codes[runner.name] = run_one(base, runner.name, arguments)
        if codes[runner.name] == STOPPED:
            raise typer.Exit(STOPPED)
    failed = [name for name, code in codes.items() if code]
    for name in failed:
        error_line(f"{name} ended with {codes[name]}; run it alone to see why: nonmun run {name}")
    say(f"{count(len(codes), 'runner')}, {len(failed)} failed", "red" if failed else "green")
    if failed:
        raise typer.Exit(1)


def _list(base: Base, runners: dict[str, Runner], faults: list[Fault], *, as_json: bool) -> None:
    described = describe(base, runners.values())
    rows = [_record(runner, described.get(runner.name)) for runner in runners.values()]
    if as_json:
        for row in rows:
            json_line(row)
    elif out.is_terminal:
        _show_table(rows)
    else:
        for row in rows:
            say("\t".join(one_line(cell) for cell in _cells(row)))
    if not as_json:
        show_faults([fault for fault in faults if fault.code.startswith("bad-")])


def _record(runner: Runner, described: Described | None) -> dict[str, Any]:
    """One runner for programs; the same keys always, null where something is not known."""
    latest, card = runner.latest, described.card if described else {}
    korean, english = claims(runner.readme)
    return {
        "name": runner.name,
        "claim": card.get("claim") or {"ko": korean, "en": english},
        "paper": card.get("paper"),
        "runnable": runner.runnable,
        "presets": card.get("presets") or {},
        "verdict": latest.verdict if latest else None,
        "recorded": latest.started if latest else None,
        "preset": latest.preset if latest else None,
        "seconds": latest.seconds if latest else None,
        "stale": latest.stale if latest else None,
        "error": (described.error if described else "") or None,
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    presets = ", ".join(_preset(name, about) for name, about in row["presets"].items())
    verdict = f"{row['verdict']} {row['recorded'][:10]}" if row["verdict"] else "never run"
    verdict += ", stale" if row["stale"] else ""
    if not row["runnable"]:
        presets = "no code yet"
    return row["name"], verdict, row["error"] or presets, row["claim"]["ko"], row["claim"]["en"]


def _preset(name: str, about: dict[str, Any]) -> str:
    needs = f", {about['needs']}" if about.get("needs") else ""
    return f"{name} ({about['minutes']:g} min, {about['gib']:g} GiB{needs})"


def _show_table(rows: list[dict[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 1, 0))
    for column, style in (("runner", "bold"), ("last verdict", "cyan"), ("presets", ""), ("claim", "")):
        table.add_column(column, style=style, overflow="fold")
    for row in rows:
        name, verdict, presets, korean, english = map(one_line, _cells(row))
        table.add_row(Text(name), Text(verdict), Text(presets), Text(f"{korean}\n{english}"))
    show_table(table)
    say(count(len(rows), "runner"), "dim")
