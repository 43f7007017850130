"""Render the pages of a site: those that share a frame are put into it, the engine makes the others and the frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from nonmun.build.engines import Engine, Rendering, render
from nonmun.build.frames import Kind, stands_alone
from nonmun.build.framing import Frames, can_be_framed, probes
from nonmun.build.islands import island_elements
from nonmun.build.project import Project, read_project, site_path
from nonmun.cores import meanwhile
from nonmun.read.base import Base


def known_frames(base: Base, engine: Engine, project: Project, rendering: str) -> Frames | None:
    """The frames that earlier builds have found; None where pages are not to be put into any."""
    can = engine == "mkdocs" and can_be_framed(base, project)
    return Frames(base.cache / "frames.json", rendering) if can else None


class Renderer:
    """Renders pages of one build into files below `scratch`; a context, at whose end nothing goes on any more.

    `rendering` stands for all that shapes a page besides its text. With `assets` the theme's own files are rendered,
    too.
    """

    def __init__(self, base: Base, engine: Engine, scratch: Path, rendering: str, *, assets: bool) -> None:
        self._base = base
        self._engine = engine
        self._scratch = scratch
        self._assets = assets
        self._project = read_project(base.config)
        self.frames = known_frames(base, engine, self._project, rendering)
        self._begun: tuple[Sequence[str], list[Kind], Callable[[], Rendering]] | None = None
        self._running = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.__exit__(kind, value, trace)

    def begin(self, first: Sequence[str]) -> None:
        """Start the engine on the first pages, which are there, while the others are being made.

        Among the first is one of each folder, from which the kinds of the others are guessed.
        """
        if self.frames is not None and self._assets:
            seen = self.frames.unknown(first, self._base.docs)
            kinds = list(dict.fromkeys(replace(kind, described=is_it) for kind in seen for is_it in (True, False)))
            alone = [page for page in first if stands_alone(page)]
            work = meanwhile(lambda: self._with_engine(alone, "engine", kinds, assets=True))
            self._begun = alone, kinds, self._running.enter_context(work)

    def render(self, pages: Sequence[str]) -> Rendering:
        """The finished pages, and the theme's own files where they are wanted."""
        if self.frames is None:
            return self._with_engine(pages, "engine", (), assets=self._assets)
        alone = [page for page in pages if stands_alone(page)]
        made, kinds = self._alone(alone, self.frames.unknown(pages, self._base.docs))
        if kinds:
            self.frames.learn(kinds, made.files, island_elements(self._project.extensions))
        framed = self.frames.put_in(
            [page for page in pages if not stands_alone(page)], self._base.docs, self._scratch / "framed"
        )
        left = self._with_engine(framed.left, "left", (), assets=False) if framed.left else Rendering({})
        not_ours = {site_path(page) for page in probes(kinds)}
        files = {path: file for path, file in made.files.items() if path not in not_ours}
        files |= {site_path(page): file for page, file in framed.files.items()} | dict(left.files)
        return Rendering(files, tuple(dict.fromkeys((*made.warnings, *left.warnings))))

    def _alone(self, pages: Sequence[str], kinds: list[Kind]) -> tuple[Rendering, list[Kind]]:
        """The pages that stand alone, and the probes of kinds: as they were begun, if those are all that is needed."""
        if self._begun is not None:
            begun, begun_kinds, answer = self._begun
            if set(pages) == set(begun):
                return answer(), begun_kinds
        if not (pages or kinds or self._assets):
            return Rendering({}), []
        return self._with_engine(pages, "alone", kinds, assets=self._assets), kinds

    def _with_engine(self, pages: Sequence[str], folder: str, kinds: Sequence[Kind], *, assets: bool) -> Rendering:
        return render(
            self._engine,
            self._base.root,
            self._base.config,
            pages,
            self._base.docs,
            self._scratch / folder,
            assets=assets,
            cache=self._base.cache / "templates",
            texts=probes(kinds),
        )
