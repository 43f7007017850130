"""Make the text of many pages on all cores. Pages know nothing of each other, so each core takes its share.

The other processes are forked: what pages are made from, the whole catalogue, is there already and need not be sent.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import jinja2

from nonmun.errors import Fault, NonmunError, SetupError
from nonmun.pages import PagePlan

# Below this many pages a second process saves less than its start costs.
PAGES_PER_PROCESS = 400

Write = Callable[[str, str], None]  # a page's path and text
Faults = dict[str, tuple[Fault, ...]]
Refusal = tuple[str, str]  # why a process gave up: message and mend


def make_pages(plans: Sequence[PagePlan], write: Write, note: Callable[[int], None]) -> Faults:
    """Make every page and hand it to `write`; the faults found meanwhile, by page. `note` hears how many are done."""
    count = min(len(plans) // PAGES_PER_PROCESS, _cores()) if _can_fork() else 1
    if count < 2:
        return _make(plans, write, note)
    shares = [plans[start::count] for start in range(count)]
    with _started(shares[1:], write) as children:
        faults = _make(shares[0], write, lambda done: note(done * count))
        for _, reader in children:
            faults.update(_answer(reader))
    return faults


def _make(plans: Sequence[PagePlan], write: Write, note: Callable[[int], None]) -> Faults:
    faults: Faults = {}
    for index, plan in enumerate(plans):
        with _named(plan):
            made = plan.make()
        write(plan.path, made.text)
        faults[plan.path] = made.faults
        if index % 50 == 0:
            note(index)
    return faults


@contextmanager
def _named(plan: PagePlan) -> Iterator[None]:
    """Name the page that could not be made, and the template where it is to blame."""
    try:
        yield
    except jinja2.TemplateSyntaxError as error:
        raise SetupError(
            f"site/templates/{error.name}:{error.lineno}: {error.message}", mend="correct the template"
        ) from error
    except jinja2.TemplateError as error:
        raise SetupError(
            f"the template of {plan.path}: {error.message or type(error).__name__}",
            mend="correct it in site/templates, or delete it there and have nonmun's own",
        ) from error
    except Exception as error:
        raise NonmunError(
            f"{plan.path} cannot be made ({type(error).__name__}: {error})",
            mend="take your own templates out of site/templates; if that does not help, please report this",
        ) from error


@contextmanager
def _started(shares: Sequence[Sequence[PagePlan]], write: Write) -> Iterator[list[tuple[int, int]]]:
    """Processes that make these shares, each with the pipe it answers through; at the end none of them is left."""
    children: list[tuple[int, int]] = []
    try:
        for share in shares:
            children.append(_start(share, write))
        yield children
    except BaseException:
        for pid, _ in children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        raise
    finally:
        for pid, reader in children:
            os.close(reader)
            os.waitpid(pid, 0)


def _start(plans: Sequence[PagePlan], write: Write) -> tuple[int, int]:
    """Fork a process that makes `plans` and answers through a pipe; it never returns into the caller's code."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        return pid, reader
    try:
        os.close(reader)
        data = pickle.dumps(_tried(plans, write))
        with os.fdopen(writer, "wb") as stream:
            stream.write(data)
    finally:
        os._exit(0)


def _tried(plans: Sequence[PagePlan], write: Write) -> Faults | Refusal:
    try:
        return _make(plans, write, lambda done: None)
    except NonmunError as error:
        return error.message, error.mend
    except OSError as error:
        return f"{error.strerror or error}: {error.filename or ''}".rstrip(": "), "correct that, then build again"


def _answer(reader: int) -> Faults:
    """What a process answered; where it was killed, that is nothing, or not all."""
    with os.fdopen(os.dup(reader), "rb") as stream:
        data = stream.read()
    try:
        answer: Faults | Refusal = pickle.loads(data)  # noqa: S301 - from our own child
    except (EOFError, pickle.UnpicklingError):
        raise NonmunError(
            "a process that made pages ended early", mend="see that memory and disk suffice, then build again"
        ) from None
    if isinstance(answer, dict):
        return answer
    raise NonmunError(answer[0], mend=answer[1])


def _can_fork() -> bool:
    """Fork only where no other thread could hold a lock that the child would then wait for, for ever."""
    return hasattr(os, "fork") and threading.active_count() == 1


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
