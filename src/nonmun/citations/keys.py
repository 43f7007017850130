"""Citation keys: `liu2024bitdelta`, made of the first author, the year and the title, in letters that TeX takes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import count
from weakref import WeakKeyDictionary

from nonmun.catalogue import Catalogue
from nonmun.citations.dates import published
from nonmun.citations.names import split_name, stands_for_others
from nonmun.parse.language import has_hangul

MAX_WORD = 30  # letters of an author or of a word
_WORD = re.compile(r"[a-z0-9]+")
_PASSED_OVER = frozenset(
    "a an and are as at be by can do does for from how in is it of on or the to toward towards".split()
    + "via what when why with".split()
)

# Revised Romanization of Korean, syllable by syllable: a key has to be typed, not to be pronounced.
_INITIALS = "g kk n d tt r m b pp s ss . j jj ch k t p h".replace(".", "").split(" ")
_VOWELS = "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i".split()
_FINALS = ". k k k n n n t l k m l l l p l m p p t t ng t t k t p t".replace(".", "").split(" ")
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "’": "", "'": ""})


def citation_keys(catalogue: Catalogue) -> Mapping[str, str]:
    """Slug → key, each unlike all others.

    The oldest paper takes the short key; a later one with the same author, year and word takes in more words of its
    title, so that adding a paper changes no key that someone may have cited.
    """
    keys = _KEYS.get(catalogue)
    if keys is None:
        keys = _KEYS[catalogue] = _give_keys(catalogue)
    return keys


_KEYS: WeakKeyDictionary[Catalogue, dict[str, str]] = WeakKeyDictionary()


def _give_keys(catalogue: Catalogue) -> dict[str, str]:
    keys: dict[str, str] = {}
    taken: set[str] = set()
    for paper in catalogue.oldest_first():
        author = paper.authors[0] if paper.authors else ""
        name, words = _parts(author, paper.title)
        year = str(published(paper)[0]) if paper.arxiv or paper.date else ""
        key = f"{name}{year}{words[0] if words else ''}"
        if key in taken:
            key = next(longer for longer in _longer(key, words[1:]) if longer not in taken)
        taken.add(key)
        keys[paper.slug] = key
    return keys


def _longer(key: str, words: Sequence[str]) -> Iterator[str]:
    for word in words:
        key += word
        yield key
    yield from (f"{key}-{number}" for number in count(2))


@lru_cache(maxsize=1 << 15)  # a session builds the same papers again and again
def _parts(author: str, title: str) -> tuple[str, tuple[str, ...]]:
    """Who it is by, or else the title's first word; and the other words of the title that say something."""
    words = [word[:MAX_WORD] for word in _WORD.findall(_in_ascii(title)) if word not in _PASSED_OVER]
    known = _by_which_known(author) if author and not stands_for_others(author) else ""
    name = "".join(_WORD.findall(_in_ascii(known)))[:MAX_WORD]
    if not name:
        name, words = (words[0] if words else "paper"), words[1:]
    return name, tuple(words)


def _by_which_known(author: str) -> str:
    """The family name; of a name that stays whole all of it in Korean, and a group's first word in other scripts."""
    name = split_name(author)
    return name.family.partition(" ")[0] if name.whole and not has_hangul(author) else name.family


def _in_ascii(text: str) -> str:
    text = text.casefold()
    if text.isascii():
        return text.replace("'", "")
    text = unicodedata.normalize("NFC", text).translate(_LETTERS)
    spelled = "".join(_romanise(char) if "\uac00" <= char <= "\ud7a3" else char for char in text)
    return "".join(char for char in unicodedata.normalize("NFKD", spelled) if not unicodedata.combining(char))


def _romanise(syllable: str) -> str:
    initial, rest = divmod(ord(syllable) - 0xAC00, 588)
    vowel, final = divmod(rest, 28)
    return _INITIALS[initial] + _VOWELS[vowel] + _FINALS[final]
