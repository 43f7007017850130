"""Whatever the text: HTML that is whole, inert, and stands unchanged where it is put."""

from __future__ import annotations

import re
import time

import markdown
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markup_checks import hostile, html, read, show

from nonmun.markup import plain_text

LIVE = re.compile(r"(?:https?:|mailto:)", re.IGNORECASE)
SCHEME = re.compile(r"[\x00-\x20]*[a-z][a-z0-9+.\-\t\r\n]*:", re.IGNORECASE)
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\t\r]")
EXTENSIONS = [
    "md_in_html",
    "attr_list",
    "admonition",
    "toc",
    "tables",
    "footnotes",
    "def_list",
    "pymdownx.superfences",
]

many = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@many
@given(st.one_of(hostile, st.text()), st.booleans())
def test_any_text_gives_whole_html_with_known_elements_and_attributes(text: str, hard_breaks: bool) -> None:
    rendered = show(text, line=1, hard_breaks=hard_breaks)
    assert read(rendered.html).problems == []
    assert not FORBIDDEN.search(rendered.html)
    assert "unreadable-markdown" not in {fault.code for fault in rendered.faults}


@many
@given(hostile)
def test_any_text_gives_links_to_the_web_or_the_site_only(text: str) -> None:
    page = read(html(text))
    for link in page.links:
        assert LIVE.match(link) or not SCHEME.match(link), link
    for source in page.sources:
        assert not SCHEME.match(source) and not source.startswith("//"), source


@many
@given(hostile)
def test_faults_lie_within_the_text(text: str) -> None:
    rendered = show(text, line=7, hard_breaks=False)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").count("\n")
    assert all(7 <= fault.line <= 7 + lines for fault in rendered.faults)


@many
@given(hostile)
def test_headings_have_one_anchor_each(text: str) -> None:
    taken = {"section"}
    rendered = show(text, line=1, hard_breaks=False, taken_ids=taken)
    ids = [heading.id for heading in rendered.headings]
    assert ids == read(rendered.html).ids
    assert len(set(ids)) == len(ids) and {"section", *ids} == taken


def through_python_markdown(made: str) -> str:
    """As the site engines do; the element needs no `markdown="0"`, which would only be left standing."""
    source = f'<article class="x">\n{made}\n</article>\n'
    return markdown.Markdown(extensions=EXTENSIONS).convert(source)


@many
@given(st.one_of(hostile, st.text()))
def test_python_markdown_leaves_it_unchanged(text: str) -> None:
    made = html(text, hard_breaks=True)
    assert through_python_markdown(made) == f'<article class="x">\n{made}\n</article>'


@pytest.mark.parametrize(
    "text",
    [
        "```python\ndef f():\n\n\n    return 1\n\n# <b>\n```",
        "```\n\n\n\n```",
        "```\n    \n\t\n a\tb\n```",
        "- a\n\n      code\n\n      more\n",
        "$$\na\n\n+ b\n$$",
        "&#10;&#10;&#9;a",
        "[a](b '&#10;&#10;c')",
        "*[HTML]: x\n\n!!! note\n    text",
    ],
)
def test_empty_lines_and_tabs_survive_python_markdown(text: str) -> None:
    made = html(text)
    assert through_python_markdown(made) == f'<article class="x">\n{made}\n</article>'
    assert "\n\n" not in made


def test_empty_lines_in_code_are_shown() -> None:
    assert "".join(read(html("```\na\n\n\nb\tc\n\n```")).text) == "a\n\n\nb\tc\n"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "a <b onclick='x()'>b</b> <!-- c --> <?php ?> <![CDATA[x]]>",
        "<div>\n\n**x**\n\n</div>",
        "</article><script>",
        "# <script>x</script>",
        "| <b> |\n|---|\n| <i> |",
        "$\\text{<script>alert(1)</script>}$",
        "$\\foo<script>$",
        "[[<script>|<b>]] ![[<img src=x>]]",
        '[a](b "<script>") ![<b>](c "<i>")',
        "```<script>\n</code></pre><script>\n```",
        '```html"><script>\n<script>\n```',
    ],
)
def test_raw_html_is_shown_as_text(text: str) -> None:
    page = read(show(text).html)
    assert page.problems == []
    assert "<" in "".join(page.text) + "".join(page.links) or "script" in show(text).html


