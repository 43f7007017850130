"""Pictures in SVG → markup that can stand inside a page. What is not known to be harmless makes it no picture at all.

A figure refers to the page's colours, `var(--nm-ink, #262420)`. Inside the page they are the page's own; as a file,
`as_file` fixes them for a light or a dark ground, because a picture in <img> knows nothing of the page around it.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

_NS = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_ELEMENTS = frozenset(
    "svg g path rect circle ellipse line polyline polygon text tspan defs use clipPath image "
    "linearGradient radialGradient stop pattern marker".split()
)
_DROPPED = frozenset(("title", "desc", "style", "metadata"))  # the page says them, or has its own
_ATTRIBUTES = frozenset(
    "id d x y x1 y1 x2 y2 dx dy cx cy r rx ry width height points transform style clip-path clipPathUnits href viewBox "
    "fill fill-opacity fill-rule stroke stroke-width stroke-dasharray stroke-linecap stroke-linejoin stroke-opacity "
    "opacity text-anchor dominant-baseline font-size font-weight offset stop-color stop-opacity gradientUnits "
    "gradientTransform preserveAspectRatio patternUnits markerWidth markerHeight refX refY orient".split()
)
_PROPERTIES = frozenset(
    "fill fill-opacity fill-rule stroke stroke-width stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin "
    "stroke-opacity stroke-miterlimit opacity text-anchor font-size font-weight font-family font-style "
    "dominant-baseline stop-color stop-opacity white-space image-rendering".split()
)
_VALUE = re.compile(r"""[\w\s#%.,()+'\-/:;=]*""")
_URL = re.compile(r"url\(#([\w-]+)\)")
_CALL = re.compile(r"\b([\w-]+)\(")
_CALLS = frozenset(("var", "matrix", "translate", "rotate", "scale", "skewX", "skewY", "rgb", "rgba"))
_PICTURE = re.compile(r"data:image/png;base64,[\w+/=\s]+")
_COLOUR = re.compile(r"(--nm-[\w-]+): (#[0-9a-f]{6})")
_DEEPEST = 60
_FORBIDDEN = ("<!doctype", "<!entity", "<?xml-stylesheet")


def inline(svg: str, *, prefix: str, label: str) -> str | None:
    """The picture for the inside of a page, its ids beginning with `prefix`, or None. `label` says what it shows."""
    root = _clean(svg, prefix)
    if root is None:
        return None
    box = root.get("viewBox")
    root.attrib = {"viewBox": box or "0 0 1 1", "role": "img", "aria-label": " ".join(label.split())}
    return _text(root).replace(' xmlns="http://www.w3.org/2000/svg"', "", 1)


def as_file(svg: str, *, dark: bool) -> str | None:
    """The picture as a file of its own, in the colours for one of the two grounds, or None."""
    root = _clean(svg, "f")
    if root is None:
        return None
    colours = dict(_COLOUR.findall(svg)) if dark else {}
    own = root.get("style", "")
    root.set("style", "; ".join([*(f"{name}: {colour}" for name, colour in colours.items()), own]).strip("; "))
    return _text(root) + "\n"


def _clean(svg: str, prefix: str) -> ET.Element | None:
    folded = svg.casefold()
    if any(mark in folded for mark in _FORBIDDEN):
        return None
    try:
        root = ET.fromstring(svg)  # noqa: S314 - without a doctype there are no entities to blow up
    except (ET.ParseError, ValueError, RecursionError):
        return None
    if root.tag != f"{_NS}svg" or not _clean_element(root, prefix):
        return None
    return root


def _clean_element(root: ET.Element, prefix: str) -> bool:
    """Whether everything in it is known. In a loop, because elements may be nested deeper than calls may."""
    waiting = [(root, 0)]
    while waiting:
        element, depth = waiting.pop()
        if depth > _DEEPEST:
            return False
        name = str(element.tag).removeprefix(_NS)
        if name not in _ELEMENTS:
            return False
        if (href := element.attrib.pop(_HREF, None)) is not None:
            element.set("href", href)
        kept = {key: _attribute(key, value, prefix) for key, value in element.attrib.items()}
        if None in kept.values():
            return False
        element.attrib = {key: value for key, value in kept.items() if value}
        for child in list(element):
            if str(child.tag).removeprefix(_NS) in _DROPPED:
                element.remove(child)
            else:
                waiting.append((child, depth + 1))
    return True


def _attribute(key: str, value: str, prefix: str) -> str | None:
    """The attribute's value as it may stand; "" for one that is left out, None for one that spoils the picture."""
    if key in ("role", "version", "class") or key.startswith("aria-"):
        return ""
    if key not in _ATTRIBUTES:
        return None
    if key == "href":
        if re.fullmatch(r"#[\w-]+", value):
            return f"#{prefix}-{value[1:]}"
        return value if _PICTURE.fullmatch(value) else None
    if key == "id":
        return f"{prefix}-{value}" if re.fullmatch(r"[\w-]+", value) else None
    if key == "style":
        return _style(value, prefix)
    return _safe(value, prefix)


def _style(value: str, prefix: str) -> str | None:
    kept = []
    for declaration in filter(None, map(str.strip, value.split(";"))):
        name, _, text = declaration.partition(":")
        safe = _safe(text.strip(), prefix)
        if safe is None or name.strip() not in _PROPERTIES:
            return None
        kept.append(f"{name.strip()}: {safe}")
    return "; ".join(kept)


def _safe(value: str, prefix: str) -> str | None:
    rest = _URL.sub("", value)
    if not _VALUE.fullmatch(rest) or not set(_CALL.findall(rest)) <= _CALLS:
        return None
    return _URL.sub(lambda found: f"url(#{prefix}-{found[1]})", value)


def _text(root: ET.Element) -> str:
    ET.register_namespace("", _NS[1:-1])
    return " ".join(ET.tostring(root, encoding="unicode").split())
