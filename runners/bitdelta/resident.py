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

from .serving import MultiTenantLinear, serve
from .storage import Delta, load, remove


def measure(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Memory and decoding, each in a new process. The request: see `memory` and `decoding`."""
    # In the first, blocks of 16 KB and more are mapped each by itself, so that what is freed leaves the process at once
    # and is not counted; in the second that would cost more time than the work itself.
    found = _child("memory", request, progress, MALLOC_MMAP_THRESHOLD_="16384")
    return found | _child("decoding", request, progress)


def _child(what: str, request: dict[str, Any], progress: Progress, **environment: str) -> dict[str, Any]:
    root = Path(__file__).resolve().parents[2]
    package = Path(sys.modules["nonmun"].__file__ or "").parents[1]  # where this process has it from
    paths = [str(root), str(package), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **environment}
    command = [sys.executable, "-m", f"{__package__}.resident", json.dumps({"what": what, **request})]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        progress.on_exit(child.kill)
        out, err = child.communicate()
    if child.returncode:
        last = err.strip().splitlines()[-1] if err.strip() else f"exit code {child.returncode}"
        raise RunnerError(f"{what} could not be measured ({last})", mend="close other programs and run it again")
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


def memory(request: dict[str, Any]) -> dict[str, Any]:
    """Bytes held with each of `tenants` deltas out of `files` on one base `model`, and with each of `models` copies."""
    model, deltas, empty = _loaded(request)
    found: dict[str, Any] = {"model_bytes": parameter_bytes(model), "tenants": [], "models": []}
    for count in request["tenants"]:
        serve(model, [deltas[tenant % len(deltas)] for tenant in range(count)])
        gc.collect()
        row = {"tenants": count, "held": held(request["device"]) - empty, "computed": parameter_bytes(model)}
        found["tenants"].append(row)
        remove(model)
    models = [model]
    for count in request["models"]:
        models += [copy.deepcopy(model) for _ in range(count - len(models))]
        found["models"].append({"models": count, "held": held(request["device"]) - empty})
    return found


def decoding(request: dict[str, Any]) -> dict[str, Any]:
    """Seconds to decode one token for each of `batch` rows: `steps` steps after a `prompt` of so many tokens."""
    model, deltas, _ = _loaded(request)
    rows, count = request["batch"], max(request["tenants"])
    found = {"base_step": step_time(model, rows, request), "separate_step": rows * step_time(model, 1, request)}
    tenants = serve(model, [deltas[tenant % len(deltas)] for tenant in range(count)])
    with tenants.serving([row % count for row in range(rows)]):
        return found | {"mixed_step": step_time(model, rows, request)}


def _loaded(request: dict[str, Any]) -> tuple[nn.Module, list[Delta], int]:
    """The base, the deltas, and what was held before the base was there."""
    from runners.models import language_model

    torch.set_num_threads(request["threads"])
    deltas = [load(Path(file)) for file in request["files"]]
    language_model(request["model"], device=request["device"], dtype="float32")  # what it loads once is not counted
    gc.collect()
    empty = held(request["device"])
    return in_memory(language_model(request["model"], device=request["device"], dtype="float32").model), deltas, empty


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
    asked = json.loads(sys.argv[1])
    print(json.dumps({"memory": memory, "decoding": decoding}[asked["what"]](asked)))
