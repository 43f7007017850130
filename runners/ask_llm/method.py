"""Ask-LLM: ask a language model whether a text is worth training on; the probability of "yes" is the text's score.

[1] Sachdeva et al., How to Train Data-Efficient LLMs, arXiv:2402.09668 (2024), Sec. 3.2, Figure 3.

Symbols; a name ends in its shape
    N, D, Q       documents of a batch, tokens of the longest, tokens of a question
    prefix, doc_ND, question_Q    what stands before every document, the documents, what is asked about each
    H, V          width of the model, and its vocabulary
    hidden_NH     what the model's head would read after the last token of a prompt
    yes, no       the tokens that are such an answer, in upper and lower case, with and without a space
    score_N       P(yes) / (P(yes) + P(no)): what is ranked. [1] takes P(yes) alone, which is score · mass
    mass_N        P(yes) + P(no): how much of the model's belief the question has caught at all
    nats_N        mean loss of a document's tokens but its first, the log of its perplexity

Departs from the paper
    - The score is divided by the mass. A small model gives yes and no a few per cent together, and which texts get more
      of that says nothing of their worth. The mass is always reported, so that one sees when an answer means little.
    - Of one question alone, each prompt is read in one pass. Of several, the prefix is read once for all documents, a
      document once for all questions; positions go on from each document's own end. Padding is on the right, where no
      token looks, or masked: the numbers are those of each prompt read by itself.
    - Only the rows of yes and no are projected; the mass takes the whole vocabulary, at one place of each document.
    - Prefix, document and question are tokenised apart, so that a border between them is the same in every document.
    - [1] uses Flan-T5 and Gemini as raters, this any causal LM.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt around a document, in tokens, and the tokens that answer it."""

    prefix: tuple[int, ...]
    question: tuple[int, ...]
    yes: tuple[int, ...]
    no: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """One question about N documents, on the CPU in float64."""

    score_N: Tensor
    mass_N: Tensor


@dataclass(frozen=True, slots=True)
class Read:
    """Documents of a batch as the model has read them: its cache, what it may look at, and each one's length."""

    cache: Any
    mask_NS: Tensor
    length_N: Tensor
    hidden_NDH: Tensor
    doc_ND: Tensor


class RatingError(ValueError):
    """What cannot be rated, in one line."""


def read_prefix(model: Any, prefix: Sequence[int]) -> Any:
    """The cache of what stands before every document; None where nothing does."""
    if not prefix:
        return None
    ids = torch.tensor([list(prefix)], device=model.device)
    return model.base_model(input_ids=ids, use_cache=True).past_key_values


def read(model: Any, prefix_cache: Any, prefix: int, docs: Sequence[Sequence[int]]) -> Read:
    """Each document after a prefix of so many tokens, once. RatingError where one has no token."""
    _check(docs)
    doc_ND, length_N = _padded(docs, model.device)
    place_D = torch.arange(doc_ND.shape[1], device=model.device)
    real_ND = (place_D < length_N[:, None]).long()
    mask_NS = torch.cat([real_ND.new_ones((len(docs), prefix)), real_ND], dim=1)
    positions_ND = (prefix + place_D).expand(len(docs), -1)
    cache = _expanded(prefix_cache, len(docs), model.device)
    state = model.base_model(
        input_ids=doc_ND, attention_mask=mask_NS, position_ids=positions_ND, past_key_values=cache, use_cache=True
    )
    return Read(state.past_key_values, mask_NS, length_N, state.last_hidden_state, doc_ND)


def ask(model: Any, found: Read, prefix: int, question: Question, *, last: bool = True) -> Answers:
    """What the model answers about each document. Unless this is the `last` question, the cache stays as it is."""
    N, Q = len(found.length_N), len(question.question)
    question_NQ = torch.tensor([list(question.question)], device=model.device).expand(N, -1)
    mask_NS = torch.cat([found.mask_NS, found.mask_NS.new_ones((N, Q))], dim=1)
    positions_NQ = prefix + found.length_N[:, None] + torch.arange(Q, device=model.device)
    state = model.base_model(
        input_ids=question_NQ, attention_mask=mask_NS, position_ids=positions_NQ,
        past_key_values=found.cache if last else copy.deepcopy(found.cache), use_cache=True,
    )  # fmt: skip
    return answers(model, state.last_hidden_state[:, -1], question)


