"""Runners as processes: found, started from anywhere, asked what they are."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nonmun.errors import UsageError
from nonmun.read.base import Base
from nonmun.read.runners import read_runners
from nonmun.running import describe, environment, find_runner, run

REPOSITORY = Path(__file__).resolve().parents[1]
MAIN = """\
import json, os, pathlib, sys
if "--describe" in sys.argv:
    with open(pathlib.Path(__file__).with_name("asked"), "a") as file:
        file.write("x")
    print(json.dumps({"presets": {"quick": {"minutes": 1, "gib": 2}}, "claim": {"ko": "가", "en": "a"}}))
    raise SystemExit(0)
if "--wait" in sys.argv:
    import time
    print("waiting", flush=True)
    time.sleep(60)
print(os.getcwd(), sys.argv[1:], __package__, flush=True)
raise SystemExit(3 if "--fail" in sys.argv else 0)
"""


def append(file: Path, text: str) -> None:
    file.write_text(file.read_text("utf-8") + text, "utf-8")


def add(base: Path, name: str, main: str | None = MAIN) -> Path:
    folder = base / "runners" / name
    folder.mkdir(parents=True)
    (folder / "README.md").write_text(f"# {name}\n\n주장입니다.\n\nA claim.\n", "utf-8")
    if main is not None:
        (folder / "__main__.py").write_text(main)
    return folder


def nonmun(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src")}
    command = [sys.executable, "-m", "nonmun", "run", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, encoding="utf-8", check=False)


def test_everything_asked_for_reaches_the_runner_and_its_exit_code_comes_back(base, tmp_path):
    add(base, "echo")
    asked = [
        "--set",
        "a=b",
        "--set",
        "c=d e",
        "--seed",
        "-3",
        "word",
        "--progress",
        "none",
        "--record",
        "--model",
        "x y",
    ]
    found = nonmun("echo", *asked, "--preset", "full", "--out", "o", "--root", base, cwd=tmp_path)
    assert (found.returncode, found.stderr) == (0, "")
    passed = ["--preset=full", "--seed=-3", "--out=o", "--progress=none", "--set=a=b", "--set=c=d e", "--record"]
    assert found.stdout.strip() == f"{tmp_path} {[*passed, 'word', '--model', 'x y']} runners.echo"
    assert nonmun("echo", "--fail", cwd=base).returncode == 3


def test_presets_may_stand_before_the_name(base):
    add(base, "echo")
    assert "['--preset=full'] runners.echo" in nonmun("--preset", "full", "echo", cwd=base).stdout


def test_runners_of_the_current_folder_do_not_come_before_those_of_the_base(base, tmp_path):
    add(base, "echo")
    add(tmp_path / "other", "echo", "print('wrong one')")
    (tmp_path / "other/runners/__init__.py").touch()
    assert "wrong" not in nonmun("echo", "--root", base, cwd=tmp_path / "other").stdout


def test_relative_paths_on_the_way_to_modules_still_lead_there(base, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["lib", "/opt/x"]))
    places = environment(Base(base))["PYTHONPATH"].split(os.pathsep)
    assert places == [str(base), str(REPOSITORY / "src"), str(tmp_path / "lib"), "/opt/x"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ecko", "no runner 'ecko'; did you mean 'echo'"),
        ("announced", "runner 'announced' has no code yet"),
        ("zzz", "no runner 'zzz'; 'nonmun run --list'"),
        ("../echo", "no runner '../echo'"),
    ],
)
def test_name_that_cannot_be_run_is_met_with_help(base, name, message):
    add(base, "echo")
    add(base, "announced", None)
    runners, _ = read_runners(Base(base))
    with pytest.raises(UsageError) as caught:
        find_runner(name, runners)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [([], "nothing to run"), (["--list", "--all"], "--list and --all together"), (["x", "--all"], "NAME and --all")],
)
def test_one_thing_is_asked_for_at_a_time(base, arguments, message):
    found = nonmun(*arguments, cwd=base)
    assert found.returncode == 2
    assert message in found.stderr


def test_all_goes_on_after_a_failure_and_says_which_failed(base):
    for name, main in (("a_fails", "raise SystemExit(1)"), ("b_echo", MAIN), ("c_announced", None)):
        add(base, name, main)
    import shutil

    shutil.rmtree(base / "runners/scaled_attention")
    found = nonmun("--all", "--preset", "quick", cwd=base)
    assert found.returncode == 1
    assert "['--preset=quick'] runners.b_echo" in found.stdout
    assert "2 runners, 1 failed" in found.stdout
    assert "a_fails ended with 1" in found.stderr


def test_list_shows_claim_presets_verdict_and_staleness_for_people_and_programs(base):
    add(base, "echo")
    add(base, "announced", None)
    rows = {row["name"]: row for row in map(json.loads, nonmun("--list", "--json", cwd=base).stdout.splitlines())}
    assert rows["scaled_attention"]["verdict"] == "reproduced"
    assert rows["scaled_attention"]["stale"] is False
    assert rows["scaled_attention"]["presets"]["quick"]["minutes"] > 0
    assert rows["echo"]["verdict"] is None and rows["echo"]["runnable"]
    assert not rows["announced"]["runnable"]
    append(base / "runners/scaled_attention/method.py", "\n# changed\n")
    lines = nonmun("--list", cwd=base).stdout.splitlines()
    (line,) = (line for line in lines if line.startswith("scaled_attention"))
    assert "reproduced" in line and "stale" in line and "min, " in line and "√d_k" in line
    assert any(line.startswith("announced\tnever run\tno code yet") for line in lines)


def test_runner_is_asked_again_only_when_its_code_changes(base):
    folder = add(base, "echo")
    for _ in range(2):
        runners, _ = read_runners(Base(base))
        assert describe(Base(base), runners.values())["echo"].card["claim"]["ko"] == "가"
    assert (folder / "asked").read_text() == "x"
    (folder / "more.py").touch()
    describe(Base(base), runners.values())
    assert (folder / "asked").read_text() == "xx"


@pytest.mark.parametrize(
    ("main", "error"),
    [
        ("raise SystemExit('needs torch; pip install torch')", "needs torch"),
        ("print('hello')", "no JSON"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_runner_that_cannot_describe_itself_is_listed_with_the_reason(base, main, error):
    add(base, "odd", main)
    runners, _ = read_runners(Base(base))
    found = describe(Base(base), runners.values())
    assert error in found["odd"].error
    assert found["scaled_attention"].error == ""


@pytest.mark.parametrize("store", ["[]", "{", '{"echo": 3}', '{"echo": {"card": 1, "key": null}}'])
def test_damaged_memory_of_descriptions_is_made_anew(base, store):
    add(base, "echo")
    (base / "build/.cache").mkdir(parents=True)
    (base / "build/.cache/runners.json").write_text(store)
    runners, _ = read_runners(Base(base))
    assert describe(Base(base), runners.values())["echo"].card["claim"]["en"] == "a"


def test_schema_and_help_are_the_runners_own(base):
    schema = json.loads(nonmun("--schema", "scaled_attention", cwd=base).stdout)
    assert schema["properties"]["replicates"]["minimum"] == 4
    assert "--replicates" in nonmun("scaled_attention", "--help", cwd=base).stdout
    assert "Example: nonmun run" in nonmun("--help", cwd=base).stdout


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_to_nonmun_alone_ends_the_runner_too(base, number):
    add(base, "echo")
    command = [sys.executable, "-m", "nonmun", "run", "echo", "--wait"]
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src")}
    child = subprocess.Popen(
        command, cwd=base, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    assert child.stdout.readline() == "waiting\n"
    child.send_signal(number)
    child.communicate(timeout=30)
    assert child.returncode == 130
    with pytest.raises(ProcessLookupError):  # nobody of its session is left
        for _ in range(100):
            os.killpg(child.pid, 0)
            time.sleep(0.05)


def test_handlers_are_put_back_after_a_run(base):
    add(base, "echo", "raise SystemExit(0)")
    before = signal.getsignal(signal.SIGINT)
    assert run(Base(base), "echo", []) == 0
    assert signal.getsignal(signal.SIGINT) is before
