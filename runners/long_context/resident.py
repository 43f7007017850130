"""Memory against the length of what is read, in a process of its own, where nothing else comes and goes.

`python -m runners.long_context.resident REQUEST`, the request being JSON; prints what it measured as JSON.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch

from nonmun.runner import Progress, RunnerError

from .haystack import VOCABULARY, hide
from .model import RetrievalTransformer, built
from .reading import ask, questions, read
from .store import Store

if TYPE_CHECKING:
    from .demo import Config

NEEDLES = 11
SHAPE = ("width", "heads", "layers", "window", "dims")


def measure_memory(model: RetrievalTransformer, config: Config, progress: Progress) -> list[dict[str, int]]:
    """The largest resident size above that before reading, in bytes, for each length, and that of its keys."""
    from safetensors.torch import save_file

    weights = progress.scratch() / "model.safetensors"
    save_file(model.state_dict(), str(weights))
    request = {name: getattr(config, name) for name in (*SHAPE, "facts", "chunk", "scale", "trained")}
    request |= {"weights": str(weights), "lengths": config.lengths, "threads": torch.get_num_threads()}
    with progress.stage("memory, in a process of its own"):
        return _child(request, progress)


def _child(request: dict[str, Any], progress: Progress) -> list[dict[str, int]]:
    root = Path(__file__).resolve().parents[2]
    package = Path(sys.modules["nonmun"].__file__ or "").parents[1]  # where this process has it from
    paths = [str(root), str(package), *filter(None, [os.environ.get("PYTHONPATH")])]
    # Blocks of 64 KB and more are mapped each by itself, so that what is freed leaves the process at once.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "MALLOC_MMAP_THRESHOLD_": "65536"}
    command = [sys.executable, "-m", __name__, json.dumps(request)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        progress.on_exit(child.kill)
        out, err = child.communicate()
    if child.returncode:
        last = err.strip().splitlines()[-1] if err.strip() else f"exit code {child.returncode}"
        raise RunnerError(f"memory could not be measured ({last})", mend="close other programs and run it again")
    found: list[dict[str, int]] = json.loads(out.splitlines()[-1])
    return found


def memory(request: dict[str, Any]) -> list[dict[str, int]]:
    from safetensors.torch import load_file

    torch.set_num_threads(request["threads"])
    model = built(len(VOCABULARY), SimpleNamespace(**request), 0)
    model.load_state_dict(load_file(request["weights"]))
    model.eval()
    _peak(model, 4 * request["chunk"], request)  # what torch keeps for itself from its first call on
    return [_peak(model, length, request) for length in request["lengths"]]


def _peak(model: RetrievalTransformer, length: int, request: dict[str, Any]) -> dict[str, int]:
    """Reading and asking, above what is there with the text alone. Looked at after each chunk."""
    import numpy as np

    depths = np.linspace(0, 1, NEEDLES).tolist()
    haystack = hide(np.random.default_rng(length), length, depths, request["facts"])
    gc.collect()
    before, most = _resident(), 0

    def look(tokens: int) -> None:
        nonlocal most
        most = max(most, _resident() - before)

    store = Store(length - 1, model.dims)
    read(model, haystack.ids, store, request["chunk"], look)
    queries = questions(model, haystack.ids, haystack.needles)
    ask(store, queries, scale=request["scale"], trained=request["trained"], chunk=request["chunk"], tell=look)
    return {"length": length, "peak": most, "kept": length * store.per_token}


def _resident() -> int:
    import psutil

    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    print(json.dumps(memory(json.loads(sys.argv[1]))))
