"""The vocabulary of tags, notes/tags.yml: canonical names, labels in both languages, aliases, broader terms.

Tags that notes use and the vocabulary lacks are kept, shown as unknown, and reported with the nearest known one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import yaml
from rapidfuzz import fuzz, process

from nonmun.errors import Fault, Severity
from nonmun.model import Tag
from nonmun.parse.nodes import UnreadableYaml, compose, is_null
from nonmun.parse.tags import normal_form
from nonmun.parse.text import undecodable

_KEYS = ("ko", "en", "aliases", "broader", "description")
SUGGESTION_CUTOFF = 78  # of 100; below it a suggestion misleads more than it helps


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All known tags by canonical name, and every spelling that leads to one."""

    tags: Mapping[str, Tag] = field(default_factory=dict)
    spellings: Mapping[str, str] = field(default_factory=dict)  # normal form → canonical name
    _suggested: dict[str, str | None] = field(default_factory=dict, init=False, repr=False, compare=False)

    def canonical(self, name: str) -> str:
        """The canonical name for a tag's normal form; an unknown tag is its own."""
        return self.spellings.get(name, name)

    def tag(self, name: str) -> Tag:
        """The tag of a canonical name; for an unknown one a Tag that says so."""
        return self.tags.get(name) or Tag(name, ko=name, en=name, known=False)

    def suggest(self, name: str) -> str | None:
        """The known tag whose spelling is nearest to `name`, or None where none is near."""
        if name not in self._suggested:
            near = process.extractOne(name, self.spellings.keys(), scorer=fuzz.ratio, score_cutoff=SUGGESTION_CUTOFF)
            self._suggested[name] = self.spellings[near[0]] if near else None
        return self._suggested[name]

    def narrower(self) -> dict[str, tuple[str, ...]]:
        """For each tag the tags that name it as broader, in the vocabulary's order."""
        below: dict[str, list[str]] = {}
        for tag in self.tags.values():
            for parent in tag.broader:
                below.setdefault(parent, []).append(tag.name)
        return {name: tuple(children) for name, children in below.items()}


def read_vocabulary(text: str, path: str) -> tuple[Vocabulary, list[Fault]]:
    """Read tags.yml. Total: what cannot be read is left out and reported, the rest stands."""
    faults = undecodable(text, path)
    try:
        root = compose(text)
    except UnreadableYaml as error:
        mend = f"{error.mend}; no tag is known until then"
        return Vocabulary(), [*faults, _fault(path, error.line, error.found, mend, error.expected)]
    if root is None:
        return Vocabulary(), faults
    if not isinstance(root, yaml.MappingNode):
        mend = "write one 'name:' per tag, with 'ko:' and 'en:' under it"
        return Vocabulary(), [*faults, _fault(path, 1, "a vocabulary that is no mapping", mend)]
    tags: dict[str, Tag] = {}
    for key, value in root.value:
        line = key.start_mark.line + 1
        written = key.value if isinstance(key, yaml.ScalarNode) else ""
        name = normal_form(written)
        if not name:
            faults.append(_fault(path, line, "a tag without a name", "give it one"))
        elif name in tags:
            faults.append(
                _fault(
                    path,
                    line,
                    f"tag '{name}' for the second time, first in line {tags[name].line}",
                    "keep one of the two",
                )
            )
        else:
            if name != written:
                faults.append(
                    _fault(
                        path, line, f"tag name '{written}'", f"write '{name}'", "lower case, words joined by hyphens"
                    )
                )
            tag, tag_faults = _read_tag(name, value, path, line)
            tags[name] = tag
            faults += tag_faults
    spellings, spelling_faults = _index(tags.values(), path)
    return Vocabulary(tags, spellings), faults + spelling_faults + _check_broader(tags, path)


