"""Where a knowledge base is, and where its parts are."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from nonmun.errors import UsageError

CONFIG = "mkdocs.yml"


@dataclass(frozen=True, slots=True)
class Base:
    """A knowledge base: its root, and further folders of notes that are read in place."""

    root: Path
    more_notes: tuple[Path, ...] = ()

    @property
    def config(self) -> Path:
        return self.root / CONFIG

    @property
    def notes(self) -> Path:
        return self.root / "notes"

    @property
    def digests(self) -> Path:
        return self.root / "digests"

    @property
    def runners(self) -> Path:
        return self.root / "runners"

    @property
    def vocabulary(self) -> Path:
        return self.notes / "tags.yml"

    @property
    def build(self) -> Path:
        return self.root / "build"

    @property
    def cache(self) -> Path:
        return self.build / ".cache"

    @property
    def docs(self) -> Path:
        return self.build / "docs"

    def site_sources(self, kind: str) -> list[Path]:
        """The folders of templates, theme or assets: nonmun's own, then those of this base, which win."""
        own = self.root / "site" / kind
        shipped = shipped_site() / kind
        return [shipped] + ([own] if own.is_dir() and own.resolve() != shipped.resolve() else [])

    def site_files(self, kind: str) -> dict[str, Path]:
        """The files of those folders by their path in them; hidden ones are an editor's or a system's."""
        files: dict[str, Path] = {}
        for folder in self.site_sources(kind):
            for file in sorted(folder.rglob("*")):
                path = file.relative_to(folder)
                if file.is_file() and not any(part.startswith(".") for part in path.parts):
                    files[path.as_posix()] = file
        return files

    def note_folders(self) -> list[tuple[Path, str]]:
        """The folders that hold notes, each with the name under which its files are shown; no two share one."""
        named = [(self.notes, "notes")]
        taken = {"notes", "digests", "runners"}
        for folder in self.more_notes:
            name = next(name for name in _names(folder) if name not in taken)
            taken.add(name)
            named.append((folder, name))
        return named


def _names(folder: Path) -> Iterable[str]:
    """Ever longer ends of a folder's path, `papers`, `vault/papers`, and numbered ones after that."""
    parts = folder.parts[1:] or ("notes",)
    for count in range(1, len(parts) + 1):
        yield "/".join(parts[-count:])
    number = 2
    while True:
        yield f"{parts[-1]}~{number}"
        number += 1


def shipped_site() -> Path:
    """The folder `site` as installed with the package, or as it stands in a checkout of the repository."""
    packaged = Path(str(resources.files("nonmun"))) / "_site"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[3] / "site"


def find_base(root: Path | None, more_notes: Sequence[Path] = ()) -> Base:
    """The base at `root`, or at the nearest folder above the current one that holds an mkdocs.yml beside notes/."""
    found = _nearest() if root is None else _named(root)
    return Base(found, _further(more_notes, found))


def _named(root: Path) -> Path:
    if not os.path.isfile(root / CONFIG):
        raise UsageError(
            f"{root} holds no {CONFIG}" if root.is_dir() else f"{root} is no folder",
            mend=f"run 'nonmun init {root}' to begin a knowledge base there, or name another --root",
        )
    return root.resolve()


def _nearest() -> Path:
    here = Path.cwd()
    for folder in (here, *here.parents):
        parts = (folder / "notes", folder / "digests")
        if os.path.isfile(folder / CONFIG) and any(map(os.path.isdir, parts)):
            return folder
    raise UsageError(
        "no knowledge base here or above", mend="run 'nonmun init .' to begin one, or name it with --root DIR"
    )


def _further(folders: Sequence[Path], root: Path) -> tuple[Path, ...]:
    """The folders of --notes, each once, without those whose files the base has as notes anyway."""
    further: dict[Path, None] = {}
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"--notes {folder} is no folder", mend="name a folder that holds markdown notes")
        place = folder.resolve()
        if place == root:
            raise UsageError(f"--notes {folder} is the knowledge base itself", mend="its notes/ are read without it")
        if not place.is_relative_to(root / "notes"):
            further[place] = None
    return tuple(further)
