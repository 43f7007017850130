"""Everything that is trained: the autoencoder, the judge, the ladder of each seed, and what it is compared with.

Trained now, or loaded from checkpoints/, where a run with `keep` leaves them: each a safetensors file with its settings
and a hash, the denoisers in float16. Where they are loaded the ladder is trained all the same, on the loaded latents.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from nonmun.runner import Progress, RunnerError

from . import captions, checkpoints, method
from .autoencoder import Autoencoder, train_autoencoder
from .judge import Judge, train_judge
from .model import Denoiser, Shape
from .sampling import Codec, Moved
from .shelves import Shelf, shelved
from .training import KINDS, Job, Kind, Plan, Trained, train_all
from .world import Clip, Size, draw

if TYPE_CHECKING:
    from .demo import Config

CHECKPOINTS = Path(__file__).parent / "checkpoints"
TRAIN, JUDGED = 1, 2  # what draws of clips are told apart by, besides the seed; measures have others


@dataclass(slots=True)
class Networks:
    """What is there to be measured. `compared` are denoisers of the first seed.

    `native` is the one that is shown, `frames` has had as many steps without temporal attention; `crop` and `short`
    have had those of 32x, and so has `equal`, which is `native` earlier on.
    """

    autoencoder: Autoencoder
    judge: Judge
    ladder: list[Trained]  # native, a seed each
    compared: dict[Kind, Denoiser]
    clips: list[Clip]  # that the native models were trained on
    rungs: dict[str, int]
    device: torch.device
    hashes: dict[str, str] = field(default_factory=dict)  # of the files that were loaded or written

    @property
    def codec(self) -> Codec:
        return Moved(self.autoencoder, self.device)

    @property
    def main(self) -> Denoiser:
        return self.compared["native"]


def build(config: Config, device: torch.device, progress: Progress) -> Networks:
    """Trained from nothing, or with what is recorded. The first seed's native model is the one that is compared."""
    sizes = sizes_of(config)
    rungs = method.ladder(config.steps)
    recorded = config.networks == "recorded"
    hashes: dict[str, str] = {}
    with progress.stage("draw clips"):
        clips = list(draw([config.seed, TRAIN], config.clips, sizes))
    torch.manual_seed(config.seed)
    autoencoder = autoencoder_of(config).to(device)
    judge = Judge().to(device)
    if recorded:
        hashes["autoencoder"] = load("autoencoder", autoencoder.settings, autoencoder)
        hashes["judge"] = load("judge", judge.settings, judge)
    else:
        _train_autoencoder(autoencoder, clips, config, progress)
        _train_judge(judge, sizes, config, progress)
    with progress.stage("encode clips"):
        codec = Moved(autoencoder, device)
        native = shelved(clips, codec, config.patch)
        cropped: tuple[Shelf, ...] = ()
        if not recorded and "crop" in config.variants:
            cropped = shelved(draw([config.seed, TRAIN], config.clips, sizes, cropped=True), codec, config.patch)
    ladder, others = _train_denoisers(config, native, cropped, rungs["32x"], device, progress)
    if recorded:
        compared = {kind: Denoiser(shape_of(config, kind)).to(device).eval() for kind in KINDS}
        hashes |= {kind: load(kind, asdict(one.shape), one) for kind, one in compared.items()}
    else:
        compared = {"native": ladder[0].last, **{one.kind: one.last for one in others}}
        if config.variants:
            compared["equal"] = ladder[0].models[rungs["32x"]]
    found = Networks(autoencoder, judge, ladder, compared, clips, rungs, device, hashes)
    if config.keep:
        found.hashes = keep(found)
    return found


def sizes_of(config: Config) -> tuple[Size, ...]:
    """The sizes of clips. RunnerError where one is written otherwise than 17x24x24, or has no frame or pixel."""
    found = []
    for text in config.sizes:
        parts = text.lower().split("x")
        if len(parts) != 3 or not all(part.isdigit() and int(part) > 0 for part in parts):
            raise RunnerError(f"a size '{text}', expected frames x height x width", mend="write it as 17x24x24")
        found.append((int(parts[0]), int(parts[1]), int(parts[2])))
    return tuple(found)


def shape_of(config: Config, kind: Kind = "native") -> Shape:
    return Shape(
        channels=config.channels, patch=config.patch, width=config.width, heads=config.heads, layers=config.layers,
        expansion=config.expansion, text_width=config.text_width, text_layers=config.text_layers,
        vocabulary=len(captions.VOCABULARY), length=captions.LENGTH, temporal=kind != "frames",
    )  # fmt: skip


