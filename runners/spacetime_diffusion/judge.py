"""A small network trained on what is true of clips: it reads attributes off a video, and its features are a measure.

It reads what captions can say (size, colour, shape, direction, tone, pattern, camera, wall) and how much of the first
object is inside the frame. Its accuracy on clips that it has not seen goes with every result. Noise and blur are in its
training, so that a generated clip is read for what it shows and not for how sharp it is.

It looks twice: at the object, cut out where the colour is and averaged over time as it moves; and at whole frames and
their changes, whose pooled features go through convolutions over time. Any size, any number of frames.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .blobs import Blobs, blobs
from .captions import ATTRIBUTES, attributes
from .rendering import Clip

UNSAID = -1  # an attribute that a clip does not show: no direction in a still, no colour of what is out of sight
GLIMPSE, AROUND = 16, 0.7  # points a side of the view of the object, and its side in sqrt(height · width)
INSIDE = 3.0  # the weight of the share inside the frame, beside one for each attribute
SEEN = 0.5  # of an object in one frame at least, for its attributes to count as shown


class Judge(nn.Module):
    """Videos → logits of each attribute, the share inside the frame, and FEATURES numbers in between."""

    FEATURES = 64

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        self.settings = {"width": width}
        deep = 2 * width
        self.whole = nn.Sequential(
            nn.Conv2d(6, width, 3, padding=1, stride=2), nn.GELU(),
            nn.Conv2d(width, deep, 3, padding=1, stride=2), nn.GroupNorm(1, deep), nn.GELU(),
        )  # fmt: skip
        self.near = nn.Sequential(
            nn.Conv2d(4, width, 3, padding=1), nn.GELU(),
            nn.Conv2d(width, deep, 3, padding=1, stride=2), nn.GELU(),
            nn.Conv2d(deep, deep, 3, padding=1, stride=2), nn.GroupNorm(1, deep), nn.GELU(), nn.Flatten(),
            nn.Linear(deep * (GLIMPSE // 4) ** 2, 2 * deep), nn.LayerNorm(2 * deep), nn.GELU(),
        )  # fmt: skip
        self.frame = nn.Sequential(nn.Linear(2 * deep + 6, 2 * deep), nn.LayerNorm(2 * deep), nn.GELU())
        self.moves = nn.ModuleList(nn.Conv1d(2 * deep, 2 * deep, 3, padding=1) for _ in range(2))
        self.feature = nn.Linear(6 * deep, self.FEATURES)
        self.heads = nn.Linear(self.FEATURES, sum(map(len, ATTRIBUTES.values())) + 1)

    def forward(self, videos_NTCHW: Tensor) -> tuple[Tensor, Tensor]:
        """Features N, D and head outputs N, A of videos of one size."""
        found = blobs(videos_NTCHW)
        near_ND = self.near(_glimpse(videos_NTCHW, found))
        shape_NT = videos_NTCHW.shape[:2]
        grey_NT1HW = videos_NTCHW.mean(2, keepdim=True)
        fine_NT1HW = 4 * (grey_NT1HW - grey_NT1HW.mean((3, 4), keepdim=True))
        change_NT1HW = 4 * torch.diff(grey_NT1HW, dim=1, append=grey_NT1HW[:, -1:])
        seen_NTCHW = torch.cat((grey_NT1HW, fine_NT1HW, change_NT1HW, 2 * (videos_NTCHW - grey_NT1HW)), dim=2)
        x_BDP = self.whole(seen_NTCHW.flatten(0, 1)).flatten(2)
        step_NT2 = torch.diff(found.centre_NT2, dim=1, append=found.centre_NT2[:, -1:]).clamp(-4, 4)
        area_NT1 = found.area_NT[..., None]
        share_NT1 = area_NT1 / area_NT1.amax(1, keepdim=True).clamp(min=1e-6)
        blob_NT6 = torch.cat((found.centre_NT2 / 16 - 1, step_NT2, area_NT1.sqrt() / 4, 2 * share_NT1 - 1), dim=-1)
        x_BE = self.frame(torch.cat((x_BDP.mean(-1), x_BDP.amax(-1), blob_NT6.flatten(0, 1)), dim=1))
        x_NET = x_BE.unflatten(0, shape_NT).transpose(1, 2)
        for move in self.moves:
            x_NET = x_NET + F.gelu(move(x_NET))
        features_ND = self.feature(torch.cat((x_NET.mean(-1), x_NET.amax(-1), near_ND), dim=1))
        return features_ND, self.heads(F.gelu(features_ND))


def _glimpse(videos_NTCHW: Tensor, found: Blobs) -> Tensor:
    """The object by itself, N, 4, GLIMPSE, GLIMPSE: its surroundings, averaged over the frames as it moves.

    Frames count by how much of the object they show. Of a side AROUND · sqrt(height · width), however large that is.
    """
    count, frames, _, high, wide = videos_NTCHW.shape
    half = AROUND * math.sqrt(high * wide) / 2
    line_G = torch.linspace(-half, half, GLIMPSE, device=videos_NTCHW.device)
    offset_GG2 = torch.stack(torch.meshgrid(line_G, line_G, indexing="xy"), dim=-1)
    side_2 = torch.tensor([wide, high], device=videos_NTCHW.device, dtype=torch.float32)
    place_BGG2 = 2 * (found.centre_NT2.flatten(0, 1)[:, None, None] + offset_GG2) / side_2 - 1
    grey_NT1HW = videos_NTCHW.mean(2, keepdim=True)
    colour_NTCHW = torch.cat(
        (2 * (videos_NTCHW - grey_NT1HW), torch.ones_like(grey_NT1HW)), dim=2
    )  # and what is inside
    view_BCGG = F.grid_sample(colour_NTCHW.flatten(0, 1), place_BGG2, align_corners=False)
    share_NT = found.area_NT / found.area_NT.sum(1, keepdim=True).clamp(min=1e-6)
    return torch.einsum("ntcgk,nt->ncgk", view_BCGG.unflatten(0, (count, frames)), share_NT)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the judge reads off each of N videos: an index into ATTRIBUTES[name] by name, and the share inside."""

    features_ND: Tensor
    values: Mapping[str, Tensor]
    inside_N: Tensor

    def value(self, name: str, index: int) -> str:
        """An attribute of one video, as a word."""
        return ATTRIBUTES[name][int(self.values[name][index])]


