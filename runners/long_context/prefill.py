"""A language model reads a text in blocks, which what it has read can be cut back to any token of and read on from.

Activations take memory for one block, and not for the text. Two things make this as fast as reading it at once: keys
lie in room that is made for all of them, where transformers' cache copies all that it has at every block; and a block's
attention is computed in two parts, to what was read before and within the block, which no mask has to be made for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

BLOCK = 512  # tokens read at a time
ATTENTION = "nonmun_two_parts"  # the name transformers knows it by
PLAIN = ("llama",)  # kinds of models whose attention is that and no more; others are read with their own


class Reading:
    """What a model has read so far: the tokens, and their keys and values. `room` tokens can be read in all."""

    def __init__(self, model: Any, room: int, block: int = BLOCK) -> None:
        self.model, self.block = model, block
        self.ids: list[int] = []
        self.cache = _cache(model.config, room)
        self._summed, self._last = 0.0, None

    def read(self, ids: Sequence[int], nll: list[tuple[int, float]] | None = None) -> Tensor:
        """More tokens; returns the logits behind the last one, V.

        `nll`, if given, is filled with the cumulative NLL at the end of each block, and wants all reading to be so.
        """
        logits = torch.empty(0)
        for start in range(0, len(ids), self.block):
            logits = self._block(list(ids[start : start + self.block]), nll)
        return logits

    def _block(self, ids: list[int], nll: list[tuple[int, float]] | None) -> Tensor:
        fed = torch.tensor([ids], device=self.model.device)
        kept = 1 if nll is None else 0  # of all tokens
        with _two_parts(self.model):
            logits: Tensor = self.model(input_ids=fed, past_key_values=self.cache, logits_to_keep=kept).logits[0]
        self.ids += ids
        if nll is not None:
            before = logits[:-1] if self._last is None else torch.cat([self._last, logits[:-1]])
            right = fed[0, len(ids) - len(before) :]
            said = before.float().log_softmax(-1)
            self._summed -= said.gather(1, right[:, None]).sum().item()
            self._last = logits[-1:].clone()
            nll.append((len(self.ids), self._summed / (len(self.ids) - 1)))
        return logits[-1]

    def keep(self, tokens: int) -> None:
        """As if no more than the first so many had been read."""
        if not 0 <= tokens <= len(self.ids):
            raise ValueError(f"{tokens} tokens to keep, expected at most the {len(self.ids)} that were read")
        if tokens < len(self.ids):
            self.cache.crop(tokens - len(self.ids))
            del self.ids[tokens:]

    def behind(self, ids: Sequence[int], answer: Sequence[int]) -> Tensor:
        """Logits of each token of an answer to what follows here, answer x V. What was read stays as it was."""
        fed = torch.tensor([[*ids, *answer[:-1]]], device=self.model.device)
        with _two_parts(self.model):
            out = self.model(input_ids=fed, past_key_values=self.cache, logits_to_keep=len(answer))
        self.cache.crop(-fed.shape[1])
        logits: Tensor = out.logits[0]
        return logits


def _cache(config: Any, room: int) -> Any:
    """A cache of transformers; layers that keep all tokens keep them in one piece of memory."""
    from transformers import DynamicCache
    from transformers.cache_utils import DynamicLayer

    class Roomy(DynamicLayer):  # type: ignore[misc]  # transformers is untyped
        """keys and values, B x heads x tokens x dims, are views of the first tokens of what there is room for."""

        def update(self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
            begin = self.get_seq_length() if self.is_initialized else 0
            end = begin + key_states.shape[-2]
            if not self.is_initialized:
                self.dtype, self.device, self.is_initialized = key_states.dtype, key_states.device, True
                self._rooms = [
                    part.new_empty(*part.shape[:-2], room, part.shape[-1]) for part in (key_states, value_states)
                ]
            if end > room:
                raise ValueError(f"{end} tokens, expected at most {room}; make more room")
            for whole, part in zip(self._rooms, (key_states, value_states), strict=True):
                whole[..., begin:end, :] = part
            self.keys, self.values = (whole[..., :end, :] for whole in self._rooms)
            return self.keys, self.values

    cache = DynamicCache(config=config)
    cache.layers = [Roomy() if type(layer) is DynamicLayer else layer for layer in cache.layers]
    return cache


@contextmanager
def _two_parts(model: Any) -> Iterator[None]:
    """A plain model on a CPU attends as below, until the end of the block."""
    if model.device.type != "cpu" or model.config.model_type not in PLAIN:
        yield
        return
    from transformers import AttentionInterface

    AttentionInterface.register(ATTENTION, _attention)
    before = model.config._attn_implementation
    model.config._attn_implementation = ATTENTION
    try:
        yield
    finally:
        model.config._attn_implementation = before


def _attention(
    module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **kwargs: Any
) -> tuple[Tensor, None]:
    """As transformers calls it: query 1 x H x Q x D; key, value 1 x G x K x D; returns 1 x Q x H x D."""
    return two_parts(query, key, value, kwargs.get("scaling")).transpose(1, 2), None


def two_parts(q_1HQD: Tensor, k_1GKD: Tensor, v_1GKD: Tensor, scale: float | None = None) -> Tensor:
    """Causal attention of the last Q of K tokens, 1 x H x Q x D: to the K - Q before them, and among themselves.

    Each part comes with the logarithm of its sum of exp(logit), by which they are mixed: the online softmax of two
    chunks. H / G heads share keys: for the part without a mask they are H / G times as many queries of one.
    """
    flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    _, heads, queries, dims = q_1HQD.shape
    groups, past = k_1GKD.shape[1], k_1GKD.shape[2] - queries
    own = (part[:, :, past:].repeat_interleave(heads // groups, 1) for part in (k_1GKD, v_1GKD))
    within, log_within = flash(q_1HQD, *own, 0.0, True, scale=scale)
    if not past:
        return within
    folded = q_1HQD.reshape(1, groups, -1, dims)
    before, log_before = flash(folded, k_1GKD[:, :, :past], v_1GKD[:, :, :past], 0.0, False, scale=scale)
    share = torch.sigmoid(log_before.reshape(1, heads, queries) - log_within).unsqueeze(-1).to(within.dtype)
    return torch.lerp(within, before.reshape(1, heads, queries, dims), share)
