"""What a trained model is like: its loss on each kind of text, and which expert took what."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from .corpus import CLASSES, Corpus, batch, class_of_id
from .method import MixtureOfExperts, load_balancing_loss, router, top_k_gate
from .training import Trained

_TOGETHER = 64  # passages


@dataclass(frozen=True, slots=True)
class Measured:
    """`nats` per byte of validation text, by kind; `by_text` and `by_class` count assignments: layers x kinds x E."""

    trained: Trained
    nats: dict[str, float]
    by_text: Tensor | None
    by_class: Tensor | None
    aux_error: float | None  # of the auxiliary loss, against a loop over tokens

    @property
    def loss(self) -> float:
        """Every kind of text counts the same."""
        return sum(self.nats.values()) / len(self.nats)


@torch.no_grad()
def measure(trained: Trained, corpus: Corpus, most: int, device: torch.device) -> Measured:
    """The first `most` validation passages of each kind. Nothing is dropped here."""
    nats, by_text = {}, []
    by_class: Tensor | None = None
    for kind, rows in corpus.valid.items():
        total, count = 0.0, 0
        load: Tensor | None = None
        for part in rows[:most].split(_TOGETHER):
            inputs, targets, real = batch(part, device)
            logits, routed = trained.model(inputs, real)
            total += functional.cross_entropy(logits[real], targets[real], reduction="sum").item()
            count += int(real.sum())
            if routed:
                own = torch.stack([one.load_E for one in routed]).cpu()
                load = own if load is None else load + own
                read = class_of_id()[inputs.flatten()[real.flatten()].cpu()]
                chosen = torch.stack([one.expert_NK[real.flatten()].cpu() for one in routed])
                counted = _count(read, chosen, own.shape[-1])
                by_class = counted if by_class is None else by_class + counted
        nats[kind] = total / count
        by_text += [load] if load is not None else []
    return Measured(
        trained, nats, torch.stack(by_text, dim=1) if by_text else None, by_class,
        _aux_error(trained, corpus, device),
    )  # fmt: skip


def _count(read_N: Tensor, chosen_LNK: Tensor, experts: int) -> Tensor:
    """Assignments by layer, class of the byte that is read, and expert."""
    pair = read_N.view(1, -1, 1) * experts + chosen_LNK
    size = len(CLASSES) * experts
    return torch.stack([torch.bincount(one.flatten(), minlength=size).view(-1, experts) for one in pair])


def told_by_expert(load_CE: Tensor) -> float:
    """How much of the entropy of a token's kind its expert tells: I(kind; expert) / H(kind), 0 to 1 (ours)."""
    joint = load_CE.double() / load_CE.sum()
    of_kind, of_expert = joint.sum(1), joint.sum(0)
    entropy = torch.special.entr(of_kind).sum()
    if entropy == 0:
        return 0.0
    return ((entropy + torch.special.entr(of_expert).sum() - torch.special.entr(joint).sum()) / entropy).item()


def naive_balancing_loss(logits: Sequence[Sequence[float]], real: Sequence[bool], k: int) -> float:
    """The auxiliary loss of one layer as it is written down: token by token, in plain numbers."""
    experts, tokens = len(logits[0]), sum(real)
    chosen, probability = [0.0] * experts, [0.0] * experts
    for row, counts in zip(logits, real, strict=True):
        if not counts:
            continue
        highest = max(row)
        weights = [math.exp(value - highest) for value in row]
        for expert in range(experts):
            probability[expert] += weights[expert] / sum(weights) / tokens
        for expert in sorted(range(experts), key=lambda one: -row[one])[:k]:
            chosen[expert] += 1 / (k * tokens)
    return experts * sum(f * p for f, p in zip(chosen, probability, strict=True))


def _aux_error(trained: Trained, corpus: Corpus, device: torch.device) -> float | None:
    """The largest relative difference in any layer, on passages of all kinds with their padding."""
    seen: list[tuple[MixtureOfExperts, Tensor, Tensor]] = []
    layers = [module for module in trained.model.modules() if isinstance(module, MixtureOfExperts)]
    hooks = [layer.register_forward_hook(lambda module, given, _: seen.append((module, *given))) for layer in layers]
    inputs, _, real = batch(torch.cat([rows[:4] for rows in corpus.valid.values()]), device)
    trained.model(inputs, real)
    for hook in hooks:
        hook.remove()
    errors = []
    for layer, x_ND, real_N in seen:
        logits_NE = router(x_ND, layer.router_DE)
        ours = load_balancing_loss(logits_NE, top_k_gate(logits_NE, layer.k)[1], real_N).item()
        loop = naive_balancing_loss(logits_NE.tolist(), real_N.tolist(), layer.k)
        errors.append(abs(ours - loop) / loop)
    return max(errors, default=None)
