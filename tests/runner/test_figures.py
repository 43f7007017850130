import re
import xml.etree.ElementTree as ET

import pytest

from nonmun.markup.svg import as_file, inline
from nonmun.runner.errors import RunnerError
from nonmun.runner.svg import COLOURS

pytest.importorskip("matplotlib")
from nonmun.runner import figures


@pytest.fixture(scope="module")
def picture():
    fig, ax = figures.figure("1 bit면 충분합니다 · One bit is enough", alt='NLL by "bits", falling', width=5)
    ax.plot([1, 2, 3], [0.3, 0.2, 0.123456789], color=figures.ACCENT)
    ax.plot([1, 2, 3], [0.5, 0.4, 0.4], **figures.CONTROL)
    ax.bar([1, 2], [0.1, 0.2], color=figures.GREY, hatch="//")
    ax.set(xlabel="비트 bits", ylabel="NLL <nats> & more")
    return figures.drawn(fig, "nll")


def test_text_stays_text_with_its_title_and_description(picture):
    root = ET.fromstring(picture.svg)
    texts = ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"비트 bits", "NLL <nats> & more"} <= set(texts)
    assert picture.title == "1 bit면 충분합니다 · One bit is enough"
    assert root.find("{http://www.w3.org/2000/svg}desc").text == picture.alt
    assert len(picture.svg.encode()) < 20_000
    assert "DejaVu" not in picture.svg


def test_every_colour_is_the_pages_and_has_a_dark_side(picture):
    drawn = re.sub(r"<style>.*?</style>", "", picture.svg)
    used = re.findall(r"(?:fill|stroke): ([^;\"]+)", drawn)
    assert used
    assert {value for value in used if not value.startswith(("var(--nm-", "none", "url("))} == set()
    for name, (light, dark) in COLOURS.items():
        assert f"--nm-{name}: {dark}" in picture.svg
        assert light != dark


def test_colours_are_those_of_the_sites_stylesheet():
    from pathlib import Path

    css = (Path(__file__).resolve().parents[2] / "site/assets/nonmun.css").read_text("utf-8")
    light, dark = (css.split(f'[data-md-color-scheme="{name}"] {{')[1].split("}")[0] for name in ("default", "slate"))
    for name, pair in COLOURS.items():
        assert f"--nm-{name}: {pair[0]};" in light
        assert f"--nm-{name}: {pair[1]};" in dark


def test_same_data_gives_the_same_bytes():
    def draw():
        fig, ax = figures.figure("a", alt="b")
        ax.plot([1, 2], [3, 4], marker="o")
        return figures.drawn(fig, "x").svg

    assert draw() == draw()


def test_site_takes_what_we_draw_for_the_page_and_for_either_ground(picture):
    inside = inline(picture.svg, prefix="quick-nll", label=picture.alt)
    assert inside is not None
    assert 'aria-label="NLL by &quot;bits&quot;, falling"' in inside
    light, dark = (as_file(picture.svg, dark=dark) for dark in (False, True))
    assert "--nm-accent: #82cdba" in dark
    assert "--nm-accent: #" not in light
    ET.fromstring(light), ET.fromstring(dark)


def test_figure_without_alternative_text_is_refused():
    fig, _ = figures.figure("title", alt=" ")
    with pytest.raises(RunnerError, match="'nll' has no title or no alternative text"):
        figures.drawn(fig, "nll")


def test_figure_that_is_too_large_is_refused():
    fig, ax = figures.figure("title", alt="alt")
    for shift in range(200):
        ax.plot([(value * 7919 + shift * 31) % 997 for value in range(100)])
    with pytest.raises(RunnerError, match="KB, expected at most 60"):
        figures.drawn(fig, "nll")


def test_names_at_the_ends_of_lines_are_pushed_apart_and_stay_below_the_top():
    _, ax = figures.figure("가 · a", alt="lines")
    ax.set_ylim(0, 100)
    ends = [(50.0, "b", figures.BLUE), (51.0, "a", figures.ACCENT), (99.0, "top", figures.GREY)]
    figures.label_ends(ax, 1, ends, apart=10, top=95)
    assert {text.get_text(): text.xy[1] for text in ax.texts} == {"top": 95, "a": 51, "b": 41}
    assert {text.get_text(): text.get_color() for text in ax.texts}["top"] == figures.SOFT


def test_names_of_lines_that_end_at_the_bottom_are_pushed_up_and_not_out_of_the_axes():
    _, ax = figures.figure("가 · a", alt="lines")
    ax.set_ylim(0, 100)
    figures.label_ends(ax, 1, [(1.0, "a", figures.BLUE), (2.0, "b", figures.BLUE), (8.0, "c", figures.BLUE)], apart=10)
    assert {text.get_text(): text.xy[1] for text in ax.texts} == {"a": 0, "b": 10, "c": 20}
