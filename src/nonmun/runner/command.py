"""`python -m runners.NAME`: from argv to a Result on paper."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from nonmun.record import RecordError, Result, to_json
from nonmun.runner.cleanup import Cleanup
from nonmun.runner.contract import Contract, read_contract
from nonmun.runner.environment import seed_all
from nonmun.runner.errors import RunnerError
from nonmun.runner.flags import Asked, asked, parser_for
from nonmun.runner.needs import check_needs
from nonmun.runner.progress import Progress
from nonmun.runner.reporting import Lines, Quiet, Reporter, reporter_for
from nonmun.runner.stopping import STOPPED, end_on_signals
from nonmun.runner.summary import summary
from nonmun.runner.writing import redraw, write


@dataclass(frozen=True, slots=True)
class Tool:
    """Something else that a runner's command does, with flags of its own.

    `add_flags` gets an argument group titled `title`; `wanted` says from the parsed flags whether this is what was
    asked for; `work` does it, with the same progress, signals and errors as a run. `flags.out` is --out, as a path, and
    `flags.config` the settings asked for, checked. `stopped` is what is said where it is ended by Ctrl-C or SIGTERM.
    """

    title: str
    add_flags: Callable[[Any], None]
    wanted: Callable[[argparse.Namespace], bool]
    work: Callable[[argparse.Namespace, Progress], None]
    stopped: str = ""


def main(package: str | None, argv: Sequence[str] | None = None, *, tools: Sequence[Tool] = ()) -> int:
    """Run what `argv` asks the runner `package` for; the exit code. Nothing a user can do shows a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a console without Korean shows codes, and goes on
    cleanup = Cleanup()
    said = _Said()
    try:
        end_on_signals(cleanup, said.last_words)
        return _main(package or "runners", argv, tools, cleanup, said)
    except KeyboardInterrupt:
        return said.stop()
    except BrokenPipeError:  # whoever was reading has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except RunnerError as error:
        return said.fail(error.message, error.mend, error.code)
    except RecordError as error:
        return said.fail(f"the result is no valid record: {error}", "mend demo.py; nothing was written", 1)
    except MemoryError:
        return said.fail("out of memory", "close other programs, or ask for less with --set", 1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return said.fail(f"{where}{error.strerror or error}", "mend that and run it again; nothing was recorded", 1)
    finally:
        said.reporter.close()
        cleanup.run()


def _main(package: str, argv: Sequence[str] | None, tools: Sequence[Tool], cleanup: Cleanup, said: _Said) -> int:
    contract = read_contract(package)
    parser = parser_for(contract)
    for tool in tools:
        tool.add_flags(parser.add_argument_group(tool.title))
    flags = parser.parse_args(argv)
    if flags.schema or flags.describe:
        print(json.dumps(contract.schema if flags.schema else contract.card(), ensure_ascii=False, indent=1))
        return 0
    wish = asked(contract, flags)
    said.reporter = reporter_for(wish.progress)
    if flags.redraw:
        print(redraw(contract, wish, cleanup))
        return 0
    seed_all(wish.config.seed)
    progress = Progress(contract, wish.config, preset=wish.preset, reporter=said.reporter, cleanup=cleanup)
    flags.config = wish.config
    for tool in tools:
        if tool.wanted(flags):
            said.stopped = tool.stopped or said.stopped
            tool.work(flags, progress)
            return 0
    check_needs(wish.preset, contract.presets[wish.preset])
    result = contract.run(wish.config, progress)
    said.reporter.close()
    return _finish(contract, wish, result, cleanup)


def _finish(contract: Contract, wish: Asked, result: Result, cleanup: Cleanup) -> int:
    text = to_json(result)  # before anything is printed: what cannot be recorded is no result
    written = write(contract, wish, result, cleanup) if wish.record or wish.out else None
    if wish.progress == "json":
        print(json.dumps({"event": "result", "result": json.loads(text)}), flush=True)
    else:
        print(summary(result))
        if written is not None:
            print(f"\n{written.line}", flush=True)
    if written is not None and written.fault is not None:
        raise written.fault
    return 0


STOPPED_TEXT = "stopped; nothing was written"


class _Said:
    """How a run that does not end well says so: one line, or one JSON object where those were asked for."""

    def __init__(self) -> None:
        self.reporter: Reporter = Quiet()
        self.stopped = STOPPED_TEXT

    def stop(self) -> int:
        self._say({"event": "stopped", "text": self.stopped}, self.stopped)
        return STOPPED

    def last_words(self) -> str:
        """What is said when the run has to be ended from outside, and nothing of it can be relied on."""
        in_json = isinstance(self.reporter, Lines)
        return json.dumps({"event": "stopped", "text": self.stopped}) if in_json else f"\n{self.stopped}"

    def fail(self, message: str, mend: str, code: int) -> int:
        self._say({"event": "error", "message": message, "mend": mend}, f"{message}; {mend}")
        return code

    def _say(self, event: dict[str, str], text: str) -> None:
        self.reporter.close()
        if isinstance(self.reporter, Lines):
            self.reporter.event(event)
        else:
            print(text, file=sys.stderr, flush=True)
