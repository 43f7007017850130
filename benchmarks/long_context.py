"""Prefill of a long context: in blocks, as the runner reads SmolLM2, against transformers' `generate` with SDPA.

Each in a process of its own, which nothing else shares, in turns in one run: seconds, of which the least counts, and
the largest resident size above that before reading. `python -m benchmarks.long_context WHO LENGTH LAYERS` is one.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.processes import Peak
from benchmarks.record import Row

# All 30 layers would take a quarter of an hour each at 32k; what is compared there is the same model's first six.
CASES = ((8_192, 30), (32_768, 6))
ROUNDS = 3
EVERY_SECONDS = 0.02


def measure(vault: Path, count: int, scratch: Path) -> list[Row]:
    if importlib.util.find_spec("torch") is None:
        return [Row("long context", "not measured: torch is not installed (make runners)")]
    return [row for length, layers in CASES for row in _case(length, layers)]


def _case(length: int, layers: int) -> list[Row]:
    rounds = [[_child(who, length, layers) for who in ("generate", "blocks")] for _ in range(ROUNDS)]
    theirs, ours = (min(own, key=lambda one: one["seconds"]) for own in zip(*rounds, strict=True))
    what = f"prefill of {length:,} tokens, SmolLM2, {layers} of 30 layers"
    faster = theirs["seconds"] / ours["seconds"]
    smaller = theirs["peak"] / ours["peak"]
    same = "" if theirs["next"] == ours["next"] else "; **another next token**"
    return [
        Row(
            f"{what}: time against `generate` with SDPA",
            f"{ours['seconds']:.1f} s against {theirs['seconds']:.1f} s, {faster:.2f}x as fast{same}",
            "≥ 0.95x",
            faster >= 0.95 and not same,
        ),
        Row(
            "the same: memory above that of the model",
            f"{ours['peak'] / 1e6:,.0f} MB against {theirs['peak'] / 1e6:,.0f} MB, {smaller:.2f}x less "
            f"(KV: {ours['kept'] / 1e6:,.0f} MB)",
            "≥ 1x less",
            smaller >= 1,
        ),
    ]


def _child(who: str, length: int, layers: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.long_context", who, str(length), str(layers)]
    ran = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(ran.stdout.splitlines()[-1])


def _work(who: str, length: int, layers: int) -> dict[str, Any]:
    import torch

    from runners.long_context.prefill import Reading
    from runners.long_context.pretrained import prose
    from runners.models import language_model

    torch.set_num_threads(os.cpu_count() or 1)
    loaded = language_model("smollm2", device="cpu")
    model = loaded.model
    model.config.num_hidden_layers = layers
    model.model.layers = model.model.layers[:layers]
    text = loaded.tokenizer(prose(), add_special_tokens=False).input_ids
    ids = (text * -(-length // len(text)))[:length]
    with torch.inference_mode():
        model(torch.tensor([ids[:64]]))  # weights are mapped, and read from the disk the first time
        before, started = _resident(), time.perf_counter()
        peak = Peak(_resident, EVERY_SECONDS)
        if who == "generate":
            rows = torch.tensor([ids])
            asked = {"max_new_tokens": 1, "do_sample": False, "pad_token_id": 0}
            out = model.generate(rows, attention_mask=torch.ones_like(rows), **asked)
            token = int(out[0, -1])
        else:
            token = int(Reading(model, length).read(ids).argmax())
        seconds = time.perf_counter() - started
    config = model.config
    kept = length * layers * 2 * config.num_key_value_heads * config.head_dim * 4
    return {"seconds": seconds, "peak": peak.stop() - before, "next": token, "kept": kept}


def _resident() -> int:
    return psutil.Process().memory_info().rss


if __name__ == "__main__":
    print(json.dumps(_work(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
