"""The same model as textbooks compute it: the whole context at once, all pairs of tokens, one softmax. For checking."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from .model import LocalLayer, RetrievalTransformer


@torch.inference_mode()
def answers(model: RetrievalTransformer, ids_T: Tensor, places: Tensor, scale: float) -> Tensor:
    """What comes after each of `places`, Q x V, with log-N scaling. Memory grows with the square of the context."""
    x_TE = model.embedding(ids_T)
    for layer in model.layers:
        x_TE = _layer(layer, x_TE)
    states = model.norm(x_TE)
    keys = model.keys(states)
    rows = []
    for place in places.tolist():
        logits = (keys[:place].double() @ keys[place].double()) * scale * math.log(place)
        attention = logits.softmax(0)
        pointer = torch.zeros(model.vocabulary, dtype=torch.float64, device=ids_T.device).index_add_(
            0, ids_T[1 : place + 1], attention
        )
        trust = model.trust(states[place]).double()
        rows.append(trust * pointer + (1 - trust) * model.unread(states[place]).double().exp())
    return torch.stack(rows).cpu()


def _layer(layer: LocalLayer, x_TE: Tensor) -> Tensor:
    """One head at a time, each with the full matrix of its logits and a mask."""
    tokens, window = len(x_TE), layer.bias_HW.shape[1]
    q, k, v = (part.unflatten(-1, (layer.heads, -1)) for part in layer.qkv(layer.attention_norm(x_TE)).chunk(3, -1))
    heads = []
    for head in range(layer.heads):
        logits = (q[:, head] @ k[:, head].T).div_(math.sqrt(q.shape[-1]))
        bias_TT = torch.full_like(logits, -math.inf)
        for distance in range(min(window, tokens)):
            bias_TT.diagonal(-distance).fill_(layer.bias_HW[head, distance].item())
        logits += bias_TT
        del bias_TT  # each of these matrices takes 256 MB at 8k
        heads.append(logits.softmax(-1) @ v[:, head])
    x_TE = x_TE + layer.out(torch.cat(heads, dim=-1))
    return x_TE + layer.down(functional.gelu(layer.up(layer.mlp_norm(x_TE))))
