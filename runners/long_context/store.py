"""Keys and values of what was read: in memory, or in a file that is mapped into it where they would not fit."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from nonmun.runner import RunnerError

VALUE = torch.int16  # a token's number


class Store:
    """Room for `tokens` keys of `dims` numbers and the token that each stands for.

    With a `folder` the keys lie in a file there, else on `device`. RunnerError where the disk has no room for them.
    """

    def __init__(
        self,
        tokens: int,
        dims: int,
        *,
        dtype: torch.dtype = torch.bfloat16,
        device: torch.device | None = None,
        folder: Path | None = None,
    ) -> None:
        self.tokens, self.dims, self.filled = tokens, dims, 0
        self.per_token = dims * dtype.itemsize + VALUE.itemsize
        self._file = folder / "keys" if folder else None
        if self._file is None:
            self._keys_ND = torch.empty(tokens, dims, dtype=dtype, device=device)
        else:
            free = shutil.disk_usage(self._file.parent).free
            if free < tokens * self.per_token:
                raise RunnerError(
                    f"the keys of {tokens:,} tokens take {tokens * self.per_token / 1e9:.1f} GB, "
                    f"{self._file.parent} has {free / 1e9:.1f} GB free",
                    mend="make room there, name another folder with TMPDIR, or ask for a shorter --lengths",
                )
            keys = torch.from_file(str(self._file), shared=True, size=tokens * dims, dtype=dtype)
            self._keys_ND = keys.view(tokens, dims)
        self._value_N = torch.empty(tokens, dtype=VALUE, device=self._keys_ND.device)

    def append(self, key_CD: Tensor, value_C: Tensor) -> None:
        end = self.filled + len(key_CD)
        if end > self.tokens:
            raise ValueError(f"{end} keys, expected at most {self.tokens}; make a larger Store")
        self._keys_ND[self.filled : end] = key_CD
        self._value_N[self.filled : end] = value_C
        self.filled = end

    def chunks(self, size: int) -> Iterator[tuple[int, Tensor, Tensor]]:
        """Where each chunk begins, its keys in float32, and its values."""
        for start in range(0, self.filled, size):
            end = min(start + size, self.filled)
            yield start, self._keys_ND[start:end].float(), self._value_N[start:end].long()

    def key(self, places: Tensor) -> Tensor:
        return self._keys_ND[places].float()

    def close(self) -> None:
        """The file goes, if there is one; what is mapped of it is released with this object."""
        if self._file is not None:
            self._file.unlink(missing_ok=True)
