"""HTML islands: page bodies that Python-Markdown would copy unchanged, so that it need not parse them.

Our own pages are whole HTML elements. MkDocs reads such a body twice, with a parser built anew for each page, to
put out the same text: a third of the time a page takes. `island` recognises the bodies for which that is certain,
by following Python-Markdown's own rule for raw HTML: a block begins with a block-level tag at the start of a line,
and ends where the stack of open tags is empty again. Whatever is not certain is no island, and is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from markdown import Markdown  # type: ignore[import-untyped]

# Tags in the plain form that every version of html.parser reads alike. `<` and `>` in attribute values, quotes
# other than `"`, tags over two lines: all possible in HTML, but not in what we write, and left to the real parser.
_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:[ ]+[a-zA-Z_:@][a-zA-Z0-9_.:@-]*(?:="[^"<>`]*")?)*)([ ]?/)?>""")
_FIRST_NAME = re.compile(r"<([a-z]+)[ >]")
_ANY_TAG = re.compile(r"<[^>]*>")
_REFERENCE = re.compile(r"&(?:[a-zA-Z][a-zA-Z0-9]*|#[0-9]+|#[xX][0-9a-fA-F]+);")

# What Python-Markdown changes in any text (tabs, other line ends, its own marks, lines of blanks), and what
# extensions look for in raw HTML too.
_TOUCHED = ("\t", "\r", "\x00", "\x02", "\x03", "```", "~~~")
_BLANKS = re.compile(r"\n +\n")

# Processors that see the text before or after the parser does, and leave an island as it is. A site with any
# other has no islands. (`snippet` acts on a stray `<`, which no island has.)
_BENIGN = frozenset(
    (
        *("normalize_whitespace", "html_block", "raw_html", "amp_substitute", "unescape"),
        *("fenced_code_block", "fenced_raw_block", "pymdownx-pre-norm-ws", "pymdownx-post-norm-ws"),
        *("snippet", "meta", "footnote"),
    )
)

ALWAYS = ("toc", "tables", "fenced_code")  # the extensions that MkDocs adds to any others

# Their content is text to an HTML parser, whatever tags it seems to hold, and versions differ in the details.
_TEXT_ELEMENTS = frozenset(
    ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "noscript", "plaintext")
)

_CAPITAL_ELEMENTS = frozenset(("clipPath", "foreignObject", "linearGradient", "radialGradient", "textPath"))  # of SVG


def islands_possible(parser: Markdown) -> bool:
    """Whether nothing in this parser touches raw HTML but what leaves islands alone."""
    registries = (parser.preprocessors, parser.postprocessors)
    return all(sum(name in registry for name in _BENIGN) == len(registry) for registry in registries)


def island_elements(extensions: Collection[str]) -> frozenset[str]:
    """The elements that islands are made of under these extensions; none where one would look into islands."""
    try:
        parser = Markdown(extensions=[*dict.fromkeys((*ALWAYS, *extensions))])
    except Exception:  # an extension that wants settings, or is not there: the engine will say so
        return frozenset()
    return frozenset(parser.block_level_elements) if islands_possible(parser) else frozenset()


def island(body: str, block_level: Collection[str]) -> str | None:
    """The HTML that Python-Markdown makes of `body`, where that is the text itself; else None.

    `block_level` names what Python-Markdown takes for block elements: `Markdown.block_level_elements`.
    """
    text = body.strip("\n")
    if not text.startswith("<") or not text.endswith(">") or _is_touched(text):
        return None
    if text.count("&") != len(_REFERENCE.findall(text)):
        return None
    found = _ANY_TAG.findall(text)
    tags = set(found)
    if len(found) != text.count("<") or not all(map(_is_plain, tags)):
        return None
    one = _is_one_element(text, found[0], block_level)
    return text if one or _is_row_of_elements(text, block_level) else None


def element(body: str, block_level: Collection[str]) -> str | None:
    """`island` of a body that is known to be one element of plain tags, as those are that our own templates make.

    What they are given is escaped, or comes from the markup room; so all that is left to look for is what
    Python-Markdown changes in any text, as in a block of code.
    """
    text = body.strip("\n")
    name = _FIRST_NAME.match(text)
    if name is None or name[1] not in block_level or not text.endswith(f"</{name[1]}>") or _is_touched(text):
        return None
    return text


def _is_touched(text: str) -> bool:
    # Each mark alone is looked for ten times as fast as all of them by one pattern.
    return any(mark in text for mark in _TOUCHED) or _BLANKS.search(text) is not None


@lru_cache(maxsize=1 << 14)
def _is_plain(tag: str) -> bool:
    """Whether every version of html.parser reads this tag alike, and what follows it as HTML."""
    found = _TAG.fullmatch(tag)
    if found is None:
        return False
    closing, name, attributes, empty = found.groups()
    if "markdown" in tag.lower():  # an attribute by which one extension finds what it shall parse
        return False
    usual = name.islower() or name in _CAPITAL_ELEMENTS  # so that names can be told apart as they are written
    return usual and name not in _TEXT_ELEMENTS and not (closing and (attributes or empty))


def _is_one_element(text: str, first: str, block_level: Collection[str]) -> bool:
    """Whether the text, whose tags are plain, is an element that holds no other of its name: as our pages are.

    Closing tags close what was opened last under their name, so nothing but its own can close the outermost element.
    """
    name = first[1:-1].partition(" ")[0]
    return (
        name in block_level
        and name != "hr"
        and not first.endswith("/>")
        and text.endswith(f"</{name}>")
        and text.count(f"<{name}") == 1
        and text.count(f"</{name}") == 1
    )


def _is_row_of_elements(text: str, block_level: Collection[str]) -> bool:
    """Whether the text is block elements, one after another, with at most a blank line between them."""
    position = 0
    open_tags: list[str] = []
    for tag in _TAG.finditer(text):
        closing, name, _, empty = tag.groups()
        name = name.lower()
        if not open_tags:
            between = text[position : tag.start()]
            if closing or empty or name == "hr" or name not in block_level:
                return False
            if between != "\n" * len(between) or len(between) > 2 or (position and not between):
                return False
        if closing:
            if name in open_tags:
                while open_tags.pop() != name:
                    pass
        elif not empty and name != "hr":  # an <hr> is never open; any other tag is, until a tag around it closes
            open_tags.append(name)
        position = tag.end()
    return not open_tags and position == len(text)
