"""Run the local server, and rebuild while it runs."""

from __future__ import annotations

import asyncio
import errno
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import TypeVar

import uvicorn

from nonmun.build.engines import Engine
from nonmun.build.pipeline import Report, Session
from nonmun.errors import LockedError, NonmunError, SetupError
from nonmun.serve.announcer import Announcer
from nonmun.serve.app import make_app
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
    changed = asyncio.Event()
    server = _Server(
        uvicorn.Config(
            make_app(session.base.build / "site", announcer),
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
        asyncio.create_task(watch(session.base, changed, told)),
        asyncio.create_task(_rebuild(session, engine, changed, announcer, told)),
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


async def _rebuild(session: Session, engine: Engine, changed: asyncio.Event, announcer: Announcer, told: Told) -> None:
    """Build again whenever a source changed. A build that fails leaves the site as it was, and is said."""
    while True:
        await changed.wait()
        changed.clear()
        folders = watched(session.base)
        try:
            report = await _in_background(
                lambda: session.build(engine=engine, command="nonmun serve", wait=LOCK_SECONDS)
            )
        except LockedError as error:
            told(error)
            changed.set()
        except NonmunError as error:
            told(error)
        except OSError as error:  # such as a full disk; or a file vanished, whose own change follows
            told(
                NonmunError(f"{error.strerror or error} {error.filename or ''}".rstrip(), mend="save a file once more")
            )
        except Exception as error:
            told(NonmunError(f"the build failed ({type(error).__name__}: {error})", mend="please report this"))
        else:
            if report.changed:
                announcer.announce(report.changed if len(report.changed) <= TOO_MANY_TO_NAME else None)
            told(report)
        if watched(session.base) != folders:  # it may have read what is no longer there
            changed.set()


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
