"""Files that the site shall have. Planning one is cheap; its text is left until someone finds its key has changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nonmun.errors import Fault


@dataclass(frozen=True, slots=True)
class Made:
    """A file's text, and the faults found while making it (a formula that cannot be read, a link that is unsafe)."""

    text: str
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class PagePlan:
    """One file: its path in build/docs, the key of all that goes into it, how to make it.

    One that is `straight` goes into the site by itself, and no engine needs to know of it.
    """

    path: str
    key: str
    make: Callable[[], Made]
    straight: bool = False


def text_file(path: str, key: str, make: Callable[[], str], *, straight: bool = False) -> PagePlan:
    """A plan of a file that no engine renders and that cannot be at fault."""
    return PagePlan(path, key, lambda: Made(make()), straight)
