"""Trains a small diffusion transformer on videos of moving shapes, of any size, and looks at what compute buys.

What is claimed, what is asked for, what must hold. networks.py trains or loads, measure.py asks the networks, timing.py
the clock; summary.py turns all of it into metrics and series.
"""

from __future__ import annotations

from typing import Literal

from nonmun.runner import Criterion, Preset, Progress, Result, Settings, setting

PAPER = "OpenAI, Video generation models as world simulators (2024)"
CLAIM = {
    "ko": "비디오를 시공간 patch로 나누어 원래 크기 그대로 diffusion transformer를 학습하면 연산을 늘릴수록 품질이 "
    "좋아지고, 가려졌던 물체가 그대로 다시 나타나는 것 같은 성질이 따로 가르치지 않아도 생깁니다.",
    "en": "A diffusion transformer trained on spacetime patches at native size improves as compute grows, and comes by "
    "properties nobody built in, such as objects that reappear unchanged from behind an occluder.",
}

Variant = Literal["crop", "short", "frames"]
NATIVE = ("17x24x24", "17x16x32", "17x32x16", "17x24x40", "9x24x24", "1x24x24")
LARGE = ("17x64x64", "17x48x80", "17x80x48", "9x64x64", "1x64x64")


class Config(Settings):
    """What is shown, what is trained, what is measured."""

    device: Literal["auto", "cpu", "cuda"] = setting(
        "auto", "where to compute; auto takes a GPU if there is one", source="ours: whatever is there"
    )
    networks: Literal["recorded", "train"] = setting(
        "recorded", "the compared networks: those in checkpoints/, or trained now", source="ours: quick is quick"
    )
    keep: bool = setting(False, "keep the trained networks in checkpoints/", source="ours: for the quick preset")
    graphs: bool = setting(True, "on a GPU, a step of training is one CUDA graph", source="ours: small kernels")
    bfloat16: bool = setting(False, "train in bfloat16", source="ours: pays on a GPU alone")
    sizes: tuple[str, ...] = setting(
        NATIVE, "clips, frames x height x width, equally many of each", source="ours: wide, tall, square, short, still",
        min_length=1,
    )  # fmt: skip
    clips: int = setting(12000, "clips to train on", source="ours: ten seconds to draw", ge=12, le=1_000_000)
    variants: tuple[Variant, ...] = setting(
        ("crop", "short", "frames"), "what the first seed is trained as besides", source="ours: as the criteria ask"
    )
    repeats: int = setting(3, "seeds of the ladder, from --seed on", source="ours: as the criteria ask", ge=1, le=20)
    steps: int = setting(128, "steps of training at 32x", source="ours: what quick has time for", ge=1, le=1_000_000)
    shown_steps: int = setting(
        0, "steps of the model that is shown, and without temporal attention; not fewer than at 32x",
        source="ours: what full has time for", ge=0, le=1_000_000,
    )  # fmt: skip
    batch: int = setting(36, "clips in a step", source="ours: some 1,400 tokens", ge=1, le=4096)
    rate: float = setting(1.5e-3, "learning rate of AdamW", source="ours: usual for such a width", gt=0, le=0.1)
    matrix_rate: float = setting(
        0.02, "learning rate of Muon, for the matrices of layers", source="ours: as in Jordan et al., 2024", gt=0, le=1
    )
    dropout: float = setting(0.1, "share of captions dropped", source="ours: as in DiT's code", ge=0, le=1)
    ema: float = setting(0.999, "most that the mean of weights keeps in a step", source="ours: a short run", ge=0, lt=1)
    patch: int = setting(2, "side of a patch of the latent", source="ours: DiT's smallest", ge=1, le=8)
    width: int = setting(128, "width of the model", source="ours: 0.9 million parameters", ge=8, le=4096)
    heads: int = setting(4, "heads of attention", source="ours: 32 dimensions each", ge=1, le=64)
    layers: int = setting(3, "layers", source="ours: a CPU's minutes", ge=1, le=64)
    expansion: int = setting(4, "hidden width of an MLP, in widths", source="ours: as DiT has", ge=1, le=8)
    text_width: int = setting(64, "width of the caption encoder", source="ours: 36 words", ge=8, le=1024, multiple_of=8)
    text_layers: int = setting(1, "layers of the caption encoder", source="ours: a word and its neighbours", ge=1)
    channels: int = setting(16, "numbers in a place of the latent", source="ours: 12 times fewer than pixels", ge=1)
    code_time: int = setting(4, "frames in one of the latent", source="ours: half the tokens of 2", ge=1, le=16)
    code_width: int = setting(32, "width of the autoencoder", source="ours: 0.2 million parameters", ge=4, le=512)
    code_steps: int = setting(1200, "steps of the autoencoder", source="ours: a minute of a core", ge=1, le=1_000_000)
    judge_steps: int = setting(500, "steps of the judge", source="ours: a minute of a core", ge=1, le=1_000_000)
    judge_rate: float = setting(3e-3, "highest learning rate of the judge", source="ours: few steps", gt=0, le=0.1)
    judge_clips: int = setting(5000, "clips that the judge learns from", source="ours: three seconds to draw", ge=32)
    sample_steps: int = setting(
        24, "steps of the sampler", source="ours: second order; more change little", ge=1, le=1000
    )
    guidance: float = setting(2.5, "guidance where a caption is asked for", source="ours: between 1 and 4", ge=0, le=20)
    compared: int = setting(96, "clips for each Fréchet distance", source="ours: more than features", ge=8, le=100_000)
    asked: int = setting(96, "clips for each other measure", source="ours: intervals of 10 points", ge=8, le=100_000)
    rounds: int = setting(5, "rounds of timing", source="ours: of which the fastest counts", ge=1, le=1000)


