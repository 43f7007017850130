"""Draws the result, computing nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from nonmun.runner import Result
from nonmun.runner.figures import ACCENT, AMBER, BLUE, CONTROL, GREY, GROUND, INK, LINE, PLUM, SOFT, figure, label_ends

NAMES = {
    "sparse": "sparse, 2 of {experts} experts",
    "dense": "dense, equal active FLOPs",
    "dense_total": "dense, equal parameters",
    "no_aux": "sparse, no auxiliary loss",
    "frozen": "sparse, frozen router",
}
COLOURS = {"sparse": ACCENT, "dense": GREY, "dense_total": BLUE, "no_aux": AMBER, "frozen": PLUM}
SHADES = LinearSegmentedColormap.from_list("load", [GROUND, ACCENT])


def draw(result: Result) -> dict[str, Figure]:
    series = result.series
    found = {"loss": _loss(result), "learning": _learning(series), "load": _load(series)}
    for name, what in (("text", "texts"), ("character", "classes")):
        found[f"experts--{name}"] = _experts(series, "by_text" if name == "text" else "by_class", series[what], name)
    return found


def _name(kind: str, series: dict[str, Any]) -> str:
    return NAMES[kind].format(experts=series["experts"])


def _loss(result: Result) -> Figure:
    """Of each variant the loss less that of the dense one, every seed a dot, and the mean's interval."""
    series = result.series
    base = dict(zip(series["seeds"]["dense"], series["loss"]["dense"], strict=True))
    others = [kind for kind in ("sparse", "no_aux", "frozen", "dense_total") if kind in series["loss"]]
    gaps = {
        kind: [loss - base[seed] for seed, loss in zip(series["seeds"][kind], series["loss"][kind], strict=True)]
        for kind in others
    }
    ours = result.metric("sparse_minus_dense")
    word = ("낮습니다", "lower") if ours.value < 0 else ("높습니다", "higher")
    told = "; ".join(f"{_name(kind, series)}: " + ", ".join(f"{gap:+.3f}" for gap in gaps[kind]) for kind in others)
    interval = f", 95 % interval of sparse {ours.ci95[0]:+.3f} to {ours.ci95[1]:+.3f}" if ours.ci95 else ""
    fig, ax = figure(
        f"같은 활성 FLOP에서 sparse의 loss가 {abs(ours.value):.3f} {word[0]} · "
        f"At equal active FLOPs sparse is {abs(ours.value):.3f} nats {word[1]}",
        alt="Validation loss in nats per byte less that of the dense model of equal active FLOPs, one value a seed. "
        f"{told}{interval}.",
        height=2.6,
    )
    ax.axvline(0, **CONTROL)
    for place, kind in enumerate(reversed(others)):
        colour = COLOURS[kind]
        ax.plot(gaps[kind], [place] * len(gaps[kind]), "o", color=colour, markersize=4, alpha=0.7)
        middle = sum(gaps[kind]) / len(gaps[kind])
        ax.plot([middle, middle], [place - 0.28, place + 0.28], color=colour)
        if kind == "sparse" and ours.ci95:
            ax.plot(ours.ci95, [place - 0.2] * 2, color=colour, linewidth=1.2)
    ax.set_yticks(range(len(others)), [_name(kind, series) for kind in reversed(others)])
    ax.set_ylim(-0.6, len(others) - 0.4)
    ax.locator_params(axis="x", nbins=6)
    ax.grid(visible=True, axis="x")
    ax.grid(visible=False, axis="y")
    ax.annotate("dense", (0, len(others) - 0.55), (4, 0), textcoords="offset points", fontsize=8, color=SOFT)
    ax.set_xlabel("validation loss − that of dense, nats per byte")
    return fig


def _learning(series: dict[str, Any]) -> Figure:
    """Training loss by step, the first seed."""
    shown = [kind for kind in ("dense", "dense_total", "sparse") if kind in series["curves"]]
    curves = {kind: series["curves"][kind][0] for kind in shown}
    last = {kind: curve[-1][1] for kind, curve in curves.items()}
    told = "; ".join(
        f"{_name(kind, series)}: " + ", ".join(f"{loss:.2f} at step {step:.0f}" for step, loss in _few(curve))
        for kind, curve in curves.items()
    )
    fig, ax = figure(
        f"학습 loss: 마지막에 sparse {last['sparse']:.2f}, dense {last['dense']:.2f} · "
        f"Training loss ends at {last['sparse']:.2f} (sparse) and {last['dense']:.2f} (dense)",
        alt=f"Training loss in nats per byte by step, means of short stretches, first seed. {told}.",
        height=3.2,
    )
    for kind, curve in curves.items():
        ax.plot(*zip(*curve, strict=True), color=COLOURS[kind], label=_name(kind, series), linewidth=1.4)
    low = min(last.values())
    ax.set_ylim(low - 0.1, min(max(curve[0][1] for curve in curves.values()), low + 1.4))
    ax.legend(loc="upper right")
    ax.set_xlabel("step of training")
    ax.set_ylabel("loss, nats per byte")
    return fig


def _few(curve: list[list[float]], count: int = 4) -> list[list[float]]:
    return [curve[round(place * (len(curve) - 1) / count)] for place in range(1, count + 1)]


