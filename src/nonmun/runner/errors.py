"""What stops a run with one clear line."""

from __future__ import annotations


class RunnerError(Exception):
    """The run cannot begin or go on: `message` says what was found, `mend` how to put it right. Exit code 1."""

    code = 1

    def __init__(self, message: str, *, mend: str) -> None:
        super().__init__(f"{message}; {mend}")
        self.message = message
        self.mend = mend


class AskedError(RunnerError):
    """The command line asked for what cannot be. Exit code 2."""

    code = 2
