"""From what was measured to metrics with intervals, and to the series that figures are drawn from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import Any

from nonmun.intervals import Interval, paired, wilson
from nonmun.runner import Metric

from . import tasks, wordings
from .measure import Answered, shows_chain
from .pretrained import Asked
from .scores import auroc, auroc_interval, mcnemar
from .trained import Seed
from .trees import trees

JUDGED, CONTROL = "가장 나쁜 seed · Worst seed", "망가진 풀이로 학습한 decoder · Trained on corrupted chains"
DELTA = "Δ가 가려내는 것 · What Δ tells apart"
NAMES = {  # 한국어, English
    "greedy": ("greedy", "greedy"),
    "aggregated": ("CoT-decoding, 합산", "CoT-decoding, aggregated"),
    "max": ("CoT-decoding, 최대 Δ", "CoT-decoding, largest Δ"),
    "aggregated_signed": ("합산, signed Δ", "aggregated, signed Δ"),
    "max_signed": ("최대 Δ, signed", "largest Δ, signed"),
    "self_consistency": ("self-consistency, 같은 token 수", "self-consistency, equal tokens"),
    "majority": ("경로 k개의 다수결", "majority of k paths"),
    "shuffled": ("합산, 경로끼리 뒤섞은 Δ", "aggregated, Δ shuffled among paths"),
    "log_prob": ("로그확률 순위", "ranked by log-probability"),
    "log_prob_per_token": ("token당 로그확률 순위", "ranked by log-probability per token"),
    "last_branch": ("k번째 경로만", "the k-th branch alone"),
    "oracle": ("oracle@k (방법이 아니라 상한)", "oracle@k (a ceiling, not a method)"),
}
SMALL = 1e-300  # p of McNemar's test may be smaller than what a figure needs


def metrics(seeds: Sequence[Seed], asked: Asked, k: int) -> list[Metric]:
    """The worst seed is what a criterion is held against; tables are over all seeds."""
    found = [*_judged(seeds), *_pretrained_judged(asked)]
    for family, title in tasks.TITLES.items():
        found += _table(family, [one for seed in seeds for one in _of(seed.answered, family)], title)
    found += _table("corrupted", [one for seed in seeds for one in seed.corrupted], CONTROL)
    found += _delta(seeds)
    for name, answered in asked.answered.items():
        task, _, wording = name.partition("/")
        form = wordings.WORDINGS[wording][0].format("…").replace("\n", " ")
        found += _table(f"smollm2/{name}", answered, f"SmolLM2, {wordings.TITLES[task]}, {form}")
    return found


def gain(answered: Sequence[Answered], other: str = "greedy") -> tuple[float, Interval]:
    """Aggregated minus another choice on the same questions, in points, with the interval of the paired difference."""
    value, (low, high) = paired(_hits(answered, "aggregated"), _hits(answered, other))
    return 100 * value, (100 * low, 100 * high)


def _judged(seeds: Sequence[Seed]) -> Iterator[Metric]:
    """Of each family the seed whose interval begins lowest; then the second best family, since two are asked for."""
    worst = {
        family: min((gain(_of(seed.answered, family)) for seed in seeds), key=lambda found: found[1][0])
        for family in tasks.TITLES
    }
    lowest = {family: min(gain(_of(seed.answered, family))[0] for seed in seeds) for family in tasks.TITLES}
    family = sorted(worst, key=lambda family: lowest[family])[-2]
    label = f"둘째로 큰 이득 · second largest gain: {tasks.TITLES[family]}"
    yield Metric("gain_second", lowest[family], label, "points", "higher", worst[family][1], 0.0, JUDGED)

    areas = [_area(seed.answered, "correct") for seed in seeds]
    known = [area for area in areas if area is not None]
    if len(known) == len(areas):
        value, ci95 = min(known)
        label = "Δ의 AUROC, 정답인 경로 · AUROC of Δ, right paths"
        yield Metric("auroc_correct", value, label, "", "higher", ci95, 0.5, JUDGED)
    value, ci95 = max(gain(seed.corrupted) for seed in seeds)
    label = "망가진 풀이의 이득 · gain with corrupted chains"
    yield Metric("corrupted_gain", value, label, "points", "lower", ci95, 0.0, JUDGED)
    value, ci95 = min(gain(seed.answered, "self_consistency") for seed in seeds)
    verdict = "이긴다 · wins" if ci95[0] > 0 else "이기지 못한다 · does not win"
    label = f"합산 − self-consistency, 같은 token 수 · aggregated − self-consistency, equal tokens ({verdict})"
    yield Metric("gain_over_self_consistency", value, label, "points", "higher", ci95, 0.0, JUDGED)


def _pretrained_judged(asked: Asked) -> Iterator[Metric]:
    answered = asked.answered.get("multiplication/question")
    if not answered:
        return
    title = "SmolLM2, 곱셈 · multiplication"
    value, ci95 = gain(answered)
    better, worse, p = mcnemar(_hits(answered, "aggregated"), _hits(answered, "greedy"))
    label = "합산 − greedy · aggregated − greedy"
    yield Metric("smollm2_gain", value, label, "points", "higher", ci95, 0.0, title)
    label = f"McNemar p: {better} 문항 나아지고 {worse} 문항 나빠짐 · {better} better, {worse} worse"
    yield Metric("smollm2_p", max(p, SMALL), label, "", "lower", group=title)


def _table(prefix: str, answered: Sequence[Answered], group: str) -> Iterator[Metric]:
    """Every choice's accuracy, each beside greedy's; the gain with its interval; how many tokens it took."""
    base = 100 * fmean(_hits(answered, "greedy"))
    for choice in NAMES:
        if all(choice in one.right for one in answered):
            value, ci95 = accuracy(answered, choice)
            korean, english = NAMES[choice]
            label = f"정확도, {korean} · accuracy, {english}"
            yield Metric(f"{prefix}/{choice}", value, label, "%", "higher", ci95, base, group)
    value, ci95 = gain(answered)
    _, _, p = mcnemar(_hits(answered, "aggregated"), _hits(answered, "greedy"))
    label = f"합산 − greedy · aggregated − greedy (n = {len(answered)}, McNemar p = {p:.2g})"
    yield Metric(f"{prefix}/gain", value, label, "points", "higher", ci95, 0.0, group)
    if (area := _area(answered, "correct")) is not None:
        label = "Δ의 AUROC, 정답인 경로 · AUROC of Δ, right paths"
        yield Metric(f"{prefix}/auroc", area[0], label, "", "higher", area[1], 0.5, group)
    for at in sorted(answered[0].later):
        value, ci95 = _percent([one.later[at] for one in answered])
        label = f"정확도, {at + 1}번째 token에서 갈라 합산 · accuracy, aggregated, branching at token {at + 1}"
        yield Metric(f"{prefix}/later{at}", value, label, "%", "higher", ci95, base, group)


def accuracy(answered: Sequence[Answered], choice: str) -> tuple[float, Interval]:
    """In per cent, with Wilson's interval."""
    return _percent(_hits(answered, choice))


