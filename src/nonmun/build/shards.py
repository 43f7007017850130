"""Shards: the pages to render, split over engine processes, each in a folder that holds just what it needs.

A page never depends on another one, except through `nav`, which every page shows. So a shard holds its own pages
and a stub of each page that nav names: its front matter and its heading, from which engines take titles.
"""

from __future__ import annotations

import errno
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from nonmun.build.project import Project
from nonmun.errors import EngineError

_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n.*?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_HEADING = re.compile(r"^# .+$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Shard:
    """One engine run, as its worker is told: the docs paths it renders, and the stubs that lie beside them."""

    folder: str
    config: str
    docs: str
    site: str
    pages: tuple[str, ...]
    stubs: tuple[str, ...]
    assets: bool  # whether the theme's own files are wanted too, 404.html among them
    cache: str

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        data = json.loads(text)
        return cls(**{**data, "pages": tuple(data["pages"]), "stubs": tuple(data["stubs"])})


def split(pages: Sequence[str], docs_dir: Path, count: int) -> list[list[str]]:
    """The pages in `count` parts of about equal work: dealt out like cards, the largest first."""
    by_size = sorted(pages, key=lambda page: (-_size(docs_dir / page), page))
    return [by_size[start::count] for start in range(count)]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # reported where it is needed


def lay_out(
    project: Project,
    pages: Sequence[str],
    docs_dir: Path,
    folder: Path,
    *,
    assets: bool,
    cache: Path | None,
    texts: Mapping[str, str],
) -> Shard:
    """Make the folder of one shard: of pages that are in `docs_dir`, and of others by their text."""
    # The same relative place as in the project: links to a page's source are made from it.
    docs, site = folder / _inside(project.docs_dir, "docs"), folder / _inside(project.site_dir, "site")
    docs.mkdir(parents=True)
    here = {*pages, *texts}
    made = {docs}
    for page in pages:
        destination = docs / page
        if destination.parent not in made:
            destination.parent.mkdir(parents=True, exist_ok=True)
            made.add(destination.parent)
        _link(docs_dir / page, destination)
    for page, text in texts.items():
        (docs / page).parent.mkdir(parents=True, exist_ok=True)
        (docs / page).write_text(text, "utf-8", newline="")
    stubs = []
    for page in project.nav_pages:
        if page not in here and (stub := _stub(docs_dir / page)) is not None:
            (docs / page).parent.mkdir(parents=True, exist_ok=True)
            (docs / page).write_text(stub, "utf-8", newline="")
            stubs.append(page)
    return Shard(
        folder=str(folder),
        config=str(project.config),
        docs=str(docs),
        site=str(site),
        pages=(*pages, *texts),
        stubs=tuple(stubs),
        assets=assets,
        cache=str(cache) if cache else "",
    )


def _inside(path: str, otherwise: str) -> str:
    parts = Path(path).parts
    return otherwise if Path(path).is_absolute() or ".." in parts or not parts else path


def _link(source: Path, destination: Path) -> None:
    try:
        destination.hardlink_to(source)
    except FileNotFoundError as fault:
        raise EngineError(f"{source} is not there to render", mend="generate the pages again") from fault
    except OSError as fault:
        if fault.errno == errno.EEXIST:
            raise EngineError(f"{destination.name} is given twice", mend="name each page once") from fault
        shutil.copyfile(source, destination)  # another disk, or no hard links


def _stub(source: Path) -> str | None:
    """What nav needs of a page; None where there is no such page, which the engine shall report."""
    try:
        text = source.read_text("utf-8", errors="replace")
    except OSError:
        return None
    match = _FRONT_MATTER.match(text)
    front_matter = match.group() if match else ""
    heading = _HEADING.search(text, len(front_matter))
    return front_matter + (f"\n{heading.group()}\n" if heading else "")
