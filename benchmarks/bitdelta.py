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

ROUNDS = 15
SHAPES = [(192, 576), (576, 576), (1536, 576), (576, 1536), (4096, 4096)]  # SmolLM2-135M's, and one of a 7B model
TOKENS = [1, 4, 16, 64, 256]
TENANTS = 16
NOISE = 0.9  # two runs of the same code differ by so much on a machine that does something else as well
BANDWIDTH = {"H100": 3.35e12, "H200": 4.8e12}  # bytes a second, from their data sheets


def measure(vault: Path, count: int, scratch: Path) -> list[Row]:
    if importlib.util.find_spec("torch") is None:
        return [Row("BitDelta's packed product", "not measured: torch is not installed (make runners)")]
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(1)
    rows = [_product(), *_mixed()]
    return rows + (_gpu() if torch.cuda.is_available() else [])


def _together(
    *works: Callable[[], object],
    clock: Callable[[], float] = time.process_time,
    wait: Callable[[], object] = lambda: None,
) -> list[float]:
    """The median seconds of each, taken in turns. CPU seconds of one thread, since wall time counts other programs."""
    spent: list[list[float]] = [[] for _ in works]
    for round_ in range(ROUNDS + 2):
        for work, times in zip(works, spent, strict=True):
            wait()
            started = clock()
            work()
            wait()
            if round_ >= 2:
                times.append(clock() - started)
    return [median(times) for times in spent]


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
    """The Triton kernel on a matrix of a 7B model, against reading its bits once, and against fp16 products."""
    import torch

    from runners.bitdelta.method import pack_signs
    from runners.bitdelta.triton_kernels import sign_product_rows

    outputs = inputs = 4096
    device = torch.cuda.get_device_name()
    bits = torch.stack([pack_signs(torch.randn(outputs, inputs, device="cuda")) for _ in range(TENANTS)])
    full = torch.randn(TENANTS, outputs, inputs, device="cuda", dtype=torch.float16)
    rows = []
    for batch in (1, 4, TENANTS):
        x = torch.randn(batch, inputs, device="cuda", dtype=torch.float16)
        tenants = torch.arange(batch, device="cuda", dtype=torch.int32)
        ours, full_time = _together(
            lambda x=x, tenant=tenants: sign_product_rows(x, bits, tenant),
            lambda x=x: [row @ own.T for row, own in zip(x.split(1), full, strict=False)],
            clock=time.perf_counter,
            wait=torch.cuda.synchronize,
        )
        read = batch * bits[0].nbytes / ours
        share = [f"{read / most:.0%} of the memory's bandwidth, " for name, most in BANDWIDTH.items() if name in device]
        figure = f"{1e6 * ours:.0f} µs, {''.join(share)}{full_time / ours:.1f}x as fast as fp16 products"
        rows.append(Row(f"Triton kernel, {batch} rows of {batch} tenants, {outputs} × {inputs}, {device}", figure))
    return rows
