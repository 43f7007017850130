"""The command line of a runner, made from its Config."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nonmun.runner.contract import Contract
from nonmun.runner.errors import AskedError
from nonmun.runner.reporting import MODES
from nonmun.runner.settings import Settings, changed, parsed

COMMON = ("preset", "set", "seed", "out", "progress", "record", "redraw", "schema", "describe", "help")
_BOUNDS = {"minimum": "≥ {}", "exclusiveMinimum": "> {}", "maximum": "≤ {}", "exclusiveMaximum": "< {}"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for."""

    preset: str
    config: Settings
    changes: tuple[str, ...]  # settings that are other than the preset's; the seed does not count
    out: Path | None
    record: bool
    progress: str


def parser_for(contract: Contract) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m {contract.package}",
        description=_plain(f"{contract.claim['en']} ({contract.paper})"),
        allow_abbrev=False,
        epilog="Exit codes: 0 it ran, whatever the verdict; 1 it failed; 2 asked for what cannot be; 130 stopped.",
    )
    presets = "; ".join(f"{name}: {_expected(contract, name)}" for name in contract.presets)
    parser.add_argument("--preset", choices=list(contract.presets), default="quick", help=_plain(presets))
    parser.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], help="one setting; repeatable")
    parser.add_argument("--seed", metavar="N", help="same seed, same machine: same numbers (0)")
    parser.add_argument("--out", metavar="DIR", type=Path, help="write the record and its figures into DIR")
    parser.add_argument(
        "--record", action="store_true", help="write them into results/, from where the site shows them"
    )
    parser.add_argument(
        "--progress", choices=MODES, default="auto", help="auto: bars on a terminal, none in CI, else json"
    )
    parser.add_argument(
        "--redraw", action="store_true", help="draw the figures of the record anew, and measure nothing"
    )
    parser.add_argument("--schema", action="store_true", help="print the JSON schema of the settings, and leave")
    parser.add_argument("--describe", action="store_true", help="print claim, presets and criteria as JSON, and leave")
    group = parser.add_argument_group("settings", "as the preset has them, unless given")
    for name, about in contract.schema["properties"].items():
        if name not in COMMON:
            group.add_argument(f"--{name.replace('_', '-')}", dest=f"setting.{name}", metavar="V", help=_help(about))
    return parser


def asked(contract: Contract, flags: argparse.Namespace) -> Asked:
    """The settings asked for, checked. AskedError where one cannot be."""
    given: dict[str, str] = {}
    for item in flags.set:
        name, equals, value = item.partition("=")
        if not equals:
            raise AskedError(f"--set {item}", mend="write --set KEY=VALUE")
        given[name.strip().replace("-", "_")] = value
    for name, value in vars(flags).items():
        if name.startswith("setting.") and value is not None:
            given[name.removeprefix("setting.")] = value
    if flags.seed is not None:
        given["seed"] = flags.seed
    preset = contract.presets[flags.preset].config
    config = changed(preset, {name: parsed(contract.config, name, value) for name, value in given.items()})
    before, after = preset.model_dump(), config.model_dump()
    changes = tuple(name for name in after if name != "seed" and after[name] != before[name])
    if flags.record and changes and flags.out is None:
        raise AskedError(
            f"--record with another {', '.join(changes)} than preset '{flags.preset}' has",
            mend="the record of a preset is made with its settings; write this one elsewhere with --out DIR",
        )
    return Asked(flags.preset, config, changes, flags.out, flags.record, flags.progress)


def _expected(contract: Contract, name: str) -> str:
    preset = contract.presets[name]
    needs = f", needs {preset.needs}" if preset.needs else ""
    about = f", {preset.about}" if preset.about else ""
    return f"about {preset.minutes:g} min, {preset.gib:g} GiB{needs}{about}"


def _help(about: dict[str, Any]) -> str:
    parts = [f"default {about['default']}"] if "default" in about else []
    parts += _bounds(about)
    parts.append(str(about.get("source", "")))
    return _plain(f"{about.get('description', '')} ({'; '.join(filter(None, parts))})")


def _bounds(about: dict[str, Any]) -> Iterable[str]:
    kinds = [about, *about.get("anyOf", ())]
    for kind in kinds:
        yield from (text.format(kind[key]) for key, text in _BOUNDS.items() if key in kind)
        if "enum" in kind:
            yield " | ".join(map(str, kind["enum"]))


def _plain(text: str) -> str:
    return text.replace("%", "%%")  # argparse formats with it
