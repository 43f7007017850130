"""The language of a run of text, by its script: the share of Hangul among its letters."""

from __future__ import annotations

import re

from nonmun.model import Lang

# What says nothing about the language of the sentence around it.
_NEUTRAL = re.compile(
    r"https?://\S+|`[^`\n]*`|\$[^$\n]*\$|\[\[[^\]\n]*\]\]|</?english[^>\n]*>?"
    # `[label]: address "title"` stays with the text that uses it
    r"|^[ >]*\[[^\[\]\n]+\]:[ \t]*(?:<[^<>\n]*>|[^\s/.]*[/.]\S*)(?:[ \t]+[\"'(][^\n]*)?$",
    re.IGNORECASE | re.MULTILINE,
)
_MARK = re.compile(r"[/`$\[<]")  # none of it is without one of these
_HANGUL = re.compile(r"[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e]+")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]+")

# A Hangul syllable carries about as much as 2.5 Latin letters, and Korean research prose keeps its field terms in
# English; below a third even such prose is English with a Korean word in it.
SYLLABLE_WEIGHT = 2.5
KOREAN_SHARE = 1 / 3


def letters(text: str) -> tuple[int, int]:
    """Count (Hangul syllables and jamo, Latin letters) outside links, code and formulas."""
    bare = _NEUTRAL.sub(" ", text) if _MARK.search(text) else text
    hangul = 0 if bare.isascii() else sum(map(len, _HANGUL.findall(bare)))
    return hangul, sum(map(len, _LATIN.findall(bare)))


def has_hangul(text: str) -> bool:
    return _HANGUL.search(text) is not None


def language_of(text: str) -> Lang | None:
    """The language of `text`, or None where it holds no letters to tell by."""
    hangul, latin = letters(text)
    if not hangul and not latin:
        return None
    weighted = SYLLABLE_WEIGHT * hangul
    return Lang.KO if weighted >= KOREAN_SHARE * (weighted + latin) else Lang.EN
