"""Trains every variant of every seed, two at a time on a CPU, each on one core."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from nonmun.runner import Progress, RunnerError

from .corpus import Corpus, batch
from .method import Routed, load_entropy
from .model import Kind, Shape, Transformer

if TYPE_CHECKING:
    from .demo import Config

Job = tuple[Kind, int]  # a variant and its seed
Tell = Callable[[float], None]  # told the loss of each step


@dataclass(frozen=True, slots=True)
class Trained:
    """A model and what its training was like; entropies and drops are means over layers, one a step."""

    kind: Kind
    seed: int
    model: Transformer
    losses: list[float]
    entropies: list[float]
    dropped: list[float]


def train_all(jobs: Sequence[Job], corpus: Corpus, config: Config, device: torch.device, progress: Progress) -> list:
    """One model a job, in the order of the jobs.

    On a CPU each is computed by one thread, whatever else runs, so the numbers do not depend on how many there are;
    two small models on a core each also take less time than one after the other on both.
    """
    cores, lock, stopped = torch.get_num_threads(), threading.Lock(), threading.Event()
    with progress.stage("train", len(jobs) * config.steps, "step") as stage:

        def work(job: Job) -> Trained:
            def tell(loss: float) -> None:
                if stopped.is_set():
                    raise RunnerError("training was stopped", mend="run it again")
                with lock:
                    stage.advance(**{job[0]: round(loss, 3)})

            return train(*job, corpus, config, device, tell)

        torch.set_num_threads(1)
        try:
            with ThreadPoolExecutor(max(1, cores) if device.type == "cpu" else 1) as pool:
                running = [pool.submit(work, job) for job in jobs]
                try:
                    done, waiting = wait(running, return_when=FIRST_EXCEPTION)
                finally:
                    stopped.set()  # the others, where one has failed, or where the run is ended
                    for one in running:
                        one.cancel()
            return [one.result() for one in (running if not waiting else sorted(done, key=running.index))]
        finally:
            torch.set_num_threads(cores)


def train(kind: Kind, seed: int, corpus: Corpus, config: Config, device: torch.device, tell: Tell) -> Trained:
    """AdamW; variants of one seed see the same passages in the same order, equally many of each kind of text."""
    model = Transformer(shape_of(config), kind, seed).to(device)
    learned = [one for one in model.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(learned, config.rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: share_of_rate(step, config.steps))
    alpha = 0.0 if kind == "no_aux" else config.alpha
    drawn = torch.Generator().manual_seed(seed)
    found = Trained(kind, seed, model, [], [], [])
    for _ in range(config.steps):
        inputs, targets, real = batch(draw(corpus, config.batch, drawn), device)
        logits, routed = model(inputs, real)
        loss = functional.cross_entropy(logits[real], targets[real])
        whole = loss + alpha * torch.stack([one.aux for one in routed]).sum() if routed else loss
        if not math.isfinite(loss.item()):
            raise RunnerError(f"the loss of '{kind}' is no number", mend="train it with a lower --rate")
        optimizer.zero_grad(set_to_none=True)
        whole.backward()
        torch.nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        schedule.step()
        found.losses.append(loss.item())
        if routed:
            found.entropies.append(sum(load_entropy(one.load_E) for one in routed) / len(routed))
            found.dropped.append(dropped_share(routed))
        tell(loss.item())
    model.eval()
    return found


def shape_of(config: Config) -> Shape:
    return Shape(
        config.layers, config.width, config.heads, config.experts, config.hidden, config.k, config.length,
        config.capacity,
    )  # fmt: skip


def share_of_rate(step: int, steps: int) -> float:
    """The rate rises over a twentieth of the steps, and falls to nought in a line over the second half."""
    return min((step + 1) / max(1, steps // 20), 2 * (steps - step) / steps, 1.0)


def draw(corpus: Corpus, size: int, generator: torch.Generator) -> Tensor:
    each = max(1, size // len(corpus.train))
    return torch.cat([rows[torch.randint(len(rows), (each,), generator=generator)] for rows in corpus.train.values()])


def dropped_share(routed: Sequence[Routed]) -> float:
    """Of all assignments of all layers, those that were over an expert's capacity."""
    return float(sum(one.dropped for one in routed) / max(1, sum(int(one.load_E.sum()) for one in routed)))
