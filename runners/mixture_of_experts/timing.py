"""The time of a sparse layer and of a dense one of equal active FLOPs, forwards and backwards, in turns."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from .method import MixtureOfExperts
from .model import Dense, Shape, dense_hidden

WARM = 2  # rounds that are not counted


def layer_seconds(shape: Shape, tokens: int, rounds: int, device: torch.device) -> dict[str, float]:
    """Seconds of each layer on the same tokens, the least of `rounds`: other programs only ever add to them.

    On a CPU those of one thread, since wall time would count other programs; on a GPU wall time.
    """
    generator = torch.Generator().manual_seed(0)
    x_ND = torch.randn(tokens, shape.width, generator=generator).to(device)
    real_N = torch.ones(tokens, dtype=torch.bool, device=device)
    layers: dict[str, nn.Module] = {
        "sparse": MixtureOfExperts(shape.width, shape.hidden, shape.experts, shape.k, shape.factor),
        "dense": Dense(shape.width, dense_hidden(shape, "dense")),
    }
    for layer in layers.values():
        layer.to(device)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return in_turns({name: layer_step(layer, x_ND, real_N) for name, layer in layers.items()}, rounds, device)
    finally:
        torch.set_num_threads(threads)


def layer_step(layer: nn.Module, x_ND: Tensor, real_N: Tensor) -> Callable[[], object]:
    """One way forwards and back, the auxiliary loss included."""

    def step() -> None:
        layer.zero_grad(set_to_none=True)
        x = x_ND.detach().requires_grad_()
        y_ND, routed = layer(x, real_N)
        loss = y_ND.square().mean()
        (loss if routed is None else loss + 0.01 * routed.aux).backward()

    return step


def in_turns(steps: dict[str, Callable[[], object]], rounds: int, device: torch.device) -> dict[str, float]:
    """The least seconds of each."""
    cuda = device.type == "cuda"
    clock = time.perf_counter if cuda else time.thread_time
    spent: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(rounds + WARM):
        for name, step in steps.items():
            if cuda:
                torch.cuda.synchronize()
            begun = clock()
            step()
            if cuda:
                torch.cuda.synchronize()
            if turn >= WARM:
                spent[name].append(clock() - begun)
    return {name: min(times) for name, times in spent.items()}
