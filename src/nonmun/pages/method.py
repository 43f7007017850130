"""A runner's method.py on its page: the legend of its symbols, then the code."""

from __future__ import annotations

import ast
import re
import warnings

from nonmun.markup.highlight import code_block

_SYMBOL = re.compile(r"^(?P<indent> +)(?P<name>\S+(?: \S+)*?) {2,}(?P<meaning>\S.*)$")
_LIMIT = 40_000  # of code that is highlighted; Python's lexer is linear


def legend(code: str) -> list[tuple[str, str]]:
    """Each symbol and its meaning, from the list under `Symbols` in the module's docstring."""
    symbols: list[list[str]] = []
    inside, indent = False, 0
    for line in _docstring(code).splitlines():
        if not inside:
            inside = line.startswith("Symbols")
        elif found := _SYMBOL.match(line):
            if not symbols:
                indent = len(found["indent"])
            if len(found["indent"]) == indent:
                symbols.append([found["name"], found["meaning"]])
            else:
                symbols[-1][1] += f" {line.strip()}"
        elif line.startswith(" ") and symbols:
            symbols[-1][1] += f" {line.strip()}"
        else:
            break
    return [(name, meaning) for name, meaning in symbols]


def highlighted(code: str) -> str:
    """The code as HTML."""
    return code_block(code, "python", limit=_LIMIT)


def _docstring(code: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in someone's strings
            return ast.get_docstring(ast.parse(code)) or ""
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
