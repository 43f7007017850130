"""A value inside a JSON document, which knows where it stands and says so when it is not what it should be."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from nonmun.record.metrics import RecordError

_MAX_SHOWN = 60
_MISSING = object()
Allowed = Sequence[str] | re.Pattern[str] | Callable[[str], bool] | None


class Place:
    """`Place(document, "")["metrics"].items()[3]["value"].number()`."""

    def __init__(self, value: Any, where: str) -> None:
        self.value = value
        self.where = where

    def __getitem__(self, key: str) -> Place:
        found = self.get(key, _MISSING)
        if found.value is _MISSING:
            raise RecordError(f"{found.where} is missing")
        return found

    def get(self, key: str, default: Any) -> Place:
        where = f"{self.where}.{key}" if self.where else key
        return Place(self._of(dict, "an object").get(key, default), where)

    def items(self) -> list[Place]:
        found = self._of(list, "a list")
        return [Place(value, f"{self.where}[{index}]") for index, value in enumerate(found)]

    def text(self, allowed: Allowed = None) -> str:
        found: str = self._of(str, "a text")
        if any("\ud800" <= char <= "\udfff" for char in found):
            raise self._error("text that is valid Unicode")
        if isinstance(allowed, re.Pattern):
            if not allowed.fullmatch(found):
                raise self._error(f"a text like {allowed.pattern}")
        elif callable(allowed):
            if not allowed(found):
                raise self._error("a time like 2024-02-16T09:30:00+00:00")
        elif allowed is not None and found not in allowed:
            raise self._error("one of " + ", ".join(repr(one) for one in allowed))
        return found

    def flag(self) -> bool:
        found: bool = self._of(bool, "true or false")
        return found

    def number(self) -> float:
        """A finite number."""
        try:
            if isinstance(self.value, int | float) and not isinstance(self.value, bool) and math.isfinite(self.value):
                return float(self.value)
        except OverflowError:  # a whole number that no float can hold
            pass
        raise self._error("a finite number")

    def whole(self) -> int:
        """A whole number that is not negative."""
        if isinstance(self.value, int) and not isinstance(self.value, bool) and self.value >= 0:
            return self.value
        raise self._error("a whole number, 0 or more")

    def texts(self, allowed: Allowed = None) -> dict[str, str]:
        """An object of texts."""
        keys = self._of(dict, "an object")
        return {Place(key, f"a key of {self.where}").text(): self[key].text(allowed) for key in keys}

    def tree(self) -> Any:
        """An object of anything that JSON holds, numbers being finite."""
        self._of(dict, "an object")
        return self._tree()

    def _tree(self) -> Any:
        if isinstance(self.value, dict):
            return {Place(key, f"a key of {self.where}").text(): self[key]._tree() for key in self.value}
        if isinstance(self.value, list | tuple):
            return [Place(value, f"{self.where}[{index}]")._tree() for index, value in enumerate(self.value)]
        if isinstance(self.value, str):
            return self.text()
        if isinstance(self.value, bool) or self.value is None:
            return self.value
        self.number()
        return self.value

    def _of(self, kind: type, wanted: str) -> Any:
        if not isinstance(self.value, kind):
            raise self._error(wanted)
        return self.value

    def _error(self, wanted: str) -> RecordError:
        shown = ascii(self.value)
        shown = shown if len(shown) <= _MAX_SHOWN else f"{shown[:_MAX_SHOWN]}…"
        return RecordError(f"{self.where or 'the record'} is {shown}, expected {wanted}")


def is_time(text: str) -> bool:
    """An ISO time with its zone."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
