"""CoT-decoding: branch over the first token, go on greedily, and trust the path whose answer is decided most clearly.

[1] Wang and Zhou, Chain-of-Thought Reasoning Without Prompting, arXiv:2402.10200 (2024), Sec. 2.

Symbols; a name ends in its shape
    P, S        prompts decoded together, all of S tokens, so that none is padded
    K           branches of a prompt: k in [1], 10
    R           rows: the paths that are still being written, of all prompts
    V           vocabulary
    logits_RV   what the model gives for the next token
    p1, p2      the largest probability at a step, and the second largest
    gap         p1 - p2
    Delta       mean gap over the tokens of the answer, and over no others   [1] Sec. 2.2
    literal     Delta as it is written; a gap at the branch itself is then the same for every branch
    signed      Delta with p(chosen) - max p(other) at the branch: below 0 where a branch was forced

Departs from the paper
    - An answer that holds the forced token: [1] does not say what its gap is. Both forms of Delta are given.
    - A path that ends in no answer, or in no end (the limit of tokens), takes no part in the choice.
    - The answer is found in the text (answers.py). Its tokens are those that wrote its characters: nothing is tokenised
      again. [1] also finds it by going on from "So the answer is"; asking.py does that.
    - Branches of probability 0 are none: k is at most the number of tokens that the model allows.
    - One prefill; the cache is expanded k-fold by index, rows that have ended leave it, and of each step only p1 and p2
      are kept. That is how it is computed, not what.
"""

from __future__ import annotations

import inspect
import math
from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from .answers import Finder, cut, last_number, tokens_of

Choice = Callable[[Tensor], Tensor]  # logits_RV -> the tokens that each row goes on with, R x K


class DecodingError(ValueError):
    """What cannot be decoded, in one line: what was found, what was expected, how to mend it."""


@dataclass(slots=True)
class Row:
    """One path as it is written. `top` holds p1, p2, p1, p2, …, in 8 bytes a token, whatever the vocabulary."""

    prompt: int
    branch: int = 0  # rank of its token at the branch; 0 is what greedy decoding takes
    at: int = 0  # where the branch is
    forced: float = 0.0  # log-probability of the token there
    ids: array[int] = field(default_factory=lambda: array("q"))
    top: array[float] = field(default_factory=lambda: array("f"))
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Path:
    """One path, read. Answer, span and both forms of Delta are None where there is no answer, or no end."""

    text: str
    token: str  # at the branch
    ids: tuple[int, ...]
    branch: int
    ended: bool
    answer: str | None
    span: tuple[int, int] | None  # of the answer, in `text`
    literal: float | None
    signed: float | None
    log_prob: float


def greedy(logits_RV: Tensor) -> Tensor:
    return logits_RV.argmax(-1, keepdim=True)


def top_tokens(k: int) -> Choice:
    """The k most probable tokens, of equal ones the first, as greedy decoding takes it   [1] Sec. 2.1."""
    return lambda logits_RV: logits_RV.sort(dim=-1, descending=True, stable=True).indices[:, :k]


