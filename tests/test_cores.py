from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from nonmun import cores
from nonmun.cores import meanwhile, on_all_cores
from nonmun.errors import NonmunError, SetupError


@pytest.fixture(autouse=True)
def three_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "cores", lambda: 3)
    monkeypatch.setattr(threading, "active_count", lambda: 1)  # a test runner has threads of its own


def pids(items, note) -> tuple[int, list[int]]:
    return os.getpid(), [item * item for item in items]


def children() -> set[int]:
    found = set()
    try:
        while True:
            found.add(os.waitpid(-1, os.WNOHANG)[0])
    except ChildProcessError:
        return found


def test_every_item_is_done_once_each_share_in_a_process_of_its_own() -> None:
    answers = on_all_cores(range(10), pids, least=2)
    assert len({pid for pid, _ in answers}) == 3
    assert sorted(square for _, squares in answers for square in squares) == [n * n for n in range(10)]
    assert children() == set()


@pytest.mark.parametrize("count", [0, 1, 5])
def test_few_items_stay_in_this_process(count: int) -> None:
    assert on_all_cores(range(count), pids, least=3) == [(os.getpid(), [n * n for n in range(count)])]


def test_no_process_is_forked_beside_other_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    assert [pid for pid, _ in on_all_cores(range(10), pids, least=1)] == [os.getpid()]


def test_progress_counts_the_shares_of_all() -> None:
    heard: list[int] = []
    on_all_cores(range(9), lambda items, note: note(len(items)), least=1, note=heard.append)
    assert heard == [9]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SetupError("no template", mend="write one"), "no template; write one"),
        (OSError(28, "No space left on device", "a.md"), "No space left on device: a.md; correct that"),
    ],
)
def test_what_stops_one_process_stops_all_and_says_why(error: Exception, said: str) -> None:
    here = os.getpid()

    def work(items, note) -> None:
        if os.getpid() != here:
            raise error

    with pytest.raises(NonmunError, match=said):
        on_all_cores(range(9), work, least=1)
    assert children() == set()


def test_a_process_that_is_killed_is_no_answer() -> None:
    here = os.getpid()

    def work(items, note) -> None:
        if os.getpid() != here:
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(NonmunError, match="ended early"):
        on_all_cores(range(9), work, least=1)


def test_an_error_here_ends_the_others() -> None:
    here = os.getpid()

    def work(items, note) -> None:
        if os.getpid() == here:
            raise KeyboardInterrupt
        time.sleep(60)

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        on_all_cores(range(9), work, least=1)
    assert time.monotonic() - started < 30
    assert children() == set()


def test_work_goes_on_beside_the_body() -> None:
    with meanwhile(os.getpid) as answer:
        assert answer() != os.getpid()
    assert children() == set()


def test_work_is_done_when_asked_for_where_nothing_can_be_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    with meanwhile(os.getpid) as answer:
        assert answer() == os.getpid()


def test_an_error_in_the_body_ends_the_work() -> None:
    with pytest.raises(KeyError), meanwhile(lambda: time.sleep(60)):
        raise KeyError
    assert children() == set()
