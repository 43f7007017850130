"""CoT-decoding's one batch against k separate `generate` calls, against one greedy decode, and against a plain batch.

On SmolLM2, in wall time on all cores, each taken in turns with the others in one run. Ratios are of medians, for all
questions together; the least and the largest of one question stand beside them.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

from benchmarks.record import Row
from benchmarks.turns import in_turns

K, STEPS = 10, 48
QUESTIONS, ROUNDS = 6, 2
SEED = 900  # no record uses it


def measure(vault: Path, count: int, scratch: Path) -> list[Row]:
    if importlib.util.find_spec("torch") is None:
        return [Row("CoT-decoding", "not measured: torch is not installed (make runners)")]
    import torch

    from runners.cot_decoding.wordings import items
    from runners.models import language_model

    torch.set_num_threads(os.cpu_count() or 1)
    loaded = language_model("smollm2", device="cpu")
    prompts = [item.prompt for item in items("multiplication", "question", SEED, QUESTIONS)]
    return [*_against_calls(loaded.model, loaded.tokenizer, prompts), *_against_a_batch(loaded.model, loaded.tokenizer)]


def _generate(model: Any, ids: Any, steps: int, **named: Any) -> Any:
    import torch

    asked = {"max_new_tokens": steps, "do_sample": False, "pad_token_id": 0} | named
    with torch.inference_mode():
        return model.generate(ids, attention_mask=torch.ones_like(ids), **asked)


def _separately(model: Any, ids: Any) -> list[list[int]]:
    """What public code does: the prompt, then for each of its top k tokens a `generate` call of its own."""
    import torch

    from runners.cot_decoding.decoding import ends

    with torch.inference_mode():
        first = model(ids).logits[0, -1].topk(K).indices
    found, closing = [], ends(model, None)
    for token in first:
        branch = torch.cat([ids, token.view(1, 1)], dim=1)
        whole = branch if token.item() in closing else _generate(model, branch, STEPS - 1)
        found.append(whole[0, ids.shape[1] :].tolist())
    return found


def _against_calls(model: Any, tokenizer: Any, prompts: list[str]) -> list[Row]:
    from runners.cot_decoding import cot_decode

    times, same, paths = [], 0, 0
    for prompt in prompts:
        ids = tokenizer(prompt, return_tensors="pt").input_ids
        ours = [list(path.ids) for path in cot_decode(model, tokenizer, prompt, K, steps=STEPS)]
        theirs = _separately(model, ids)
        same += sum(a == b for a, b in zip(ours, theirs, strict=True))
        paths += len(theirs)
        times.append(
            in_turns(
                lambda prompt=prompt: cot_decode(model, tokenizer, prompt, K, steps=STEPS),
                lambda ids=ids: _separately(model, ids),
                lambda ids=ids: _generate(model, ids, STEPS, min_new_tokens=STEPS),
                rounds=ROUNDS,
                warm=1,
            )
        )
    faster, dearer = [calls / ours for ours, calls, _ in times], [ours / greedy for ours, _, greedy in times]
    our_time, calls, greedy = (sum(column) for column in zip(*times, strict=True))
    what = f"CoT-decoding, k = {K}, up to {STEPS} tokens, SmolLM2, {len(prompts)} questions"
    shown = f"{calls / our_time:.1f}x as fast ({min(faster):.1f} to {max(faster):.1f})"
    return [
        Row(f"{what}: against {K} `generate` calls", shown, "≥ 3x", calls / our_time >= 3),
        Row("the same: paths equal token for token", f"{same} of {paths}", "all", same == paths),
        Row(
            f"the same: against one greedy decode of {STEPS} tokens",
            f"{our_time / greedy:.2f}x its time ({min(dearer):.2f} to {max(dearer):.2f})",
            "≤ 3x",
            our_time <= 3 * greedy,
        ),
    ]


def _against_a_batch(model: Any, tokenizer: Any) -> list[Row]:
    """The rate of decoding itself, nothing ending early: `generate` on k rows, and ours on the same."""
    import torch

    from runners.cot_decoding.method import decode, top_tokens
    from runners.cot_decoding.wordings import items

    prompt = items("multiplication", "question", SEED, 1)[0].prompt
    ids = tokenizer(prompt, return_tensors="pt").input_ids
    with torch.inference_mode():
        first = model(ids).logits[0, -1].topk(K).indices
    rows = torch.cat([ids.repeat(K, 1), first.view(K, 1)], dim=1)
    own, plain = in_turns(
        lambda: decode(model, ids, first=top_tokens(K), steps=STEPS),
        lambda: _generate(model, rows, STEPS - 1, min_new_tokens=STEPS - 1),
        rounds=ROUNDS,
        warm=1,
    )
    kept = decode(model, ids, first=top_tokens(K), steps=STEPS)
    size = sum(row.ids.itemsize * len(row.ids) + row.top.itemsize * len(row.top) for row in kept) / (K * STEPS)
    full = 4 * model.config.vocab_size
    return [
        Row(f"tokens a second against `generate` on {K} rows", f"{plain / own:.2f}x", "≥ 0.9x", plain / own >= 0.9),
        Row("kept of each step and path", f"{size:.0f} bytes (all logits: {full:,})", "≤ 16 bytes", size <= 16),
    ]
