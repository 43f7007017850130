"""The clock: a step of training on a packed batch, on the same clips padded, and its matrix products alone.

CPU seconds of one thread, in turns, the least of several rounds: what else runs only ever adds to them.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from nonmun.runner import Progress

from .model import Denoiser, Shape
from .muon import ROUNDS, alike
from .networks import autoencoder_of, plan_of, shape_of, sizes_of
from .packing import Group, Layout, Size, layout
from .training import Batch, Plan, Stepper, inner_matrices, loss_of

if TYPE_CHECKING:
    from .demo import Config

WARM = 2  # rounds that are not counted
Product = tuple[int, int, int, int, str]  # batch, rows, inner, columns; which factor lies transposed in memory


@dataclass(frozen=True, slots=True)
class Seconds:
    """Of one step each. `tokens` are real ones, and the same for both; `padded_tokens` counts the filling."""

    packed: float
    padded: float
    products: float
    tokens: int
    padded_tokens: int

    @property
    def packing_speed(self) -> float:
        """Real tokens a second, packed against padded."""
        return self.padded / self.packed

    @property
    def matmul_share(self) -> float:
        """Of the speed that the matrix products alone would allow."""
        return self.products / self.packed


def measure(config: Config, progress: Progress) -> Seconds:
    """On a batch of the Config's sizes, in equal shares, of random content."""
    codec = autoencoder_of(config)
    sizes = [codec.latent_size(size) for size in sizes_of(config)]
    each = max(1, config.batch // len(sizes))
    with progress.stage("time a step", config.rounds + WARM, "round") as stage:
        return of_batch(
            shape_of(config), plan_of(config), [one for one in sizes for _ in range(each)], config.rounds,
            tell=stage.advance,
        )  # fmt: skip


def of_batch(
    shape: Shape, plan: Plan, sizes: list[Size], rounds: int, tell: Callable[[], None] = lambda: None
) -> Seconds:  # fmt: skip
    """The same latents packed and padded, in a whole step of training: forwards, backwards, AdamW."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        where = layout(sizes, shape.patch, shape.channels)
        batch = random_batch(where, shape)
        filled, filled_batch, mask = padded(where, batch, shape)
        steppers = {"packed": Stepper(Denoiser(shape), where, plan), "padded": Stepper(Denoiser(shape), filled, plan)}
        steppers["padded"].model = _Masked(steppers["padded"].model, mask)  # type: ignore[assignment]
        products = products_of(Denoiser(shape), where, batch)
        spent: dict[str, list[float]] = {"packed": [], "padded": [], "products": []}
        for turn in range(rounds + WARM):
            for name, work in (
                ("packed", lambda: steppers["packed"](batch)),
                ("padded", lambda: steppers["padded"](filled_batch)),
            ):
                begun = time.thread_time()
                work()
                spent[name].append(time.thread_time() - begun)
            spent["products"].append(_seconds(products))
            tell()
            if turn + 1 == WARM:
                spent = {name: [] for name in spent}
        least = {name: min(values) for name, values in spent.items()}
        return Seconds(**least, tokens=where.tokens, padded_tokens=filled.tokens)
    finally:
        torch.set_num_threads(threads)


class _Masked(nn.Module):
    """The same model, told which keys of a padded row are there."""

    def __init__(self, model: Denoiser, mask: Tensor) -> None:
        super().__init__()
        self.model, self.mask = model, mask

    def forward(
        self, x_NP: Tensor, t_B: Tensor, caption_BL: Tensor, where: Layout, given_N: Tensor | None = None
    ) -> Tensor:
        return self.model(x_NP, t_B, caption_BL, where, given_N, self.mask)


def random_batch(where: Layout, shape: Shape) -> Batch:
    generator = torch.Generator().manual_seed(0)
    x_NP, noise_NP = torch.randn(2, where.tokens, shape.inputs, generator=generator)
    t_B = torch.rand(len(where.sizes), generator=generator)
    caption_BL = torch.randint(shape.vocabulary, (len(where.sizes), shape.length), generator=generator)
    return Batch(x_NP, noise_NP, t_B, caption_BL, torch.zeros(where.tokens, dtype=torch.bool))


def padded(where: Layout, batch: Batch, shape: Shape) -> tuple[Layout, Batch, Tensor]:
    """The batch as rows of equal length, the shorter ones filled up: what packing is compared with.

    Filling is masked as keys, and counted in no loss, so that the loss is that of the packed batch.
    """
    lengths_B = torch.bincount(where.latent_N, minlength=len(where.sizes))
    most, rows = int(lengths_B.max()), len(where.sizes)
    at_N = torch.cat([row * most + torch.arange(int(lengths_B[one])) for row, one in enumerate(where.order_B.tolist())])

    def spread(values: Tensor, fill: float = 0) -> Tensor:
        return values.new_full((rows * most, *values.shape[1:]), fill).index_copy(0, at_N, values)

    real_N = spread(torch.ones(where.tokens, dtype=torch.bool), False)
    counted_NP = torch.ones_like(batch.x0_NP, dtype=torch.bool) if where.real_NP is None else where.real_NP
    real_NP = spread(counted_NP, False)
    filled = replace(
        where, groups=(Group(rows, 1, most),), latent_N=where.order_B.repeat_interleave(most),
        frame_N=spread(where.frame_N), grid_N3=spread(where.grid_N3), extent_N3=spread(where.extent_N3, 1),
        first_S=torch.arange(rows) * most, real_NP=real_NP,
    )  # fmt: skip
    own = Batch(spread(batch.x0_NP), spread(batch.noise_NP), batch.t_B, batch.caption_BL, spread(batch.given_N, False))
    mask = functional.pad(real_N.view(rows, 1, 1, most), (0, shape.length), value=True)
    return filled, own, mask


def products_of(model: Denoiser, where: Layout, batch: Batch) -> Counter[Product]:
    """The matrix products of a step, by their sizes: of linear layers and of attention, both ways, and of Muon."""
    found: Counter[Product] = Counter()

    def see(module: nn.Module, given: tuple[Tensor, ...], _: Tensor) -> None:
        assert isinstance(module, nn.Linear)
        rows, inner, columns = given[0].numel() // module.in_features, module.in_features, module.out_features
        found.update(
            [(1, rows, inner, columns, "second"), (1, rows, columns, inner, ""), (1, columns, rows, inner, "first")]
        )

    hooks = [one.register_forward_hook(see) for one in model.modules() if isinstance(one, nn.Linear)]
    loss_of(model, batch, where)
    for hook in hooks:
        hook.remove()
    heads, each = model.shape.heads, model.shape.width // model.shape.heads
    for group in where.groups:
        spans = group.latents * (1 if model.shape.temporal else group.frames)
        queries = group.tokens // spans
        keys = queries + model.shape.length
        for product in (
            (spans * heads, queries, each, keys, "second"), (spans * heads, queries, keys, each, ""),  # q k^T, then p v
            (spans * heads, queries, each, keys, "second"), (spans * heads, keys, queries, each, "first"),  # back
            (spans * heads, queries, keys, each, ""), (spans * heads, keys, queries, each, "first"),
        ):  # fmt: skip
            found[product] += model.shape.layers
    for shape, matrices in alike(inner_matrices(model)[0]).items():
        short, long, many = *sorted(shape), len(matrices)
        for product in ((short, long, short, "second"), (short, short, short, ""), (short, short, long, "")):
            found[many, *product] += ROUNDS
    return found


def _seconds(products: Counter[Product]) -> float:
    """Each product, laid out in memory as in the step, into a result that is there already; times its count."""
    total = 0.0
    for (batch, rows, inner, columns, turned), times in products.items():
        a = torch.ones(batch, inner, rows).mT if turned == "first" else torch.ones(batch, rows, inner)
        b = torch.ones(batch, columns, inner).mT if turned == "second" else torch.ones(batch, inner, columns)
        out = torch.empty(batch, rows, columns)
        least = float("inf")
        for _ in range(3):
            begun = time.thread_time()
            torch.bmm(a, b, out=out)
            least = min(least, time.thread_time() - begun)
        total += times * least
    return total
