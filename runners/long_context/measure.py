"""Needles at every depth and length, how many are found, by what margin; and the controls that must find none."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from nonmun.runner import Progress, RunnerError

from . import dense
from .haystack import ASKED, Haystack, Needle, hide, off_depth
from .model import RetrievalTransformer
from .reading import SLOTS, Heard, Queries, ask, margins, questions, read
from .store import Store

if TYPE_CHECKING:
    from .demo import Config

MODES = {"log_n": True, "fixed": False}  # with log-N scaling, and without
CHECKED = 8192  # tokens at which chunked attention is held against dense


@dataclass(slots=True)
class Cells:
    """One length. A row for each needle of each haystack: hits, probabilities of the number, margins of its tokens."""

    length: int
    depth: list[float] = field(default_factory=list)
    hit: dict[str, list[bool]] = field(default_factory=lambda: {mode: [] for mode in MODES})
    probability: dict[str, list[float]] = field(default_factory=lambda: {mode: [] for mode in MODES})
    margin: dict[str, list[list[float]]] = field(default_factory=lambda: {mode: [] for mode in MODES})
    local: list[bool] = field(default_factory=list)  # global layer off
    decoy: list[bool] = field(default_factory=list)  # asked of a city that only needles for others are there for
    off_depth: int = 0  # tokens, at most, between the depth asked for and the depth reached
    seconds: list[float] = field(
        default_factory=list
    )  # of CPU time, on all cores, to read each haystack: what else runs matters less than on the clock


@dataclass(slots=True)
class Measured:
    """Everything that the trained model was asked."""

    cells: list[Cells]
    many: dict[int, dict[int, list[bool]]] = field(default_factory=dict)  # needles in a haystack -> length -> hits
    empty: list[bool] = field(default_factory=list)  # no needle in the haystack
    chunked_error: float = 0.0
    stored_error: float = 0.0  # what keeping keys in bfloat16 costs, in the same probabilities
    dense_seconds: float = 0.0


def rng_of(seed: int, *which: int) -> np.random.Generator:
    return np.random.default_rng([seed, *which])


def measure(model: RetrievalTransformer, config: Config, seed: int, progress: Progress) -> Measured:
    """The whole table, the controls, and chunked against dense attention."""
    depths = np.linspace(0, 1, config.depths).tolist()
    found = Measured([])
    plan = [(length, config.haystacks_of(length)) for length in config.lengths]
    with progress.stage(f"seed {seed}: read and ask", sum(length * many for length, many in plan), "token") as stage:
        for length, many in plan:
            cells = Cells(length)
            for which in range(many):
                haystack = _hide(rng_of(seed, 2, length, which), length, depths, config.facts, config.depths)
                _one(model, haystack, cells, config, progress)
                stage.advance(length, found=f"{np.mean(cells.hit['log_n']):.0%}")
            found.cells.append(cells)
    _many(model, config, seed, progress, found)
    empty = _hide(rng_of(seed, 4), config.control_length, (), config.facts, config.controls)
    found.empty = _hits(_ask(model, empty, empty.absent, config, progress), empty.absent)
    _check(model, config, seed, found)
    return found


def _hide(rng: np.random.Generator, length: int, depths: Sequence[float], facts: float, absent: int) -> Haystack:
    try:
        return hide(rng, length, depths, facts, absent)
    except ValueError as error:
        raise RunnerError(str(error), mend="ask for fewer --depths or needles, or longer --lengths") from error


def _store(model: RetrievalTransformer, length: int, config: Config, progress: Progress) -> Store:
    folder = progress.scratch() if length > config.in_memory else None
    return Store(length - 1, model.dims, device=model.device, folder=folder)


def _one(model: RetrievalTransformer, haystack: Haystack, cells: Cells, config: Config, progress: Progress) -> None:
    """One haystack, read once, asked for each of its needles and for as many cities that are not in it."""
    store = _store(model, cells.length, config, progress)
    started = time.process_time()
    read(model, haystack.ids, store, config.chunk)
    cells.seconds.append(time.process_time() - started)
    needles = haystack.needles
    cells.depth += [needle.depth for needle in needles]
    cells.off_depth = max(cells.off_depth, *(off_depth(haystack.ids, needle) for needle in needles))
    queries = questions(model, haystack.ids, needles)
    for mode, log_n in MODES.items():
        heard = _heard(store, queries, config, log_n)
        cells.hit[mode] += _hits(heard.answer_QV, needles)
        cells.probability[mode] += _probabilities(heard.answer_QV, needles)
        cells.margin[mode] += margins(store, queries, heard, needles).T.tolist()
    cells.local += _hits(queries.unread_QV, needles)
    absent = questions(model, haystack.ids, haystack.absent)
    cells.decoy += _hits(_heard(store, absent, config).answer_QV, haystack.absent)
    store.close()


def _heard(store: Store, queries: Queries, config: Config, log_n: bool = True) -> Heard:
    return ask(store, queries, scale=config.scale, trained=config.trained, chunk=config.chunk, log_n=log_n)


def _ask(
    model: RetrievalTransformer, haystack: Haystack, asked: Sequence[Needle], config: Config, progress: Progress
) -> Tensor:
    """What is answered to each question about a haystack, in rows of SLOTS."""
    store = _store(model, len(haystack.ids), config, progress)
    read(model, haystack.ids, store, config.chunk)
    heard = _heard(store, questions(model, haystack.ids, asked), config)
    store.close()
    return heard.answer_QV


def _wanted(asked: Sequence[Needle]) -> Tensor:
    return torch.tensor([needle.ids[-1 - SLOTS : -1] for needle in asked])


def _hits(answer_QV: Tensor, asked: Sequence[Needle]) -> list[bool]:
    """Exact recall: every token of the number is the most probable one."""
    said = answer_QV.argmax(-1).view(len(asked), SLOTS).cpu()
    return (said == _wanted(asked)).all(-1).tolist()


def _probabilities(answer_QV: Tensor, asked: Sequence[Needle]) -> list[float]:
    """Of the whole number."""
    answer_QV = answer_QV.cpu()
    return answer_QV.gather(1, _wanted(asked).view(-1, 1)).view(len(asked), SLOTS).double().prod(-1).tolist()


def _many(model: RetrievalTransformer, config: Config, seed: int, progress: Progress, found: Measured) -> None:
    """10 and 100 needles in one haystack, all of them asked for."""
    work = [(many, length) for many in config.many for length in config.many_lengths]
    for many, length in progress.track(work, f"seed {seed}: many needles", unit="haystack"):
        hits: list[bool] = []
        for which in range(max(1, config.many_asked // many)):
            depths = np.linspace(0, 1, many).tolist() if many > 1 else [which / max(1, config.many_asked - 1)]
            haystack = _hide(rng_of(seed, 3, many, length, which), length, depths, config.facts, 0)
            hits += _hits(_ask(model, haystack, haystack.needles, config, progress), haystack.needles)
        found.many.setdefault(many, {})[length] = hits


def _check(model: RetrievalTransformer, config: Config, seed: int, found: Measured) -> None:
    """The largest difference of any probability between chunked and dense, at CHECKED tokens, with keys in float32."""
    haystack = hide(rng_of(seed, 5), CHECKED, (0.0, 0.3, 1.0), config.facts)
    stores = {
        dtype: Store(CHECKED - 1, model.dims, dtype=dtype, device=model.device)
        for dtype in (torch.float32, torch.bfloat16)
    }
    answers = {}
    for dtype, store in stores.items():
        read(model, haystack.ids, store, CHECKED // 8 + 1)  # so that chunks end in the middle of blocks
        queries = questions(model, haystack.ids, haystack.needles)
        answers[dtype] = _heard(store, queries, config).answer_QV.cpu()
    started = time.perf_counter()
    for place, needle in enumerate(haystack.needles):
        spoken = torch.tensor(needle.ids[: ASKED + SLOTS - 1])
        whole = torch.cat([torch.from_numpy(haystack.ids).long(), spoken])
        ends = torch.arange(len(whole) - SLOTS, len(whole))
        whole_QV = dense.answers(model, whole.to(model.device), ends, config.scale)
        rows = slice(place * SLOTS, (place + 1) * SLOTS)
        found.chunked_error = max(found.chunked_error, (answers[torch.float32][rows] - whole_QV).abs().max().item())
        found.stored_error = max(found.stored_error, (answers[torch.bfloat16][rows] - whole_QV).abs().max().item())
    found.dense_seconds = (time.perf_counter() - started) / len(haystack.needles)
