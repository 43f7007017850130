"""Rotary positions stretched beyond the trained length: NTK-aware and YaRN (Peng et al., arXiv:2309.00071, Sec. 3)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from nonmun.runner import RunnerError

SLOW, FAST = 1, 32  # turns within the trained length below which a pair is stretched, and above which it is left alone
KINDS = ("none", "ntk", "yarn")


def frequencies(kind: str, factor: float, dims: int, base: float, trained: int) -> tuple[Tensor, float]:
    """Radians a token for each pair of dimensions, and what cosine and sine are multiplied by.

    `ntk` raises the base so that the slowest pair turns `factor` times slower. `yarn` slows pairs that turn less than
    once within the trained length, leaves those that turn more than 32 times, and mixes between; its attention is
    sharpened by 0.1 ln(factor) + 1.
    """
    pair = torch.arange(0, dims, 2, dtype=torch.float64) / dims
    plain = base**-pair
    if kind == "none" or factor == 1:
        return plain.float(), 1.0
    if kind == "ntk":
        return ((base * factor ** (dims / (dims - 2))) ** -pair).float(), 1.0
    if kind == "yarn":
        turns = trained * plain / (2 * math.pi)
        kept = ((turns - SLOW) / (FAST - SLOW)).clamp(0, 1)
        return (kept * plain + (1 - kept) * plain / factor).float(), 0.1 * math.log(factor) + 1
    raise RunnerError(f"no scaling '{kind}' of rotary positions", mend=f"there are {', '.join(KINDS)}")


@contextmanager
def stretched(model: Any, kind: str, factor: float) -> Iterator[None]:
    """A transformers model with rotary positions reads with them scaled, until the end of the block."""
    rotary = getattr(getattr(model, "model", None), "rotary_emb", None)
    if kind == "none":
        yield
        return
    if rotary is None or not hasattr(rotary, "inv_freq"):
        raise RunnerError(
            "the model has no rotary positions to scale", mend="leave --ropes out, or name another --model"
        )
    before = rotary.inv_freq, rotary.attention_scaling
    config = model.config.get_text_config()
    base = _base(config)
    own, sharper = frequencies(kind, factor, 2 * len(rotary.inv_freq), base, config.max_position_embeddings)
    rotary.inv_freq, rotary.attention_scaling = own.to(rotary.inv_freq.device), sharper
    try:
        yield
    finally:
        rotary.inv_freq, rotary.attention_scaling = before


def _base(config: Any) -> float:
    """Where transformers keeps it: in newer versions with the other parameters."""
    parameters = getattr(config, "rope_parameters", None) or {}
    return float(parameters.get("rope_theta") or getattr(config, "rope_theta", 10_000.0))
