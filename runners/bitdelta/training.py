"""Fine-tuning a tenant, distilling its scales, and measuring a model: all that runs the network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from .method import distill_step, logit_distance, scales
from .tasks import Example

Tell = Callable[[float], None]  # told the loss of each step


@dataclass(frozen=True, slots=True)
class Batch:
    """Token ids, which of them are no padding, and which are an answer's: each B x S."""

    ids: Tensor
    real: Tensor
    answer: Tensor

    def to(self, device: torch.device) -> Batch:
        return Batch(self.ids.to(device), self.real.to(device), self.answer.to(device))


def batches(tokenizer: Any, examples: Sequence[Example], size: int) -> list[Batch]:
    """Examples in their order, padded on the right. Prompt and answer are tokenised apart, so their border is exact."""
    rows = []
    for example in examples:
        prompt = tokenizer(example.prompt, add_special_tokens=False).input_ids
        rows.append((prompt, tokenizer(f"{example.answer}\n", add_special_tokens=False).input_ids))
    return [_batch(rows[start : start + size]) for start in range(0, len(rows), size)]


def _batch(rows: Sequence[tuple[list[int], list[int]]]) -> Batch:
    longest = max(len(prompt) + len(answer) for prompt, answer in rows)
    ids = torch.zeros((len(rows), longest), dtype=torch.long)
    real, answered = torch.zeros_like(ids, dtype=torch.bool), torch.zeros_like(ids, dtype=torch.bool)
    for row, (prompt, answer) in enumerate(rows):
        end = len(prompt) + len(answer)
        ids[row, :end] = torch.tensor(prompt + answer)
        real[row, :end], answered[row, len(prompt) : end] = True, True
    return Batch(ids, real, answered)


def windows(tokenizer: Any, text: str, count: int, length: int) -> Tensor:
    """`count` windows of `length` tokens, spread evenly over a text: count x length."""
    reach = 8 * length  # characters that hold so many tokens, unless a text is mostly spaces
    rows = []
    for start in torch.linspace(0, len(text) - reach - 1, count).long().tolist():
        ids = tokenizer(text[start : start + reach], add_special_tokens=False).input_ids
        rows.append(torch.tensor((ids + ids[:1] * length)[:length]))
    return torch.stack(rows)


def hidden_states(model: nn.Module, ids: Tensor, real: Tensor | None = None) -> Tensor:
    """What the head reads: B x S x hidden. The head, a quarter of the work, is applied where it is needed."""
    return model.base_model(input_ids=ids, attention_mask=real, use_cache=False).last_hidden_state


def answer_logits(model: nn.Module, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Logits and right tokens at the answers' places, and the row of the batch each belongs to."""
    hidden = hidden_states(model, batch.ids, batch.real)
    rows, places = batch.answer.nonzero(as_tuple=True)
    return model.get_output_embeddings()(hidden[rows, places - 1]), batch.ids[rows, places], rows


def fine_tune(model: nn.Module, names: Iterable[str], data: Sequence[Batch], rate: float, tell: Tell) -> None:
    """Plain AdamW on the named weights, everything else frozen; one step per batch, the loss on answers alone."""
    wanted, device = set(names), next(model.parameters()).device
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name in wanted)
    optimizer = torch.optim.AdamW(
        [parameter for parameter in model.parameters() if parameter.requires_grad], rate, weight_decay=0.0, fused=True
    )
    for batch in data:
        logits, right, _ = answer_logits(model, batch.to(device))
        loss = functional.cross_entropy(logits, right)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        tell(loss.item())
    model.requires_grad_(False)
    model.zero_grad(set_to_none=True)


@torch.no_grad()
def teach(model: nn.Module, data: Iterable[Batch]) -> list[Tensor]:
    """What the fine-tune's head reads in each batch. Its logits follow from that, and would be 85 times as large."""
    device = next(model.parameters()).device
    return [hidden_states(model, batch.ids.to(device), batch.real.to(device)) for batch in data]


def distill(model: nn.Module, data: Sequence[Batch], taught: Sequence[Tensor], rate: float, tell: Tell) -> None:
    """Adam on the scales of a model's DeltaLinear layers, and on nothing else; one step per batch   [1] Sec. 3.1."""
    head, device = model.get_output_embeddings(), next(model.parameters()).device
    optimizer = torch.optim.Adam(scales(model), rate)
    for batch, fine in zip(data, taught, strict=True):
        mask = batch.real.to(device)
        logits = head(hidden_states(model, batch.ids.to(device), mask)[mask])
        with torch.no_grad():
            wanted = head(fine[mask])
        tell(distill_step(optimizer, logits, wanted, torch.ones(len(logits), device=device)))


@torch.no_grad()
def distance(model: nn.Module, data: Sequence[Batch], taught: Sequence[Tensor]) -> float:
    """The logit distance over batches that were not trained on."""
    head, device = model.get_output_embeddings(), next(model.parameters()).device
    total, count = 0.0, 0
    for batch, fine in zip(data, taught, strict=True):
        mask = batch.real.to(device)
        logits = head(hidden_states(model, batch.ids.to(device), mask)[mask])
        total += logit_distance(logits, head(fine[mask]), torch.ones(len(logits), device=device)).item() * len(logits)
        count += len(logits)
    return total / count


@torch.no_grad()
def answer(model: nn.Module, data: Iterable[Batch]) -> tuple[list[float], list[bool]]:
    """Of each example: nats per token of the right answer, and whether greedy decoding would write just that.

    Greedy decoding gives the answer exactly when every token of it is the most probable one after those before it.
    """
    device = next(model.parameters()).device
    nats: list[float] = []
    right: list[bool] = []
    for batch in data:
        logits, wanted, rows = answer_logits(model, batch.to(device))
        loss = functional.cross_entropy(logits.float(), wanted, reduction="none").cpu()
        hit, rows = (logits.argmax(-1) == wanted).cpu(), rows.cpu()
        for row in range(len(batch.ids)):
            nats.append(loss[rows == row].mean().item())
            right.append(bool(hit[rows == row].all()))
    return nats, right


@torch.no_grad()
def text_nll(model: nn.Module, ids_NS: Tensor) -> list[float]:
    """Nats per token of each window of plain text."""
    head, found = model.get_output_embeddings(), []
    for ids in ids_NS.to(next(model.parameters()).device).split(4):
        logits = head(hidden_states(model, ids)[:, :-1]).float()
        loss = functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
        found += loss.view(len(ids), -1).mean(1).tolist()
    return found
