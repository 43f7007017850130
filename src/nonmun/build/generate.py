"""The generated tree: build/docs, written from the catalogue, only what changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Protocol

from nonmun.build.frames import stands_alone
from nonmun.build.indexing import FOLDER, index_notes
from nonmun.build.making import make_here, make_pages
from nonmun.build.manifest import check_site_paths
from nonmun.build.project import is_page, read_project, site_path
from nonmun.build.tree import Grown, Tree
from nonmun.errors import Fault, NonmunError, SetupError, UsageError
from nonmun.pages import PagePlan, Templates, clip_path, plan_site
from nonmun.read.base import Base
from nonmun.read.load import Loaded, code_version

Note = Callable[[str, int, int], None]  # a stage, how much of it is done, of how much

MANY = 400  # pages, in whose time an engine has started
MAX_NAME_BYTES = 255  # of a file, on the systems we know


class Reader(Protocol):
    """Who makes something of the pages while others are still being made."""

    def begin(self, first: Sequence[str]) -> None:
        """Of many pages those are there that stand alone, and one in each folder."""

    def ready(self) -> bool:
        """Whether the pages that are yet to be made had better be made on all cores: after `begin` one may be taken."""

    def see(self, path: str, text: str) -> None:
        """A page was made; perhaps in a process that ends when it has done its share."""


@dataclass(frozen=True, slots=True)
class Generated:
    """The tree as it stands: for each file of build/docs its key, and the faults found while making it.

    `straight` are the files of the site that do not stand there, to be made when they are wanted.
    """

    keys: Mapping[str, str]
    straight: Mapping[str, PagePlan]
    pages: Sequence[str]  # the markdown pages among them
    faults: tuple[Fault, ...]
    made: int  # pages whose text was made anew


@dataclass(slots=True)
class _Static:
    """The files of the site that are no pages, and what is wrong with those that cannot be."""

    sources: dict[str, tuple[Path, str]] = field(default_factory=dict)  # where each is, and how that is shown
    grown: dict[str, Grown] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def fail(self, shown: str, error: OSError) -> None:
        what = f"a file that cannot be read ({error.strerror})"
        self.faults.append(Fault(shown, 1, "unreadable", what, "correct its permissions, or put it back"))


def load_templates(base: Base, before: Templates | None = None) -> Templates:
    """The templates that come with nonmun; those of the base's own site/templates take their place by name.

    Where none of them has changed, it is `before`, which has them compiled.
    """
    sources = {}
    for path, file in base.site_files("templates").items():
        if path.endswith(".jinja"):
            try:
                sources[path] = file.read_text("utf-8")
            except UnicodeDecodeError as error:
                raise SetupError(
                    f"{file} is no UTF-8 ({error.reason} at {error.start})", mend="save it as UTF-8"
                ) from error
    if not sources:
        raise NonmunError("no page templates found", mend="install nonmun again: pip install --force-reinstall nonmun")
    return before if before is not None and before.sources == sources else Templates(sources)


def generate(base: Base, loaded: Loaded, templates: Templates, tree: Tree, note: Note, reader: Reader) -> Generated:
    """Bring build/docs up to date with what was loaded; `reader` gets to see the pages meanwhile."""
    planned = plan_site(loaded.catalogue, templates, read_project(base.config).site)
    plans = {plan.path: plan for plan in planned if not plan.straight}
    version = _version(templates)
    known = tree.files()
    static = _static_files(base, loaded, known)
    there = {path: one.key for path, one in known.items() if path.startswith(f"{FOLDER}/") and tree.has(path)}
    index = index_notes(base, loaded.catalogue, code_version(), there)
    keys = {path: one.key for path, one in static.grown.items()}
    keys.update(index.keys)
    keys.update((path, f"{version}:{plan.key}") for path, plan in plans.items())
    stale = {path for path, key in keys.items() if path not in known or known[path].key != key or not tree.has(path)}
    gone = (known.keys() | tree.strangers()) - keys.keys()
    if stale or gone:
        with tree.changing() as files:
            for path in gone:
                tree.remove(path)
                files.pop(path, None)
            for path in _copy(static, stale, tree):
                del static.grown[path], keys[path]
            for path in stale & index.data.keys():
                tree.remove(path)
                tree.put(path, index.data[path])
                files[path] = Grown(index.keys[path])
            new = [plan for path, plan in plans.items() if path in stale]
            faults = _make(new, tree, note, reader)
            files.update((path, static.grown[path]) for path in stale & static.grown.keys())
            files.update((path, Grown(keys[path], faults[path])) for path in faults)
    index.keep()
    known = tree.files()
    return Generated(
        keys=keys,
        straight={plan.path: plan for plan in planned if plan.straight},
        pages=[path for path in plans if is_page(path)],
        faults=(*static.faults, *(fault for path in plans for fault in known[path].faults)),
        made=sum(is_page(path) for path in stale & plans.keys()),
    )


def _make(plans: Sequence[PagePlan], tree: Tree, note: Note, reader: Reader) -> dict[str, tuple[Fault, ...]]:
    def put(path: str, text: str) -> None:
        tree.put(path, text.encode())
        if is_page(path):
            reader.see(path, text)

    pages = [plan for plan in plans if is_page(plan.path)]
    folders = {plan.path.partition("/")[0]: plan for plan in pages if not stands_alone(plan.path)}
    first = [plan for plan in pages if stands_alone(plan.path)] + list(folders.values())
    among_first = {plan.path for plan in first}
    others = [plan for plan in plans if plan.path not in among_first]
    note("pages", 0, len(plans))
    faults = make_pages(first, put, lambda done: None)
    if len(pages) - len(first) >= MANY:
        reader.begin([plan.path for plan in first])
        faults |= make_here(takewhile(lambda plan: not reader.ready(), others), put, lambda done: None)
        others = [plan for plan in others if plan.path not in faults]
    made = len(faults)
    return faults | make_pages(others, put, lambda done: note("pages", made + done, len(plans)))


def _copy(static: _Static, stale: set[str], tree: Tree) -> set[str]:
    """Copy those that are stale; the paths of those that have vanished since they were looked at."""
    lost: set[str] = set()
    for path in stale & static.sources.keys():
        source, shown = static.sources[path]
        try:
            tree.copy(path, source)
        except OSError as error:
            if source.is_file():  # then the fault is with the tree
                raise
            static.fail(shown, error)
            lost.add(path)
    return lost


def page_faults(base: Base, loaded: Loaded) -> tuple[Fault, ...]:
    """The faults that only show when pages are made; pages that a build made before are not made again."""
    templates = load_templates(base)
    known = Tree(base.docs, base.cache / "docs.json").files()
    version = _version(templates)
    plans = [
        plan for plan in plan_site(loaded.catalogue, templates, read_project(base.config).site) if is_page(plan.path)
    ]
    new = [plan for plan in plans if plan.path not in known or known[plan.path].key != f"{version}:{plan.key}"]
    made = make_pages(new, lambda path, text: None, lambda done: None)
    static = _static_files(base, loaded, known)
    return (
        *static.faults,
        *(fault for plan in plans for fault in (made[plan.path] if plan.path in made else known[plan.path].faults)),
    )


def _version(templates: Templates) -> str:
    return f"{code_version()}:{templates.fingerprint}"


def _static_files(base: Base, loaded: Loaded, known: Mapping[str, Grown]) -> _Static:
    """Files of the site that are no pages: our assets, the files that notes embed, the clips of records."""
    static = _Static()
    for path, file in base.site_files("assets").items():
        _take(static, f"assets/{path}", file, f"site/assets/{path}", known)
    for found in loaded.attachments:
        if f"files/{found.path}" in loaded.catalogue.embedded:
            _take(static, f"files/{found.path}", found.file, found.path, known)
    for name, runner in loaded.catalogue.runners.items():
        for result in runner.results:
            for shown in (path for clip in result.clips for path in (clip.path, clip.still)):
                _take(static, clip_path(name, shown), base.root / shown, shown, known)
    return static


def _take(static: _Static, path: str, file: Path, shown: str, known: Mapping[str, Grown]) -> None:
    """Add a file to the site, or a fault where it cannot be read or cannot have that name."""
    try:
        check_site_paths([path])
        if any(len(part.encode("utf-8", "surrogateescape")) > MAX_NAME_BYTES for part in path.split("/")):
            raise UsageError(f"a name of more than {MAX_NAME_BYTES} bytes", mend="give it a shorter name")
        info = file.stat()
        stamp = (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)
        before = known.get(path)
        key = before.key if before and before.stamp == stamp else _content_key(file)
    except UsageError as error:
        mend = "rename it: a file of the site has a plain name, without backslashes"
        static.faults.append(Fault(shown, 1, "bad-file-name", error.message, mend))
    except OSError as error:
        static.fail(shown, error)
    else:
        static.sources[path] = file, shown
        static.grown[path] = Grown(key, stamp=stamp)


def _content_key(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "blake2b").hexdigest()[:24]


def site_keys(generated: Generated, rendering: str) -> dict[str, str]:
    """The keys of all of our files, by the path each has in the site.

    A page in the site is made of its text and by an engine with a theme, for all of which `rendering` stands; and
    `rendering` changes with nonmun's code, which makes the others.
    """
    found = dict(generated.keys)
    for page in generated.pages:
        found[site_path(page)] = f"{found.pop(page)}:{rendering}"
    found.update((path, f"{plan.key}:{rendering}") for path, plan in generated.straight.items())
    return found
