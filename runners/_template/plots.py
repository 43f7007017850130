"""Draws the result, computing nothing."""

from __future__ import annotations

from matplotlib.figure import Figure

from nonmun.runner import Result
from nonmun.runner.figures import ACCENT, CONTROL, GREY, figure, label_bars


def draw(result: Result) -> dict[str, Figure]:
    ratios = result.series["ratio"]
    fig, ax = figure(
        f"짝지어 뽑으면 분산의 {ratios[0]:.1%}만 남습니다 · Antithetic pairs leave {ratios[0]:.1%} of the variance",
        alt=f"Two bars, variance over that of independent pairs: {ratios[0]:.3g} for exp(u), "
        f"{ratios[1]:.3g} for the symmetric control; a dashed line at 1 marks independent pairs.",
    )
    ax.bar(["exp(u)", "(u − ½)²"], ratios, color=[ACCENT, GREY], width=0.5)
    ax.axhline(1, **CONTROL)
    label_bars(ax, ratios)
    ax.set_ylabel("variance, independent = 1")
    return {"ratio": fig}
