"""Render the pages of a site: those that share a frame are put into it, the engine makes the others and the frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nonmun.build.engines import Engine, Rendering, render
from nonmun.build.frames import stands_alone
from nonmun.build.framing import Frames, can_be_framed, probes
from nonmun.build.project import read_project, site_path
from nonmun.read.base import Base


def render_pages(
    base: Base, engine: Engine, pages: Sequence[str], scratch: Path, rendering: str, *, assets: bool
) -> Rendering:
    """The finished pages, and with `assets` the theme's own files, as files below `scratch`.

    `rendering` stands for all that shapes a page besides its text.
    """
    if engine != "mkdocs" or not can_be_framed(base, read_project(base.config)):
        return _with_engine(base, engine, pages, scratch / "engine", assets=assets)
    frames = Frames(base.cache / "frames.json", rendering)
    kinds = frames.unknown(pages, base.docs)
    alone = [page for page in pages if stands_alone(page)]
    made = Rendering({})
    if alone or kinds or assets:
        made = _with_engine(base, engine, alone, scratch / "engine", assets=assets, texts=probes(kinds))
    if kinds:
        from nonmun.build.mkdocs_worker import island_elements  # here, because mkdocs takes long to import

        frames.learn(kinds, made.files, island_elements(base.config))
    framed = frames.put_in([page for page in pages if not stands_alone(page)], base.docs, scratch / "framed")
    left = Rendering({})
    if framed.left:
        left = _with_engine(base, engine, framed.left, scratch / "left", assets=False)
    not_ours = {site_path(page) for page in probes(kinds)}
    files = {path: file for path, file in made.files.items() if path not in not_ours}
    files |= {site_path(page): file for page, file in framed.files.items()} | dict(left.files)
    return Rendering(files, tuple(dict.fromkeys((*made.warnings, *left.warnings))))


def _with_engine(
    base: Base, engine: Engine, pages: Sequence[str], out: Path, *, assets: bool, texts: dict[str, str] | None = None
) -> Rendering:
    return render(
        engine,
        base.root,
        base.config,
        pages,
        base.docs,
        out,
        assets=assets,
        cache=base.cache / "templates",
        texts=texts,
    )
