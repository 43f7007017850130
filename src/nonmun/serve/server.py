"""Run the local server, and rebuild while it runs."""

from __future__ import annotations

import asyncio
import errno
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import TypeVar

import uvicorn

from nonmun.build.engines import Engine
from nonmun.build.pipeline import Report, Session
from nonmun.errors import LockedError, NonmunError, SetupError
from nonmun.serve.announcer import Announcer
from nonmun.serve.app import make_app
from nonmun.serve.changes import Changes
from nonmun.serve.watch import watch, watched

HOST = "127.0.0.1"
TOO_MANY_TO_NAME = 200  # changed files; beyond that every open page reloads
GRACE_SECONDS = 1
LOCK_SECONDS = 60.0  # how long to wait for another build of the same base, before that is said

Told = Callable[[Report | NonmunError], None]
T = TypeVar("T")


def serve(
    session: Session, listener: socket.socket, *, engine: Engine, told: Told, ready: Callable[[str], None]
) -> None:
    """Serve the built site on this machine until interrupted; `told` hears of each rebuild, `ready` the address."""
    asyncio.run(_run(session, listener, engine, told, ready))


async def _run(
    session: Session, listener: socket.socket, engine: Engine, told: Told, ready: Callable[[str], None]
) -> None:
    announcer = Announcer()
    changes = Changes()
    previews: dict[str, bytes] = {}
    server = _Server(
        uvicorn.Config(
            make_app(session.base.build / "site", announcer, previews),
            log_level="error",
            access_log=False,
            lifespan="off",
            ws="none",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        ),
        announcer,
    )
    tasks = [
        asyncio.create_task(watch(session.base, changes, told)),
        asyncio.create_task(_rebuild(session, engine, changes, announcer, previews, told)),
    ]
    for task in tasks:  # they end only where there is nobody left to tell anything
        task.add_done_callback(lambda _: setattr(server, "should_exit", True))
    ready(f"http://{HOST}:{listener.getsockname()[1]}/")
    try:
        await server.serve(sockets=[listener])
    finally:
        for task in tasks:
            task.cancel()
        endings = await asyncio.gather(*tasks, return_exceptions=True)
    for ending in endings:
        if isinstance(ending, Exception):
            raise ending


class _Server(uvicorn.Server):
    """Ends what it says to open pages before it waits for them to hang up, which they never would."""

    def __init__(self, config: uvicorn.Config, announcer: Announcer) -> None:
        super().__init__(config)
        self._announcer = announcer

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._announcer.close()
        super().handle_exit(sig, frame)


def listen(port: int) -> socket.socket:
    """Take the port, before anything is built for it."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if sys.platform != "win32":  # where it would let two servers have one port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()
    except OSError as error:
        listener.close()
        state = "is taken" if error.errno == errno.EADDRINUSE else "cannot be had"
        raise SetupError(
            f"port {port} {state} ({error.strerror})",
            mend="choose another: nonmun serve --port 8001, or --port 0 for any",
        ) from error
    return listener


async def _rebuild(
    session: Session,
    engine: Engine,
    changes: Changes,
    announcer: Announcer,
    previews: dict[str, bytes],
    told: Told,
) -> None:
    """Build again whenever a source changed. A build that fails leaves the site as it was, and is said.

    The pages of edited notes are shown as soon as they are made, and the whole site when it has followed.
    """
    while True:
        files = await changes.take()
        folders = watched(session.base)
        if files and (early := await _in_background(partial(session.preview, files))):
            previews |= early
            announcer.announce(list(early))
        try:
            report = await _in_background(
                lambda: session.build(engine=engine, command="nonmun serve", wait=LOCK_SECONDS)
            )
        except Exception as error:
            told(_as_said(error))
            if isinstance(error, LockedError):
                changes.add_unknown()
            else:
                _withdraw(previews, announcer)
        else:
            site = session.base.build / "site"
            changed = [path for path in report.changed if not _is_shown(site, path, previews)]
            previews.clear()
            if changed:
                announcer.announce(changed if len(changed) <= TOO_MANY_TO_NAME else None)
            told(report)
        if watched(session.base) != folders:  # it may have read what is no longer there
            changes.add_unknown()


def _as_said(error: Exception) -> NonmunError:
    if isinstance(error, NonmunError):
        return error
    if isinstance(error, OSError):  # such as a full disk; or a file vanished, whose own change follows
        return NonmunError(f"{error.strerror or error} {error.filename or ''}".rstrip(), mend="save a file once more")
    return NonmunError(f"the build failed ({type(error).__name__}: {error})", mend="please report this")


def _withdraw(previews: dict[str, bytes], announcer: Announcer) -> None:
    """Show the site as it is: no build is going to take the place of these pages."""
    if previews:
        gone = list(previews)
        previews.clear()
        announcer.announce(gone)


def _is_shown(site: Path, path: str, previews: Mapping[str, bytes]) -> bool:
    """Whether readers have had this very page already."""
    with suppress(OSError):
        return path in previews and (site / path).read_bytes() == previews[path]
    return False


async def _in_background(work: Callable[[], T]) -> T:
    """Like asyncio.to_thread, but the end of the process does not wait for it: a build may be cut off anywhere."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: Exception | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except Exception as fault:
            error = fault
        with suppress(RuntimeError):  # the server has ended meanwhile
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, daemon=True, name="build").start()
    return await done
