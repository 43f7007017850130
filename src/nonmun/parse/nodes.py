"""YAML text → its nodes, each with its line: composed and never constructed, so that tags (`!!python/…`) do nothing.

Aliases and nesting are bounded before anything is composed. Libyaml's composer calls itself for each level and would
overrun the stack of the process at some ten thousands; its parser does not, so the events tell how deep a text goes.
"""

from __future__ import annotations

import yaml

from nonmun.parse.text import without_surrogates

# PyYAML's C parser is five times as fast; its pure twin reads the same language.
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

MAX_ALIASES = 32
MAX_DEPTH = 32
# A level needs a bracket, or a further column of a line: below these no text is too deep, and few have to be looked at.
_BRACKETS, _COLUMNS = 500, 1000
_NULLS = {"", "~", "null", "Null", "NULL"}


class UnreadableYaml(ValueError):
    """What was found, on which line of the text, what was expected, how to mend it."""

    def __init__(self, line: int, found: str, mend: str, expected: str = "") -> None:
        super().__init__(found)
        self.line = line
        self.found = found
        self.mend = mend
        self.expected = expected


def compose(source: str) -> yaml.Node | None:
    """The root node of `source`, None where it holds nothing; UnreadableYaml for what is no YAML or too much of it."""
    source = without_surrogates(source)  # libyaml takes no text with bytes in it that were none
    try:
        if _may_be_too_much(source):
            _measure(source)
        node: yaml.Node | None = yaml.compose(source, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        found = f"YAML that cannot be read ({error.problem or error.context})"
        raise UnreadableYaml(mark.line + 1 if mark else 1, found, _mend(source)) from error
    except (yaml.YAMLError, RecursionError, UnicodeError) as error:
        found = f"YAML that cannot be read ({str(error).splitlines()[0][:120]})"
        raise UnreadableYaml(1, found, _mend(source)) from error
    return node


def is_null(node: yaml.ScalarNode) -> bool:
    """Nothing, or a word for it without quotes (the C parser says '' where its twin says None)."""
    return node.value in _NULLS and not node.style


def _may_be_too_much(source: str) -> bool:
    if "*" in source and "&" in source:
        return True
    brackets = source.count("[") + source.count("{")
    return brackets > _BRACKETS or (len(source) > _COLUMNS and max(map(len, source.split("\n"))) > _COLUMNS)


def _measure(source: str) -> None:
    aliases = depth = 0
    for event in yaml.parse(source, Loader=_Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                mend = "write plain text and lists, without brackets in brackets"
                raise UnreadableYaml(line, "YAML nested too deeply", mend, f"at most {MAX_DEPTH} levels")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.AliasEvent):
            aliases += 1
            if aliases > MAX_ALIASES:
                mend = "write the values out where they are used"
                raise UnreadableYaml(line, "YAML with too many aliases", mend, f"at most {MAX_ALIASES}")


def _mend(source: str) -> str:
    if "\t" in source:
        return "indent with spaces: YAML allows no tabs"
    return "put quotes around values that hold ': ', '#' or brackets"
