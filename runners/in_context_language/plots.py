"""Draws the result, computing nothing."""

from __future__ import annotations

import itertools
from typing import Any

from matplotlib.figure import Figure

from nonmun.runner import Result
from nonmun.runner.figures import ACCENT, BLUE, GREY, INK, PLUM, SOFT, figure

DOSES = ("none", "half", "full", "shuffled", "wrong")
NAMES = {
    "none": "no book", "half": "half", "full": "full book", "shuffled": "pairs shuffled", "wrong": "another's book",
    "chance": "chance", "human": "person, same book",
}  # fmt: skip
DIRECTIONS = {"into": "English → the language", "from": "the language → English"}
COLOURS = {"full": ACCENT, "half": BLUE, "none": GREY}
MARKS = {True: "✓", False: "✗"}


def draw(result: Result) -> dict[str, Figure]:
    series = result.series
    found = {f"book--{place + 1}": _page(one, place + 1) for place, one in enumerate(series["pages"])}
    found["dose"] = _dose(series)
    if series["curve"].get("full"):
        found["learning"] = _learning(series)
    return found


def _page(one: dict[str, Any], number: int) -> Figure:
    """A book as the model reads it, then what it said of two sentences at each dose."""
    book, half_book, asked = one["book"], one.get("half", {}), one["asked"]
    right = sum(question["said"]["full"] == question["right"] for question in asked)
    told = " ".join(
        f"Asked: {question['sentence']}; right: {question['right']}; said: "
        + ", ".join(f"{NAMES[dose]}: {question['said'][dose] or '(nothing)'}" for dose in DOSES)
        + "."
        for question in asked
    )
    lines = max(len(book["grammar"]) + len(book["examples"]) + 2, -(-len(book["words"]) // 2) + 1)
    height = lines + len(asked) * (len(DOSES) + 2) - 0.5
    fig, ax = figure(
        f"언어 {number}: 책을 다 주면 {len(asked)}문장 중 {right}문장을 맞힙니다 · "
        f"Language {number}: with the full book {right} of {len(asked)} sentences are right",
        alt=f"The book. Grammar: {'; '.join(book['grammar'])}. Words: {'; '.join(book['words'])}. Examples: "
        f"{'; '.join(book['examples'])}. Half of it: {'; '.join(itertools.chain(*half_book.values()))}. {told}",
        width=8.4,
        height=0.19 * height + 0.3,
    )

    def put(x: float, line: float, words: str, **style: Any) -> None:
        ax.text(x, line, words, va="center", fontsize=8, parse_math=False, **{"color": INK, **style})

    def put_item(x: float, line: float, section: str, words: str) -> None:
        put(x, line, words)
        if words in half_book.get(section, ()):
            ax.plot(x - 0.009, line, ".", color=INK, markersize=3, clip_on=False)

    put(0, 0, "grammar", color=SOFT)
    for line, text in enumerate(book["grammar"], 1):
        put_item(0.01, line, "grammar", text)
    put(0, len(book["grammar"]) + 1, "examples", color=SOFT)
    for line, text in enumerate(book["examples"], len(book["grammar"]) + 2):
        put_item(0.01, line, "examples", text)
    put(0.6, 0, "words", color=SOFT)
    if half_book:
        put(0.6, lines - 1, "• stands in the half book as well", color=SOFT)
    column = -(-len(book["words"]) // 2)
    for place, text in enumerate(book["words"]):
        put_item(0.61 if place < column else 0.81, 1 + place % column, "words", text)
    line = lines + 0.5
    for question in asked:
        put(0, line, f"{question['sentence']}  →  {question['right']}", fontweight="bold")
        for place, dose in enumerate(DOSES, 1):
            said = question["said"][dose]
            good = said == question["right"]
            colour = ACCENT if good else SOFT
            put(0.02, line + place, NAMES[dose], color=colour)
            put(0.2, line + place, f"{said or '(nothing)'} {MARKS[good]}", color=colour)
        line += len(DOSES) + 2
    ax.set_xlim(0, 1)
    ax.set_ylim(height, -1)
    ax.set_axis_off()
    return fig


def _dose(series: dict[str, Any]) -> Figure:
    """The chrF at each dose in both directions, and the report's for Kalamang."""
    chrf, kalamang = series["chrf"], series["kalamang"]
    gains = {name: own["full"][0] - own["none"][0] for name, own in chrf.items()}
    told = "; ".join(
        f"{DIRECTIONS[name]}: "
        + ", ".join(
            f"{NAMES[dose]} {value:.0f} ({low:.0f} to {high:.0f})" for dose, (value, (low, high)) in own.items()
        )
        for name, own in chrf.items()
    )
    published = ", ".join(f"{NAMES[dose]} {value}" for dose, value in kalamang.items())
    fig, axes = figure(
        f"책 전체를 주면 chrF가 적어도 {min(gains.values()):.0f}점 오릅니다 · "
        f"The full book adds at least {min(gains.values()):.0f} points of chrF",
        alt=f"chrF from 0 to 100 at each dose of the book, with 95 % intervals. {told}. Published for English to "
        f"Kalamang: {published}.",
        width=8.4,
        height=2.8,
        columns=3,
        sharey=True,
    )
    rows = (*DOSES, "chance", "human")
    for ax, name in zip(axes, (*DIRECTIONS, "kalamang"), strict=True):
        for place, dose in enumerate(rows):
            if name == "kalamang":
                if dose in kalamang:
                    ax.plot(kalamang[dose], place, "D", color=PLUM)
                    ax.annotate(f"{kalamang[dose]:g}", (kalamang[dose], place), (6, -3), textcoords="offset points",
                                fontsize=8, color=SOFT)  # fmt: skip
            elif dose in chrf[name]:
                value, ends = chrf[name][dose]
                colour = ACCENT if dose in ("half", "full") else GREY
                ax.plot(ends, [place, place], color=colour)
                ax.plot(value, place, "o", color=colour)
                ax.annotate(f"{value:.0f}", (value, place), (0, 5), textcoords="offset points", ha="center",
                            fontsize=8, color=SOFT)  # fmt: skip
        ax.set_title(DIRECTIONS.get(name, "English → Kalamang, Gemini 1.5 Pro"), fontsize=9, fontweight="normal")
        ax.set_xlim(0, 104)
        ax.set_yticks(range(len(rows)), [NAMES[dose] for dose in rows])
        ax.grid(visible=True, axis="x")
        ax.grid(visible=False, axis="y")
        ax.set_xlabel("chrF")
    axes[0].set_ylim(len(rows) - 0.5, -0.7)
    return fig


def _learning(series: dict[str, Any]) -> Figure:
    """Loss by step at each dose; what made the weights."""
    curve, made = series["curve"], series["trained"]
    last = {dose: points[-1][1] for dose, points in curve.items() if points}
    kept = "sha256" in made
    who = f"{made['command']} on {made['device']}, sha256 {made['sha256'][:12]}" if kept else f"{made['steps']} steps"
    some = {dose: [points[i * (len(points) - 1) // 6] for i in range(7)] for dose, points in curve.items() if points}
    told = "; ".join(
        f"{NAMES[dose]}: " + ", ".join(f"step {step} {nats:.2f}" for step, nats in points)
        for dose, points in some.items()
    )
    fig, ax = figure(
        f"연습이 끝나면 책 전체를 준 loss는 {last['full']:.2g}, 책이 없으면 {last['none']:.2g} · "
        f"After practice the loss is {last['full']:.2g} with the full book, {last['none']:.2g} without",
        alt=f"Loss of the answers' tokens in nats, by step of meta-training and dose of the book. {told}. "
        f"{made['parameters']:,} weights, trained from nothing: {who}.",
        height=3.2,
    )
    for dose, points in curve.items():
        if points:
            x, y = zip(*_thinned(points), strict=True)
            colour = COLOURS[dose]
            ax.plot(x, y, color=colour, linewidth=1.3)
            ax.annotate(NAMES[dose], (x[-1], y[-1]), (5, 2), textcoords="offset points", fontsize=8, color=colour)
    ax.set_xlim(0, 1.14 * max(points[-1][0] for points in curve.values() if points))
    ax.set_ylim(bottom=0)
    ax.set_xlabel(f"step of meta-training\n{who if kept else ''}".rstrip(), fontsize=8)
    ax.set_ylabel("nats per token of an answer")
    return fig


def _thinned(points: list[list[float]]) -> list[list[float]]:
    """Means over so many neighbours that a hundred are left."""
    size = -(-len(points) // 100)
    parts = [points[i : i + size] for i in range(0, len(points), size)]
    return [[part[-1][0], sum(nats for _, nats in part) / len(part)] for part in parts]
