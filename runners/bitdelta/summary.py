"""From what was measured to metrics with intervals, and to the series that figures are drawn from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import Any

from nonmun.intervals import Interval, bootstrap, wilson
from nonmun.runner import Metric

from .tasks import TASKS
from .tenant import Measured

SIZE, WORST, SERVED = "크기 · Size", "가장 나쁜 tenant와 seed · Worst tenant and seed", "함께 서빙 · Served together"
NAMES = {  # 한국어, English
    "base": ("base", "base"),
    "fine": ("fine-tuned", "fine-tuned"),
    "initial": ("1 bit, 초기 scale", "1 bit, initial scales"),
    "distilled": ("1 bit, distillation 후", "1 bit, distilled"),
    "random": ("무작위 부호", "random signs"),
    "svd": ("같은 바이트의 SVD", "SVD at equal bytes"),
}


def metrics(runs: Sequence[Measured], served: dict[str, Any], linear: int, whole: int) -> list[Metric]:
    """`linear` and `whole` are the bytes of the model's matrices and of all of it, in fp16. The worst run counts."""
    return [*_sizes(runs, linear, whole), *_judged(runs), *_memory(served), *_tables(runs)]


def recovered(run: Measured, variant: str) -> tuple[float, Interval]:
    """(base - variant) / (base - fine-tuned) in answer NLL, with its interval over test examples.

    Where fine-tuning gained nothing there is nothing to recover; its least gain then counts as 1e-9 nats.
    """

    def share(base: Any, fine: Any, ours: Any) -> Any:
        return (base.mean(-1) - ours.mean(-1)) / (base.mean(-1) - fine.mean(-1)).clip(1e-9)

    return bootstrap(share, run.nats["base"], run.nats["fine"], run.nats[variant])


def mean(values: Sequence[float]) -> tuple[float, Interval]:
    """With its bootstrap interval."""
    return bootstrap(lambda sample: sample.mean(-1), values)


def _sizes(runs: Sequence[Measured], linear: int, whole: int) -> Iterator[Metric]:
    size = max(run.stored["distilled"] for run in runs)
    ratios = {
        "smaller_than_linear": (linear, "fp16 linear weight 대비 · than fp16 linear weights"),
        "smaller_than_model": (whole, "fp16 모델 전체 대비 · than the full fp16 model"),
    }
    yield Metric("delta_mb", size / 1e6, "delta 파일 · delta on disk", "MB", "lower", baseline=linear / 1e6, group=SIZE)
    for name, (other, label) in ratios.items():
        yield Metric(name, other / size, label, "x", "higher", baseline=1.0, group=SIZE)


def _judged(runs: Sequence[Measured]) -> Iterator[Metric]:
    """What the criteria ask for. Of several tenants and seeds, the worst."""
    easy = [run for run in runs if TASKS[run.task].easy]
    if easy:
        initial, distilled, random = (
            [recovered(run, variant) for run in easy] for variant in ("initial", "distilled", "random")
        )
        label = "되찾은 비율, distillation 후 · recovered, distilled"
        value, ci95 = min(distilled)
        yield Metric("recovered_distilled", value, label, "", "higher", ci95, min(initial)[0], WORST)
        label = "되찾은 비율, 초기 − distillation 후 · recovered, initial − distilled"
        gap = max(before - after for (before, _), (after, _) in zip(initial, distilled, strict=True))
        yield Metric("initial_minus_distilled", gap, label, better="lower", baseline=0.0, group=WORST)
        label = "되찾은 비율, 무작위 부호 · recovered, random signs"
        value, ci95 = max(random)
        yield Metric("recovered_random", value, label, "", "lower", ci95, group=WORST)
    label = "logit 거리, 초기 / distillation 후 · logit distance, initial / distilled"
    ratio = min(run.before / run.after for run in runs)
    yield Metric("distance_ratio", ratio, label, "x", "higher", baseline=1.0, group=WORST)
    label = "logit의 상대 오차, 합친 weight와 packed · relative error of logits, merged against packed"
    yield Metric("merged_error", max(run.error for run in runs), label, better="lower", group=WORST)


