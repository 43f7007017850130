"""Draws the result, computing nothing."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from nonmun.runner import Result
from nonmun.runner.figures import ACCENT, BLUE, CONTROL, GREY, INK, SOFT, figure

SHOWN = {  # from what gained nothing to what gained all
    "base": "base",
    "random": "random signs",
    "svd": "SVD, equal bytes",
    "initial": "1 bit, initial scales",
    "distilled": "1 bit, distilled",
    "fine": "fine-tuned",
}
COLOURS = {"distilled": ACCENT, "initial": BLUE}
FEWEST_NATS = 1e-4  # what is less is drawn there, on an axis of powers of ten


def draw(result: Result) -> dict[str, Figure]:
    tasks = result.series["tasks"]
    return {
        "gain": _gain(tasks),
        "bytes": _bytes(tasks),
        "distillation": _distillation(tasks),
        "memory": _memory(result),
    }


def _gain(tasks: dict[str, Any]) -> Figure:
    """Answer NLL of each variant, one panel a task."""
    worst = min(min(task["recovered"]["distilled"]) for task in tasks.values() if task["easy"] or len(tasks) == 1)
    numbers = "; ".join(
        f"{name}: " + ", ".join(f"{SHOWN[v]} {task['variants'][v]['nll']:.3g}" for v in SHOWN)
        for name, task in tasks.items()
    )
    fig, axes = figure(
        f"One distilled bit per weight keeps {worst:.1%} of the gain",
        alt=f"Answer NLL in nats per token, on a logarithmic axis, with 95 % intervals. {numbers}.",
        width=6.4 if len(tasks) == 1 else 8.4,
        height=2.8,
        columns=len(tasks),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    for ax, (name, task) in zip(axes[0], tasks.items(), strict=True):
        for place, variant in enumerate(reversed(SHOWN)):
            one = task["variants"][variant]
            low, high = (max(FEWEST_NATS, end) for end in one["ci95"])
            colour, value = COLOURS.get(variant, GREY), max(FEWEST_NATS, one["nll"])
            ax.plot([low, high], [place, place], color=colour, linestyle="--" if variant == "random" else "-")
            ax.plot(value, place, "o", color=colour, fillstyle="none" if variant == "random" else "full")
            ax.annotate(
                f"{one['nll']:.2g}",
                (value, place),
                (0, 5),
                textcoords="offset points",
                ha="center",
                fontsize=8,
                color=INK,
            )
        ax.set_xscale("log")
        _powers(ax.xaxis, (1,))
        _name(ax, name, tasks)
        ax.set_yticks(range(len(SHOWN)), list(reversed(SHOWN.values())))
        ax.set_ylim(-0.5, len(SHOWN) - 0.3)
        ax.grid(axis="x")
        ax.grid(visible=False, axis="y")
    axes[0][len(tasks) // 2].set_xlabel("answer NLL, nats per token (lower is better)")
    return fig


def _bytes(tasks: dict[str, Any]) -> Figure:
    """What is kept against what it takes to store, one panel a task."""
    points = "; ".join(
        f"{name}: " + ", ".join(f"{v} {one['bytes'] / 1e6:.1f} MB, {one['nll']:.3g} nats" for v, one in _stored(task))
        for name, task in tasks.items()
    )
    fig, axes = figure(
        f"At equal bytes {_against_svd(tasks)}",
        alt=f"Answer NLL against megabytes stored for each tenant, both logarithmic. {points}.",
        width=6.4 if len(tasks) == 1 else 9.6,
        height=3.2,
        columns=len(tasks),
        sharex=True,
        squeeze=False,
    )
    for ax, (name, task) in zip(axes[0], tasks.items(), strict=True):
        stored = {v: (one["bytes"] / 1e6, max(FEWEST_NATS, one["nll"])) for v, one in _stored(task)}
        signs = [stored[v] for v in stored if v == "initial" or v.startswith("bits")]
        rounded = [stored[v] for v in stored if v.startswith("rtn")]
        ax.plot(*zip(*signs, strict=True), "o-", color=BLUE, linewidth=1)
        ax.plot(*zip(*rounded, strict=True), "s-", color=GREY, linewidth=1)
        for variant, marker, colour in (("svd", "D", GREY), ("distilled", "o", ACCENT), ("fine", "^", GREY)):
            ax.plot(*stored[variant], marker, color=colour)
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_xlim(5 if len(tasks) == 1 else 1.8, 260)  # room for names on the left
        ax.set_xticks([13, 27, 53, 212], ["13", "27", "53", "212"])
        ax.xaxis.set_minor_formatter(NullFormatter())
        low, high = min(y for _, y in stored.values()), max(y for _, y in stored.values())
        ax.set_ylim(low / 1.35, high * 1.25)
        _powers(ax.yaxis, (1, 2, 5) if high < 30 * low else (1,))
        _name(ax, name, tasks)
        _label(ax, stored, signs, rounded)
    axes[0][0].set_ylabel("answer NLL, nats per token")
    axes[0][len(tasks) // 2].set_xlabel("MB stored for each tenant")
    return fig


def _against_svd(tasks: dict[str, Any]) -> str:
    """Better or worse only where the intervals are apart."""
    ours, theirs = ([task["variants"][v]["recovered_ci95"] for task in tasks.values()] for v in ("distilled", "svd"))
    better = sum(one[0] > other[1] for one, other in zip(ours, theirs, strict=True))
    worse = sum(one[1] < other[0] for one, other in zip(ours, theirs, strict=True))
    if better == worse:
        return "signs and an SVD keep about as much"
    count = "" if len(tasks) == 1 else f" in {max(better, worse)} of {len(tasks)} tasks"
    return f"signs keep {'more' if better > worse else 'less'} than an SVD{count}"


def _stored(task: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(v, one) for v, one in task["variants"].items() if one["bytes"] and v != "random"]


def _label(
    ax: Axes,
    stored: dict[str, tuple[float, float]],
    signs: list[tuple[float, float]],
    rounded: list[tuple[float, float]],
) -> None:
    """Names beside the points instead of a legend. Those at one bit stand on the left, apart from each other."""
    texts = {"svd": ("SVD", SOFT), "initial": ("1 bit, initial", BLUE), "distilled": ("1 bit, distilled", ACCENT)}
    for place, variant in enumerate(sorted(texts, key=lambda variant: stored[variant][1])):
        text, colour = texts[variant]
        ax.annotate(
            text,
            stored[variant],
            (-7, 9 * (place - 1) - 3),
            textcoords="offset points",
            ha="right",
            fontsize=8,
            color=colour,
        )
    ax.annotate("fp16", stored["fine"], (-7, -3), textcoords="offset points", ha="right", fontsize=8, color=SOFT)
    for at, bits in zip(signs[1:], range(2, 9), strict=False):
        if bits in (2, 4):
            ax.annotate(f"{bits} bits", at, (4, 5), textcoords="offset points", fontsize=8, color=BLUE)
    ax.annotate("rounded, 2–4 bits", rounded[0], (0, -12), textcoords="offset points", fontsize=8, color=SOFT)


def _powers(axis: Axis, steps: tuple[int, ...]) -> None:
    """Plain numbers on a logarithmic axis."""
    axis.set_major_locator(LogLocator(subs=steps))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _name(ax: Axes, name: str, tasks: dict[str, Any]) -> None:
    if len(tasks) > 1:
        ax.set_title(name if tasks[name]["easy"] else f"{name} (hard)", fontsize=10, fontweight="normal")


def _distillation(tasks: dict[str, Any]) -> Figure:
    """The logit distance while scales are trained, and before and after on what they were not trained on."""
    ratio = min(before / after for task in tasks.values() for before, after in task["distances"])
    ends = "; ".join(
        f"{name}: " + ", ".join(f"{before:.3g} to {after:.3g}" for before, after in task["distances"])
        for name, task in tasks.items()
    )
    fig, ax = figure(
        f"Distilling the scales brings the logits {ratio:.2g} times nearer",
        alt="Mean squared distance between the logits of the 1-bit model and of the fine-tuned one, at each step of "
        f"distillation, logarithmic. On sequences that were not trained on, before and after: {ends}.",
        height=3.2,
    )
    raised = _apart({name: task["distances"][0][1] for name, task in tasks.items()})
    for colour, (name, task) in zip((ACCENT, BLUE, GREY), tasks.items(), strict=False):
        for place, (curve, (before, after)) in enumerate(zip(task["curves"], task["distances"], strict=True)):
            steps = range(len(curve))
            ax.plot(steps, curve, color=colour, linewidth=0.9, alpha=0.6)
            ax.plot([0, len(curve)], [before, after], "o", color=colour, markersize=5 if place == 0 else 3)
        after = task["distances"][0][1]
        ax.annotate(
            f"{name}, unseen: {after:.2g}", (len(task["curves"][0]), after), (6, raised[name] - 3),
            textcoords="offset points", fontsize=8, color=colour if colour != GREY else SOFT,
        )  # fmt: skip
    ax.set_yscale("log")
    _powers(ax.yaxis, (1, 2, 5))
    ax.set_xlim(-1, 1.32 * max(len(curve) for task in tasks.values() for curve in task["curves"]))
    ax.set_xticks([tick for tick in ax.get_xticks() if 0 <= tick <= len(next(iter(tasks.values()))["curves"][0])])
    ax.set_xlabel("step of distillation (dots: sequences that were not trained on, before and after)")
    ax.set_ylabel("logit distance (MSE)")
    return fig


def _apart(values: dict[str, float], near: float = 1.4, points: float = 6.0) -> dict[str, float]:
    """How far to raise the label of each value, so that two whose ratio is below `near` can both be read."""
    raised = dict.fromkeys(values, 0.0)
    for low, high in pairwise(sorted(values, key=values.__getitem__)):
        if values[high] < near * values[low]:
            raised[low] -= points
            raised[high] += points
    return raised


def _memory(result: Result) -> Figure:
    """Resident memory by the number of tenants, and the time of a decoding step."""
    served = result.series["served"]
    one, last = served["model_bytes"], served["tenants"][-1]
    times = last["held"] / one
    steps = {
        f"{last['tenants']} tenants,\none base": served["mixed_step"],
        "base alone": served["base_step"],
        "full models,\none by one": served["separate_step"],
    }
    fig, (ax, beside) = figure(
        f"{last['tenants']} tenants fit into the memory of {times:.2f} models",
        alt="Left: resident memory in MB by number of tenants. With one base and packed deltas: "
        + ", ".join(f"{row['tenants']}: {row['held'] / 1e6:.0f}" for row in served["tenants"])
        + ". With full models: "
        + ", ".join(f"{row['models']}: {row['held'] / 1e6:.0f}" for row in served["models"])
        + ". Lines are computed, points measured. Right: milliseconds of one decoding step of a batch: "
        + ", ".join(f"{name} {1e3 * value:.0f}".replace("\n", " ") for name, value in steps.items())
        + ".",
        width=7.6,
        height=3.2,
        columns=2,
        width_ratios=(3, 2),
    )
    most = last["tenants"]
    ax.plot([1, most], [one / 1e6, most * one / 1e6], **CONTROL)
    ax.plot(
        [row["models"] for row in served["models"]], [row["held"] / 1e6 for row in served["models"]], "o", color=GREY
    )
    ax.plot(
        [row["tenants"] for row in served["tenants"]],
        [row["computed"] / 1e6 for row in served["tenants"]],
        color=ACCENT,
    )
    ax.plot(
        [row["tenants"] for row in served["tenants"]],
        [row["held"] / 1e6 for row in served["tenants"]],
        "o",
        color=ACCENT,
    )
    ax.annotate(
        "full models", (most * 0.6, most * 0.6 * one / 1e6), (-8, 4), textcoords="offset points", ha="right", color=SOFT
    )
    ax.annotate(
        "one base and deltas",
        (most, last["computed"] / 1e6),
        (0, 7),
        textcoords="offset points",
        ha="right",
        color=ACCENT,
    )
    ax.set_xlabel("tenants (lines computed, points measured)")
    ax.set_ylabel("resident memory, MB")
    ax.set_ylim(bottom=0)
    beside.bar(list(steps), [1e3 * value for value in steps.values()], color=[ACCENT, GREY, GREY], width=0.55)
    for place, value in enumerate(steps.values()):
        beside.annotate(f"{1e3 * value:.0f}", (place, 1e3 * value), (0, 3), textcoords="offset points", ha="center")
    beside.set_ylabel(f"ms for a step of {result.config['decoded']} rows")
    beside.tick_params(axis="x", labelsize=8)
    return fig
