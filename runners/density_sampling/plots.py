"""Draws the result, computing nothing."""

from __future__ import annotations

from statistics import fmean
from typing import Any

from matplotlib.figure import Figure

from nonmun.runner import Result
from nonmun.runner.figures import ACCENT, AMBER, BLUE, CONTROL, GREY, GROUND, LINE, PLUM, SOFT, figure, label_ends
from runners.selection.drawing import by_share, nearest, tau_map

DOMINANT = "weather"
TITLES = {
    "everything": "everything", "random": "random", "density": "density, 1/S", "printed": "as printed, S",
    "wide": "cells too wide", "perplexity_low": "low perplexity", "perplexity_middle": "middle perplexity",
    "perplexity_high": "high perplexity", "semdedup": "SemDeDup", "prototypes": "prototypes",
}  # fmt: skip
SETS = {"same": "in-distribution", "good": "high-quality (each real topic alike)"}
STYLE: dict[str, dict[str, Any]] = {
    "everything": {"color": GREY}, "density": {"color": ACCENT}, "random": {"color": BLUE}, "printed": dict(CONTROL),
    "wide": {**CONTROL, "linestyle": ":"}, "perplexity_low": {"color": AMBER},
    "perplexity_middle": {"color": AMBER, "linestyle": "--"}, "perplexity_high": {"color": AMBER, "linestyle": ":"},
    "semdedup": {"color": PLUM}, "prototypes": {"color": PLUM, "linestyle": "--"},
}  # fmt: skip


def draw(result: Result) -> dict[str, Figure]:
    series = result.series
    near, tau = nearest(series["tau"], "density", ("printed", "wide"))
    title = f"Density와 가장 가까운 순위는 {TITLES[near]}, τ = {tau:.2f} · "
    title += f"The ranking nearest to density's is that of {TITLES[near]}, τ = {tau:.2f}"
    return {
        "shares": _shares(series), "sketch": _sketch(series), "density": _density(series), "loss": _loss(series),
        "fractions": by_share(series["by_share"], TITLES, STYLE, SETS, _share_title(series["by_share"])),
        "tau": tau_map(series["tau"], TITLES, title, size=(5.6, 4.6)),
    }  # fmt: skip


def _share_title(shares: dict[str, Any]) -> str:
    """Density against a random draw at the smallest share that both were trained on."""
    ours, theirs = ({one["share"]: one for one in shares[name]} for name in ("density", "random"))
    least = min(ours)
    same, good = (f"{ours[least][which]['mean'] - theirs[least][which]['mean']:+.2f}" for which in ("same", "good"))
    return (
        f"{100 * least:g} %로 학습하면 무작위 대비 loss: 원래 분포 {same}, 고품질 {good} · "
        f"Trained on {100 * least:g} %, loss against random: in-distribution {same}, high-quality {good}"
    )


def _shares(series: dict[str, Any]) -> Figure:
    """What each way to choose keeps: one bar each, a piece for each topic."""
    rows = {"the corpus": series["corpus"]} | {TITLES[name]: own for name, own in series["shares"].items()}
    ours, printed = series["shares"]["density"][DOMINANT], series["shares"]["printed"][DOMINANT]
    told = "; ".join(
        f"{name}: " + ", ".join(f"{topic} {100 * share:.1f} %" for topic, share in own.items())
        for name, own in rows.items()
    )
    fig, ax = figure(
        f"1/S로 뽑으면 큰 주제가 80 %에서 {100 * ours:.0f} %로, S로 뽑으면 {100 * printed:.0f} %로 · "
        f"By 1/S the large topic falls from 80 % to {100 * ours:.0f} %, by S it goes to {100 * printed:.0f} %",
        alt=f"Share of each topic in a {100 * series['keep']:.0f} % sample, by how it was chosen. {told}.",
        height=0.8 + 0.3 * len(rows),
    )
    colours = [LINE, ACCENT, BLUE, AMBER, PLUM, "#4f8f86", "#6f8fb0", "#b08a5a"]
    for place, own in enumerate(rows.values()):
        left = 0.0
        for colour, share in zip(colours, own.values(), strict=True):
            ax.barh(place, 100 * share, left=left, color=colour, height=0.7)
            left += 100 * share
        ink = SOFT if own[DOMINANT] > 0.06 else GROUND
        ax.text(1, place, f"{100 * own[DOMINANT]:.0f} %", va="center", fontsize=8, color=ink)
    left = 0.0
    for topic, colour, share in zip(series["corpus"], colours, series["shares"]["density"].values(), strict=True):
        if share > 0.075:
            ax.text(left + 50 * share, len(rows) - 0.42, topic, ha="center", va="top", fontsize=8, color=colour
                    if topic != DOMINANT else SOFT)  # fmt: skip
        left += 100 * share
    ax.set_yticks(range(len(rows)), rows)
    ax.set_ylim(len(rows) + 0.1, -0.5)
    ax.set_xlim(0, 100)
    ax.set_xlabel("share of the sample, % (topics named as they lie in the row of density)")
    ax.grid(visible=False)
    return fig


