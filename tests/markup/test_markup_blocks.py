"""Blocks: what CommonMark says, what a page needs besides, and where each heading can be found."""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import quote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markup_checks import codes, html, read, show

from nonmun.markup import Heading, Target
from nonmun.markup.slugs import slug, unique_slug


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("a\nb", "<p>a\nb</p>"),
        ("a  \nb\\\nc", "<p>a<br>\nb<br>\nc</p>"),
        ("*a* **b** ~~c~~ `d`", "<p><em>a</em> <strong>b</strong> <del>c</del> <code>d</code></p>"),
        ("> a\n> b", "<blockquote>\n<p>a\nb</p>\n</blockquote>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("- a\n\n- b", "<ul>\n<li>\n<p>a</p>\n</li>\n<li>\n<p>b</p>\n</li>\n</ul>"),
        ("- a\n  - b", "<ul>\n<li>a\n<ul>\n<li>b</li>\n</ul>\n</li>\n</ul>"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("-", "<ul>\n<li></li>\n</ul>"),
        ("- # a", '<ul>\n<li>\n<h1 id="a">a</h1>\n</li>\n</ul>'),
        ("---", "<hr>"),
        ("    a\n    b", "<pre><code>a\nb</code></pre>"),
        ("```\na < b\n```", "<pre><code>a &lt; b</code></pre>"),
        ("a &amp; b &copy; \\* \\%", "<p>a &amp; b © * %</p>"),
    ],
)
def test_markdown_becomes_html(text: str, expected: str) -> None:
    assert html(text) == expected


def test_a_line_ends_where_the_author_ended_it_only_when_asked() -> None:
    assert html("가\n나", hard_breaks=True) == "<p>가<br>\n나</p>"
    assert html("가\n나", hard_breaks=False) == "<p>가\n나</p>"


def test_a_table_scrolls_by_itself_and_can_be_reached_by_keyboard() -> None:
    table = html("| a | b | c |\n|---|:-:|--:|\n| 1 | `x\\|y` | 3 |")
    assert table.startswith('<div class="nm-table" tabindex="0" role="group" aria-label="표 · table">\n<table>')
    assert '<th style="text-align: center;">b</th>' in table
    assert "<td>1</td>\n" in table and "<code>x|y</code>" in table


def test_tasks_are_marked_with_a_shape_and_a_word() -> None:
    tasks = html("- [ ] a\n- [x] b\n- [y] c\n\n[ ] d")
    assert 'aria-label="할 일 · to do">☐</span> a</li>' in tasks
    assert 'aria-label="마침 · done">☑</span> b</li>' in tasks
    assert "<li>[y] c</li>" in tasks and "<p>[ ] d</p>" in tasks


# What the library and we must read alike: CommonMark without what is ours (images, formulas, bare URLs, CJK).
commonmark = st.lists(
    st.sampled_from(
        [
            "a",
            "b",
            " ",
            "  ",
            "\n",
            "\n\n",
            "    ",
            "*",
            "**",
            "_",
            "`",
            "``",
            "# ",
            "> ",
            "- ",
            "1. ",
            "+ ",
            "<",
            ">",
        ]
        + [
            "&amp;",
            "&lt;",
            "\\",
            "[a](b)",
            "[a](<b c> 'd')",
            "[",
            "]",
            "(",
            ")",
            "|",
            "|-|-|\n",
            "---",
            "===",
            "~~",
        ]
        + ["```", "<b>", "<mailto:a@b.c>", "!", ".", "é", "\u00a0", "“"]
    ),
    max_size=30,
).map("".join)
reference = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _skeleton(made: str) -> str:
    """Tags without our additions, and text; white space between blocks does not count."""
    made = re.sub(r'<div class="nm-table"[^>]*>|</div>| id="[^"]*"| class="[^"]*"', "", made)
    made = made.replace("<s>", "<del>").replace("</s>", "</del>").replace(" />", ">").replace("&quot;", '"')
    made = re.sub(r'style="text-align: ?(\w+);?"', r"\1", made)
    return re.sub(
        r"\s*(</?(?:p|li|ul|ol|blockquote|h\d|table|thead|tbody|tr|t[hd]|hr|pre)\b[^>]*>)\s*", r"\1", made
    ).strip()


@settings(max_examples=500, deadline=None)
@given(commonmark)
def test_commonmark_is_read_as_the_library_reads_it(text: str) -> None:
    text = text.replace("![", "! [").replace("\\(", "(").replace("\\[", "[")  # images are ours, and formulas
    expected = reference.render(text).replace("\n</code></pre>", "</code></pre>")
    found = html(text, resolve=lambda target, anchor: Target(quote(target)))
    assert _skeleton(found.replace("&#10;", "\n")) == _skeleton(expected)