def autoencoder_of(config: Config) -> Autoencoder:
    return Autoencoder(config.channels, width=config.code_width, time=config.code_time)


def plan_of(config: Config) -> Plan:
    return Plan(
        config.steps, config.batch, config.rate, config.matrix_rate, config.dropout, config.ema, config.bfloat16,
        config.graphs,
    )  # fmt: skip


def _train_denoisers(
    config: Config, native: tuple[Shelf, ...], cropped: tuple[Shelf, ...], equal: int, device: torch.device,
    progress: Progress,
) -> tuple[list[Trained], list[Trained]]:  # fmt: skip
    """The ladder of each seed, the first of which is trained on if it is to be shown; and the variants of the first."""
    rungs, training = tuple(method.ladder(config.steps).values()), config.networks == "train"
    shown = max(config.shown_steps, equal) if training else equal
    seeds = range(config.seed, config.seed + config.repeats)
    jobs = [Job("native", seed, shape_of(config), native, rungs) for seed in seeds]
    jobs[0] = replace(jobs[0], rungs=tuple(dict.fromkeys((*rungs, shown))))
    for kind in config.variants if training else ():
        own = cropped if kind == "crop" else native
        jobs.append(Job(kind, config.seed, shape_of(config, kind), own, (shown if kind == "frames" else equal,)))
    found = train_all(jobs, plan_of(config), device, progress)
    return found[: config.repeats], found[config.repeats :]


def _train_autoencoder(network: Autoencoder, clips: list[Clip], config: Config, progress: Progress) -> None:
    with progress.stage("train the autoencoder", config.code_steps, "step") as stage:
        videos = [clip.video_TCHW for clip in clips]
        train_autoencoder(
            network, videos, config.code_steps, seed=config.seed, report=lambda loss: stage.advance(loss=f"{loss:.4f}")
        )


def _train_judge(judge: Judge, sizes: tuple[Size, ...], config: Config, progress: Progress) -> None:
    """Half as the denoiser sees them, the rest held-out combinations and crops: the judge has to know all of them."""
    half, quarter = config.judge_clips // 2, config.judge_clips // 4
    clips = [
        *draw([config.seed, JUDGED, 0], half, sizes),
        *draw([config.seed, JUDGED, 1], quarter, sizes, held_out=True),
        *draw([config.seed, JUDGED, 2], quarter, sizes, cropped=True),
    ]
    with progress.stage("train the judge", config.judge_steps, "step") as stage:
        report = lambda loss: stage.advance(loss=round(loss, 3))  # noqa: E731
        train_judge(judge, clips, config.judge_steps, seed=config.seed, rate=config.judge_rate, report=report)


def load(name: str, settings: dict[str, object], network: nn.Module) -> str:
    """Fill a network from checkpoints/. RunnerError says what is missing, damaged or configured otherwise."""
    path = CHECKPOINTS / f"{name}.safetensors"
    if not path.is_file():
        raise RunnerError(f"no checkpoint {path.name} in {path.parent.name}/", mend="train: --set networks=train")
    found = checkpoints.load(path, name, settings, network)
    network.eval()
    return found


def keep(networks: Networks) -> dict[str, str]:
    """Write all networks to checkpoints/; what the names of their files go with."""
    found = {"autoencoder": networks.autoencoder, "judge": networks.judge}
    written = {}
    for name, network in found.items():
        written[name] = _save(name, network.settings, network)
    for kind, one in networks.compared.items():
        written[kind] = _save(kind, asdict(one.shape), copy.deepcopy(one).half())
    return written


def _save(name: str, settings: dict[str, object], network: nn.Module) -> str:
    path = CHECKPOINTS / f"{name}.safetensors"
    checkpoints.save(path, name, settings, network)
    return checkpoints.load(path, name, settings, copy.deepcopy(network))


@contextmanager
def memory_told(config: Config) -> Iterator[None]:
    """Running out of memory is one line, whichever memory it was."""
    mend = f"ask for a smaller --set batch (now {config.batch}), for fewer --set clips, or for a smaller --set width"
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise RunnerError("out of GPU memory", mend=mend) from error
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "allocate memory" not in str(error):
            raise
        raise RunnerError("out of memory", mend=mend) from error
