"""Density sampling of a corpus of one's own: MiniLM's embeddings, or hashed words, then both passes of Algorithm 2."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nonmun.runner import Progress
from runners.models import embedder
from runners.selection.command import CorpusSettings, tool
from runners.selection.job import Scored, Values

from . import storage
from .method import Hashes, Sketch, keys


class Density:
    """Embeddings are what is kept of a document: in half precision, which is what both passes read."""

    def __init__(self, config: Any, progress: Progress | None = None) -> None:
        self._config = config
        self._embed: Callable[[Sequence[str]], NDArray[Any]] | None = None
        self._sketch: Sketch | None = None
        self._range = (math.inf, 0.0)

    @property
    def settings(self) -> dict[str, Any]:
        names = ("rows", "buckets", "power", "width", "embed", "seed")
        return {"method": "density", **{name: getattr(self._config, name) for name in names}}

    def values(self, texts: Sequence[str]) -> Values:
        self._embed = self._embed or embedding(self._config.embed, self._config.device)
        return self._embed(texts).astype(np.float16)

    def hashes(self, dimensions: int) -> Hashes:
        config = self._config
        return Hashes(dimensions, config.rows, config.buckets, config.power, config.width, config.seed)

    def score(self, stored: Callable[[], Iterator[Values]]) -> Iterator[Scored]:
        sketch = self._sketch = self._sketch or self.count(stored())
        start = 0
        for x_ND in stored():
            assert sketch is not None
            S_N = sketch.density(torch.from_numpy(x_ND))
            self._range = (min(self._range[0], S_N.min()), max(self._range[1], S_N.max()))
            yield S_N, keys(S_N, self._config.seed, start=start)
            start += len(S_N)

    def count(self, stored: Iterable[Values]) -> Sketch | None:
        """The first pass over some of the corpus; None where there is nothing."""
        sketch = None
        for x_ND in stored:
            sketch = (sketch or Sketch.empty(self.hashes(x_ND.shape[1]))).add(torch.from_numpy(x_ND))
        return sketch

    def sketch(self, dimensions: int, counts_RB: NDArray[np.int32], documents: int) -> Sketch:
        """What was counted elsewhere, in another process."""
        return Sketch(self.hashes(dimensions), torch.from_numpy(np.array(counts_RB)), documents)

    def use(self, sketch: Sketch) -> None:
        """The sketch of the whole corpus, where it was counted elsewhere."""
        self._sketch = sketch

    def report(self) -> dict[str, Any]:
        least, most = map(float, self._range)
        return {"S_min": least, "S_max": most, "S_ratio": most / least}

    def save(self, folder: Path) -> None:
        if self._sketch is not None:
            storage.save(folder / "sketch.safetensors", self._sketch)


def embedding(name: str, device: str = "cpu") -> Callable[[Sequence[str]], NDArray[Any]]:
    """Texts to rows of length 1: `minilm`, or `words`, which hashes words and needs no model."""
    if name == "minilm":
        minilm = embedder(device=device)
        return lambda texts: minilm(list(texts)).numpy()
    from sklearn.feature_extraction.text import HashingVectorizer

    hashed = HashingVectorizer(n_features=384, norm="l2", dtype=np.float32)
    return lambda texts: hashed.transform(texts).toarray()


TOOL = tool(Density)

__all__ = ["TOOL", "CorpusSettings", "Density", "embedding"]
