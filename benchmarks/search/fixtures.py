"""The notes that recall is tried on where no others are given: our own, paragraph by paragraph, and the table of cases.

Five long notes would tell little of a search. Each plain paragraph of theirs is a note here, in its own language.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.corpus import REPOSITORY

OWN = REPOSITORY / "notes"
TABLE = REPOSITORY / "tests" / "search" / "cases.json"
LEAST = 80  # letters of a paragraph that says something
NOT_PLAIN = ("$", "|", "`", "](", "---", "#", "> ", "- ", "[^")  # what a page shows otherwise than it is written


def recall_notes(vault: Path, folder: Path) -> Path:
    """`vault`, or where that is the repository's own, a folder of short notes made of it."""
    if vault.resolve() != OWN:
        return vault
    folder.mkdir(parents=True)
    for number, (name, text) in enumerate([*_paragraphs(), *_table()]):
        day = f"24{1 + number // 28 % 12:02}{1 + number % 28:02}"
        (folder / f"{day} {name} {number}.md").write_text(text, "utf-8")
    return folder


def _paragraphs() -> Iterator[tuple[str, str]]:
    for file in sorted(OWN.glob("*.md")):
        for paragraph in file.read_text("utf-8").split("\n\n"):
            plain = not any(mark in paragraph for mark in NOT_PLAIN)
            if plain and len(paragraph) >= LEAST:
                yield file.stem.replace("-", " "), f"{' '.join(paragraph.split())}\n"


def _table() -> Iterator[tuple[str, str]]:
    notes: list[dict[str, Any]] = json.loads(TABLE.read_text("utf-8"))["notes"]
    for note in notes:
        if "<" not in note["title"]:  # markup is for other tests
            texts = "\n\n".join(text for _, text in note.get("texts", ()))
            tags = " ".join(f"#{tag}" for tag in note.get("tags", ()))
            yield note["title"].replace(":", ""), f"{texts}\n\n{tags}\n"
