"""Clips as training takes them: encoded once, cut into patches, and kept by size, so that a batch is a few look-ups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nonmun.runner import RunnerError

from . import captions
from .packing import Layout, Size, layout, patchify
from .sampling import Codec
from .world import Clip

CHUNK = 256  # clips that are encoded together


@dataclass(frozen=True, slots=True)
class Shelf:
    """All latents of one size F x h x w: their patches S x N x P, and the two captions of each, S x L."""

    size: Size
    x_SNP: Tensor
    descriptive_SL: Tensor
    short_SL: Tensor

    def to(self, device: torch.device) -> Shelf:
        return Shelf(self.size, *(one.to(device) for one in (self.x_SNP, self.descriptive_SL, self.short_SL)))


def shelved(clips: Iterable[Clip], codec: Codec, patch: int) -> tuple[Shelf, ...]:
    """The clips, encoded, in the order in which a packed batch has their sizes."""
    latents: dict[Size, list[Tensor]] = {}
    said: dict[Size, list[tuple[Tensor, Tensor]]] = {}
    chunk: list[Clip] = []

    def encode() -> None:
        for clip, latent in zip(chunk, codec.encode([one.video_TCHW for one in chunk]), strict=True):
            size = (len(latent), int(latent.shape[-2]), int(latent.shape[-1]))
            latents.setdefault(size, []).append(latent.cpu())
            both = (captions.descriptive(clip.scene), captions.short(clip.scene))
            said.setdefault(size, []).append((captions.encode(both[0]), captions.encode(both[1])))
        chunk.clear()

    for clip in clips:
        chunk.append(clip)
        if len(chunk) == CHUNK:
            encode()
    if chunk:
        encode()
    sizes = list(latents)
    found = []
    for one in layout(sizes, patch).order_B.tolist():
        size = sizes[one]
        descriptive, short = zip(*said[size], strict=True)
        x_SNP = patchify(torch.stack(latents[size]), patch)
        found.append(Shelf(size, x_SNP, torch.stack(descriptive), torch.stack(short)))
    return tuple(found)


def composition(shelves: Sequence[Shelf], batch: int) -> list[int]:
    """How many latents of each shelf a batch has: in proportion, one at least. RunnerError where there are none."""
    if not shelves:
        raise RunnerError("no clips to train on", mend="ask for more clips")
    total = sum(len(shelf.x_SNP) for shelf in shelves)
    return [max(1, round(batch * len(shelf.x_SNP) / total)) for shelf in shelves]


def batch_layout(shelves: Sequence[Shelf], counts: Sequence[int], patch: int) -> Layout:
    """The layout of every batch of this composition."""
    sizes = [shelf.size for shelf, count in zip(shelves, counts, strict=True) for _ in range(count)]
    channels = shelves[0].x_SNP.shape[-1] // patch**2
    return layout(sizes, patch, channels)


def draw(
    shelves: Sequence[Shelf], counts: Sequence[int], generator: torch.Generator, *, short: bool
) -> tuple[Tensor, Tensor]:
    """x0_NP and caption_BL of a random batch, with replacement."""
    rows, said = [], []
    for shelf, count in zip(shelves, counts, strict=True):
        which = torch.randint(len(shelf.x_SNP), (count,), generator=generator, device=shelf.x_SNP.device)
        rows.append(shelf.x_SNP[which].flatten(0, 1))
        said.append((shelf.short_SL if short else shelf.descriptive_SL)[which])
    return torch.cat(rows), torch.cat(said)
