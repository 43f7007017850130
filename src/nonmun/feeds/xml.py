"""Text → XML text. What no XML document may hold, not even escaped, is dropped."""

from __future__ import annotations

import re

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def escaped(text: str) -> str:
    """For text between tags and for values in double quotes; white space becomes one space."""
    if not text.isprintable():
        text = " ".join(_FORBIDDEN.sub("", text).split())
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
