"""The pretrained model, on questions that nobody trained it for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nonmun.runner import Progress, RunnerError
from runners.models import language_model

from . import wordings
from .measure import Answered, measure
from .method import DecodingError

if TYPE_CHECKING:
    from .demo import Config

SAMPLED = "question"  # the wording in which it samples: the one that the criterion is about


@dataclass(frozen=True, slots=True)
class Asked:
    """Answers by task and wording, such as `multiplication/question`; none where nothing was asked."""

    where: str = "cpu"
    answered: dict[str, list[Answered]] = field(default_factory=dict)


def measure_tasks(config: Config, progress: Progress) -> Asked:
    found = {}
    loaded = language_model(config.model, device=config.device, progress=progress)
    for task in config.tasks:
        for wording in wordings.WORDINGS:
            items = wordings.items(task, wording, config.seed, config.asked)
            sampled = task in config.asked_sampled and wording == SAMPLED
            stage_title = f"{config.model}: {task}, {wording}"
            with progress.stage(stage_title, (1 + sampled) * len(items), "question") as stage:
                try:
                    found[f"{task}/{wording}"] = measure(
                        loaded.model,
                        loaded.tokenizer,
                        items,
                        {f"{task}/{wording}": wordings.group(task, wording)},
                        k=config.k,
                        sweep=(config.k,),
                        steps=config.length,
                        temperature=config.temperature,
                        seed=config.seed,
                        together=config.asked_together,
                        sample=sampled,
                        tell=stage.advance,
                    )
                except DecodingError as error:
                    raise RunnerError(f"model '{config.model}': {error}", mend="name another --model") from error
    return Asked(loaded.where.name, found)
