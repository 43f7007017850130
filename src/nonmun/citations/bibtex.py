"""Papers as BibTeX entries, in UTF-8. Every value is text: what TeX would obey is escaped.

Not `\\{` for a brace: BibTeX counts braces whatever stands before them, and one alone would swallow what follows.
"""

from __future__ import annotations

import re
from functools import lru_cache

from nonmun.catalogue.elsewhere import source_url
from nonmun.citations.dates import published
from nonmun.citations.names import split_name, stands_for_others
from nonmun.model import Paper

_ESCAPES = str.maketrans(
    {char: f"\\{char}" for char in "&%$#_"}
    | {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
    }
)
_DROPPED = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")  # the others are white space
_SPECIAL = re.compile(r"[&%$#_\\{}~^<>|]")

# Words whose capitals must stay: `BitDelta`, `LLMs`, `3D`, `L2`; and any word with a capital that begins no sentence.
_CAPITAL = "A-Z\u00c0-\u00d6\u00d8-\u00de\u0391-\u03a9\u0410-\u042f"
_OWN = rf"(?<![^\W_])(?:[^\W_]+[{_CAPITAL}][^\W_]*|[{_CAPITAL}][^\W_]*\d[^\W_]*)"
_KEPT = re.compile(_OWN)
_KEPT_IN_SENTENCE = re.compile(rf"{_OWN}|(?<!^)(?<![:.?!] )(?<![^\W_])[{_CAPITAL}][^\W_]*")
_LONG_WORD = re.compile(r"(?<= )[^\W_]{4,}")  # title case would begin it with a capital


def bibtex(paper: Paper, key: str) -> str:
    """The entry of one paper, without a line end at its end: `@misc{key,` and a line for each field that is known."""
    fields = {"title": _protected(_one_line(paper.title))}
    if authors := _authors(paper):
        fields["author"] = authors
    if date := published(paper):
        fields["year"] = str(date[0])
    if paper.arxiv:
        fields |= {"eprint": paper.arxiv.id, "archivePrefix": "arXiv"}
    if url := source_url(paper):
        fields["url"] = url  # verbatim, as both \url and biblatex take it; a brace is not left in one
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items()]
    return "\n".join([f"@misc{{{key},", *lines, "}"])


def _one_line(text: str) -> str:
    return text if text.isprintable() else " ".join(_DROPPED.sub("", text).split())


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES) if _SPECIAL.search(text) else text


def _authors(paper: Paper) -> str:
    return " and ".join(filter(None, map(_author, paper.authors)))


@lru_cache(maxsize=1 << 15)
def _author(text: str) -> str:
    """Given names first, as BibTeX parts them; a name that stays whole, and a family of two words, in braces."""
    text = _one_line(text)
    if stands_for_others(text):
        return "others"
    name = split_name(text)
    family = _escaped(name.family)
    if family and (name.whole or " " in family):
        family = f"{{{family}}}"
    return " ".join(filter(None, (_escaped(name.given), name.particle, family)))


def _protected(title: str) -> str:
    """The title with braces around the words whose capitals must stay where a style writes titles in small letters."""
    long_words = _LONG_WORD.findall(title)
    as_sentence = 2 * sum(word[0].islower() for word in long_words) > len(long_words)  # there a capital is a name's
    return (_KEPT_IN_SENTENCE if as_sentence else _KEPT).sub(r"{\g<0>}", _escaped(title))
