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
    - Two thirds of the heads know a token by its neighbours, and queries and keys start alike: looking a word up, for
      which a plain transformer has to form a circuit of two layers first, is then there from the beginning.
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
    """Rotary positions: pairs of dimensions are turned by the position times a frequency."""
    half = x_BHSK.shape[-1] // 2
    frequency = BASE ** (-torch.arange(half, device=x_BHSK.device) / half)
    angle = place_BS[:, None, :, None] * frequency
    one, other = x_BHSK[..., :half], x_BHSK[..., half:]
    cos, sin = angle.cos(), angle.sin()
    return torch.cat([one * cos - other * sin, one * sin + other * cos], dim=-1)


class Block(nn.Module):
    """Attention and a feed-forward layer, each after a norm and added to what came in.

    A third of the heads know what is read by itself and by its position, a third by the token before it, and a third by
    the token after it: so the word beside a meaning is found by the meaning, and the meaning by the word.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention, self.before_ffn = nn.RMSNorm(width), nn.RMSNorm(width)
        self.q, self.k, self.v, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.up, self.down = nn.Linear(width, 2 * width, bias=False), nn.Linear(2 * width, width, bias=False)
        for one in (self.q, self.v):
            nn.init.orthogonal_(one.weight)
        with torch.no_grad():  # at first a token looks for its like, and what is seen is handed on as it is
            self.k.weight.copy_(self.q.weight)
            self.out.weight.copy_(self.v.weight.T)

    def forward(
        self, x_BSD: Tensor, beside: tuple[Tensor, Tensor], place_BS: Tensor, seen_B1RS: Tensor,
        kept: tuple[Tensor, Tensor] | None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:  # fmt: skip
        batch, length, width = x_BSD.shape
        third, by_place = width // 3, self.heads // 3
        n_BSD = self.before_attention(x_BSD)
        known_by = zip((n_BSD, *beside), self.k.weight.split(third), strict=True)
        k_BSD = torch.cat([functional.linear(one_BSD, own) for one_BSD, own in known_by], dim=-1)
        q, k, v = (
            one.view(batch, length, self.heads, -1).transpose(1, 2) for one in (self.q(n_BSD), k_BSD, self.v(n_BSD))
        )
        q, k = (torch.cat([rotate(one[:, :by_place], place_BS), one[:, by_place:]], dim=1) for one in (q, k))
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
        for one in (self.before, self.after):
            nn.init.zeros_(one.weight)

    def forward(self, new: Tokens, read: Tokens | None = None, kept: Kept | None = None) -> tuple[Tensor, Kept]:
        """z_BSV of `new`, and what to keep; `read` are all tokens so far, `new` among them, where some are kept."""
        seen_B1RS = may_see(new, read or new).unsqueeze(1)
        table_VD = functional.rms_norm(self.embedding.weight, self.embedding.weight.shape[1:])
        own_BSD, *beside = (functional.embedding(ids, table_VD) for ids in (new.id_BS, new.before_BS, new.after_BS))
        before_BSD, after_BSD = beside
        x_BSD = own_BSD + self.before(before_BSD) + self.after(after_BSD)
        found: Kept = []
        for place, block in enumerate(self.blocks):
            x_BSD, own = block(x_BSD, (before_BSD, after_BSD), new.place_BS, seen_B1RS, kept[place] if kept else None)
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
