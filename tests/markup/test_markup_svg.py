import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nonmun.markup.svg import as_file, inline

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 10 10">'


def inside(body: str) -> str | None:
    return inline(f"{HEAD}{body}</svg>", prefix="p", label="a line")


def test_shapes_and_text_stay_and_ids_are_the_pictures_own():
    found = inside(
        '<defs><path id="m" d="M 0 0 L 1 1"/></defs><use xlink:href="#m" style="fill: var(--nm-ink, #262420)"/>'
        '<g clip-path="url(#m)"><text x="1" transform="rotate(-90 1 2)">비트 &lt;bits&gt;</text></g>'
    )
    assert '<path id="p-m"' in found
    assert 'href="#p-m"' in found and "xlink" not in found
    assert 'clip-path="url(#p-m)"' in found
    assert "비트 &lt;bits&gt;" in found
    assert 'style="fill: var(--nm-ink, #262420)"' in found
    assert found.startswith('<svg viewBox="0 0 10 10" role="img" aria-label="a line">')
    assert "\n" not in found


def test_title_description_and_style_are_left_to_the_page():
    assert "x" not in inside("<title>x</title><desc>x</desc><style>svg{fill:x}</style>").replace("viewBox", "")


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        '<g onload="alert(1)"/>',
        '<a href="https://example.org"><text>x</text></a>',
        "<foreignObject><p>x</p></foreignObject>",
        '<image href="https://example.org/x.png"/>',
        '<image href="data:image/svg+xml;base64,AAAA"/>',
        '<use href="https://example.org/x.svg#a"/>',
        '<use href="javascript:alert(1)"/>',
        '<g style="fill: url(https://example.org/x)"/>',
        '<g style="background: red"/>',
        '<g style="fill: expression(alert(1))"/>',
        '<g fill="url(//example.org)"/>',
        '<animate attributeName="href"/>',
        '<g xmlns:x="urn:x"><x:script/></g>',
        '<set attributeName="onload" to="alert(1)"/>',
    ],
)
def test_what_could_act_or_fetch_makes_it_no_picture(body):
    assert inside(body) is None
    assert as_file(f"{HEAD}{body}</svg>", dark=False) is None


def test_entities_are_not_expanded():
    bomb = '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + HEAD + "<text>&b;</text></svg>"
    assert inline(bomb, prefix="p", label="x") is None


def test_picture_inside_a_heatmap_is_kept():
    assert "data:image/png;base64,iVBORw0KGgo=" in inside('<image xlink:href="data:image/png;base64,iVBORw0KGgo="/>')


def test_deep_nesting_is_no_crash():
    deep = inside("<g>" * 20_000 + "</g>" * 20_000)
    assert deep is None or deep.startswith("<svg")


@given(st.text(max_size=200))
def test_any_text_is_a_picture_or_none(text):
    for svg in (text, f"{HEAD}{text}</svg>"):
        found = inline(svg, prefix="p", label=text)
        if found is not None:
            ET.fromstring(found)
            assert "script" not in found.split("aria-label")[0]
