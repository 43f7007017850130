"""Train, measure, and keep the weights that quick measures: with what made them, and beside the record of that run.

`python -m runners.in_context_language --preset full --keep-weights DIR` writes checkpoint.safetensors and
checkpoint.json, whose place is in the runner's folder, and full.json, whose place is in results/; there
`--preset full --redraw` draws its figures.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from nonmun.record import Result, to_json
from nonmun.runner import Progress, RunnerError, Tool
from nonmun.runner.files import put

from . import checkpoint, demo


def _add_flags(group: Any) -> None:
    group.add_argument(
        "--keep-weights", metavar="DIR", type=Path, help="train as the preset says, and keep weights and record in DIR"
    )


def _work(flags: argparse.Namespace, progress: Progress) -> None:
    folder: Path = flags.keep_weights
    if not flags.config.steps:
        raise RunnerError("nothing is trained with 0 steps", mend="--preset full --keep-weights DIR, or set --steps")
    folder.mkdir(parents=True, exist_ok=True)
    model, curve = demo.practise(flags.config, progress)
    result = demo.ask(flags.config, progress, model, curve, {})
    put(folder / f"{result.preset}.json", to_json(result).encode())
    told = checkpoint.save(model, {**about(result), "curve": curve}, folder)
    gain = result.metric("full_gain").shown
    progress.say(f"{told['bytes'] / 1e6:.2f} MB, {result.verdict}, full book − no book {gain}, in {folder}")


def about(result: Result) -> dict[str, Any]:
    """What made the weights, for whoever reads them later."""
    run = f"python -m runners.{result.runner} --preset {result.preset} --seed {result.seed}"
    return {
        "command": f"{run} --keep-weights DIR",
        "record": f"results/{result.preset}.json",
        "preset": result.preset,
        "seed": result.seed,
        "started": result.started,
        "seconds": result.seconds,
        "device": result.device,
        "versions": dict(result.versions),
        "config": dict(result.config),
        "sources": dict(result.sources),
        "verdict": result.verdict,
    }


TOOL = Tool(
    title="weights",
    add_flags=_add_flags,
    wanted=lambda flags: flags.keep_weights is not None,
    work=_work,
    stopped="stopped; no weights were kept",
)
