"""From a knowledge base to its live site: read, generate, render what changed, publish in one step."""

from __future__ import annotations

import gc
import hashlib
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nonmun.build.engines import Engine, Rendering, engine_version
from nonmun.build.generate import Generated, generate, load_templates, page_faults, site_keys
from nonmun.build.lock import BuildLock
from nonmun.build.manifest import Manifest
from nonmun.build.project import site_path
from nonmun.build.publish import SiteStore
from nonmun.build.rendering import render_pages
from nonmun.build.tree import Tree
from nonmun.errors import Fault, Severity
from nonmun.pages import Templates
from nonmun.read import Base, load, parse_cache
from nonmun.read.load import sort_faults

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
            loaded = load(self.base, self._parsed)
            self._templates = load_templates(self.base, self._templates)
            generated = generate(self.base, loaded, self._templates, self._tree, progress)
            scratch = lock.scratch("engine")
            try:
                outcome = _render_and_publish(self.base, generated, engine, scratch, progress)
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
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


def _render_and_publish(
    base: Base, generated: Generated, engine: Engine, scratch: Path, progress: Progress
) -> _Outcome:
    store = SiteStore(base.build)
    fingerprint = f"{generated.theme}:{engine}:{engine_version(engine)}"
    live = store.live()
    before = live.files if live and live.fingerprint == fingerprint else {}
    rendering = hashlib.blake2b(fingerprint.encode(), digest_size=8).hexdigest()
    own = site_keys(generated.keys, generated.pages, rendering)
    from_engine = {path: key for path, key in before.items() if key.startswith(_ENGINE_FILE)}
    wanted = Manifest({**from_engine, **own}, fingerprint)
    if live is not None and live.id == wanted.id and not store.missing(wanted):
        return _Outcome()
    stale = [path for path in generated.pages if before.get(site_path(path)) != own[site_path(path)]]
    progress("render", 0, len(stale))
    rendered = Rendering({})
    if stale or not before:
        rendered = render_pages(base, engine, stale, scratch, rendering, assets=not before)
    if not before:
        theirs = {path: f"{_ENGINE_FILE}{rendering}" for path in rendered.files if path not in own}
        wanted = Manifest({**theirs, **own}, fingerprint)
    progress("publish", 0, 1)
    store.publish(wanted, lambda path: rendered.files.get(path) or base.docs / path)
    changed = tuple(path for path, key in wanted.files.items() if before.get(path) != key)
    return _Outcome(len(stale), rendered.warnings, changed)
