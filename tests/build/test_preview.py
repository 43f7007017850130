"""The page of an edited note before the rest of the site: what it shows, and what it leaves to the build."""

from __future__ import annotations

from pathlib import Path

import pytest

from nonmun.build.pipeline import Session
from nonmun.read import Base

NOTE = "notes/attention-is-all-you-need.md"
PAGE = "notes/attention-is-all-you-need/index.html"


@pytest.fixture
def session(base: Path) -> Session:
    session = Session(Base(base))
    session.build()
    return session


def append(file: Path, text: str) -> Path:
    file.write_text(f"{file.read_text('utf-8')}{text}", "utf-8")
    return file


def test_the_page_is_the_one_that_the_build_then_makes(base: Path, session: Session) -> None:
    # Of words that no other paper has, so that nothing is related to it that was not before.
    edited = append(base / NOTE, "\n방금 덧붙인 $x^2$ 문장입니다. <script>alert(1)</script>\n")
    early = session.preview([edited])
    assert list(early) == [PAGE]
    assert "방금 덧붙인" in early[PAGE].decode() and "<script>alert" not in early[PAGE].decode()
    assert (base / "build/site" / PAGE).read_bytes() != early[PAGE]
    session.build()
    assert (base / "build/site" / PAGE).read_bytes() == early[PAGE]


def test_it_writes_nothing(base: Path, session: Session) -> None:
    def state() -> dict[Path, int]:
        return {file: file.stat().st_mtime_ns for file in base.rglob("*") if file.is_file()}

    edited = append(base / NOTE, "\n한 문장 더.\n")
    before = state()
    assert session.preview([edited])
    assert state() == before


def test_what_is_said_of_a_paper_elsewhere_stays_on_its_page(base: Path, session: Session) -> None:
    (base / "digests/2024-03-04.md").write_text(
        "## Attention Is All You Need\nhttps://arxiv.org/abs/1706.03762\n\n다이제스트의 말입니다.\n", "utf-8"
    )
    session.build()
    early = session.preview([append(base / NOTE, "\n노트의 말입니다.\n")])
    assert "다이제스트의 말" in early[PAGE].decode() and "노트의 말" in early[PAGE].decode()


def test_files_that_are_no_notes_of_the_last_build_are_left_to_the_next(base: Path, session: Session) -> None:
    (base / "notes/new.md").write_text("New\n\nText.\n", "utf-8")
    (base / "notes/tags.yml").write_text("attention: {ko: 주의, en: Attention}\n", "utf-8")
    digest = next((base / "digests").rglob("*.md"))
    assert session.preview([base / "notes/new.md", base / "notes/tags.yml", digest, base / "notes/none.md"]) == {}


def test_a_note_that_is_gone_or_empty_is_left_to_the_next_build(base: Path, session: Session) -> None:
    (base / NOTE).write_text("", "utf-8")
    assert session.preview([base / NOTE]) == {}
    (base / NOTE).unlink()
    assert session.preview([base / NOTE]) == {}


def test_a_tag_that_no_paper_has_yet_is_left_to_the_next_build(base: Path, session: Session) -> None:
    assert session.preview([append(base / NOTE, "\n#never-used-before\n")]) == {}


def test_before_the_first_build_there_is_none(base: Path) -> None:
    assert Session(Base(base)).preview([base / NOTE]) == {}


def test_a_theme_of_ones_own_may_look_into_pages_so_there_is_none(base: Path) -> None:
    (base / "site/theme/partials").mkdir(parents=True)
    (base / "site/theme/partials/copyright.html").write_text("mine", "utf-8")
    session = Session(Base(base))
    session.build()
    assert session.preview([append(base / NOTE, "\n한 문장 더.\n")]) == {}
