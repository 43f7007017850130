"""Draws the result, computing nothing."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from nonmun.runner import Result
from nonmun.runner.figures import ACCENT, BLUE, CONTROL, GREY, INK, LINE, PLUM, SOFT, figure, label_ends

FAMILIES = {"arithmetic": "arithmetic", "lookup": "lookup", "parity": "year parity", "corrupted": "corrupted chains"}
MARKS = {True: "✓", False: "✗"}


def draw(result: Result) -> dict[str, Figure]:
    series = result.series
    found = {f"tree--{one['name']}": _tree(one) for one in series["trees"]}
    found |= {"k": _by_k(series), "auroc": _auroc(series), "steps": _steps(series), "families": _families(series)}
    if series["pretrained"]:
        found["smollm2"] = _pretrained(series["pretrained"])
    return found


def _tree(one: dict[str, Any]) -> Figure:
    """Every branch of one question: its text, Δ as a bar, its answer, whether that is right."""
    paths = one["paths"]
    asked = " ".join(one["asked"].split())
    greedy, ours = (MARKS[one["right"][choice]] for choice in ("greedy", "aggregated"))
    every = "; ".join(
        f"{path['branch'] + 1}: “{path['text']}”, "
        + (f"Δ {path['delta']:.2f}, answer {path['answer']}" if path["answer"] is not None else "no answer")
        + (", right" if path["correct"] else "")
        for path in paths
    )
    fig, ax = figure(
        f"{_short(asked)} → {one['answer']}: greedy {greedy}, CoT-decoding {ours}",
        alt=f"The paths of “{asked}”, whose answer is {one['answer']}, by the rank of their first token. {every}.",
        width=8.4,
        height=0.5 + 0.27 * len(paths),
    )
    middle = (len(paths) - 1) / 2
    for place, path in enumerate(paths):
        right = path["correct"]
        colour = ACCENT if right else GREY
        ax.plot([0, 0.03, 0.05], [middle, place, place], color=colour if right else LINE, linewidth=1.2)
        ink = INK if right else SOFT
        first, text = path["token"] or "⏎", path["text"]
        rest = text.removeprefix(first).strip() if text else "(ends at once)"
        ax.text(0.06, place, first, va="center", fontsize=8, color=ink, fontweight="bold", parse_math=False)
        ax.text(0.16, place, rest, va="center", fontsize=8, color=ink, parse_math=False)
        if path["delta"] is None:
            ax.text(1.0, place, "no answer" if path["ended"] else "cut short", va="center", fontsize=8, color=SOFT)
            continue
        ax.barh(place, 0.13 * max(path["delta"], 0.004), left=1.0, height=0.6, color=colour)
        ax.text(1.14, place, f"{path['delta']:.2f}", va="center", fontsize=8, color=SOFT)
        ax.text(
            1.2, place, f"{path['answer']} {MARKS[right]}", va="center", fontsize=8, color=ACCENT if right else SOFT
        )
    ax.text(0.06, -0.95, "token", fontsize=8, color=SOFT, va="center")
    ax.text(0.16, -0.95, "and what greedy decoding adds to it", fontsize=8, color=SOFT, va="center")
    ax.text(1.0, -0.95, "Δ", fontsize=8, color=SOFT, va="center")
    ax.text(1.2, -0.95, "answer", fontsize=8, color=SOFT, va="center")
    ax.set_xlim(-0.01, 1.34)
    ax.set_ylim(len(paths) - 0.4, -1.5)
    ax.set_axis_off()
    return fig


def _short(text: str, most: int = 48) -> str:
    text = text.removeprefix("Question: ").removesuffix(" Answer:").removeprefix("Q: ").removesuffix(" A:")
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _by_k(series: dict[str, Any]) -> Figure:
    """Accuracy by the number of branches, over all families and seeds."""
    sweep = {int(most): one for most, one in series["sweep"].items()}
    ks = sorted(sweep)
    k = series["k"] if series["k"] in sweep else ks[-1]
    lines = {  # label, colour, style
        "aggregated": ("aggregated", ACCENT, "-"),
        "max": ("largest Δ", BLUE, "-"),
        "majority": ("majority", GREY, "-"),
        "branch": ("k-th branch alone", GREY, ":"),
        "oracle": ("oracle@k (ceiling)", GREY, "--"),
    }
    ours, first = 100 * sweep[k]["aggregated"], 100 * sweep[ks[0]]["aggregated"]
    fig, ax = figure(
        f"{k}갈래로 정확도 {first:.0f} → {ours:.0f} % · With {k} branches accuracy goes {first:.0f} → {ours:.0f} %",
        alt="Accuracy in per cent by the number of branches k, over all families: "
        + "; ".join(
            f"{label}: " + ", ".join(f"k={most} {100 * sweep[most][what]:.0f}" for most in ks)
            for what, (label, _, _) in lines.items()
        )
        + ".",
        height=3.4,
    )
    ends = []
    for what, (label, colour, style) in lines.items():
        values = [100 * sweep[most][what] for most in ks]
        ax.plot(ks, values, style, color=colour, marker="o" if style == "-" else "", markersize=3)
        ends.append((values[-1], label, colour))
    if "self_consistency" in series["at_k"]:
        value = series["at_k"]["self_consistency"][0]
        ax.plot(k, value, "D", color=PLUM)
        note = "self-con-\nsistency,\nequal\ntokens"
        ax.annotate(note, (k, value), (-6, -40), textcoords="offset points", ha="right", fontsize=8, color=PLUM)
    label_ends(ax, ks[-1], ends, apart=7, top=100)
    ax.set_xlim(ks[0] - 0.3, ks[-1] * 1.32)
    ax.set_xticks([most for most in ks if most in (1, 2, 4, 6, 8, 10, 15, 20)])
    ax.set_ylim(-3, 103)
    ax.set_xlabel("k, branches at the first token")
    ax.set_ylabel("accuracy, %")
    return fig


def _auroc(series: dict[str, Any]) -> Figure:
    """ROC curves of Δ."""
    shown = {
        "correct": ("right paths", ACCENT, {"color": ACCENT}),
        "chain": ("paths with a chain", BLUE, {"color": BLUE}),
        "corrupted": ("corrupted chains, right paths", SOFT, dict(CONTROL)),
    }
    curves = {name: series["roc"][name] for name in shown if series["roc"][name]}
    areas = ", ".join(f"{shown[name][0]} {curve['area']:.2f}" for name, curve in curves.items())
    title = "모든 경로가 한 종류뿐이라 가릴 것이 없습니다 · All paths are of one kind, with nothing to tell apart"
    if "correct" in curves:
        area = curves["correct"]["area"]
        title = f"Δ는 정답 경로를 AUROC {area:.2f}로 가려냅니다 · Δ tells right paths with AUROC {area:.2f}"
    fig, ax = figure(
        title,
        alt=f"ROC curves of Δ over all paths with an answer, with the areas: {areas or 'none'}. "
        "A diagonal marks chance.",
        width=4.6,
        height=4.0,
    )
    ax.plot([0, 1], [0, 1], color=LINE)
    for place, (name, curve) in enumerate(curves.items()):
        label, colour, style = shown[name]
        ax.plot(*zip(*curve["points"], strict=True), **style)
        ax.text(0.98, 0.22 - 0.08 * place, f"{label}: {curve['area']:.2f}", ha="right", fontsize=8, color=colour)
    ax.set_xlabel("share of other paths above a threshold of Δ")
    ax.set_ylabel("share of such paths above it")
    ax.set_aspect("equal")
    return fig


def _steps(series: dict[str, Any]) -> Figure:
    """Gain by the number of steps, with intervals."""
    steps = {name: {int(s): row for s, row in rows.items()} for name, rows in series["steps"].items()}
    told = "; ".join(
        f"{FAMILIES[name]}: " + ", ".join(f"{s} steps {row[5]:+.0f} (n={row[0]})" for s, row in rows.items())
        for name, rows in steps.items()
    )
    best = {s: max(rows[s][5] for name, rows in steps.items() if name != "corrupted" and s in rows) for s in (1, 4)}
    fig, ax = figure(
        f"이득은 1단계에서 최대 {best[1]:+.0f}점, 4단계에서 {best[4]:+.0f}점 · "
        f"The gain is at most {best[1]:+.0f} points at one step, {best[4]:+.0f} at four",
        alt=f"Aggregated minus greedy accuracy in points, with 95 % intervals, by the number of steps. {told}.",
        height=3.2,
    )
    colours = {"arithmetic": BLUE, "lookup": ACCENT, "parity": PLUM, "corrupted": GREY}
    ends = []
    for shift, (name, rows) in zip((-0.09, -0.03, 0.03, 0.09), steps.items(), strict=True):
        at = [s + shift for s in rows]
        style = "--" if name == "corrupted" else "-"
        ax.plot(at, [row[5] for row in rows.values()], style, color=colours[name], marker="o", markersize=4)
        for x, row in zip(at, rows.values(), strict=True):
            ax.plot([x, x], row[6], color=colours[name], linewidth=1)
        ends.append((list(rows.values())[-1][5], FAMILIES[name], colours[name]))
    label_ends(ax, 4.1, ends, apart=9, top=100)
    ax.axhline(0, color=LINE, zorder=0)
    ax.set_xlim(0.8, 5.1)
    ax.set_xticks([1, 2, 3, 4])
    ax.set_xlabel("steps that a question takes")
    ax.set_ylabel("aggregated − greedy, points")
    return fig


CHOICES = {
    "greedy": "greedy",
    "log_prob": "log-probability",
    "majority": "majority of k",
    "self_consistency": "self-consistency",
    "max": "largest Δ",
    "aggregated": "aggregated",
    "oracle": "oracle@k (ceiling)",
}
COLOURS = {"aggregated": ACCENT, "max": BLUE, "self_consistency": PLUM}


def _families(series: dict[str, Any]) -> Figure:
    return _panels(
        {FAMILIES[name]: rows for name, rows in series["families"].items()},
        "과제군마다 · By family: aggregated "
        + ", ".join(f"{rows['aggregated'][0]:.0f} % ({name})" for name, rows in series["families"].items()),
    )


def _pretrained(tasks: dict[str, Any]) -> Figure:
    gains = {name: rows["gain"] for name, rows in tasks.items()}
    sure = [name for name, (_, (low, _)) in gains.items() if low > 0]
    return _panels(
        {name.replace("/question", "\nQuestion:").replace("/q", "\nQ:"): rows for name, rows in tasks.items()},
        f"SmolLM2: {len(tasks)}개 가운데 {len(sure)}개에서 이득이 확실합니다 · "
        f"SmolLM2 gains for certain in {len(sure)} of {len(tasks)}",
        columns=4,
    )


def _panels(groups: dict[str, Any], title: str, columns: int = 3) -> Figure:
    """Accuracy of each choice with its interval, one panel a group."""
    rows = -(-len(groups) // columns)
    told = "; ".join(
        f"{' '.join(name.split())}: " + ", ".join(f"{CHOICES[c]} {own[c][0]:.0f}" for c in CHOICES if c in own)
        for name, own in groups.items()
    )
    fig, axes = figure(
        title,
        alt=f"Accuracy in per cent of each way to choose an answer, with 95 % intervals. {told}.",
        width=8.4,
        height=2.1 * rows + 0.3,
        rows=rows,
        columns=columns,
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    names = [c for c in CHOICES if all(c in own for own in groups.values())]
    for ax, (name, own) in zip(axes.flat, groups.items(), strict=False):
        for place, choice in enumerate(reversed(names)):
            value, ends = own[choice]
            colour, ceiling = COLOURS.get(choice, GREY), choice == "oracle"
            ax.plot(ends, [place, place], color=colour, linestyle="--" if ceiling else "-")
            ax.plot(value, place, "o", color=colour, fillstyle="none" if ceiling else "full")
        ax.set_title(name, fontsize=9, fontweight="normal")
        ax.set_yticks(range(len(names)), [CHOICES[c] for c in reversed(names)])
        ax.tick_params(axis="y", labelsize=8)
        ax.set_xlim(-3, 103)
        ax.grid(axis="x")
        ax.grid(visible=False, axis="y")
    for ax in list(axes.flat)[len(groups) :]:
        ax.set_axis_off()
    for ax in axes[-1]:
        ax.set_xlabel("accuracy, %", fontsize=9)
    return fig
