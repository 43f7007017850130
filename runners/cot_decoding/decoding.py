"""CoT-decoding of text: for one prompt, or for many, with any causal LM of transformers and its tokenizer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from .answers import Finder, last_number
from .method import DecodingError, Path, Row, decode, read, top_tokens

TAIL = 12  # tokens at a row's end in which a mark is looked for while it is written


def cot_decode(
    model: Any,
    tokenizer: Any,
    prompt: str,
    k: int = 10,
    *,
    steps: int = 128,
    find: Finder = last_number,
    marks: Sequence[str] = (),
    at: int = 0,
) -> list[Path]:
    """The k paths of a prompt, the greedy one first. `max_path` and `aggregate` choose among them.

    At most `steps` tokens each; `find` says where an answer stands; a path ends at a mark such as "\\nQ:" as it does at
    the model's own end; `at` is the step at which it branches. Fewer than k where the model allows no more tokens.
    DecodingError, in one line, where the prompt is empty or too long, or the model gives no numbers.
    """
    return cot_decode_all(model, tokenizer, [prompt], k, steps=steps, find=find, marks=marks, at=at)[0]


def cot_decode_all(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[str],
    k: int = 10,
    *,
    steps: int = 128,
    find: Finder = last_number,
    marks: Sequence[str] = (),
    at: int = 0,
    together: int = 1,
    tell: Callable[[int], object] = lambda prompts: None,
) -> list[list[Path]]:
    """The same for many prompts, `together` of equal length at a time; `tell` hears of each batch that is done."""
    for what, value, least in (("k", k, 1), ("steps", steps, 1), ("at", at, 0), ("together", together, 1)):
        if value < least:
            raise DecodingError(f"{what} is {value}, expected {least} or more; leave it out")
    ended, stop = ends(model, tokenizer), stopping(tokenizer, marks)
    found: list[list[Path]] = [[] for _ in prompts]
    for places, ids_PS in batches(model, tokenizer, prompts, together):
        limit = min(steps, room(model, ids_PS.shape[1]))
        for row in decode(model, ids_PS, first=top_tokens(k), steps=limit, ends=ended, stop=stop, at=at):
            found[places[row.prompt]].append(read(row, tokenizer, find, marks))
        tell(len(places))
    return found


def batches(model: Any, tokenizer: Any, prompts: Sequence[str], together: int) -> Iterator[tuple[list[int], Tensor]]:
    """Prompts of equal length, so that none is padded: their places in the list, and their tokens, P x S."""
    by_length: dict[int, list[tuple[int, list[int]]]] = defaultdict(list)
    for place, prompt in enumerate(prompts):
        ids = prompt_ids(model, tokenizer, prompt)
        by_length[len(ids)].append((place, ids))
    device = next(model.parameters()).device
    for _, own in sorted(by_length.items()):
        for start in range(0, len(own), together):
            part = own[start : start + together]
            yield [place for place, _ in part], torch.tensor([ids for _, ids in part], device=device)


def prompt_ids(model: Any, tokenizer: Any, prompt: str) -> list[int]:
    """The prompt's tokens as the tokenizer makes them, or its BOS alone. DecodingError where there is nothing."""
    ids: list[int] = list(tokenizer(prompt).input_ids)
    if not ids:
        begin = tokenizer.bos_token_id
        if begin is None:
            raise DecodingError("the prompt is empty and the tokenizer has no BOS; write a prompt")
        ids = [begin]
    room(model, len(ids))
    return ids


def room(model: Any, length: int) -> int:
    """How many tokens may follow a prompt of this length. DecodingError where the model cannot read all of it.

    The last token is written and never read, hence one more than there are places left.
    """
    config = model.config.get_text_config()
    limit = getattr(config, "max_position_embeddings", None)
    if limit is None:
        return 2**31
    if length > limit:
        raise DecodingError(f"the prompt has {length} tokens, the model reads {limit}; shorten it")
    return int(limit) - length + 1


def ends(model: Any, tokenizer: Any) -> frozenset[int]:
    """Every token that ends a text, whoever of model and tokenizer says so."""
    found: set[int] = set()
    for holder in (getattr(model, "generation_config", None), model.config, tokenizer):
        end = getattr(holder, "eos_token_id", None)
        found |= set(end) if isinstance(end, list | tuple) else {end} if end is not None else set()
    return frozenset(found)


def stopping(tokenizer: Any, marks: Sequence[str]) -> Callable[[Row], bool]:
    """Whether a row has come to a mark. Only its end is read, at each step."""
    if not marks:
        return lambda row: False

    def stop(row: Row) -> bool:
        tail = tokenizer.decode(row.ids[-TAIL:].tolist(), skip_special_tokens=True)
        return any(mark in tail for mark in marks)

    return stop
