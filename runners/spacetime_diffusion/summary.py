"""From what was measured to metrics with intervals, and to the series that figures are drawn from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor
from torch.nn import functional

from nonmun.intervals import Interval, bootstrap, paired, student, wilson
from nonmun.runner import Metric

from . import clips
from .measure import Measured, Rung
from .model import parameters
from .networks import Networks
from .timing import Seconds

if TYPE_CHECKING:
    from .demo import Config

NAMES = {  # 한국어, English
    "native": ("원래 크기", "native size"),
    "equal": ("원래 크기, 32x의 step", "native size, steps of 32x"),
    "crop": ("정사각형 crop", "square crops"),
    "crop_native": ("정사각형 crop, 원래 크기로 부탁", "square crops, asked for native sizes"),
    "cropped": ("실제 clip의 crop", "crops of real clips"),
    "short": ("짧은 caption", "short captions"),
    "frames": ("시간 attention 없음", "temporal attention off"),
    "main": ("모델", "the model"),
    "real": ("실제 clip", "real clips"),
    "restored": ("autoencoder의 복원", "the autoencoder's reconstruction"),
    "random": ("무작위 움직임", "random motion"),
}
PARTS = {
    "colour": ("색", "colour"),
    "shape": ("모양", "shape"),
    "place": ("위치", "place"),
    "all": ("모두", "all three"),
}
JUDGED, LADDER = "판정 · Criteria", "학습 연산과 거리 · Training compute and distance"
INSIDE, TOLD = "화면 안에 든 피사체 · Subject inside the frame", "Caption의 속성 · Attributes of the caption"
RETURNED = "가려졌다 다시 나타난 물체 · What comes back from behind the wall"
PANNED, NEAREST = "카메라의 움직임 · Camera motion", "가장 가까운 학습 clip · Nearest training clip"
JUDGE, SIZE = "판정 network의 정확도 · Accuracy of the judge", "크기와 속도 · Size and speed"

SHOWN, LARGEST = 32, 40  # the most frames of a video that a record keeps, and pixels to a side


@dataclass(frozen=True, slots=True)
class Everything:
    config: Config
    networks: Networks
    measured: Measured
    seconds: Seconds | None


def metrics(found: Everything) -> list[Metric]:
    return [
        *_judged(found), *_ladder(found), *_inside(found.measured), *_told(found.measured), *_returned(found.measured),
        *_panned(found.measured), *_nearest(found.measured), *_judge(found.measured), *_sizes(found),
    ]  # fmt: skip


def name_of(kind: str) -> str:
    return " · ".join(NAMES[kind])


def by_seed(rungs: Sequence[Rung], value: Callable[[Rung], float] = lambda one: one.distance) -> dict[int, list[float]]:
    """Of each seed its values up the ladder."""
    found: dict[int, list[float]] = {}
    for one in sorted(rungs, key=lambda one: one.steps):
        found.setdefault(one.seed, []).append(value(one))
    return found


def over_seeds(values: Sequence[float]) -> tuple[float, Interval | None]:
    return student(values) if len(values) > 1 else (values[0], None)


def _judged(found: Everything) -> Iterator[Metric]:
    measured = found.measured
    ladders = by_seed(measured.rungs)
    falling = sum(all(a > b for a, b in pairwise(own)) for own in ladders.values())
    label = f"거리가 계속 감소한 seed, {len(ladders)}개 중 · seeds whose distance falls all the way, of {len(ladders)}"
    yield Metric("falling_seeds", falling, label, "seeds", "higher", group=JUDGED)
    value, ci95 = over_seeds([own[-1] / own[0] for own in ladders.values()])
    yield Metric("distance_ratio", value, "거리, 32x / 1x · distance, 32x / 1x", "x", "lower", ci95, 1.0, JUDGED)
    value, ci95 = over_seeds([own[-1] / measured.distance["restored"] for own in ladders.values()])
    label = "거리, 32x / 복원 · distance, 32x / reconstruction"
    yield Metric("above_reconstruction", value, label, "x", "", ci95, 1.0, JUDGED)
    label = "거리, 무작위 움직임 / 모델 · distance, random motion / the model"
    ratio = measured.distance["random"] / measured.distance["main"]
    yield Metric("floor_ratio", ratio, label, "x", "higher", None, 1.0, JUDGED)
    if "crop" in measured.inside:
        value, ci95 = paired(_percent(measured.inside["equal"]), _percent(measured.inside["crop"]))
        label = "화면 안의 피사체, 원래 크기 − crop · subject inside the frame, native − crop"
        yield Metric("subject_gain", value, label, "points", "higher", ci95, 0.0, JUDGED)
    if "short" in measured.attributes:
        ours, theirs = (_percent(map(_mean_of, measured.attributes[kind])) for kind in ("equal", "short"))
        value, ci95 = paired(ours, theirs)
        label = (
            "학습에 없던 조합의 속성, 자세한 − 짧은 caption · attributes of held-out combinations, descriptive − short"
        )
        yield Metric("attribute_gain", value, label, "points", "higher", ci95, 0.0, JUDGED)
    if "frames" in measured.returned:
        ours, theirs = (_percent(_all_of(one) for one in measured.returned[kind]) for kind in ("native", "frames"))
        value, ci95 = paired(ours, theirs)
        label = "다시 나타난 물체, 시간 attention 있이 − 없이 · reappearing right, temporal attention on − off"
        yield Metric("permanence_gain", value, label, "points", "higher", ci95, 0.0, JUDGED)
        label = "다시 나타난 물체, 시간 attention 없이 · reappearing right, temporal attention off"
        off = int(sum(theirs) / 100 + 0.5)
        low, high = wilson(off, len(theirs))
        value, ci95 = 100 * off / len(theirs), (100 * low, 100 * high)
        yield Metric("permanence_off", value, label, "%", "lower", ci95, group=JUDGED)
    value, ci95 = bootstrap(
        lambda a, b: a.mean(-1) / b.mean(-1), measured.nearest["main"], measured.nearest["real"]
    )  # fmt: skip
    label = "가장 가까운 학습 clip까지의 거리, 모델 / 실제 · distance to the nearest training clip, model / real"
    yield Metric("nearest_ratio", value, label, "x", "higher", ci95, 1.0, JUDGED)
    if found.seconds:
        label = "Packing / padding, 초당 token · tokens a second, packing / padding"
        yield Metric("packing_speed", found.seconds.packing_speed, label, "x", "higher", None, 1.0, JUDGED)
        label = "학습 속도 / 행렬곱만의 속도 · speed of training / of its matrix products alone"
        yield Metric("matmul_share", found.seconds.matmul_share, label, "", "higher", None, 1.0, JUDGED)


def _percent(values: Any) -> list[float]:
    return [100 * float(one) for one in values]


def _mean_of(told: dict[str, float]) -> float:
    return fmean(told.values())


def _all_of(parts: dict[str, float]) -> float:
    """1 where colour, shape and place are all right."""
    return min(parts[part] for part in ("colour", "shape", "place"))


def _ladder(found: Everything) -> Iterator[Metric]:
    measured = found.measured
    base = measured.distance["restored"]
    for place, rung in enumerate(found.networks.rungs):
        steps = found.networks.rungs[rung]
        value, ci95 = over_seeds([own[place] for own in by_seed(measured.rungs).values()])
        label = f"Fréchet 거리, {rung} ({steps:,} step) · Fréchet distance, {rung} ({steps:,} steps)"
        yield Metric(f"distance/{rung}", value, label, "", "lower", ci95, base, LADDER)
    for kind in ("main", "random", "restored", "real"):
        label = f"Fréchet 거리, {NAMES[kind][0]} · Fréchet distance, {NAMES[kind][1]}"
        yield Metric(f"distance/{kind}", measured.distance[kind], label, "", "lower", None, base, LADDER)
    for place, rung in enumerate(found.networks.rungs):
        value, ci95 = over_seeds([own[place] for own in by_seed(measured.rungs, lambda one: one.loss).values()])
        label = f"검증 loss, {rung} · validation loss, {rung}"
        yield Metric(f"loss/{rung}", value, label, "", "lower", ci95, group=LADDER)


def _spread(values: Sequence[float]) -> tuple[float, Interval | None]:
    if len(values) < 2:
        return values[0], None
    return bootstrap(lambda one: one.mean(-1), values)


def _inside(measured: Measured) -> Iterator[Metric]:
    real = 100 * fmean(measured.inside["real"])
    for kind, own in measured.inside.items():
        value, ci95 = _spread(_percent(own))
        yield Metric(f"inside/{kind}", value, name_of(kind), "%", "higher", ci95, real, INSIDE)
    for shape in dict.fromkeys(measured.shapes):
        for kind, own in measured.inside.items():
            part = [100 * one for one, at in zip(own, measured.shapes, strict=True) if at == shape]
            value, ci95 = _spread(part)
            label = f"{shape}: {name_of(kind)}"
            yield Metric(f"inside/{shape}/{kind}", value, label, "%", "higher", ci95, real, INSIDE)


def _told(measured: Measured) -> Iterator[Metric]:
    for kind, own in measured.attributes.items():
        value, ci95 = _spread(_percent(map(_mean_of, own)))
        real = 100 * fmean(map(_mean_of, measured.attributes["real"]))
        yield Metric(f"attributes/{kind}", value, f"{name_of(kind)}", "%", "higher", ci95, real, TOLD)
    for name in dict.fromkeys(name for one in measured.attributes["real"] for name in one):
        for kind, own in measured.attributes.items():
            said = [one[name] for one in own if name in one]
            low, high = wilson(int(sum(said)), len(said))
            label = f"{name}: {name_of(kind)}"
            ci95 = (100 * low, 100 * high)
            yield Metric(f"attributes/{name}/{kind}", 100 * fmean(said), label, "%", "higher", ci95, group=TOLD)


def _returned(measured: Measured) -> Iterator[Metric]:
    for kind, own in measured.returned.items():
        for part, (korean, english) in PARTS.items():
            hits = [_all_of(one) if part == "all" else one[part] for one in own]
            low, high = wilson(int(sum(hits)), len(hits))
            label = f"{korean}: {NAMES[kind][0]} · {english}: {NAMES[kind][1]}"
            ci95 = (100 * low, 100 * high)
            yield Metric(f"returned/{part}/{kind}", 100 * fmean(hits), label, "%", "higher", ci95, group=RETURNED)


def _panned(measured: Measured) -> Iterator[Metric]:
    for kind, own in measured.panned.items():
        value, ci95 = _spread(own)
        label = f"배경이 카메라를 따름: {NAMES[kind][0]} · the ground goes as the camera says: {NAMES[kind][1]}"
        yield Metric(f"panned/{kind}", value, label, "", "higher", ci95, fmean(measured.panned["real"]), PANNED)


def _nearest(measured: Measured) -> Iterator[Metric]:
    for kind, own in measured.nearest.items():
        value, ci95 = _spread(own)
        yield Metric(f"nearest/{kind}", value, name_of(kind), "", "", ci95, fmean(measured.nearest["real"]), NEAREST)


def _judge(measured: Measured) -> Iterator[Metric]:
    for name, value in measured.judge.items():
        if not np.isnan(value):
            off = name == "inside"
            label = "화면 안의 비율, 오차 · share inside, error" if off else name
            yield Metric(
                f"judge/{name}", 100 * value, label, "points" if off else "%", "lower" if off else "higher", group=JUDGE
            )


def _sizes(found: Everything) -> Iterator[Metric]:
    networks = found.networks
    for name, one in (("denoiser", networks.main), ("autoencoder", networks.autoencoder), ("judge", networks.judge)):
        yield Metric(f"parameters/{name}", parameters(one) / 1e6, f"parameter, {name}", "M", group=SIZE)
    tokens = networks.ladder[0].tokens
    yield Metric("tokens", tokens, "step마다 token · tokens in a step", group=SIZE)
    label = "복원의 PSNR · PSNR of the reconstruction"
    yield Metric("psnr", found.measured.psnr, label, "dB", "higher", group=SIZE)
    if found.seconds:
        label = "padding이 채우는 token, 진짜 하나마다 · padded tokens for each real one"
        yield Metric("filling", found.seconds.padded_tokens / found.seconds.tokens, label, "x", group=SIZE)
        label = "학습 한 step, packing · a step of training, packed"
        yield Metric("step", 1e3 * found.seconds.packed, label, "CPU ms", "lower", group=SIZE)


def series(found: Everything) -> dict[str, Any]:
    """All that the figures need."""
    networks, measured = found.networks, found.measured
    return {
        "rungs": networks.rungs,
        "shown": max(networks.ladder[0].models),
        "ladder": {str(seed): own for seed, own in by_seed(measured.rungs).items()},
        "losses": {str(run.seed): _thin(run.losses) for run in networks.ladder},
        "references": measured.distance,
        "compared": found.config.compared,
        "asked": len(measured.shapes),
        "kinds": {
            "inside": list(measured.inside), "attributes": list(measured.attributes),
            "returned": list(measured.returned),
        },
        "shapes": list(dict.fromkeys(measured.shapes)),
        "names": {kind: list(name) for kind, name in NAMES.items()},
        "pictures": {
            name: clips.packed(some(one, 7 if name.startswith("ladder") else SHOWN))
            for name, one in measured.pictures.items()
        },
        "sizes": {name: [len(one), *one.shape[-2:]] for name, one in measured.pictures.items()},
        "said": measured.said,
        "checkpoints": networks.hashes,
        "origin": found.config.networks,
    }  # fmt: skip


def some(video: Tensor, most: int = SHOWN, side: int = LARGEST) -> Tensor:
    """At most so many frames of a video, evenly spaced with the first and the last, made small if large."""
    count = min(most, len(video))
    picked = [round(one * (len(video) - 1) / max(1, count - 1)) for one in range(count)]
    fold = -(-max(video.shape[-2:]) // side)
    return functional.avg_pool2d(video[picked], fold, ceil_mode=True) if fold > 1 else video[picked]


def _thin(values: Sequence[float], points: int = 60) -> list[float]:
    size = max(1, len(values) // points)
    return [round(fmean(values[start : start + size]), 4) for start in range(0, len(values), size)]
