"""Draws the result, computing nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nonmun.runner import Result
from nonmun.runner.figures import ACCENT, CONTROL, GREY, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOOKS = {"1": {"color": GREY}, "√d_k": {"color": ACCENT}, "d_k": CONTROL}
SHOWN = {"1": "undivided", "√d_k": "divided by √d_k", "d_k": "divided by d_k"}


def draw(result: Result) -> dict[str, Figure]:
    """How the median gradient of the softmax goes with d_k, for each scale."""
    series = result.series
    lost, kept = result.metric("gradient_unscaled").value, result.metric("gradient_scaled").value
    fig, ax = figure(
        f"√d_k로 나누지 않으면 gradient의 {lost:.1%}만 남습니다 · Undivided, {lost:.1%} of the gradient is left",
        alt=f"Median size of the softmax Jacobian against d_k, both on log axes, from {series['d_k'][0]} to "
        f"{series['d_k'][-1]}. Undivided it rises at first and then falls to {lost:.3g} of its first value; divided by "
        f"√d_k it keeps {kept:.3g} of it; divided by d_k, the control, attention is uniform.",
    )
    for scale, look in LOOKS.items():
        values = series[f"median gradient, {scale}"]
        ax.plot(series["d_k"], values, marker="o", markersize=3.5, **look)
        ax.annotate(
            SHOWN[scale],
            (series["d_k"][-1], values[-1]),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=look["color"],
        )
    ax.set(xscale="log", yscale="log", xlabel="d_k", ylabel="median |∂softmax/∂z|")
    ax.set_xticks(series["d_k"], [str(d_k) for d_k in series["d_k"]])
    ax.minorticks_off()
    ax.set_xlim(right=series["d_k"][-1] * 6)
    return {"gradient": fig}
