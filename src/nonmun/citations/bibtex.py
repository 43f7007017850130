"""Papers as BibTeX entries, in UTF-8. Every value is text: what TeX would obey is escaped.

Not `\\{` for a brace: BibTeX counts braces whatever stands before them, and one alone would swallow what follows.
"""

from __future__ import annotations

import re

from nonmun.catalogue.elsewhere import source_url
from nonmun.citations.dates import published
from nonmun.citations.names import Name, split_name, stands_for_others
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
_WORD = re.compile(r"[^\W_]+")
_LONG = 4  # letters of a word that a title in title case would begin with a capital


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
    return " ".join(_DROPPED.sub("", text).split())


def _authors(paper: Paper) -> str:
    names = [_one_line(author) for author in paper.authors]
    return " and ".join(_author(name) for name in names if name)


def _author(text: str) -> str:
    """Given names first, as BibTeX parts them; a name that stays whole, and a family of two words, in braces."""
    if stands_for_others(text):
        return "others"
    name = split_name(text)
    family = name.family.translate(_ESCAPES)
    if name == Name(name.family) or " " in name.family:
        family = f"{{{family}}}"
    return " ".join(filter(None, (name.given.translate(_ESCAPES), name.particle, family)))


def _protected(title: str) -> str:
    """The title with braces around the words whose capitals must stay where a style writes titles in small letters."""
    words = _WORD.findall(title)
    later = [word for word in words[1:] if len(word) >= _LONG]
    small = sum(word[0].islower() for word in later)
    as_sentence = 2 * small > len(later)  # there a capital is a name's
    parts: list[str] = []
    end = 0
    for found in _WORD.finditer(title):
        word, before = found[0], title[end : found.start()]
        begins = not parts or before.rstrip().endswith((":", ".", "?", "!"))
        own = any(char.isupper() for char in word[1:]) or (word[0].isupper() and any(map(str.isdigit, word)))
        kept = own or (as_sentence and word[0].isupper() and not begins)
        parts += (before.translate(_ESCAPES), f"{{{word}}}" if kept else word)
        end = found.end()
    return "".join([*parts, title[end:].translate(_ESCAPES)])
