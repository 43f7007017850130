"""Compress any fine-tune of any base: two causal LMs of one shape, read layer by layer from safetensors.

`python -m runners.bitdelta --base ID --fine-tuned ID --out delta.safetensors`, an ID being a Hugging Face id that is
on this machine or a folder. Neither model is ever in memory: one layer of each is, and the delta as it grows.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import safetensors
import torch
from torch import Tensor

from nonmun.runner import Progress, RunnerError, Tool

from .method import quantize
from .storage import Delta, add_to_fingerprint, is_in_a_block, save

_READ = "name a folder with *.safetensors, or an id that was fetched with: hf download ID"


class Weights:
    """The tensors of one model, read when they are asked for.

    A file is opened anew for each: what is mapped from it counts as this process's memory until it is closed.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._files: dict[str, Path] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}
        for path in weight_files(name):
            with _opened(path) as file:
                for tensor in file.keys():  # noqa: SIM118 - it is no dict
                    self._files[tensor] = path
                    self._shapes[tensor] = tuple(file.get_slice(tensor).get_shape())

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._files))

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def shape(self, name: str) -> tuple[int, ...]:
        return self._shapes[name]

    def __getitem__(self, name: str) -> Tensor:
        with _opened(self._files[name]) as file:
            return file.get_tensor(name).clone()


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            yield file
    except (OSError, RuntimeError, ValueError, safetensors.SafetensorError) as error:
        raise RunnerError(f"{path}: not a whole safetensors file ({error})", mend="fetch it again") from error


def weight_files(name: str) -> list[Path]:
    """The safetensors of a folder or of a Hugging Face id, as its index lists them."""
    folder = Path(name)
    if not folder.is_dir():
        folder = _fetched(name)
    index = folder / "model.safetensors.index.json"
    try:
        listed = set(json.loads(index.read_text())["weight_map"].values()) if index.is_file() else None
    except (ValueError, KeyError, AttributeError, OSError) as error:
        raise RunnerError(f"{index}: no index of weights ({error})", mend="fetch it again") from error
    files = sorted(folder / file for file in listed) if listed else sorted(folder.glob("*.safetensors"))
    if missing := [file for file in files if not file.is_file()]:
        raise RunnerError(f"{missing[0]} is missing", mend="fetch it again")
    if not files:
        raise RunnerError(f"{folder} holds no safetensors", mend=_READ)
    return files


def _fetched(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=["*.safetensors", "*.json"], local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise RunnerError(f"model '{name}' is neither a folder nor on this machine", mend=_READ) from error


def compress(base: str, fine_tuned: str, *, bits: int = 1, progress: Progress | None = None) -> Delta:
    """The delta of a fine-tune, with initial scales. RunnerError where the two do not have one shape, or hold NaN.

    Matrices inside blocks become bits; other tensors that differ (norms, embeddings, a head) are kept whole, as in [1].
    """
    old, new = Weights(base), Weights(fine_tuned)
    _check_shapes(old, new)
    digest, packed, scale, whole = hashlib.sha256(), {}, {}, {}
    names = list(old)
    for name in progress.track(names, "compress", unit="tensor") if progress else names:
        before, after = old[name], new[name]
        for model, tensor in ((base, before), (fine_tuned, after)):
            if not torch.isfinite(tensor).all():
                raise RunnerError(f"{model}: {name} holds NaN or infinity", mend="name a model that is whole")
        if before.ndim == 2 and is_in_a_block(name) and name.endswith(".weight"):
            add_to_fingerprint(digest, name, before)
            packed[name], scale[name] = quantize(after.float() - before.float(), bits)
        elif not torch.equal(before, after):
            whole[name] = after
    if not packed:
        raise RunnerError(f"{base} has no matrices in numbered layers", mend="name a causal LM")
    return Delta(digest.hexdigest(), packed, scale, whole)


def _check_shapes(old: Weights, new: Weights) -> None:
    if apart := sorted(set(old) ^ set(new)):
        lacks, has = (new, old) if apart[0] in old else (old, new)
        raise RunnerError(
            f"{has.name} has {apart[0]} and {lacks.name} has not", mend="name a base and a fine-tune of that very base"
        )
    for name in old:
        if old.shape(name) != new.shape(name):
            raise RunnerError(
                f"{name} is {old.shape(name)} in {old.name} and {new.shape(name)} in {new.name}",
                mend="name a base and a fine-tune of that very base, with the same vocabulary",
            )


def _add_flags(group: Any) -> None:
    group.add_argument("--base", metavar="ID", help="the base: a Hugging Face id on this machine, or a folder")
    group.add_argument("--fine-tuned", metavar="ID", help="its fine-tune; --out names the file to write")
    group.add_argument("--bits", type=int, choices=range(1, 9), default=1, help="bits per weight (1)")


def _work(flags: argparse.Namespace, progress: Progress) -> None:
    if not (flags.base and flags.fine_tuned and flags.out):
        raise RunnerError(
            "--base and --fine-tuned go together", mend="--base ID --fine-tuned ID --out delta.safetensors"
        )
    out = flags.out
    if out.is_dir() or not out.parent.is_dir():
        raise RunnerError(f"{out} cannot be a file", mend="name a file in a folder that is there")
    delta = compress(flags.base, flags.fine_tuned, bits=flags.bits, progress=progress)
    size = save(out, delta)
    weights = sum(bits_KOP[0].numel() * 8 for bits_KOP in delta.bits.values())
    progress.say(
        f"{out}: {size / 1e6:,.1f} MB for {len(delta.bits)} matrices of {weights / 1e6:,.1f} M weights"
        f" ({2 * weights / size:.1f}x smaller than fp16)"
    )
    if delta.whole:
        kept = sum(tensor.nbytes for tensor in delta.whole.values())
        progress.say(f"{len(delta.whole)} other tensors differ from the base and are kept whole: {kept / 1e6:,.1f} MB")


TOOL = Tool("compress a public fine-tune", _add_flags, lambda flags: bool(flags.base or flags.fine_tuned), _work)
