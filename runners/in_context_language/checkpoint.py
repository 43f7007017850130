"""The weights that quick measures, as safetensors in half precision, and beside them what made them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from nonmun.runner import RunnerError
from nonmun.runner.files import put

from .method import Reader

NAME = "checkpoint"
FOLDER = Path(__file__).parent
MEND = "fetch it again, or train with --steps, or make it: --preset full --keep-weights"


def load(model: Reader, folder: Path = FOLDER) -> dict[str, Any]:
    """Fill `model` with the weights in `folder`; what made them. RunnerError where missing, damaged or others."""
    from safetensors.torch import load as from_bytes

    file = folder / f"{NAME}.safetensors"
    try:
        about: dict[str, Any] = json.loads(file.with_suffix(".json").read_text("utf-8"))
        data = file.read_bytes()
        expected = str(about["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunnerError(f"the recorded weights cannot be read: {error!r}", mend=MEND) from error
    if (found := hashlib.sha256(data).hexdigest()) != expected:
        raise RunnerError(f"{file.name} has sha256 {found[:12]}…, expected {expected[:12]}…", mend=MEND)
    try:
        model.load_state_dict({name: one.float() for name, one in from_bytes(data).items()})
    except RuntimeError as error:
        mend = "leave --width, --layers and --heads as quick has them, or train with --steps"
        raise RunnerError(f"{file.name} holds a model of another shape", mend=mend) from error
    return about


def save(model: Reader, about: Mapping[str, Any], folder: Path = FOLDER) -> dict[str, Any]:
    """Both files whole, weights first: what is cut off leaves some that `load` refuses. What was written down."""
    from safetensors.torch import save as as_bytes

    halves = {name: one.detach().to("cpu", torch.float16).contiguous() for name, one in model.state_dict().items()}
    data = as_bytes(halves)
    told = {**about, "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    put(folder / f"{NAME}.safetensors", data)
    put(folder / f"{NAME}.json", f"{json.dumps(told, indent=1, ensure_ascii=False)}\n".encode())
    return told
