"""Render the pages of a site: those that share a frame are put into it, the engine makes the others and the frames."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from nonmun.build.engines import Engine, Rendering, render
from nonmun.build.frames import ANY_KIND, Kind, stands_alone
from nonmun.build.framing import Frames, can_be_framed, probes, write_page
from nonmun.build.islands import island_elements
from nonmun.build.project import read_project, site_path
from nonmun.cores import Pending, standby
from nonmun.read.base import Base

_Order = tuple[tuple[str, ...], tuple[Kind, ...]]  # pages, and kinds whose probes are wanted besides
_Made = tuple[Rendering, frozenset[str]]  # and the elements of which islands are made


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
        can = engine == "mkdocs" and can_be_framed(base, self._project)
        ours = len(base.site_sources("templates")) == 1
        self.frames = Frames(base.cache / "frames.json", rendering, ours) if can else None
        self._give: Callable[[_Order], Pending[_Made]] | None = None
        self._begun: tuple[_Order, Pending[_Made]] | None = None
        self._alone: tuple[_Order, Rendering] | None = None  # what became of that
        self._waiting: dict[str, str] = {}  # pages that were seen before their frames
        self._running = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.__exit__(kind, value, trace)

    def prepare(self) -> None:
        """Start a process that gets the engine ready, while what there is to render is still being found out.

        Only for a site from nothing. It renders a page that nobody wants, after which it has loaded and compiled all.
        """
        if self.frames is not None and self._assets:

            def warm_up() -> None:
                self._with_engine((), "warm", [ANY_KIND], assets=False)

            self._give = self._running.enter_context(standby(warm_up, self._obey))

    def begin(self, first: Sequence[str]) -> None:
        """Start the engine on the first pages, which are there, while the others are being made.

        Among the first is one of each folder, from which the kinds of the others are guessed.
        """
        if self.frames is not None and self._give is not None:
            seen = self.frames.unknown(first, self._base.docs)
            kinds = tuple(dict.fromkeys(replace(kind, described=is_it) for kind in seen for is_it in (True, False)))
            order = tuple(page for page in first if stands_alone(page)), kinds
            self._begun = order, self._give(order)

    def _obey(self, order: _Order) -> _Made:
        alone, kinds = order
        return self._with_engine(alone, "engine", kinds, assets=True), island_elements(self._project.extensions)

    def ready(self) -> bool:
        """Whether the engine has done what was begun; until then it has a core of its own."""
        if self._begun is not None and self._begun[1].ready():
            self._take()
        return self._begun is None

    def see(self, path: str, text: str) -> None:
        """Put a page into its frame, if that is known; until the engine has done what was begun, it waits."""
        if self._begun is not None:
            self._waiting[path] = text
        elif self.frames is not None and not stands_alone(path):
            page = self.frames.page(path, text)
            if page is not None:
                write_page(self._framed(path), page)

    def render(self, pages: Sequence[str]) -> Rendering:
        """The finished pages, and the theme's own files where they are wanted."""
        if self.frames is None:
            return self._with_engine(pages, "engine", (), assets=self._assets)
        self._take()
        alone = tuple(page for page in pages if stands_alone(page))
        framed = {page: self._framed(page) for page in pages if not stands_alone(page)}
        unseen = [page for page, file in framed.items() if not os.path.isfile(file)]
        made, kinds = self._stand_alone(alone, tuple(self.frames.unknown(unseen, self._base.docs)))
        left = self.frames.put_in({page: framed[page] for page in unseen}, self._base.docs)
        rest = self._with_engine(left, "left", (), assets=False) if left else Rendering({})
        not_ours = {site_path(page) for page in probes(kinds)}
        files = {path: file for path, file in made.files.items() if path not in not_ours}
        files |= {site_path(page): Path(file) for page, file in framed.items()} | dict(rest.files)
        return Rendering(files, tuple(dict.fromkeys((*made.warnings, *rest.warnings))))

    def _framed(self, page: str) -> str:
        """The file for a page in its frame, under the name of the page's folder, as long as names can be."""
        folder, name, _ = page.split("/")
        return f"{self._scratch}/framed/{folder}/{name}"

    def _take(self) -> None:
        """Take what the engine has made of what was begun, and put the frames around the pages that waited for them."""
        if self._begun is None or self.frames is None:
            return
        order, pending = self._begun
        made, elements = pending.answer()
        self._begun, self._alone = None, (order, made)
        self.frames.learn(order[1], made.files, elements)
        for path, text in self._waiting.items():
            self.see(path, text)
        self._waiting.clear()

    def _stand_alone(self, pages: tuple[str, ...], kinds: tuple[Kind, ...]) -> tuple[Rendering, tuple[Kind, ...]]:
        """The pages that stand alone, and the kinds of which the probes are among them: as begun, if that is all."""
        if self._alone is not None and set(pages) == set(self._alone[0][0]) and not kinds:
            return self._alone[1], self._alone[0][1]
        if not (pages or kinds or self._assets):
            return Rendering({}), ()
        made = self._with_engine(pages, "alone", kinds, assets=self._assets)
        if kinds and self.frames is not None:
            self.frames.learn(kinds, made.files, island_elements(self._project.extensions))
        return made, kinds

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
