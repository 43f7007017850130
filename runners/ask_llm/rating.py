"""Prompts in words, batches of documents, and a rater: what is around the method."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nonmun.runner import RunnerError

from . import method
from .method import Question

Array = NDArray[np.float64]
MOST = 256  # tokens of a document that are read; the beginning of a longer one stands for it
TOGETHER = 512  # tokens that are read together: what is computed of them stays in a CPU's caches
PROMPTS: dict[str, tuple[str, str]] = {  # before and after a document
    "paper": (  # as Figure 3 of the paper has it
        "###\n",
        "\n###\n\nDoes the previous paragraph demarcated within ### and ### contain informative signal for "
        "pre-training a large-language model? An informative datapoint should be well-formatted, contain some "
        "usable knowledge of the world, and strictly NOT have any harmful, racist, sexist, etc. content.\n\n"
        "OPTIONS:\n- yes\n- no\n",
    ),
    "short": (
        "###\n",
        "\n###\nIs the previous paragraph well-written, informative English text? Answer yes or no.\nAnswer:",
    ),
}
_YES, _NO = ("yes", " yes", "Yes", " Yes"), ("no", " no", "No", " No")


def question(tokenizer: Any, prompt: str) -> Question:
    """A prompt in tokens. RunnerError where the tokenizer has no single token for an answer."""
    before, after = PROMPTS[prompt]
    found = []
    for words in (_YES, _NO):
        single = [ids[0] for word in words if len(ids := _ids(tokenizer, word)) == 1]
        if not single:
            raise RunnerError(f"the tokenizer has no single token for '{words[0]}'", mend="name another --model")
        found.append(tuple(dict.fromkeys(single)))
    return Question(tuple(_ids(tokenizer, before)), tuple(_ids(tokenizer, after)), *found)


def _ids(tokenizer: Any, text: str) -> list[int]:
    ids: list[int] = tokenizer(text, add_special_tokens=False).input_ids
    return ids


@dataclass(slots=True)
class Rated:
    """What was found of each document: `score` and `mass` by prompt, and the loss where it was asked for."""

    score: dict[str, Array]
    mass: dict[str, Array]
    nats_N: Array | None = None


def rate(
    model: Any,
    tokenizer: Any,
    texts: Sequence[str],
    prompts: Sequence[str] = ("short",),
    *,
    together: int = TOGETHER,
    perplexity: bool = False,
    tell: Callable[[int], object] = lambda documents: None,
) -> Rated:
    """`together` tokens at once, or one document; each is read once, whatever is asked of it. All prompts begin alike.

    RunnerError says what cannot be.
    """
    asked: Mapping[str, Question] = {name: question(tokenizer, name) for name in prompts}
    prefix = next(iter(asked.values())).prefix
    if any(one.prefix != prefix for one in asked.values()):
        raise RunnerError("prompts that begin differently cannot share a reading", mend="rate with one after the other")
    docs = [_ids(tokenizer, text)[:MOST] for text in texts]
    found = Rated({name: np.empty(len(docs)) for name in prompts}, {name: np.empty(len(docs)) for name in prompts})
    found.nats_N = np.empty(len(docs)) if perplexity else None
    around = len(prefix) + max(len(one.question) for one in asked.values())
    try:
        with torch.inference_mode():
            shared = perplexity or len(asked) > 1
            cache = method.read_prefix(model, prefix) if shared else None
            for places in _batches([around + len(doc) for doc in docs], together):
                some = [docs[place] for place in places]
                if shared:
                    seen = method.read(model, cache, len(prefix), some)
                    if found.nats_N is not None:
                        found.nats_N[places] = method.nats(model, seen).numpy()
                    replies = [
                        method.ask(model, seen, len(prefix), one, last=number == len(asked))
                        for number, one in enumerate(asked.values(), start=1)
                    ]
                else:
                    replies = [method.ask_alone(model, some, one) for one in asked.values()]
                for name, reply in zip(asked, replies, strict=True):
                    found.score[name][places] = reply.score_N.numpy()
                    found.mass[name][places] = reply.mass_N.numpy()
                tell(len(places))
    except method.RatingError as error:
        raise RunnerError(str(error), mend="name another --model") from error
    return found


def _batches(lengths: Sequence[int], together: int) -> Iterator[list[int]]:
    """Numbers of those of like length, so that there is little padding, up to so many tokens with it."""
    places: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda place: lengths[place]):
        if places and (len(places) + 1) * lengths[place] > together:
            yield places
            places = []
        places.append(place)
    if places:
        yield places


def shorten(model: Any, layers: int) -> Any:
    """The model without its later layers, in place: a rater that is tuned needs no more than what it starts from."""
    blocks = getattr(model.base_model, "layers", None)
    if blocks is None or layers > len(blocks):
        there = "no numbered layers" if blocks is None else f"{len(blocks)} layers"
        raise RunnerError(f"{layers} layers of a model with {there}", mend="ask for fewer with --set layers=N")
    model.base_model.layers = blocks[:layers]
    model.config.num_hidden_layers = layers
    if getattr(model.config, "layer_types", None):
        model.config.layer_types = model.config.layer_types[:layers]
    return model


def tune(
    model: Any,
    tokenizer: Any,
    texts: Sequence[str],
    worth: Sequence[bool],
    *,
    steps: int,
    batch: int,
    rate: float,
    seed: int,
    prompt: str = "short",
    tell: Callable[[float], None] = lambda loss: None,
) -> None:
    """AdamW on the layers (the embedding stays), the loss on yes against no; half of each step is clean."""
    asked = question(tokenizer, prompt)
    rows = [[*asked.prefix, *_ids(tokenizer, text)[:MOST], *asked.question] for text in texts]
    rng = np.random.default_rng(seed)
    groups = [np.flatnonzero(np.asarray(worth) == kind) for kind in (True, False)]
    model.get_input_embeddings().requires_grad_(False)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, rate, weight_decay=0.01, fused=True)
    target_N = torch.tensor([1.0, 0.0]).repeat_interleave(batch // 2).to(model.device)
    for step in range(1, steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, step / max(1, steps // 10)) * (1 - (step - 1) / steps)
        places = np.concatenate([rng.choice(own, batch // 2, replace=False) for own in groups])
        margin_N = method.margin(model, [rows[place] for place in places], asked)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(margin_N, target_N)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        tell(loss.item())
    model.requires_grad_(False)
    model.zero_grad(set_to_none=True)
