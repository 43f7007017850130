"""MkDocs, run on one shard: in this process for a few pages, as a process of its own for many.

    python -m nonmun.build.mkdocs_worker FOLDER

The build is MkDocs' own, `mkdocs.commands.build.build`, and so is every byte of a page. What is left out is work
whose result would be thrown away, and what is kept between builds is what cannot have changed. All of it goes
through MkDocs' plugin events and through the objects of one build's configuration; no module is patched.
"""

from __future__ import annotations

import functools
import logging
import os
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jinja2
from markdown import Markdown  # type: ignore[import-untyped]
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import BasePlugin
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import get_toc
from mkdocs.theme import Theme

from nonmun.build.islands import island, islands_possible
from nonmun.build.shards import Shard
from nonmun.build.workers import worker_main
from nonmun.errors import EngineError

_environments: dict[str, jinja2.Environment] = {}  # the last one, under what it was made from


def render_shard(shard: Shard) -> tuple[str, ...]:
    """Render the pages of a shard; the answer is what MkDocs warned of."""
    with _heard() as heard:
        try:
            config = load_config(shard.config, docs_dir=shard.docs, site_dir=shard.site)
            _spare_work(config, shard)
            config.plugins.on_startup(command="build", dirty=False)
            try:
                build(config)
            finally:
                config.plugins.on_shutdown()
        except (Exception, SystemExit) as fault:  # mkdocs' Abort is a SystemExit
            errors = [record.getMessage() for record in heard if record.levelno >= logging.ERROR]
            said = "; ".join(errors) or str(fault) or type(fault).__name__
            raise EngineError(
                f"mkdocs could not build the site: {said}{_template_line(fault)}",
                mend="mend what it names, then build again",
            ) from fault
    return tuple(dict.fromkeys(record.getMessage() for record in heard))


def _template_line(fault: BaseException) -> str:
    """Where in a template it happened: Jinja's tracebacks know, its messages do not."""
    lines = [
        f" ({frame.f_code.co_filename}:{number})"
        for frame, number in traceback.walk_tb(fault.__traceback__)
        if frame.f_code.co_filename.endswith(".html")
    ]
    return lines[-1] if lines else ""


@contextmanager
def _heard() -> Iterator[list[logging.LogRecord]]:
    """Listen to what MkDocs says, and keep it from being printed meanwhile: the caller gets to show it."""
    records: list[logging.LogRecord] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    logger, listener = logging.getLogger("mkdocs"), Listener(logging.WARNING)
    propagated, logger.propagate = logger.propagate, False
    logger.addHandler(listener)
    try:
        yield records
    finally:
        logger.removeHandler(listener)
        logger.propagate = propagated


def _spare_work(config: MkDocsConfig, shard: Shard) -> None:
    theme, alone = config.theme, not config.plugins and not config.hooks
    if not shard.assets:
        theme.static_templates = set()
    environment = _environment(theme, shard.cache) if alone else theme.get_env()
    # Where they are in the published site already, there is nothing to look for.
    assets = sorted(_shown_files(theme)) if shard.assets else []
    environment.list_templates = lambda extensions=None, filter_func=None: list(filter(filter_func, assets))  # type: ignore[method-assign]
    theme.get_env = lambda: environment  # type: ignore[method-assign]
    if alone:
        parser = Markdown(extensions=config.markdown_extensions, extension_configs=config.mdx_configs or {})
        if islands_possible(parser):
            config.plugins["nonmun-islands"] = _Islands(parser)


def _shown_files(theme: Theme) -> set[str]:
    """The theme's files, without hidden folders: MkDocs leaves those out as well, after a look at 12,000 icons."""
    found: set[str] = set()
    for top in theme.dirs:
        for folder, folders, names in os.walk(top):
            folders[:] = [name for name in folders if not name.startswith(".")]
            below = os.path.relpath(folder, top).replace(os.sep, "/")
            found.update(names if below == "." else (f"{below}/{name}" for name in names))
    return found


def _environment(theme: Theme, cache: str) -> jinja2.Environment:
    """The theme's environment, with the templates it has compiled, for as long as none of them changes."""
    made_from = repr((theme.dirs, str(theme.locale), cache, list(_templates(theme.custom_dir))))
    if made_from not in _environments:
        environment = theme.get_env()
        if cache:
            # Compiling the theme takes as long as rendering a hundred pages with it. Jinja itself checks that a
            # template's source is the same, but not that Jinja is.
            folder = Path(cache, f"jinja2-{version('jinja2')}")
            folder.mkdir(parents=True, exist_ok=True)
            environment.bytecode_cache = jinja2.FileSystemBytecodeCache(str(folder))
        _environments.clear()
        _environments[made_from] = environment
    return _environments[made_from]


def _templates(custom_dir: str | None) -> Iterator[tuple[str, int, int]]:
    for folder, _, names in sorted(os.walk(custom_dir)) if custom_dir else ():
        for name in sorted(names):
            path = Path(folder, name)
            stat = path.stat()
            yield str(path), stat.st_mtime_ns, stat.st_size


class _Islands(BasePlugin):  # type: ignore[type-arg,no-untyped-call]
    """Puts islands on their pages without parsing them."""

    def __init__(self, parser: Markdown) -> None:
        self._block_level = frozenset(parser.block_level_elements)

    def on_pre_page(self, page: Page, /, *, config: MkDocsConfig, files: Files) -> Page:
        page.render = functools.partial(self._render, page, page.render)  # type: ignore[method-assign]
        return page

    def _render(self, page: Page, render: Any, config: MkDocsConfig, files: Files) -> None:
        html = island(page.markdown or "", self._block_level)
        if html is None:
            render(config, files)
        else:
            page.content, page.toc = html, get_toc([])


if __name__ == "__main__":
    worker_main(render_shard)
