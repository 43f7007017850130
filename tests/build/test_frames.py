from __future__ import annotations

from collections.abc import Callable

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown import Markdown

from nonmun.build.frames import Frame, Kind, PageText, fill, frame_of, from_json, probe, proof, read_page, to_json
from nonmun.build.islands import element
from nonmun.catalogue import Sources, assemble
from nonmun.model import Site
from nonmun.pages import Templates, plan_site
from nonmun.parse import parse_digest, parse_note
from nonmun.read.base import shipped_site

BLOCK_LEVEL = frozenset(Markdown().block_level_elements)
NOTES = Kind("notes", "hide: [navigation, toc]\n", True)
THEME = (
    '<title>{{ title | e }} - 논문</title>{% if description %}<meta content="{{ description | e }}">{% endif %}'
    "<link href='https://x.org/notes/{{ slug | urlencode }}/'>\n<body>{{ body }}</body>{{ title | e }}"
)


def engine(theme: str) -> Callable[[str, str], str]:
    """A theme as an engine would apply it."""
    template = jinja2.Environment(autoescape=False).from_string(theme)

    def render(path: str, text: str) -> str:
        page = read_page(path, text)
        assert page is not None
        values = {"title": page.title, "description": page.description, "slug": page.slug}
        return template.render(values | {"body": page.body.strip("\n")})

    return render


def page_text(title: str, description: str, body: str) -> str:
    """A page as our templates write it."""
    head = "---\ntitle: {{ title | yaml }}\ndescription: {{ description | yaml }}\nhide: [navigation, toc]\n---\n"
    templates = Templates({"page": head + "<article>\n<p>{{ body }}</p>\n</article>\n"})
    return templates.render("page", {"title": title, "description": description, "body": body})


@given(st.text(min_size=1), st.text(), st.text(alphabet=st.characters(exclude_characters="\t\r\0\2\3`~")))
def test_a_filled_frame_is_what_the_engine_makes_of_the_page(title: str, description: str, body: str) -> None:
    render = engine(THEME)
    text = page_text(title, description, body)
    page = read_page("notes/논문/index.md", text)
    if page is None:
        return  # then the engine renders it
    frame = frame_of(render(*probe(page.kind)))
    assert frame is not None
    filled = fill(frame, page, BLOCK_LEVEL, ours=False)
    assert filled in (None, render("notes/논문/index.md", text))


def test_ordinary_pages_are_framed() -> None:
    page = read_page("notes/bitdelta/index.md", page_text('"1 bit" & <b>', "설명\n둘째 줄", "글"))
    assert page is not None
    assert (page.title, page.slug, page.kind) == ('"1 bit" & <b>', "bitdelta", NOTES)
    frame = frame_of(engine(THEME)(*probe(NOTES)))
    assert frame is not None
    assert "&#34;1 bit&#34; &amp; &lt;b&gt; - 논문" in str(fill(frame, page, BLOCK_LEVEL, ours=False))


@pytest.mark.parametrize(
    "theme",
    [
        "{{ title | upper }}{{ body }}",  # a value changed in a way that cannot be explained
        "{{ title | striptags }}{{ body }}",
        "{{ title }}",  # no body
        "{{ body }}{{ body }}",
        "{{ body | replace('<div>', '<p>') }}",
    ],
)
def test_a_theme_that_does_more_than_put_values_in_place_gives_no_frame(theme: str) -> None:
    assert frame_of(engine(theme)(*probe(NOTES))) is None


@pytest.mark.parametrize(
    "theme",
    [
        "{{ body }}{% if '논문' in title %}!{% endif %}{{ title | e }}",
        "{{ title | replace('-9d4e', '') }}{{ body }}",
        "{{ title[:9] }}{{ body }}",
    ],
)
def test_a_theme_that_looks_into_values_fails_its_proof(theme: str) -> None:
    render = engine(theme)
    frame = frame_of(render(*probe(NOTES)))
    page = read_page(*proof(NOTES))
    assert frame is not None and page is not None
    assert fill(frame, page, BLOCK_LEVEL, ours=False) != render(*proof(NOTES))


