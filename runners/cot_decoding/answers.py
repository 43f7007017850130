"""Where the answer stands in a text, and which tokens wrote it. Text alone, but for the tokenizer's `decode`."""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

Span = tuple[int, int]
Found = tuple[Span, str]  # where in the text, and the answer in its normal form
Finder = Callable[[str], Found | None]

# A minus sign belongs to a number unless something is subtracted: "5-3" and "(2)-3" hold 3, "= -3" holds -3.
_NUMBER = re.compile(
    r"(?:(?<![\w)\]])(?P<sign>[-\u2212])[$₩€]?)?"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?)"
)
_HALFWAY = "\ufffd"  # what decoders write for a character whose bytes are not all there yet


def last_number(text: str) -> Found | None:
    """The last number, in the form of `number`; its span holds sign and digits, no unit and no currency."""
    last = _last(_NUMBER, text)
    if last is None:
        return None
    start = last.start("sign") if last["sign"] else last.start("digits")
    return (start, last.end("digits")), number(("-" if last["sign"] else "") + last["digits"])


def number(text: str) -> str:
    """One form for each number: `1,234.50`, `１２３４.5` and `$1234.5` are `1234.5`; other text stays as it is."""
    plain = unicodedata.normalize("NFKC", text).replace(",", "").replace("\u2212", "-").strip(" $₩€+")
    try:
        value = Decimal(plain)
    except InvalidOperation:
        return text.strip()
    if not value.is_finite():
        return text.strip()
    shown = f"{value:f}"
    shown = shown.rstrip("0").rstrip(".") if "." in shown else shown
    return "0" if shown in ("-0", "") else shown


def last_of(options: Sequence[str]) -> Finder:
    """The last of some words, in any case. A Latin word stands by itself, a Korean one may carry a particle."""
    by_fold = {option.casefold(): option for option in options}
    longest_first = sorted(map(re.escape, options), key=len, reverse=True)
    word = re.compile(rf"(?<![^\W_])(?:{'|'.join(longest_first)})(?![A-Za-z0-9])", re.IGNORECASE)

    def find(text: str) -> Found | None:
        last = _last(word, text)
        return None if last is None else (last.span(), by_fold.get(last[0].casefold(), last[0]))

    return find


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    return next(iter(deque(pattern.finditer(text), maxlen=1)), None)


def cut(text: str, marks: Sequence[str]) -> str:
    """`text` up to the first of the marks, such as the next question, which is no part of the answer."""
    return text[: min((text.find(mark) for mark in marks if mark in text), default=len(text))]


def offsets(ids: Sequence[int], tokenizer: Any) -> list[Span]:
    """The characters of the decoded text that each token wrote.

    Of a character that takes several tokens, each of them wrote it. A token that is not shown (an end) wrote none.
    """
    whole = tokenizer.decode(list(ids), skip_special_tokens=True)
    ends = []
    for count in range(1, len(ids) + 1):
        text = tokenizer.decode(list(ids[:count]), skip_special_tokens=True)
        ends.append(max(ends[-1] if ends else 0, _shared(text if text == whole else text.rstrip(_HALFWAY), whole)))
    starts = [0, *ends[:-1]]
    silent = set(tokenizer.all_special_ids)
    for place in reversed(range(len(ids) - 1)):
        if ends[place] <= starts[place] and ids[place] not in silent:
            ends[place] = ends[place + 1]
    return list(zip(starts, ends, strict=True))


def _shared(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def tokens_of(span: Span, ids: Sequence[int], tokenizer: Any) -> list[int]:
    """The places of the tokens that wrote the characters of a span."""
    start, end = span
    return [place for place, (low, high) in enumerate(offsets(ids, tokenizer)) if low < end and high > start]
