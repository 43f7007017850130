from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from nonmun import cores
from nonmun.cores import on_all_cores, standby
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


def double(order: int) -> tuple[int, int]:
    return os.getpid(), 2 * order


def test_a_process_that_stands_by_is_prepared_and_then_does_what_it_is_told() -> None:
    prepared: list[str] = []

    def work(order: str) -> tuple[int, list[str], str]:
        return os.getpid(), prepared, order

    with standby(lambda: prepared.append("ready"), work) as give:
        pid, seen, order = give("a long order " * 10_000).answer()
    assert pid != os.getpid() and prepared == []
    assert seen == ["ready"] and order == "a long order " * 10_000
    assert children() == set()


def test_an_answer_is_ready_when_it_can_be_had_without_waiting(tmp_path: Path) -> None:
    go = tmp_path / "go"

    def work(order: None) -> str:
        while not go.exists():
            time.sleep(0.01)
        return "done"

    with standby(lambda: None, work) as give:
        pending = give(None)
        assert not pending.ready()
        go.touch()
        while not pending.ready():
            time.sleep(0.01)
        assert pending.answer() == "done"


def test_later_processes_do_not_keep_one_that_stands_by_from_its_order() -> None:
    with standby(lambda: None, double) as give:
        assert len(on_all_cores(range(9), pids, least=1)) == 3
        assert give(21).answer()[1] == 42


def test_without_an_order_it_ends() -> None:
    with standby(lambda: None, double):
        pass
    assert children() == set()


def test_work_is_done_when_asked_for_where_nothing_can_be_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    with standby(lambda: pytest.fail("prepared for nothing"), double) as give:
        pending = give(1)
        assert pending.ready()
        assert pending.answer() == (os.getpid(), 2)


def test_what_stops_the_work_is_said_where_its_answer_is_asked_for() -> None:
    def fail(order: None) -> None:
        raise SetupError("no theme", mend="install one")

    with standby(lambda: None, fail) as give, pytest.raises(NonmunError, match="no theme"):
        give(None).answer()
    assert children() == set()


@pytest.mark.parametrize("when", ["preparing", "working"])
def test_an_error_in_the_body_ends_what_stands_by(when: str) -> None:
    started = time.monotonic()
    prepare = (lambda: time.sleep(60)) if when == "preparing" else lambda: None
    with pytest.raises(KeyError), standby(prepare, lambda order: time.sleep(60)) as give:
        give(None)
        raise KeyError
    assert time.monotonic() - started < 30
    assert children() == set()


def test_one_that_has_died_takes_its_order_in_silence_and_gives_no_answer() -> None:
    with (
        standby(lambda: os.kill(os.getpid(), signal.SIGKILL), double) as give,
        pytest.raises(NonmunError, match="early"),
    ):
        give(1).answer()
