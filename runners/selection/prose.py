"""Real English prose by topic, from the documentation that installed packages carry in their source.

A paragraph of a docstring counts where it is whole sentences of mostly words. Nothing is imported: files are read. What
is there depends on the versions installed; on one machine it is always the same.
"""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path

from nonmun.runner import RunnerError

# A topic, and where it is: a package, and the files of it that are read.
PLACES: dict[str, tuple[str, tuple[str, ...]]] = {
    "graphs": ("networkx", ("**/*.py",)),
    "algebra": (
        "sympy",
        tuple(f"{room}/**/*.py" for room in ("combinatorics", "matrices", "sets", "stats", "physics")),
    ),
    "science": ("scipy", tuple(f"{room}/*.py" for room in ("stats", "optimize", "signal", "spatial", "interpolate"))),
    "plotting": ("matplotlib", ("*.py", "axes/*.py")),
    "learning": ("sklearn", ("*/*.py",)),
    "arrays": ("numpy", ("lib/*.py", "_core/*.py", "ma/*.py", "random/*.py")),
}
TOPICS = ("language", *PLACES)  # and the reference of the language itself
_TRIPLE = re.compile(r'"""(.*?)"""', re.DOTALL)
_WORD = re.compile(r"[(\"']*[A-Za-z][A-Za-z'-]*[,.;:)\"']*")
_ROLE = re.compile(r":[a-z:]+:`[~!]?([^`<]*)(?:<[^`]*>)?`")
_MARKS = re.compile(r"`{1,2}|\*{1,2}|\s*\[\d+\]_")
_NO_PROSE = (">>>", "::", "http", "...", "==", "|", "\\", "{", "}", "<", "@", "----", "____", "Parameters", "Returns")
WORDS = 25, 90


@cache
def paragraphs(topic: str) -> tuple[str, ...]:
    """All paragraphs of a topic, each once, in the order of files. RunnerError where its package is not installed."""
    found: dict[str, None] = {}
    for text in _language() if topic == "language" else _docstrings(*PLACES[topic]):
        for block in re.split(r"\n\s*\n", text):
            plain = " ".join(_MARKS.sub("", _ROLE.sub(r"\1", block)).split())
            if is_prose(plain):
                found.setdefault(plain)
    return tuple(found)


def is_prose(text: str) -> bool:
    """Whole sentences, of so many words, nearly all of which are words."""
    words = text.split()
    if not WORDS[0] <= len(words) <= WORDS[1] or not text[0].isupper() or text[-1] != ".":
        return False
    if any(mark in text for mark in _NO_PROSE):
        return False
    return sum(_WORD.fullmatch(word) is not None for word in words) > 0.9 * len(words)


def _language() -> list[str]:
    from pydoc_data import topics

    return [text for _, text in sorted(topics.topics.items())]


def _docstrings(package: str, patterns: tuple[str, ...]) -> list[str]:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise RunnerError(f"{package} is not installed", mend="make runners, or pip install 'nonmun[runners]'")
    root = Path(spec.submodule_search_locations[0])
    found = []
    for pattern in patterns:
        for file in sorted(root.glob(pattern)):
            if "tests" not in file.parts:
                found += _TRIPLE.findall(file.read_text("utf-8", "replace"))
    return found
