"""Antithetic variates.

[1] Hammersley and Morton, A New Monte Carlo Technique: Antithetic Variates, Proc. Camb. Phil. Soc. 52 (1956).

Symbols; a name ends in its shape
    N        number of pairs
    u_N      uniform draws from [0, 1)
    f        the function whose mean is wanted, elementwise
    z_N      one estimate of E f(u) per pair

Departs from the paper: only its simplest transformation, u and 1 - u.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Function = Callable[[Array], Array]


def independent_pairs(f: Function, u_N: Array, v_N: Array) -> Array:
    """The baseline, two independent draws a pair: (f(u) + f(v)) / 2."""
    return (f(u_N) + f(v_N)) / 2


def antithetic_pairs(f: Function, u_N: Array) -> Array:
    """(f(u) + f(1 - u)) / 2   [1]; its variance is lower where f(u) and f(1 - u) are negatively correlated."""
    return (f(u_N) + f(1 - u_N)) / 2
