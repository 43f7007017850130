"""Links: which are live, what they lead to, where a bare URL ends."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markup_checks import codes, html, read, show

from nonmun.markup import Target
from nonmun.markup.links import Reach, reach_of


@pytest.mark.parametrize(
    ("text", "href", "after"),
    [
        ("https://arxiv.org/abs/2006.07733)이 동작", "https://arxiv.org/abs/2006.07733", ")이 동작"),
        ("https://arxiv.org/abs/1911.09737를", "https://arxiv.org/abs/1911.09737", "를"),
        ("https://a.b/c, d", "https://a.b/c", ", d"),
        ("https://a.b/c.", "https://a.b/c", "."),
        ("https://a.b/c_(d)", "https://a.b/c_(d)", ""),
        ("https://a.b/c(d", "https://a.b/c(d", ""),
        ("https://a.b/c?d=e&f=g#h", "https://a.b/c?d=e&amp;f=g#h", ""),
        ("https://a.b/c?d=e&amp;f=g", "https://a.b/c?d=e&amp;f=g", ""),
        ("https://a.b/~c/d_e_f*g", "https://a.b/~c/d_e_f*g", ""),
        ("HTTP://A.b", "http://A.b", ""),
        ("http://a.b/c」라고", "http://a.b/c", "」라고"),
        ('http://a.b/c"', "http://a.b/c", '"'),
        ("http://a.b/c…", "http://a.b/c", "…"),
    ],
)
def test_a_bare_url_ends_before_korean_brackets_and_punctuation(text: str, href: str, after: str) -> None:
    made = html(f"앞({text}")
    assert made.startswith("<p>앞(<a href=")
    page = read(made)
    assert page.links[0].lower() == href.replace("&amp;", "&").lower()
    assert made.endswith(f"</a>{after}</p>")


def test_emphasis_around_a_url_is_not_part_of_it() -> None:
    assert html("**https://a.b/c**") == '<p><strong><a href="https://a.b/c">https://a.b/c</a></strong></p>'


def test_an_arxiv_address_needs_no_scheme() -> None:
    assert html("arxiv.org/abs/2402.10193v2.") == (
        '<p><a href="https://arxiv.org/abs/2402.10193v2">arxiv.org/abs/2402.10193v2</a>.</p>'
    )
    assert "<a" not in html("notarxiv.org/abs/1 @arxiv.org/x a/b")


@pytest.mark.parametrize(
    "text", ["`https://a.b`", "https://", "http:/a.b", "xhttp://a.b", "\\textit{a}://b", "https:// a"]
)
def test_what_is_no_url_is_no_link(text: str) -> None:
    assert read(html(text)).links == []


def test_a_url_as_the_text_of_a_link_is_one_link() -> None:
    assert html("[https://a.b](https://c.d)") == '<p><a href="https://c.d">https://a.b</a></p>'
    assert read(html("[<https://a.b>](https://c.d) [![x](https://e.f/g.png)](https://h.i)")).links == [
        "https://c.d",
        "https://h.i",
    ]


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=30))
def test_an_address_is_found_again_in_text(tail: str) -> None:
    page = read(html(f"x https://a.b/c{tail}"))
    if page.links:
        assert page.links[0].startswith("https://a.b/c") or page.links[0].startswith("https://a.b")


@pytest.mark.parametrize(
    ("href", "reach"),
    [
        ("https://a.b", Reach.WEB),
        ("HTTP://a.b", Reach.WEB),
        ("mailto:a@b.c", Reach.WEB),
        ("//a.b/c", Reach.WEB),
        ("#절", Reach.PAGE),
        ("", Reach.PAGE),
        ("?q=a:b", Reach.PAGE),
        ("a/b.md#c:d", Reach.RELATIVE),
        ("../x/", Reach.RELATIVE),
        ("/tags/a:b", Reach.RELATIVE),
        ("javascript%3Aalert(1)", Reach.UNSAFE),
        ("java\tscript:x", Reach.UNSAFE),
        ("ht\ntp://a.b", Reach.UNSAFE),
        ("tel:1", Reach.UNSAFE),
        ("a" * 3_000, Reach.UNSAFE),
    ],
)
def test_where_links_lead(href: str, reach: Reach) -> None:
    assert reach_of(href) is reach


def test_links_to_the_web_and_the_page_are_live_as_written() -> None:
    text = "[a](https://a.b/c 'T') [b](mailto:a@b.c) [c](#절) [d](//e.f) <g@h.i>"
    assert read(html(text)).links == [
        "https://a.b/c",
        "mailto:a@b.c",
        "#%EC%A0%88",
        "https://e.f",
        "mailto:g@h.i",
    ]
    assert 'title="T"' in html(text)


def test_a_relative_link_to_a_note_leads_to_its_page() -> None:
    rendered = show(
        "[a](bitdelta.md#결과)\n[b](nowhere.md)\n[c](200619%20Denoising%20Diffusion%20Probabilistic%20Models.md)"
    )
    page = read(rendered.html)
    assert page.links == ["../bitdelta/#결과", "../ddpm/"]
    assert codes(rendered) == [(2, "broken-link")]
    assert '<span class="nm-broken" title="갈 곳이 없는 링크 · leads nowhere: nowhere.md">b</span>' in rendered.html


def test_an_unsafe_link_shows_what_was_written_and_names_its_line() -> None:
    rendered = show("a\nb [c *d*](javascript:alert(1)) <javascript:x>\n![e](data:image/png;base64,AA)", line=5)
    assert rendered.html == (
        "<p>a\nb [c <em>d</em>](javascript:alert(1)) &lt;javascript:x&gt;\n![e](data:image/png;base64,AA)</p>"
    )
    assert codes(rendered) == [(6, "unsafe-link"), (6, "unsafe-link"), (7, "unsafe-link")]
    assert "https:" in rendered.faults[0].expected and rendered.faults[0].mend


def test_an_image_of_the_site_is_shown_and_one_from_elsewhere_is_a_link() -> None:
    assert html('![그림](figure.png "제목")') == (
        '<p><img src="../../assets/figure.png" alt="그림" title="제목" loading="lazy"></p>'
    )
    assert html("![그림](https://a.b/c.png)") == '<p><a href="https://a.b/c.png">그림</a></p>'
    assert html("![](//a.b/c.png)") == '<p><a href="https://a.b/c.png">//a.b/c.png</a></p>'
    assert codes(show("a\n![그림](nowhere.png)")) == [(2, "broken-link")]


def test_what_is_asked_of_the_resolver_is_the_name_and_not_its_encoding() -> None:
    asked: list[tuple[str, str]] = []

    def remember(target: str, anchor: str) -> Target | None:
        asked.append((target, anchor))
        return None

    show("[a](<가 나.md#절>) ![b](%EA%B0%80.png) [[다 라#마]] [[#바]]", resolve=remember)
    assert asked == [("가 나.md", "절"), ("가.png", ""), ("다 라", "마"), ("", "바")]


def test_addresses_from_the_resolver_can_do_no_harm_in_attributes() -> None:
    made = html("[[a]] ![[b.png]] [c](d.md)", resolve=lambda target, anchor: Target('"><script>', '"><b>'))
    assert read(made).problems == []
