"""Deltas on disk: one safetensors file, which names the base it belongs to by a hash, and its own content by another.

In the file: `bits/NAME`, uint8 K x O x P, for each matrix NAME of the model; `scale`, fp32 M x K, one row per matrix in
the order of their names; `whole/NAME` for tensors that the fine-tune changed and that are no linear weights. A file
that is cut short, changed in any bit, or made for another base is refused before anything of it is used.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from nonmun.runner import RunnerError

from .method import DeltaLinear

FORMAT = "nonmun-bitdelta-1"
_AGAIN = "compress the fine-tune again, or copy the file again from where it is whole"


@dataclass(frozen=True, slots=True)
class Delta:
    """A fine-tune as its difference from a base: what `quantize` found for each matrix, by the matrix's name."""

    base: str  # fingerprint of the base's matrices
    bits: Mapping[str, Tensor]  # bits_KOP
    scale: Mapping[str, Tensor]  # scale_K
    whole: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def planes(self) -> int:
        """K, bits per weight."""
        return next(iter(self.bits.values())).shape[0]


def fingerprint(weights: Iterable[tuple[str, Tensor]]) -> str:
    """sha256 over names, shapes and numbers, in the order of names; the same numbers in bf16 and in fp32 are one."""
    digest = hashlib.sha256()
    for name, weight in sorted(weights, key=lambda item: item[0]):
        add_to_fingerprint(digest, name, weight)
    return digest.hexdigest()


def add_to_fingerprint(digest: hashlib._Hash, name: str, weight: Tensor) -> None:
    """One matrix more, for those who read a model layer by layer: in the order of names."""
    digest.update(f"{name} {tuple(weight.shape)}\n".encode())
    digest.update(weight.detach().to("cpu", torch.float32).contiguous().numpy().tobytes())


def linear_weights(model: nn.Module) -> dict[str, Tensor]:
    """The weights of linear layers inside a model's blocks, by name: all that BitDelta compresses   [1] Sec. 3.1."""
    found = {}
    for name, module in model.named_modules():
        linear = module.linear if isinstance(module, DeltaLinear) else module
        if isinstance(linear, nn.Linear) and is_in_a_block(name) and not name.endswith(".linear"):
            found[f"{name}.weight"] = linear.weight
    return found


def fp16_bytes(model: nn.Module) -> tuple[int, int]:
    """What the matrices that BitDelta compresses take in fp16, and the whole model, shared embeddings counted once."""
    linear = sum(weight.numel() for weight in linear_weights(model).values())
    return 2 * linear, 2 * sum(parameter.numel() for parameter in model.parameters())


def is_in_a_block(name: str) -> bool:
    """Whether a module or tensor belongs to one of a model's numbered layers, and not to its embedding or head."""
    return any(part.isdigit() for part in name.split("."))


def save(path: Path, delta: Delta) -> int:
    """Write it whole or not at all; the bytes it takes. RunnerError says what kept it from being written."""
    names = sorted(delta.bits)
    tensors = {f"bits/{name}": delta.bits[name].cpu().contiguous() for name in names}
    tensors["scale"] = torch.stack([delta.scale[name].detach().float().cpu() for name in names])
    tensors |= {f"whole/{name}": tensor.detach().cpu().contiguous() for name, tensor in delta.whole.items()}
    if not torch.isfinite(tensors["scale"]).all():
        name = names[int((~torch.isfinite(tensors["scale"])).any(1).nonzero()[0])]
        raise RunnerError(f"the scale of {name} is not finite; nothing was written", mend="look for NaN in the weights")
    tags = {"format": FORMAT, "base": delta.base}
    data = safetensors.torch.save(tensors, tags | {"content": _content(tensors, tags)})
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise RunnerError(f"{path}: {reason}; nothing was written", mend="name another place, or make room") from error
    finally:
        draft.unlink(missing_ok=True)
    return len(data)


def load(path: Path, base: str | None = None) -> Delta:
    """The delta in a file. RunnerError where it is none, is not whole, or is not for the base of that fingerprint."""
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            tags = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dict
    except OSError as error:
        raise RunnerError(f"{path}: {error.strerror or error}", mend="name a file made by compress") from error
    except (safetensors.SafetensorError, ValueError, RuntimeError, MemoryError) as error:
        raise RunnerError(f"{path}: not a whole safetensors file ({_short(error)})", mend=_AGAIN) from error
    if tags.get("format") != FORMAT:
        raise RunnerError(
            f"{path}: format {tags.get('format')!r}, expected {FORMAT!r}", mend="name a file made by compress"
        )
    claimed = {key: tags.get(key, "") for key in ("format", "base")}
    if tags.get("content") != _content(tensors, claimed):
        raise RunnerError(f"{path}: its content does not match the hash it carries", mend=_AGAIN)
    if base is not None and tags["base"] != base:
        raise RunnerError(
            f"{path}: made for the base {tags['base'][:12]}…, and this model is {base[:12]}…",
            mend="load the base it was made from",
        )
    return _checked(path, tags["base"], tensors)


