"""Trains denoisers: at native size, on square crops, on short captions, without temporal attention.

On a CPU several are trained at a time, each by one thread. On a GPU they take turns, and a step is one CUDA graph: the
models are small, so that most of a step's time would otherwise be spent on starting its kernels.
"""

from __future__ import annotations

import copy
import math
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor, nn

from nonmun.runner import Progress, RunnerError

from . import method
from .model import Denoiser, Shape
from .muon import Muon
from .packing import Layout
from .shelves import Shelf, batch_layout, composition, draw

Kind = Literal["native", "equal", "crop", "short", "frames"]
KINDS: tuple[Kind, ...] = ("native", "equal", "crop", "short", "frames")
Tell = Callable[[float], None]
CONTINUED = 0.5  # least share of captions dropped where frames are given: frames alone have to be enough as well
WARM = 3  # steps before a CUDA graph is recorded, which it has to have seen


@dataclass(frozen=True, slots=True)
class Plan:
    """How a denoiser is trained."""

    steps: int
    batch: int
    rate: float  # of AdamW
    matrix_rate: float  # of Muon
    dropout: float  # share of captions that are dropped
    ema: float  # the most that a mean over steps keeps
    bfloat16: bool = False
    graphs: bool = True


@dataclass(frozen=True, slots=True)
class Job:
    kind: Kind
    seed: int
    shape: Shape
    shelves: tuple[Shelf, ...]
    rungs: tuple[int, ...]  # steps after which the mean over steps is kept, the last among them


@dataclass(slots=True)
class Trained:
    """The models of one run, by the steps they had; the loss of each step; tokens of a step."""

    kind: Kind
    seed: int
    models: dict[int, Denoiser] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)
    tokens: int = 0

    @property
    def last(self) -> Denoiser:
        return self.models[max(self.models)]


@dataclass(slots=True)
class Batch:
    """What one step is computed from; all drawn outside of it, so that the step itself draws nothing."""

    x0_NP: Tensor
    noise_NP: Tensor
    t_B: Tensor
    caption_BL: Tensor
    given_N: Tensor

    def tensors(self) -> tuple[Tensor, ...]:
        return self.x0_NP, self.noise_NP, self.t_B, self.caption_BL, self.given_N


def next_batch(job: Job, plan: Plan, where: Layout, alpha_B: Tensor, generator: torch.Generator) -> Batch:
    """Clips, noise, times, captions of which some are dropped, and which frames are given."""
    device = generator.device
    counts = composition(job.shelves, plan.batch)
    x0_NP, caption_BL = draw(job.shelves, counts, generator, short=job.kind == "short")
    noise_NP = torch.randn(x0_NP.shape, generator=generator, device=device)
    noise_NP = noise_NP if where.real_NP is None else noise_NP * where.real_NP
    t_B = method.draw_times(torch.randn(len(alpha_B), generator=generator, device=device), alpha_B)
    kind_B, first_B, last_B, dropped_B = torch.rand(4, len(alpha_B), generator=generator, device=device)
    frames_N = where.extent_N3[:, 0]
    given_N = method.given_frames(kind_B, first_B, last_B, where.latent_N, where.frame_N, frames_N)
    given_B = torch.zeros_like(alpha_B).index_add(0, where.latent_N, given_N.float()) > 0
    chance_B = torch.where(given_B, max(plan.dropout, CONTINUED), plan.dropout)
    caption_BL = caption_BL.masked_fill((dropped_B < chance_B).unsqueeze(-1), 0)
    return Batch(x0_NP, noise_NP, t_B, caption_BL, given_N)


def loss_of(model: Denoiser, batch: Batch, where: Layout) -> Tensor:
    t_N = method.times_of_tokens(batch.t_B, where.latent_N, batch.given_N)
    x_NP = method.interpolate(batch.x0_NP, batch.noise_NP, t_N)
    guess_NP = model(x_NP, batch.t_B, batch.caption_BL, where, batch.given_N)
    counted_NP = ~batch.given_N.unsqueeze(-1)
    counted_NP = counted_NP.expand_as(x_NP) if where.real_NP is None else counted_NP & where.real_NP
    return method.loss(guess_NP.float(), batch.x0_NP, t_N, counted_NP)


