"""Pages put into frames: the frames that are known, those that are yet to be had, and the work on all cores.

Frames are kept beside the other caches of a build, and are worth something only for the engine, the theme and the
settings they were made with.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nonmun.build.frames import Frame, Kind, PageText, fill, frame_of, from_json, probe, proof, read_page, to_json
from nonmun.build.project import Project, site_path
from nonmun.cores import on_all_cores
from nonmun.read.base import Base

PAGES_PER_PROCESS = 600
DRAWINGS = "runners"  # the folder whose pages hold SVG, of which other tags are possible than our templates have
SAMPLE = 40  # pages of one folder that are looked at for the kinds it holds


@dataclass(slots=True)
class Frames:
    """The frames of one base under one `rendering`, from disk at first. None stands for a kind that has no frame.

    `ours` says that all pages are made by the templates that come with nonmun.
    """

    file: Path
    rendering: str
    ours: bool
    block_level: tuple[str, ...] = ()
    known: dict[Kind, Frame | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
            data: Any = json.loads(self.file.read_bytes())
            if data["rendering"] == self.rendering:
                self.block_level = tuple(map(str, data["block_level"]))
                self.known = dict(from_json(one) for one in data["frames"])

    def unknown(self, pages: Iterable[str], docs: Path) -> list[Kind]:
        """The kinds of these pages whose frame nobody has looked for yet; of many pages, those that a few have."""
        folders: dict[str, list[str]] = {}
        for path in pages:
            folders.setdefault(path.partition("/")[0], []).append(path)
        found: dict[Kind, None] = {}
        for path in (path for paths in folders.values() for path in paths[:: max(1, len(paths) // SAMPLE)]):
            page = _read(docs, path)
            if page is not None and page.kind not in self.known:
                found[page.kind] = None
        return list(found)

    def learn(self, kinds: Iterable[Kind], rendered: Mapping[str, Path], block_level: Iterable[str]) -> None:
        """Take the frames of `kinds` from their rendered probes, try each on its proof, and keep them on disk."""
        self.block_level = tuple(sorted(block_level))
        for kind in kinds:
            frame = frame_of(_text(rendered[site_path(probe(kind)[0])]))
            page = read_page(*proof(kind))
            tried = fill(frame, page, self.block_level, ours=False) if frame and page else None
            self.known[kind] = frame if tried == _text(rendered[site_path(proof(kind)[0])]) else None
        self._save()

    def put_in(self, pages: Mapping[str, str], docs: Path) -> list[str]:
        """Put the frames around pages, each into the file given with it; those that have no frame are left."""
        items = list(pages.items())
        shares = on_all_cores(items, lambda share, note: self._fill(share, docs), least=PAGES_PER_PROCESS)
        left = {page for share in shares for page in share}
        return [page for page in pages if page in left]

    def page(self, path: str, text: str) -> str | None:
        """A page of this text in its frame; None where it has none, or cannot be put into it."""
        page = read_page(path, text)
        frame = self.known.get(page.kind) if page else None
        if page is None or frame is None:
            return None
        return fill(frame, page, self.block_level, ours=self.ours and page.kind.folder != DRAWINGS)

    def _fill(self, pages: Sequence[tuple[str, str]], docs: Path) -> list[str]:
        left: list[str] = []
        for path, file in pages:
            text = self.page(path, _text(docs / path))
            if text is None:
                left.append(path)
            else:
                write_page(file, text)
        return left

    def _save(self) -> None:
        frames = [to_json(kind, frame) for kind, frame in self.known.items()]
        data = {"rendering": self.rendering, "block_level": self.block_level, "frames": frames}
        self.file.parent.mkdir(parents=True, exist_ok=True)
        new = self.file.with_name(f"{self.file.name}.new")  # one name will do: whoever writes holds the lock
        new.write_text(json.dumps(data), "ascii")
        new.replace(self.file)


def write_page(file: str, text: str) -> None:
    """Write a finished page, whose folder may be yet to be made."""
    data = text.encode()
    try:
        _write(file, data)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(file), exist_ok=True)
        _write(file, data)


def _write(file: str, data: bytes) -> None:
    with open(file, "wb") as stream:
        stream.write(data)


def probes(kinds: Iterable[Kind]) -> dict[str, str]:
    """The pages, by path, which an engine must render for `Frames.learn`."""
    return dict(page for kind in kinds for page in (probe(kind), proof(kind)))


def can_be_framed(base: Base, project: Project) -> bool:
    """Whether nothing but our own theme shapes a page: another one may well look into a page's text to do so."""
    own_theme = len(base.site_sources("theme")) > 1
    return not (own_theme or project.plugins or project.hooks) and project.directory_urls


def _read(docs: Path, path: str) -> PageText | None:
    return read_page(path, _text(docs / path))


def _text(file: Path) -> str:
    with open(file, encoding="utf-8", newline="") as stream:
        return stream.read()
