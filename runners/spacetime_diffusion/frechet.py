"""The Fréchet distance between two sets of features, taken as normal distributions (arXiv:1706.08500, Sec. 4).

|μ₁ - μ₂|² + tr(Σ₁ + Σ₂ - 2 (Σ₁ Σ₂)^½), in float64. The trace of the root is that of Σ₁^½ Σ₂ Σ₁^½, which is symmetric,
so that its eigenvalues are real and rounding below zero is cut off; the root of the product itself is not stable. An
estimate from n samples is too large by about 1/n of a constant: compare only what has the same n.
"""

from __future__ import annotations

import torch
from torch import Tensor

from nonmun.runner import RunnerError


def frechet(one_ND: Tensor, other_MD: Tensor) -> float:
    """The distance (squared, as is usual) of two sets of features of the same width. RunnerError below two of each."""
    if min(len(one_ND), len(other_MD)) < 2:
        raise RunnerError(f"{len(one_ND)} and {len(other_MD)} features", mend="measure at least two clips of each")
    (mean_D, cov_DD), (other_mean_D, other_cov_DD) = (_moments(set_ND) for set_ND in (one_ND, other_MD))
    values_D, vectors_DD = torch.linalg.eigh(cov_DD)
    root_DD = (vectors_DD * values_D.clamp(min=0).sqrt()) @ vectors_DD.T
    cross_D = torch.linalg.eigvalsh(root_DD @ other_cov_DD @ root_DD)
    between = (mean_D - other_mean_D).square().sum()
    return max(0.0, float(between + cov_DD.trace() + other_cov_DD.trace() - 2 * cross_D.clamp(min=0).sqrt().sum()))


def _moments(features_ND: Tensor) -> tuple[Tensor, Tensor]:
    features_ND = features_ND.double()
    return features_ND.mean(0), torch.atleast_2d(features_ND.T.cov())
