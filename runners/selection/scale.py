"""The same work on Ray Data: from the cores of one machine to a cluster, with the same numbers.

A part of the corpus is a row of a Ray data set. Workers read, score and write it where the result is to be, a folder
that all of them see; of a sketch, each counts a share of the parts and the counts are added up. A worker that dies
costs the part it was at: Ray hands it to another, and a part that is there already is not made twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from nonmun.runner import Progress, RunnerError

from .job import Job, Method, read_part, run
from .job import fill_part as fill
from .records import Part, Reader

LOCAL = "local"
_GROUP = 64  # parts that a worker counts before it hands its counts on


def on_ray(
    job: Job, make: Callable[[Any, Any], Method], config: Any, progress: Progress, *, address: str, workers: int
) -> dict[str, Any]:
    """As `job.run`, with the dear part and the first pass of a sketch on Ray. RunnerError where Ray is not there."""
    ray = _ray()
    connected = ray.is_initialized()
    if not connected:
        _connect(ray, address, workers)
    try:

        def on_workers(job: Job, every: list[Part], missing: list[int]) -> Iterator[int]:
            rows = [{"number": number} for number in missing]
            if not rows:
                return
            data = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
                _Worker,
                fn_constructor_args=(job.corpus, job.out, make, config, job.keep, every),
                batch_size=1,
                concurrency=min(workers, len(rows)),
                num_cpus=1,
            )
            for row in data.iter_rows():
                yield int(row["documents"])
            _count(ray, job, make, config, len(every))

        return run(job, progress, on_workers)
    finally:
        if not connected:
            ray.shutdown()


class _Worker:
    """Reads, scores and writes one part after another; the model is loaded once."""

    def __init__(self, corpus: Any, out: Any, make: Any, config: Any, keep: float, every: list[Part]) -> None:
        import torch

        torch.set_num_threads(1)  # a worker is a core's
        self._job = Job(corpus, out, make(config, None), keep)
        self._reader, self._every = Reader(corpus), every

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        found = [self._fill(int(number)) for number in batch["number"]]
        return {"documents": found}

    def _fill(self, number: int) -> int:
        """One that a worker before has written, and not reported, is there already."""
        if (there := read_part(self._job, number)) is not None:
            return len(there["places"])
        return fill(self._job, self._reader, self._every[number], number)


def _count(ray: Any, job: Job, make: Any, config: Any, parts: int) -> None:
    """The first pass of a sketch, where the method has one: shares of the parts, added up in any order."""
    if not hasattr(job.method, "use"):
        return

    def count(batch: dict[str, Any]) -> dict[str, Any]:
        import numpy as np

        counted = sketch_of(Job(job.corpus, job.out, make(config, None), job.keep), batch["number"].tolist())
        if counted is None:
            return {
                "counts": np.zeros((0, 1, 1), np.int32),
                "documents": np.zeros(0, np.int64),
                "D": np.zeros(0, np.int64),
            }
        return {
            "counts": counted.counts_RB.numpy()[None],
            "documents": np.array([counted.documents]),
            "D": np.array([counted.hashes.dimensions]),
        }

    rows = ray.data.from_items([{"number": number} for number in range(parts)])
    total = None
    for row in rows.map_batches(count, batch_size=_GROUP).iter_rows():
        own = job.method.sketch(int(row["D"]), row["counts"], int(row["documents"]))  # type: ignore[attr-defined]
        total = own if total is None else total + own
    if total is not None:
        job.method.use(total)  # type: ignore[attr-defined]


def sketch_of(job: Job, numbers: Sequence[int]) -> Any:
    """Counts of some parts; None where they hold no document."""
    method: Any = job.method
    return method.count(
        part["values"] for number in numbers if (part := read_part(job, number)) and len(part["places"])
    )


def _ray() -> Any:
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise RunnerError("Ray is not installed", mend="pip install 'nonmun[scale]'") from error
    return ray


def _connect(ray: Any, address: str, workers: int) -> None:
    try:
        if address == LOCAL:
            ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False)
        else:
            ray.init(address=address, log_to_driver=False)
    except (ConnectionError, ValueError, RuntimeError) as error:
        why = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise RunnerError(
            f"Ray at '{address}': {why}", mend="start it with: ray start --head, or take 'local'"
        ) from error
