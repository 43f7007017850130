"""The visible text of markdown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markup_checks import hostile, html, read

from nonmun.markup import plain_text
from nonmun.markup.plain import _EMPHASIS, _without_emphasis


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("# 제목\n\n본문 **강조(a)**는 *b*", "제목 본문 강조(a)는 b"),
        ("> 인용\n> 둘", "인용 둘"),
        ("- a\n- [x] b\n1. c", "a b c"),
        ("```python\nx = 1\n```", "x = 1"),
        ("a `b` ~~c~~ __d__ e_f_g 2*3", "a b c d e_f_g 2*3"),
        ("[a](https://b.c) ![d](e.png 't') [f][g]", "a d f"),
        ("[a](https://b.c/d_(e))", "a"),
        ("[[a]] [[b|c]] [[d#e]] ![[f.png|300]]", "a c d e f.png"),
        ("<https://a.b> https://c.d", "https://a.b https://c.d"),
        ("U$^2$-Net, $5 and $10, \\$3", "U^2-Net, $5 and $10, $3"),
        ("$$\nx^2\n$$", "x^2"),
        ("\\textit{a} \\textbf{b} 90\\%", "a b 90%"),
        ("| a | b |\n|---|:-:|\n| 1 | 2 |", "a b 1 2"),
        ("제목\n===\n\n---\n\n***", "제목"),
        ("a &amp; b &lt;c&gt; <d>", "a & b <c> <d>"),
        ("## a ##\n#tag", "a #tag"),
        ("a  \nb\tc\x00\x02", "a b c\ufffd\ufffd"),
    ],
)
def test_markup_is_taken_off(text: str, expected: str) -> None:
    assert plain_text(text) == expected


@settings(max_examples=300, deadline=None)
@given(st.one_of(hostile, st.text()))
def test_any_text_gives_one_line_that_can_be_written(text: str) -> None:
    plain = plain_text(text)
    assert plain == " ".join(plain.split())
    plain.encode("utf-8")
    assert not re.search("[\x00-\x1f\x7f-\x9f\ufffe\uffff]", plain)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["w1", "w2", "w3", " ", "\n", "*", "**", "`", "- ", "> ", "# ", "| ", "\n\n", "학습"]),
        max_size=30,
    )
)
def test_it_holds_the_words_that_the_page_shows(parts: list[str]) -> None:
    text = "".join(parts)
    shown = "".join(read(html(text)).text)
    assert re.findall(r"w\d|학습", plain_text(text)) == re.findall(r"w\d|학습", shown)


@settings(max_examples=500, deadline=None)
@given(st.text("*_~`ab1 )(\\\n가", max_size=20))
def test_marks_of_emphasis_go_as_one_pattern_over_the_whole_text_would_take_them(text: str) -> None:
    assert _without_emphasis(text) == _EMPHASIS.sub("", text)
