"""Rendering pages with MkDocs or Zensical: only those asked for, and on as many cores as pay.

Pages do not depend on each other, so an engine is handed the pages that changed and nothing else, and many pages
are split over processes. What comes back is files in a scratch folder; to publish them is another module's work.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from nonmun.build.manifest import check_site_paths
from nonmun.build.project import Project, is_page, read_project, site_path
from nonmun.build.shards import Shard, lay_out, split
from nonmun.build.workers import run_workers
from nonmun.cores import cores
from nonmun.errors import EngineError, SetupError

Engine = Literal["mkdocs", "zensical"]

# Below this many pages, another process costs more than it saves: it starts in the time of some 150 pages.
PAGES_PER_WORKER = 150

# Of what an engine writes beside pages, these would tell of one shard only; nonmun writes its own.
_PARTIAL = frozenset(("sitemap.xml", "sitemap.xml.gz", "search.json", "objects.inv"))

# The packages whose version can change a page, the engine's own first.
_PACKAGES = {
    "mkdocs": ("mkdocs", "mkdocs-material", "markdown", "pymdown-extensions", "jinja2"),
    "zensical": ("zensical", "markdown", "pymdown-extensions"),
}
_MEND_MISSING = {
    "mkdocs": "install it: pip install mkdocs-material",
    "zensical": 'install it: pip install "nonmun[zensical]"',
}

_in_this_process = threading.Lock()  # MkDocs speaks through one logger, so one build at a time is heard


@dataclass(frozen=True, slots=True)
class Rendering:
    """What an engine made: site paths, and the files in the scratch folder that hold their content."""

    files: Mapping[str, Path]
    warnings: tuple[str, ...] = ()


def engine_version(engine: Engine) -> str:
    """The versions of all that makes a page of its source, in one line."""
    versions = []
    for package in _PACKAGES[engine]:
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError as fault:
            if package == engine:
                raise SetupError(f"{engine} is not installed", mend=_MEND_MISSING[engine]) from fault
    return ", ".join(versions)


def render(
    engine: Engine,
    root: Path,
    config: Path,
    pages: Sequence[str],
    docs_dir: Path,
    out: Path,
    workers: int | None = None,
    *,
    assets: bool = True,
    cache: Path | None = None,
    texts: Mapping[str, str] | None = None,
) -> Rendering:
    """Render pages of `docs_dir` (`notes/bitdelta.md`) into the fresh folder `out`.

    `root` is where engines are run, `config` the project's mkdocs.yml. `workers` bounds the processes; None means
    the cores this process may use. `assets` asks for what the theme brings besides pages: its scripts and styles,
    and 404.html. `cache` is a folder, kept between builds, for compiled templates. `texts` are further pages, by
    path, that are nowhere on disk.
    """
    engine_version(engine)  # says what to install, where it is not there
    root, config, docs_dir, out = root.absolute(), config.absolute(), docs_dir.absolute(), out.absolute()
    project = read_project(config)
    if strangers := [page for page in pages if not is_page(page)]:
        raise EngineError(f"{strangers[0]!r} is not a page", mend="publish it as it is; engines only copy such files")
    texts = texts or {}
    check_site_paths(site_path(page, project.directory_urls) for page in (*pages, *texts))
    out.mkdir(parents=True, exist_ok=True)
    count = max(1, min(workers or cores(), len(pages) // PAGES_PER_WORKER))
    shards = [
        lay_out(
            project,
            part,
            docs_dir,
            out / f"{number:02}",
            assets=assets and number == 0,
            cache=cache,
            texts=texts if number == 0 else {},
        )
        for number, part in enumerate(split(pages, docs_dir, count))
    ]
    if engine == "mkdocs" and len(pages) < PAGES_PER_WORKER:
        from nonmun.build.mkdocs_worker import render_shard  # here, because mkdocs takes long to import

        with _in_this_process:
            warnings = render_shard(shards[0])
    else:
        warnings = run_workers(engine, f"nonmun.build.{engine}_worker", shards, root)
    files = dict(_theme_files(shards[0], project)) if assets else {}
    files.update(_rendered_pages(engine, shards, project))
    return Rendering(files, (*_incomplete(project), *warnings))


def _rendered_pages(engine: Engine, shards: Sequence[Shard], project: Project) -> Iterator[tuple[str, Path]]:
    missing = []
    for shard in shards:
        site = Path(shard.site)
        for page in shard.pages:
            path = site_path(page, project.directory_urls)
            file = site / path
            if file.is_file():
                yield path, file
            else:
                missing.append(page)
    if missing:
        raise EngineError(
            f"{engine} left out {len(missing)} of the pages, the first of them {min(missing)}",
            mend="see that no name begins with '.', and that `exclude_docs` and `draft_docs` do not hit them",
        )


def _theme_files(shard: Shard, project: Project) -> Iterator[tuple[str, Path]]:
    pages = {site_path(page, project.directory_urls) for page in (*shard.pages, *shard.stubs)}
    for folder, _, names in os.walk(shard.site):
        for name in names:
            file = Path(folder, name)
            path = file.relative_to(shard.site).as_posix()
            if path not in pages and path not in _PARTIAL and not path.startswith("search/"):
                yield path, file


def _incomplete(project: Project) -> Iterator[str]:
    for plugin in project.plugins:
        yield (
            f"{project.config.name}: plugin {plugin!r} is shown a few pages at a time, so what it collects over all "
            "pages is not published; write `plugins: []`"
        )
