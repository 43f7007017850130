"""A small LM from scratch on what a sampler chose, and its loss on texts that no sampler saw.

Every run reads the same number of tokens in windows of equal length: a smaller choice is read more often. The rate
rises once and stays, so that the loss after any number of tokens is that of a run of so many.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from nonmun.runner import Progress, RunnerError

END = "<end>"
Tokens = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shape:
    """Of the model and of its training."""

    vocabulary: int = 2048
    width: int = 128
    layers: int = 2
    window: int = 64
    batch: int = 16
    rate: float = 3e-3
    tokens: int = 100_000
    points: int = 8  # how often it is measured

    @property
    def steps(self) -> int:
        return max(self.points, self.tokens // (self.window * self.batch))


@dataclass(slots=True)
class Curve:
    """Loss in nats per token on each validation set, after so many tokens."""

    tokens: list[int] = field(default_factory=list)
    losses: dict[str, list[float]] = field(default_factory=dict)


def tokenizer(texts: Sequence[str], vocabulary: int) -> Any:
    """Byte-level BPE of these texts; the same texts give the same one."""
    from tokenizers import ByteLevelBPETokenizer

    found = ByteLevelBPETokenizer()
    found.train_from_iterator(texts, vocab_size=vocabulary, min_frequency=2, special_tokens=[END], show_progress=False)
    return found


def encode(tokenizer: Any, texts: Sequence[str]) -> list[Tokens]:
    """Each text's tokens, with an end."""
    return [np.array([*one.ids, 0], np.int64) for one in tokenizer.encode_batch(list(texts))]


def build(shape: Shape, seed: int) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=shape.vocabulary,
            hidden_size=shape.width,
            intermediate_size=3 * shape.width,
            num_hidden_layers=shape.layers,
            num_attention_heads=4,
            num_key_value_heads=4,
            max_position_embeddings=max(128, shape.window),
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=0,
            pad_token_id=None,
        )
    )


def windows(docs: Sequence[Tokens], window: int, seed: int) -> Iterator[Tokens]:
    """Documents in a random order, one after another, cut into windows; when all are read, in a new order again."""
    rng = np.random.default_rng(seed)
    rest = np.zeros(0, np.int64)
    while True:
        parts = [rest, *(docs[place] for place in rng.permutation(len(docs)))]
        joined = np.concatenate(parts)
        whole = len(joined) // window * window
        yield from joined[:whole].reshape(-1, window)
        rest = joined[whole:]


def held_out(docs: Sequence[Tokens], window: int) -> Tensor:
    """A validation set: its documents in their order, cut into windows."""
    joined = np.concatenate(docs)
    return torch.from_numpy(joined[: len(joined) // window * window].reshape(-1, window).copy())


@torch.no_grad()
def loss_on(model: Any, ids_NS: Tensor) -> float:
    """Nats per token."""
    total = 0.0
    for ids in ids_NS.split(64):
        logits = model(input_ids=ids, use_cache=False).logits[:, :-1].float()
        total += functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="sum").item()
    return total / (ids_NS.numel() - len(ids_NS))


@torch.no_grad()
def loss_of_each(model: Any, docs: Sequence[Tokens], most: int = 128) -> NDArray[np.float64]:
    """Nats per token of each document by itself: the log of its perplexity."""
    order = sorted(range(len(docs)), key=lambda place: len(docs[place]))
    found = np.empty(len(docs))
    for start in range(0, len(order), 64):
        places = order[start : start + 64]
        rows = [docs[place][:most] for place in places]
        ids = torch.zeros((len(rows), max(map(len, rows)) + 1), dtype=torch.long)  # an end before each, as in training
        real = torch.zeros_like(ids, dtype=torch.bool)
        for row, tokens in enumerate(rows):
            ids[row, 1 : len(tokens) + 1] = torch.from_numpy(tokens)
            real[row, 1 : len(tokens) + 1] = True
        logits = model(input_ids=ids, use_cache=False).logits[:, :-1].float()
        nats = functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none").view(
            len(rows), -1
        )
        mean = (nats * real[:, 1:]).sum(1) / real[:, 1:].sum(1)
        found[places] = mean.double().numpy()
    return found


def train(
    model: Any,
    docs: Sequence[Tokens],
    shape: Shape,
    seed: int,
    sets: Mapping[str, Tensor],
    tell: Callable[[float], None],
) -> Curve:
    """AdamW; measured on `sets` at evenly spaced points, the last being the end."""
    optimizer = torch.optim.AdamW(model.parameters(), shape.rate, betas=(0.9, 0.98), weight_decay=0.05, fused=True)
    rise = max(1, shape.steps // 10)
    drawn, curve = windows(docs, shape.window, seed), Curve(losses={name: [] for name in sets})
    marks = {round(shape.steps * (point + 1) / shape.points) for point in range(shape.points)}
    for step in range(1, shape.steps + 1):
        ids = torch.from_numpy(np.stack([next(drawn) for _ in range(shape.batch)]))
        for group in optimizer.param_groups:
            group["lr"] = shape.rate * min(1.0, step / rise)
        logits = model(input_ids=ids, use_cache=False).logits[:, :-1].float()
        loss = functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        tell(loss.item())
        if step in marks:
            curve.tokens.append(step * shape.window * shape.batch)
            for name, ids_NS in sets.items():
                curve.losses[name].append(loss_on(model, ids_NS))
    return curve


@dataclass(frozen=True, slots=True)
class Run:
    """What one model is trained on."""

    name: str
    seed: int
    docs: Sequence[Tokens]


def train_all(
    runs: Sequence[Run], shape: Shape, sets: Mapping[str, Tensor], progress: Progress, title: str
) -> list[tuple[Run, Curve, Any]]:
    """Each run's curve and model, two at a time, each on its share of the cores.

    Nothing is drawn from torch's generator meanwhile, so the order in which they take turns changes no number.
    """
    models = [build(shape, run.seed) for run in runs]
    cores, lock, stopped = torch.get_num_threads(), threading.Lock(), threading.Event()
    with progress.stage(title, shape.steps * len(runs), "step") as stage:

        def work(run: Run, model: Any) -> Curve:
            def tell(loss: float) -> None:
                if stopped.is_set():
                    raise RunnerError("training was stopped", mend="run it again")
                if not np.isfinite(loss):
                    raise RunnerError(f"{run.name}, seed {run.seed}: the loss is {loss}", mend="lower its rate")
                with lock:
                    stage.advance(loss=round(loss, 3))

            return train(model, run.docs, shape, run.seed, sets, tell)

        torch.set_num_threads(max(1, cores // 2))
        try:
            with ThreadPoolExecutor(2 if cores > 1 else 1) as pool:
                running = [pool.submit(work, run, model) for run, model in zip(runs, models, strict=True)]
                try:
                    done, _ = wait(running, return_when=FIRST_EXCEPTION)
                finally:
                    stopped.set()
                    for one in running:
                        one.cancel()
            for one in sorted(done, key=running.index):
                one.result()
        finally:
            torch.set_num_threads(cores)
    return [(run, one.result(), model) for run, one, model in zip(runs, running, models, strict=True)]


def tokens_to(curve: Curve, name: str, goal: float) -> float | None:
    """After how many tokens the loss on a set first falls to `goal`, between two points in a line; None if never."""
    before: tuple[int, float] | None = None
    for at, loss in zip(curve.tokens, curve.losses[name], strict=True):
        if loss <= goal:
            if before is None or before[1] == loss:
                return float(at)
            return before[0] + (at - before[0]) * (before[1] - goal) / (before[1] - loss)
        before = (at, loss)
    return None
