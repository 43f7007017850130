"""Text → the units that are counted and compared: Hangul syllables one by one, every other word as a whole.

Units are numbered in the order of the text, and match by their numbers. A space says nothing here, so that 사전학습
and 사전 학습 are the same four units. `site/assets/search/tokens.js` does the same, by the same table of cases.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

# Half-typed syllables: jamo by themselves mean nothing yet, and are left out wherever they stand.
JAMO = "\u1100-\u11ff\u3131-\u318e\ua960-\ua97f\ud7b0-\ud7ff\uffa0-\uffdc"
_RUN = re.compile(rf"[\uac00-\ud7a3]+|[^\W_\uac00-\ud7a3{JAMO}]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ACCENTS = re.compile("[\u0300-\u036f]")
_OTHER_CASES = str.maketrans({"ß": "ss", "ς": "σ", "ſ": "s"})  # what lower() leaves and casefold() would not
_VOWEL = re.compile("[aeiouy]")
_HANGUL_FIRST, _HANGUL_LAST = "\uac00", "\ud7a3"

MAX_WORD = 64  # letters; what is longer is no word that anyone types

# Said in every sentence, told apart by nobody: neither counted nor asked for, but they take their place in a phrase.
STOP_WORDS = frozenset("a an and are as at be by for from in is it of on or that the this to we which with".split())

# Particles and endings. They are never cut off what is counted; a query that ends in one may match without it, below
# what matches with it, and only where the notes do not show that the whole is a word that takes endings itself.
ENDINGS = frozenset(
    """
    이 가 은 는 을 를 의 에 로 와 과 도 만 랑 란 나 든 께 여 야 들 인 한 할 함 된 될 됨 해 돼 으로 에서 에게 한테
    부터 까지 처럼 보다 마다 조차 밖에 이나 이란 이든 이며 이고 라는 이라 라고 들이 들은 들을 들의 들에 들과 에는 에도
    에만 에의 로는 로도 로의 로만 와의 과의 와는 과는 만을 만이 만의 만은 까지의 까지도 부터의 으로는 으로도 으로의
    으로만 으로써 으로서 로써 로서 에서는 에서도 에서의 에서만 에서와 에게는 보다는 보다도 이라는 이라고 이라면 이라도
    이다 이지만 인데 입니다 이었다 였다 들에서 들에게 들로 들도 들만 들이다 들입니다 하는 하고 하여 하면 하며 하지
    하다 하게 하기 하려 하자 하는데 하기도 했다 했고 했던 했을 해서 해야 해도 해준 합니다 했습니다 한다 한다는 한다면
    하는지 할지 함을 함에 함으로써 하기에 하기가 하기는 하지만 되는 되고 되어 되면 되며 되지 되다 되게 되기 된다
    된다는 된다면 됐다 됐고 돼서 됩니다 됐습니다 되었다 되었습니다 됨을 되어서 시키는 시키고 시켜 시켜서 시킨 시킨다
    시킬 시키면 시키기 시킵니다 시켰다 시켰습니다 적인 적으로 적이고 적이다 적입니다 적이지
    """.split()
)
_LONGEST_ENDING = max(map(len, ENDINGS))


@dataclass(frozen=True, slots=True)
class Unit:
    """One syllable or one word: where it stands in the text, and what it is compared by."""

    start: int
    end: int
    text: str  # a syllable, or a word in lower case
    hangul: bool
    parts: tuple[str, ...] = ()  # of a word written in camel case


@dataclass(frozen=True, slots=True)
class Run:
    """An unbroken run of Hangul, or one word, as it stands in the text."""

    start: int
    end: int
    text: str
    hangul: bool


def normal(text: str) -> str:
    """NFC, in which offsets into a text are counted."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def fold(word: str) -> str:
    """A word as it is compared: lower case, without accents and compatibility forms."""
    if word.isascii():
        return word.lower()[:MAX_WORD]
    plain = unicodedata.normalize("NFKC", _ACCENTS.sub("", unicodedata.normalize("NFKD", word)))
    return plain.lower().translate(_OTHER_CASES)[:MAX_WORD]


def runs(text: str) -> Iterator[Run]:
    """The runs of an NFC text, in order."""
    for found in _RUN.finditer(text):
        word = found[0]
        yield Run(found.start(), found.end(), word, is_syllable(word[0]))


def is_syllable(char: str) -> bool:
    return _HANGUL_FIRST <= char <= _HANGUL_LAST


def units(text: str) -> Iterator[Unit]:
    """The units of an NFC text, in order."""
    for run in runs(text):
        if run.hangul:
            for offset, syllable in enumerate(run.text):
                yield Unit(run.start + offset, run.start + offset + 1, syllable, True)
        else:
            yield Unit(run.start, run.end, fold(run.text), False, camel_parts(run.text))


def camel_parts(word: str) -> tuple[str, ...]:
    """`BitDelta` → bit, delta; nothing for a word in one piece."""
    if word.islower() or word.isupper() or not word.isascii():
        return ()
    parts = [part.lower() for part in _CAMEL.split(word)]
    return tuple(part for part in parts if len(part) > 1) if len(parts) > 1 else ()


def stem(word: str) -> str:
    """A light English stem: plurals, -ing, -ed, -ization and a last e. Words of other scripts come back as they are."""
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is", "as")):
        word = word[:-1]
    for ending in ("ization", "isation"):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            return word[:-5]
    if word.endswith("ied") and len(word) > 4:
        return word[:-3] + "y"
    for ending in ("ing", "ed"):
        rest = word[: -len(ending)]
        if word.endswith(ending) and len(rest) > 2 and _VOWEL.search(rest):
            if rest[-1] == rest[-2] and rest[-1] not in "lsz":
                rest = rest[:-1]
            word = rest
            break
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


def stem_prefix(stemmed: str) -> str:
    """What all words of a stem begin with."""
    return stemmed[:-1] if stemmed.endswith("y") else stemmed


def ending_of(run: str) -> str:
    """The longest ending that leaves at least two syllables before it, or nothing."""
    for length in range(min(_LONGEST_ENDING, len(run) - 2), 0, -1):
        if run[-length:] in ENDINGS:
            return run[-length:]
    return ""


def inflected_words(run: str) -> list[str]:
    """What the run shows to be a word although it ends like an inflected one: 정확도를 shows 정확도."""
    found = []
    for length in range(1, min(_LONGEST_ENDING, len(run) - 3) + 1):
        word, last = run[:-length], run[-length:]
        inner = ending_of(word) if last in ENDINGS else ""
        if inner and not any(run[-size:] in ENDINGS for size in range(length + 1, length + len(inner) + 1)):
            found.append(word)
    return found


def open_forms(syllable: str) -> list[str]:
    """What a syllable without a last consonant may yet become while it is typed: 스 → 슥 … 습 … 슿."""
    code = ord(syllable) - 0xAC00
    return [chr(0xAC00 + code + last) for last in range(1, 28)] if code % 28 == 0 else []