@pytest.mark.parametrize("kind", [NOTES, Kind("tags", "", False)])
def test_probe_and_proof_are_pages_of_their_kind_and_not_of_one_address(kind: Kind) -> None:
    pages = [read_page(*probe(kind)), read_page(*proof(kind))]
    assert [page and page.kind for page in pages] == [kind, kind]
    twin = Kind(kind.folder, kind.settings, not kind.described)
    assert len({path for each in (kind, twin) for path, _ in (probe(each), proof(each))}) == 4


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("index.md", page_text("a", "b", "c")),
        ("notes/index.md", page_text("a", "b", "c")),
        ("notes/a/b/index.md", page_text("a", "b", "c")),
        ("notes/a/page.md", page_text("a", "b", "c")),
        ("notes/a/index.md", "# a\n"),
        ("notes/a/index.md", page_text("", "b", "c")),
        ("notes/a/index.md", '---\ntitle: "a" "b"\ndescription: "c"\n---\n<p>x</p>\n'),
    ],
)
def test_other_pages_are_left_to_the_engine(path: str, text: str) -> None:
    assert read_page(path, text) is None


def test_a_body_that_markdown_would_change_is_left_to_the_engine() -> None:
    frame = Frame(("", ""), (("body", "as it is"),))
    assert fill(frame, PageText(NOTES, "a", "a", "b", "# heading\n"), BLOCK_LEVEL, ours=False) is None
    assert fill(frame, PageText(NOTES, "a", "a", "b", "<p>text</p>\n"), BLOCK_LEVEL, ours=False) == "<p>text</p>"


PARSERS = [Markdown(extensions=["toc", "tables", "fenced_code", *more]) for more in ((), ("md_in_html", "attr_list"))]
SHIPPED = Templates({file.name: file.read_text("utf-8") for file in (shipped_site() / "templates").glob("*.jinja")})
_pieces = st.sampled_from(
    (
        *(
            "<b>",
            "</article>",
            "</div>",
            "<!-- ",
            "-->",
            "<script>",
            "&",
            "&amp",
            "&lt;",
            '"',
            "'",
            "`",
            "```",
            "~~~",
            "\t",
        ),
        *(
            "\n",
            "\n\n",
            "\n \n",
            "    ",
            "# ",
            "- ",
            "> ",
            "| a |\n|---|\n",
            "$x^2$",
            "$$",
            "**",
            "[a](b)",
            "[[2]]",
            "#tag ",
        ),
        *(
            "word ",
            "학습 ",
            "(A. Author)",
            "https://a.b/?c=1&d='2'",
            "markdown=1",
            "\x02",
            "\ud800",
            "[a]: https://a.b 't'",
        ),
    )
)
_notes = st.lists(st.lists(_pieces | st.text(max_size=6), max_size=12).map("".join), min_size=1, max_size=4)


@settings(max_examples=100, deadline=None)
@given(_notes)
def test_what_our_own_templates_make_is_copied_by_python_markdown_where_nothing_touches_it(texts: list[str]) -> None:
    notes = [parse_note(text, f"notes/{number}.md")[0] for number, text in enumerate(texts)]
    day, _ = parse_digest("".join(f"## {text}\n\n" for text in texts), "digests/2024/2024-02-16.md")
    catalogue, _ = assemble(Sources(notes, [day]))
    bodies = []
    for plan in plan_site(catalogue, SHIPPED, Site("논문", "", "")):
        if plan.path.endswith(".md") and (page := read_page(plan.path, plan.make().text)) is not None:
            bodies.append(page.body)
    assert len(bodies) >= len(notes)
    for body in bodies:
        html = element(body, BLOCK_LEVEL)
        assert html is None or all(parser.reset().convert(body) == html for parser in PARSERS)


@pytest.mark.parametrize("frame", [None, Frame(("a", "b"), (("title", "escaped"),))])
def test_frames_are_kept_as_json(frame: Frame | None) -> None:
    assert from_json(to_json(NOTES, frame)) == (NOTES, frame)


@pytest.mark.parametrize(
    "damage", [{"slots": [["title", "eval"]]}, {"pieces": ["one"]}, {"pieces": 3}, {"slots": [[1]]}]
)
def test_a_damaged_record_of_frames_is_refused(damage: dict[str, object]) -> None:
    data = to_json(NOTES, Frame(("a", "b"), (("title", "escaped"),))) | damage
    with pytest.raises((LookupError, TypeError, ValueError)):
        from_json(data)
