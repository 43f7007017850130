"""The packed product of BitDelta against making the matrix of ±1, and a batch of 16 tenants against 16 products.

On a CPU always; on a GPU as well where there is one, as a share of what its memory could deliver.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.record import Row
from benchmarks.turns import in_turns

ROUNDS = 15
SHAPES = [(192, 576), (576, 576), (1536, 576), (576, 1536), (4096, 4096)]  # SmolLM2-135M's, and one of a 7B model
TOKENS = [1, 4, 16, 64, 256]
TENANTS = 16
NOISE = 0.9  # two runs of the same code differ by so much on a machine that does something else as well
GPU_SHAPES = [(4096, 4096), (11008, 4096), (4096, 11008)]  # of a 7B model
CACHE = 60_000_000  # bytes of an H200's
BANDWIDTH = {"H100": 3.35e12, "H200": 4.8e12}  # bytes a second, from their data sheets


def measure(vault: Path, count: int, scratch: Path) -> list[Row]:
    if importlib.util.find_spec("torch") is None:
        return [Row("BitDelta's packed product", "not measured: torch is not installed (make runners)")]
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(1)
    rows = [_product(), *_mixed()]
    return rows + (_gpu() if torch.cuda.is_available() else [])


def _together(*works: Callable[[], object]) -> list[float]:
    """CPU seconds of one thread, since wall time counts other programs."""
    return in_turns(*works, rounds=ROUNDS, warm=2, clock=time.process_time)


def _product() -> Row:
    import torch

    from runners.bitdelta.kernels import sign_product
    from runners.bitdelta.method import pack_signs, unpack_signs

    ratios = {}
    for outputs, inputs in SHAPES:
        bits = pack_signs(torch.randn(outputs, inputs))
        for tokens in TOKENS:
            x = torch.randn(tokens, inputs)
            made, ours = _together(
                lambda x=x, bits=bits: x @ unpack_signs(bits, x.shape[1]).T,
                lambda x=x, bits=bits: sign_product(x, bits),
            )
            ratios[f"{outputs} × {inputs}, {tokens} tokens"] = made / ours
    worst, best = min(ratios, key=ratios.get), max(ratios, key=ratios.get)
    figure = (
        f"median {median(ratios.values()):.2f}x as fast; {ratios[worst]:.2f}x ({worst}) to {ratios[best]:.1f}x ({best})"
    )
    what = f"packed product against making ±1 and multiplying, CPU time of one thread, {len(ratios)} shapes"
    return Row(what, figure, f"never slower (≥ {NOISE}x: noise)", ratios[worst] >= NOISE)


def _mixed() -> list[Row]:
    import torch

    from runners.bitdelta.kernels import sign_product, sign_product_by_row
    from runners.bitdelta.method import pack_signs

    tenants = torch.arange(TENANTS)
    against_packed, against_full = [], []
    for outputs, inputs in SHAPES:
        bits = torch.stack([pack_signs(torch.randn(outputs, inputs)) for _ in range(TENANTS)])
        weight = torch.randn(outputs, inputs)
        full = torch.randn(TENANTS, outputs, inputs)
        x = torch.randn(TENANTS, inputs)
        ours, packed, full_time = _together(
            lambda x=x, bits=bits, weight=weight: x @ weight.T + sign_product_by_row(x, bits, tenants),
            lambda x=x, bits=bits, weight=weight: [
                row @ weight.T + sign_product(row, own) for row, own in zip(x.split(1), bits, strict=True)
            ],
            lambda x=x, full=full: [row @ own.T for row, own in zip(x.split(1), full, strict=True)],
        )
        against_packed.append(packed / ours)
        against_full.append(full_time / ours)
    shown = [
        ", ".join(f"{ratio:.2f}x ({o} × {i})" for ratio, (o, i) in zip(ratios, SHAPES, strict=True))
        for ratios in (against_packed, against_full)
    ]
    what = f"{TENANTS} rows of {TENANTS} tenants at once, CPU time of one thread, against"
    return [
        Row(f"{what} row by row, packed", shown[0], "faster", min(against_packed) > 1),
        Row(f"{what} {TENANTS} full matrices in fp32", shown[1]),
    ]


def _gpu() -> list[Row]:
    """The Triton kernel on matrices of a 7B model, against reading its bits once, and against fp16 products.

    Each call of a graph reads other bits and weights than the last, more of them than a cache holds, as decoding does.
    """
    import torch

    from runners.bitdelta.triton_kernels import sign_product_rows

    device = torch.cuda.get_device_name()
    most = next((most for name, most in BANDWIDTH.items() if name in device), None)
    rows = []
    for outputs, inputs in GPU_SHAPES:
        for batch in (1, 4, TENANTS):
            x = torch.randn(batch, inputs, device="cuda", dtype=torch.float16)
            tenants = torch.arange(batch, device="cuda", dtype=torch.int32)
            packed = [
                torch.randint(0, 256, (batch, outputs, inputs // 8), device="cuda", dtype=torch.uint8)
                for _ in range(_copies(batch * outputs * inputs // 8))
            ]
            full = [
                torch.randn(batch, outputs, inputs, device="cuda", dtype=torch.float16)
                for _ in range(_copies(2 * batch * outputs * inputs))
            ]
            ours = _seconds([lambda bits=bits, x=x, own=tenants: sign_product_rows(x, bits, own) for bits in packed])
            apart = _seconds(
                [lambda own=own, x=x: [r @ w.T for r, w in zip(x.split(1), own, strict=True)] for own in full]
            )
            together = _seconds([lambda own=own, x=x: torch.bmm(own, x.unsqueeze(2)) for own in full])
            share = f"{packed[0].nbytes / ours / most:.0%} of the memory's bandwidth, " if most else ""
            figure = f"{1e6 * ours:.1f} µs, {share}{apart / ours:.1f}x as fast as {batch} fp16 products"
            figure += f", {together / ours:.1f}x as fast as one batched"
            rows.append(Row(f"Triton kernel, {batch} rows of {batch} tenants, {outputs} × {inputs}, {device}", figure))
    return rows


def _copies(size: int) -> int:
    """As many as make four times the cache of an H100 or H200, within reason."""
    return max(2, min(64, -(-CACHE * 4 // size)))


def _seconds(works: list[Callable[[], object]]) -> float:
    """Of one call: the median of replays of a graph that holds all of them, by the GPU's own clock."""
    import torch

    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        works[0]()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for work in works:
            work()
    spent = []
    for _ in range(ROUNDS + 2):
        started, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        started.record()
        graph.replay()
        ended.record()
        torch.cuda.synchronize()
        spent.append(started.elapsed_time(ended) / 1e3)
    return median(spent[2:]) / len(works)
