"""matplotlib's SVG, made small, and coloured by the page it stands on."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
FONTS = "Pretendard, 'Apple SD Gothic Neo', 'Noto Sans KR', 'Noto Sans CJK KR', 'Malgun Gothic', system-ui, sans-serif"

# name of the colour in site/assets/nonmun.css: on a light and on a dark ground
COLOURS = {
    "ink": ("#262420", "#e3e1db"),
    "soft": ("#625d54", "#a8a69e"),
    "edge": ("#8d877a", "#757c80"),
    "line": ("#e2ded4", "#303639"),
    "ground": ("#fdfcf9", "#15181a"),
    "accent": ("#0d665a", "#82cdba"),
    "wash": ("#e4efeb", "#1d302d"),
    "code-name": ("#1d5a8a", "#9cc4ea"),
    "code-text": ("#7c4a12", "#dfb887"),
    "code-word": ("#8a2f5c", "#e5a3c4"),
}
_BY_LIGHT = {light: f"var(--nm-{name}, {light})" for name, (light, _) in COLOURS.items()}
_BY_LIGHT |= {"#000000": _BY_LIGHT["#262420"], "#ffffff": _BY_LIGHT["#fdfcf9"]}  # what nobody chose
_HEX = re.compile(r"#[0-9a-f]{6}")
_LONG = re.compile(r"-?\d+\.\d{3,}")
_FONT = re.compile(r"^(?P<before>.*?)(?P<size>[\d.]+)px\b.*$")
_KEPT_TOP = ("width", "height", "viewBox")


def slimmed(text: str, title: str, alt: str) -> str:
    """`text` without what no reader sees; with its title and description, and the page's colours and fonts."""
    ET.register_namespace("", SVG)
    ET.register_namespace("xlink", XLINK)
    root = ET.fromstring(text)  # noqa: S314 - matplotlib made it a moment ago
    _drop(root, {f"{{{SVG}}}style"} | {child.tag for child in root if "metadata" in child.tag})
    used = set(re.findall(r"#([\w-]+)", text))
    for element in root.iter():
        _clean(element, used)
    for key in [key for key in root.attrib if key not in _KEPT_TOP]:
        del root.attrib[key]
    ink = _BY_LIGHT["#000000"]  # matplotlib leaves black out, being SVG's default
    root.attrib.update({"role": "img", "style": f"font-family: {FONTS}; stroke-linejoin: round; fill: {ink}"})
    for index, (tag, content) in enumerate((("title", title), ("desc", alt), ("style", _dark()))):
        element = ET.Element(f"{{{SVG}}}{tag}")
        element.text = content
        root.insert(index, element)
    return ET.tostring(root, encoding="unicode").replace("\n", " ") + "\n"


def _dark() -> str:
    """For a figure that is looked at by itself, or as a picture in a page."""
    pairs = "; ".join(f"--nm-{name}: {dark}" for name, (_, dark) in COLOURS.items())
    return f"@media (prefers-color-scheme: dark) {{ :root {{ {pairs} }} }}"


def _drop(element: ET.Element, tags: set[str]) -> None:
    for child in list(element):
        if child.tag in tags:
            element.remove(child)
        else:
            _drop(child, tags)


def _clean(element: ET.Element, used: set[str]) -> None:
    if element.get("id") not in used:
        element.attrib.pop("id", None)
    if (style := element.get("style")) is not None:
        element.set("style", "; ".join(filter(None, map(_declaration, style.split(";")))))
        if not element.get("style"):
            del element.attrib["style"]
    for key in ("d", "transform", "x", "y", "width", "height"):
        if (value := element.get(key)) is not None:
            element.set(key, " ".join(_LONG.sub(_rounded, value).split()))
    if (element.get("transform") or "").startswith("rotate(-0 "):
        del element.attrib["transform"]
    if not (element.text or "").strip():
        element.text = None
    element.tail = None


def _declaration(found: str) -> str:
    name, _, value = (part.strip() for part in found.partition(":"))
    if name == "font" and (font := _FONT.match(value)):
        weight = "; font-weight: bold" if re.search(r"bold|[6-9]00", font["before"]) else ""
        return f"font-size: {font['size']}px{weight}"
    if not name or name in ("stroke-linejoin", "font-family"):
        return ""
    return f"{name}: {_HEX.sub(lambda colour: _BY_LIGHT.get(colour[0], colour[0]), value)}"


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
