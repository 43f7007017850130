"""Draws the result, computing nothing."""

from __future__ import annotations

from statistics import fmean
from typing import Any

from matplotlib.figure import Figure

from nonmun.runner import Metric, Result
from nonmun.runner.figures import ACCENT, AMBER, BLUE, CONTROL, GREY, LINE, PLUM, SOFT, figure, label_ends
from runners.selection.drawing import by_share, nearest, tau_map

RATERS = {
    "tuned": ("tuned rater", ACCENT), "short": ("short prompt", BLUE), "paper": ("the paper's prompt", PLUM),
    "perplexity_middle": ("perplexity near the median", AMBER), "perplexity_low": ("low perplexity", GREY),
}  # fmt: skip
CHOICES = {
    "everything": "everything", "ask_llm": "Ask-LLM", "random": "random", "density": "density", "semdedup": "SemDeDup",
    "prototypes": "prototypes", "perplexity_low": "low perplexity", "perplexity_middle": "middle perplexity",
    "perplexity_high": "high perplexity",
}  # fmt: skip
SETS = {"good": "high-quality", "same": "in-distribution"}
STYLE: dict[str, dict[str, Any]] = {
    "everything": {"color": GREY}, "ask_llm": {"color": ACCENT}, "random": dict(CONTROL), "density": {"color": BLUE},
    "semdedup": {"color": PLUM}, "prototypes": {"color": PLUM, "linestyle": "--"}, "perplexity_low": {"color": AMBER},
    "perplexity_middle": {"color": AMBER, "linestyle": "--"}, "perplexity_high": {"color": AMBER, "linestyle": ":"},
}  # fmt: skip


def draw(result: Result) -> dict[str, Figure]:
    series = result.series
    near, tau = nearest(series["tau"], "ask_llm")
    title = f"Ask-LLM과 가장 가까운 순위는 τ = {tau:.2f} · "
    title += f"The ranking nearest to Ask-LLM's: {CHOICES[near]}, τ = {tau:.2f}"
    alike = tau_map(series["tau"], CHOICES, title, size=(5.2, 4.2))
    shares = by_share(series["by_share"], CHOICES, STYLE, SETS, _share_title(series["by_share"]))
    loss = _loss(series, result.metric("tokens_saved"))
    return {"auc": _auc(series), "kept": _kept(series), "loss": loss, "fractions": shares, "tau": alike}


def _share_title(shares: dict[str, Any]) -> str:
    """The high-quality loss at the smallest share against a random choice's, or where there is none everything's."""
    ours, theirs = (
        {one["share"]: one["good"]["mean"] for one in shares.get(name, [])} for name in ("ask_llm", "random")
    )
    least = min(ours)
    korean, english = ("무작위", "random") if least in theirs else ("전체", "everything")
    gap = f"{ours[least] - theirs.get(least, shares['everything'][0]['good']['mean']):+.2f}"
    share = f"{100 * least:g} %"
    korean = f"{share}만 써도 고품질 loss는 {korean} 대비 {gap}"
    return f"{korean} · On {share} the high-quality loss is {gap} against {english}"


def _auc(series: dict[str, Any]) -> Figure:
    """One row a kind of noise, one point a rater."""
    own = series["auc"]
    kinds = list(own["tuned"])
    told = "; ".join(
        f"{RATERS[name][0]}: " + ", ".join(f"{kind} {value:.2f}" for kind, value in own[name].items())
        for name in RATERS
    )
    fig, ax = figure(
        f"처음 보는 잡음에서 AUC {own['tuned']['all']:.2f}, 낮은 perplexity는 {own['perplexity_low']['all']:.2f} · "
        f"AUC on unseen noise {own['tuned']['all']:.2f}, of low perplexity {own['perplexity_low']['all']:.2f}",
        alt=f"Area under the ROC curve, clean texts against each kind of noise; 0.5 is chance. {told}.",
        width=7.2,
        height=3.4,
    )
    ax.axvline(0.5, color=LINE, zorder=0)
    for shift, (name, (label, colour)) in zip((-0.24, -0.12, 0.0, 0.12, 0.24), RATERS.items(), strict=True):
        places = [place + shift for place in range(len(kinds))]
        ax.plot([own[name][kind] for kind in kinds], places, "o", color=colour, markersize=5)
        ink = SOFT if colour == GREY else colour
        ax.text(1.04, 0.45 * list(RATERS).index(name), label, color=ink, fontsize=8, va="center")
    ax.set_yticks(range(len(kinds)), kinds)
    ax.set_ylim(len(kinds) - 0.5, -0.5)
    ax.set_xlim(-0.03, 1.38)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1])
    ax.set_xlabel("AUC, clean against this kind of noise")
    return fig


