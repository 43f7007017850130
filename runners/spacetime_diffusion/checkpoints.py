"""A network on disk: one safetensors file with what it is, how it was configured, and a hash of its content.

What is cut short or changed in any bit is refused, and so is a network of another kind or another configuration.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor, nn

from nonmun.runner import RunnerError
from nonmun.runner.files import put

FORMAT = "nonmun-spacetime-1"
AGAIN = "copy the file again from where it is whole, or train again"


def save(path: Path, kind: str, settings: Mapping[str, Any], network: nn.Module) -> int:
    """Write a network whole or not at all; the bytes it takes. RunnerError says what kept it from being written.

    `settings` are what its class is made from, as JSON holds them.
    """
    weights = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    tags = {"format": FORMAT, "kind": kind, "settings": json.dumps(dict(settings), sort_keys=True)}
    data = safetensors.torch.save(weights, tags | {"sha256": _content(weights, tags)})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        put(path, data)
    except OSError as error:
        reason = error.strerror or str(error)
        raise RunnerError(f"{path}: {reason}; nothing was written", mend="name another place, or make room") from error
    return len(data)


def load(path: Path, kind: str, settings: Mapping[str, Any], network: nn.Module) -> str:
    """Fill a network from a file of the same kind and settings; the file's hash. RunnerError says what differs."""
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            tags = file.metadata() or {}
            names = file.keys() if tags.get("format") == FORMAT else ()
            weights = {name: file.get_tensor(name) for name in names}
    except OSError as error:
        raise RunnerError(f"{path}: {error.strerror or error}", mend="name a checkpoint, or train one") from error
    except (safetensors.SafetensorError, ValueError, RuntimeError, MemoryError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise RunnerError(f"{path}: not a whole safetensors file ({reason})", mend=AGAIN) from error
    if tags.get("format") != FORMAT:
        raise RunnerError(f"{path}: format {tags.get('format')!r}, expected {FORMAT!r}", mend="name a checkpoint")
    said = {name: tags.get(name, "") for name in ("format", "kind", "settings")}
    if tags.get("sha256") != _content(weights, said):
        raise RunnerError(f"{path}: its content does not match the hash it carries", mend=AGAIN)
    if said["kind"] != kind:
        raise RunnerError(f"{path}: {said['kind']}, expected {kind}", mend="name the other file")
    if differences := _differences(json.loads(said["settings"]), json.loads(json.dumps(dict(settings)))):
        raise RunnerError(f"{path}: {kind} with {differences}", mend="ask for that, or train one like this")
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()[:200]
        raise RunnerError(f"{path}: weights of another network ({reason})", mend=AGAIN) from error
    return tags["sha256"]


def _differences(found: dict[str, Any], wanted: dict[str, Any]) -> str:
    names = sorted(name for name in found | wanted if found.get(name) != wanted.get(name))
    return ", ".join(f"{name} {found.get(name)}, expected {wanted.get(name)}" for name in names)


def _content(weights: dict[str, Tensor], tags: dict[str, str]) -> str:
    digest = hashlib.sha256(json.dumps(tags, sort_keys=True).encode())
    for name, value in sorted(weights.items()):
        digest.update(f"{name} {tuple(value.shape)} {value.dtype}".encode())
        digest.update(value.numpy().tobytes())
    return digest.hexdigest()
