"""A sparse layer against a dense one of equal active FLOPs, against transformers' Mixtral layer, and in a whole step.

Forwards and backwards, in CPU seconds of one thread, each taken in turns with the others in one run.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from benchmarks.record import Row

ROUNDS = 15
TOKENS = 4096
WIDTHS = [(64, 128, 8), (64, 64, 32), (256, 256, 8), (512, 1024, 8)]  # D, H, E; the first is the runner's own


def measure(vault: Path, count: int, scratch: Path) -> list[Row]:
    if importlib.util.find_spec("torch") is None:
        return [Row("mixture of experts", "not measured: torch is not installed (make runners)")]
    import torch

    from runners.mixture_of_experts.model import Shape
    from runners.mixture_of_experts.timing import layer_seconds

    cpu, ratios = torch.device("cpu"), {}
    for width, hidden, experts in WIDTHS:
        shape = Shape(layers=1, width=width, heads=4, experts=experts, hidden=hidden, k=2, length=96, factor=2.0)
        seconds = layer_seconds(shape, TOKENS, ROUNDS, cpu)
        ratios[f"{width} → {hidden}, {experts} experts"] = seconds["sparse"] / seconds["dense"]
    what = f"sparse layer (top 2) against dense at equal active FLOPs, {TOKENS:,} tokens, forwards and backwards"
    shown = ", ".join(f"{ratio:.2f}x ({name})" for name, ratio in ratios.items())
    rows = [Row(what, shown, "≤ 1.5x its time", max(ratios.values()) <= 1.5)]
    return [*rows, *_whole_step(cpu), *_mixtral(cpu)]


def _whole_step(device: Any) -> list[Row]:
    """A step of training of the runner's quick preset, attention and all."""
    import torch
    from torch.nn import functional

    from runners.mixture_of_experts import demo
    from runners.mixture_of_experts.model import Transformer
    from runners.mixture_of_experts.timing import in_turns
    from runners.mixture_of_experts.training import shape_of

    config = demo.PRESETS["quick"].config
    inputs = torch.randint(1, 97, (config.batch, config.length), generator=torch.Generator().manual_seed(0))
    real = torch.ones_like(inputs, dtype=torch.bool)

    def step(kind: Any) -> Any:
        model = Transformer(shape_of(config), kind, seed=900)  # no record uses it

        def work() -> None:
            model.zero_grad(set_to_none=True)
            logits, routed = model(inputs, real)
            loss = functional.cross_entropy(logits.flatten(0, 1), inputs.flatten())
            sum((config.alpha * one.aux for one in routed), loss).backward()

        return work

    torch.set_num_threads(1)
    seconds = in_turns({kind: step(kind) for kind in ("sparse", "dense", "dense_total")}, ROUNDS, device)
    sparse, dense, whole = (seconds[kind] for kind in ("sparse", "dense", "dense_total"))
    what = "a whole step of training, quick preset: sparse against dense at equal active FLOPs"
    return [
        Row(what, f"{sparse / dense:.2f}x", "≤ 1.5x its time", sparse / dense <= 1.5),
        Row("the same: against dense at equal total parameters", f"{sparse / whole:.2f}x"),
    ]


def _mixtral(device: Any) -> list[Row]:
    """The layer of transformers: its experts have a gate more, so two thirds of the hidden width at equal FLOPs."""
    if importlib.util.find_spec("transformers") is None:
        return []
    import torch
    from transformers import MixtralConfig
    from transformers.models.mixtral.modeling_mixtral import MixtralSparseMoeBlock

    from runners.mixture_of_experts.method import MixtureOfExperts
    from runners.mixture_of_experts.timing import in_turns, layer_step

    width, hidden, experts = 256, 384, 8
    torch.manual_seed(0)
    config = MixtralConfig(
        hidden_size=width, intermediate_size=hidden * 2 // 3, num_local_experts=experts, num_experts_per_tok=2
    )
    theirs = MixtralSparseMoeBlock(config)
    for parameter in theirs.parameters():
        torch.nn.init.normal_(parameter, std=width**-0.5)
    x, real = torch.randn(TOKENS, width), torch.ones(TOKENS, dtype=torch.bool)

    def mixtral() -> None:
        theirs.zero_grad(set_to_none=True)
        found = theirs(x.detach().requires_grad_().unsqueeze(0))
        (found[0] if isinstance(found, tuple) else found).square().mean().backward()

    ours = layer_step(MixtureOfExperts(width, hidden, experts), x, real)
    seconds = in_turns({"ours": ours, "mixtral": mixtral}, ROUNDS, device)
    what = f"sparse layer against transformers' Mixtral layer at equal FLOPs, {width} wide, {experts} experts"
    return [Row(what, f"{seconds['mixtral'] / seconds['ours']:.2f}x as fast")]
