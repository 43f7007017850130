"""The denoiser: a transformer over the packed spacetime patches of many latents, each seeing itself and its caption.

[1] Peebles & Xie, Scalable Diffusion Models with Transformers, arXiv:2212.09748, Sec. 3.2: adaLN-Zero.
[2] Chen et al., PixArt-alpha, arXiv:2310.00426, Sec. 2.3: one modulation network, and an offset for each block.
[3] Dehghani et al., Scaling Vision Transformers to 22 Billion Parameters, arXiv:2302.05442, Sec. 2: QK-norm.
[4] Su et al., RoFormer, arXiv:2104.09864: rotary positions, here over frame, row and column.

Names end in shapes as in packing.py and method.py; besides: D width, A heads, E numbers of a head, T width of a
caption, R rows of modulation: one for each latent at its own time, then one for each at time 0, for what is given; S
frames of the batch, in the order of the layout: all tokens of a frame are modulated alike.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from nonmun.runner import RunnerError

from .packing import Group, Layout, Strip

LOWEST = 1 / 64  # turns of RoPE in a patch, the slowest; the fastest makes one radian
WAVES = 4  # half waves over a latent's extent that say where in it a token is
PLACES = 3 * (4 * WAVES + 1)  # numbers that say so
TIME_WAVES = 32


@dataclass(frozen=True, slots=True)
class Shape:
    """What a denoiser is made of. RunnerError where it cannot be."""

    channels: int = 8  # of a latent
    patch: int = 2
    width: int = 144
    heads: int = 3
    layers: int = 4
    expansion: int = 4
    text_width: int = 64
    text_layers: int = 1
    vocabulary: int = 36
    length: int = 28  # tokens of a caption
    temporal: bool = True  # False: the ablation, in which a token sees its own frame alone

    def __post_init__(self) -> None:
        if self.width % self.heads or (self.width // self.heads) % 2 or self.width // self.heads < 6:
            raise RunnerError(
                f"width {self.width} with {self.heads} heads, expected an even number of at least 6 for each head",
                mend="make the width a multiple of the heads",
            )

    @property
    def inputs(self) -> int:
        return self.channels * self.patch**2


def turns(grid_N3: Tensor, dims: int) -> Tensor:
    """RoPE's turns [4] as complex numbers, N x 1 x dims/2: a third of the pairs go with the frame, the row, the column.

    A pair is two neighbouring numbers of a head, so that turning it is one product.
    """
    pairs = dims // 2
    shares = (pairs - 2 * (pairs // 3), pairs // 3, pairs // 3)
    parts = []
    for axis, share in enumerate(shares):
        speed = LOWEST ** (torch.arange(share, device=grid_N3.device) / max(1, share - 1))
        parts.append(grid_N3[:, axis, None] * speed)
    angle = torch.cat(parts, dim=-1).unsqueeze(1)
    return torch.polar(torch.ones_like(angle), angle)


def rotate(x: Tensor, turn: Tensor) -> Tensor:
    """Each pair of numbers of a head turned, ... x A x E."""
    return torch.view_as_real(torch.view_as_complex(x.view(*x.shape[:-1], -1, 2)) * turn).flatten(-2)


def spread(text_BLAE: Tensor, calls: int) -> Tensor:
    """The caption of each latent for all of its calls: one, or as many as it has frames."""
    count = len(text_BLAE)
    return text_BLAE.unsqueeze(1).expand(-1, calls // count, -1, -1, -1).flatten(0, 1)


def places(grid_N3: Tensor, extent_N3: Tensor) -> Tensor:
    """Where a token is within its own latent, N x PLACES: RoPE tells distances alone, and borders matter here.

    Waves over the extent (which end, how far along), and over patches counted from both ends (how near a border).
    """
    step = torch.arange(1, WAVES + 1, device=grid_N3.device)
    along = ((grid_N3 + 0.5) / extent_N3).unsqueeze(-1) * step * math.pi
    near = torch.stack([grid_N3, extent_N3 - 1 - grid_N3], dim=-1)
    near = torch.cat([torch.exp(-near / scale) for scale in (0.5, 1, 2, 4)], dim=-1)  # 8 for an axis
    return torch.cat([along.sin(), along.cos(), near, extent_N3.unsqueeze(-1).log2() / 4], dim=-1).flatten(1)


def norm(x: Tensor) -> Tensor:
    """LayerNorm without gain or bias: those come from the modulation."""
    return functional.layer_norm(x, x.shape[-1:], eps=1e-6)


class Attention(nn.Module):
    """Softmax attention of every token to its own latent, or frame, and to its caption; queries and keys normed [3]."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads, self.temporal = shape.heads, shape.temporal
        self.qk = nn.Linear(shape.width, 2 * shape.width, bias=False)
        self.v = nn.Linear(shape.width, shape.width, bias=False)
        self.text = nn.Linear(shape.text_width, 2 * shape.width, bias=False)
        self.gain_E = nn.Parameter(torch.ones(shape.width // shape.heads))  # of queries and keys alike
        self.out = nn.Linear(shape.width, shape.width, bias=False)

    def normed(self, x: Tensor) -> Tensor:
        return functional.layer_norm(x.float(), x.shape[-1:], self.gain_E, eps=1e-6)

    def forward(
        self, x_ND: Tensor, text_BLT: Tensor, turn: Tensor, groups: Sequence[Group], mask: Tensor | None
    ) -> Tensor:
        """`text_BLT` stands in the order of the layout; a group is one call, since all in it are of one length."""
        each = self.gain_E.numel()
        v_NAE = self.v(x_ND).view(-1, self.heads, each)
        qk = rotate(self.normed(self.qk(x_ND).view(-1, 2 * self.heads, each)), turn).to(v_NAE.dtype)
        text = self.text(text_BLT).view(*text_BLT.shape[:2], 2, self.heads, each)
        text_k, text_v = self.normed(text[:, :, 0]).to(text.dtype), text[:, :, 1]
        tokens, latents = [group.tokens for group in groups], [group.latents for group in groups]
        parts = []
        for group, qk_own, v, text_ks, text_vs in zip(
            groups, qk.split(tokens), v_NAE.split(tokens), text_k.split(latents), text_v.split(latents), strict=True
        ):
            calls = group.latents * (1 if self.temporal else group.frames)
            q, k = qk_own.view(calls, -1, 2, self.heads, each).unbind(2)
            k = torch.cat([k, spread(text_ks, calls)], dim=1)
            v = torch.cat([v.view(calls, -1, self.heads, each), spread(text_vs, calls)], dim=1)
            q, k, v = (one.transpose(1, 2) for one in (q, k, v))
            seen = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
            parts.append(seen.transpose(1, 2).reshape(group.tokens, -1))
        return self.out(torch.cat(parts))


class Block(nn.Module):
    """Attention, then an MLP, both modulated; a gate that begins at nought makes each block begin as nothing [1]."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.attention = Attention(shape)
        self.up = nn.Linear(shape.width, shape.expansion * shape.width, bias=False)
        self.down = nn.Linear(shape.expansion * shape.width, shape.width, bias=False)
        self.offset = nn.Parameter(torch.zeros(6 * shape.width))

    def forward(
        self, x_ND: Tensor, rows_R6D: Tensor, row_S: Tensor, text_BLT: Tensor, turn: Tensor, groups: Sequence[Group],
        strips: Sequence[Strip], mask: Tensor | None,
    ) -> Tensor:  # fmt: skip
        of_frame = (rows_R6D + self.offset).index_select(0, row_S).chunk(6, dim=-1)
        shift1, scale1, gate1, shift2, scale2, gate2 = of_frame
        seen = self.attention(modulated(x_ND, shift1, scale1, strips), text_BLT, turn, groups, mask)
        x_ND = by_frame(x_ND, gate1, seen, strips)
        hidden = functional.silu(self.up(modulated(x_ND, shift2, scale2, strips)))
        return by_frame(x_ND, gate2, self.down(hidden), strips)


def modulated(x_ND: Tensor, shift_SD: Tensor, scale_SD: Tensor, strips: Sequence[Strip]) -> Tensor:
    """Of each frame norm(x) (1 + scale) + shift   [1]."""
    return by_frame(shift_SD, 1 + scale_SD, norm(x_ND), strips)


def by_frame(base: Tensor, factor_SD: Tensor, x_ND: Tensor, strips: Sequence[Strip]) -> Tensor:
    """Base + factor x. All tokens of a frame share a factor (S rows), and may share the base (S or else N rows).

    Written with views of each strip: a row for each token would have to be made, and on the way back summed up again.
    """
    frames, tokens = [strip.frames for strip in strips], [strip.tokens for strip in strips]
    whole = len(base) != len(factor_SD) or frames == tokens
    parts = []
    for strip, own, factor, x in zip(
        strips, base.split(tokens if whole else frames), factor_SD.split(frames), x_ND.split(tokens), strict=True
    ):
        cut = (-1, strip.patches)
        own = own.unflatten(0, cut) if whole else own.unsqueeze(1)
        parts.append(torch.addcmul(own, factor.unsqueeze(1), x.unflatten(0, cut)).flatten(0, 1))
    return torch.cat(parts) if len(parts) > 1 else parts[0]


class CaptionEncoder(nn.Module):
    """Captions as vectors B x L x T: each word with its neighbours. A dropped caption is `<none>` alone.

    What a word means hangs on the one before it (`pans left`, `moves left`), and which words there are the denoiser's
    own attention sees; attention here cost a seventh of a step and told nothing more.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.words = nn.Embedding(shape.vocabulary, shape.text_width)
        self.positions = nn.Parameter(torch.zeros(shape.length, shape.text_width))
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.Linear(3 * shape.text_width, 2 * shape.text_width), nn.SiLU(),
                nn.Linear(2 * shape.text_width, shape.text_width),
            )
            for _ in range(shape.text_layers)
        )  # fmt: skip

    def forward(self, caption_BL: Tensor) -> Tensor:
        text_BLT = self.words(caption_BL) + self.positions
        for layer in self.layers:
            around = functional.pad(text_BLT, (0, 0, 1, 1))
            text_BLT = text_BLT + layer(torch.cat([around[:, :-2], text_BLT, around[:, 2:]], dim=-1))
        return norm(text_BLT)


