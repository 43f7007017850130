"""The k largest of numbers that lie in a file: four passes of 16 bits each, in memory that does not grow with them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_AT_ONCE = 2**18
_SIGN = np.uint64(2**63)


def numbers(path: Path, dtype: str = "<f8") -> Iterator[NDArray[np.float64]]:
    """What is in a file, so many at once."""
    with path.open("rb") as file:
        while data := file.read(8 * _AT_ONCE):
            yield np.frombuffer(data, dtype)


def threshold(path: Path, count: int) -> tuple[float, int]:
    """The `count`-th largest number, and how many equal to it are among the `count` largest. No NaN may be there."""
    prefix, left = np.uint64(0), count
    for shift in (48, 32, 16, 0):
        counts = np.zeros(2**16, np.int64)
        for part in numbers(path):
            ordered = _ordered(part)
            if shift < 48:
                ordered = ordered[ordered >> np.uint64(shift + 16) == prefix]
            digits = (ordered >> np.uint64(shift)) & np.uint64(0xFFFF)
            counts += np.bincount(digits.astype(np.int64), minlength=2**16)
        above = np.cumsum(counts[::-1])  # so many have this digit or a larger one
        place = int(np.searchsorted(above, left))
        left -= int(above[place - 1]) if place else 0
        prefix = (prefix << np.uint64(16)) | np.uint64(2**16 - 1 - place)
    return float(_number(prefix)), left


def _ordered(numbers: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Bits that are in the order of the numbers: of negative ones all are turned, of others the sign alone."""
    bits = (numbers + 0.0).view(np.uint64)  # -0.0 is 0.0
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)


def _number(ordered: np.uint64) -> np.float64:
    bits = ordered ^ _SIGN if ordered & _SIGN else ~ordered
    return np.array([bits], np.uint64).view(np.float64)[0]
