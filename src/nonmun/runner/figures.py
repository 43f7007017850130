"""The look of figures, and how they become SVG: text stays text, colours are the page's, at most 60 KB.

Baselines are drawn in GREY, the method in ACCENT, controls in CONTROL (GREY, dashed: `**CONTROL`), further series in
BLUE, AMBER and PLUM. The finding is the title; axes have units; direct labels instead of a legend where they fit.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from importlib import resources
from io import StringIO
from typing import TYPE_CHECKING, Any

from nonmun.runner.errors import RunnerError
from nonmun.runner.svg import slimmed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, GREY, LINE, GROUND = "#262420", "#625d54", "#8d877a", "#e2ded4", "#fdfcf9"
ACCENT, WASH = "#0d665a", "#e4efeb"
BLUE, AMBER, PLUM = "#1d5a8a", "#7c4a12", "#8a2f5c"
CONTROL: dict[str, Any] = {"color": GREY, "linestyle": "--"}
MAX_BYTES = 60_000


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure as it is published."""

    svg: str
    title: str
    alt: str


def figure(
    title: str, *, alt: str, width: float = 6.4, height: float = 3.6, rows: int = 1, columns: int = 1, **grid: Any
) -> tuple[Figure, Any]:
    """A figure of the common look and its axes (one, or an array of them), as pyplot.subplots gives them.

    `title` is the finding in one line, `한국어 · English`; it stands above the figure, in the page's own type. `alt`
    says what the figure shows to someone who cannot see it. Sizes in inches.
    """
    from matplotlib.figure import Figure

    with _style():
        fig = Figure(figsize=(width, height), layout="constrained")
        axes: Any = fig.subplots(rows, columns, **grid)
    fig.set_label(alt)
    fig.set_gid(title)
    return fig, axes


def label_bars(ax: Axes, values: list[float], text: str = "{:.3g}") -> None:
    """Write each bar's value above it, so that no one has to read it off the axis."""
    for index, value in enumerate(values):
        ax.annotate(
            text.format(value), (index, value), xytext=(0, 3), textcoords="offset points", ha="center", color=INK
        )


def label_ends(
    ax: Axes, x: float, ends: list[tuple[float, str, str]], *, apart: float | None = None, top: float = math.inf,
    left: bool = False,
) -> None:  # fmt: skip
    """Write names at the ends of lines, at `x`: (value, name, colour) each, pushed apart where lines end together.

    Names are at least `apart` from each other, in units of the axis; none stands above `top`, nor below the axis.
    """
    low, high = ax.get_ylim()
    apart = (high - low) * 0.068 if apart is None else apart
    ranked = sorted(ends, reverse=True)
    heights: list[float] = []
    for value, _, _ in ranked:
        heights.append(min(value, heights[-1] - apart if heights else top))
    floor = low
    for place in reversed(range(len(heights))):
        heights[place] = max(heights[place], floor)
        floor = heights[place] + apart
    for height, (_, name, colour) in zip(heights, ranked, strict=True):
        ax.annotate(
            name, (x, height), (-5 if left else 5, -3), textcoords="offset points", fontsize=8,
            color=SOFT if colour == GREY else colour, ha="right" if left else "left",
        )  # fmt: skip


def drawn(fig: Figure, name: str) -> Picture:
    """The figure as SVG. RunnerError where it has no alternative text, or is larger than a page should carry."""
    title, alt = str(fig.get_gid() or "").strip(), str(fig.get_label() or "").strip()
    if not title or not alt:
        raise RunnerError(
            f"figure '{name}' has no title or no alternative text", mend='make it with figure("…", alt="…")'
        )
    out = StringIO()
    with _style(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # the reader's fonts have it; here it is only measured
        fig.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = slimmed(out.getvalue(), title, alt)
    if len(svg.encode()) > MAX_BYTES:
        raise RunnerError(
            f"figure '{name}' has {len(svg.encode()) // 1000} KB, expected at most {MAX_BYTES // 1000}",
            mend="draw fewer points",
        )
    return Picture(svg, title, alt)


def _style() -> Any:
    import matplotlib.style

    return matplotlib.style.context(str(resources.files("nonmun.runner") / "style.mplstyle"))
