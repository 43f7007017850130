"""Markdown → its visible text on one line, by patterns alone: for descriptions, snippets and word counts."""

from __future__ import annotations

import re
from html import unescape

from nonmun.markup.escape import clean

# None of them looks far ahead, so that every text takes time in proportion to its length.
_BLOCK_MARKS = re.compile(
    r"^[ \t]*(?:(?:>[ \t]?)+[ \t]*)?"
    r"(?:(?:`{3,}|~{3,})[^`\n]*$|#{1,6}(?=[ \t]|$)|(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?"
    r"|\$\$[ \t]*$|\|?[ \t]*:?-{3,}[-:| \t]*$|(?:={3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$)?",
    re.MULTILINE,
)
_CLOSING_HASHES = re.compile(r"(?<=[ \t])#{1,6}[ \t]*$", re.MULTILINE)
_WIKI = re.compile(r"(!?)\[\[([^\[\]|\n]*)(?:\|([^\[\]\n]*))?\]\]")
_LINK = re.compile(
    r"!?\[([^\[\]]*)\](?:\([^()\s]*(?:\([^()\s]*\)[^()\s]*)?(?:\s+(?:\"[^\"\n]*\"|'[^'\n]*'))?\)|\[[^\[\]\n]*\])"
)
_COMMAND = re.compile(r"\\(?:textit|textbf|texttt|emph)\{([^{}]*)\}")
_AUTOLINK = re.compile(r"<((?:https?|mailto):[^<>\s]*)>", re.IGNORECASE)
_DISPLAY = re.compile(r"\$\$")
_FORMULA = re.compile(r"(?<![\\$])\$(?![\s$])([^$\n]*[^\s$\\])\$(?!\d)")
_EMPHASIS = re.compile(
    r"(?<![A-Za-z0-9)*])\*{1,3}(?=[^\s*])|(?<=[^\s*])\*{1,3}(?![A-Za-z0-9(*])"
    r"|(?<![\w_])_{1,3}(?=[^\s_])|(?<=[^\s_])_{1,3}(?![\w_])|~~|`+"
)
_MARK = re.compile(r"[*_~`]")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def plain_text(text: str) -> str:
    """The words of `text`: no markup, no line ends, entities as characters. Any text gives a text."""
    text = clean(text)
    text = _BLOCK_MARKS.sub("", text)
    if "#" in text:
        text = _CLOSING_HASHES.sub("", text)
    if "[" in text:
        text = _WIKI.sub(_shown, text)
        text = _LINK.sub(r"\1", text)
    if "\\" in text:
        text = _COMMAND.sub(r"\1", text)
    if "$" in text:
        text = _FORMULA.sub(r"\1", _DISPLAY.sub(" ", text))
    if "<" in text:
        text = _AUTOLINK.sub(r"\1", text)
    text = _without_emphasis(text)
    if "\\" in text:
        text = _ESCAPED.sub(r"\1", text)
    if "&" in text:
        text = unescape(text)
    return " ".join(clean(text.replace("|", " ")).split())


def _without_emphasis(text: str) -> str:
    """`_EMPHASIS.sub("", text)`, which looks at every character: here only where one of its marks stands."""
    kept, position = [], 0
    for mark in _MARK.finditer(text):
        if mark.start() >= position and (found := _EMPHASIS.match(text, mark.start())):
            kept.append(text[position : found.start()])
            position = found.end()
    return "".join((*kept, text[position:])) if kept else text


def _shown(wiki: re.Match[str]) -> str:
    embed, target, label = wiki[1], wiki[2].replace("#", " ").strip(), wiki[3]
    return target if not label or (embed and label.isdigit()) else label
