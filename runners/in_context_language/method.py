"""Learning a language in context: a book, then sentences to translate, and no change to any weight.

[1] Gemini Team, Gemini 1.5, arXiv:2403.05530 (2024): Kalamang from its grammar, word list and sentence pairs.

Symbols; a name ends in its shape
    B           books of a batch
    S           tokens of a row: one book, then the questions asked of it; R those that read, S those that are read
    Q           questions of a row
    D           width of the model
    H, K        heads of attention, and the width of one
    V           vocabulary
    id_BS       the tokens; before_BS and after_BS their neighbours, 0 where there is none or it is not given yet
    part_BS     to what a token belongs: 0 the book, 1, 2, … a question with its answer, -1 padding
    place_BS    its position: within the book, or ASKED and on within a question
    given_BS    whether it is given: in a book or a question, and not in an answer
    seen_BRS    whether the first token may look at the second
    z_BSV       logits

Departs from the paper
    - [1] does not disclose its model: this one is a stand-in, of a million parameters or two.
    - It is trained on other constructed languages with their books (meta-training) and has practised nothing else;
      the model of [1] has read the web, and knows English, linguistics and what a dictionary is.
    - What is given is read in both directions, and many questions are asked of a book side by side, none seeing
      another: the same answers as one by one, at the price of one reading.
    - A token comes with its neighbours (a convolution over three tokens), without which looking a word up takes a
      transformer two layers and far longer to learn.
    - A book has some 200 tokens, Kalamang's a quarter of a million.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

ASKED = 512  # where questions begin, however long the book is, so that length says nothing
BASE = 1000.0  # of rotary frequencies


class Tokens(NamedTuple):
    """What the model reads; see the symbols."""

    id_BS: Tensor
    before_BS: Tensor
    after_BS: Tensor
    part_BS: Tensor
    place_BS: Tensor
    given_BS: Tensor

    def to(self, device: torch.device) -> Tokens:
        return Tokens(*(one.to(device, non_blocking=True) for one in self))

    def followed_by(self, others: Tokens) -> Tokens:
        return Tokens(*(torch.cat(pair, dim=1) for pair in zip(self, others, strict=True)))


Kept = list[tuple[Tensor, Tensor]]  # keys and values of each layer, B x H x S x K


def may_see(reader: Tokens, read: Tokens) -> Tensor:
    """A token sees the whole book, its question, and of its answer what stands before it and itself: seen_BRS."""
    part_BR1, part_B1S = reader.part_BS.unsqueeze(2), read.part_BS.unsqueeze(1)
    earlier_BRS = read.place_BS.unsqueeze(1) <= reader.place_BS.unsqueeze(2)
    return (part_B1S == 0) | ((part_BR1 == part_B1S) & (read.given_BS.unsqueeze(1) | earlier_BRS))


def rotate(x_BHSK: Tensor, place_BS: Tensor) -> Tensor:
    """Rotary positions in the first half of the dimensions; the second half compares tokens wherever they stand."""
    quarter = x_BHSK.shape[-1] // 4
    frequency = BASE ** (-torch.arange(quarter, device=x_BHSK.device) / quarter)
    angle = place_BS[:, None, :, None] * frequency
    one, other, rest = x_BHSK.split([quarter, quarter, x_BHSK.shape[-1] - 2 * quarter], dim=-1)
    cos, sin = angle.cos(), angle.sin()
    return torch.cat([one * cos - other * sin, one * sin + other * cos, rest], dim=-1)


class Block(nn.Module):
    """Attention and a feed-forward layer, each after a norm and added to what came in."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention, self.before_ffn = nn.RMSNorm(width), nn.RMSNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.up, self.down = nn.Linear(width, 2 * width, bias=False), nn.Linear(2 * width, width, bias=False)

    def forward(
        self, x_BSD: Tensor, place_BS: Tensor, seen_B1RS: Tensor, kept: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        batch, length, width = x_BSD.shape
        qkv = self.qkv(self.before_attention(x_BSD)).view(batch, length, 3, self.heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        q, k = rotate(q, place_BS), rotate(k, place_BS)
        if kept is not None:
            k, v = torch.cat([kept[0], k], dim=2), torch.cat([kept[1], v], dim=2)
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=seen_B1RS)
        x_BSD = x_BSD + self.out(mixed.transpose(1, 2).reshape(batch, length, width))
        return x_BSD + self.down(self.up(self.before_ffn(x_BSD)).relu().square()), (k, v)


class Reader(nn.Module):
    """A transformer that reads books and answers questions about them; input and output share their embedding."""

    def __init__(self, vocabulary: int, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.before, self.after = nn.Linear(width, width, bias=False), nn.Linear(width, width, bias=False)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.last = nn.RMSNorm(width)
        nn.init.normal_(self.embedding.weight, std=width**-0.5)

    def forward(self, new: Tokens, read: Tokens | None = None, kept: Kept | None = None) -> tuple[Tensor, Kept]:
        """z_BSV of `new`, and what to keep; `read` are all tokens so far, `new` among them, where some are kept."""
        seen_B1RS = may_see(new, read or new).unsqueeze(1)
        table_VD = functional.rms_norm(self.embedding.weight, self.embedding.weight.shape[1:])
        x_BSD = (
            functional.embedding(new.id_BS, table_VD)
            + self.before(functional.embedding(new.before_BS, table_VD))
            + self.after(functional.embedding(new.after_BS, table_VD))
        )
        found: Kept = []
        for place, block in enumerate(self.blocks):
            x_BSD, own = block(x_BSD, new.place_BS, seen_B1RS, kept[place] if kept else None)
            found.append(own)
        return functional.linear(self.last(x_BSD), self.embedding.weight), found


def answer_loss(z_BSV: Tensor, wanted_BS: Tensor) -> Tensor:
    """Mean cross-entropy of the answers' tokens (`wanted_BS`, -100 elsewhere) in each row: nats, B."""
    nats_BS = functional.cross_entropy(z_BSV.transpose(1, 2), wanted_BS, ignore_index=-100, reduction="none")
    return nats_BS.sum(1) / (wanted_BS >= 0).sum(1)


@torch.no_grad()
def answer(model: Reader, given: Tokens, last_BQ: Tensor, most: int, end: int) -> list[list[list[int]]]:
    """Greedy answers to every question of every book, up to `end` or `most` tokens.

    `last_BQ` is where a question's own tokens end. Books and questions are read once; then all answers grow by a token
    at a time.
    """
    z_BSV, kept = model(given)
    read = given
    index_BQV = last_BQ.unsqueeze(2).expand(-1, -1, z_BSV.shape[2])
    next_BQ = z_BSV.gather(1, index_BQV).argmax(-1)
    written = [next_BQ]
    before_BQ, place_BQ = given.id_BS.gather(1, last_BQ), given.place_BS.gather(1, last_BQ)
    part_BQ, no_BQ = given.part_BS.gather(1, last_BQ), torch.zeros_like(next_BQ)
    while len(written) < most and not bool((torch.stack(written) == end).any(0).all()):
        place_BQ = place_BQ + 1
        new = Tokens(next_BQ, before_BQ, no_BQ, part_BQ, place_BQ, no_BQ.bool())
        read = read.followed_by(new)
        z_BQV, kept = model(new, read, kept)
        before_BQ, next_BQ = next_BQ, z_BQV.argmax(-1)
        written.append(next_BQ)
    rows = torch.stack(written, dim=-1).tolist()
    return [[own[: own.index(end)] if end in own else own for own in row] for row in rows]