def _memory(served: dict[str, Any]) -> Iterator[Metric]:
    one = served["model_bytes"]
    gaps = [abs(row["held"] / row["computed"] - 1) for row in served["tenants"]]
    gaps += [abs(row["held"] / (row["models"] * one) - 1) for row in served["models"]]
    label = "상주 메모리와 계산의 차이 · resident memory against computed"
    yield Metric("resident_gap", 100 * max(gaps), label, "%", "lower", group=SERVED)
    for row in served["tenants"]:
        count = row["tenants"]
        label = f"tenant {count}개의 weight, 모델 단위 · weights of {count} tenants, in models"
        computed, held = row["computed"] / one, row["held"] / one
        yield Metric(f"weights_of_{count}", computed, label, "x", "lower", baseline=count, group=SERVED)
        label = f"tenant {count}개, 실측 · {count} tenants, resident"
        yield Metric(f"resident_of_{count}", held, label, "x", "lower", baseline=count, group=SERVED)
    step, separate = 1e3 * served["mixed_step"], 1e3 * served["separate_step"]
    label = "섞인 batch의 decode 한 단계 · one decoding step of a mixed batch"
    yield Metric("mixed_step", step, label, "ms", "lower", baseline=separate, group=SERVED)
    label = "같은 batch, base만 · the same batch, base alone"
    yield Metric("base_step", 1e3 * served["base_step"], label, "ms", "lower", group=SERVED)


def _tables(runs: Sequence[Measured]) -> Iterator[Metric]:
    """Each task over all its seeds: what every variant gives."""
    for task, own in by_task(runs).items():
        group = TASKS[task].title
        shape = fmean(run.shape for run in own)
        yield Metric(f"{task}/shape", shape, "mean|Δ| / rms(Δ)", baseline=0.798, group=group)
        fine = fmean(gathered(own, "nats", "fine"))
        plain = fmean(gathered(own, "text", "base"))
        for variant in own[0].nats:
            korean, english = name(variant)
            value, ci95 = mean(gathered(own, "nats", variant))
            label = f"정답 NLL, {korean} · answer NLL, {english}"
            yield Metric(f"{task}/nll/{variant}", value, label, "nat", "lower", ci95, fine, group)
            hits = gathered(own, "right", variant)
            low, high = wilson(int(sum(hits)), len(hits))
            label = f"정확도, {korean} · accuracy, {english}"
            percent = 100 * fmean(hits)
            yield Metric(
                f"{task}/accuracy/{variant}", percent, label, "%", "higher", (100 * low, 100 * high), group=group
            )
        for variant in own[0].text:
            korean, english = name(variant)
            value, ci95 = mean(gathered(own, "text", variant))
            label = f"일반 글 NLL, {korean} · plain text NLL, {english}"
            yield Metric(f"{task}/text/{variant}", value, label, "nat", "lower", ci95, plain, group)


def name(variant: str) -> tuple[str, str]:
    """What a variant is called, in Korean and in English."""
    if variant.startswith("bits"):
        return f"{variant[4:]} bit, 초기 scale", f"{variant[4:]} bits, initial scales"
    if variant.startswith("rtn"):
        return f"{variant[3:]} bit 반올림", f"{variant[3:]}-bit rounding"
    return NAMES[variant]


def by_task(runs: Sequence[Measured]) -> dict[str, list[Measured]]:
    return {task: [run for run in runs if run.task == task] for task in dict.fromkeys(run.task for run in runs)}


def gathered(runs: Sequence[Measured], what: str, variant: str) -> list[float]:
    """Over all seeds."""
    return [float(value) for run in runs for value in getattr(run, what)[variant]]


def series(runs: Sequence[Measured], served: dict[str, Any], linear: int, whole: int) -> dict[str, Any]:
    """All that the figures need: by task and variant, by step, by number of tenants."""
    tasks = {}
    for task, own in by_task(runs).items():
        shown = {}
        for variant in own[0].nats:
            value, ci95 = mean(gathered(own, "nats", variant))
            together = Measured(task, own[0].seed)
            together.nats = {which: gathered(own, "nats", which) for which in ("base", "fine", variant)}
            share, between = recovered(together, variant)
            stored = max(run.stored.get(variant, 0) for run in own)
            shown[variant] = {
                "nll": value,
                "ci95": ci95,
                "recovered": share,
                "recovered_ci95": between,
                "accuracy": fmean(gathered(own, "right", variant)),
                "bytes": stored,
            }
        tasks[task] = {
            "title": TASKS[task].title,
            "easy": TASKS[task].easy,
            "variants": shown,
            "curves": [run.curve for run in own],
            "distances": [[run.before, run.after] for run in own],
            "shapes": [run.shape for run in own],
            "recovered": {v: [recovered(run, v)[0] for run in own] for v in ("initial", "distilled", "random", "svd")},
        }
    return {"tasks": tasks, "served": served, "fp16_linear": linear, "fp16_model": whole}
