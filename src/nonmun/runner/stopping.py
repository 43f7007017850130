"""Ctrl-C and SIGTERM end a run within two seconds, whatever it is in the middle of."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from nonmun.runner.cleanup import Cleanup

STOPPED = 130
GRACE = 1.0  # s that the run has for its own `finally` before the process is ended
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def end_on_signals(cleanup: Cleanup, last_words: Callable[[], str]) -> None:
    """From now on either signal is a KeyboardInterrupt, and GRACE seconds later the end of the process.

    Python runs a handler only between two of its own instructions, and some of torch's take seconds. The system's part
    of the handler writes to a socket at once; a thread waits at its other end, and says `last_words` where the run
    itself no longer can.
    """
    if threading.current_thread() is not threading.main_thread():
        return  # a library's caller handles its own signals
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        if not stopping.is_set():  # once is enough: a second one would only break off the tidying up
            stopping.set()
            raise KeyboardInterrupt

    for number in _SIGNALS:
        signal.signal(number, stop)
    threading.Thread(target=_watch, args=(ours, theirs, cleanup, last_words), daemon=True).start()


def _watch(ours: socket.socket, theirs: socket.socket, cleanup: Cleanup, last_words: Callable[[], str]) -> None:
    """`theirs` is here to be kept from being collected, no more."""
    while not {int(number) for number in _SIGNALS} & set(ours.recv(64)):
        pass
    threading.Event().wait(GRACE)
    cleanup.run()
    with suppress(OSError, ValueError):
        os.write(2, f"{last_words()}\n".encode())  # not through sys.stderr, whose lock the run may hold
    os._exit(STOPPED)
