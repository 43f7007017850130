"""Plain prose, which most paragraphs are: nothing in it is markup, so it need not be read as if it were."""

from __future__ import annotations

import re

from nonmun.markup.escape import escape

# No line begins as a heading, a quote, an item or the line below a title or a table's head may, or with white space,
# which could be code; and nowhere stands what begins anything inline. `!` needs a bracket; addresses are looked for.
_INLINE = r"\\$`~*_\[\]<&|\t"
_LINE = rf"(?!\d{{1,9}}[.)](?:\s|\Z))[^\s#>+=:\-{_INLINE}][^\n{_INLINE}]*+(?<!\s)"
_PROSE = re.compile(rf"\n*+(?:{_LINE}(?:\n++|\Z))+\Z")
_GAP = re.compile(r"\n\n++")


def prose(text: str, *, hard_breaks: bool) -> str | None:
    """The HTML of a clean text in which nothing is markup, just as `render` would make it; None for any other."""
    if "://" in text or ("/" in text and "arxiv.org/" in text.lower()) or _PROSE.match(text) is None:
        return None
    html = escape(text.strip("\n"))
    html = _GAP.sub("</p>\0<p>", html).replace("\n", "<br>\n" if hard_breaks else "\n")
    return f"<p>{html}</p>".replace("\0", "\n")
