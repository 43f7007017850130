"""Finding one sentence in a context far longer than any that was trained on: what it takes, and how it is computed.

[1] Gemini Team, Gemini 1.5, arXiv:2403.05530 (2024), Sec. 5.2.1: the needle test, and L(x) = a x^b + c.
[2] Vinyals et al., Pointer Networks, arXiv:1506.03134 (2015), Sec. 2.3: attention as a distribution over what is read.
[3] Milakov and Gimelshein, Online normalizer calculation for softmax, arXiv:1805.02867 (2018), Algorithm 3.

Symbols; a name ends in its shape
    N           keys that a query sees: one for each token that was read
    B, T        contexts of a batch, and their tokens
    H, W        heads and window of a local layer
    D           dimensions of a key
    C           keys of one chunk
    Q           queries, a row each
    V           vocabulary
    key_ND      unit vectors; the key of token j stands for token j + 1, which is its value
    logit_CQ    s ln(N) cos(key, query); s, `scale`, is the same at every length
    mass_VQ     attention summed over the keys of equal value: the distribution over what comes next
    m           margin: the needle's logit minus ln of the mean exp(logit) of the other keys
    p           attention on the needle: 1 / (1 + (N - 1) exp(-m)), so that m >= ln N + ln(p / (1 - p)) is needed

Departs from the paper
    - Of the architecture [1] says no more than "sparse mixture-of-experts Transformer"; this is a stand-in.
    - The last layer is a pointer [2]: its values are the tokens themselves. The probability of an answer is then the
      attention that it gets, which is what the formula for m speaks of, and no readout stands between the two.
    - Global attention is computed at queries alone, exactly. What the haystack's own tokens would attend to is never
      used, since no layer comes after it.
    - A query sees keys in chunks, in any order, from memory or from a file; [3] makes their sum the softmax of all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

NOTHING = -1e30  # below every logit, and finite: a query that has seen no key yet


def local_attention(q_BHTD: Tensor, k_BHTD: Tensor, v_BHTD: Tensor, bias_HW: Tensor) -> Tensor:
    """Attention to the last W tokens, itself included, with a bias for each head and distance.

    In blocks of W, each against itself and the block before: T · 2W products and not T · T.
    """
    window, tokens = bias_HW.shape[1], q_BHTD.shape[2]
    q, k, v = (
        functional.pad(x, (0, 0, 0, -tokens % window)).unflatten(2, (-1, window)) for x in (q_BHTD, k_BHTD, v_BHTD)
    )
    k, v = (torch.cat([functional.pad(x, (0, 0, 0, 0, 1, 0))[:, :, :-1], x], dim=3) for x in (k, v))
    logits = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1]) + band(bias_HW)[:, None]
    first = logits.new_zeros(logits.shape[2], 1, 2 * window)
    first[0, :, :window] = -math.inf  # before the first block there is none
    return ((logits + first).softmax(-1) @ v).flatten(2, 3)[:, :, :tokens]


def band(bias_HW: Tensor) -> Tensor:
    """The bias by place: queries of one block x keys of the block before and its own; -inf outside the window."""
    window = bias_HW.shape[1]
    place = torch.arange(2 * window, device=bias_HW.device)
    distance = place[window:, None] - place[None, :]
    inside = (distance >= 0) & (distance < window)
    return bias_HW[:, distance.clamp(0, window - 1)].masked_fill(~inside, -math.inf)


def temperature(seen: Tensor, scale: float, trained: int, log_n: bool = True) -> Tensor:
    """What cosines are multiplied by: s ln N, of the N keys that a query sees.

    Without log-N scaling it stays what it was at the trained length.
    """
    return scale * (
        seen.float().clamp(min=2).log() if log_n else torch.full_like(seen, math.log(trained), dtype=torch.float)
    )


@dataclass(slots=True)
class OnlineSoftmax:
    """The softmax of logits that come in chunks, summed by value   [3]. `total` is a double: it sums millions."""

    top_Q: Tensor
    total_Q: Tensor
    mass_VQ: Tensor

    @staticmethod
    def of(queries: int, vocabulary: int, device: torch.device | None = None) -> OnlineSoftmax:
        top_Q = torch.full((queries,), NOTHING, device=device)
        total_Q = torch.zeros(queries, dtype=torch.float64, device=device)
        return OnlineSoftmax(top_Q, total_Q, torch.zeros(vocabulary, queries, device=device))

    def add(self, logit_CQ: Tensor, value: Tensor) -> None:
        """One more chunk. `value` has the token of each key: of shape C for all queries, or C x Q."""
        top_Q = torch.maximum(self.top_Q, logit_CQ.amax(0))
        shrink_Q = (self.top_Q - top_Q).exp()
        weight_CQ = (logit_CQ - top_Q).exp()
        self.total_Q = self.total_Q * shrink_Q + weight_CQ.sum(0, dtype=torch.float64)
        if bool((shrink_Q < 1).any()):
            self.mass_VQ *= shrink_Q
        if value.dim() == 1:
            self.mass_VQ.index_add_(0, value, weight_CQ)
        else:
            self.mass_VQ.scatter_add_(0, value, weight_CQ)
        self.top_Q = top_Q

    def probability(self) -> Tensor:
        """mass_VQ, normalised."""
        return (self.mass_VQ / self.total_Q).float()

    def log_total(self) -> Tensor:
        """The logarithm of the sum of exp(logit) over all keys, in doubles."""
        return self.top_Q.double() + self.total_Q.log()


def margin(needle_Q: Tensor, log_total_Q: Tensor, seen_Q: Tensor) -> Tensor:
    """The needle's logit against the mean exp(logit) of the other N - 1 keys."""
    needle_Q = needle_Q.double()
    rest_Q = log_total_Q.double() + torch.log1p(-(needle_Q - log_total_Q).exp().clamp(max=1 - 1e-12))
    return needle_Q - (rest_Q - (seen_Q.double() - 1).log())


