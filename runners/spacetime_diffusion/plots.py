"""Draws the result, computing nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nonmun.runner import Result
from nonmun.runner.figures import ACCENT, CONTROL, GREY, INK, SOFT, figure
from nonmun.runner.moving import Moving

from . import clips

RUNGS = {"1x": "1x", "4x": "4x", "32x": "32x", "restored": "autoencoder", "real": "real"}
HIDDEN = {"real": "real", "native": "model", "frames": "temporal\nattention off"}
SHOWN = 7  # frames in a row


def draw(result: Result) -> dict[str, Figure | Moving]:
    pictures = result.series["pictures"]
    found: dict[str, Figure | Moving] = {"distance": _distance(result)}
    if "ladder/1x" in pictures:
        found["ladder"] = _ladder(result)
    found["shapes"] = _shapes(result)
    if "hidden/native" in pictures:
        found["hidden"] = _hidden(result)
    kinds = result.series["kinds"]
    if "crop" in kinds["inside"] and "short" in kinds["attributes"] and "frames" in kinds["returned"]:
        found["compared"] = _compared(result)
    found["tasks"] = _tasks(result)
    return found | _moving(result)


def _value(result: Result, name: str) -> tuple[float, float, float]:
    """A metric, and how far its interval goes down and up."""
    metric = result.metric(name)
    low, high = metric.ci95 or (metric.value, metric.value)
    return metric.value, metric.value - low, high - metric.value


def _distance(result: Result) -> Figure:
    series = result.series
    rungs, ladder, references = series["rungs"], series["ladder"], series["references"]
    steps = list(rungs.values())
    ratio = result.metric("distance_ratio").value
    told = "; ".join(f"seed {seed}: " + ", ".join(f"{one:.1f}" for one in own) for seed, own in ladder.items())
    known = ", ".join(f"{name} {value:.2f}" for name, value in references.items())
    falling = int(result.metric("falling_seeds").value)
    fig, ax = figure(
        f"32배의 연산에서 Fréchet 거리는 {ratio:.2f}배가 되고, seed {len(ladder)}개 중 {falling}개에서 계속 "
        "감소합니다 · "
        f"At 32 times the compute the Fréchet distance is {ratio:.2f} times as large; it falls all the way in "
        f"{falling} of {len(ladder)} seeds",
        alt=f"Fréchet distance to real clips against training steps {steps}. {told}. References: {known}.",
        height=3.6,
    )
    for own in ladder.values():
        ax.plot(steps, own, color=ACCENT, marker="o", markersize=3, linewidth=1.2)
    lines = {"restored": "autoencoder's reconstruction", "random": "random motion", "real": "other real clips"}
    for kind, label in lines.items():
        style = CONTROL if kind == "random" else {"color": GREY}
        ax.axhline(references[kind], linewidth=1, **style)
        beside = -9 if kind == "real" else 3  # it lies just below the reconstruction
        ax.annotate(
            label, (steps[0], references[kind]), (0, beside), textcoords="offset points", fontsize=8, color=SOFT
        )
    if series["origin"] == "recorded":  # at steps that this run does not know of
        ax.axhline(references["main"], color=ACCENT, linewidth=1, linestyle=":")
        ax.annotate(
            "recorded model", (steps[-1], references["main"]), (-70, 3), textcoords="offset points", fontsize=8,
            color=ACCENT,
        )  # fmt: skip
    elif series["shown"] > steps[-1]:
        first = next(iter(ladder.values()))
        line = ([steps[-1], series["shown"]], [first[-1], references["main"]])
        ax.plot(*line, color=ACCENT, marker="o", markersize=4, markerfacecolor="none", linewidth=1, linestyle=":")
        ax.annotate(
            "the model shown", (line[0][1], line[1][1]), (2, -12), textcoords="offset points", fontsize=8, color=ACCENT,
            ha="right",
        )  # fmt: skip
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_ylim(bottom=0.6 * references["real"])
    marks = {f"{name}\n{count:,}": count for name, count in rungs.items()}
    if series["shown"] > steps[-1]:
        marks[f"\n{series['shown']:,}"] = series["shown"]
    ax.set_xticks([*marks.values()], [*marks])
    ax.minorticks_off()
    ax.set_xlabel("training compute, steps")
    ax.set_ylabel("Fréchet distance (log)")
    return fig


def _strip(text: str) -> np.ndarray:
    """Some frames of a kept video side by side, the first and the last among them; see-through between them."""
    video = clips.unpacked(text)
    count = min(SHOWN, len(video))
    picked = [round(one * (len(video) - 1) / max(1, count - 1)) for one in range(count)]
    whole = clips.strip(video[picked])
    missing = (SHOWN - count) * (whole.shape[1] + clips.GAP) // count  # one frame is shown as large as one of many
    whole = np.pad(whole, ((0, 0), (0, missing), (0, 0)))
    return np.concatenate([whole[..., :3] // 8 * 8, whole[..., 3:]], axis=-1)  # fewer levels, smaller files


def _show(ax: Axes, strip: np.ndarray, label: str) -> None:
    ax.imshow(strip, interpolation="none", aspect="equal")
    ax.set_xticks([])
    ax.set_yticks([])
    ax.grid(visible=False)
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_ylabel(label, rotation=0, ha="right", va="center", fontsize=8, color=INK)


def _strips(title: str, alt: str, rows: Sequence[tuple[str, str]], height: float) -> Figure:
    strips = [(label, _strip(picture)) for label, picture in rows]
    fig, axes = figure(
        title, alt=alt, width=7.2, height=height, rows=len(rows), squeeze=False,
        gridspec_kw={"height_ratios": [len(strip) / strip.shape[1] for _, strip in strips]},
    )  # fmt: skip
    for ax, (label, strip) in zip(axes[:, 0], strips, strict=True):
        _show(ax, strip, label)
    return fig


def _ladder(result: Result) -> Figure:
    pictures, ladder = result.series["pictures"], result.series["ladder"]
    seed = next(iter(ladder))
    own = ", ".join(f"{name} {value:.1f}" for name, value in zip(result.series["rungs"], ladder[seed], strict=True))
    rows = [(label, pictures[f"ladder/{name}"]) for name, label in RUNGS.items() if f"ladder/{name}" in pictures]
    return _strips(
        "같은 caption, 같은 noise, 늘어나는 학습 연산 · The same caption and noise, more and more compute",
        "Frames of one clip, each row a model: 1x, 4x and 32x training compute, then the autoencoder's reconstruction "
        f"and the real clip of the caption. Fréchet distances of this seed: {own}.",
        rows, 3.6,
    )  # fmt: skip


def _shapes(result: Result) -> Figure:
    pictures = result.series["pictures"]
    names = ("wide", "square", "tall", "still", "longer")
    rows = [(name, pictures[f"shapes/{name}"]) for name in names]
    sizes = ", ".join(f"{name} {'x'.join(map(str, result.series['sizes'][f'shapes/{name}']))}" for name in names)
    return _strips(
        f"모델 하나, 모양 다섯: {result.series['said']} · One model, five shapes: {result.series['said']}",
        f"Frames of five samples of one model for the caption “{result.series['said']}”, a combination that training "
        f"has not. Frames x height x width: {sizes}; the last is longer than any clip in training.",
        rows, 4.6,
    )  # fmt: skip


def _hidden(result: Result) -> Figure:
    pictures = result.series["pictures"]
    rows = [(label, pictures[f"hidden/{kind}"]) for kind, label in HIDDEN.items() if f"hidden/{kind}" in pictures]
    shares = {kind: result.metric(f"returned/all/{kind}").value for kind in result.series["kinds"]["returned"]}
    told = ", ".join(f"{kind} {value:.0f} %" for kind, value in shares.items())
    off = f", 시간 attention 없이는 {shares['frames']:.0f} %" if "frames" in shares else ""
    off_en = f", {shares['frames']:.0f} % with temporal attention off" if "frames" in shares else ""
    return _strips(
        f"색·모양·위치 모두 맞게 다시 나타난 clip은 {shares['native']:.0f} %입니다{off} "
        f"· Colour, shape and place are right on reappearing in {shares['native']:.0f} % of clips{off_en}",
        "Frames of a clip in which an object passes behind a wall; the first frame is given, without a "
        f"caption, the rest is generated. Share of clips that are right in colour, shape and place: {told}.",
        rows, 2.1 if len(rows) > 2 else 1.5,
    )  # fmt: skip


def _compared(result: Result) -> Figure:
    """What is trained otherwise, with intervals."""
    panels = {
        "subject inside\nthe frame": ("inside", ("equal", "crop")),
        "attributes of the caption,\nheld-out combinations": ("attributes", ("equal", "short")),
        "colour, shape, place\nright on reappearing": ("returned/all", ("native", "frames")),
    }
    names = {
        "native": "longer\ntrained", "equal": "native", "crop": "square\ncrops", "short": "short\ncaptions",
        "frames": "temporal\noff",
    }  # fmt: skip
    gains = [result.metric(name).value for name in ("subject_gain", "attribute_gain", "permanence_gain")]
    told = "; ".join(
        f"{title.replace(chr(10), ' ')}: "
        + ", ".join(
            f"{names[kind].replace(chr(10), ' ')} {_value(result, f'{group}/{kind}')[0]:.0f} %" for kind in kinds
        )
        + f", real clips {_value(result, f'{group}/real')[0]:.0f} %"
        for title, (group, kinds) in panels.items()
    )
    fig, axes = figure(
        f"원래 크기, 자세한 caption, 시간 attention의 몫: {gains[0]:+.0f}, {gains[1]:+.0f}, {gains[2]:+.0f} point · "
        "Native size, descriptive captions, "
        f"temporal attention: {gains[0]:+.0f}, {gains[1]:+.0f}, {gains[2]:+.0f} points",
        alt=f"Three comparisons in per cent of clips, with 95 % intervals. {told}.",
        width=7.2,
        height=3.2,
        columns=3,
        sharey=True,
    )
    for ax, (title, (group, kinds)) in zip(axes, panels.items(), strict=True):
        for place, kind in enumerate(kinds):
            value, down, up = _value(result, f"{group}/{kind}")
            colour = ACCENT if place == 0 else GREY
            ax.bar(place, value, 0.6, color=colour, yerr=[[down], [up]], ecolor=INK, capsize=3)
            ax.annotate(
                f"{value:.0f}", (place - 0.28, value), (0, 3), textcoords="offset points", fontsize=8, color=INK
            )
        real = _value(result, f"{group}/real")[0]
        ax.axhline(real, color=GREY, linewidth=1)
        ax.annotate(
            "real clips", (1.45, real), (0, -10), textcoords="offset points", fontsize=7, color=SOFT, ha="right"
        )
        ax.set_xticks(range(len(kinds)), [names[kind] for kind in kinds], fontsize=8)
        ax.set_title(title, fontsize=8, fontweight="normal")
        ax.set_ylim(0, 112)
    axes[0].set_ylabel("% of clips, or of the subject")
    return fig


def _tasks(result: Result) -> Figure:
    pictures = result.series["pictures"]
    labels = {
        "from": "a real clip", "forwards": "extended\nforwards", "backwards": "extended\nbackwards",
        "loop": "looped", "edited": "edited\n(SDEdit)", "joined": "joined\nto another",
    }  # fmt: skip
    rows = [(label, pictures[f"tasks/{name}"]) for name, label in labels.items()]
    return _strips(
        "같은 모델이 clip을 늘이고, 반복시키고, 고치고, 잇습니다 · The same model extends, loops, edits, joins",
        "Frames of a real clip and of what the model made from it: its first third extended forwards, its last "
        "third extended backwards, the clip with a bridge back to its beginning, the clip edited under another "
        "caption, and its end joined to the beginning of another clip.",
        rows, 5.2,
    )  # fmt: skip


def _moving(result: Result) -> dict[str, Moving]:
    """The same clips, playing together."""
    pictures, said = result.series["pictures"], result.series["said"]

    def grid(*rows: Sequence[str]) -> np.ndarray:
        return clips.grid([[clips.unpacked(pictures[name]) for name in row if name in pictures] for row in rows])

    found = {
        "shapes-moving": Moving(
            grid(("shapes/wide", "shapes/square"), ("shapes/tall", "shapes/longer")),
            title=f"네 모양, 그중 하나는 학습한 것보다 깁니다: {said} · Four shapes, one longer than trained: {said}",
            alt=f"Four samples of one model for “{said}”: wide, square, tall, and a longer one.",
            still=8,
        ),
        "tasks-moving": Moving(
            grid(("tasks/from", "tasks/forwards", "tasks/backwards"), ("tasks/loop", "tasks/edited", "tasks/joined")),
            title="실제 clip, 앞으로, 뒤로, 반복, 고치기, 잇기 · Real, forwards, backwards, looped, edited, joined",
            alt="Six clips playing together: a real one; its beginning extended forwards, its end extended backwards; "
            "looped, edited under another caption, and joined to another clip.",
            still=8,
        ),
    }
    if "hidden/native" in pictures:
        found["hidden-moving"] = Moving(
            grid(("hidden/real",), ("hidden/native",), ("hidden/frames",))
            if "hidden/frames" in pictures
            else grid(("hidden/real",), ("hidden/native",)),
            title="벽 뒤의 물체: 실제, 모델, 시간 attention 없음 · Behind a wall: real, model, temporal attention off",
            alt="An object passes behind a wall in a real clip, in one that the model continues from its first "
            "frame, and in one by the model without temporal attention.",
            still=14,
        )
    return found
