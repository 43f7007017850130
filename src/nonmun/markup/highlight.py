"""Code → HTML, highlighted when the site is built, with the short token classes that Material styles."""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from typing import TYPE_CHECKING

from nonmun.markup.escape import escape

if TYPE_CHECKING:
    from pygments.lexer import Lexer

# The site's language tag may be anything; what is not a plain name is not looked up.
_NAME = re.compile(r"[A-Za-z][\w+#.-]{0,30}", re.ASCII)
_TAG = re.compile(r"<[^>]*>")
MAX_CODE = 10_000  # a few lexers need quadratic time; longer code stays plain
NO_LANGUAGE = frozenset({"text", "txt", "plain", "plaintext", "none"})


def code_block(code: str, info: str = "", *, limit: int = MAX_CODE) -> str:
    """`code` as a block; `info` is what stands behind the fence, its first word is the language.

    Code of more than `limit` characters stays plain.
    """
    words = info.split(maxsplit=1)
    language = words[0].strip("{}.").lower() if words else ""
    code = code.removesuffix("\n")
    lexer = _lexer(language) if _NAME.fullmatch(language) and len(code) <= limit else None
    marked = _highlight(code, lexer) if lexer else None
    if marked is None:
        return f"<pre><code>{escape(code)}</code></pre>\n"
    name = language.replace("+", "p").replace("#", "sharp")
    return f'<div class="language-{name} highlight"><pre><code>{marked}</code></pre></div>\n'


@lru_cache(maxsize=256)
def _lexer(language: str) -> Lexer | None:
    from pygments.lexers import get_lexer_by_name  # slow to import, and few notes hold code
    from pygments.util import ClassNotFound

    if language in NO_LANGUAGE:
        return None
    try:
        return get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return None


def _highlight(code: str, lexer: Lexer) -> str | None:
    from pygments import highlight
    from pygments.formatters.html import HtmlFormatter

    try:
        marked: str = highlight(code, lexer, HtmlFormatter(nowrap=True))
    except Exception:  # a lexer's own fault; the code is what matters, not its colours
        return None
    marked = marked.removesuffix("\n")
    return marked if unescape(_TAG.sub("", marked)) == code else None  # a few lexers drop what they don't expect
