"""A context is read once, in chunks; then every question is asked of what was kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .haystack import ASKED, Ids, Needle
from .method import OnlineSoftmax, margin, temperature
from .model import RetrievalTransformer
from .store import Store

Tell = Callable[[int], object]  # told of tokens that are done
SLOTS = 2  # tokens of an answer


@dataclass(frozen=True, slots=True)
class Queries:
    """What is asked: a unit vector each, how many keys of the store it sees, and which tokens may come, without them.

    `own_QJD` and `own_value_QJ` are keys that no other query sees: those of the question's own words; `own_seen_Q` of
    them count.
    """

    vector_QD: Tensor
    limit_Q: Tensor
    unread_QV: Tensor
    trust_Q: Tensor
    own_QJD: Tensor | None = None
    own_value_QJ: Tensor | None = None
    own_seen_Q: Tensor | None = None

    @property
    def seen_Q(self) -> Tensor:
        return self.limit_Q if self.own_seen_Q is None else self.limit_Q + self.own_seen_Q


@dataclass(frozen=True, slots=True)
class Heard:
    """What comes next, by query: the pointer's distribution and the model's, and ln of the sum of exp(logit)."""

    pointer_QV: Tensor
    answer_QV: Tensor
    log_total_Q: Tensor
    temperature_Q: Tensor


@torch.inference_mode()
def read(model: RetrievalTransformer, ids: Ids, store: Store, chunk: int, tell: Tell = lambda tokens: None) -> None:
    """Keys of all tokens but the last, whose value nobody knows yet.

    Chunk by chunk, each with the `halo` of tokens before it that its states depend on: exact, and memory does not grow.
    """
    chunk = max(chunk, model.halo)
    for start in range(0, len(ids) - 1, chunk):
        end = min(start + chunk, len(ids) - 1)
        before = min(start, model.halo)
        tokens = torch.from_numpy(ids[start - before : end + 1])
        states = model.states(tokens[None, :-1].to(model.device).long())[0, before:]
        store.append(model.keys(states), tokens[before + 1 :])
        tell(end - start)


@torch.inference_mode()
def questions(model: RetrievalTransformer, ids: Ids, asked: Sequence[Needle]) -> Queries:
    """`The special magic NAME number is:` after a context, for each needle: SLOTS rows of queries, in turn.

    The second token of an answer is asked for behind the right first one. An answer whose first token is wrong is wrong
    whatever the second, so exact recall is that of greedy decoding.
    """
    tail = torch.from_numpy(ids[-model.halo :]).to(model.device).long()
    question = torch.tensor([needle.ids[: ASKED + SLOTS - 1] for needle in asked], device=model.device)
    context = torch.cat([tail.expand(len(asked), -1), question], dim=1)
    states = model.states(context)
    spoken = states[:, len(tail) - 1 : -1]  # from the context's last token on: the values of these are question words
    last = states[:, len(tail) + ASKED - 1 :]
    unit = model.keys(last).flatten(0, 1)
    own = model.keys(spoken).repeat_interleave(SLOTS, 0)
    seen = len(spoken[0]) - SLOTS + 1 + torch.arange(SLOTS, device=model.device)
    return Queries(
        vector_QD=unit,
        limit_Q=torch.full((len(unit),), len(ids) - 1, device=model.device),
        unread_QV=model.unread(last).flatten(0, 1),
        trust_Q=model.trust(last).flatten(),
        own_QJD=own,
        own_value_QJ=question.repeat_interleave(SLOTS, 0),
        own_seen_Q=seen.repeat(len(asked)),
    )


@torch.inference_mode()
def within(model: RetrievalTransformer, ids: Ids, places: Sequence[int]) -> Queries:
    """Queries in the middle of a text: what comes after the token at each place, from what stands before it."""
    width = model.halo
    rows = torch.stack([_window(ids, place, width) for place in places]).to(model.device)
    last = model.states(rows)[:, -1]
    limit_Q = torch.tensor(
        list(places), device=model.device
    )  # keys 0 … place - 1; the value of key `place` is what is asked for
    return Queries(model.keys(last), limit_Q, model.unread(last), model.trust(last))


def _window(ids: Ids, place: int, width: int) -> Tensor:
    if place + 1 < width:
        raise ValueError(f"token {place} has less than {width} tokens up to it; ask later in the text")
    return torch.from_numpy(ids[place + 1 - width : place + 1]).long()


@torch.inference_mode()
def ask(
    store: Store, queries: Queries, *, scale: float, trained: int, chunk: int, log_n: bool = True,
    tell: Tell = lambda tokens: None,
) -> Heard:  # fmt: skip
    """Every query against every key that it sees, in one pass over them."""
    temperature_Q = temperature(queries.seen_Q, scale, trained, log_n)
    pointed_DQ = (queries.vector_QD * temperature_Q[:, None]).T.contiguous()
    softmax = OnlineSoftmax.of(len(queries.vector_QD), queries.unread_QV.shape[1], pointed_DQ.device)
    # A store in a file stays on the CPU; its chunks go where the queries are.
    whole = bool((queries.limit_Q >= store.filled).all())
    for start, key_CD, value_C in store.chunks(chunk):
        key_CD, value_C = key_CD.to(pointed_DQ.device), value_C.to(pointed_DQ.device)
        logit_CQ = key_CD @ pointed_DQ
        if not whole:
            place_C = torch.arange(start, start + len(key_CD), device=key_CD.device)
            logit_CQ.masked_fill_(place_C[:, None] >= queries.limit_Q, -torch.inf)
        softmax.add(logit_CQ, value_C)
        tell(len(key_CD))
    if queries.own_QJD is not None:
        logit_JQ = torch.einsum("qjd,dq->jq", queries.own_QJD, pointed_DQ)
        place_J = torch.arange(len(logit_JQ), device=logit_JQ.device)
        logit_JQ.masked_fill_(place_J[:, None] >= queries.own_seen_Q, -torch.inf)
        softmax.add(logit_JQ, queries.own_value_QJ.T)
    pointer_QV = softmax.probability().T
    answer_QV = mixed(pointer_QV, queries)
    return Heard(pointer_QV, answer_QV, softmax.log_total(), temperature_Q)


def mixed(pointer_QV: Tensor, queries: Queries) -> Tensor:
    trust_Q1 = queries.trust_Q[:, None]
    return trust_Q1 * pointer_QV + (1 - trust_Q1) * queries.unread_QV.exp()


@torch.inference_mode()
def margins(store: Store, queries: Queries, heard: Heard, asked: Sequence[Needle]) -> Tensor:
    """The margin of each token of each answer, SLOTS x questions, for needles that are in the context."""
    places = torch.tensor([needle.at + ASKED - 1 + slot for needle in asked for slot in range(SLOTS)])
    key_QD = store.key(places).to(queries.vector_QD.device)
    needle_Q = (key_QD * queries.vector_QD).sum(-1) * heard.temperature_Q
    return margin(needle_Q, heard.log_total_Q, queries.seen_Q).view(-1, SLOTS).T.cpu()
