"""Authors as citations take them: a person's given and family name, or a name that stays whole."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# East Asian scripts, in which the family name comes first and no space says where it ends.
_STAYS_WHOLE = re.compile("[,;/&@:\\d\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7a3]")
_GROUP = re.compile(
    r"\b(?:and|collaboration|consortium|foundation|google|group|inc|institute|labs?|laborator(?:y|ies)|openai|project"
    r"|research|team|universit(?:y|at|ät|é))\b",
    re.IGNORECASE,
)
_PARTICLES = frozenset("al bin da de del della den der di dos du el ibn la le ten ter van von zu zur".split())
_SUFFIXES = frozenset("jr jr. sr sr. ii iii iv".split())
_OTHERS = frozenset(("et al", "et al.", "others", "외"))


@dataclass(frozen=True, slots=True)
class Name:
    """An author. Without `given` and `particle`, `family` is the whole name: a group's, a Korean one, a single word."""

    family: str
    given: str = ""
    particle: str = ""

    @property
    def whole(self) -> bool:
        return not (self.given or self.particle)


@lru_cache(maxsize=1 << 15)  # authors come again: on pages, in each format, with their next paper
def split_name(text: str) -> Name:
    """`Laurens van der Maaten` → (Maaten, Laurens, van der); `김민수` and `Gemini Team` stay whole."""
    words = text.split()
    if len(words) < 2 or _STAYS_WHOLE.search(text) or _GROUP.search(text):
        return Name(" ".join(words))
    last = len(words) - 1
    if words[last].casefold() in _SUFFIXES and last > 1:
        last -= 1
    first = last
    while first > 1 and words[first - 1] in _PARTICLES:
        first -= 1
    return Name(" ".join(words[last:]), " ".join(words[:first]), " ".join(words[first:last]))


def stands_for_others(text: str) -> bool:
    """Whether this is `et al.`, by which an author list is cut short."""
    return " ".join(text.split()).casefold() in _OTHERS
