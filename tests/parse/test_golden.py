"""Golden files: golden/CASE.md is what a person wrote, golden/CASE.json what the parser made of it.

`UPDATE_GOLDEN=1 pytest tests/parse/test_golden.py` writes the expectations anew; read the difference before it is
committed. A new case is a file CASE.md, whose name begins with note- or digest-, and CASE.json with its "path".
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from nonmun.errors import Fault
from nonmun.model import Block, Digest, Entry, Note
from nonmun.parse import parse_digest, parse_note

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(file.stem for file in GOLDEN.glob("*.md"))
_SURROGATE = re.compile(r"\\udc([89a-f][0-9a-f])")  # a byte that was no UTF-8
UPDATE = bool(os.environ.get("UPDATE_GOLDEN"))


@pytest.mark.parametrize("case", CASES)
def test_parser_reads_what_the_golden_file_says(case: str) -> None:
    expectation = GOLDEN / f"{case}.json"
    expected = json.loads(expectation.read_text("utf-8"))
    text = (GOLDEN / f"{case}.md").read_bytes().decode("utf-8", "surrogateescape")
    found = shown(case, text, expected["path"])
    if UPDATE:
        expectation.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
    assert found == expected or UPDATE


def test_every_golden_file_has_its_pair_and_there_are_enough() -> None:
    assert sorted(file.stem for file in GOLDEN.glob("*.json")) == CASES
    assert len(CASES) >= 30
    assert len({json.loads((GOLDEN / f"{case}.json").read_text("utf-8"))["path"] for case in CASES}) == len(CASES)


def shown(case: str, text: str, path: str) -> dict[str, Any]:
    """All that was understood, lone surrogates escaped; what is empty is left out, so that a file is read at a glance."""
    parse = parse_digest if case.startswith("digest-") else parse_note
    value, faults = parse(text, path)
    kind = _digest(value) if isinstance(value, Digest) else _note(value)
    record = _filled({"path": path, **kind, "faults": [_fault(fault, path) for fault in faults]})
    return json.loads(_SURROGATE.sub(r"\\\\x\1", json.dumps(record)))


def _note(note: Note) -> dict[str, Any]:
    return {"form": note.form, "slug": note.slug, **_entry(note.entry)}


def _digest(digest: Digest) -> dict[str, Any]:
    return {
        "form": digest.form,
        "date": str(digest.date) if digest.date else "",
        "boundaries": [f"{one.line}: {one.title} ({one.reason})" for one in digest.boundaries],
        "preface": [_block(block) for block in digest.preface],
        "entries": [_filled(_entry(entry)) for entry in digest.entries],
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "title": f"{entry.line}: {entry.title}",
        "authors": [f"{entry.authors_line}: {name}" for name in entry.authors],
        "arxiv": str(entry.arxiv or ""),
        "urls": [f"{url.line}: {url.url}" for url in entry.urls],
        "date": str(entry.date or ""),
        "tags": [f"{tag.line}: {tag.name}" + (f" ({tag.found})" * (tag.found != tag.name)) for tag in entry.tags],
        "runners": [f"{use.line}: {use.name}" for use in entry.runners],
        "links": [
            f"{link.line}: {'!' * link.embed}{link.target}"
            + (f"#{link.anchor}" if link.anchor else "")
            + (f" | {link.label}" if link.label else "")
            for link in entry.links
        ],
        "blocks": [_block(block) for block in entry.blocks],
    }


def _block(block: Block) -> dict[str, Any]:
    return {f"{block.line}: {block.lang} {block.role}": block.text.split("\n")}


def _fault(fault: Fault, path: str) -> str:
    assert fault.path == path
    return f"{fault.line}: [{fault.severity} {fault.code}] {fault.message}; {fault.mend}"


def _filled(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if value not in ("", [], ())}
