"""Catalogues for the rooms that turn them into files for programs; and texts as nobody should write them."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from nonmun.catalogue import Catalogue, Sources, assemble
from nonmun.model import ArxivId, Block, Entry, Lang, Note, NoteForm, Role, Site, TagUse, Url

SITE = Site("논문 & notes", "읽은 논문 <모음>", "https://example.org/kb/")
NOWHERE = Site("논문 & notes", "읽은 논문 <모음>")

# All of Unicode, and much of what formats take for their own.
hostile_texts = st.lists(
    st.one_of(
        st.text(max_size=12),
        st.characters(),
        st.sampled_from(
            ["\\", "{", "}", "]]>", "<!--", "&amp;", '"', "'", "%", "~", "$x$", "\x00", "\ud800", "\ufffe"]
        ),
        st.sampled_from(["BitDelta", " and ", "양자화", "\n@misc{", "\\input{a}", "<script>", " ", "é", "\u2028", "#"]),
    ),
    max_size=8,
).map("".join)


def note(
    slug: str = "bitdelta",
    title: str = "BitDelta: Your Fine-Tune May Only Be Worth One Bit",
    *,
    authors: tuple[str, ...] = ("James Liu", "Guangxuan Xiao"),
    arxiv: str | None = "2402.10193",
    version: int | None = None,
    day: date | None = date(2024, 2, 16),
    urls: tuple[str, ...] = (),
    tags: tuple[str, ...] = ("quantization",),
    korean: str = "한국어 문단입니다.",
    english: str = "An English paragraph.",
) -> Note:
    entry = Entry(
        title,
        1,
        authors=authors,
        urls=tuple(Url(url, 1) for url in urls),
        arxiv=ArxivId(arxiv, version) if arxiv else None,
        date=day,
        tags=tuple(TagUse(tag, tag, 9) for tag in tags),
        blocks=(
            Block(korean, Lang.KO, Role.COMMENTARY, 3),
            Block(english, Lang.EN, Role.COMMENTARY, 5),
        ),
    )
    return Note(f"notes/{slug}.md", slug, NoteForm.FRONT_MATTER, entry)


def catalogue_of(*notes: Note) -> Catalogue:
    return assemble(Sources(notes=notes))[0]
