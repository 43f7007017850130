"""From a knowledge base to its live site: read, generate, render what changed, publish in one step."""

from __future__ import annotations

import gc
import hashlib
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nonmun.build.engines import Engine, Rendering, engine_version
from nonmun.build.framing import Frames
from nonmun.build.generate import MANY, Generated, generate, load_templates, page_faults, site_keys
from nonmun.build.lock import BuildLock
from nonmun.build.manifest import Manifest
from nonmun.build.preview import preview
from nonmun.build.project import site_path
from nonmun.build.publish import SiteStore
from nonmun.build.rendering import Renderer
from nonmun.build.theme import write_theme
from nonmun.build.tree import Tree
from nonmun.errors import Fault, Severity
from nonmun.pages import Templates
from nonmun.read import Base, load, parse_cache
from nonmun.read.load import Loaded, bring_together, code_version, read_files, sort_faults

_ENGINE_FILE = "engine:"  # marks the keys of files that come from the engine and its theme


@dataclass(frozen=True, slots=True)
class Report:
    """What a build did."""

    papers: int
    pages: int
    made: int  # pages whose text was generated anew
    rendered: int  # pages that the engine rendered
    faults: tuple[Fault, ...]
    warnings: tuple[str, ...]  # the engine's own
    seconds: float
    changed: tuple[str, ...]  # files of the site that are new or other than before; none where it was up to date

    @property
    def failed(self) -> bool:
        return any(fault.severity is Severity.ERROR for fault in self.faults)


@dataclass(frozen=True, slots=True)
class _Outcome:
    rendered: int = 0
    warnings: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """What `nonmun check` found."""

    papers: int
    files: int
    faults: tuple[Fault, ...]


Progress = Callable[[str, int, int], None]


def _quiet(stage: str, done: int, total: int) -> None:
    """Report nothing."""


def check_base(base: Base) -> Checked:
    """All faults of all files, also those that only show on a page. Writes nothing but the cache of parsed files."""
    loaded = load(base)
    faults = sort_faults([*loaded.faults, *page_faults(base, loaded)])
    return Checked(len(loaded.catalogue.papers), loaded.files, faults)


def build(
    base: Base, *, engine: Engine = "mkdocs", command: str = "nonmun build", progress: Progress = _quiet
) -> Report:
    """Bring build/site up to date. Readers see the old site, whole, until the new one stands."""
    return Session(base).build(engine=engine, command=command, progress=progress)


class Session:
    """Builds of one base, one after another in one process, which remembers what it has read and made.

    It only saves work: a build after others gives what the first build of another process would. Other processes may
    build the same base in between; what they wrote is noticed.
    """

    def __init__(self, base: Base, *, patience: int = 0) -> None:
        """`patience` is how many parsed files may wait to be written to the cache on disk until `close`."""
        self.base = base
        self._parsed = parse_cache(base, patience=patience)
        self._templates: Templates | None = None
        self._last: tuple[Loaded, Frames | None] | None = None  # of the build that succeeded last
        self._tree = Tree(base.docs, base.cache / "docs.json")

    def build(
        self,
        *,
        engine: Engine = "mkdocs",
        command: str = "nonmun build",
        wait: float = 0.0,
        progress: Progress = _quiet,
    ) -> Report:
        """Bring build/site up to date, after at most `wait` seconds for another build to end."""
        started = time.perf_counter()
        with BuildLock(self.base.build, command, wait=wait) as lock, _collector_paused():
            progress("read", 0, 1)
            files = read_files(self.base, self._parsed)
            site = _Site(self.base, engine)
            with _scratch(lock) as scratch, site.renderer(scratch) as renderer:
                if len(files.parsed) >= MANY:
                    renderer.prepare()
                loaded = bring_together(files)
                self._templates = load_templates(self.base, self._templates)
                generated = generate(self.base, loaded, self._templates, self._tree, progress, renderer)
                outcome = site.bring_up_to_date(generated, renderer, progress)
            self._last = loaded, renderer.frames
        return Report(
            papers=len(loaded.catalogue.papers),
            pages=len(generated.pages),
            made=generated.made,
            rendered=outcome.rendered,
            faults=sort_faults([*loaded.faults, *generated.faults]),
            warnings=outcome.warnings,
            seconds=time.perf_counter() - started,
            changed=outcome.changed,
        )

    def preview(self, changed: Iterable[Path]) -> Mapping[str, bytes]:
        """The pages of notes in these files as they are now, among what the last build has read; see build.preview."""
        if self._last is None or self._templates is None:
            return {}
        loaded, frames = self._last
        return preview(changed, loaded, self._templates, frames) if frames is not None else {}

    def close(self) -> None:
        """Leave on disk what the next process can begin with."""
        self._parsed.close()


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Without the search for unreachable cycles: a build makes a million values that stay, and hardly a cycle."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _scratch(lock: BuildLock) -> Iterator[Path]:
    folder = lock.scratch("engine")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Site:
    """The live site of a base, and what it was rendered with."""

    def __init__(self, base: Base, engine: Engine) -> None:
        self._base = base
        self._engine = engine
        self._store = SiteStore(base.build)
        self._fingerprint = f"{write_theme(base)}:{engine}:{engine_version(engine)}:{code_version()}"
        self._rendering = hashlib.blake2b(self._fingerprint.encode(), digest_size=8).hexdigest()
        self._live = self._store.live()
        # Another theme or engine would make all pages anew, and its own files.
        self._before = self._live.files if self._live and self._live.fingerprint == self._fingerprint else {}

    def renderer(self, scratch: Path) -> Renderer:
        return Renderer(self._base, self._engine, scratch, self._rendering, assets=not self._before)

    def bring_up_to_date(self, generated: Generated, renderer: Renderer, progress: Progress) -> _Outcome:
        """Render what is not as it was, and publish all of it in one step."""
        before = self._before
        own = site_keys(generated, self._rendering)
        from_engine = {path: key for path, key in before.items() if key.startswith(_ENGINE_FILE)}
        wanted = Manifest({**from_engine, **own}, self._fingerprint)
        if self._live is not None and self._live.id == wanted.id and not self._store.missing(wanted):
            return _Outcome()
        stale = [path for path in generated.pages if before.get(site_path(path)) != own[site_path(path)]]
        progress("render", 0, len(stale))
        rendered = renderer.render(stale) if stale or not before else Rendering({})
        if not before:
            theirs = {path: f"{_ENGINE_FILE}{self._rendering}" for path in rendered.files if path not in own}
            wanted = Manifest({**theirs, **own}, self._fingerprint)
        progress("publish", 0, 1)
        docs, straight = str(self._base.docs), generated.straight

        def provide(path: str) -> Path | str | bytes:
            if path in straight:
                return straight[path].make().text.encode()
            return rendered.files.get(path) or f"{docs}/{path}"

        self._store.publish(wanted, provide)
        changed = tuple(path for path, key in wanted.files.items() if before.get(path) != key)
        return _Outcome(len(stale), rendered.warnings, changed)
