"""The query language: words, "phrases", -not, and filters such as tag: or year:. Any text is a query; none raises."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from nonmun.search.tokens import ENDINGS, JAMO, STOP_WORDS, fold, normal, runs

MAX_LETTERS = 2_000  # of a query that is looked at; the rest is left out, and said to be
MAX_TERMS = 32

_FIELDS = {
    "tag": "tag", "태그": "tag",
    "author": "author", "저자": "author",
    "year": "year", "연도": "year",
    "lang": "lang", "언어": "lang",
    "has": "has",
    "arxiv": "arxiv",
}  # fmt: skip
_QUOTES = '"\u201c\u201d\u201e'
_PIECE = re.compile(
    rf"""\s*(?P<not>[-\u2212]?)(?:(?P<field>[A-Za-z\uac00-\ud7a3]{{2,6}}):|(?P<hash>\#))?"""
    rf"""(?:[{_QUOTES}](?P<phrase>[^{_QUOTES}]*)[{_QUOTES}]?|(?P<word>[^\s{_QUOTES}]*))"""
)
_HALF_TYPED = re.compile(rf"[{JAMO}]+$")
_YEARS = re.compile(r"(?P<first>\d{4})?(?P<to>\.\.|-|~)?(?P<last>\d{4})?")
_ID = r"(?P<id>\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?"
_ARXIV = re.compile(_ID, re.IGNORECASE)
_ADDRESS = re.compile(rf"(?:(?:https?://)?(?:www\.)?arxiv\.org/(?:abs|pdf|html)/)?{_ID}(?:\.pdf)?", re.IGNORECASE)
_LANGS = {"ko": "ko", "korean": "ko", "한국어": "ko", "en": "en", "english": "en", "영어": "en"}
_RUNNERS = ("runner", "runners", "demo", "실행")


@dataclass(frozen=True, slots=True)
class Atom:
    """A run of Hangul, or one word, and how many units after the term's first it stands."""

    text: str
    hangul: bool
    offset: int


@dataclass(frozen=True, slots=True)
class Term:
    """Atoms that stand one after another: a word such as GPT-4o, or a phrase."""

    shown: str
    atoms: tuple[Atom, ...]
    phrase: bool = False
    typing: bool = False  # whether its last word, or syllable, may go on


@dataclass(frozen=True, slots=True)
class Query:
    """A query understood. `problems` are pieces that say nothing we can act upon, as they were written."""

    terms: tuple[Term, ...] = ()
    without: tuple[Term, ...] = ()
    tags: tuple[str, ...] = ()
    without_tags: tuple[str, ...] = ()
    authors: tuple[Term, ...] = ()
    without_authors: tuple[Term, ...] = ()
    years: tuple[tuple[int, int], ...] = ()
    langs: tuple[str, ...] = ()
    runner: bool = False
    without_runner: bool = False
    arxiv: tuple[str, ...] = ()
    problems: tuple[str, ...] = field(default=())

    @property
    def empty(self) -> bool:
        return self == Query(problems=self.problems)


def parse_query(text: str) -> Query:
    """Read a query. Total: what says nothing is a problem, not an error."""
    text = _HALF_TYPED.sub("", normal(text))
    found: dict[str, list[object]] = {}
    flags: set[str] = set()

    def keep(name: str, value: object) -> None:
        values = found.setdefault(name, [])
        if value not in values and len(values) < MAX_TERMS:
            values.append(value)

    if len(text) > MAX_LETTERS:
        keep("problems", "…")
        text = text[:MAX_LETTERS]
    for negated, name, value, phrase, last in _pieces(text):
        if name == "word" and not negated and (address := _ADDRESS.fullmatch(value)):
            keep("arxiv", address["id"].lower())
        elif name == "word":
            term = make_term(value, phrase=phrase, typing=last and not phrase and not negated)
            if term:
                keep("without" if negated else "terms", term)
        elif name == "tag":
            if form := tag_form(value):
                keep("without_tags" if negated else "tags", form)
        elif name == "author":
            term = make_term(value, phrase=phrase)
            if term:
                keep("without_authors" if negated else "authors", term)
        elif name == "has" and value.lower() in _RUNNERS:
            flags.add("without_runner" if negated else "runner")
        elif name == "year" and not negated and (years := _years(value)):
            keep("years", years)
        elif name == "lang" and not negated and (lang := _LANGS.get(value.lower())):
            keep("langs", lang)
        elif name == "arxiv" and not negated and (identifier := _ARXIV.fullmatch(value)):
            keep("arxiv", identifier["id"].lower())
        else:
            keep("problems", f"{'-' if negated else ''}{name}:{value}")
    return Query(**{name: tuple(values) for name, values in found.items()}, **dict.fromkeys(flags, True))  # type: ignore[arg-type]


def _pieces(text: str) -> Iterator[tuple[bool, str, str, bool, bool]]:
    """(negated, field or "word", value, whether in quotes, whether the text ends with it)."""
    at = 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None or piece.end() == at:
            at += 1
            continue
        name = _FIELDS.get((piece["field"] or "").lower(), "") if piece["field"] else "tag" if piece["hash"] else ""
        value = piece["phrase"] if piece["phrase"] is not None else piece["word"]
        if piece["field"] and not name:  # an unknown field is two words with a colon
            value = f"{piece['field']}:{value}"
        phrase = piece["phrase"] is not None
        at = piece.end()
        if value.strip():
            yield bool(piece["not"]), name or "word", value.strip(), phrase, at == len(text)


def make_term(text: str, *, phrase: bool = False, typing: bool = False) -> Term | None:
    """The term of a word or a phrase; None where it holds nothing to look for."""
    atoms: list[Atom] = []
    offset = 0
    end = -1
    for run in runs(text):
        if run.hangul:
            before = atoms[-1] if atoms else None
            if before and before.hangul and before.offset + len(before.text) == offset:
                atoms[-1] = Atom(before.text + run.text, True, before.offset)
            elif not (before and not before.hangul and run.start == end and run.text in ENDINGS and not phrase):
                atoms.append(Atom(run.text, True, offset))
            else:  # LoRA를: the particle of a foreign word
                continue
            offset += len(run.text)
        else:
            word = fold(run.text)
            if word:
                atoms.append(Atom(word, False, offset))
                offset += 1
        end = run.end
    telling = [atom for atom in atoms if atom.hangul or atom.text not in STOP_WORDS]
    goes_on = typing and bool(atoms) and end == len(text)
    if goes_on and not atoms[-1].hangul and atoms[-1] not in telling:
        telling.append(atoms[-1])
    if not telling:
        return None
    first = telling[0].offset
    return Term(text, tuple(Atom(one.text, one.hangul, one.offset - first) for one in telling), phrase, goes_on)


def tag_form(spelling: str) -> str:
    """The form in which two spellings of a tag are one."""
    name = normal(spelling).strip().lstrip("#").lower().replace("ß", "ss")
    return re.sub(r"[\s_]+", "-", name.strip()).strip("-./")


def _years(value: str) -> tuple[int, int] | None:
    """`2024`, `2020..2022`, `2021..` or `..2020` as first and last year."""
    found = _YEARS.fullmatch(value)
    if not found or not (found["first"] or found["last"]):
        return None
    if not found["to"]:
        return (int(found["first"]), int(found["first"])) if found["first"] and not found["last"] else None
    first, last = int(found["first"] or 0), int(found["last"] or 9999)
    return (first, last) if first <= last else (last, first)
