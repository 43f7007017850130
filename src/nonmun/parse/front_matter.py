"""YAML front matter, read with the line of each value. Every scalar is text: `arxiv: 2402.10190` keeps its zero.

Only one level of it is walked, so that alias bombs do nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field

import yaml

from nonmun.errors import Fault, Severity
from nonmun.parse.authors import split_authors
from nonmun.parse.nodes import UnreadableYaml, compose, is_null
from nonmun.parse.text import Line

KEYS = ("title", "authors", "url", "urls", "arxiv", "date", "tags", "runners")
SYNONYMS = {"author": "authors", "tag": "tags", "runner": "runners", "link": "url", "links": "urls", "created": "date"}
LISTS = {"authors", "urls", "tags", "runners"}
MAX_LINES = 2_000


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value of the front matter and the line it stands on."""

    text: str
    line: int


@dataclass(slots=True)
class FrontMatter:
    """The known keys, each with its values; `length` is how many lines the block took, 0 where there is none."""

    values: dict[str, tuple[Scalar, ...]] = field(default_factory=dict)
    length: int = 0

    def one(self, key: str) -> Scalar | None:
        values = self.values.get(key, ())
        return values[0] if values else None

    def many(self, key: str) -> tuple[Scalar, ...]:
        return self.values.get(key, ())


def read_front_matter(lines: Sequence[Line], path: str) -> tuple[FrontMatter, list[Fault]]:
    """Read the block between the first line `---` and the next; without one, an empty FrontMatter."""
    if not lines or lines[0].text.rstrip() != "---":
        return FrontMatter(), []
    end = next((i for i, line in enumerate(lines[1:], 1) if line.text.rstrip() in ("---", "...")), None)
    if end is None:
        if len(lines) > 1 and ":" in lines[1].text:
            return FrontMatter(), [
                _fault(path, 1, "front matter that never ends", "write --- on a line of its own after the last key")
            ]
        return FrontMatter(), []  # a thematic break
    front = FrontMatter(length=end + 1)
    if end > MAX_LINES:
        return front, [
            _fault(
                path, 1, f"front matter of {end} lines", "move the text below the closing ---", f"at most {MAX_LINES}"
            )
        ]
    source = "\n".join(line.text for line in lines[1:end])
    try:
        root = compose(source)
    except UnreadableYaml as error:
        return front, [_fault(path, min(error.line + 1, end), error.found, error.mend, error.expected)]
    if root is None:
        return front, []
    if not isinstance(root, yaml.MappingNode):
        return front, [_fault(path, 2, "front matter that is no list of keys", "write 'title: …', one key a line")]
    return front, _read_keys(root, front, path)


def _read_keys(root: yaml.MappingNode, front: FrontMatter, path: str) -> list[Fault]:
    faults: list[Fault] = []
    for key_node, value in root.value:
        line = key_node.start_mark.line + 2
        written = key_node.value if isinstance(key_node, yaml.ScalarNode) else ""
        key = SYNONYMS.get(written.casefold(), written.casefold())
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, n=1, cutoff=0.8)
            if near:
                faults.append(
                    _fault(
                        path, line, f"unknown key '{written}'", f"did you mean '{near[0]}'?", severity=Severity.WARNING
                    )
                )
            continue
        if key in front.values and key not in LISTS:
            faults.append(_fault(path, line, f"a second '{written}'", "keep one of the two"))
            continue
        values, problems = _read_value(key, value, path, line)
        front.values[key] = front.values.get(key, ()) + values
        faults += problems
    return faults


def _read_value(key: str, node: yaml.Node, path: str, line: int) -> tuple[tuple[Scalar, ...], list[Fault]]:
    if isinstance(node, yaml.ScalarNode):
        if is_null(node):
            return (), []
        return _split_scalar(key, node), []
    if isinstance(node, yaml.SequenceNode):
        values: list[Scalar] = []
        faults: list[Fault] = []
        for item in node.value:
            if isinstance(item, yaml.ScalarNode):
                if not is_null(item) and item.value.strip():
                    values.append(Scalar(item.value, item.start_mark.line + 2))
            else:
                faults.append(
                    _fault(
                        path,
                        item.start_mark.line + 2,
                        f"a nested value under '{key}'",
                        "write plain text",
                        "plain text",
                    )
                )
        if key not in LISTS and len(values) > 1 and key != "url":
            faults.append(_fault(path, line, f"{len(values)} values of '{key}'", "keep one", "one value"))
        return tuple(values), faults
    return (), [
        _fault(
            path,
            line,
            f"a mapping under '{key}'",
            f"write {key}: [a, b]" if key in LISTS else f"write {key}: text",
            "text or a list",
        )
    ]


def _split_scalar(key: str, node: yaml.ScalarNode) -> tuple[Scalar, ...]:
    """`tags: a, b` and `tags: #a #b` are lists too, and so are `authors: A, B` and several URLs in one line."""
    line = node.start_mark.line + 2
    if key == "authors":
        return tuple(Scalar(name, line) for name in split_authors(node.value))
    if key in LISTS:
        return tuple(Scalar(part, line) for part in node.value.replace(",", " ").split())
    return (Scalar(node.value, line),)


def _fault(
    path: str, line: int, found: str, mend: str, expected: str = "", severity: Severity = Severity.ERROR
) -> Fault:
    return Fault(path, line, "front-matter", found, mend, expected, severity)