def test_headings_get_korean_anchors_and_never_outrank_the_page() -> None:
    rendered = show("# 학습 방법 (요약)\n\n###### 끝\n\n제목\n---", heading_shift=2)
    assert rendered.headings == (
        Heading(3, "학습 방법 (요약)", "학습-방법-요약"),
        Heading(6, "끝", "끝"),
        Heading(4, "제목", "제목"),
    )
    assert rendered.html.startswith('<h3 id="학습-방법-요약">학습 방법 (요약)</h3>\n<h6 id="끝">')


def test_the_text_of_a_heading_is_without_markup() -> None:
    heading = show("## *a* `b` [c](d) [[bitdelta|e]] $x$ ![f](figure.png)").headings[0]
    assert heading.text == "a b c e x f"


def test_anchors_are_unique_across_the_texts_of_a_page() -> None:
    taken = {"방법"}
    first = show("# 방법\n\n# 방법", taken_ids=taken)
    second = show("# 방법", taken_ids=taken)
    assert [heading.id for heading in (*first.headings, *second.headings)] == ["방법-1", "방법-2", "방법-3"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, World!", "hello-world"),
        ("가나다", "가나다"),  # NFD
        ("C++ & C#", "c-c"),
        ("__search", "search"),
        ("…", "section"),
        ("a - b", "a---b"),
    ],
)
def test_slugs(text: str, expected: str) -> None:
    assert slug(text) == expected


@given(st.lists(st.sampled_from(["a", "a-1", "a-2", "b", "!"]), max_size=40))
def test_no_anchor_is_given_twice(names: list[str]) -> None:
    taken: set[str] = set()
    given_out = [unique_slug(name, taken) for name in names]
    assert len(set(given_out)) == len(names) and taken == set(given_out)


def test_code_is_highlighted_by_class_and_loses_nothing() -> None:
    made = html("```python\ndef f(x):\n    return '<b>'\n```")
    assert made.startswith('<div class="language-python highlight"><pre><code><span class="k">def</span>')
    assert "".join(read(made).text) == "def f(x):\n    return '<b>'"


@pytest.mark.parametrize("info", ["", "nosuchlanguage", "text", '"><script>', "{.}", "a" * 200, "\\"])
def test_code_in_no_known_language_is_plain(info: str) -> None:
    assert html(f"```{info}\nx = 1\n```") == "<pre><code>x = 1</code></pre>"


def test_very_long_code_is_plain() -> None:
    assert "<span" not in html("```python\n" + "x = 1\n" * 5_000 + "```")


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["python", "c++", "c#", "html", "js", "bash", "latex", "yaml", "diff", "console"]),
    st.text(),
)
def test_highlighted_code_is_the_code(language: str, code: str) -> None:
    code = re.sub(r"[\r`~]|[^\S\n ]|[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]", "", code)
    assert "".join(read(html(f"```{language}\n{code}\n```")).text).rstrip("\n") == code.rstrip("\n")


def test_a_definition_that_nothing_uses_is_shown() -> None:
    made = html("[used]: https://a.b\n[other]: https://c.d 'title'\n\nsee [used]")
    assert '<p>see <a href="https://a.b">used</a></p>' in made
    assert "<p>[other]: <a href=\"https://c.d\">https://c.d</a> 'title'</p>" in made
    assert "[used]:" not in made


def test_a_footnote_is_shown_as_it_was_written() -> None:
    text = "a[^1]\n\n[^1]: https://a.b"
    assert "".join(read(html(text)).text) == "a[^1]\n[^1]: https://a.b"


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "w1",
                "w2",
                "w3",
                "w4",
                " ",
                "\n",
                "- ",
                "> ",
                "# ",
                "| ",
                "[a]: ",
                "*",
                "`",
                "[",
                "]",
                "\n\n",
                "$",
                "    ",
            ]
        ),
        max_size=30,
    )
)
def test_no_word_of_a_text_is_lost(parts: list[str]) -> None:
    text = "".join(parts)
    assume("```" not in text)  # the word after a fence names a language and is not shown
    shown = read(html(text))
    words = re.findall(r"w\d", "".join(shown.text) + " ".join([*shown.links, *shown.titles]))
    # More often is right: a link's address is written once and used by every reference to it.
    assert not Counter(re.findall(r"w\d", text)) - Counter(words)


def test_faults_name_their_line_in_every_kind_of_block() -> None:
    text = "# [[x1]]\n\na\nb [[x2]]\n\n> q\n> [[x3]]\n\n- i\n  [[x4]]\n\n| h |\n|---|\n| [[x5]] |\n\n"
    text += "a `c\nd` [b](\nx6.md) [[x7]]"
    rendered = show(text, line=10)
    assert codes(rendered) == [(line, "broken-link") for line in (10, 13, 16, 19, 23, 26, 27)]
    assert all(str(fault).startswith(f"notes/x.md:{fault.line}: '") for fault in rendered.faults)