_FULL = Config(
    networks="train", keep=True, steps=1440, shown_steps=6000, code_steps=6000, compared=192, asked=144, rounds=10,
)  # fmt: skip
_GPU = Config(
    networks="train", variants=(), repeats=1, sizes=LARGE, clips=3000, steps=1920, batch=64, rate=5e-4, bfloat16=True,
    width=512, heads=8, layers=8, expansion=4, text_width=128, code_steps=1500, judge_steps=1000,
    judge_clips=2000, sample_steps=30, compared=256, asked=128,
)  # fmt: skip
PRESETS = {
    "quick": Preset(Config(), minutes=3, gib=2, about="a short ladder; recorded networks for the rest"),
    "full": Preset(_FULL, minutes=28, gib=3, about="everything from nothing; its networks become quick's"),
    "gpu": Preset(_GPU, minutes=3, gib=8, needs="cuda", about="30 million parameters at 64 x 64, the ladder alone"),
}

_CPU = ("quick", "full")
CRITERIA = (
    Criterion(
        "학습 연산 1x·4x·32x에서 Fréchet 거리가 계속 감소한다, seed 3개 중 2개 이상 · the Fréchet distance falls "
        "monotonically over 1x, 4x and 32x training compute in at least 2 of 3 seeds",
        "falling_seeds", at_least=2, presets=_CPU,
    ),
    Criterion(
        "32x의 거리는 1x의 절반 이하다 · the distance at 32x is at most half of that at 1x",
        "distance_ratio", at_most=0.5, unit="x",
    ),
    Criterion(
        "32x의 거리는 autoencoder의 복원보다는 크다 · the distance at 32x stays above the reconstruction's",
        "above_reconstruction", above=1, unit="x",
    ),
    Criterion(
        "원래 크기로 학습하면 화면 안에 든 피사체가 정사각형 crop으로 학습할 때보다 많다 · native training keeps more "
        "of the subject inside the frame than training on square crops, same steps",
        "subject_gain", at_least=10, unit="points", presets=_CPU,
    ),
    Criterion(
        "학습에 없던 조합의 속성을 자세한 caption으로 학습한 모델이 더 잘 따른다 · training on descriptive captions "
        "gives higher attribute accuracy on held-out combinations than training on short ones",
        "attribute_gain", at_least=10, unit="points", presets=_CPU,
    ),
    Criterion(
        "다시 나타난 물체의 색·모양·위치가 시간 attention을 끈 모델보다 자주 맞는다 · colour, shape and place on "
        "reappearing are right more often than with temporal attention off",
        "permanence_gain", above=0, interval=True, unit="points", presets=_CPU,
    ),
    Criterion(
        "가장 가까운 학습 clip까지의 거리가 학습에 없던 실제 clip보다 작지 않다 · the distance to the nearest training "
        "clip is not below that of held-out real clips",
        "nearest_ratio", at_least=1, unit="x",
    ),
    Criterion(
        "크기가 섞인 batch에서 packing은 padding보다 빠르다 · packing beats padding on mixed sizes",
        "packing_speed", at_least=1.5, unit="x", presets=_CPU,
    ),
    Criterion(
        "학습 속도는 행렬곱만으로 어림한 상한의 0.6 이상이다 · training runs at 0.6 or more of the matmul-bound "
        "estimate",
        "matmul_share", at_least=0.6, presets=_CPU,
    ),
    Criterion(
        "대조: 무작위로 움직이는 clip은 모델의 clip보다 멀다 · control: clips of random motion are further away than "
        "the model's",
        "floor_ratio", above=1, unit="x", control=True,
    ),
    Criterion(
        "대조: 시간 attention을 끄면 가려진 물체를 잊는다 · control: with temporal attention off what is hidden is "
        "forgotten",
        "permanence_off", at_most=20, unit="%", control=True, presets=_CPU,
    ),
)  # fmt: skip


def run(config: Config, progress: Progress) -> Result:
    """The networks, trained or loaded; then every measure; then the clock."""
    from torch import set_float32_matmul_precision

    from runners.models import choose

    from . import measure, networks, summary, timing

    where = choose(config.device, "float32")
    if where.device.type == "cuda":
        set_float32_matmul_precision("high")
    with networks.memory_told(config):
        found = networks.build(config, where.device, progress)
        measured = measure.measure(found, config, progress)
        seconds = timing.measure(config, progress) if where.device.type == "cpu" else None
    everything = summary.Everything(config, found, measured, seconds)
    return progress.result(
        metrics=summary.metrics(everything), series=summary.series(everything), device=where.name
    )  # fmt: skip
