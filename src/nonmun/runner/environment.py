"""What a run was made on: versions, threads, memory."""

from __future__ import annotations

import os
import platform
import random
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

_PACKAGES = ("nonmun", "numpy", "torch", "transformers", "tokenizers", "safetensors", "triton")


@dataclass(frozen=True, slots=True)
class Environment:
    """When a run began; the rest is read when it has ended, because it loads packages and fills memory meanwhile."""

    started: str

    @classmethod
    def now(cls) -> Environment:
        return cls(datetime.now(UTC).isoformat(timespec="seconds"))

    def fields(self) -> dict[str, Any]:
        return {"started": self.started, "versions": versions(), "threads": threads(), "peak_memory": peak_memory()}


def versions() -> dict[str, str]:
    """Of Python, the system, and each package that the run has loaded."""
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    for package in _PACKAGES:
        if package in sys.modules:
            try:
                found[package] = version(package)
            except PackageNotFoundError:  # it runs from a checkout
                found[package] = str(getattr(sys.modules[package], "__version__", "?"))
    return found


def threads() -> int:
    """Those that torch computes with; 1 without torch."""
    torch = sys.modules.get("torch")
    return int(torch.get_num_threads()) if torch is not None else 1


def peak_memory() -> int | None:
    """The largest resident size this process has had, in bytes; None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak) if sys.platform == "darwin" else int(peak) * 1024


def total_memory() -> int | None:
    """What this machine, or the container it is in, may use, in bytes."""
    found: list[int] = []
    try:
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as limit:
            found.append(int(limit.read()))
    except (AttributeError, OSError, ValueError):
        pass
    return min(found, default=None)


def seed_all(seed: int) -> None:
    """Every generator that a runner may draw from without naming one."""
    random.seed(seed)
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed(seed)
    if (torch := sys.modules.get("torch")) is not None:
        torch.manual_seed(seed)
