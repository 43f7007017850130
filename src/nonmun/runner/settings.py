"""A runner's settings: one schema, from which flags, bounds, help, the form on a page and its checks all come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nonmun.runner.errors import AskedError

GIB = 2**30
SOURCES = ("paper", "ours")


def setting(default: Any, description: str, *, source: str, **bounds: Any) -> Any:
    """One field of a runner's Config: its default, what it is in one line, and where the default is from.

    `source` is `paper: "their words"` or `ours: why`. `bounds` are pydantic's: ge, gt, le, lt, min_length, max_length,
    multiple_of, pattern.
    """
    return Field(default, description=description, json_schema_extra={"source": source}, **bounds)


class Settings(BaseModel):
    """Base of every runner's Config: frozen, and without a place for what it does not know."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), validate_default=True, allow_inf_nan=False
    )

    seed: int = setting(0, "same seed, same machine: same numbers", source="ours: any will do", ge=0, lt=2**32)


@dataclass(frozen=True, slots=True)
class Preset:
    """A named Config, with what it is expected to take: minutes on 2 cores (with `needs`, on one such device), GiB."""

    config: Settings
    minutes: float
    gib: float
    needs: str = ""  # "cuda" where it cannot run without
    about: str = ""


def faults_of(kind: type[Settings]) -> list[str]:
    """What the contract asks of a Config and this one lacks."""
    found = []
    for name, field in kind.model_fields.items():
        extra = field.json_schema_extra
        source = str(extra.get("source", "")) if isinstance(extra, dict) else ""
        if not field.description or "\n" in field.description:
            found.append(f"Config.{name} has no description of one line")
        if not source.startswith(tuple(f"{one}: " for one in SOURCES)):
            found.append(f"Config.{name} has source {source!r}, expected 'paper: \"…\"' or 'ours: …'")
        if field.is_required():
            found.append(f"Config.{name} has no default")
    return found


def changed(config: Settings, changes: Mapping[str, Any]) -> Settings:
    """`config` with some fields other than before, all of them checked. AskedError where one cannot be."""
    kind = type(config)
    unknown = [name for name in changes if name not in kind.model_fields]
    if unknown:
        from difflib import get_close_matches

        near = get_close_matches(unknown[0], kind.model_fields, n=1)
        mend = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(kind.model_fields)}"
        raise AskedError(f"no setting '{unknown[0]}'", mend=mend)
    try:
        return kind.model_validate({**config.model_dump(), **changes})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"])) or "settings"
        raise AskedError(
            f"{name}: {first['input']!r}: {first['msg'].lower()}", mend="see --help for the bounds"
        ) from None


def parsed(kind: type[Settings], name: str, text: str) -> Any:
    """A setting's value as written on the command line: JSON where its type is no text, `1,2,3` for a list."""
    import json

    schema = kind.model_json_schema()["properties"].get(name, {})
    kinds = {schema.get("type"), *(one.get("type") for one in schema.get("anyOf", ()))}
    if "array" in kinds and not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    if kinds & {"array", "object"} or (text == "null" and "null" in kinds):
        try:
            return json.loads(text)
        except ValueError as error:
            raise AskedError(f"{name}: {text!r} is no JSON ({error})", mend="write it as JSON") from None
    return text
