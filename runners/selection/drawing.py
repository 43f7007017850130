"""Figures that both runners show: quality by the share that is kept, and how alike the rankings are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from nonmun.runner.figures import ACCENT, PLUM, WASH, figure, label_ends

EVERYTHING = "everything"


def tau_map(tau: Mapping[str, Any], titles: Mapping[str, str], title: str, *, size: tuple[float, float]) -> Figure:
    """Kendall's tau of each pair of rankings, written into a square whose colour is its size and sign."""
    from matplotlib.patches import Rectangle

    names, values = tau["names"], tau["values"]
    told = "; ".join(
        f"{titles[a]} and {titles[b]} {values[i][j]:.2f}"
        for i, a in enumerate(names)
        for j, b in enumerate(names)
        if j > i
    )
    fig, ax = figure(
        title, alt=f"Kendall's tau between the rankings of all documents. {told}.", width=size[0], height=size[1]
    )
    for i, row in enumerate(values):
        for j, value in enumerate(row):
            colour = ACCENT if value > 0 else PLUM if value else WASH
            ax.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, facecolor=colour, alpha=0.5 * abs(value), linewidth=0))
            ax.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=8)
    ax.set_xticks(range(len(names)), [titles[name] for name in names], rotation=40, ha="right", fontsize=8)
    ax.set_yticks(range(len(names)), [titles[name] for name in names], fontsize=8)
    ax.set_xlim(-0.5, len(names) - 0.5)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_aspect("equal")
    ax.grid(visible=False)
    return fig


def nearest(tau: Mapping[str, Any], ours: str, but: Sequence[str] = ()) -> tuple[str, float]:
    """The ranking whose tau with ours is largest in size, and that tau."""
    row = tau["values"][tau["names"].index(ours)]
    found = {name: value for name, value in zip(tau["names"], row, strict=True) if name not in (ours, *but)}
    name = max(found, key=lambda other: abs(found[other]))
    return name, found[name]


def by_share(
    shares: Mapping[str, Any], titles: Mapping[str, str], style: Mapping[str, Any], sets: Mapping[str, str], title: str
) -> Figure:
    """Last loss on each validation set by the share of the corpus that is trained on; bars are 95 % intervals."""
    told = "; ".join(
        f"{titles[name]}: "
        + ", ".join(
            f"{100 * one['share']:g} % " + " and ".join(f"{one[which]['mean']:.2f}" for which in sets) for one in own
        )
        for name, own in shares.items()
    )
    fig, axes = figure(
        title,
        alt="Loss in nats per token at the end of training by the share of the corpus that is trained on, at equal "
        f"tokens; {' and '.join(sets.values())}. {told}.",
        width=8.4,
        height=3.6,
        columns=2,
    )
    every = sorted({one["share"] for name, own in shares.items() if name != EVERYTHING for one in own})
    for ax, (which, label) in zip(axes, sets.items(), strict=True):
        ends = []
        for name, own in shares.items():
            means = [one[which]["mean"] for one in own]
            if name == EVERYTHING:
                ax.axhline(means[0], **style[name])
            else:
                off = [[abs(one[which]["ci95"][end] - one[which]["mean"]) for one in own] for end in (0, 1)]
                at = [one["share"] for one in own]
                ax.errorbar(at, means, yerr=off, **{**style[name], "marker": "o", "markersize": 3, "elinewidth": 0.6})
            ends.append((means[-1], titles[name], style[name]["color"]))
        ax.set_xscale("log")
        ax.set_xlim(every[0] / 1.15, every[-1] * (every[-1] / every[0]) ** 0.75)
        label_ends(ax, every[-1], ends)
        ax.set_xticks(every, [f"{100 * share:g} %" for share in every])
        ax.minorticks_off()
        ax.set_title(label, fontsize=9, fontweight="normal")
        ax.set_xlabel("share of the corpus that is trained on")
    axes[0].set_ylabel("nats per token")
    return fig