def _sketch(series: dict[str, Any]) -> Figure:
    exact, S, topics = series["exact"], series["S"], series["topic"]
    fig, ax = figure(
        f"Sketch와 정확한 밀도의 순위 상관은 {series['rank_correlation']:.4f} · "
        f"The sketch ranks as exact density does: {series['rank_correlation']:.4f}",
        alt=f"{len(S)} documents: exact kernel density from {min(exact):.3g} to {max(exact):.3g} on one axis, the "
        f"sketch's from {min(S):.3g} to {max(S):.3g} on the other, both logarithmic, close to the diagonal. "
        f"Spearman's rank correlation over all documents is {series['rank_correlation']:.4f}.",
        width=4.8,
        height=4.2,
    )
    ends = [min(exact), max(exact)]
    ax.plot(ends, ends, color=LINE, zorder=0)
    for dominant, colour, label in ((True, GREY, DOMINANT), (False, ACCENT, "all other topics")):
        xs = [x for x, topic in zip(exact, topics, strict=True) if (topic == DOMINANT) == dominant]
        ys = [y for y, topic in zip(S, topics, strict=True) if (topic == DOMINANT) == dominant]
        ax.plot(xs, ys, ".", color=colour, markersize=3)
        ax.text(0.04, 0.94 - 0.07 * dominant, label, color=colour, transform=ax.transAxes, fontsize=8)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("exact kernel density")
    ax.set_ylabel("S, the sketch's")
    return fig


def _density(series: dict[str, Any]) -> Figure:
    own = series["histogram"]
    edges = own["edges"]
    filled = [i for i, (a, b) in enumerate(zip(own["dominant"], own["others"], strict=True)) if a + b]
    least, most = edges[filled[0]], edges[filled[-1] + 1]
    fig, ax = figure(
        f"S는 {10**least:.3g}에서 {10**most:.3g}까지 벌어집니다 · S spreads from {10**least:.3g} to {10**most:.3g}",
        alt="Histogram of log10 S. Others: "
        + ", ".join(f"{edges[i]:.1f}: {n}" for i, n in enumerate(own["others"]) if n)
        + f". {DOMINANT}: "
        + ", ".join(f"{edges[i]:.1f}: {n}" for i, n in enumerate(own["dominant"]) if n)
        + ".",
        height=2.6,
    )
    for name, colour, label in (("dominant", GREY, DOMINANT), ("others", ACCENT, "all other topics")):
        ax.stairs(own[name], edges, color=colour, fill=name == "dominant", alpha=0.5 if name == "dominant" else 1)
        peak = max(range(len(own[name])), key=lambda i: own[name][i])
        ax.annotate(label, (edges[peak], own[name][peak]), (4, 4), textcoords="offset points", fontsize=8, color=colour)
    ax.margins(y=0.15)
    ax.set_xlabel("log₁₀ S")
    ax.set_ylabel("documents")
    return fig


def _loss(series: dict[str, Any]) -> Figure:
    """Loss against tokens on both validation sets: every seed thin, the mean thick."""
    curves = series["curves"]
    last = {
        name: {which: fmean(one[which][-1] for one in own) for which in ("same", "good")}
        for name, own in curves.items()
    }
    gap, good = (last["density"][which] - last["everything"][which] for which in ("same", "good"))
    told = "; ".join(f"{TITLES[name]} {own['same']:.2f} and {own['good']:.2f}" for name, own in last.items())
    fig, axes = figure(
        f"전체 대비 loss: 원래 분포 {gap:+.2f}, 고품질 {good:+.2f} · "
        f"Loss against everything: in-distribution {gap:+.2f}, high-quality {good:+.2f}",
        alt="Loss in nats per token against tokens of training, on an in-distribution and on a high-quality set, each "
        f"seed and the mean. At the end, in that order: {told}.",
        width=8.4,
        height=3.4,
        columns=2,
    )
    for ax, (which, title) in zip(axes, SETS.items(), strict=True):
        ends = []
        for name, own in curves.items():
            style = STYLE[name]
            for one in own:
                ax.plot(one["tokens"], one[which], **{**style, "linewidth": 0.5, "alpha": 0.5})
            mean = [fmean(values) for values in zip(*(one[which] for one in own), strict=True)]
            ax.plot(own[0]["tokens"], mean, **style)
            ends.append((mean[-1], TITLES[name], style["color"]))
        label_ends(ax, max(own[0]["tokens"]), ends)
        ax.set_title(title, fontsize=9, fontweight="normal")
        ax.set_xlim(0, max(own[0]["tokens"]) * 1.45)
        ax.ticklabel_format(axis="x", style="sci", scilimits=(3, 3))
        ax.set_xlabel("tokens of training")
    axes[0].set_ylabel("nats per token")
    return fig