def apply(model: nn.Module, delta: Delta) -> None:
    """Put a delta on a model in place: every linear layer it names becomes a DeltaLinear, the base staying as it is."""
    state = dict(model.named_parameters())
    for name, tensor in delta.whole.items():
        if name not in state or state[name].shape != tensor.shape:
            raise RunnerError(f"{name}: not in this model, or of another shape", mend="load the base it was made from")
        with torch.no_grad():
            state[name].copy_(tensor)
    for name, bits_KOP in delta.bits.items():
        parent, attribute, linear = find_linear(model, name)
        expected = (linear.out_features, -(-linear.in_features // 8))
        if tuple(bits_KOP.shape[1:]) != expected:
            raise RunnerError(
                f"{name}: {tuple(bits_KOP.shape[1:])} bytes of signs, expected {expected}",
                mend="load the base it was made from",
            )
        device = linear.weight.device
        setattr(parent, attribute, DeltaLinear(linear, bits_KOP.to(device), delta.scale[name].to(device)))


def remove(model: nn.Module) -> None:
    """Undo `apply`, or serving: every layer that holds a delta becomes the linear layer it was. `whole` stays."""
    for name, module in list(model.named_modules()):
        if not isinstance(module, nn.Linear) and isinstance(linear := getattr(module, "linear", None), nn.Linear):
            parent, _, last = name.rpartition(".")
            setattr(model.get_submodule(parent), last, linear)


def find_linear(model: nn.Module, name: str) -> tuple[nn.Module, str, nn.Linear]:
    """The linear layer whose weight is called `name`, the module it stands in, and what it is called there."""
    path, _, last = name.removesuffix(".weight").rpartition(".")
    try:
        parent = model.get_submodule(path)
        linear = getattr(parent, last)
    except AttributeError as error:
        raise RunnerError(f"the model has no {name}", mend="load the base the delta was made from") from error
    linear = linear.linear if isinstance(linear, DeltaLinear) else linear
    if not isinstance(linear, nn.Linear):
        raise RunnerError(
            f"{name} is a {type(linear).__name__}, expected Linear", mend="see README.md for what is read"
        )
    return parent, last, linear


def _content(tensors: Mapping[str, Tensor], tags: Mapping[str, str]) -> str:
    digest = hashlib.sha256(repr(sorted(tags.items())).encode())
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.flatten().view(torch.uint8).numpy().tobytes() if tensor.numel() else b"")
    return digest.hexdigest()


def _checked(path: Path, base: str, tensors: Mapping[str, Tensor]) -> Delta:
    """A file may carry a right hash and still not be a delta."""
    bits = {name.removeprefix("bits/"): tensor for name, tensor in tensors.items() if name.startswith("bits/")}
    whole = {name.removeprefix("whole/"): tensor for name, tensor in tensors.items() if name.startswith("whole/")}
    scale = tensors.get("scale")
    fault = ""
    if not bits or scale is None or len(bits) + len(whole) + 1 != len(tensors):
        fault = f"{len(tensors)} tensors, expected bits/…, scale and perhaps whole/…"
    elif scale.dtype != torch.float32 or scale.ndim != 2 or len(scale) != len(bits) or not scale.shape[1]:
        fault = f"scale is {scale.dtype} {tuple(scale.shape)}, expected float32 of {len(bits)} rows"
    elif not torch.isfinite(scale).all():
        fault = "a scale is not finite"
    elif wrong := [n for n, b in bits.items() if b.dtype != torch.uint8 or b.ndim != 3 or len(b) != scale.shape[1]]:
        fault = f"bits of {wrong[0]} are {bits[wrong[0]].dtype} {tuple(bits[wrong[0]].shape)}, expected uint8 K x O x P"
    if fault or scale is None:
        raise RunnerError(f"{path}: {fault}", mend=_AGAIN)
    return Delta(base, bits, {name: scale[row].clone() for row, name in enumerate(sorted(bits))}, whole)


def _short(error: BaseException) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__
