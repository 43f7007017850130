"""Asks the networks: how far their clips are from real ones, what they keep in the frame, follow, remember, repeat.

Every comparison has the same scenes, captions and noise on both sides. Real clips and their reconstruction go through
every measure as well: they say what the measure itself can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from nonmun.runner import Progress

from . import captions, gallery
from .autoencoder import psnr
from .floors import random_motion
from .frechet import frechet
from .judge import agreement, features, read
from .measures import nearest, pan_consistency, permanence
from .model import Denoiser
from .networks import Networks, sizes_of
from .sampling import Given, Sampler, Video, sample
from .shelves import Shelf, batch_layout, shelved
from .training import Batch, loss_of
from .world import Clip, Size, draw

if TYPE_CHECKING:
    from .demo import Config

OTHERS, SAME, HELD_OUT, HIDDEN, PANNED = 10, 11, 12, 13, 14  # what draws of clips are told apart by
GIVEN = 1  # frames that are shown of a clip before the wall: the object is hidden for longer than that
PLAIN, OCCLUDED, PAN = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
TIMES = (0.2, 0.4, 0.6, 0.8)  # at which the validation loss is taken


@dataclass(slots=True)
class Rung:
    """One denoiser of the ladder."""

    seed: int
    name: str
    steps: int
    distance: float
    loss: float


@dataclass(slots=True)
class Measured:
    """All that was found; by clip where intervals are wanted."""

    judge: dict[str, float] = field(default_factory=dict)
    psnr: float = 0.0
    rungs: list[Rung] = field(default_factory=list)
    distance: dict[str, float] = field(default_factory=dict)  # real, reconstruction, random motion, main
    inside: dict[str, list[float]] = field(default_factory=dict)
    shapes: list[str] = field(default_factory=list)  # wide, tall or square, of the clips of `inside`
    attributes: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    returned: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    panned: dict[str, list[float]] = field(default_factory=dict)
    nearest: dict[str, list[float]] = field(default_factory=dict)
    pictures: dict[str, Video] = field(default_factory=dict)
    said: str = ""  # the caption of the gallery


@dataclass(frozen=True, slots=True)
class Studio:
    """Makes videos with any of the denoisers, always in the same way."""

    networks: Networks
    steps: int

    def videos(
        self, model: Denoiser, clips: Sequence[Clip], guidance: float, *, said: bool = True, given: int = 0,
        sizes: Sequence[Size] = (),
    ) -> list[Video]:  # fmt: skip
        """One for each clip: of its size or the one of `sizes`, for its caption (or none), seeds 0, 1, ...

        With its first `given` frames as they are.
        """
        codec = self.networks.codec
        sizes = sizes or [size_of(clip) for clip in clips]
        texts = [captions.encode(captions.descriptive(clip.scene) if said else "") for clip in clips]
        known = self._given(clips, given) if given else None
        sampler = Sampler(model, self.steps, guidance)
        grids = [codec.latent_size(size) for size in sizes]
        latents = sample(sampler, grids, texts, range(len(clips)), given=known)
        return codec.decode(latents, sizes)

    def restored(self, clips: Sequence[Clip]) -> list[Video]:
        codec = self.networks.codec
        return codec.decode(codec.encode([clip.video_TCHW for clip in clips]), [size_of(clip) for clip in clips])

    def _given(self, clips: Sequence[Clip], frames: int) -> list[Given]:
        """The latent frames that show the first `frames` frames and nothing after; the autoencoder looks back alone."""
        codec = self.networks.codec
        whole = 1 + (frames - 1) // codec.time
        return [Given(one, tuple(range(whole))) for one in codec.encode([clip.video_TCHW for clip in clips])]


def size_of(clip: Clip) -> Size:
    frames, _, height, width = clip.video_TCHW.shape
    return int(frames), int(height), int(width)


def measure(networks: Networks, config: Config, progress: Progress) -> Measured:
    """All of it; what there is no network for is left out."""
    found, studio, sizes = Measured(), Studio(networks, config.sample_steps), sizes_of(config)
    models = len(networks.ladder) * len(networks.rungs) + 1
    with progress.stage("measure", models + 4, "measure") as stage:
        _distances(found, studio, config, sizes, stage.advance)
        _inside(found, studio, config, sizes)
        stage.advance()
        _attributes(found, studio, config, sizes)
        stage.advance()
        _permanence(found, studio, config, sizes)
        stage.advance()
        _panning(found, studio, config, sizes)
        found.said = gallery.caption_of(config.seed)
        found.pictures |= gallery.pictures(networks, sizes[0], config.seed, config.sample_steps, config.guidance)
        stage.advance()
    return found


def _distances(
    found: Measured, studio: Studio, config: Config, sizes: tuple[Size, ...], tell: Callable[[], None]
) -> None:  # fmt: skip
    """The Fréchet distance to real clips: of other real clips, of those restored, of the ladder with their captions.

    Without guidance, which moves a distribution away from the one that is asked about.
    """
    networks, seed = studio.networks, config.seed
    real = list(draw([seed, OTHERS], config.compared, sizes))
    same = list(draw([seed, SAME], config.compared, sizes))
    target = features(networks.judge, [clip.video_TCHW for clip in real])

    def distance(videos: Sequence[Video]) -> float:
        return frechet(features(networks.judge, videos), target)

    restored = studio.restored(same)
    main = studio.videos(networks.main, same, 1.0)
    found.judge = agreement(networks.judge, real)
    found.psnr = psnr([clip.video_TCHW for clip in same], restored)
    found.distance = {
        "real": distance([clip.video_TCHW for clip in same]), "restored": distance(restored),
        "random": distance([random_motion(clip, seed) for seed, clip in enumerate(same)]), "main": distance(main),
    }  # fmt: skip
    trained = _moved([clip.video_TCHW for clip in networks.clips], networks.device)
    for name, videos in (("main", main), ("real", [clip.video_TCHW for clip in same]), ("restored", restored)):
        found.nearest[name] = nearest(_moved(videos[: config.asked], networks.device), trained).tolist()
    tell()
    shelves = shelved(same, networks.codec, config.patch)
    for run in networks.ladder:
        for name, steps in networks.rungs.items():
            videos = studio.videos(run.models[steps], same, 1.0)
            loss = validation_loss(run.models[steps], shelves, config.patch)
            found.rungs.append(Rung(run.seed, name, steps, distance(videos), loss))
            if run.seed == seed:
                found.pictures[f"ladder/{name}"] = videos[0]
            tell()
    found.pictures |= {"ladder/real": same[0].video_TCHW, "ladder/restored": restored[0]}


def _moved(videos: Sequence[Video], device: torch.device) -> list[Video]:
    return [video.to(device) for video in videos]


@torch.no_grad()
def validation_loss(model: Denoiser, shelves: Sequence[Shelf], patch: int) -> float:
    """The loss of training on clips that it has not seen: the same times and noise for every model."""
    counts = [len(shelf.x_SNP) for shelf in shelves]
    device = model.last.weight.device
    where = batch_layout(shelves, counts, patch).to(device)
    x0_NP = torch.cat([shelf.x_SNP.flatten(0, 1) for shelf in shelves]).to(device)
    caption_BL = torch.cat([shelf.descriptive_SL for shelf in shelves]).to(device)
    noise_NP = torch.randn(x0_NP.shape, generator=torch.Generator().manual_seed(0)).to(device)
    given_N = torch.zeros(where.tokens, dtype=torch.bool, device=device)
    losses = []
    for time in TIMES:
        t_B = torch.full((sum(counts),), time, device=device)
        losses.append(loss_of(model, Batch(x0_NP, noise_NP, t_B, caption_BL, given_N), where).item())
    return sum(losses) / len(losses)


def _inside(found: Measured, studio: Studio, config: Config, sizes: tuple[Size, ...]) -> None:
    """How much of the subject is inside the frame, at all native sizes of some length; real clips have all of it.

    What was trained on squares is asked for squares, as it would be used, and for native sizes as well.
    """
    moving, scenes = [size for size in sizes if size[0] > 1], [config.seed, OTHERS]
    clips = list(draw(scenes, config.asked, moving, mix=PLAIN))
    native = [size_of(clip) for clip in clips]
    square = [(frames, min(side), min(side)) for frames, *side in native]
    models = studio.networks.compared
    for name, kind, shown in (
        ("native", "native", native), ("equal", "equal", native), ("crop", "crop", square),
        ("crop_native", "crop", native),
    ):  # fmt: skip
        if kind in models:
            videos = studio.videos(models[kind], clips, config.guidance, sizes=shown)
            found.inside[name] = read(studio.networks.judge, videos).inside_N.tolist()
    cropped = draw(scenes, config.asked, moving, mix=PLAIN, cropped=True)
    for name, real in (("cropped", cropped), ("real", clips)):
        found.inside[name] = read(studio.networks.judge, [clip.video_TCHW for clip in real]).inside_N.tolist()
    found.shapes = [gallery.shape_name(size) for size in native]


def _attributes(found: Measured, studio: Studio, config: Config, sizes: tuple[Size, ...]) -> None:
    """Combinations that no model was trained on, all asked for in the same descriptive words."""
    networks, moving = studio.networks, [size for size in sizes if size[0] > 1]
    clips = list(draw([config.seed, HELD_OUT], config.asked, moving, mix=PLAIN, held_out=True))
    said = [captions.descriptive(clip.scene) for clip in clips]
    for kind in ("native", "equal", "short"):
        if kind in networks.compared:
            videos = studio.videos(networks.compared[kind], clips, config.guidance)
            found.attributes[kind] = _told(networks, videos, said)
    found.attributes["restored"] = _told(networks, studio.restored(clips), said)
    found.attributes["real"] = _told(networks, [clip.video_TCHW for clip in clips], said)


def _told(networks: Networks, videos: Sequence[Video], said: Sequence[str]) -> list[dict[str, float]]:
    """For each video, which of what its caption says the judge reads in it."""
    reading = read(networks.judge, videos)
    return [
        {name: float(reading.value(name, one) == value) for name, value in captions.attributes(text).items()}
        for one, text in enumerate(said)
    ]


def _permanence(found: Measured, studio: Studio, config: Config, sizes: tuple[Size, ...]) -> None:
    """The first GIVEN frames of clips with a wall, and no caption: nothing but the frames says what will come back."""
    wide = [size for size in sizes if size[0] > 1 and size[1] != size[2]]
    if not wide:
        return
    clips = list(draw([config.seed, HIDDEN], config.asked, wide, mix=OCCLUDED))
    made = {"real": [clip.video_TCHW for clip in clips], "restored": studio.restored(clips)}
    for kind in ("native", "frames"):
        if kind in studio.networks.compared:
            model = studio.networks.compared[kind]
            made[kind] = studio.videos(model, clips, 1.0, said=False, given=GIVEN)
    for name, videos in made.items():
        right = permanence(studio.networks.judge, videos, clips)
        rows = zip(right.colour_N.tolist(), right.shape_N.tolist(), right.place_N.tolist(), strict=True)
        found.returned[name] = [dict(zip(("colour", "shape", "place"), row, strict=True)) for row in rows]
    found.pictures |= {f"hidden/{name}": videos[0] for name, videos in made.items()}


def _panning(found: Measured, studio: Studio, config: Config, sizes: tuple[Size, ...]) -> None:
    """Whether the ground goes as the camera says that it pans."""
    clips = list(draw([config.seed, PANNED], config.asked, [size for size in sizes if size[0] > 1], mix=PAN))
    made = {"real": [clip.video_TCHW for clip in clips], "restored": studio.restored(clips)}
    for kind in ("native", "frames"):
        if kind in studio.networks.compared:
            made[kind] = studio.videos(studio.networks.compared[kind], clips, config.guidance)
    ways = [clip.scene.camera for clip in clips]
    found.panned = {name: pan_consistency(videos, ways).tolist() for name, videos in made.items()}