def _read_tag(name: str, node: yaml.Node, path: str, line: int) -> tuple[Tag, list[Fault]]:
    faults: list[Fault] = []
    fields: dict[str, yaml.Node] = {}
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            written = str(key.value)
            if written in _KEYS:
                fields[written] = value
            else:
                faults.append(
                    _fault(
                        path,
                        key.start_mark.line + 1,
                        f"unknown key '{written}' of tag '{name}'",
                        "delete it or correct it",
                        f"one of {', '.join(_KEYS)}",
                    )
                )
    for label in ("ko", "en"):
        if not _scalar(fields.get(label)):
            faults.append(
                _fault(
                    path,
                    line,
                    f"tag '{name}' without a label '{label}'",
                    f"write '{label}: …' under it",
                    "labels in Korean and English",
                )
            )
    description = fields.get("description")
    about = (
        {str(k.value): _scalar(v) for k, v in description.value} if isinstance(description, yaml.MappingNode) else {}
    )
    both = _scalar(description)
    tag = Tag(
        name,
        ko=_scalar(fields.get("ko")) or name,
        en=_scalar(fields.get("en")) or name,
        description_ko=about.get("ko") or both,
        description_en=about.get("en") or both,
        aliases=_scalars(fields.get("aliases")),
        broader=tuple(normal_form(parent) for parent in _scalars(fields.get("broader"))),
        line=line,
    )
    return tag, faults


def _scalar(node: yaml.Node | None) -> str:
    return str(node.value).strip() if isinstance(node, yaml.ScalarNode) and not is_null(node) else ""


def _scalars(node: yaml.Node | None) -> tuple[str, ...]:
    if isinstance(node, yaml.SequenceNode):
        return tuple(text for item in node.value if (text := _scalar(item)))
    return (text,) if (text := _scalar(node)) else ()


def _index(tags: Iterable[Tag], path: str) -> tuple[dict[str, str], list[Fault]]:
    """Every spelling of every tag → its canonical name; a spelling that two tags claim is a fault."""
    tags = list(tags)
    spellings = {tag.name: tag.name for tag in tags}
    faults: list[Fault] = []
    for tag in tags:
        for spelling in (*tag.aliases, tag.ko, tag.en):
            form = normal_form(spelling)
            owner = spellings.setdefault(form, tag.name)
            if owner != tag.name:
                faults.append(
                    _fault(
                        path,
                        tag.line,
                        f"'{spelling}' leads to '{tag.name}' and to '{owner}'",
                        "leave it with one of them",
                    )
                )
    return spellings, faults


def _check_broader(tags: Mapping[str, Tag], path: str) -> list[Fault]:
    faults: list[Fault] = []
    for tag in tags.values():
        for parent in tag.broader:
            if parent not in tags:
                nearest = process.extractOne(parent, tags.keys(), scorer=fuzz.ratio, score_cutoff=SUGGESTION_CUTOFF)
                mend = f"did you mean '{nearest[0]}'?" if nearest else "name a tag of this file"
                faults.append(_fault(path, tag.line, f"tag '{tag.name}' under the unknown tag '{parent}'", mend))
            elif _reaches(parent, tag.name, tags):
                faults.append(
                    _fault(
                        path,
                        tag.line,
                        f"tag '{tag.name}' that is broader than itself, through '{parent}'",
                        "break the circle",
                    )
                )
    return faults


def _reaches(start: str, goal: str, tags: Mapping[str, Tag]) -> bool:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name == goal:
            return True
        if name not in seen and name in tags:
            seen.add(name)
            waiting += tags[name].broader
    return False


def _fault(path: str, line: int, found: str, mend: str, expected: str = "") -> Fault:
    return Fault(path, line, "vocabulary", found, mend, expected)


def unknown_tag(path: str, line: int, spelling: str, name: str, vocabulary: Vocabulary) -> Fault:
    """The fault for a tag that the vocabulary lacks: it is kept, and the nearest known one is offered."""
    nearest = vocabulary.suggest(name)
    mend = f"did you mean '{nearest}'?" if nearest else "add it to notes/tags.yml, or use a known tag"
    return Fault(path, line, "unknown-tag", f"unknown tag '{spelling}'", mend, severity=Severity.WARNING)
