"""build/theme: the theme's overrides where mkdocs.yml points; and what tells whether pages are rendered as before."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from nonmun.build.project import read_project
from nonmun.build.tree import Tree
from nonmun.read.base import Base

_INHERIT = re.compile(rb"^INHERIT:\s*(?P<quote>[\"']?)(?P<path>.+?)(?P=quote)\s*$", re.MULTILINE)


def write_theme(base: Base) -> str:
    """Lay the theme's files into build/theme, where mkdocs.yml points; the digest of them and of the settings."""
    target = base.build / "theme"
    digest = hashlib.blake2b(digest_size=12)
    for file in _settings(base):
        digest.update(file.read_bytes() + b"\0")
    wanted = {path: file.read_bytes() for path, file in base.site_files("theme").items()}
    for path, data in sorted(wanted.items()):
        digest.update(path.encode("utf-8", "surrogateescape") + b"\0" + data)
    theme = Tree(target, target)
    for path in theme.strangers() - wanted.keys():
        theme.remove(path)
    target.mkdir(parents=True, exist_ok=True)
    for path, data in wanted.items():
        if not (target / path).is_file() or (target / path).read_bytes() != data:
            theme.put(path, data)
    return digest.hexdigest()


def _settings(base: Base) -> Iterable[Path]:
    """The files that say how pages are rendered: mkdocs.yml, those it inherits from, its hooks."""
    file = base.config
    seen: list[Path] = []
    while file not in seen and file.is_file():
        seen.append(file)
        inherits = _INHERIT.search(file.read_bytes())
        if inherits:
            file = file.parent / inherits["path"].decode("utf-8", "surrogateescape")
    hooks = (base.root / hook for hook in read_project(base.config).hooks)
    return [*seen, *(hook for hook in hooks if hook.is_file())]
