"""Latents of any size as one row of spacetime patches, and back: no token is padding.

    F, C, h, w      frames, channels, height and width of a latent
    B, N, P         latents of a batch; all their patches; numbers in a patch: C x patch x patch
    latent_FChw     one latent
    x_NP            the patches of a batch, latent after latent, frame after frame, row after row

A latent whose height or width is no multiple of the patch is filled up with zeros at the bottom and on the right, for
whole patches; `real_NP` knows these numbers, no loss counts them, and `unpack` cuts them off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import torch
from torch import Tensor
from torch.nn import functional

from nonmun.runner import RunnerError

Size = tuple[int, int, int]  # frames, height and width of a latent


@dataclass(frozen=True, slots=True)
class Group:
    """Latents that stand together and have equally many frames, and patches in a frame: one call of attention."""

    latents: int
    frames: int
    patches: int

    @property
    def tokens(self) -> int:
        return self.latents * self.frames * self.patches


@dataclass(frozen=True, slots=True)
class Strip:
    """Frames that stand together and have equally many patches, of whatever latents."""

    frames: int
    patches: int

    @property
    def tokens(self) -> int:
        return self.frames * self.patches


@dataclass(frozen=True, slots=True)
class Layout:
    """Which token of a packed batch belongs where. Made once for a batch of given sizes; holds no content."""

    sizes: tuple[Size, ...]
    patch: int
    groups: tuple[Group, ...]
    order_B: Tensor  # the latents as they stand in the row: those of one shape together
    latent_N: Tensor  # which latent a token is of, counted as the caller does
    frame_N: Tensor  # which of its frames
    grid_N3: Tensor  # its place: frame, row and column, in patches
    extent_N3: Tensor  # frames, rows and columns of its latent
    first_S: Tensor  # the first token of each frame
    real_NP: Tensor | None  # False for what fills a patch up; None where nothing does

    @property
    def tokens(self) -> int:
        return len(self.latent_N)

    @property
    def strips(self) -> tuple[Strip, ...]:
        """Neighbouring groups with equally many patches in a frame, taken together: one view of their tokens."""
        runs = groupby(self.groups, key=lambda group: group.patches)
        return tuple(Strip(sum(one.latents * one.frames for one in run), patches) for patches, run in runs)

    def to(self, device: torch.device) -> Layout:
        moved = {
            name: value.to(device)
            for name in ("order_B", "latent_N", "frame_N", "grid_N3", "extent_N3", "first_S", "real_NP")
            if (value := getattr(self, name)) is not None
        }
        return replace(self, **moved)


def layout(sizes: Sequence[Size], patch: int = 2, channels: int = 1) -> Layout:
    """The layout of a batch. RunnerError where a latent is empty; `channels` matters to sizes that need filling."""
    for frames, height, width in sizes:
        if min(frames, height, width) < 1:
            raise RunnerError(
                f"a latent of {frames} frames, {height} x {width}, expected at least 1 of each",
                mend="ask for one frame and one pixel or more",
            )
    if not sizes:
        raise RunnerError("a batch without a latent", mend="give one or more")
    shapes = [(frames, -(-height // patch), -(-width // patch)) for frames, height, width in sizes]
    order = sorted(range(len(sizes)), key=lambda one: (_like(shapes[one]), shapes[one], sizes[one]))
    groups = []
    for (patches, frames), run in groupby(order, key=lambda one: _like(shapes[one])):
        groups.append(Group(len(list(run)), frames, patches))
    grids = {shape: _grid(shape) for shape in set(shapes)}
    lengths = torch.tensor([len(grids[shapes[one]]) for one in order])
    order_B = torch.tensor(order)
    grid_N3 = torch.cat([grids[shapes[one]] for one in order])
    extent_N3 = torch.tensor([shapes[one] for one in order]).repeat_interleave(lengths, dim=0)
    latent_N = order_B.repeat_interleave(lengths)
    whole = all(height % patch == 0 and width % patch == 0 for _, height, width in sizes)
    first_S = (grid_N3[:, 1:] == 0).all(1).nonzero().flatten()
    frame_N = grid_N3[:, 0]
    found = Layout(tuple(sizes), patch, tuple(groups), order_B, latent_N, frame_N, grid_N3, extent_N3, first_S, None)
    ones = [torch.ones(frames, channels, height, width) for frames, height, width in sizes]
    return found if whole else replace(found, real_NP=pack(ones, found).bool())


def _like(shape: Size) -> tuple[int, int]:
    return shape[1] * shape[2], shape[0]


def _grid(shape: Size) -> Tensor:
    return torch.cartesian_prod(*(torch.arange(extent) for extent in shape)).view(-1, 3)


def patchify(latent_FChw: Tensor, patch: int = 2) -> Tensor:
    """One latent as its patches: N x P, also for several of one size at once, ... x F x C x h x w."""
    height, width = latent_FChw.shape[-2:]
    filled = functional.pad(latent_FChw, (0, -width % patch, 0, -height % patch))
    cut = filled.unflatten(-1, (-1, patch)).unflatten(-3, (-1, patch))  # F C rows patch columns patch
    return cut.movedim((-5, -3, -1), (-3, -2, -1)).flatten(-3).flatten(-4, -2)


def unpatchify(x_NP: Tensor, size: Size, patch: int = 2) -> Tensor:
    """The latent again, F x C x h x w, also for several of one size at once: inverse to `patchify`."""
    frames, height, width = size
    rows, columns = -(-height // patch), -(-width // patch)
    cut = x_NP.unflatten(-1, (-1, patch, patch)).unflatten(-4, (frames, rows, columns))
    filled = cut.movedim((-3, -2, -1), (-5, -3, -1)).flatten(-2).flatten(-3, -2)
    return filled[..., :height, :width]


def pack(latents: Sequence[Tensor], where: Layout) -> Tensor:
    """x_NP of a batch of latent_FChw, in the order of the layout."""
    found = tuple((len(one), *one.shape[-2:]) for one in latents)
    if found != where.sizes:
        raise RunnerError(f"latents of {found}, expected {where.sizes}", mend="make the layout from these latents")
    return torch.cat([patchify(latents[one], where.patch) for one in where.order_B.tolist()])


def unpack(x_NP: Tensor, where: Layout) -> list[Tensor]:
    """The latents of a batch, as the caller counts them: inverse to `pack`."""
    order = where.order_B.tolist()
    lengths = [group.frames * group.patches for group in where.groups for _ in range(group.latents)]
    parts = zip(order, x_NP.split(lengths), strict=True)
    found = {one: unpatchify(part, where.sizes[one], where.patch) for one, part in parts}
    return [found[one] for one in range(len(order))]
