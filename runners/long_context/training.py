"""Training on short contexts: facts that are mentioned again, each once, and the number has to be found."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .haystack import ASKED, LENGTH, NAME_AT, NAMES, NUMBERS, VOCABULARY, Ids, Rng, prose
from .method import temperature
from .model import RetrievalTransformer

AGAIN = 0.5  # share of facts that repeat one, where there is one left
UNKNOWN = 0.05  # share of queries whose answer has not been said yet
ONLY_FACTS = 0.25  # share of contexts that are nothing but facts: the most distractors that there can be
BIAS = 20  # times the rate for what a distance is worth, which has nats to go and Adam steps of one size
_SAID = np.delete(VOCABULARY.fact(0, (0, 0)), [NAME_AT, ASKED, ASKED + 1])
SHORTEST = 128  # tokens of a context
Random = random.Random
Tell = Callable[[float, float], None]  # told the loss of each step, and the share of queries answered right


def context(rng: Rng, length: int, facts: float) -> tuple[Ids, list[int], list[int]]:
    """A text, where its second mentions stand, and where the first ones do. None is mentioned a third time."""
    draw = Random(int(rng.integers(2**62)))
    many = length // 4
    unused, once = [int(name) for name in rng.permutation(NAMES)[:many]], []
    ids = prose(rng, length, facts=facts, names=np.arange(NAMES))
    again, new = [], []
    name_at = VOCABULARY.first["name"]
    for at in np.flatnonzero((ids >= name_at) & (ids < name_at + NAMES)):
        place = int(at) - NAME_AT
        if place < 0 or place + LENGTH > length or not _whole(ids[place : place + LENGTH]):
            continue
        if once and draw.random() < AGAIN:
            swap = draw.randrange(len(once))
            once[swap], once[-1] = once[-1], once[swap]
            name, number = once.pop()
            again.append(place)
        else:
            name, number = unused.pop(), (draw.randrange(NUMBERS), draw.randrange(NUMBERS))
            once.append((name, number))
            new.append(place)
        ids[place : place + LENGTH] = VOCABULARY.fact(name, number)
    return ids, again, new


def _whole(fact: Ids) -> bool:
    kept = np.delete(fact, [NAME_AT, ASKED, ASKED + 1])
    return bool((kept == _SAID).all())


def batch(rng: Rng, contexts: int, length: int, facts: float, queries: int) -> tuple[Tensor, Tensor]:
    """Contexts B x T and the places of their queries B x Q: the tokens before an answer's first and second."""
    rows, places = [], []
    for _ in range(contexts):
        new: list[int] = []
        while not new:  # a very short one may hold no whole fact
            ids, again, new = context(rng, length, 1.0 if rng.random() < ONLY_FACTS else facts)
        known = rng.random(queries) >= UNKNOWN
        picked = np.where(known, rng.choice(again or new, queries), rng.choice(new, queries))
        rows.append(torch.from_numpy(ids).long())
        places.append(torch.from_numpy(picked + ASKED - 1 + rng.integers(0, 2, queries)))
    return torch.stack(rows), torch.stack(places)


def loss_of(model: RetrievalTransformer, ids_BT: Tensor, places_BQ: Tensor, scale: float) -> tuple[Tensor, Tensor]:
    """-ln of the answers' probability, B x Q, and which would be right if the pointer had to answer alone."""
    states = model.states(ids_BT)
    keys_BTD = model.keys(states)
    pick = places_BQ[..., None]
    vector_BQD = keys_BTD.gather(1, pick.expand(-1, -1, keys_BTD.shape[-1]))
    asked = states.gather(1, pick.expand(-1, -1, states.shape[-1]))
    answer_BQ = ids_BT.gather(1, places_BQ + 1)
    seen = temperature(places_BQ, scale, ids_BT.shape[1])
    logits = (vector_BQD * seen[..., None]) @ keys_BTD[:, :-1].transpose(1, 2)
    hidden = torch.arange(ids_BT.shape[1] - 1, device=ids_BT.device) >= places_BQ[..., None]
    attention = logits.masked_fill(hidden, -torch.inf).softmax(-1)
    is_answer = ids_BT[:, None, 1:] == answer_BQ[..., None]
    pointer = (attention * is_answer).sum(-1)
    unread = model.unread(asked).gather(-1, answer_BQ[..., None]).squeeze(-1).exp()
    trust = model.trust(asked)
    return -(trust * pointer + (1 - trust) * unread + 1e-9).log(), pointer > 0.5


def train(
    model: RetrievalTransformer, seed: int, *, steps: int, contexts: int, length: int, queries: int, facts: float,
    rate: float, scale: float, tell: Tell = lambda loss, right: None,
) -> None:  # fmt: skip
    """AdamW, the rate rising over a twentieth of the steps and falling to nought in a line.

    The first third of the steps sees an eighth of the length, more contexts of it: the task is the same there, and
    faster to get hold of.
    """
    biases = [layer.bias_HW for layer in model.layers]
    others = [weight for weight in model.parameters() if not any(weight is bias for bias in biases)]
    groups = [
        {"params": others, "weight_decay": 0.01},
        {"params": biases, "lr": BIAS * rate, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, rate, betas=(0.9, 0.98), fused=True)
    rise = max(1, steps // 20)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / rise, max(0.0, (steps - step) / (steps - rise + 1)))
    )
    rng = np.random.default_rng([seed, 1])
    model.train()
    for step in range(steps):
        short = step < steps // 3
        own = (contexts * 4, max(SHORTEST, length // 8), queries // 4) if short else (contexts, length, queries)
        ids_BT, places_BQ = batch(rng, *own[:2], facts, max(1, own[2]))
        loss_BQ, right_BQ = loss_of(model, ids_BT.to(model.device), places_BQ.to(model.device), scale)
        loss = loss_BQ.mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        tell(loss.item(), right_BQ.float().mean().item())
    model.eval()