def _kept(series: dict[str, Any]) -> Figure:
    """Share of clean texts among what is kept."""
    kept, fractions, base = series["kept"], series["fractions"], series["clean"]
    at = min(range(len(fractions)), key=lambda i: abs(fractions[i] - 0.15))
    told = "; ".join(
        f"{CHOICES[name]}: " + ", ".join(f"{100 * f:g} %: {100 * v:.0f}" for f, v in zip(fractions, own, strict=True))
        for name, own in kept.items()
    )
    share, before, after = (f"{100 * value:.0f} %" for value in (fractions[at], base, kept["ask_llm"][at]))
    fig, ax = figure(
        f"{share}만 남기면 깨끗한 글이 {before} → {after} · Keeping {share}, clean texts go {before} → {after}",
        alt=f"Share of clean texts in per cent by the fraction of the corpus that is kept. {told}.",
        height=3.4,
    )
    ends = []
    for name, own in kept.items():
        ax.plot(fractions, [100 * value for value in own], **STYLE[name])
        ends.append((100 * own[0], CHOICES[name], STYLE[name]["color"]))
    ax.set_xscale("log")
    ax.set_ylim(-8, 105)
    label_ends(ax, fractions[0], ends, left=True)
    ax.set_xlim(fractions[0] / 3.2, 1.05)
    ax.set_xticks([0.02, 0.05, 0.1, 0.2, 0.5, 1], ["2 %", "5 %", "10 %", "20 %", "50 %", "all"])
    ax.minorticks_off()
    ax.set_xlabel("share of the corpus that is kept")
    ax.set_ylabel("clean texts among it, %")
    return fig


def _loss(series: dict[str, Any], saved: Metric) -> Figure:
    """High-quality loss against tokens, the same with rating charged, then the in-distribution loss."""
    curves, extra = series["curves"], series["rating_tokens"]
    low, high = saved.ci95 or (saved.value, saved.value)
    value = f"{saved.value:.0f} [{low:.0f}, {high:.0f}]"
    last = {name: {w: fmean(one[w][-1] for one in own) for w in ("good", "same")} for name, own in curves.items()}
    told = "; ".join(f"{CHOICES[name]} {own['good']:.2f} and {own['same']:.2f}" for name, own in last.items())
    fig, axes = figure(
        f"고품질 loss에 이르는 token이 {value} % 줄었습니다 · The high-quality loss takes {value} % fewer tokens",
        alt="Loss in nats per token, each seed and the mean: on the high-quality set against tokens of training; the "
        f"same with rating charged, {extra:,.0f} tokens' worth of compute; and on the in-distribution set. At the end, "
        f"high-quality and in-distribution: {told}.",
        width=8.4,
        height=3.4,
        columns=3,
    )
    titles = ("high-quality", "high-quality, rating charged", "in-distribution")
    for ax, which, charged, title in zip(axes, ("good", "good", "same"), (False, True, False), titles, strict=True):
        ends, most = [], 0.0
        for name, own in curves.items():
            move = extra if charged and name == "ask_llm" else 0.0
            for one in own:
                ax.plot(
                    [t + move for t in one["tokens"]], one[which], **{**STYLE[name], "linewidth": 0.5, "alpha": 0.5}
                )
            mean = [fmean(values) for values in zip(*(one[which] for one in own), strict=True)]
            ax.plot([t + move for t in own[0]["tokens"]], mean, **STYLE[name])
            most = max(most, own[0]["tokens"][-1] + move)
            ends.append((mean[-1], CHOICES[name], STYLE[name]["color"]))
        ax.set_title(title, fontsize=9, fontweight="normal")
        ax.margins(y=0.1)
        if not charged:
            label_ends(ax, most, ends)
            ax.set_xlim(0, most * 1.6)
        ax.ticklabel_format(axis="x", style="sci", scilimits=(3, 3))
        ax.set_xlabel("tokens")
    axes[0].set_ylabel("nats per token")
    return fig
