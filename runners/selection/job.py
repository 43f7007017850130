"""A corpus scored part by part. What is dear is done once a document and kept on disk, so that a kill costs one part.

In the folder of the result, while it is worked on, `.work` holds what is asked (`plan.json`) and a file for each part:
the places and names of its documents, what is malformed, and the method's values. Memory does not grow with the corpus.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nonmun.runner import Progress, RunnerError
from nonmun.runner.files import put

from . import ranking
from .keeping import write_kept
from .records import Corpus, Malformed, Part, Reader, Record, parts

FORMAT = 1
Values = NDArray[Any]
Scored = tuple[NDArray[np.float64], NDArray[np.float64]]
SHOWN = 20  # malformed records that the report names; all of them are in malformed.jsonl


class Method(Protocol):
    """A way to score documents one by one, and to turn that into what is ranked."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """All that the values and scores depend on: other settings are another job."""

    def values(self, texts: Sequence[str]) -> Values:
        """The dear part, documents x k, of some hundred texts at once."""

    def score(self, stored: Callable[[], Iterator[Values]]) -> Iterator[Scored]:
        """Scores, and the keys whose largest are kept, for each array of values, in order; no key is NaN."""

    def report(self) -> dict[str, Any]:
        """What else is to be said, once all is scored."""

    def save(self, folder: Path) -> None:
        """What else is to be kept beside the result, once all is scored."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked for."""

    corpus: Corpus
    out: Path
    method: Method
    keep: float

    @property
    def work(self) -> Path:
        return self.out / ".work"

    @property
    def plan(self) -> dict[str, Any]:
        files, fields = self.corpus.state, [self.corpus.text, self.corpus.id]
        asked = {"format": FORMAT, "keep": self.keep, **self.method.settings}
        return json.loads(json.dumps({"files": files, "fields": fields, "settings": asked}))


Fill = Callable[[Job, list[Part], list[int]], Iterable[int]]  # writes these parts; yields each one's documents


def run(job: Job, progress: Progress, fill: Fill | None = None) -> dict[str, Any]:
    """Score the corpus, or go on where it was left; write what is kept. What the report says."""
    _claim(job)
    every = list(parts(job.corpus))
    missing = [number for number in range(len(every)) if read_part(job, number) is None]
    if len(missing) < len(every):
        progress.say(f"{len(every) - len(missing)} of {len(every)} parts are there already")
    with progress.stage("read and score", len(missing), "part") as stage:
        for documents in (fill or fill_here)(job, every, missing):
            stage.advance(documents=str(documents))
    return _finish(job, len(every), progress)


def fill_here(job: Job, every: list[Part], missing: list[int]) -> Iterator[int]:
    """In this process, one part after another."""
    reader = Reader(job.corpus)
    try:
        for number in missing:
            yield fill_part(job, reader, every[number], number)
    finally:
        reader.close()


def fill_part(job: Job, reader: Reader, part: Part, number: int) -> int:
    """Read, score and write one part; how many documents it has."""
    found = reader.read(part)
    records = [one for one in found if isinstance(one, Record)]
    bad = [asdict(one) for one in found if isinstance(one, Malformed)]
    values = job.method.values([one.text for one in records]) if records else np.zeros((0, 1))
    arrays = {
        "values": values,
        "places": np.array([(one.file, one.place) for one in records], np.int64).reshape(-1, 2),
        "said": np.frombuffer(json.dumps({"ids": [one.id for one in records], "malformed": bad}).encode(), np.uint8),
    }
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    put(job.work / f"{number:07}.npz", stream.getvalue())
    return len(records)


def read_part(job: Job, number: int) -> dict[str, Any] | None:
    """What was written of a part; None where that is nothing, or damaged, so that it is made again."""
    try:
        with np.load(job.work / f"{number:07}.npz") as file:
            found = {name: file[name] for name in ("values", "places", "said")}
        return {**found, **json.loads(found["said"].tobytes())}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _claim(job: Job) -> None:
    """The folder is this job's: new, or begun by it. RunnerError where it is anything else's."""
    plan = job.work / "plan.json"
    another = "name another folder with --out, or delete this one"
    if (job.out / "report.json").exists():
        raise RunnerError(f"{job.out} holds a finished result", mend=another)
    if plan.is_file():
        try:
            begun = json.loads(plan.read_bytes())
        except ValueError:
            begun = None
        if begun != job.plan:
            raise RunnerError(f"{job.out} was begun with other settings, or the corpus has changed", mend=another)
        return
    if job.out.is_dir() and any(job.out.iterdir()):
        raise RunnerError(f"{job.out} is not empty", mend=another)
    job.work.mkdir(parents=True, exist_ok=True)
    put(plan, json.dumps(job.plan).encode())


