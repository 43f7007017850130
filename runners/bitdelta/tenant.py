"""One tenant from beginning to end: fine-tuned, compressed, stored, read again, and measured beside its controls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from nonmun.runner import Progress

from . import training
from .controls import random_signs, round_to_nearest, round_to_nearest_bytes, truncated_svd
from .method import merge, quantize, shape_of_change
from .storage import Delta, apply, fingerprint, fp16_bytes, linear_weights, load, remove, save
from .tasks import Task, general_text
from .training import Batch

if TYPE_CHECKING:
    from .demo import Config

PIECE = 32  # tokens of plain text in a batch of distillation: as long as a task's lines
AT_ONCE = 32  # rows in a batch that is only measured
WITH_TEXT = ("base", "fine", "initial", "distilled", "random", "svd")  # measured on plain text as well


@dataclass
class Measured:
    """What one fine-tune gave. By variant: nats and hits per test example, nats per window of text, bytes stored."""

    task: str
    seed: int
    shape: float = 0.0  # mean |Delta| / rms(Delta)
    nats: dict[str, list[float]] = field(default_factory=dict)
    right: dict[str, list[bool]] = field(default_factory=dict)
    text: dict[str, list[float]] = field(default_factory=dict)
    stored: dict[str, int] = field(default_factory=dict)
    curve: list[float] = field(default_factory=list)  # logit distance of each step of distillation
    before: float = 0.0  # logit distance on what distillation has not seen, initial scales
    after: float = 0.0  # the same, distilled
    error: float = 0.0  # packed against merged, largest difference of logits over the largest logit
    file: Path = Path()


def measure_tenant(
    model: nn.Module, tokenizer: Any, task: Task, seed: int, config: Config, folder: Path, progress: Progress
) -> Measured:
    """Everything the demo says of one task and seed. The model is the base before and after."""
    found = Measured(task.name, seed)
    title = f"{task.name}, seed {seed}"
    trained, tested = task.examples(seed, config.steps * task.effort * config.batch, config.test)
    to_distil, to_test = general_text(seed)
    tests = training.batches(tokenizer, tested, AT_ONCE)
    text = training.windows(tokenizer, to_test, config.windows, config.window)
    half = config.distill_batch // 2
    mixed = _mixed(training.batches(tokenizer, trained, half), tokenizer, to_distil, config.distill_steps, half)
    unseen = _mixed(training.batches(tokenizer, tested, half), tokenizer, to_test, config.distances, half)
    weights = linear_weights(model)
    base = {name: weight.detach().clone() for name, weight in weights.items()}

    def look(variant: str) -> None:
        found.nats[variant], found.right[variant] = training.answer(model, tests)
        if variant in WITH_TEXT:
            found.text[variant] = training.text_nll(model, text)

    look("base")
    steps = config.steps * task.effort
    with progress.stage(f"{title}: fine-tune", steps, "step") as stage:
        told = training.batches(tokenizer, trained, config.batch)
        training.fine_tune(model, base, told, config.rate, lambda loss: stage.advance(loss=loss))
    look("fine")
    taught, wanted = training.teach(model, mixed), training.teach(model, unseen)
    delta = {name: weight.detach() - base[name] for name, weight in weights.items()}
    found.shape = _mean_shape(delta)

    _set(weights, base)
    packed = {name: quantize(change, config.most_bits) for name, change in delta.items()}
    one_bit = Delta(
        fingerprint(base.items()),
        {name: bits_KOP[:1] for name, (bits_KOP, _) in packed.items()},
        {name: scale_K[:1] for name, (_, scale_K) in packed.items()},
    )
    apply(model, one_bit)
    found.before = training.distance(model, unseen, wanted)
    look("initial")
    with progress.stage(f"{title}: distil", config.distill_steps, "step") as stage:

        def tell(distance: float) -> None:
            found.curve.append(distance)
            stage.advance(distance=distance)

        training.distill(model, mixed, taught, config.distill_rate, tell)
    found.after = training.distance(model, unseen, wanted)
    scale = {f"{name}.weight": m.scale_K.detach() for name, m in model.named_modules() if hasattr(m, "scale_K")}
    remove(model)
    found.file = folder / f"{task.name}-{seed}.safetensors"
    distilled = Delta(one_bit.base, one_bit.bits, scale)
    found.stored["initial"] = found.stored["distilled"] = save(found.file, distilled)

    # From here on as someone who got the file would: read it, check it against the base, put it on.
    stored = load(found.file, fingerprint(linear_weights(model).items()))
    apply(model, stored)
    look("distilled")
    logits = _logits(model, tests[0])
    remove(model)
    _set(weights, {name: merge(base[name], stored.bits[name], stored.scale[name]) for name in base})
    found.error = ((_logits(model, tests[0]) - logits).abs().max() / logits.abs().max()).item()

    changes = _changes(delta, packed, found.stored["distilled"], config.most_bits, seed)
    for variant, (change, size) in progress.track(changes.items(), f"{title}: controls", unit="variant"):
        _set(weights, {name: base[name] + change(name).to(base[name].device) for name in base})
        found.stored[variant] = size
        look(variant)
    _set(weights, base)
    found.stored["fine"] = fp16_bytes(model)[0]
    return found


Change = Callable[[str], Tensor]


def _changes(
    delta: Mapping[str, Tensor], packed: Mapping[str, tuple[Tensor, Tensor]], one_bit: int, bits: int, seed: int
) -> dict[str, tuple[Change, int]]:
    """The controls: the change of each matrix, and the bytes of all. `one_bit` is what the delta's file takes."""
    generator = torch.Generator().manual_seed(seed)
    shapes = {name: (change.shape[0], change.shape[1]) for name, change in delta.items()}
    weights = sum(change.numel() for change in delta.values())
    share = {name: one_bit * change.numel() // weights for name, change in delta.items()}

    def tossed(name: str) -> Tensor:
        return random_signs(shapes[name], packed[name][1][0].item(), generator)

    def refined(planes: int) -> Change:
        def change(name: str) -> Tensor:
            bits_KOP, scale_K = packed[name]
            return merge(torch.zeros_like(delta[name]), bits_KOP[:planes], scale_K[:planes])

        return change

    found: dict[str, tuple[Change, int]] = {
        "random": (tossed, one_bit),
        "svd": (lambda name: truncated_svd(delta[name].cpu(), share[name]), one_bit),
    }
    for planes in range(2, bits + 1):
        found[f"bits{planes}"] = refined(planes), planes * one_bit
    for planes in (2, 3, 4):
        size = sum(round_to_nearest_bytes(shape, planes) for shape in shapes.values())
        found[f"rtn{planes}"] = (lambda name, planes=planes: round_to_nearest(delta[name], planes)), size
    return found


def _mixed(examples: list[Batch], tokenizer: Any, text: str, steps: int, rows: int) -> list[Batch]:
    """Batches of which half is the task's lines and half plain text; what is an answer does not matter here."""
    pieces = training.windows(tokenizer, text, steps * rows, PIECE).split(rows)
    found = []
    for step, piece in enumerate(pieces):
        lines = examples[step % len(examples)]
        length = max(PIECE, lines.ids.shape[1])
        real = torch.cat([_longer(lines.real, length), _longer(torch.ones_like(piece, dtype=torch.bool), length)])
        found.append(Batch(torch.cat([_longer(lines.ids, length), _longer(piece, length)]), real, real))
    return found


def _longer(rows: Tensor, length: int) -> Tensor:
    return functional.pad(rows, (0, length - rows.shape[1]))


@torch.no_grad()
def _set(weights: Mapping[str, Tensor], values: Mapping[str, Tensor]) -> None:
    for name, weight in weights.items():
        weight.copy_(values[name])


@torch.no_grad()
def _logits(model: nn.Module, batch: Batch) -> Tensor:
    return training.answer_logits(model, batch.to(next(model.parameters()).device))[0].float()


def _mean_shape(delta: Mapping[str, Tensor]) -> float:
    """Over matrices, by their size."""
    total = sum(change.numel() for change in delta.values())
    return sum(shape_of_change(change) * change.numel() for change in delta.values()) / total
