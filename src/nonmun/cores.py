"""Work on all cores: each takes a share of many like things that know nothing of each other, or one thing beside.

The other processes are forked: what the work needs, the whole catalogue, is there already and need not be sent.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from nonmun.errors import NonmunError

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Order = TypeVar("Order")

Note = Callable[[int], None]  # hears how many of all the items are done
Work = Callable[[Sequence[Item], Note], Answer]
Refusal = tuple[str, str]  # why a process gave up: message and mend


def on_all_cores(
    items: Sequence[Item], work: Callable[[Sequence[Item], Note], Answer], *, least: int, note: Note = lambda done: None
) -> list[Answer]:
    """Deal `items` out like cards, do `work` on each share in a process of its own, and collect the answers.

    A process is not started for fewer than `least` items: its start would cost more than it saves.
    """
    count = min(len(items) // least, cores()) if _can_fork() else 1
    if count < 2:
        return [work(items, note)]
    shares = [items[start::count] for start in range(count)]
    with _started(shares[1:], work) as readers:
        answers = [work(shares[0], lambda done: note(done * count))]
        answers += [_answer(reader) for reader in readers]
    return answers


@dataclass(frozen=True, slots=True)
class Pending(Generic[Answer]):
    """An answer that is being worked on; where there is no other process to do that, it is when it is asked for."""

    _wait: Callable[[], Answer]
    _reader: int | None = None

    def ready(self) -> bool:
        """Whether nothing is gained by doing something else first."""
        return self._reader is None or bool(select.select([self._reader], [], [], 0)[0])

    def answer(self) -> Answer:
        """Wait for it. To be called once."""
        return self._wait()


@contextmanager
def standby(
    prepare: Callable[[], object], work: Callable[[Order], Answer]
) -> Iterator[Callable[[Order], Pending[Answer]]]:
    """Another process that does `prepare` now, and `work` as soon as it is given an order, once.

    Where no process can be forked, nothing is prepared, and the work is done when its answer is asked for.
    """
    if not _can_fork():
        yield lambda order: Pending(partial(work, order))
        return
    orders, giver = os.pipe()

    def obey(share: Sequence[None], note: Note) -> Answer | None:
        prepare()
        order = _read_order(orders)
        return work(pickle.loads(order)) if order else None  # noqa: S301 - from our own parent

    given = False
    try:
        with _started([()], obey) as (reader,):

            def give(order: Order) -> Pending[Answer]:
                nonlocal given
                given = True
                _write_order(giver, pickle.dumps(order, protocol=5))
                return Pending(partial(_answer, reader), reader)

            try:
                yield give
            finally:
                if not given:
                    _write_order(giver, b"")  # there is none: it ends
    finally:
        os.close(orders)
        os.close(giver)


# An order is preceded by its length: its end cannot be told by the end of the pipe, which later forks hold open, too.
_LENGTH_BYTES = 8


def _write_order(giver: int, data: bytes) -> None:
    with os.fdopen(os.dup(giver), "wb") as stream, suppress(BrokenPipeError):  # it has ended, as its answer will show
        stream.write(len(data).to_bytes(_LENGTH_BYTES, "big") + data)


def _read_order(orders: int) -> bytes:
    with os.fdopen(orders, "rb") as stream:
        return stream.read(int.from_bytes(stream.read(_LENGTH_BYTES), "big"))


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _can_fork() -> bool:
    """Fork only where no other thread could hold a lock that the child would then wait for, for ever.

    Not on macOS, whose own libraries start threads behind our back and do not survive a fork.
    """
    return hasattr(os, "fork") and sys.platform != "darwin" and threading.active_count() == 1


def _fork() -> int:
    # Python warns of numpy's idle threads. Their locks are none that we wait for: no child of ours multiplies matrices.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


@contextmanager
def _started(shares: Sequence[Sequence[Item]], work: Work[Item, Any]) -> Iterator[list[int]]:
    """A process for each share, by the pipe it answers through; at the end none of them is left."""
    children: list[tuple[int, int]] = []
    try:
        for share in shares:
            children.append(_start(share, work))
        yield [reader for _, reader in children]
    except BaseException:
        for pid, _ in children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        raise
    finally:
        for pid, reader in children:
            os.close(reader)
            os.waitpid(pid, 0)


def _start(share: Sequence[Item], work: Work[Item, Any]) -> tuple[int, int]:
    """Fork a process that does its share and answers through a pipe; it never returns into the caller's code."""
    reader, writer = os.pipe()
    pid = _fork()
    if pid:
        os.close(writer)
        return pid, reader
    try:
        os.close(reader)
        data = pickle.dumps(_tried(share, work), protocol=5)
        with os.fdopen(writer, "wb") as stream:
            stream.write(data)
    finally:
        os._exit(0)


def _tried(share: Sequence[Item], work: Work[Item, Any]) -> tuple[Any, Refusal | None]:
    try:
        return work(share, lambda done: None), None
    except NonmunError as error:
        return None, (error.message, error.mend)
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        return None, (f"{error.strerror or error}{where}", "correct that, then run the command again")


def _answer(reader: int) -> Any:
    """What a process answered; where it was killed, that is nothing, or not all."""
    with os.fdopen(os.dup(reader), "rb") as stream:
        data = stream.read()
    try:
        answer, refusal = pickle.loads(data)  # noqa: S301 - from our own child
    except (EOFError, pickle.UnpicklingError):
        raise NonmunError(
            "a process that did its share ended early", mend="see that memory and disk suffice, then try again"
        ) from None
    if refusal is not None:
        raise NonmunError(refusal[0], mend=refusal[1])
    return answer
