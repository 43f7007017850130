"""Memory and decoding with many tenants, measured in a process of its own, where nothing else is in memory.

`python -m runners.bitdelta.resident REQUEST`, the request being JSON; prints what it measured as JSON. The demo starts
it. Deltas come from files as they would in serving, and the same file may stand for several tenants: memory and time do
not depend on which bits are set.
"""

from __future__ import annotations

import copy
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nonmun.runner import Progress, RunnerError

from .serving import BASE, MultiTenantLinear, Tenants, serve
from .storage import load, remove


def measure(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Run this module on a request; what it measured. The request: see `main`."""
    root = Path(__file__).resolve().parents[2]
    package = Path(sys.modules["nonmun"].__file__ or "").parents[1]  # where this process has it from
    paths = [str(root), str(package), *filter(None, [os.environ.get("PYTHONPATH")])]
    # Blocks of 16 KB and more are mapped, each by itself, so that what is freed leaves the process at once.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "16384", "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-m", __spec__.name, json.dumps(request)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        progress.on_exit(child.kill)
        out, err = child.communicate()
    if child.returncode:
        last = err.strip().splitlines()[-1] if err.strip() else f"exit code {child.returncode}"
        raise RunnerError(f"memory could not be measured ({last})", mend="close other programs and run it again")
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


def main(request: dict[str, Any]) -> dict[str, Any]:
    """`model`, `device`: the base. `files`: deltas. `tenants`, `models`: for how many to measure. `batch`, `prompt`,
    `steps`: the rows that are decoded together, the tokens before, and the steps that are timed.
    """
    from runners.models import language_model

    torch.set_num_threads(request["threads"])
    deltas = [load(Path(file)) for file in request["files"]]
    language_model(request["model"], device=request["device"])  # so that what is loaded once is not counted below
    gc.collect()
    empty = held(request["device"])
    model = in_memory(language_model(request["model"], device=request["device"]).model)
    found: dict[str, Any] = {"model_bytes": parameter_bytes(model), "tenants": [], "models": []}
    for count in request["tenants"]:
        tenants = serve(model, [deltas[tenant % len(deltas)] for tenant in range(count)])
        gc.collect()
        row = {"tenants": count, "held": held(request["device"]) - empty, "computed": parameter_bytes(model)}
        found["tenants"].append(row | {"step": mixed_step(model, tenants, request)})
        remove(model)
        gc.collect()
    rows = request["batch"]
    found["base_step"] = step_time(model, rows, request)
    found["separate_step"] = rows * step_time(model, 1, request)
    models = [model]
    for count in request["models"]:
        models += [copy.deepcopy(model) for _ in range(count - len(models))]
        found["models"].append({"models": count, "held": held(request["device"]) - empty})
    return found


def in_memory(model: nn.Module) -> nn.Module:
    """The weights copied out of the mapped file, so that all of them are resident and none is counted with the file."""
    for parameter in model.parameters():
        parameter.data = parameter.data.clone()
    gc.collect()
    return model


def parameter_bytes(model: nn.Module) -> int:
    """Weights, and packed deltas, each counted once."""
    deltas = [module for module in model.modules() if isinstance(module, MultiTenantLinear)]
    packed = sum(module.bits_KTOP.nbytes + module.scale_KT.nbytes for module in deltas)
    return packed + sum(parameter.nbytes for parameter in model.parameters())


def held(device: str) -> int:
    """Resident memory of this process, or what torch holds of the GPU, in bytes."""
    if device == "cuda":
        return torch.cuda.memory_allocated()
    import psutil

    return int(psutil.Process().memory_info().rss)


def mixed_step(model: nn.Module, tenants: Tenants, request: dict[str, Any]) -> float:
    """Seconds to decode one token for each row of a batch in which the tenants take turns."""
    rows = request["batch"]
    with tenants.serving([row % tenants.count for row in range(rows)] if tenants.count else [BASE] * rows):
        return step_time(model, rows, request)


@torch.no_grad()
def step_time(model: Any, rows: int, request: dict[str, Any]) -> float:
    """The median of `steps` decoding steps after a prompt, in seconds."""
    device = next(model.parameters()).device
    ids = torch.arange(rows * request["prompt"], device=device).view(rows, -1) % 1000 + 100
    state = model(input_ids=ids, use_cache=True)
    spent = []
    for _ in range(request["steps"]):
        token = state.logits[:, -1:].argmax(-1)
        spent.append(timed(lambda token=token, past=state.past_key_values: _step(model, token, past), device))
    return sorted(spent)[len(spent) // 2]


def _step(model: Any, token: torch.Tensor, past: Any) -> Any:
    return model(input_ids=token, past_key_values=past, use_cache=True)


def timed(work: Callable[[], object], device: torch.device) -> float:
    """Seconds."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