def _delta(seeds: Sequence[Seed]) -> Iterator[Metric]:
    for name, own, what, label in (
        ("chain", [one for seed in seeds for one in seed.answered], "chain", "풀이가 있는 경로 · paths with a chain"),
        ("corrupted_correct", [one for seed in seeds for one in seed.corrupted], "correct",
         "망가진 풀이, 정답인 경로 · corrupted chains, right paths"),
    ):  # fmt: skip
        if (area := _area(own, what)) is not None:
            yield Metric(f"auroc_{name}", area[0], f"AUROC, {label}", "", "", area[1], 0.5, DELTA)


def _paths(answered: Sequence[Answered], what: str) -> tuple[list[float], list[bool], list[int]]:
    """Δ of every path with an answer, whether it is what is looked for, and its question."""
    found: tuple[list[float], list[bool], list[int]] = ([], [], [])
    for place, one in enumerate(answered):
        for path in one.paths:
            if path.literal is not None:
                wanted = shows_chain(path) if what == "chain" else path.answer == one.item.answer
                for column, value in zip(found, (path.literal, wanted, place), strict=True):
                    column.append(value)  # type: ignore[arg-type]
    return found


def _area(answered: Sequence[Answered], what: str) -> tuple[float, Interval] | None:
    """None where all paths are alike, and there is nothing to tell apart."""
    delta, wanted, question = _paths(answered, what)
    return auroc_interval(delta, wanted, question) if len(set(wanted)) == 2 else None


def _hits(answered: Sequence[Answered], choice: str) -> list[bool]:
    return [one.right[choice] for one in answered]


def _percent(hits: Sequence[bool]) -> tuple[float, Interval]:
    low, high = wilson(sum(hits), len(hits))
    return 100 * fmean(hits), (100 * low, 100 * high)


def _of(answered: Sequence[Answered], family: str) -> list[Answered]:
    return [one for one in answered if one.item.group == family]


def series(seeds: Sequence[Seed], asked: Asked, k: int) -> dict[str, Any]:
    """All that the figures need."""
    every = [one for seed in seeds for one in seed.answered]
    corrupted = [one for seed in seeds for one in seed.corrupted]
    curves = {"correct": (every, "correct"), "chain": (every, "chain"), "corrupted": (corrupted, "correct")}
    return {
        "parameters": seeds[0].parameters,
        "k": k,
        "families": {family: _family(_of(every, family)) for family in tasks.TITLES},
        "sweep": {
            most: {what: fmean([one.by_k[most][what] for one in every]) for what in every[0].by_k[most]}
            for most in every[0].by_k
        },
        "at_k": {choice: accuracy(every, choice) for choice in NAMES if choice in every[0].right},
        "roc": {name: _curve(*_paths(own, what)[:2]) for name, (own, what) in curves.items()},
        "steps": {
            name: {
                steps: [len(some), *accuracy(some, "greedy"), *accuracy(some, "aggregated"), *gain(some)]
                for steps in tasks.STEPS
                if len(some := [one for one in own if one.item.steps == steps]) > 1
            }
            for name, own in {**{family: _of(every, family) for family in tasks.TITLES}, "corrupted": corrupted}.items()
        },
        "losses": {name: [seed.losses[name][::5] for seed in seeds] for name in seeds[0].losses},
        "pretrained": {
            name: {choice: accuracy(own, choice) for choice in NAMES if choice in own[0].right} | {"gain": gain(own)}
            for name, own in asked.answered.items()
        },
        "trees": trees(seeds[0].answered, asked),
    }


def _family(answered: Sequence[Answered]) -> dict[str, Any]:
    return {choice: accuracy(answered, choice) for choice in NAMES if choice in answered[0].right}


def _curve(delta: Sequence[float], wanted: Sequence[bool]) -> dict[str, Any]:
    """A ROC curve at 40 thresholds of Δ, and the area under all of it."""
    yes, no = sum(wanted), len(wanted) - sum(wanted)
    if not yes or not no:
        return {}
    ranked = sorted(zip(delta, wanted, strict=True), reverse=True)
    points, hits = [[0.0, 0.0]], 0
    for place, (_, right) in enumerate(ranked, start=1):
        hits += right
        if place % max(1, len(ranked) // 40) == 0 or place == len(ranked):
            points.append([round((place - hits) / no, 4), round(hits / yes, 4)])
    return {"points": points, "area": auroc(delta, wanted)}
