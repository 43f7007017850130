"""Small LMs trained on what each sampler chooses: every sampler, every share, every seed, all at equal tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from nonmun.intervals import student
from nonmun.runner import Progress, RunnerError

from .samplers import Sampler
from .training import Curve, Run, Shape, Tokens, train_all

EVERYTHING = "everything"


@dataclass(slots=True)
class Corpus:
    """What is chosen from: its documents as tokens, and each sampler's scores of them."""

    encoded: Sequence[Tokens]
    samplers: Mapping[str, Sampler]
    score: Mapping[str, NDArray[np.float64]]

    def select(self, name: str, share: float, seed: int) -> NDArray[np.int64]:
        if name == EVERYTHING:
            return np.arange(len(self.encoded))
        return self.samplers[name].select(self.score[name], share, seed)


@dataclass(slots=True)
class Comparison:
    """Curves by what was trained on and by seed: at the share that the claim is about, and at the others."""

    share: float
    curves: dict[str, list[Curve]] = field(default_factory=dict)
    others: dict[str, dict[float, list[Curve]]] = field(default_factory=dict)
    parameters: int = 0

    def by_share(self) -> dict[str, list[dict[str, Any]]]:
        """Of each sampler, share by share: the last loss on each validation set, its mean and 95 % interval."""
        found = {}
        for name, own in self.curves.items():
            shares = {self.share: own, **self.others.get(name, {})} if name != EVERYTHING else {1.0: own}
            found[name] = [{"share": share, **_ends(shares[share])} for share in sorted(shares)]
        return found


def compare(
    corpus: Corpus, names: Sequence[str], shares: Sequence[float], seeds: Sequence[int], shape: Shape,
    sets: Mapping[str, Tensor], progress: Progress,
) -> Comparison:  # fmt: skip
    """Train on everything once a seed, and on each sampler's choice at each share; the first share is the claim's.

    The seed draws the sample, begins the model and orders its documents. RunnerError where there is no such sampler.
    """
    if unknown := [name for name in names if name not in {EVERYTHING, *corpus.samplers}]:
        mend = f"there are {EVERYTHING}, {', '.join(corpus.samplers)}"
        raise RunnerError(f"nothing is called '{unknown[0]}'", mend=mend)
    found = Comparison(shares[0])
    asked = list(_asked(names, shares, seeds))
    runs = [
        Run(name, seed, [corpus.encoded[place] for place in corpus.select(name, share, seed)])
        for name, share, seed in asked
    ]
    for (name, share, _), (_, curve, model) in zip(asked, train_all(runs, shape, sets, progress, "train"), strict=True):
        if share == found.share:
            found.curves.setdefault(name, []).append(curve)
        else:
            found.others.setdefault(name, {}).setdefault(share, []).append(curve)
        found.parameters = sum(weight.numel() for weight in model.parameters())
    return found


def _asked(names: Sequence[str], shares: Sequence[float], seeds: Sequence[int]) -> Iterator[tuple[str, float, int]]:
    for share in dict.fromkeys(shares):
        for seed in seeds:
            yield from ((name, share, seed) for name in names if name != EVERYTHING or share == shares[0])


def _ends(curves: Sequence[Curve]) -> dict[str, Any]:
    found = {}
    for which in curves[0].losses:
        values = [curve.losses[which][-1] for curve in curves]
        found[which] = {"mean": round(fmean(values), 4), "ci95": [round(end, 4) for end in student(values)[1]]}
    return found
