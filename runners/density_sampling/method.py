"""Density sampling: count how crowded each document's neighbourhood is with a hash sketch, and draw by the inverse.

[1] Sachdeva et al., How to Train Data-Efficient LLMs, arXiv:2402.09668 (2024), Sec. 3.3, Algorithm 2, Theorem A.2.
[2] Coleman and Shrivastava, Sub-linear RACE Sketches for Approximate Kernel Density Estimation, WWW 2020.
[3] Datar et al., Locality-Sensitive Hashing Scheme Based on p-Stable Distributions, SoCG 2004, Sec. 3.2.
[4] Kool et al., Stochastic Beams and Where to Find Them, ICML 2019: the k largest of log p + Gumbel noise are k draws
    without replacement.

Symbols; a name ends in its shape
    N, D        documents, and the dimensions of their embeddings
    R, B        rows of the sketch, and buckets in each: 1000 and 20,000 in [1]
    P           hashes that are concatenated in a row: the kernel is the collision probability to the power P
    w           width of a cell
    x_ND        embeddings, of length 1
    a_RPD       Gaussian projections
    h           cell of a projection, floor((a x + b) / w)   [3]
    bucket_RN   where each document falls in each row
    counts_RB   the sketch
    S_N         density: the mean over rows of the count that a document finds   [1] Algorithm 2
    p_N         probability of a draw, proportional to 1/S   [1] Sec. 3.3 and Theorem A.2
    key_N       log p + Gumbel noise; the k largest are the sample   [4]

Departs from the paper
    - The last line of its Algorithm 2 says p ∝ S, where its text and its Theorem A.2 need p ∝ 1/S. `power` is -1; +1 is
      what was printed, and serves as a control.
    - P hashes are concatenated. With one the collision probability falls like w / distance: what is far away counts.
    - Cells are hashed universally and then taken modulo B. [1] does not say how; a remainder alone can be negative.
    - Embeddings are rounded to 1/2048 and projections to 1/128, so that every sum is a whole number below 2^24 and thus
      exact in float32 in whatever order it is added up. Any batch, any number of threads, workers or machines gives the
      same sketch, bit for bit.
    - Noise comes in blocks by the document's number, so that it too is independent of how the work is divided.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

X_UNIT, A_UNIT = 2**11, 2**7  # steps per unit of an embedding, and of a projection
EXACT = 2**24  # whole numbers up to here are exact in float32
TOGETHER = 4096  # documents of a block: they share what is fetched of the sketch, which is larger than any cache
ROWS = 128  # rows of a block: what is computed of it, and their part of the sketch, stay in the caches
PAIRED = 512  # documents whose distances to all others are in memory at once
NOISE_BLOCK = 4096


@dataclass(frozen=True)
class Hashes:
    """R rows of P concatenated p-stable hashes. Equal settings are equal hashes, on any machine."""

    dimensions: int
    rows: int = 1000
    buckets: int = 20_000
    power: int = 4
    width: float = 0.6
    seed: int = 0
    _a_RPD: Tensor = field(init=False, repr=False, compare=False)
    _b_RP: Tensor = field(init=False, repr=False, compare=False)
    _c_PR: Tensor = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """ValueError where sums could leave the range in which float32 is exact, or a size is none."""
        if min(self.dimensions, self.rows, self.buckets, self.power) < 1 or self.cell < 1:
            raise ValueError(f"{self}: expected sizes of 1 or more and a width above 0")
        rng = np.random.default_rng(self.seed)
        drawn = (self.power, self.rows)
        a_PRD = np.rint(rng.standard_normal((*drawn, self.dimensions)) * A_UNIT).astype(np.float32)
        longest = float(np.linalg.norm(a_PRD, axis=2).max()) * (X_UNIT + math.sqrt(self.dimensions) / 2)
        if longest + self.cell >= EXACT:
            raise ValueError(
                f"{self.dimensions} dimensions and width {self.width:g}: sums up to {longest + self.cell:.3g}, "
                f"expected below {EXACT:,}; take a smaller width, or project the embeddings to fewer dimensions"
            )
        b_PR = rng.integers(0, self.cell, drawn).astype(np.float32)
        odd = rng.integers(-(2**62), 2**62, (self.power + 1, self.rows)) * 2 + 1
        # Row by row, so that some rows of the sketch are one product.
        object.__setattr__(self, "_a_RPD", torch.from_numpy(a_PRD).transpose(0, 1).contiguous())
        object.__setattr__(self, "_b_RP", torch.from_numpy(b_PR).T.contiguous())
        object.__setattr__(self, "_c_PR", torch.from_numpy(odd))

    @property
    def cell(self) -> int:
        """w, in the units of a rounded product."""
        return round(self.width * X_UNIT * A_UNIT)

    def buckets_of(self, x_ND: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """bucket_RN, int64, of some rows after another: h = floor((a x + b) / w), hashed, modulo B."""
        x_DN = (x_ND.float() * X_UNIT).round_().T
        for start in range(0, self.rows, ROWS):
            rows = slice(start, start + ROWS)
            h_RPN = (self._a_RPD[rows].flatten(0, 1) @ x_DN).unflatten(0, (-1, self.power))
            h_RPN.add_(self._b_RP[rows, :, None]).mul_(1 / self.cell).floor_()
            mixed_RN = self._c_PR[self.power, rows, None]
            for h_RN, c_R in zip(h_RPN.unbind(1), self._c_PR[:, rows], strict=False):
                # modulo 2^64, as multiply-shift hashing wants it
                mixed_RN = torch.addcmul(mixed_RN, h_RN.long(), c_R[:, None])
            yield rows, mixed_RN.bitwise_right_shift_(32).bitwise_and_(0xFFFF_FFFF).remainder_(self.buckets)


@dataclass(frozen=True)
class Sketch:
    """counts_RB of `documents` documents. Two of the same hashes add up to that of both halves."""

    hashes: Hashes
    counts_RB: Tensor
    documents: int = 0

    @classmethod
    def empty(cls, hashes: Hashes) -> Sketch:
        return cls(hashes, torch.zeros((hashes.rows, hashes.buckets), dtype=torch.int32))

    def add(self, x_ND: Tensor) -> Sketch:
        """The first pass of Algorithm 2: the same counts, which are changed in place, with x_ND in them."""
        one = torch.ones((), dtype=torch.int32)
        for part in x_ND.split(TOGETHER):
            for rows, bucket_RN in self.hashes.buckets_of(part):
                self.counts_RB[rows].scatter_add_(1, bucket_RN, one.expand_as(bucket_RN))
        return Sketch(self.hashes, self.counts_RB, self.documents + len(x_ND))

    def __add__(self, other: Sketch) -> Sketch:
        """The sketch of both halves of a corpus. ValueError where the two were not made with the same hashes."""
        if self.hashes != other.hashes:
            raise ValueError(f"sketches of {self.hashes} and {other.hashes}, expected equal hashes")
        return Sketch(self.hashes, self.counts_RB + other.counts_RB, self.documents + other.documents)

    def density(self, x_ND: Tensor) -> NDArray[np.float64]:
        """S_N, the second pass: the mean over rows of what each document finds in its bucket; itself counts as 1."""
        total_N = torch.zeros(len(x_ND), dtype=torch.int64)
        for part, total in zip(x_ND.split(TOGETHER), total_N.split(TOGETHER), strict=True):
            for rows, bucket_RN in self.hashes.buckets_of(part):
                total += self.counts_RB[rows].gather(1, bucket_RN).sum(0)
        return total_N.numpy() / self.hashes.rows


def noise(seed: int, start: int, stop: int) -> NDArray[np.float64]:
    """Standard Gumbel noise of documents number `start` to `stop`, the same however they are asked for."""
    blocks = range(start // NOISE_BLOCK, -(-stop // NOISE_BLOCK))
    drawn = [np.random.default_rng([seed, block]).random(NOISE_BLOCK) for block in blocks]
    uniform = np.concatenate(drawn)[start - blocks.start * NOISE_BLOCK :][: stop - start] if drawn else np.zeros(0)
    return -np.log(-np.log(np.clip(uniform, 1e-300, 1 - 1e-16)))


def keys(S_N: NDArray[np.float64], seed: int, *, start: int = 0, power: float = -1) -> NDArray[np.float64]:
    """key_N = power · log S + Gumbel noise, of documents from number `start` on; +1 is as printed   [1]."""
    return power * np.log(S_N) + noise(seed, start, start + len(S_N))


def largest(key_N: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """The numbers of the `count` largest, in order of number; of equal ones the first."""
    return np.sort(np.argsort(-key_N, kind="stable")[:count])


@dataclass(frozen=True)
class Kernel:
    """What the sketch estimates: the probability that points at distance c share a row's bucket, collisions aside."""

    width: float
    power: int

    def __call__(self, c: Tensor) -> Tensor:
        """k(c) = (1 - 2 Phi(-w/c) - 2c/(sqrt(2 pi) w) (1 - exp(-w^2 / (2 c^2))))^P   [3] Sec. 3.2, elementwise."""
        t = self.width / c.double().clamp(min=1e-9)
        one = torch.erf(t / math.sqrt(2)) + 2 / math.sqrt(2 * math.pi) * torch.expm1(-t * t / 2) / t
        return one.clamp(0, 1) ** self.power

    def density(self, x_ND: Tensor, y_ND: Tensor | None = None) -> NDArray[np.float64]:
        """The exact sum over all of y (x itself, unless given) for each of x: what the sketch does without."""
        others = x_ND if y_ND is None else y_ND
        return torch.cat([self(torch.cdist(part, others)).sum(1) for part in x_ND.split(PAIRED)]).numpy()
