"""Pages put into frames are those that the engine makes, byte for byte."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nonmun.build import generate, making, pipeline, rendering
from nonmun.build.pipeline import Session, build
from nonmun.read import Base

REPOSITORY = Path(__file__).resolve().parents[2]


def plain_mkdocs(root: Path) -> dict[str, bytes]:
    """The pages that `mkdocs build` makes of the generated tree by itself."""
    site = root / "build" / "plain"
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(site)]
    subprocess.run(command, cwd=root, check=True, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"})
    return pages(site)


def pages(site: Path) -> dict[str, bytes]:
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in site.rglob("*.html")}


def framed_and_rendered(base: Base) -> dict[str, bytes]:
    """The site's pages without those that go there by themselves, of which an engine does not know."""
    return {path: page for path, page in pages(base.build / "site").items() if not path.startswith("arxiv/")}


@pytest.fixture
def repository_base(tmp_path: Path) -> Base:
    """This repository's notes, digests and runners, and the awkward notes of the browser tests."""
    for name in ("notes", "digests", "runners"):
        shutil.copytree(REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for note in (REPOSITORY / "tests" / "browser" / "notes").glob("*.md"):
        shutil.copy(note, tmp_path / "notes")
    (tmp_path / "notes" / "bare.md").write_text("제목뿐인 노트\n", "utf-8")
    shutil.copy(REPOSITORY / "mkdocs.yml", tmp_path)
    return Base(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("site_url", ["", "site_url: https://example.org/kb/\n"])
def test_framed_pages_are_those_of_plain_mkdocs(
    repository_base: Base, site_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = repository_base.config
    config.write_text(site_url + config.read_text("utf-8"), "utf-8")
    by_engine: list[str] = []
    with_engine = rendering.Renderer._with_engine

    def heard(self, pages, *args, **options):
        by_engine.extend(pages)
        return with_engine(self, pages, *args, **options)

    monkeypatch.setattr(rendering.Renderer, "_with_engine", heard)
    build(repository_base)
    assert framed_and_rendered(repository_base) == plain_mkdocs(repository_base.root)
    assert sorted(by_engine) == ["archive/index.md", "index.md", "runners/index.md", "search/index.md", "tags/index.md"]


@pytest.mark.slow
def test_the_engine_beside_the_making_of_pages_makes_the_same(
    repository_base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "MANY", 1)
    monkeypatch.setattr(pipeline, "MANY", 1)
    monkeypatch.setattr(making, "PAGES_PER_PROCESS", 2)
    monkeypatch.setattr(threading, "active_count", lambda: 1)  # a test runner has threads of its own
    build(repository_base)
    assert framed_and_rendered(repository_base) == plain_mkdocs(repository_base.root)


def test_an_edited_page_needs_no_engine(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session(Base(base))
    session.build()
    note = base / "notes" / "attention-is-all-you-need.md"
    note.write_text(note.read_text("utf-8") + "\n한 문장을 더 적었습니다.\n", "utf-8")
    monkeypatch.setattr(rendering, "render", lambda *args, **options: pytest.fail("an engine was started"))
    report = session.build()
    assert "notes/attention-is-all-you-need/index.html" in report.changed
    assert "한 문장을 더" in (base / "build/site/notes/attention-is-all-you-need/index.html").read_text("utf-8")


def test_a_theme_of_ones_own_is_left_to_the_engine(base: Path) -> None:
    (base / "site" / "theme").mkdir(parents=True)
    (base / "site" / "theme" / "main.html").write_text(
        '{% extends "base.html" %}{% block content %}{{ page.content }}<p>{{ page.title | length }}</p>{% endblock %}'
    )
    build(Base(base))
    title = "Attention Is All You Need"
    page = (base / "build/site/notes/attention-is-all-you-need/index.html").read_text("utf-8")
    assert f"<p>{len(title)}</p>" in page
    assert not (base / "build/.cache/frames.json").exists()


@pytest.mark.parametrize("damage", [b"", b"{}", b"[1]", b'{"rendering": 3}', b"\xff\xfe"])
def test_damaged_frames_are_made_anew(base: Path, damage: bytes) -> None:
    build(Base(base))
    good = pages(base / "build" / "site")
    (base / "build/.cache/frames.json").write_bytes(damage)
    shutil.rmtree(base / "build" / ".sites")
    build(Base(base))
    assert pages(base / "build" / "site") == good
