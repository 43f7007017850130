from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nonmun.search import Label, Record
from nonmun.search.documents import Text, Zone

CASES: dict[str, Any] = json.loads((Path(__file__).parent / "cases.json").read_text("utf-8"))


def record(note: dict[str, Any]) -> Record:
    texts = tuple(Text(Zone.KO if lang == "ko" else Zone.EN, lang, text) for lang, text in note.get("texts", ()))
    langs = tuple(lang for lang in ("ko", "en") if any(one.lang == lang for one in texts))
    facts = {name: tuple(note.get(name, ())) for name in ("tags", "authors")}
    return Record(
        note["slug"],
        note["title"],
        note.get("date", ""),
        arxiv=note.get("arxiv", ""),
        langs=langs,
        runner=note.get("runner", False),
        texts=texts,
        **facts,
    )


def records() -> list[Record]:
    return sorted(map(record, CASES["notes"]), key=lambda one: (one.date, one.slug))


def labels() -> list[Label]:
    used = [tag for note in CASES["notes"] for tag in note.get("tags", ())]
    return [
        Label(
            one["name"],
            one["ko"],
            one["en"],
            tuple(one["spellings"]),
            used.count(one["name"]),
            one["name"],
            tuple(one.get("narrower", ())),
        )
        for one in CASES["labels"]
    ]