@torch.inference_mode()
def decode(
    model: Any,
    ids_PS: Tensor,
    *,
    first: Choice,
    then: Choice = greedy,
    steps: int,
    ends: Collection[int] = (),
    stop: Callable[[Row], bool] = lambda row: False,
    at: int = 0,
) -> list[Row]:
    """All paths of some prompts, in one batch: `first` chooses at step `at`, where it branches, `then` at all others.

    A row ends with a token of `ends`, when `stop` says so, or unended after `steps` tokens. DecodingError where the
    logits are no numbers, or the model keeps no keys and values.
    """
    logits_RV, cache = _forward(model, ids_PS, None)
    rows, done = [Row(prompt) for prompt in range(len(ids_PS))], []
    for step in range(steps):
        total_R1 = logits_RV.logsumexp(-1, keepdim=True)
        if not total_R1.isfinite().all():
            raise DecodingError(f"logits of step {step} are not finite, expected numbers; load the model in float32")
        tokens_RK = (first if step == at else then)(logits_RV)
        chosen_RK = (logits_RV.gather(1, tokens_RK) - total_R1).tolist()
        top_R2 = (logits_RV.topk(min(2, logits_RV.shape[1])).values - total_R1).exp().tolist()
        going: list[Row] = []
        parents: list[int] = []  # the row of the cache that each goes on from
        for parent, (row, tokens) in enumerate(zip(rows, tokens_RK.tolist(), strict=True)):
            for rank, (token, chosen) in enumerate(zip(tokens, chosen_RK[parent], strict=True)):
                if chosen == -math.inf:
                    continue
                new = Row(row.prompt, rank, step, chosen, row.ids[:], row.top[:]) if step == at else row
                new.ids.append(token)
                new.top.extend((*top_R2[parent], 0.0)[:2])
                new.ended = token in ends or stop(new)
                if new.ended:
                    done.append(new)
                else:
                    going.append(new)
                    parents.append(parent)
        if not going or step == steps - 1:
            break
        if not hasattr(cache, "batch_select_indices"):
            raise DecodingError(f"the model's cache is {type(cache).__name__}, expected keys and values; name another")
        if parents != list(range(len(rows))):
            cache.batch_select_indices(torch.tensor(parents, device=ids_PS.device))
        rows = going
        fed_R1 = torch.tensor([[row.ids[-1]] for row in rows], device=ids_PS.device)
        logits_RV, cache = _forward(model, fed_R1, cache)
    return sorted(done + going, key=lambda row: (row.prompt, row.branch))  # which leaves samples in their order


def _forward(model: Any, ids_RS: Tensor, cache: Any) -> tuple[Tensor, Any]:
    """What may come next, R x V in float32, and the cache of all that was read."""
    last = {"logits_to_keep": 1} if "logits_to_keep" in inspect.signature(model.forward).parameters else {}
    state = model(input_ids=ids_RS, past_key_values=cache, use_cache=True, **last)
    return state.logits[:, -1].float(), state.get("past_key_values")


def gaps(row: Row) -> list[float]:
    """p1 - p2 at each token."""
    return [p1 - p2 for p1, p2 in zip(row.top[::2], row.top[1::2], strict=True)]


def signed_gaps(row: Row) -> list[float]:
    """The same, but p(chosen) - max p(other) at the branch: p1 - p2 for the greedy path, below 0 for the others."""
    found = gaps(row)
    if row.branch:
        found[row.at] = math.exp(row.forced) - row.top[2 * row.at]
    return found


def log_prob(row: Row) -> float:
    """Of a greedy path from its branch on: the forced token's, and at the other steps log p1."""
    return row.forced + sum(math.log(p1) for step, p1 in enumerate(row.top[::2]) if step != row.at)


def read(row: Row, tokenizer: Any, find: Finder = last_number, marks: Sequence[str] = ()) -> Path:
    """The row's text up to a mark, the answer in it, and Delta over the tokens that wrote the answer   [1] Sec. 2.2."""
    ids = row.ids.tolist()
    whole = tokenizer.decode(ids, skip_special_tokens=True)
    token = tokenizer.decode(ids[row.at : row.at + 1])
    text = cut(whole, marks)
    ended = row.ended or len(text) < len(whole)
    found = find(text) if ended else None
    own = tokens_of(found[0], ids, tokenizer) if found else []
    if found is None or not own:
        return Path(text, token, tuple(ids), row.branch, ended, None, None, None, None, log_prob(row))
    literal, signed = (sum(all_[place] for place in own) / len(own) for all_ in (gaps(row), signed_gaps(row)))
    return Path(text, token, tuple(ids), row.branch, ended, found[1], found[0], literal, signed, log_prob(row))


def max_path(paths: Iterable[Path], form: str = "literal") -> str | None:
    """The answer of the path with the largest Delta   [1] Sec. 2.2; of equal ones, the first branch's."""
    answered = [path for path in paths if path.answer is not None]
    return max(answered, key=lambda path: getattr(path, form)).answer if answered else None


def aggregate(paths: Iterable[Path], form: str = "literal") -> str | None:
    """The answer with the largest sum of Delta over its paths   [1] Sec. 2.3."""
    sums: dict[str, float] = defaultdict(float)
    for path in paths:
        if path.answer is not None:
            sums[path.answer] += getattr(path, form)
    return max(sums, key=lambda answer: sums[answer], default=None)
