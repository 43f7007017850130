"""A step of training on mixed sizes: packed, against the same clips padded, and against its matrix products alone.

The runner's own models and sizes, and a wider one; in CPU seconds of one thread, in turns, in one run.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from benchmarks.record import Row

ROUNDS = 12
WIDER = {"width": 256, "heads": 8}


def measure(vault: Path, count: int, scratch: Path) -> list[Row]:
    if importlib.util.find_spec("torch") is None:
        return [Row("spacetime diffusion", "not measured: torch is not installed (make runners)")]
    from dataclasses import replace

    from runners.spacetime_diffusion import demo, networks, timing

    config = demo.PRESETS["full"].config
    codec, shown = networks.autoencoder_of(config), networks.sizes_of(config)
    sizes = [codec.latent_size(size) for size in shown for _ in range(config.batch // len(shown))]
    own = networks.shape_of(config)
    rows = []
    for what, shape in (("the runner's model", own), ("a model twice as wide", replace(own, **WIDER))):
        found = timing.of_batch(shape, networks.plan_of(config), sizes, ROUNDS)
        name = f"step of training, {what} ({shape.width} wide), {found.tokens:,} tokens of mixed sizes"
        rows += [
            Row(
                f"{name}: packed against padded ({found.padded_tokens:,} tokens)",
                f"{found.tokens / found.packed:,.0f} against {found.tokens / found.padded:,.0f} real tokens/s, "
                f"{found.packing_speed:.2f}x as fast",
                "≥ 1.5x",
                found.packing_speed >= 1.5,
            ),
            Row(
                f"{name}: against its matrix products alone",
                f"{1e3 * found.packed:,.0f} ms against {1e3 * found.products:,.0f} ms, {found.matmul_share:.2f} of "
                "their speed",
                "≥ 0.6",
                found.matmul_share >= 0.6,
            ),
        ]
    return rows
