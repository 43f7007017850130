"""Sketches on disk: one safetensors file with the settings of its hashes, and a hash of its content.

A file that is cut short or changed in any bit is refused. Sketches of parts of a corpus are loaded and added up.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from nonmun.runner import RunnerError
from nonmun.runner.files import put

from .method import Hashes, Sketch

FORMAT = "nonmun-density-sketch-1"
_SETTINGS = ("dimensions", "rows", "buckets", "power", "width", "seed")


def save(path: Path, sketch: Sketch) -> int:
    """Write it whole or not at all; the bytes it takes. RunnerError says what kept it from being written."""
    settings = {name: getattr(sketch.hashes, name) for name in _SETTINGS} | {"documents": sketch.documents}
    tags = {"format": FORMAT, "settings": json.dumps(settings, sort_keys=True)}
    data = safetensors.torch.save({"counts": sketch.counts_RB}, tags | {"content": _content(sketch.counts_RB, tags)})
    try:
        put(path, data)
    except OSError as error:
        reason = error.strerror or str(error)
        raise RunnerError(f"{path}: {reason}; nothing was written", mend="name another place, or make room") from error
    return len(data)


def load(path: Path) -> Sketch:
    """The sketch in a file. RunnerError where it is none, or not whole."""
    again = "sketch the corpus again, or copy the file again from where it is whole"
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            tags = file.metadata() or {}
            counts = file.get_tensor("counts") if tags.get("format") == FORMAT else None
    except OSError as error:
        raise RunnerError(f"{path}: {error.strerror or error}", mend="name a sketch's file") from error
    except (safetensors.SafetensorError, ValueError, RuntimeError, MemoryError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise RunnerError(f"{path}: not a whole safetensors file ({reason})", mend=again) from error
    if counts is None:
        raise RunnerError(f"{path}: format {tags.get('format')!r}, expected {FORMAT!r}", mend="name a sketch's file")
    if tags.get("content") != _content(counts, {name: tags.get(name, "") for name in ("format", "settings")}):
        raise RunnerError(f"{path}: its content does not match the hash it carries", mend=again)
    settings = json.loads(tags["settings"])
    documents = settings.pop("documents")
    hashes = Hashes(**settings)
    if counts.shape != (hashes.rows, hashes.buckets) or counts.dtype != torch.int32:
        raise RunnerError(
            f"{path}: counts of {tuple(counts.shape)}, expected {(hashes.rows, hashes.buckets)}", mend=again
        )
    return Sketch(hashes, counts, documents)


def _content(counts_RB: Tensor, tags: dict[str, str]) -> str:
    digest = hashlib.sha256(json.dumps(tags, sort_keys=True).encode())
    digest.update(f"{tuple(counts_RB.shape)} {counts_RB.dtype}".encode())
    digest.update(counts_RB.contiguous().numpy().tobytes())
    return digest.hexdigest()
