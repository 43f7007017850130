"""Ask-LLM on a corpus of one's own: the model as it comes, the short prompt or the paper's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nonmun.runner import Progress
from runners.models import LanguageModel, language_model
from runners.selection.command import tool
from runners.selection.job import Scored, Values

from .rating import rate


class AskLLM:
    """Score and mass are what is kept of a document."""

    def __init__(self, config: Any, progress: Progress | None = None) -> None:
        self._config, self._progress = config, progress
        self._loaded: LanguageModel | None = None
        self._mass, self._count = 0.0, 0

    @property
    def settings(self) -> dict[str, Any]:
        return {"method": "ask_llm", "model": self._config.model, "prompt": self._config.prompt}

    def values(self, texts: Sequence[str]) -> Values:
        if self._loaded is None:
            self._loaded = language_model(self._config.model, device=self._config.device, progress=self._progress)
        prompt = self._config.prompt
        found = rate(self._loaded.model, self._loaded.tokenizer, texts, (prompt,), together=self._config.together)
        return np.stack([found.score[prompt], found.mass[prompt]], axis=1)

    def score(self, stored: Callable[[], Iterator[Values]]) -> Iterator[Scored]:
        for values in stored():
            self._mass += float(values[:, 1].sum())
            self._count += len(values)
            yield values[:, 0], values[:, 0]

    def report(self) -> dict[str, Any]:
        return {"mass": self._mass / max(1, self._count)}

    def save(self, folder: Path) -> None:
        """Nothing else: the scores say all."""


TOOL = tool(AskLLM)