class Denoiser(nn.Module):
    """Guesses the clean patches of packed noisy ones."""

    def __init__(self, shape: Shape, seed: int = 0) -> None:
        super().__init__()
        self.shape = shape
        width = shape.width
        self.patches = nn.Linear(shape.inputs, width)
        self.places = nn.Linear(PLACES, width)
        self.time = nn.Sequential(nn.Linear(2 * TIME_WAVES, width), nn.SiLU(), nn.Linear(width, width))
        self.captions = CaptionEncoder(shape)
        self.summary = nn.Linear(shape.text_width, width)
        self.modulation = nn.Linear(width, 6 * width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.last_modulation = nn.Linear(width, 2 * width)
        self.last = nn.Linear(width, shape.inputs)
        self._begin(seed)

    @torch.no_grad()
    def _begin(self, seed: int) -> None:
        """Every matrix from a generator of its own, so that variants of one seed begin alike wherever they can."""
        zero = ("modulation.", "last_modulation.", "last.")
        for name, parameter in self.named_parameters():
            if parameter.ndim < 2:
                parameter.fill_(1.0 if name.endswith("gain_E") else 0.0)
            elif name.startswith(zero):
                parameter.zero_()
            else:
                generator = torch.Generator().manual_seed(zlib.crc32(f"{seed}/{name}".encode()))
                std = 0.5 if name.startswith(("captions.words", "captions.positions")) else parameter.shape[-1] ** -0.5
                parameter.normal_(std=std, generator=generator)

    def forward(
        self, x_NP: Tensor, t_B: Tensor, caption_BL: Tensor, where: Layout, given_N: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:  # fmt: skip
        """guess_NP. `mask` is for the padded baseline of the benchmark: which keys of a row are there."""
        x_ND = self.patches(x_NP) + self.places(places(where.grid_N3, where.extent_N3))
        text_BLT = self.captions(caption_BL)
        waves = waves_of(torch.cat([t_B, torch.zeros_like(t_B)]))
        rows = functional.silu(self.time(waves) + self.summary(text_BLT.mean(1)).repeat(2, 1))
        row_N = where.latent_N if given_N is None else where.latent_N + len(t_B) * given_N
        row_S = row_N.index_select(0, where.first_S)
        modulation = self.modulation(rows)
        turn = turns(where.grid_N3, self.shape.width // self.shape.heads)
        text_BLT, strips = text_BLT.index_select(0, where.order_B), where.strips
        for block in self.blocks:
            x_ND = block(x_ND, modulation, row_S, text_BLT, turn, where.groups, strips, mask)
        shift, scale = self.last_modulation(rows).index_select(0, row_S).chunk(2, dim=-1)
        return self.last(modulated(x_ND, shift, scale, strips)).to(x_NP.dtype)


def waves_of(t: Tensor) -> Tensor:
    """Sines and cosines of a time between 0 and 1."""
    speed = torch.exp(torch.linspace(0, math.log(1000), TIME_WAVES, device=t.device))
    angle = t.unsqueeze(-1) * speed
    return torch.cat([angle.sin(), angle.cos()], dim=-1)


def parameters(model: nn.Module) -> int:
    return sum(one.numel() for one in model.parameters())