@pytest.mark.parametrize(
    "href",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "&#106;avascript:alert(1)",
        "javascript&colon;alert(1)",
        "java&Tab;script:alert(1)",
        "java&NewLine;script:alert(1)",
        "&#1;javascript:alert(1)",
        "%6Aavascript:alert(1)",
        "%256Aavascript:alert(1)",
        "java%0Ascript:alert(1)",
        "java\u200bscript:alert(1)",
        "<java script:alert(1)>",
        "< javascript:alert(1)>",
        "\\javascript:alert(1)",
        "vbscript:x",
        "data:text/html,<script>alert(1)</script>",
        "data:image/svg+xml;base64,AAAA",
        "file:///etc/passwd",
        "blob:x",
        "ftp://a.b/c",
        "obsidian://open?vault=x",
    ],
)
def test_a_dangerous_link_is_text_and_reported(href: str) -> None:
    for text in (f"a [b]({href})", f"a\n![b]({href})", f"[r]\n\n[r]: {href}"):
        rendered = show(text)
        page = read(rendered.html)
        assert page.problems == [] and page.links == [] and page.sources == []
        if "](" in rendered.html:
            assert [fault.code for fault in rendered.faults] == ["unsafe-link"]
    bracketed = href.strip("<>").replace("<", "%3C").replace(">", "%3E")
    assert [fault.code for fault in show(f"a [b](<{bracketed}>)").faults] == ["unsafe-link"]


@pytest.mark.parametrize(
    "unit",
    [
        *(
            "[",
            "![",
            "![[",
            "[[a",
            "`",
            "`a``b",
            "$",
            "$a ",
            "$$ ",
            "\\(",
            "\\[",
            "\\textit{",
            "*a_ ",
            "**a*",
            "~~a",
            "<",
        ),
        *(
            "<a ",
            "&#",
            "[a](",
            "[a](<b",
            "[x][y",
            "http://a",
            "> ",
            "- ",
            "| ",
            "(",
            "``a",
            "``a'' ",
            "\\",
            "가**",
        ),
        *("- a\n", "# a\n", "[a]: b\n", "$$ a\n", "\\[\n", "|a|\n|-|\n", "[[a]]\n", "$\\foo$\n", "a\n===\n"),
        *("[a](javascript:x)\n", "> [a]: b\n"),
    ],
)
def test_repetition_costs_time_in_proportion_only(unit: str) -> None:
    def seconds(count: int) -> float:
        text = unit * count
        started = time.process_time()
        html(text)
        plain_text(text)
        return time.process_time() - started

    def in_proportion() -> bool:
        few, four_times = seconds(3_000), seconds(12_000)
        return four_times < 8 * few + 0.25  # what grows with the square would be 16 times

    seconds(100)
    assert any(in_proportion() for _ in range(5))  # on a busy machine one measurement proves nothing


def test_depth_without_end_is_shown_as_source_and_reported() -> None:
    for text in ("> " * 5_000 + "deep", "\n".join("  " * depth + "- a" for depth in range(200))):
        rendered = show(text)
        assert [fault.code for fault in rendered.faults] == ["unreadable-markdown"]
        page = read(rendered.html)
        assert page.problems == [] and "".join(page.text).rstrip("\n") == text.rstrip("\n")


def test_what_ever_the_parser_does_a_text_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def parse(self, text: str, env: object) -> None:
            raise IndexError(text)

    monkeypatch.setattr("nonmun.markup.renderer.parser", Broken)
    rendered = show("a <b>\n\nc")
    assert "".join(read(rendered.html).text) == "a <b>\n\nc"
    assert "IndexError" in str(rendered.faults[0]) and rendered.faults[0].line == 1


def test_one_reference_used_often_does_not_multiply_a_long_address() -> None:
    text = f"[a]: https://x.y/{'z' * 1500}\n\n" + "[a] " * 1_000
    assert len(show(text).html) < 3 * len(text)