def _load(series: dict[str, Any]) -> Figure:
    """Entropy of the load while training, every seed; and what share of the tokens each expert gets at the end."""
    shown = [kind for kind in ("sparse", "no_aux", "frozen") if kind in series["entropy"]]
    ends = {kind: [curve[-1][1] for curve in series["entropy"][kind]] for kind in shown}
    experts = series["experts"]
    shares = {kind: _shares(series["by_text"][kind]) for kind in shown}
    fig, axes = figure(
        f"보조 loss가 없으면 부하의 entropy가 {min(ends['no_aux']):.2f}까지 내려갑니다 · "
        f"Without the auxiliary loss the load's entropy falls to {min(ends['no_aux']):.2f}",
        alt="Left: entropy of the experts' load over its maximum, by step of training, one line a seed; at the end "
        + "; ".join(f"{_name(kind, series)}: " + ", ".join(f"{end:.2f}" for end in ends[kind]) for kind in shown)
        + ". Right: per cent of all validation tokens by expert in the last layer, largest first, first seed: "
        + "; ".join(f"{_name(kind, series)}: " + ", ".join(f"{one:.0f}" for one in shares[kind]) for kind in shown)
        + f". An even load is {100 / experts:.3g} per cent.",
        width=8.0,
        height=3.2,
        columns=2,
        width_ratios=(3, 2),
    )
    ax, beside = axes
    for kind in shown:
        for curve in series["entropy"][kind]:
            ax.plot(*zip(*curve, strict=True), color=COLOURS[kind], linewidth=1.1, alpha=0.85)
    last = [(sum(ends[kind]) / len(ends[kind]), _short(kind, series), COLOURS[kind]) for kind in shown]
    label_ends(ax, series["steps"], last, top=ax.get_ylim()[1])
    ax.set_xlim(0, 1.42 * series["steps"])
    ax.set_xticks([tick for tick in ax.get_xticks() if 0 <= tick <= series["steps"]])
    ax.set_xlabel("step of training")
    ax.set_ylabel("entropy of the load (1 is even)")
    for kind in shown:
        beside.plot(range(1, experts + 1), shares[kind], "o-", color=COLOURS[kind], markersize=4)
    beside.axhline(100 / experts, **CONTROL)
    beside.annotate(
        "even", (experts, 100 / experts), (0, 3), textcoords="offset points", ha="right", fontsize=8, color=SOFT
    )
    beside.set_ylim(bottom=0)
    beside.set_xticks(range(1, experts + 1))
    beside.set_xlabel("experts of the last layer, by load")
    beside.set_ylabel("% of all assignments")
    return fig


def _shares(by_text: list[Any]) -> list[float]:
    """Per cent of the last layer's assignments, largest first."""
    load = [sum(column) for column in zip(*by_text[-1], strict=True)]
    return sorted((100 * one / sum(load) for one in load), reverse=True)


def _short(kind: str, series: dict[str, Any]) -> str:
    """The name without what all sparse variants share."""
    return _name(kind, series).replace("sparse, ", "").replace(f"2 of {series['experts']} experts", "auxiliary loss")


def _experts(series: dict[str, Any], what: str, rows: Sequence[str], name: str) -> Figure:
    """Of each kind of token, where it goes: a panel a layer, a row a kind, a column an expert."""
    layers = series[what]["sparse"]
    shares = [[[100 * one / max(1, sum(row)) for one in row] for row in layer] for layer in layers]
    most, kind, layer = max(
        (max(row), rows[place], depth) for depth, one in enumerate(shares, 1) for place, row in enumerate(one)
    )
    told = ". ".join(
        f"Layer {depth}: " + "; ".join(f"{kind}: " + ", ".join(f"{one:.0f}" for one in row)
                                       for kind, row in zip(rows, one, strict=True))
        for depth, one in enumerate(shares, 1)
    )  # fmt: skip
    fig, axes = figure(
        f"{kind}의 {most:.0f} %가 {layer}층의 한 expert로 갑니다 · "
        f"{most:.0f} % of {kind} goes to one expert of layer {layer}",
        alt=f"Of the tokens of each kind of {name}, per cent of assignments by expert; at most 50, since each token "
        f"has two experts. {told}.",
        width=8.4,
        height=0.34 * len(rows) + 1.0,
        columns=min(2, len(layers)),
        squeeze=False,
        sharey=True,
    )
    axes[0][0].invert_yaxis()  # which both share
    for depth, (ax, shown) in enumerate(zip(axes.flat, shares[:1] + shares[-1:], strict=False)):
        ax.pcolormesh(shown, cmap=SHADES, vmin=0, vmax=50, edgecolor=LINE, linewidth=0.4)
        for place, row in enumerate(shown):
            for expert, one in enumerate(row):
                colour = GROUND if one > 28 else INK
                ax.text(expert + 0.5, place + 0.5, f"{one:.0f}", ha="center", va="center", fontsize=7.5, color=colour)
        ax.set_yticks([place + 0.5 for place in range(len(rows))], rows)
        ax.set_xticks([expert + 0.5 for expert in range(series["experts"])], range(1, series["experts"] + 1))
        ax.grid(visible=False)
        ax.set_xlabel(f"expert of layer {1 if depth == 0 else len(layers)} (% of the row)")
    return fig
