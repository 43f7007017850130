"""What has to be there before a run begins, so that it does not fail at its end."""

from __future__ import annotations

from nonmun.runner.environment import total_memory
from nonmun.runner.errors import RunnerError
from nonmun.runner.settings import GIB, Preset


def check_needs(name: str, preset: Preset) -> None:
    """RunnerError where this machine has not what the preset needs."""
    if preset.needs == "cuda" and not _has_cuda():
        raise RunnerError(
            f"preset '{name}' needs a CUDA device, and torch finds none", mend="run --preset quick or full"
        )
    total = total_memory()
    if total is not None and total < preset.gib * GIB:
        raise RunnerError(
            f"preset '{name}' needs about {preset.gib:g} GiB of memory, and this machine has {total / GIB:.3g}",
            mend="run a smaller preset, or a larger machine",
        )


def _has_cuda() -> bool:
    try:
        import torch
    except ImportError:
        return False
    return torch.cuda.is_available()
