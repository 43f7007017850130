"""Whole sites: the generated tree builds with either engine, alone or through nonmun, without a warning, to the same
pages with the same text and the same links."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin

import pytest

from nonmun.build.pipeline import check_base
from nonmun.read import Base
from nonmun.write.starting import start_base

pytest.importorskip("zensical")
pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
NOTES = 60
VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
CHROME = ("md-sidebar", "md-source-file", "md-feedback", "md-tags", "md-top", "headerlink", "md-content__button")


@dataclass
class Seen:
    """What a reader sees of a page's main part: its words, and where its links and pictures lead."""

    words: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


class MainReader(HTMLParser):
    """Reads what stands in <main>, passing over what an engine puts beside our text."""

    def __init__(self, address: str) -> None:
        super().__init__(convert_charrefs=True)
        self.address = address
        self.open: list[tuple[str, bool]] = []  # each element, and whether what is in it counts
        self.seen = Seen()

    def counts(self) -> bool:
        return bool(self.open) and self.open[-1][1]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        chrome = tag in ("script", "style", "noscript") or any(name in given.get("class", "") for name in CHROME)
        counts = (self.counts() or tag == "main") and not chrome and "hidden" not in given
        for name in ("href", "src"):
            if counts and name in given:
                self.seen.links.append(unquote(urljoin(f"https://site/{self.address}", given[name])))
        if tag not in VOID:
            self.open.append((tag, counts))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.counts():
            self.seen.words += data.split()


def read(site: Path) -> Mapping[str, Seen]:
    pages = {}
    for file in sorted(site.rglob("*.html")):
        path = file.relative_to(site).as_posix()
        reader = MainReader(path.removesuffix("index.html"))
        reader.feed(file.read_text("utf-8"))
        pages[path] = reader.seen
    return pages


def assert_same(one: Mapping[str, Seen], other: Mapping[str, Seen]) -> None:
    assert sorted(one) == sorted(other)
    for path, seen in one.items():
        assert seen.words == other[path].words, path
        assert seen.links == other[path].links, path


def repository(place: Path) -> None:
    place.mkdir()
    for name in ("notes", "digests", "runners", "site"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", place)


def sample_notes(place: Path, samples: Path) -> None:
    start_base(place)
    shutil.copy(ROOT / "notes/tags.yml", place / "notes/tags.yml")
    shutil.copy(samples / "digest-raw.txt", place / "digests/2024-02-16.md")
    files = sorted((samples / "vault").rglob("*.md"))
    for file in files[:: len(files) // (2 * NOTES)]:
        shutil.copy(file, place / "notes")
    # Without all the others some of them lead nowhere; those are left out.
    while lost := {fault.path for fault in check_base(Base(place)).faults}:
        for path in lost:
            (place / path).unlink()
    kept = sorted((place / "notes").glob("*.md"))
    assert len(kept) >= NOTES
    for file in kept[NOTES:]:
        if f"[[{file.stem}" not in "".join(other.read_text("utf-8") for other in kept[:NOTES]):
            file.unlink()


@pytest.fixture(params=["repository", "samples"])
def sources(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    place = tmp_path / "base"
    if request.param == "repository":
        repository(place)
    else:
        sample_notes(place, request.getfixturevalue("samples"))
    return place


def test_both_engines_alone_and_through_nonmun_make_the_same_site(
    sources: Path, tmp_path: Path, nonmun: Callable
) -> None:
    by_mkdocs = nonmun("build", "--strict", "--root", sources)
    assert by_mkdocs.code == 0, by_mkdocs
    site = rendered(sources / "build/site")
    assert len(site) > 20
    assert all(seen.words for seen in site.values())

    plain = tmp_path / "plain"  # the generated tree and the settings, and nothing of nonmun's
    for name in ("docs", "theme"):
        shutil.copytree(sources / "build" / name, plain / "build" / name)
    shutil.copy(sources / "mkdocs.yml", plain)
    assert_same(site, run(plain, tmp_path / "by-mkdocs", "mkdocs", "build", "--strict", "--site-dir"))

    by_zensical = nonmun("build", "--strict", "--engine", "zensical", "--root", sources)
    assert by_zensical.code == 0, by_zensical
    assert_same(site, rendered(sources / "build/site"))
    assert_same(site, run(plain, plain / "build/site", "zensical", "build", "--strict"))


def rendered(site: Path) -> Mapping[str, Seen]:
    """The pages of a site but those under arxiv/, which lead on at once, and of which no engine knows."""
    return {path: seen for path, seen in read(site).items() if not path.startswith("arxiv/")}


def run(root: Path, out: Path, engine: str, *arguments: str) -> Mapping[str, Seen]:
    """The site that an engine makes of the tree by itself; a warning is an error."""
    places = [str(out)] if arguments[-1] == "--site-dir" else []
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    ended = subprocess.run(
        [sys.executable, "-m", engine, *arguments, *places],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "warning" not in (ended.stdout + ended.stderr).lower(), ended.stdout + ended.stderr
    return read(out)


def test_the_reader_of_main_sees_text_and_links_and_no_chrome(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/index.html").write_text(
        '<nav>x</nav><main><div class="md-sidebar"><a href="y">y</a></div><p>글 <a href="../b/">둘<br>셋</a></p>'
        '<script>z</script><img src="c.png"></main><footer>w</footer>',
        "utf-8",
    )
    assert read(tmp_path) == {"a/index.html": Seen(["글", "둘", "셋"], ["https://site/b/", "https://site/a/c.png"])}
