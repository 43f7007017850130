"""Draws the result, computing nothing."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from nonmun.runner import Result
from nonmun.runner.figures import ACCENT, BLUE, CONTROL, GREY, GROUND, INK, LINE, PLUM, SOFT, figure, label_ends

SHADES = LinearSegmentedColormap.from_list("nonmun", [GROUND, "#9cc4bd", ACCENT])
FLAT = -0.1  # an exponent nearer to nought is a logarithm to the eye
MODES = {"log_n": "log-N scaling", "fixed": "no log-N scaling"}


def draw(result: Result) -> dict[str, Figure]:
    series = result.series
    found = {
        "heatmap": _heatmap(series),
        "collapse": _collapse(series),
        "margin": _margin(series),
        "cost": _cost(series),
        "nll": _nll(series),
    }
    if series["many"]:
        found["needles"] = _needles(series)
    if series["pretrained"]:
        found["smollm2"] = _pretrained(series)
    return found


def _heatmap(series: dict[str, Any]) -> Figure:
    """Depth x length, coloured by the probability of the number; a cross where not all needles were found."""
    names, depths = series["names"], series["depths"]
    panels = [(MODES[mode], series["probability"][mode], series["hit"][mode], names, depths) for mode in MODES]
    plain = [row for row in series["pretrained"] if row["rope"] == "none"]
    if plain:
        rows = ([row["probability"] for row in plain], [[float(hit) for hit in row["hit"]] for row in plain])
        panels.append((series["model"], *rows, [row["name"] for row in plain], plain[0]["depth"]))
    lowest = min(min(one) for one in series["probability"]["log_n"])
    told = "; ".join(
        f"{title}: " + ", ".join(f"{name} {sum(own) / len(own):.2f}" for name, own in zip(xs, values, strict=True))
        for title, values, _, xs, _ in panels
    )
    fig, axes = figure(
        f"{names[0]}에서 {names[-1]}까지, 어느 깊이에서나 정답의 확률이 {lowest:.2f} 이상입니다 · "
        f"From {names[0]} to {names[-1]} the number has a probability of {lowest:.2f} or more at every depth",
        alt=f"Probability of the needle's number by depth and length of the context, mean over depths: {told}. "
        f"The model was trained on {series['trained']:,} tokens.",
        width=8.4,
        height=3.2,
        columns=len(panels),
        squeeze=False,
        gridspec_kw={"width_ratios": [max(2, len(xs)) for _, _, _, xs, _ in panels]},
    )
    for ax, (title, values, hits, xs, ys) in zip(axes[0], panels, strict=True):
        for column, (own, hit) in enumerate(zip(values, hits, strict=True)):
            for row, (value, found) in enumerate(zip(own, hit, strict=True)):
                ax.barh(row, 0.96, 0.94, left=column - 0.48, color=SHADES(value))
                if found < 1:
                    ax.plot(column, row, "x", color=INK if value < 0.6 else GROUND, markersize=3.5, markeredgewidth=0.8)
        ax.set_title(title, fontsize=9, fontweight="normal")
        ax.set_xticks(range(len(xs)), xs, fontsize=8, rotation=90 if len(xs) > 8 else 0)
        ax.set_yticks(range(len(ys)), [f"{depth:.0%}" for depth in ys], fontsize=8)
        ax.set_xlim(-0.5, len(xs) - 0.5)
        ax.set_ylim(len(ys) - 0.5, -0.5)
        ax.grid(visible=False)
        ax.set_xlabel("tokens")
    axes[0][0].set_ylabel("depth of the needle")
    return fig


def _note(ax: Axes, text: str, at: tuple[float, float], shift: tuple[float, float], colour: str) -> None:
    ax.annotate(text, at, shift, textcoords="offset points", fontsize=8, color=colour)


def _lengths(ax: Axes, series: dict[str, Any]) -> None:
    ax.set_xscale("log")
    ax.set_xticks(series["lengths"], series["names"], fontsize=8)
    ax.minorticks_off()
    ax.set_xlabel("tokens of the context")


def _collapse(series: dict[str, Any]) -> Figure:
    """Recall and the probability of the number against length, and where the formula says that it falls to a half."""
    x, predicted, measured = series["lengths"], series["predicted"], series["measured"]
    where = f"{measured:,.0f}" if measured else "beyond the longest context"
    title = (
        f"log N 보정이 없으면 정답의 확률은 {where} token에서 1/2이 됩니다 (예측 {predicted:,.0f}) · "
        f"Without log-N scaling the number's probability is 1/2 at {where} tokens "
        f"({predicted:,.0f} predicted, {measured / predicted:.2f}x)"
    ) if measured else (
        f"log N 보정이 없으면 정답의 확률이 {predicted:,.0f} token에서 1/2이 된다고 예측합니다 · "
        f"Without log-N scaling the number's probability is predicted to be 1/2 at {predicted:,.0f} tokens"
    )  # fmt: skip
    lines = {
        "log-N scaling, recall": (series["recall"]["log_n"], {"color": ACCENT, "marker": "o", "markersize": 3}),
        "log-N scaling, probability": (series["mean"]["log_n"], {"color": ACCENT, "linewidth": 1}),
        "no log-N scaling, recall": (series["recall"]["fixed"], {**CONTROL, "marker": "o", "markersize": 3}),
        "no log-N scaling, probability": (series["mean"]["fixed"], {**CONTROL, "linewidth": 1}),
    }
    told = "; ".join(
        f"{label}: " + ", ".join(f"{name} {value:.2f}" for name, value in zip(series["names"], values, strict=True))
        for label, (values, _) in lines.items()
    )
    controls = ", ".join(f"{name} {value:.2f}" for name, value in series["controls"].items())
    fig, ax = figure(
        title,
        alt=f"Greedy recall and probability of the number by length. {told}. Predicted half: {predicted:,.0f} tokens; "
        f"measured: {where}. Controls, recall: {controls}.",
        height=3.4,
    )
    for values, style in lines.values():
        ax.plot(x, values, **style)
    ax.axhline(0.5, color=LINE, zorder=0)
    ax.axvline(predicted, color=BLUE, linewidth=1)
    _note(ax, "predicted", (predicted, 0.04), (4, 0) if predicted < x[-1] else (-44, 0), BLUE)
    if measured:
        ax.plot(measured, 0.5, "D", color=PLUM)
        _note(ax, "measured", (measured, 0.5), (6, 4), PLUM)
    for row, (label, colour) in enumerate((
        ("log-N scaling", ACCENT), ("dashed: without", SOFT), ("dots: greedy recall; thin: probability", SOFT),
    )):  # fmt: skip
        ax.text(0.03, 0.3 - 0.09 * row, label, transform=ax.transAxes, fontsize=8, color=colour)
    _lengths(ax, series)
    ax.set_ylim(-0.03, 1.12)
    ax.set_ylabel("recall; probability of the number")
    return fig


def _margin(series: dict[str, Any]) -> Figure:
    """Margins against what is needed."""
    x, needed = series["lengths"], series["needed"]
    middle = {mode: [row[1] for row in series["margin"][mode]] for mode in MODES}
    told = "; ".join(
        f"{MODES[mode]}: " + ", ".join(f"{n} {v:.1f}" for n, v in zip(series["names"], values, strict=True))
        for mode, values in middle.items()
    )
    first, last = middle["log_n"][0] - needed[0], middle["log_n"][-1] - needed[-1]
    fig, ax = figure(
        f"보정하면 margin이 ln N보다 {first:.1f}에서 {last:.1f} nat 앞섭니다 · "
        f"Scaled, the margin stays ahead of ln N: by {first:.1f} nats at first, {last:.1f} at last",
        alt="Median attention margin of the needle over the mean of all other keys, in nats, with its 5 to 95 % range, "
        f"against ln N. {told}. ln N: "
        + ", ".join(f"{n} {v:.1f}" for n, v in zip(series["names"], needed, strict=True)),
        height=3.4,
    )
    ax.plot(x, needed, color=INK, linewidth=1)
    _note(ax, "ln N: p = 1/2", (x[-1], needed[-1]), (4, 3), INK)
    for mode, style, label in (("log_n", {"color": ACCENT}, "log-N scaling"), ("fixed", CONTROL, "without")):
        low, _, high = zip(*series["margin"][mode], strict=True)
        ax.fill_between(x, low, high, color=style["color"], alpha=0.15, linewidth=0)
        ax.plot(x, middle[mode], **style, marker="o", markersize=3)
        _note(ax, label, (x[-1], middle[mode][-1]), (4, -10 if mode == "fixed" else -3), style["color"])
    _lengths(ax, series)
    ax.set_xlim(x[0] / 1.2, x[-1] * (x[-1] / x[0]) ** 0.22)
    ax.set_ylabel("margin, nats")
    return fig


def _cost(series: dict[str, Any]) -> Figure:
    """Seconds and bytes."""
    x, seconds, memory = series["lengths"], series["seconds"], series["memory"]
    rate = x[-1] / seconds[-1]
    told = ", ".join(f"{name} {value:.2g} s" for name, value in zip(series["names"], seconds, strict=True))
    peaks = ", ".join(
        f"{one['length']:,} tokens {one['peak'] / 1e6:.1f} MB ({one['kept'] / 1e6:.1f} of KV)" for one in memory
    )
    fig, axes = figure(
        f"Prefill은 CPU 초당 {rate / 1000:.0f}k token, 시간은 N^{series['exponent']:.2f} · "
        f"Prefill reads {rate / 1000:.0f}k tokens a CPU second; its time grows with N^{series['exponent']:.2f}",
        alt=f"Left: CPU seconds to read a context: {told}. "
        f"Right: resident memory above that before reading: {peaks or 'not measured'}.",
        width=8.4 if memory else 6.4,
        height=3.2,
        columns=2 if memory else 1,
        squeeze=False,
    )
    left = axes[0][0]
    left.plot(x, seconds, "o-", color=ACCENT, markersize=4)
    left.plot(x, [seconds[-1] * n / x[-1] for n in x], color=LINE, zorder=0)
    left.set_yscale("log")
    left.set_ylabel("prefill, CPU s")
    _lengths(left, series)
    if memory:
        right, lengths = axes[0][1], [one["length"] for one in memory]
        right.plot(lengths, [one["peak"] / 1e6 for one in memory], "o-", color=ACCENT, markersize=4)
        right.plot(lengths, [one["kept"] / 1e6 for one in memory], **CONTROL)
        for row, (label, colour) in enumerate((("measured", ACCENT), ("KV to be kept", SOFT))):
            right.text(0.04, 0.9 - 0.09 * row, label, transform=right.transAxes, fontsize=8, color=colour)
        right.set_xlabel("tokens of the context")
        right.set_ylabel("MB")
        right.set_xticks(lengths[-3:], series["names"][-3:], fontsize=8)
    return fig


def _nll(series: dict[str, Any]) -> Figure:
    """Cumulative NLL by position with its power law."""
    nll = series["nll"]
    a, b, c = nll["law"]
    x = nll["position"]
    fitted = [a * position**b + c for position in x]
    some = range(0, len(x), max(1, len(x) // 8))
    law = f"{a:.3g} x^{b:.3f} {'+' if c >= 0 else '−'} {abs(c):.3g}"
    title = f"누적 NLL은 x^{b:.2f}을 따릅니다 · The cumulative NLL follows x^{b:.2f}"
    if b > FLAT:
        title = "누적 NLL은 멱법칙보다 로그를 따릅니다 · The cumulative NLL follows a logarithm, not a power law"
    fig, ax = figure(
        title,
        alt="Nats per token of a number, on average up to a position, in texts that repeat facts: "
        + ", ".join(f"{x[i]:,} {nll['cumulative'][i]:.2f}" for i in some)
        + f". Fitted: {law}, off by {nll['off']:.2g} nats.",
        height=3.2,
    )
    ax.plot(x, fitted, color=INK, linewidth=1)
    ax.plot(x, nll["cumulative"], "o", color=ACCENT, markersize=4)
    ax.plot(x, nll["own"], ".", color=GREY, markersize=4)
    ax.set_xscale("log")
    ax.xaxis.set_minor_formatter(NullFormatter())
    for row, (label, colour) in enumerate((("cumulative", ACCENT), (law, INK), ("at the position", SOFT))):
        ax.text(0.98, 0.9 - 0.09 * row, label, transform=ax.transAxes, ha="right", fontsize=8, color=colour)
    ax.set_ylim(bottom=0)
    ax.set_xlabel("position in the text, tokens")
    ax.set_ylabel("NLL, nats per token of a number")
    return fig


def _needles(series: dict[str, Any]) -> Figure:
    """1, 10, 100 needles."""
    many = {int(k): {int(length): value for length, value in rows.items()} for k, rows in series["many"].items()}
    lengths = sorted({length for rows in many.values() for length in rows})
    names = dict(zip(series["lengths"], series["names"], strict=True))
    one = dict(zip(series["lengths"], series["recall"]["log_n"], strict=True))
    many = {1: {length: one[length] for length in lengths if length in one}, **many}
    lowest = min(value for rows in many.values() for value in rows.values())
    told = "; ".join(
        f"{k}: " + ", ".join(f"{names.get(length, length)} {value:.3f}" for length, value in rows.items())
        for k, rows in many.items()
    )
    fig, ax = figure(
        f"바늘이 {max(many)}개여도 재현율은 {lowest:.2f} 이상입니다 · "
        f"Recall is {lowest:.2f} or more with up to {max(many)} needles",
        alt=f"Share of needles found, by how many are in a haystack and its tokens. {told}. Each is asked for by name.",
        height=2.8,
    )
    width = 0.8 / len(many)
    for place, (k, rows) in enumerate(many.items()):
        at = [lengths.index(length) + (place - (len(many) - 1) / 2) * width for length in rows]
        ax.bar(at, list(rows.values()), width * 0.92, color=(GREY, BLUE, ACCENT)[place % 3])
        for spot, value in zip(at, rows.values(), strict=True):
            ax.text(spot, value + 0.02, f"{value:.2f}", ha="center", fontsize=8, color=INK)
            ax.text(spot, 0.02, str(k), ha="center", fontsize=8, color=GROUND)
    ax.set_xticks(range(len(lengths)), [str(names.get(length, length)) for length in lengths])
    ax.set_ylim(0, 1.15)
    ax.set_xlabel("tokens of the context (in the bars: needles in it)")
    ax.set_ylabel("recall")
    return fig


def _pretrained(series: dict[str, Any]) -> Figure:
    """The language model by length and scaling of positions."""
    rows = series["pretrained"]
    kinds = {"none": ("as trained", ACCENT, "o"), "ntk": ("NTK", BLUE, "s"), "yarn": ("YaRN", PLUM, "^")}
    told = "; ".join(
        f"{row['name']}, {kinds[row['rope']][0]}: recall {row['recall']:.2f}, probability {row['mean']:.2f}, "
        f"the same number when asked for another city {row['other']:.2f}"
        for row in rows
    )
    best = max(rows, key=lambda row: (row["recall"] == 1, row["length"]))
    found = f"{best['recall']:.2f}, {best['mean']:.2f}"
    fig, ax = figure(
        f"{series['model']}, {best['name']}: 재현율, 정답의 확률 · recall, probability of the number: {found}",
        alt=f"Recall and probability of the number by length of the context, mean over depths. {told}.",
        height=3.0,
    )
    ends = []
    for rope, (label, colour, mark) in kinds.items():
        own = [row for row in rows if row["rope"] == rope]
        if own:
            x = [row["length"] for row in own]
            ax.plot(x, [row["mean"] for row in own], mark + "-", color=colour, markersize=5)
            ax.plot(x, [row["recall"] for row in own], mark, color=colour, fillstyle="none", markersize=8)
            ends.append((own[-1]["mean"], label, colour))
    note = "filled: probability of the number; open: recall"
    ax.text(0.02, 0.06, note, transform=ax.transAxes, fontsize=8, color=SOFT)
    lengths = sorted({row["length"] for row in rows})
    ax.set_xscale("log")
    ax.set_xticks(lengths, [next(row["name"] for row in rows if row["length"] == n) for n in lengths])
    ax.minorticks_off()
    ax.set_xlim(lengths[0] / 1.15, lengths[-1] * 1.3)
    ax.set_ylim(-0.05, 1.08)
    label_ends(ax, lengths[-1] * 1.03, ends)
    ax.set_xlabel("tokens of the context")
    ax.set_ylabel("recall; probability")
    return fig
