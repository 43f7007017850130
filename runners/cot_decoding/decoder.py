"""A small decoder, trained on the spot: a Llama of about a million parameters with a tokenizer of whole words."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

END = "<end>"
Tell = Callable[[float], None]  # told the loss of each step
Pairs = Iterator[tuple[str, str]]


def word_tokenizer(words: list[str]) -> Any:
    """One token a word; a word may have spaces in it, and the longest that fits is taken."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: index for index, word in enumerate([END, *words])}
    tokenizer = Tokenizer(models.WordLevel(vocab=vocabulary, unk_token=END))
    longest_first = sorted(map(re.escape, words), key=len, reverse=True)
    word = Regex(rf"(?<!\S)(?:{'|'.join(longest_first)})(?!\S)|\S+")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(word, "removed", invert=True)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END, clean_up_tokenization_spaces=False)


def build(vocabulary: int, width: int, layers: int, seed: int) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=width,
            intermediate_size=4 * width,
            num_hidden_layers=layers,
            num_attention_heads=4,
            num_key_value_heads=4,
            max_position_embeddings=128,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=0,
            pad_token_id=None,
        )
    )


def train(model: Any, tokenizer: Any, pairs: Pairs, *, steps: int, batch: int, rate: float, tell: Tell) -> None:
    """AdamW, the rate rising over a twentieth of the steps and falling to nought in a line; the loss on answers alone.

    Each step is `batch` pairs, computed in two halves by length, since direct answers are a third as long as worked.
    """
    optimizer = torch.optim.AdamW(model.parameters(), rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    rise = max(1, steps // 20)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / rise, max(0.0, (steps - step) / (steps - rise + 1)))
    )
    model.train()
    for _ in range(steps):
        drawn = list(itertools.islice(pairs, batch))
        rows = [(ids(tokenizer, prompt), ids(tokenizer, answer) + [tokenizer.eos_token_id]) for prompt, answer in drawn]
        rows.sort(key=lambda row: len(row[0]) + len(row[1]))
        total = sum(len(answer) for _, answer in rows)
        loss = 0.0
        cut = next((i for i, row in enumerate(rows) if len(row[0]) + len(row[1]) > 18), len(rows))
        for part in (rows[:cut], rows[cut:]):
            if part:
                own = _loss(model, part) / total
                own.backward()
                loss += own.item()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        schedule.step()
        tell(loss)
    model.eval()


def ids(tokenizer: Any, text: str) -> list[int]:
    return tokenizer(text, add_special_tokens=False).input_ids


def _loss(model: Any, rows: list[tuple[list[int], list[int]]]) -> Tensor:
    """The summed cross-entropy of the answers' tokens, rows padded on the right."""
    longest = max(len(prompt) + len(answer) for prompt, answer in rows)
    tokens = torch.zeros((len(rows), longest), dtype=torch.long)
    wanted = torch.full((len(rows), longest), -100)
    for row, (prompt, answer) in enumerate(rows):
        tokens[row, : len(prompt) + len(answer)] = torch.tensor(prompt + answer)
        wanted[row, len(prompt) : len(prompt) + len(answer)] = torch.tensor(answer)
    logits = model(input_ids=tokens, use_cache=False).logits
    return functional.cross_entropy(logits[:, :-1].flatten(0, 1), wanted[:, 1:].flatten(), reduction="sum")