def ask_alone(model: Any, docs: Sequence[Sequence[int]], question: Question) -> Answers:
    """The same of a single question about each document, read as one prompt. RatingError where one has no token."""
    _check(docs)
    return answers(model, _ends(model, [[*question.prefix, *doc, *question.question] for doc in docs]), question)


def answers(model: Any, hidden_NH: Tensor, question: Question) -> Answers:
    """score_N from the rows of yes and no alone; mass_N from all of the head. RatingError where one is no number."""
    head_VH = model.get_output_embeddings().weight
    yes_N, no_N = (
        torch.logsumexp((hidden_NH @ head_VH[list(tokens)].T).double(), dim=1) for tokens in (question.yes, question.no)
    )
    every_N = torch.logsumexp((hidden_NH @ head_VH.T).double(), dim=1)
    score_N, mass_N = torch.sigmoid(yes_N - no_N), torch.exp(torch.logaddexp(yes_N, no_N) - every_N)
    if not (torch.isfinite(score_N).all() and torch.isfinite(mass_N).all()):
        raise RatingError("the rater's logits are not finite; look for NaN in its weights, or take float32")
    return Answers(score_N.cpu(), mass_N.cpu())


def nats(model: Any, found: Read) -> Tensor:
    """nats_N of the documents, from the same reading; 0 for one of a single token."""
    head_VH = model.get_output_embeddings().weight
    summed = []
    for hidden_DH, doc_D, length in zip(found.hidden_NDH, found.doc_ND, found.length_N.tolist(), strict=True):
        logits = (hidden_DH[: length - 1] @ head_VH.T).float()
        summed.append(functional.cross_entropy(logits, doc_D[1:length], reduction="sum") / max(1, length - 1))
    return torch.stack(summed).double().cpu()


def margin(model: Any, prompts: Sequence[Sequence[int]], question: Question) -> Tensor:
    """Log P(yes) - log P(no) after each whole prompt, N: differentiable, for tuning a rater; nothing is cached."""
    hidden_NH = _ends(model, prompts)
    head_VH = model.get_output_embeddings().weight
    yes_N, no_N = (
        torch.logsumexp((hidden_NH @ head_VH[list(tokens)].T).float(), dim=1) for tokens in (question.yes, question.no)
    )
    return yes_N - no_N


def _ends(model: Any, prompts: Sequence[Sequence[int]]) -> Tensor:
    """hidden_NH of whole prompts. No mask is needed: what pads a prompt comes after its last token."""
    ids_NS, length_N = _padded(prompts, model.device)
    state_NSH = model.base_model(input_ids=ids_NS, use_cache=False).last_hidden_state
    return state_NSH[torch.arange(len(prompts), device=model.device), length_N - 1]


def _check(docs: Sequence[Sequence[int]]) -> None:
    if not docs or not all(docs):
        raise RatingError(
            f"{sum(not doc for doc in docs)} of {len(docs)} documents have no token, expected text in each"
        )


def _padded(rows: Sequence[Sequence[int]], device: Any) -> tuple[Tensor, Tensor]:
    """Rows of tokens with zeros after them, and each one's length."""
    ids = pad_sequence([torch.tensor(list(row)) for row in rows], batch_first=True)
    return ids.to(device), torch.tensor([len(row) for row in rows], device=device)


def _expanded(cache: Any, rows: int, device: Any) -> Any:
    """A copy of a cache of one row, for so many rows; the one that is given stays as it is."""
    if cache is None:
        return None
    if not hasattr(cache, "batch_select_indices"):
        raise RatingError(f"the rater's cache is {type(cache).__name__}, expected keys and values; name another model")
    cache = copy.deepcopy(cache)
    cache.batch_select_indices(torch.zeros(rows, dtype=torch.long, device=device))
    return cache
