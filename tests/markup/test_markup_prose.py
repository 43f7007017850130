"""Plain prose: the short way gives what the long way gives."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markup_checks import hostile

from nonmun.markup import renderer
from nonmun.markup.escape import clean
from nonmun.markup.prose import prose

_parts = st.sampled_from(
    (
        *("word", "학습", " ", "  ", "\n", "\n\n", "\n \n", "\u3000", "\xa0", "\x0b", "\u2028", "\t", "\r\n", "    "),
        *(
            "-",
            "- ",
            "--",
            "---",
            "+ ",
            "=",
            "==",
            "# ",
            "#",
            "> ",
            ">",
            "1.",
            "1. ",
            "12) ",
            "123456789. ",
            ":",
            ":-",
            "|",
        ),
        *(
            "*",
            "_",
            "`",
            "~",
            "~~~",
            "$",
            "$$",
            "\\",
            "[",
            "]",
            "!",
            "![",
            "<",
            "<b>",
            "&",
            "&amp;",
            "(",
            ")",
            '"',
            "'",
        ),
        *("http", "https://", "://", "arxiv.org/abs/2402.10193", "ArXiv.org/", "/", "[^1]: ", "[a]: /b", "“", "—", "…"),
    )
)


def the_long_way(text: str, monkeypatch: pytest.MonkeyPatch, *, hard_breaks: bool) -> renderer.Rendered:
    with monkeypatch.context() as patch:
        patch.setattr(renderer, "prose", lambda text, hard_breaks: None)
        return renderer.render(text, path="n.md", line=1, resolve=lambda *_: None, hard_breaks=hard_breaks)


@settings(max_examples=1500, deadline=None)
@given(st.lists(_parts, max_size=12).map("".join) | hostile | st.text(max_size=30), st.booleans())
def test_what_is_taken_for_prose_is_rendered_as_the_parser_would(text: str, hard_breaks: bool) -> None:
    html = prose(clean(text), hard_breaks=hard_breaks)
    if html is not None:
        with pytest.MonkeyPatch.context() as patch:
            rendered = the_long_way(text, patch, hard_breaks=hard_breaks)
        assert rendered == renderer.Rendered(html)


@pytest.mark.parametrize(
    "text",
    [
        "One line.",
        "A: b (c), d; e? \"f\" 'g' - h > i = j + k!\nAnd another, 3.5 of them.\n\n\n다음 문단은 2024년에 (정말로) 썼습니다.",
        "\n\n1.5 is no item, and 2.x is none\n",
    ],
)
def test_prose_is_told_from_markup(text: str) -> None:
    assert prose(text, hard_breaks=False) is not None


@pytest.mark.parametrize(
    "text", ["", " ", "a\n---", "1. a", "    a", "a *b*", "see https://a.b", "arxiv.org/abs/1", "a  \nb"]
)
def test_what_may_be_markup_is_left_to_the_parser(text: str) -> None:
    assert prose(text, hard_breaks=False) is None


def test_a_long_line_that_is_not_prose_takes_no_longer_than_its_length() -> None:
    text = "word " * 200_000
    assert prose(text, hard_breaks=True) is None
    assert prose(("\n".join(["word"] * 100_000)) + " ", hard_breaks=True) is None