def _finish(job: Job, count: int, progress: Progress) -> dict[str, Any]:
    def stored() -> Iterator[Values]:
        for number in range(count):
            if (part := read_part(job, number)) is None:
                raise RunnerError(f"{job.work}: part {number} has been damaged since", mend="run it again")
            if len(part["places"]):
                yield part["values"]

    documents = 0
    with (
        progress.stage("rank", None, "document") as stage,
        (job.work / "scores").open("wb") as scores,
        (job.work / "keys").open("wb") as keys,
    ):
        for score_N, key_N in job.method.score(stored):
            scores.write(score_N.astype("<f8").tobytes())
            keys.write(key_N.astype("<f8").tobytes())
            documents += len(score_N)
            stage.advance(len(score_N))
    if not documents:
        raise RunnerError("the corpus holds no document that can be read", mend="see --set text_field=NAME")
    most = max(1, round(job.keep * documents))
    chosen = Chosen(job, count, *ranking.threshold(job.work / "keys", most))
    drafts = job.work / "out"
    shutil.rmtree(drafts, ignore_errors=True)
    drafts.mkdir()
    with progress.stage("write", None, "document") as stage:
        files = write_kept(job.corpus, chosen.places(drafts, stage.advance), drafts / "documents")
    report = {
        "input": str(job.corpus.root), "files": len(job.corpus.files), "documents": documents, "kept": most,
        "malformed": chosen.malformed, "malformed_first": chosen.first, "written": len(files),
        "settings": job.plan["settings"], **job.method.report(),
    }  # fmt: skip
    job.method.save(drafts)
    _put_in_place(job, drafts, report)
    return report


class Chosen:
    """Goes through the parts once more, says which documents are kept, and writes scores beside their names."""

    def __init__(self, job: Job, count: int, least: float, ties: int) -> None:
        self._job, self._count, self._least, self._ties = job, count, least, ties
        self.malformed, self.first = 0, []

    def places(self, folder: Path, tell: Callable[[int], object]) -> Iterator[tuple[int, int]]:
        work = self._job.work
        with (
            (folder / "scores.jsonl").open("w", encoding="utf-8") as scores,
            (folder / "malformed.jsonl").open("w", encoding="utf-8") as bad,
            (work / "scores").open("rb") as score_file,
            (work / "keys").open("rb") as key_file,
        ):
            for number in range(self._count):
                part = read_part(self._job, number) or {"places": [], "ids": [], "malformed": []}
                size = 8 * len(part["places"])
                score_N = np.frombuffer(score_file.read(size), "<f8")
                key_N = np.frombuffer(key_file.read(size), "<f8")
                kept = [self._is_kept(key) for key in key_N]
                lines = zip(part["ids"], score_N.tolist(), kept, strict=True)
                scores.writelines(
                    json.dumps({"id": name, "score": score, "kept": yes}, ensure_ascii=False) + "\n"
                    for name, score, yes in lines
                )
                for one in part["malformed"]:
                    named = {"file": self._job.corpus.name(one["file"]), "offset": one["place"], "why": one["why"]}
                    bad.write(json.dumps(named, ensure_ascii=False) + "\n")
                    self.malformed += 1
                    self.first += [named] if len(self.first) < SHOWN else []
                yield from ((int(a), int(b)) for (a, b), yes in zip(part["places"], kept, strict=True) if yes)
                tell(len(kept))

    def _is_kept(self, key: float) -> bool:
        if key != self._least or self._ties == 0:
            return bool(key > self._least)
        self._ties -= 1
        return True


def _put_in_place(job: Job, drafts: Path, report: dict[str, Any]) -> None:
    """The report is last: where it is, all is."""
    put(drafts / "report.json", json.dumps(report, ensure_ascii=False, indent=1).encode())
    for path in drafts.rglob("*"):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
    for path in sorted(drafts.iterdir(), key=lambda path: path.name == "report.json"):
        if (job.out / path.name).is_dir():
            shutil.rmtree(job.out / path.name)  # of a run that was killed at this very place
        os.replace(path, job.out / path.name)
    shutil.rmtree(job.work)
