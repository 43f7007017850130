"""How much of what is there is found, by kind of query, and how much of the first ten belongs there.

What is there is told without any of the engines' code: by looking for the normalised query in the normalised text of
each file. The queries and what stands for each of them in a text are in queries.json.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from benchmarks.corpus import write_notes
from benchmarks.record import Row
from benchmarks.search.fixtures import recall_notes
from benchmarks.search.peers import Answers, ask_all
from nonmun.parse import slugify

QUERIES = Path(__file__).parent / "queries.json"
RECALL_GOAL, PRECISION_GOAL = 0.99, 0.95
MEANING = (
    "cross-language"  # the one kind in which other spellings are the point; elsewhere they are left out of precision
)
WHOLE = ("phrase", "mixed scripts")  # kinds whose words are complete: BERT를 asks for no Berthelot
PEERS = ("material", "pagefind")

_URL = re.compile(r"https?://\S+")
_MARKS = re.compile(r"[*_`~>|#\[\]()\\]")
_SPACES = re.compile(r"\s+")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")


@dataclass(frozen=True, slots=True)
class Case:
    """A query, its kind, and what must stand in a note for it: all of `all`, each in one of its spellings."""

    kind: str
    query: str
    all: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A note's file, normalised: as it is in lower case, and without the spaces between Hangul."""

    spaced: str
    squeezed: str
    cased: str


def read_cases() -> list[Case]:
    data = json.loads(QUERIES.read_text("utf-8"))
    cases = []
    for kind, rows in data.items():
        for row in rows:
            query, wanted = (row, None) if isinstance(row, str) else (row[0], row[1])
            words = wanted if wanted is not None else [[word] for word in query.split()]
            cases.append(Case(kind, query, tuple(tuple(one) for one in words)))
    return cases


def read_texts(vault: Path, count: int, folder: Path) -> dict[str, Text]:
    """The text of each note by its slug, title and tags included, addresses left out."""
    texts = {}
    for file in write_notes(vault, count, folder):
        raw = unicodedata.normalize("NFC", file.read_text("utf-8"))
        cased = f"{file.stem} \n {_URL.sub(' ', raw)}"
        spaced = _SPACES.sub(" ", _MARKS.sub(" ", cased).lower())
        texts[slugify(file.stem)] = Text(spaced, _squeezed(spaced), cased)
    return texts


def _squeezed(text: str) -> str:
    return re.sub(r"(?<=[\uac00-\ud7a3]) (?=[\uac00-\ud7a3])", "", text)


def stands(spelling: str, text: Text, *, whole: bool = False) -> bool:
    """Hangul inside anything and across spaces; other words where a word begins, or a part of one in camel case.

    `whole` is for queries whose words end where they end, but for a plural.
    """
    wanted = unicodedata.normalize("NFC", spelling)
    lower = wanted.lower()
    if _HANGUL.search(wanted):
        if len(lower) < 3:
            return lower in text.spaced
        return lower in text.spaced or _squeezed(lower) in text.squeezed or _bare(lower) in _bare(text.spaced)
    parts = r"[\s\-/.]+".join(map(re.escape, re.split(r"[\s\-/.]+", lower)))
    ends = "s?(?![a-z0-9])" if whole else ""
    if re.search(rf"(?<![a-z0-9]){parts}{ends}", text.spaced):
        return True
    camel = rf"(?<=[a-z0-9])(?:{re.escape(wanted.capitalize())}|{re.escape(wanted.upper())})(?![a-z])"
    return re.search(camel, text.cased) is not None


def _bare(text: str) -> str:
    return re.sub(r"(?<=[a-z0-9])[\s\-]+(?=[\uac00-\ud7a3])", "", text)


def truth(case: Case, texts: dict[str, Text]) -> set[str]:
    whole = case.kind in WHOLE
    return {
        slug
        for slug, text in texts.items()
        if all(any(stands(one, text, whole=whole) for one in word) for word in case.all)
    }


def measure(vault: Path, scratch: Path) -> list[Row]:
    vault = recall_notes(vault, scratch / "own")
    count = len(list(vault.rglob("*.md")))
    cases = read_cases()
    texts = read_texts(vault, count, scratch / "texts")
    wanted = {case: truth(case, texts) for case in cases}
    asked = [case for case in cases if wanted[case]]  # in other notes some words stand nowhere
    answers = ask_all(vault, count, scratch, [case.query for case in asked])
    rows = [Row(f"queries that stand in the {count} notes, of {len(cases)}", str(len(asked)))]
    for kind in dict.fromkeys(case.kind for case in asked):
        several = [case for case in asked if case.kind == kind]
        mode = "nonmun" if kind == MEANING else "as written"
        ours, theirs = (
            recall(several, wanted, answers["nonmun"]),
            [recall(several, wanted, answers[one]) for one in PEERS],
        )
        rows.append(
            Row(
                f"recall, {kind}, {len(several)} queries",
                f"{ours:.3f} (material {theirs[0]:.3f}, pagefind {theirs[1]:.3f})",
                "ahead" if kind == MEANING else f"≥ {RECALL_GOAL}, ahead",
                ours > max(theirs) and (kind == MEANING or ours >= RECALL_GOAL),
            )
        )
        ours, wider, *theirs = (precision(several, wanted, answers[one]) for one in (mode, "nonmun", *PEERS))
        figure = f"{ours:.3f} (material {theirs[0]:.3f}, pagefind {theirs[1]:.3f}"
        figure += ")" if kind == MEANING else f"; with other spellings, which this does not count, {wider:.3f})"
        rows.append(Row(f"precision@10, {kind}", figure, f"≥ {PRECISION_GOAL}", ours >= PRECISION_GOAL))
    _say_what_is_missing(asked, wanted, answers["as written"])
    return rows


def recall(cases: list[Case], wanted: dict[Case, set[str]], answers: Answers) -> float:
    """Of the notes that each query should find, the share that it finds; the mean over the queries."""
    return mean(len(wanted[case] & set(answers[case.query])) / len(wanted[case]) for case in cases)


def precision(cases: list[Case], wanted: dict[Case, set[str]], answers: Answers) -> float:
    """Of the first ten, those that belong there; an engine that gives nothing is wrong about nothing."""
    firsts = [answers[case.query][:10] for case in cases]
    shares = [
        sum(slug in wanted[case] for slug in first) / len(first)
        for case, first in zip(cases, firsts, strict=True)
        if first
    ]
    return mean(shares) if shares else 0.0


def _say_what_is_missing(cases: list[Case], wanted: dict[Case, set[str]], answers: Answers) -> None:
    for case in cases:
        found = answers[case.query]
        missed = wanted[case] - set(found)
        wrong = [slug for slug in found[:10] if slug not in wanted[case]]
        if missed or wrong:
            print(f"  {case.kind}: {case.query}: misses {sorted(missed)[:3]}, should not give {wrong[:3]}", flush=True)
