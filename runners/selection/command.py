"""A corpus of one's own, chosen from: `--set input=corpus.jsonl.zst --set keep=0.1 --out kept/`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nonmun.runner import Progress, RunnerError, Tool, setting
from runners.models import ModelSettings

from .job import Job, Method, run
from .records import find


class CorpusSettings(ModelSettings):
    """The settings of a runner that chooses data: what is asked of a corpus of one's own."""

    input: str = setting(
        "", "a corpus to choose from instead of the demonstration: JSONL, Parquet, a folder", source="ours: none"
    )
    keep: float = setting(0.1, "share that is kept", source='paper: "reject 90%"', gt=0, le=1)
    text_field: str = setting("text", "field or column that holds the text", source="ours: usual", min_length=1)
    id_field: str = setting("id", "field or column that names a document", source="ours: usual", min_length=1)


Make = Callable[[Any, Progress], Method]  # from the settings


def tool(make: Make) -> Tool:
    """The command, for one way to score."""

    def add_flags(group: Any) -> None:
        group.add_argument(
            "--ray-address",
            metavar="ADDRESS",
            help="work on Ray: 'local' for this machine, 'auto' for the cluster it belongs to, or ray://HOST:PORT",
        )
        group.add_argument("--ray-workers", metavar="N", type=int, default=2, help="processes that score on Ray (2)")

    def work(flags: argparse.Namespace, progress: Progress) -> None:
        config: CorpusSettings = flags.config
        if not config.input:
            raise RunnerError("--ray-address without a corpus", mend="name one with --set input=PATH")
        if flags.out is None:
            raise RunnerError("--set input=… without a place for what is kept", mend="name a folder with --out DIR")
        path, out = Path(config.input), Path(flags.out)
        corpus = find(path, config.text_field, config.id_field)
        if path.is_dir() and out.resolve().is_relative_to(path.resolve()):
            raise RunnerError(f"{out} lies in {path}, which is read", mend="name a folder outside of it with --out DIR")
        job = Job(corpus, out, make(config, progress), config.keep)
        if flags.ray_address is None:
            report = run(job, progress)
        else:
            from .scale import on_ray

            report = on_ray(job, make, config, progress, address=flags.ray_address, workers=flags.ray_workers)
        progress.say(_told(report, out))

    return Tool(
        "choose from a corpus of your own: --set input=PATH --out DIR",
        add_flags,
        lambda flags: bool(flags.config.input or flags.ray_address),
        work,
        stopped="stopped; what was scored is kept, and the same command goes on from there",
    )


def _told(report: dict[str, Any], out: Path) -> str:
    lines = [f"{out}: {report['kept']:,} of {report['documents']:,} documents kept"]
    if "S_max" in report:
        lines.append(f"S from {report['S_min']:.4g} to {report['S_max']:.4g}, {report['S_ratio']:.3g}x")
    if "mass" in report:
        lines.append(f"yes and no hold {report['mass']:.1%} of the probability")
    if report["malformed"]:
        first = report["malformed_first"][0]
        lines.append(
            f"{report['malformed']:,} malformed records skipped, the first in {first['file']} at {first['offset']}: "
            f"{first['why']}; all in malformed.jsonl"
        )
    return "; ".join(lines)