class Stepper:
    """Steps of Muon for the matrices of layers, and of AdamW for the rest. On a GPU one is recorded and replayed."""

    def __init__(self, model: Denoiser, where: Layout, plan: Plan) -> None:
        self.model, self.where, self.plan = model, where, plan
        self.cuda = where.order_B.is_cuda
        inner, rest = inner_matrices(model)
        self.weights = [*inner, *rest]
        adam = torch.optim.AdamW(
            rest, self._rate(plan.rate), betas=(0.9, 0.98), weight_decay=0.01, fused=True, capturable=self.cuda
        )  # fmt: skip
        self.rates = ((Muon(inner, self._rate(plan.matrix_rate)), plan.matrix_rate), (adam, plan.rate))
        self.done = 0
        self.graph: torch.cuda.CUDAGraph | None = None
        self.held: Batch | None = None
        self.loss = torch.zeros(())

    def __call__(self, batch: Batch) -> Tensor:
        """The loss; on a GPU a tensor that the next step writes to."""
        self._warm(min(1.0, (self.done + 1) / max(1, min(200, self.plan.steps // 10))))
        self.done += 1
        if not self.cuda or not self.plan.graphs:
            return self._step(batch)
        if self.graph is not None and self.held is not None:
            for own, new in zip(self.held.tensors(), batch.tensors(), strict=True):
                own.copy_(new)
            self.graph.replay()
            return self.loss
        if self.done <= WARM:
            aside = torch.cuda.Stream()
            aside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(aside):
                loss = self._step(batch)
            torch.cuda.current_stream().wait_stream(aside)
            return loss
        self.held = Batch(*(one.clone() for one in batch.tensors()))
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self.loss = self._step(self.held)
        graph.replay()  # recording computes nothing
        self.graph = graph
        return self.loss

    def _step(self, batch: Batch) -> Tensor:
        with torch.autocast(self.where.order_B.device.type, torch.bfloat16, enabled=self.plan.bfloat16):
            loss = loss_of(self.model, batch, self.where)
        for optimizer, _ in self.rates:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.weights, 1.0)
        for optimizer, _ in self.rates:
            optimizer.step()
        return loss.detach()

    def _rate(self, rate: float) -> float | Tensor:
        """On a GPU a tensor, which a recorded step reads anew each time."""
        return torch.tensor(rate, device=self.where.order_B.device) if self.cuda else rate

    def _warm(self, share: float) -> None:
        for optimizer, rate in self.rates:
            for group in optimizer.param_groups:
                if self.cuda:
                    group["lr"].fill_(share * rate)
                else:
                    group["lr"] = share * rate


def inner_matrices(model: Denoiser) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """The matrices of the layers, which Muon is for; and all else: vectors, tables of words, both ends of the model."""
    inner, rest = [], []
    for name, one in model.named_parameters():
        (inner if one.ndim == 2 and name.startswith("blocks.") else rest).append(one)
    return inner, rest


def train(job: Job, plan: Plan, device: torch.device, tell: Tell) -> Trained:
    """One run, looked at after each of `job.rungs` steps. RunnerError where the loss is no number."""
    shelves = tuple(shelf.to(device) for shelf in job.shelves)
    job = replace(job, shelves=shelves)
    where = batch_layout(shelves, composition(shelves, plan.batch), job.shape.patch).to(device)
    alpha_B = method.shift_of(torch.bincount(where.latent_N, minlength=len(where.sizes)))
    model = Denoiser(job.shape, job.seed).to(device)
    mean = copy.deepcopy(model).requires_grad_(False)
    ours, theirs = ([*one.parameters()] for one in (mean, model))
    generator = torch.Generator(device).manual_seed(job.seed)
    step = Stepper(model, where, plan)
    found = Trained(job.kind, job.seed, tokens=where.tokens)
    every = 50 if device.type == "cuda" else 1  # reading a loss waits for the GPU
    for done in range(1, max(job.rungs) + 1):
        loss = step(next_batch(job, plan, where, alpha_B, generator))
        torch._foreach_lerp_(ours, [one.detach() for one in theirs], 1 - method.ema_decay(done, plan.ema))
        if done % every == 0 or done in job.rungs:
            if not math.isfinite(value := loss.item()):
                raise RunnerError(f"the loss of '{job.kind}' is no number", mend="train it with a lower --rate")
            found.losses.append(value)
        tell(found.losses[-1] if found.losses else 0.0)
        if done in job.rungs:
            found.models[done] = copy.deepcopy(mean).eval()
    return found


def train_all(jobs: Sequence[Job], plan: Plan, device: torch.device, progress: Progress) -> list[Trained]:
    """One run a job, in the order of the jobs; the numbers do not depend on how many are trained at a time."""
    cores, lock, stopped = torch.get_num_threads(), threading.Lock(), threading.Event()
    with progress.stage("train", sum(max(job.rungs) for job in jobs), "step") as stage:

        def work(job: Job) -> Trained:
            def tell(loss: float) -> None:
                if stopped.is_set():
                    raise RunnerError("training was stopped", mend="run it again")
                with lock:
                    stage.advance(**{f"{job.kind}_{job.seed}": round(loss, 3)})

            return train(job, plan, device, tell)

        torch.set_num_threads(1)
        try:
            with ThreadPoolExecutor(max(1, cores) if device.type == "cpu" else 1) as pool:
                longest = sorted(range(len(jobs)), key=lambda one: -max(jobs[one].rungs))  # so that none ends alone
                started = {one: pool.submit(work, jobs[one]) for one in longest}
                running = [started[one] for one in range(len(jobs))]
                try:
                    done, waiting = wait(running, return_when=FIRST_EXCEPTION)
                finally:
                    stopped.set()  # the others, where one has failed, or where the run is ended
                    for one in running:
                        one.cancel()
            return [one.result() for one in (running if not waiting else sorted(done, key=running.index))]
        finally:
            torch.set_num_threads(cores)