def recall_at(margin_Q: Tensor, seen: Tensor | float) -> Tensor:
    """p: the attention on the needle among `seen` keys, where the margin is m."""
    return 1 / (1 + (seen - 1) * (-margin_Q.double()).exp())


def margin_needed(seen: float, p: float = 0.5) -> float:
    """The least m with which p is reached: ln N + ln(p / (1 - p))."""
    return math.log(seen) + math.log(p / (1 - p))


def collapse(margin_SQ: Tensor, p: float = 0.5, longest: float = 1e12) -> Tensor:
    """The length at which the mean probability of an answer of S tokens falls to p, if margins stay what they are.

    An answer's probability is the product over its tokens, and each token's is `recall_at`. By bisection in ln N, for
    one set of Q answers or for many: ... x S x Q.
    """
    low = margin_SQ.new_full(margin_SQ.shape[:-2], math.log(2), dtype=torch.float64)
    high = torch.full_like(low, math.log(longest))
    for _ in range(60):
        middle = (low + high) / 2
        above = recall_at(margin_SQ, middle.exp()[..., None, None]).prod(-2).mean(-1) > p
        low, high = torch.where(above, middle, low), torch.where(above, high, middle)
    return low.exp()


def power_law(x_P: Tensor, loss_P: Tensor) -> tuple[float, float, float]:
    """a, b, c of L(x) = a x^b + c with b < 0   [1] Sec. 5.2.1, by least squares.

    For each b on a fine grid a and c follow in closed form, and the best b is taken.
    """
    x, loss = x_P.double(), loss_P.double()
    best = (math.inf, 0.0, 0.0, 0.0)
    for b in torch.linspace(-2, -0.01, 400, dtype=torch.float64):
        power = x**b
        spread = power - power.mean()
        a = (spread * (loss - loss.mean())).sum() / spread.square().sum()
        c = loss.mean() - a * power.mean()
        error = (a * power + c - loss).square().sum().item()
        best = min(best, (error, a.item(), b.item(), c.item()))
    return best[1:]