@torch.no_grad()
def read(judge: Judge, videos: Sequence[Tensor], batch: int = 128) -> Reading:
    """Read videos of any sizes, in their order. The judge's device does the work; what comes back is on the CPU."""
    judge.eval()
    device = next(judge.parameters()).device
    features_ND = torch.zeros(len(videos), judge.FEATURES)
    out_NA = torch.zeros(len(videos), judge.heads.out_features)
    for group in _alike(videos):
        for start in range(0, len(group), batch):
            indices = group[start : start + batch]
            features, out = judge(torch.stack([videos[index] for index in indices]).to(device, torch.float32))
            features_ND[indices], out_NA[indices] = features.cpu(), out.cpu()
    logits = _split(out_NA)
    return Reading(features_ND, {name: one.argmax(1) for name, one in logits.items()}, out_NA[:, -1].sigmoid())


def features(judge: Judge, videos: Sequence[Tensor]) -> Tensor:
    """N, D features for the Fréchet distance."""
    return read(judge, videos).features_ND


def truth(clip: Clip) -> dict[str, int]:
    """The index of each attribute that the clip shows; UNSAID for one that it does not."""
    scene, labels = clip.scene, clip.labels
    thing, moves = scene.things[0], len(clip.video_TCHW) > 1
    seen_T = labels.visible_TO[:, 0] >= SEEN
    shown = bool(seen_T.any())
    goes = moves and bool(seen_T[:3].any())
    said = {
        "size": thing.size if shown else None, "colour": thing.colour if shown else None,
        "shape": thing.shape if shown else None, "direction": scene.direction if goes else None,
        "tone": scene.ground.tone, "pattern": scene.ground.pattern, "camera": scene.camera if moves else None,
        "wall": "wall" if scene.wall else "none",
    }  # fmt: skip
    return {name: ATTRIBUTES[name].index(value) if value else UNSAID for name, value in said.items()}


