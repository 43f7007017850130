import io
import json

import pytest

from nonmun.runner import reporting
from nonmun.runner.cleanup import Cleanup
from nonmun.runner.reporting import Bars, Lines, Quiet, State, reporter_for


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 100.0

    monkeypatch.setattr(reporting.time, "monotonic", lambda: Clock.now)
    return Clock


def test_rate_and_time_left_follow_from_what_is_done(clock):
    state = State("distil", 10, began=clock.now)
    assert (state.rate, state.left) == (None, None)
    clock.now += 4
    state.done = 2
    assert (state.rate, state.left) == (0.5, 16.0)
    assert State("open", None, done=3, began=0.0).left is None
    state.end = clock.now
    clock.now += 1000
    assert state.rate == 0.5


def test_lines_are_thinned_out_but_the_last_is_always_there(clock):
    out = io.StringIO()
    lines, state = Lines(out), State("distil", 100, "step", began=clock.now)
    lines.begin(state)
    for _ in range(100):
        clock.now += 0.1
        state.done += 1
        lines.show(state)
    state.end = clock.now
    lines.end(state)
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    assert 15 <= len(events) <= 25
    assert [event["done"] for event in events] == sorted(event["done"] for event in events)
    assert (events[-1]["done"], events[-1]["total"], events[-1]["ended"]) == (100, 100, True)


def test_auto_is_a_bar_on_a_terminal_lines_elsewhere_nothing_in_ci(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert isinstance(reporter_for("auto"), Lines)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert isinstance(reporter_for("auto"), Bars)
    monkeypatch.setenv("CI", "true")
    assert isinstance(reporter_for("auto"), Quiet)
    assert isinstance(reporter_for("json"), Lines)
    assert isinstance(reporter_for("none"), Quiet)


def test_bars_show_stage_count_rate_and_values(monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("FORCE_COLOR", "1")
    out = io.StringIO()
    monkeypatch.setattr("sys.stderr", out)
    bars, state = Bars(), State("[distil] 증류", 8, "step")
    bars.begin(state)
    state.done = 8
    state.values["loss"] = 0.12345
    bars.end(state)
    bars.say("[bold]as it is")
    bars.close()
    shown = out.getvalue()
    for part in ("[distil] 증류", "8/8", "step/s", "loss 0.123", "[bold]as it is"):
        assert part in shown


def test_cleanup_runs_each_once_the_last_first_and_past_those_that_fail():
    done = []
    cleanup = Cleanup()
    cleanup.add(lambda: done.append("first"))
    cleanup.add(lambda: 1 / 0)
    cleanup.add(lambda: done.append("last"))
    folder = cleanup.scratch()
    assert folder.is_dir()
    cleanup.run()
    cleanup.run()
    assert done == ["last", "first"]
    assert not folder.exists()