def accuracy(reading: Reading, captions: Sequence[str]) -> dict[str, Tensor]:
    """By attribute, for the clips whose caption says it: 1 where the judge reads what was said, else 0."""
    found: dict[str, list[float]] = defaultdict(list)
    for index, caption in enumerate(captions):
        for name, value in attributes(caption).items():
            found[name].append(float(reading.value(name, index) == value))
    return {name: torch.tensor(found[name]) for name in ATTRIBUTES if name in found}


def agreement(judge: Judge, clips: Sequence[Clip]) -> dict[str, float]:
    """How well the judge reads clips: by attribute the share read rightly, and `inside`, the mean absolute error."""
    reading = read(judge, [clip.video_TCHW for clip in clips])
    found = {}
    truths = [truth(clip) for clip in clips]
    for name in ATTRIBUTES:
        said_N = torch.tensor([one[name] for one in truths])
        shown_N = said_N != UNSAID
        found[name] = float((reading.values[name] == said_N)[shown_N].float().mean()) if shown_N.any() else float("nan")
    inside_N = torch.stack([clip.labels.inside_TO[:, 0].mean() for clip in clips])
    return found | {"inside": float((reading.inside_N - inside_N).abs().mean())}


def train_judge(
    judge: Judge,
    clips: Sequence[Clip],
    steps: int,
    *,
    seed: int,
    batch: int = 32,
    rate: float = 2e-3,
    report: Callable[[float], None] | None = None,
) -> Judge:
    """Train on labelled clips of any sizes, whole and cropped; `report` is called with each step's loss."""
    rng, device = np.random.default_rng([seed, 12]), next(judge.parameters()).device
    noise = torch.Generator(device).manual_seed(seed)
    truths = [truth(clip) for clip in clips]
    targets_NA = torch.tensor([[one[name] for name in ATTRIBUTES] for one in truths])
    inside_N = torch.stack([clip.labels.inside_TO[:, 0].mean() for clip in clips])
    videos = [clip.video_TCHW for clip in clips]
    groups = _alike(videos)
    shares = np.array([len(group) for group in groups]) / len(clips)
    optimiser = torch.optim.AdamW(judge.parameters(), lr=rate, betas=(0.9, 0.95), weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=max(steps, 2), pct_start=0.1)
    judge.train()
    for _ in range(steps):
        group = groups[int(rng.choice(len(groups), p=shares))]
        chosen = [group[int(index)] for index in rng.integers(len(group), size=batch)]
        x_NTCHW = _worn(torch.stack([videos[index] for index in chosen]).to(device), noise)
        _, out_NA = judge(x_NTCHW)
        loss = INSIDE * F.binary_cross_entropy_with_logits(out_NA[:, -1], inside_N[chosen].to(device))
        for logits_NV, said_N in zip(_split(out_NA).values(), targets_NA[chosen].to(device).T, strict=True):
            # Nothing shown is no loss; the mean over the batch is safe where nothing at all is shown.
            loss = loss + F.cross_entropy(logits_NV, said_N, ignore_index=UNSAID, reduction="sum") / batch
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(judge.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if report:
            report(loss.item())
    return judge.eval()


def _worn(x_NTCHW: Tensor, noise: torch.Generator) -> Tensor:
    """Blurred in part, and under noise: each video as much as chance says."""
    strength_N = torch.rand((2, len(x_NTCHW), 1, 1, 1, 1), generator=noise, device=x_NTCHW.device)
    blurred = F.avg_pool2d(F.pad(x_NTCHW.flatten(0, 1), (1, 1, 1, 1), mode="replicate"), 3, 1).view_as(x_NTCHW)
    x_NTCHW = torch.lerp(x_NTCHW, blurred, (strength_N[0] - 0.5).clamp(min=0))
    grain = torch.randn(x_NTCHW.shape, generator=noise, device=x_NTCHW.device)
    return x_NTCHW + 0.2 * (strength_N[1] - 0.5).clamp(min=0) * grain


def _split(out_NA: Tensor) -> dict[str, Tensor]:
    widths = [len(values) for values in ATTRIBUTES.values()]
    return dict(zip(ATTRIBUTES, out_NA[:, :-1].split(widths, dim=1), strict=True))


def _alike(videos: Sequence[Tensor]) -> list[list[int]]:
    """The indices of videos of one size together."""
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for index, video in enumerate(videos):
        groups[tuple(video.shape)].append(index)
    return list(groups.values())
